// What an OpenTelemetry collector is to the program: takes spans over OTLP/HTTP in JSON and keeps them, plainly.
// Source: https://github.com/open-telemetry/opentelemetry-proto/blob/v1.7.0/docs/specification.md#otlphttp

export interface ReceivedSpan {
  readonly name: string;
  readonly scope: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  /** 1 internal, 2 server, 3 client. */
  readonly kind: number;
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
  readonly events: readonly { name: string; attributes: Readonly<Record<string, string | number | boolean>> }[];
  readonly error: string | undefined;
}

interface Attribute {
  readonly key: string;
  readonly value: { stringValue?: string; intValue?: string | number; doubleValue?: number; boolValue?: boolean };
}

export class OtlpReceiver implements AsyncDisposable {
  readonly spans: ReceivedSpan[] = [];
  /** Everything that came, as it came: to look for what should not be there. */
  readonly bodies: string[] = [];
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  constructor() {
    this.#server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
      const text = await request.text();
      this.bodies.push(text);
      if (new URL(request.url).pathname.endsWith("/traces")) this.spans.push(...spansOf(JSON.parse(text)));
      return Response.json({});
    });
  }

  /** What turns tracing on for a process, towards this receiver. */
  get env(): Record<string, string> {
    return {
      OTEL_DENO: "true",
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${this.#server.addr.port}`,
      OTEL_BSP_SCHEDULE_DELAY: "100",
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }
}

interface SpanJson {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly Attribute[];
  readonly events: readonly { name: string; attributes: readonly Attribute[] }[];
  readonly status: { code: number; message: string };
}

interface TracesJson {
  readonly resourceSpans: readonly {
    readonly scopeSpans: readonly { readonly scope?: { name: string }; readonly spans: readonly SpanJson[] }[];
  }[];
}

function spansOf({ resourceSpans }: TracesJson): ReceivedSpan[] {
  return resourceSpans.flatMap(({ scopeSpans }) =>
    scopeSpans.flatMap(({ scope, spans }) =>
      spans.map(({ name, traceId, spanId, parentSpanId, kind, status, ...span }) => ({
        name,
        scope: scope?.name ?? "",
        traceId,
        spanId,
        parentSpanId,
        kind,
        startMs: Number(BigInt(span.startTimeUnixNano) / 1_000_000n),
        endMs: Number(BigInt(span.endTimeUnixNano) / 1_000_000n),
        attributes: plain(span.attributes),
        events: span.events.map((event) => ({ name: event.name, attributes: plain(event.attributes) })),
        error: status.code === 2 ? status.message : undefined,
      }))
    )
  );
}

function plain(attributes: readonly Attribute[]): Record<string, string | number | boolean> {
  return Object.fromEntries(attributes.map(({ key, value }) => {
    const { stringValue, boolValue, intValue, doubleValue } = value;
    return [key, stringValue ?? boolValue ?? Number(intValue ?? doubleValue)];
  }));
}
