// An HTTP server for one Hono app, over node's own server because that keeps to HTTP/1.1, bounds headers, time and connections,
// and takes a new certificate while it runs. What is answered is the app's business.

import type { Server } from "node:http";
import { createServer as createPlainServer } from "node:http";
import { createServer as createTlsServer, type Server as TlsServer } from "node:https";
import { createAdaptorServer } from "../../deps.ts";
import { parseAddress } from "../config_values.ts";
import type { Clock } from "../clock.ts";
import { boundConnections } from "./connections.ts";
import type { TlsSource } from "./tls.ts";

export interface HttpLimits {
  /** All header lines together; beyond that 431. */
  readonly maxHeaderBytes: number;
  /** From the connection's opening, or the first byte of a further request, to the end of its headers; then 408. */
  readonly headersTimeoutMs: number;
  readonly requestTimeoutMs: number;
  /** How long a connection is kept between two requests. */
  readonly idleTimeoutMs: number;
  /** A further one takes the place of the one that has been idle longest, or is closed at once: see connections.ts. */
  readonly maxConnections: number;
  /** How long an answer in flight may still take once the server is being closed. */
  readonly closeGraceMs: number;
}

const minVersion = "TLSv1.2";

export const defaultLimits: HttpLimits = {
  maxHeaderBytes: 16 * 1024,
  headersTimeoutMs: 5_000,
  requestTimeoutMs: 10_000,
  idleTimeoutMs: 65_000,
  maxConnections: 128,
  closeGraceMs: 1_000,
};

export interface HttpServer extends AsyncDisposable {
  /** Where it really listens: the port that was picked for 0. */
  readonly address: { readonly hostname: string; readonly port: number };
}

export interface ServeOptions {
  /** As `parseAddress` reads it; without a hostname every interface, IPv6 and IPv4. */
  readonly address: string;
  /** The configuration key of the address, for messages. */
  readonly key: string;
  readonly clock: Clock;
  readonly tls?: TlsSource;
  readonly limits?: Partial<HttpLimits>;
}

/** Listens. Rejects with one Error that says what to do when the address cannot be had. */
export async function serveHttp(
  app: { fetch(request: Request): Response | Promise<Response> },
  o: ServeOptions,
): Promise<HttpServer> {
  const limits = { ...defaultLimits, ...o.limits };
  const server = create(app, limits, o.tls);
  const bound = boundConnections(server, limits.maxConnections, o.clock);
  if (o.tls) o.tls.onChange = (pair) => (server as TlsServer).setSecureContext({ ...pair, minVersion });
  const { hostname, port } = parseAddress(o.address);
  try {
    await listen(server, port, hostname ?? "::");
  } catch (error) {
    // A machine without IPv6 says so with more than one code.
    if (hostname !== undefined || ["EADDRINUSE", "EACCES"].includes(codeOf(error))) throw explain(error, o);
    await listen(server, port, "0.0.0.0").catch((error) => Promise.reject(explain(error, o)));
  }
  const listening = server.address();
  if (listening === null || typeof listening === "string") throw new Error(`${o.key} ${o.address} has no port`);
  return {
    address: { hostname: listening.address, port: listening.port },
    async [Symbol.asyncDispose]() {
      if (o.tls) o.tls.onChange = undefined;
      await close(server, o.clock, limits.closeGraceMs);
      bound[Symbol.dispose]();
    },
  };
}

function create(
  app: { fetch(request: Request): Response | Promise<Response> },
  limits: HttpLimits,
  tls: TlsSource | undefined,
): Server | TlsServer {
  const common = {
    maxHeaderSize: limits.maxHeaderBytes,
    headersTimeout: limits.headersTimeoutMs,
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: limits.idleTimeoutMs,
    // How often the two timeouts above are looked at.
    connectionsCheckingInterval: Math.max(50, Math.min(1_000, limits.headersTimeoutMs / 2)),
  };
  const fetch = (request: Request) => app.fetch(request);
  const made = tls
    ? createAdaptorServer({
      fetch,
      createServer: createTlsServer,
      serverOptions: {
        ...common,
        ...tls.current,
        minVersion,
        ALPNProtocols: ["http/1.1"],
        handshakeTimeout: limits.headersTimeoutMs,
      },
    })
    : createAdaptorServer({ fetch, createServer: createPlainServer, serverOptions: common });
  return made as Server | TlsServer;
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

/** Stops listening, closes idle connections, lets answers in flight end, and closes what is still open after the grace time. */
function close(server: Server, clock: Clock, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = clock.timer(graceMs, () => server.closeAllConnections());
    server.close(() => {
      timer[Symbol.dispose]();
      resolve();
    });
  });
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

function explain(error: unknown, { key, address }: ServeOptions): Error {
  const noSuchAddress = "this machine has no such address";
  const reasons: Record<string, string> = {
    EADDRINUSE: "the port is taken; stop the process that has it, or choose another port (0: any that is free)",
    EACCES: "this process may not use that port; choose one above 1023",
    EADDRNOTAVAIL: noSuchAddress,
    EINVAL: noSuchAddress, // Deno's word for it
    ENOTFOUND: "the host name does not resolve",
  };
  const reason = reasons[codeOf(error)] ?? (error instanceof Error ? error.message : String(error));
  return new Error(`Cannot listen on ${key} ${address}: ${reason}`, { cause: error });
}
