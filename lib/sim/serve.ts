// Puts a simulated API server on a real port. HTTP/1.1 over node:http and not Deno.serve, because a lost connection must be
// lost for the client too, before the first byte of an answer if need be. The listener can be taken away and brought back, as
// a restart does; the state stays with the API server.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";

export interface ServedApi extends AsyncDisposable {
  /** `http://host:port`, the same after a restart. */
  readonly url: string;
  /** Cuts every connection and refuses new ones. */
  stop(): Promise<void>;
  /** Listens again on the same port. */
  start(): Promise<void>;
}

/** Serves `handle` on the given address; port 0 takes any that is free. A rejection of `handle` loses the connection. */
export async function serve(
  handle: (request: Request) => Promise<Response>,
  address: { hostname?: string; port?: number } = {},
): Promise<ServedApi> {
  const hostname = address.hostname ?? "127.0.0.1";
  let server = await listen(handle, hostname, address.port ?? 0);
  const { port } = server.address() as { port: number };
  const stop = async () => {
    if (!server.listening) return;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeAllConnections();
    await closed;
  };
  return {
    url: `http://${hostname}:${port}`,
    stop,
    async start() {
      if (!server.listening) server = await listen(handle, hostname, port);
    },
    [Symbol.asyncDispose]: stop,
  };
}

function listen(handle: (request: Request) => Promise<Response>, hostname: string, port: number): Promise<Server> {
  const server = createServer((incoming, outgoing) => void carry(handle, incoming, outgoing));
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, hostname, () => resolve(server));
  });
}

async function carry(
  handle: (request: Request) => Promise<Response>,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const gone = new AbortController();
  outgoing.once("close", () => gone.abort(new DOMException("the client has gone", "AbortError")));
  try {
    const response = await handle(await requestOf(incoming, gone.signal));
    outgoing.writeHead(response.status, [...response.headers].flat());
    if (!response.body || !isWatch(incoming)) {
      outgoing.end(new Uint8Array(await response.arrayBuffer()));
      return;
    }
    outgoing.flushHeaders();
    const reader = response.body.getReader();
    gone.signal.addEventListener("abort", () => void reader.cancel().catch(() => {}), { once: true });
    // Each part is on its way before the next is read: what precedes a lost connection arrives.
    for (let part = await reader.read(); !part.done; part = await reader.read()) await written(outgoing, part.value);
    outgoing.end();
  } catch (error) {
    incoming.socket.destroy();
    // A fault's lost connection, a cut watch, and a client that has gone end here; anything else is a fault of this program.
    if (!(error instanceof TypeError || error instanceof DOMException)) throw error;
  }
}

function written(outgoing: ServerResponse, part: Uint8Array): Promise<void> {
  return new Promise((resolve) => outgoing.write(part, () => resolve()));
}

function isWatch(incoming: IncomingMessage): boolean {
  return /[?&]watch=(true|1)\b/.test(incoming.url ?? "");
}

/** A client that goes before its request is complete has gone like any other. */
async function bodyOf(incoming: IncomingMessage): Promise<Uint8Array[]> {
  const parts: Uint8Array[] = [];
  try {
    for await (const part of incoming) parts.push(part);
    return parts;
  } catch (cause) {
    if (!(cause instanceof Error) || !("code" in cause) || cause.code !== "ECONNRESET") throw cause;
    throw Object.assign(new DOMException("the client has gone", "AbortError"), { cause });
  }
}

async function requestOf(incoming: IncomingMessage, signal: AbortSignal): Promise<Request> {
  const parts = await bodyOf(incoming);
  const headers = new Headers();
  for (const [name, value] of Object.entries(incoming.headers)) {
    if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(", ") : value);
  }
  const method = incoming.method ?? "GET";
  const body = parts.length > 0 && method !== "GET" && method !== "HEAD" ? new Blob(parts as BlobPart[]) : undefined;
  const url = `http://${incoming.headers.host ?? "localhost"}${incoming.url ?? "/"}`;
  return new Request(url, { method, headers, signal, ...(body && { body }) });
}
