// Spans of OpenTelemetry. They go out through Deno's own exporter, which OTEL_DENO=true and the usual OTEL_* variables switch
// on and direct; nothing here reads them. Where tracing is off there is no Tracing at all: callers write `tracing?.…`, and
// nothing is made. What must not be shown is redacted by whoever sets it.

import { loadOpenTelemetry, type otel } from "../deps.ts";

export type SpanAttributes = Readonly<Record<string, string | number | boolean | undefined>>;

/** Something that takes time. What is started `within` it, requests included, is its child. */
export interface Span {
  /** The W3C trace context of this span (`00-<trace>-<span>-<flags>`): by it another process goes on with the trace. */
  readonly traceparent: string;
  within<T>(work: () => Promise<T>): Promise<T>;
  set(attributes: SpanAttributes): void;
  event(name: string, attributes?: SpanAttributes): void;
  fail(message: string): void;
  end(): void;
}

export interface SpanOptions {
  /** A span or a traceparent; one that is none begins a new trace. Default: what is going on. */
  readonly parent?: Span | string;
  /** Milliseconds since the epoch. Default: now. */
  readonly startMs?: number;
  readonly attributes?: SpanAttributes;
  /** Others that it has to do with, when it is the child of none of them. */
  readonly links?: readonly Span[];
}

/** What becomes of a request on its last step to `fetch`: Deno's own span of it gets a name. */
export type FetchNaming = (init: RequestInit) => RequestInit;
export interface NamedInit extends RequestInit {
  readonly naming?: FetchNaming;
}

export interface Tracing {
  start(name: string, o?: SpanOptions): Span;
  /**
   * Deno makes a span of every `fetch`; a second one would say the same. This gives that span a name and attributes.
   * `hidden` is for a URL that is a secret itself, as a webhook's: the span is ended before it learns the URL.
   */
  naming(name: string, attributes: SpanAttributes, url?: "hidden"): FetchNaming;
}

/** Longer texts are cut: a span is no place for documents. */
const longestText = 512;
const parentPattern = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;

/** The init as `fetch` is to get it; to be called with what goes into `fetch`, and not before. */
export function named(init: NamedInit & { client?: Deno.HttpClient }): RequestInit {
  return init.naming ? init.naming(init) : init;
}

/** Whether this is a trace context that a trace can be continued by. Source: https://www.w3.org/TR/trace-context/#traceparent-header */
export function isTraceparent(text: string): boolean {
  return parentPattern.test(text) && !/^00-(0{32}|[0-9a-f]{32}-0{16})/.test(text);
}

/** Undefined where tracing is off, which costs nothing then. */
export async function openTracing(version: string): Promise<Tracing | undefined> {
  // Where it is on, Deno registers its provider under the API's own name before the first module runs.
  const registered: unknown = Reflect.get(globalThis, Symbol.for("opentelemetry.js.api.1"));
  if (typeof registered !== "object" || registered === null || !("trace" in registered)) return undefined;
  return tracingWith(await loadOpenTelemetry(), version);
}

function tracingWith({ context, ROOT_CONTEXT, SpanStatusCode, trace }: typeof otel, version: string): Tracing {
  const tracer = trace.getTracer("kubernaut-we", version);
  const contexts = new WeakMap<Span, otel.Context>();

  function contextOf(parent: Span | string | undefined): otel.Context {
    if (parent === undefined) return context.active();
    if (typeof parent !== "string") return contexts.get(parent) ?? ROOT_CONTEXT;
    const [, traceId = "", spanId = "", flags = ""] = isTraceparent(parent) ? parentPattern.exec(parent) ?? [] : [];
    if (!traceId) return ROOT_CONTEXT;
    return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags: parseInt(flags, 16), isRemote: true });
  }

  return {
    start(name, { parent, startMs, attributes = {}, links = [] } = {}) {
      const started = contextOf(parent);
      const own = tracer.startSpan(name, {
        attributes: shown(attributes),
        links: links.flatMap((link) => trace.getSpanContext(contextOf(link)) ?? []).map((context) => ({ context })),
        ...(startMs === undefined ? {} : { startTime: startMs }),
      }, started);
      const { traceId, spanId, traceFlags } = own.spanContext();
      const active = trace.setSpan(started, own);
      const span: Span = {
        traceparent: `00-${traceId}-${spanId}-${(traceFlags & 0xff).toString(16).padStart(2, "0")}`,
        within: (work) => context.with(active, work),
        set: (more) => void own.setAttributes(shown(more)),
        event: (event, more) => void own.addEvent(event, shown(more ?? {})),
        fail: (message) => {
          const text = cut(message);
          own.addEvent("exception", { "exception.message": text });
          own.setStatus({ code: SpanStatusCode.ERROR, message: text });
        },
        end: () => own.end(),
      };
      contexts.set(span, active);
      return span;
    },
    naming: (name, attributes, url) => (init) => {
      const outer = trace.getActiveSpan();
      // Deno reads the init while its span is the active one: there is no other way to it.
      return Object.defineProperty({ ...init }, "signal", {
        enumerable: true,
        get() {
          const own = trace.getActiveSpan();
          if (own && own !== outer) nameIt(own);
          return init.signal;
        },
      });
      function nameIt(own: otel.Span): void {
        const apply = () => void own.updateName(name).setAttributes(shown(attributes));
        // Deno gives it the method's name in a moment, and its end once the answer's head is there.
        if (url !== "hidden") return queueMicrotask(apply);
        apply();
        own.end();
      }
    },
  };
}

function shown(attributes: SpanAttributes): otel.Attributes {
  const entries = Object.entries(attributes).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries.map(([name, value]) => [name, typeof value === "string" ? cut(value) : value]));
}

function cut(text: string): string {
  return text.length > longestText ? `${text.slice(0, longestText)}…` : text;
}
