// A sink whose deliveries are seen in traces: each attempt is a span, in the trace of the execution that its events are about,
// or linked to those of several. What a sink does, and what follows from it, is not changed.

import type { Span, Tracing } from "../traces.ts";
import type { AuditEvent } from "./event.ts";
import type { Delivery, Sink } from "./sink.ts";

export interface AuditTracing extends Tracing {
  /** The span that stands for an execution, by its uid, while the process knows one. */
  spanOf(executionUid: string): Span | undefined;
}

export class TracedSink implements Sink {
  readonly name: string;
  readonly largestBatch?: number;
  readonly takes?: (event: AuditEvent) => boolean;
  readonly #sink: Sink;
  readonly #tracing: AuditTracing;

  constructor(sink: Sink, tracing: AuditTracing) {
    this.#sink = sink;
    this.#tracing = tracing;
    this.name = sink.name;
    if (sink.largestBatch !== undefined) this.largestBatch = sink.largestBatch;
    if (sink.takes) this.takes = (event) => sink.takes?.(event) ?? true;
  }

  async deliver(events: readonly AuditEvent[], signal: AbortSignal): Promise<Delivery> {
    const span = this.#span(events);
    try {
      const result = await span.within(() => this.#sink.deliver(events, signal));
      span.set({ "kubernaut.audit.outcome": result.outcome });
      if (result.outcome !== "delivered") span.fail(result.reason);
      return result;
    } catch (error) {
      span.fail(error instanceof Error ? error.message : String(error));
      throw error;
    } finally {
      span.end();
    }
  }

  setAside(event: AuditEvent, reason: string): Promise<Delivery> {
    return this.#sink.setAside(event, reason);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve(this.#sink[Symbol.asyncDispose]());
  }

  #span(events: readonly AuditEvent[]): Span {
    const uids = new Set(events.map(({ event_data }) => event_data.execution_uid));
    const spans = [...uids].map((uid) => this.#tracing.spanOf(uid)).filter((span) => span !== undefined);
    const [only] = spans;
    return this.#tracing.start("deliver audit events", {
      ...(only && uids.size === 1 ? { parent: only } : { links: spans }),
      attributes: { "kubernaut.audit.sink": this.name, "kubernaut.audit.events": events.length },
    });
  }
}
