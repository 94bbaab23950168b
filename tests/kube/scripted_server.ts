// An API server that says what a test tells it to say, behind an injected `fetch`: the real client, watch and reflector run
// on top of it. Requests wait for their answer, so a test sees each one before it answers.

import { KubeClient } from "../../lib/kube/client.ts";
import { type Clock, sleep, systemClock } from "../../lib/clock.ts";

export interface SeenRequest {
  method: string;
  path: string;
  query: Record<string, string>;
  body: unknown;
  headers: Record<string, string>;
}

interface Pending extends SeenRequest {
  respond(response: Response): void;
}

export class ScriptedServer {
  readonly #arrived: Pending[] = [];

  client(clock: Clock, o: { requestTimeoutMs?: number; maxInFlight?: number } = {}): KubeClient {
    return new KubeClient({ baseUrl: "http://scripted", fetch: this.fetch, clock, ...o });
  }

  readonly fetch = (input: string | URL, init: RequestInit): Promise<Response> =>
    new Promise((resolve, reject) => {
      const url = new URL(input);
      const request = {
        method: init.method ?? "GET",
        path: url.pathname,
        query: Object.fromEntries(url.searchParams),
        body: typeof init.body === "string" ? JSON.parse(init.body) : undefined,
        headers: Object.fromEntries(new Headers(init.headers)),
        respond: resolve,
      };
      this.#arrived.push(request);
      init.signal?.addEventListener("abort", () => {
        const index = this.#arrived.indexOf(request);
        if (index !== -1) this.#arrived.splice(index, 1);
        reject(init.signal?.reason);
      });
    });

  /** Requests that wait for an answer. */
  get waiting(): number {
    return this.#arrived.length;
  }

  /** The next request, once it has come. */
  async next(): Promise<Pending> {
    await until(() => this.#arrived.length > 0, "a request");
    return this.#arrived.shift()!;
  }

  /** Answers the next request with JSON, and returns that request. */
  async answer(body: unknown, code = 200, headers: Record<string, string> = {}): Promise<SeenRequest> {
    const { respond, ...request } = await this.next();
    respond(new Response(typeof body === "string" ? body : JSON.stringify(body), { status: code, headers }));
    return request;
  }

  /** Answers the next request with an open stream. */
  async stream(): Promise<Stream & { request: SeenRequest }> {
    const { respond, ...request } = await this.next();
    const stream = new Stream();
    respond(new Response(stream.readable));
    return Object.assign(stream, { request });
  }
}

export class Stream {
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  cancelled = false;
  readonly readable = new ReadableStream<Uint8Array>({
    start: (controller) => void (this.#controller = controller),
    cancel: () => void (this.cancelled = true),
  });

  raw(text: string): void {
    this.#controller!.enqueue(new TextEncoder().encode(text));
  }
  send(type: string, object: unknown): void {
    this.raw(JSON.stringify({ type, object }) + "\n");
  }
  bookmark(resourceVersion: string, annotations?: Record<string, string>): void {
    this.send("BOOKMARK", { metadata: { resourceVersion, ...(annotations ? { annotations } : {}) } });
  }
  /** The marker that ends a streaming list. */
  listed(resourceVersion: string): void {
    this.bookmark(resourceVersion, { "k8s.io/initial-events-end": "true" });
  }
  end(): void {
    this.#controller!.close();
  }
  break(): void {
    this.#controller!.error(new TypeError("error reading a body from connection"));
  }
}

/** A Status as an API server sends it. */
export function status(code: number, reason: string, message = reason, details: Record<string, unknown> = {}): unknown {
  return { kind: "Status", apiVersion: "v1", status: "Failure", code, reason, message, details };
}

/** A small object, as the tests' projections read it. */
export function thing(
  name: string,
  resourceVersion: number,
  o: { uid?: string; namespace?: string; size?: unknown } = {},
) {
  return {
    metadata: {
      namespace: o.namespace ?? "default",
      name,
      uid: o.uid ?? `uid-${name}`,
      resourceVersion: String(resourceVersion),
    },
    size: o.size ?? 1,
  };
}

/** Waits for a condition that work in progress will bring about; fails after about two seconds. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  for (let turn = 0; !condition(); turn++) {
    if (turn > 2_000) throw new Error(`${what} did not come about`);
    await sleep(systemClock, turn < 50 ? 0 : 1);
  }
}

/** Lets everything that can run now run. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await sleep(systemClock, 0);
}
