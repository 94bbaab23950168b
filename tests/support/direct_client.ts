// A client of the simulated API server without HTTP objects in between, for scenarios of thousands of executions. It asks the
// same registry, lists and watches as the HTTP door; faults and access control stand at that door alone.

import type { JSONValue, RequestOptions, RestClient } from "../../lib/kube/contract.ts";
import { type StatusBody, StatusError } from "../../lib/kube/errors.ts";
import type { ApiServer, RequestLogEntry } from "../../lib/sim/api_server.ts";
import { type Answer, type Call, callOf, carryOut, ObjectTexts, openWatch } from "../simulation/direct_api.ts";

export class DirectClient implements RestClient {
  readonly #server: ApiServer;
  readonly #onRequest: (entry: RequestLogEntry) => void;
  readonly #texts = new ObjectTexts();
  readonly #watches = new Set<Disposable>();

  /** @param onRequest told of each request but watches, when it has been carried out; bodies are left out */
  constructor(server: ApiServer, onRequest: (entry: RequestLogEntry) => void) {
    this.#server = server;
    this.#onRequest = onRequest;
  }

  performRequest(opts: RequestOptions & { expectStream: true; expectJson: true }): Promise<ReadableStream<JSONValue>>;
  performRequest(opts: RequestOptions & { expectStream: true }): Promise<ReadableStream<Uint8Array>>;
  performRequest(opts: RequestOptions & { expectJson: true }): Promise<JSONValue>;
  performRequest(opts: RequestOptions): Promise<Uint8Array>;
  // deno-lint-ignore require-await -- a refusal is a rejection, as of any client
  async performRequest(
    opts: RequestOptions,
  ): Promise<ReadableStream<JSONValue | Uint8Array> | JSONValue | Uint8Array> {
    opts.abortSignal?.throwIfAborted();
    const call: Call = {
      ...callOf(opts.method, opts.path, opts.querystring),
      contentType: opts.contentType ?? "",
      body: opts.bodyJson,
    };
    const words = `${opts.method} ${opts.path}`;
    if (opts.expectStream) return this.#watch(call, words, opts.abortSignal);
    const answer = carryOut(this.#server, call);
    const { verb, path, group, resource, subresource, namespace, name } = call.info;
    this.#onRequest({ verb, path, group, resource, subresource, namespace, name, user: "admin", code: answer.code });
    const body = accepted(answer, words);
    return opts.expectJson ? body : new Uint8Array();
  }

  close(): void {
    for (const watch of this.#watches) watch[Symbol.dispose]();
    this.#watches.clear();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #watch(call: Call, words: string, signal: AbortSignal | undefined): ReadableStream<Uint8Array> {
    const encoder = new TextEncoder();
    let lines: ReadableStreamDefaultController<Uint8Array> | undefined;
    const feed = new DisposableStack();
    const stop = () => {
      signal?.removeEventListener("abort", onAbort);
      this.#watches.delete(feed);
      feed.dispose();
    };
    const onAbort = () => {
      lines?.error(signal?.reason);
      stop();
    };
    const stream = new ReadableStream<Uint8Array>({ start: (controller) => void (lines = controller), cancel: stop });
    const sink = {
      line: (text: string) => lines?.enqueue(encoder.encode(text)),
      end: () => {
        lines?.close();
        stop();
      },
    };
    const opened = openWatch(this.#server, call, sink, this.#texts);
    if ("code" in opened) throw refusal(opened, words);
    if (feed.disposed) return stream; // it ended as soon as it was opened: the version is too old
    feed.use(opened);
    this.#watches.add(feed);
    signal?.addEventListener("abort", onAbort, { once: true });
    return stream;
  }
}

function accepted(answer: Answer, words: string): JSONValue {
  if (answer.code >= 300 || !answer.body) throw refusal(answer, words);
  return answer.body;
}

function refusal({ code, body }: Answer, words: string): StatusError {
  return new StatusError(code, body as StatusBody | undefined, undefined, words);
}
