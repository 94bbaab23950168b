// As much of `fetch` as the client needs, over node:https, for what the runtime's own cannot do: a certificate that is for
// another name (tls-server-name) or that nobody checks (insecure-skip-tls-verify). Streams come as they arrive.

import https from "node:https";
import type { IncomingMessage } from "node:http";
import type { TlsSettings } from "./access.ts";
import type { Fetch } from "./client.ts";

/** Connections of its own, kept alive until `close`. Throws for a proxy, which it cannot use. */
export function createHttpsFetch(settings: TlsSettings): { fetch: Fetch; close(): void } {
  if (settings.proxyUrl !== undefined) {
    throw new Error("Cannot use proxy-url together with tls-server-name or insecure-skip-tls-verify");
  }
  const agent = new https.Agent({
    keepAlive: true,
    ...(settings.caCerts.length > 0 ? { ca: settings.caCerts } : {}),
    ...(settings.client ?? {}),
    ...(settings.serverName === undefined ? {} : { servername: settings.serverName }),
    rejectUnauthorized: !settings.insecure,
  });
  return { fetch: (input, init) => request(agent, new URL(input), init), close: () => agent.destroy() };
}

async function request(agent: https.Agent, url: URL, init: RequestInit): Promise<Response> {
  const signal = init.signal ?? undefined;
  signal?.throwIfAborted();
  const body = await bodyOf(init);
  return await new Promise((resolve, reject) => {
    const outgoing = https.request(url, {
      agent,
      method: init.method ?? "GET",
      headers: {
        ...Object.fromEntries(new Headers(init.headers)),
        ...(body ? { "content-length": String(body.length) } : {}),
      },
    });
    const onAbort = () => outgoing.destroy(asError(signal?.reason));
    signal?.addEventListener("abort", onAbort, { once: true });
    const release = () => signal?.removeEventListener("abort", onAbort);
    outgoing.on("error", (error) => {
      release();
      reject(signal?.aborted ? signal.reason : error);
    });
    outgoing.on("response", (incoming) => resolve(responseOf(incoming, signal, release)));
    outgoing.end(body);
  });
}

function responseOf(incoming: IncomingMessage, signal: AbortSignal | undefined, release: () => void): Response {
  const headers = new Headers();
  for (const [name, value] of Object.entries(incoming.headers)) {
    for (const one of Array.isArray(value) ? value : [value ?? ""]) headers.append(name, one);
  }
  const status = incoming.statusCode ?? 0;
  const chunks = incoming[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
  const stream = new ReadableStream<Uint8Array>({
    start(controller) {
      signal?.addEventListener("abort", () => {
        try {
          controller.error(signal.reason);
        } catch (error) {
          // Already closed or broken: then there is nothing to tell any more.
          if (!(error instanceof TypeError)) throw error;
        }
        incoming.destroy();
      }, { once: true });
    },
    async pull(controller) {
      try {
        const { done, value } = await chunks.next();
        if (!done) return controller.enqueue(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
        release();
        controller.close();
      } catch (error) {
        release();
        throw signal?.aborted ? signal.reason : error;
      }
    },
    cancel() {
      release();
      incoming.destroy();
    },
  }, { highWaterMark: 0 });
  if (status === 204 || status === 304) {
    incoming.resume();
    release();
    return new Response(null, { status, headers });
  }
  return new Response(stream, { status, headers });
}

async function bodyOf(init: RequestInit): Promise<Uint8Array | undefined> {
  if (init.body === undefined || init.body === null) return undefined;
  return new Uint8Array(await new Response(init.body).arrayBuffer());
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason), { cause: reason });
}
