// The transport to an API server over `fetch`: one HTTP request a call, its answer as bytes, JSON or a stream.
// Where the server is and who asks is given to it (kubeconfig.ts); what to ask is the typed clients' affair.
// Nothing is retried here, with one exception: a request refused with 401 was not carried out, and goes out once more with
// a token that was read again.

import type { Clock } from "../clock.ts";
import { tokenFault } from "./bearer_token.ts";
import type { JSONValue, RequestOptions, RestClient } from "./contract.ts";
import { ConnectionError, type StatusBody, StatusError } from "./errors.ts";
import { jsonLines } from "./json_lines.ts";
import { explainConnectionFailure } from "./connection_failure.ts";
import { Permits } from "./permits.ts";
import { resourceOf, verbOf } from "./request_kind.ts";
import { named, type NamedInit, type Tracing } from "../traces.ts";

/** As the runtime's own; whatever passes a request on to that one gives it `named(init)`. */
export type Fetch = (input: string | URL, init: NamedInit) => Promise<Response>;

/** What a client tells about its requests, in the terms of the usual `rest_client_*` metrics. */
export interface RequestObserver {
  /**
   * One request was answered, or failed without an answer (`code` is then `<error>`). `resource` is the plural (with
   * the subresource, as `pods/status`), never a name. For a stream `durationMs` ends with the response's head.
   */
  request?(verb: string, resource: string, code: string, durationMs: number): void;
  /** The head of an answer, whatever its code. */
  answered?(headers: Headers): void;
}

export interface KubeClientOptions {
  /** Scheme, host, port and possibly a path before `/api`. */
  baseUrl: string;
  fetch?: Fetch;
  /** Used with the runtime's own `fetch`, and closed with the client. */
  httpClient?: Deno.HttpClient;
  /** The bearer token for one request; asked each time. `refused` is given after a 401: what it was sent with. */
  authorize?: (refused?: { token: string | undefined }) => Promise<string | undefined>;
  defaultNamespace?: string;
  clock: Clock;
  observer?: RequestObserver;
  tracing?: Tracing;
  /** Requests at a time, streams not counted; more wait in order. */
  maxInFlight?: number;
  /** For a whole request with its body; for a stream until its head. */
  requestTimeoutMs?: number;
  /** Called once when the client is closed. */
  onClose?: () => void;
}

export class KubeClient implements RestClient {
  readonly defaultNamespace?: string;
  /** For messages: the server this client talks to. */
  readonly baseUrl: string;
  readonly #o: KubeClientOptions;
  readonly #fetch: Fetch;
  readonly #timeoutMs: number;
  readonly #permits: Permits;
  #closed = false;

  constructor(o: KubeClientOptions) {
    this.#o = o;
    this.baseUrl = o.baseUrl.replace(/\/+$/, "");
    if (o.defaultNamespace !== undefined) this.defaultNamespace = o.defaultNamespace;
    this.#fetch = o.fetch ??
      ((input, init) => fetch(input, named(o.httpClient ? { ...init, client: o.httpClient } : init)));
    this.#timeoutMs = o.requestTimeoutMs ?? 30_000;
    this.#permits = new Permits(o.maxInFlight ?? 64);
  }

