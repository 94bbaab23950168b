// The Data Storage Service as a sink: batches over HTTP. It accepts fewer words than this project has, so its one table of
// translations stands here, and nothing of it anywhere else. Source of its rules: its OpenAPI document, and the service
// itself as it was seen to answer.

import type { Clock } from "../clock.ts";
import type { JSONObject, JSONValue } from "@cloudydeno/kubernetes-apis/common.ts";
import { withoutCredentials } from "../config_values.ts";
import type { Tracing } from "../traces.ts";
import type { DeadLetter } from "./dead_letter.ts";
import { type AuditEvent, type AuditEventName, nameOf } from "./event.ts";
import { type Fetch, HttpPost } from "./http_post.ts";
import type { Delivery, Sink } from "./sink.ts";

export interface DataStorageOptions {
  /** Base URL, before `/api/v1`. */
  url: string;
  tokenFile?: string;
  caFile?: string;
  deadLetter: DeadLetter;
  clock: Clock;
  fetch?: Fetch;
  tracing?: Tracing;
  readFile?: (path: string) => Promise<string>;
  timeoutMs?: number;
}

/** What the service refuses, in words that it takes. `event_action` says the truth in each. */
const translations: Partial<Record<AuditEventName, { eventType: string; data: JSONObject }>> = {
  skipped: { eventType: "workflowexecution.selection.completed", data: { phase: "Pending" } },
  deleted: {
    eventType: "workflowexecution.workflow.failed",
    data: { phase: "Failed", failure_reason: "Unknown" },
  },
};

/** The service takes 500 in one request. */
export const largestDataStorageBatch = 500;
/** Stored, or queued. 200 is what a login page, a proxy or another service at the address answers: nothing is stored there. */
export const dataStorageTakenBy = (status: number): boolean => status === 201 || status === 202;

/** It refuses what is older than 7 days, or more than 2 h ahead of its clock. */
const oldestMs = 6 * 24 * 3600_000;
const farthestAheadMs = 3600_000;

export class DataStorageSink implements Sink {
  readonly name: string;
  readonly largestBatch = largestDataStorageBatch;
  readonly #o: DataStorageOptions;
  readonly #post: HttpPost;

  constructor(o: DataStorageOptions) {
    this.#o = o;
    this.name = withoutCredentials(o.url);
    this.#post = new HttpPost({
      url: `${o.url.replace(/\/+$/, "")}/api/v1/audit/events/batch`,
      contentType: "application/json",
      takenBy: dataStorageTakenBy,
      clock: o.clock,
      ...(o.tokenFile ? { tokenFile: o.tokenFile } : {}),
      ...(o.caFile ? { caFile: o.caFile } : {}),
      ...(o.fetch ? { fetch: o.fetch } : {}),
      ...(o.tracing ? { naming: o.tracing.naming("POST audit events", {}) } : {}),
      ...(o.readFile ? { readFile: o.readFile } : {}),
      ...(o.timeoutMs ? { timeoutMs: o.timeoutMs } : {}),
    });
  }

  deliver(events: readonly AuditEvent[], signal: AbortSignal): Promise<Delivery> {
    const nowMs = this.#o.clock.now();
    return this.#post.send(JSON.stringify(events.map((event) => dataStorageForm(event, nowMs))), signal);
  }

  setAside(event: AuditEvent, reason: string): Promise<Delivery> {
    return this.#o.deadLetter.keep(event, this.name, reason);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#post[Symbol.dispose]();
    return Promise.resolve();
  }
}

/**
 * The event in the words of the service. One that happened longer than 6 days ago, or that a clock put more than an hour
 * ahead, goes with the time of its sending and `occurred_at`.
 */
export function dataStorageForm(event: AuditEvent, nowMs: number): JSONObject {
  const { event_id: _, ...rest } = event;
  const translation = translations[nameOf(event)];
  const eventType = translation?.eventType ?? event.event_type;
  const ageMs = nowMs - Date.parse(event.event_timestamp);
  const inTime = ageMs <= oldestMs && ageMs >= -farthestAheadMs;
  const data: Record<string, JSONValue> = { ...event.event_data, ...translation?.data, event_type: eventType };
  if (!inTime) data["occurred_at"] = event.event_timestamp;
  return {
    ...rest,
    event_type: eventType,
    event_timestamp: inTime ? event.event_timestamp : new Date(nowMs).toISOString(),
    event_data: data,
  };
}
