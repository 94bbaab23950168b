// Tracing that keeps its spans, for tests in this process: what the exporter would have been given, and nothing of what it does.

import type { Span, SpanAttributes, SpanOptions, Tracing } from "../../lib/traces.ts";

export interface RecordedSpan {
  readonly name: string;
  /** Of the parent; empty for the root of a trace. */
  readonly parent: string;
  readonly traceparent: string;
  readonly attributes: Record<string, string | number | boolean | undefined>;
  readonly events: string[];
  /** Traceparents of what it is linked to. */
  readonly links: readonly string[];
  error: string | undefined;
  ended: boolean;
}

export class RecordedTracing implements Tracing {
  readonly spans: RecordedSpan[] = [];
  /** Makes the traces of this one different from another's. */
  readonly #number: number;

  constructor(number = 1) {
    this.#number = number;
  }

  start(name: string, { parent = "", attributes = {}, links = [] }: SpanOptions = {}): Span {
    const known = typeof parent === "string" ? parent : parent.traceparent;
    const traceId = known.split("-")[1] ?? hex(this.#number * 1_000 + this.spans.length, 32);
    const traceparent = `00-${traceId}-${hex(this.#number * 1_000 + this.spans.length, 16)}-01`;
    const events: string[] = [];
    const recorded: RecordedSpan = {
      name,
      parent: known,
      traceparent,
      attributes: { ...attributes },
      events,
      links: links.map((link) => link.traceparent),
      error: undefined,
      ended: false,
    };
    this.spans.push(recorded);
    return {
      traceparent,
      within: (work) => work(),
      set: (more: SpanAttributes) => void Object.assign(recorded.attributes, more),
      event: (event) => void events.push(event),
      fail: (message) => void (recorded.error = message),
      end: () => void (recorded.ended = true),
    };
  }

  naming() {
    return (init: RequestInit) => init;
  }
}

function hex(number: number, digits: number): string {
  return number.toString(16).padStart(digits, "0");
}
