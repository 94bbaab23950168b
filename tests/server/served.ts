// A server of lib/server on a real socket, and raw connections to it, for the tests that look at what goes over the wire.

import { type Clock, systemClock } from "../../lib/clock.ts";
import { selfSignedCertificate } from "../../lib/server/self_signed.ts";
import { type HttpLimits, type HttpServer, serveHttp } from "../../lib/server/serve.ts";
import type { TlsSource } from "../../lib/server/tls.ts";

const app = { fetch: (request: Request) => new Response(`hello ${new URL(request.url).pathname}`) };

export interface Served {
  address?: string;
  limits?: Partial<HttpLimits>;
  tls?: TlsSource;
  fetch?: typeof app.fetch;
  clock?: Clock;
}

export function serve(o: Served = {}): Promise<HttpServer> {
  const { address = "127.0.0.1:0", limits = {}, tls, fetch = app.fetch, clock = systemClock } = o;
  return serveHttp({ fetch }, { address, key: "health.address", clock, limits, ...(tls ? { tls } : {}) });
}

/** Sends text over a connection and reads until the other side closes it. */
export async function exchange(conn: Deno.Conn, text: string): Promise<string> {
  await conn.write(new TextEncoder().encode(text)).catch(ignoreReset);
  let answer = "";
  const chunk = new Uint8Array(4096);
  for (let read = await receive(conn, chunk); read !== null; read = await receive(conn, chunk)) {
    answer += new TextDecoder().decode(chunk.subarray(0, read));
  }
  return answer;
}

/** What arrives next. */
export async function once(conn: Deno.Conn): Promise<string> {
  const chunk = new Uint8Array(4096);
  return new TextDecoder().decode(chunk.subarray(0, await conn.read(chunk) ?? 0));
}

/** A server that closes while bytes are still on their way to it resets the connection. */
async function receive(conn: Deno.Conn, chunk: Uint8Array): Promise<number | null> {
  return await conn.read(chunk).catch((error) => (ignoreReset(error), null));
}

function ignoreReset(error: unknown): void {
  const ends = [Deno.errors.ConnectionReset, Deno.errors.BrokenPipe, Deno.errors.UnexpectedEof];
  if (!ends.some((end) => error instanceof end)) throw error;
}

export const text = async (url: string, client?: Deno.HttpClient) =>
  await (await fetch(url, client ? { client } : {})).text();

/** What a connection is answered: a status, or "cut" when it is closed without one. */
export async function answerOn(conn: Deno.Conn, path = "/"): Promise<string> {
  const answer = await exchange(conn, `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
  return /^HTTP\/1\.1 (\d+)/.exec(answer)?.[1] ?? "cut";
}

export function selfSigned(host = "localhost") {
  return selfSignedCertificate({ hosts: [host, "127.0.0.1"], nowMs: systemClock.now(), days: 2 });
}

/** A source whose certificate a test replaces itself. */
export function source(pair = selfSigned()): TlsSource & { replace(pair: ReturnType<typeof selfSigned>): void } {
  return {
    current: pair,
    selfSigned: true,
    tell() {},
    onChange: undefined,
    replace(next) {
      this.onChange?.(next);
    },
    [Symbol.dispose]() {},
  };
}