  /**
   * Sends one request. Rejects with StatusError for an answer other than 2xx, with ConnectionError when there was no
   * (whole) answer, and with the abort signal's reason when that was aborted.
   */
  performRequest(opts: RequestOptions & { expectStream: true; expectJson: true }): Promise<ReadableStream<JSONValue>>;
  performRequest(opts: RequestOptions & { expectStream: true }): Promise<ReadableStream<Uint8Array>>;
  performRequest(opts: RequestOptions & { expectJson: true }): Promise<JSONValue>;
  performRequest(opts: RequestOptions): Promise<Uint8Array>;
  async performRequest(opts: RequestOptions): Promise<ReadableStream<JSONValue | Uint8Array> | JSONValue | Uint8Array> {
    if (opts.expectTunnel) throw new TypeError("Cannot open a tunnel: this client speaks plain HTTP only");
    if (opts.expectStream) {
      const bytes = await this.#exchange(
        opts,
        (response, release) => Promise.resolve(this.#guard(response, opts, release)),
      );
      return opts.expectJson ? bytes.pipeThrough(jsonLines()) : bytes;
    }
    using _permit = await this.#permits.take(opts.abortSignal);
    return await this.#exchange<JSONValue | Uint8Array>(opts, async (response) => {
      if (!opts.expectJson) return new Uint8Array(await response.arrayBuffer());
      const text = await response.text();
      try {
        return JSON.parse(text) as JSONValue;
      } catch (cause) {
        throw new ConnectionError(`${describe(opts)}: the answer is not JSON; is ${this.baseUrl} an API server?`, {
          cause,
        });
      }
    });
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#o.httpClient?.close();
    this.#o.onClose?.();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /**
   * Sends the request, a second time after 401, and reads the answer with `read`, all within the time limit. A `read` that
   * hands out a stream calls `release` once that has ended.
   */
  async #exchange<R>(opts: RequestOptions, read: (response: Response, release: () => void) => Promise<R>): Promise<R> {
    const clock = this.#o.clock;
    const startedMs = clock.monotonic();
    const observe = (code: string) =>
      this.#o.observer?.request?.(opts.method, resourceOf(opts.path), code, clock.monotonic() - startedMs);
    opts.abortSignal?.throwIfAborted();
    const abort = new AbortController();
    const onAbort = () => abort.abort(opts.abortSignal?.reason);
    opts.abortSignal?.addEventListener("abort", onAbort, { once: true });
    const release = () => opts.abortSignal?.removeEventListener("abort", onAbort);
    const timeout = new Error(`no answer within ${this.#timeoutMs} ms`);
    const timer = clock.timer(this.#timeoutMs, () => abort.abort(timeout));
    let streaming = false;
    try {
      let token = await this.#o.authorize?.();
      let response = await this.#send(opts, token, abort.signal);
      if (response.status === 401 && this.#o.authorize && !opts.bodyStream) {
        await response.body?.cancel();
        token = await this.#o.authorize({ token });
        response = await this.#send(opts, token, abort.signal);
      }
      this.#o.observer?.answered?.(response.headers);
      if (!response.ok) throw await statusError(response, opts, clock);
      const answer = await read(response, release);
      streaming = opts.expectStream === true;
      observe(String(response.status));
      return answer;
    } catch (error) {
      if (error instanceof StatusError) observe(String(error.httpCode));
      else if (!opts.abortSignal?.aborted) observe("<error>");
      opts.abortSignal?.throwIfAborted();
      if (error instanceof StatusError || error instanceof ConnectionError) throw error;
      throw explainConnectionFailure(describe(opts), this.baseUrl, abort.signal.aborted ? timeout : error);
    } finally {
      timer[Symbol.dispose]();
      // After its head has arrived, a stream still ends with the caller's signal.
      if (!streaming) release();
    }
  }

  #send(opts: RequestOptions, token: string | undefined, signal: AbortSignal): Promise<Response> {
    const query = opts.querystring?.toString();
    const headers = new Headers({
      accept: opts.accept ?? (opts.expectJson ? "application/json" : "*/*"),
      "user-agent": "kubernaut-workflowexecution",
    });
    const fault = token === undefined ? undefined : tokenFault(token);
    if (fault) throw new ConnectionError(`${describe(opts)}: not sent: the bearer token ${fault}`);
    if (token !== undefined) headers.set("authorization", `Bearer ${token}`);
    const body = opts.bodyJson !== undefined ? JSON.stringify(opts.bodyJson) : opts.bodyRaw ?? opts.bodyStream;
    if (body !== undefined) headers.set("content-type", opts.contentType ?? "application/json");
    const naming = this.#naming(opts);
    const init: NamedInit = {
      method: opts.method,
      headers,
      signal,
      redirect: "manual",
      ...(body === undefined ? {} : { body: body as BodyInit }),
      ...(naming ? { naming } : {}),
    };
    return this.#fetch(this.baseUrl + opts.path + (query ? `?${query}` : ""), init);
  }

  #naming(opts: RequestOptions) {
    const { tracing } = this.#o;
    if (!tracing) return undefined;
    const verb = verbOf(opts);
    const resource = resourceOf(opts.path);
    return tracing.naming(`${verb} ${resource}`, { "k8s.request.verb": verb, "k8s.request.resource": resource });
  }

  /**
   * The body as a stream whose breaking is explained like that of any other request. It ends itself when the caller
   * aborts: the runtime forgets a fetch's signal once nothing but the body refers to it (seen with Deno 2.9.6).
   */
  #guard(response: Response, opts: RequestOptions, release: () => void): ReadableStream<Uint8Array> {
    const reader = (response.body ?? emptyStream()).getReader();
    const signal = opts.abortSignal;
    // The pending read then ends as if the body had; `pull` looks at the signal. What broke before does not matter.
    const onAbort = () => void reader.cancel(signal?.reason).catch(() => {});
    signal?.addEventListener("abort", onAbort, { once: true });
    if (signal?.aborted) onAbort();
    const end = () => {
      release();
      signal?.removeEventListener("abort", onAbort);
    };
    return new ReadableStream<Uint8Array>({
      pull: async (controller) => {
        try {
          const { done, value } = await reader.read();
          if (!done) return controller.enqueue(value);
          end();
          if (signal?.aborted) throw signal.reason;
          controller.close();
        } catch (error) {
          end();
          if (signal?.aborted) throw signal.reason;
          throw explainConnectionFailure(`${describe(opts)} (stream)`, this.baseUrl, error);
        }
      },
      cancel: (reason) => {
        end();
        return reader.cancel(reason);
      },
    }, { highWaterMark: 0 });
  }
}

function describe(opts: RequestOptions): string {
  return `${opts.method} ${opts.path}`;
}

function emptyStream(): ReadableStream<Uint8Array> {
  return new ReadableStream({ start: (controller) => controller.close() });
}

/** An answer other than 2xx as an error. Reads the body, whatever it is. */
async function statusError(response: Response, opts: RequestOptions, clock: Clock): Promise<StatusError> {
  const text = await response.text();
  const status = statusOf(text);
  const retryAfterMs = retryAfterOf(response.headers.get("retry-after"), clock) ??
    (status?.details?.retryAfterSeconds ? status.details.retryAfterSeconds * 1_000 : undefined);
  return new StatusError(response.status, status, retryAfterMs, describe(opts));
}

function statusOf(text: string): StatusBody | undefined {
  if (!text.startsWith("{")) return undefined;
  try {
    const body = JSON.parse(text) as { kind?: unknown; apiVersion?: unknown };
    return body.kind === "Status" && body.apiVersion === "v1" ? body as StatusBody : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined; // a proxy's own page: the HTTP code says what there is to say
    throw error;
  }
}

/** Retry-After in milliseconds: seconds or an HTTP date (RFC 9110, 10.2.3). */
function retryAfterOf(header: string | null, clock: Clock): number | undefined {
  if (header === null) return undefined;
  if (/^\s*\d+\s*$/.test(header)) return Number(header) * 1_000;
  const atMs = Date.parse(header);
  return Number.isNaN(atMs) ? undefined : Math.max(0, atMs - clock.now());
}
