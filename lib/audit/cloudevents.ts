// The webhook for whoever wants to be told how an execution ended: one CloudEvent 1.0 in structured JSON mode for each
// terminal state. Delivery is the outbox's: retried for ever, at least once, with the audit event's own id.
// Source: https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md

import type { JSONObject } from "@cloudydeno/kubernetes-apis/common.ts";
import type { Clock } from "../clock.ts";
import { withoutCredentials } from "../config_values.ts";
import { apiVersion, plural } from "../workflow/names.ts";
import type { Tracing } from "../traces.ts";
import type { DeadLetter } from "./dead_letter.ts";
import { type AuditEvent, isTerminal, nameOf } from "./event.ts";
import { type Fetch, HttpPost } from "./http_post.ts";
import type { Delivery, Sink } from "./sink.ts";

export interface CloudEventsOptions {
  /** Where each event is posted, as it is. */
  url: string;
  caFile?: string;
  deadLetter: DeadLetter;
  clock: Clock;
  fetch?: Fetch;
  tracing?: Tracing;
  readFile?: (path: string) => Promise<string>;
  timeoutMs?: number;
}

export class CloudEventsSink implements Sink {
  readonly name: string;
  /** Structured mode carries one event a request. */
  readonly largestBatch = 1;
  readonly #deadLetter: DeadLetter;
  readonly #post: HttpPost;

  constructor(o: CloudEventsOptions) {
    this.name = `webhook ${withoutCredentials(new URL(o.url).origin)}`;
    this.#deadLetter = o.deadLetter;
    this.#post = new HttpPost({
      url: o.url,
      contentType: "application/cloudevents+json; charset=utf-8",
      clock: o.clock,
      ...(o.caFile ? { caFile: o.caFile } : {}),
      ...(o.fetch ? { fetch: o.fetch } : {}),
      // Whoever knows a webhook's URL may use it: some have their secret in the path.
      pathIsSecret: true,
      ...(o.tracing ? { naming: o.tracing.naming("POST webhook", {}, "hidden") } : {}),
      ...(o.readFile ? { readFile: o.readFile } : {}),
      ...(o.timeoutMs ? { timeoutMs: o.timeoutMs } : {}),
    });
  }

  takes(event: AuditEvent): boolean {
    return isTerminal(event);
  }

  async deliver(events: readonly AuditEvent[], signal: AbortSignal): Promise<Delivery> {
    for (const event of events) {
      const result = await this.#post.send(JSON.stringify(cloudEvent(event)), signal);
      if (result.outcome !== "delivered") return result;
    }
    return { outcome: "delivered" };
  }

  setAside(event: AuditEvent, reason: string): Promise<Delivery> {
    return this.#deadLetter.keep(event, this.name, reason);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#post[Symbol.dispose]();
    return Promise.resolve();
  }
}

/** `data` is the audit event's event_data, with its outcome and correlation id. */
export function cloudEvent(event: AuditEvent): JSONObject {
  return {
    specversion: "1.0",
    id: event.event_id,
    source: `/apis/${apiVersion}/namespaces/${event.namespace}/${plural}/${event.resource_id}`,
    type: `ai.kubernaut.workflowexecution.workflow.${nameOf(event)}`,
    subject: `${event.namespace}/${event.resource_id}`,
    time: event.event_timestamp,
    datacontenttype: "application/json",
    data: {
      ...event.event_data,
      event_outcome: event.event_outcome,
      correlation_id: event.correlation_id,
      ...(event.duration_ms === undefined ? {} : { duration_ms: event.duration_ms }),
    },
  };
}
