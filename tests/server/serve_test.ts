// The HTTP server on a real socket: its limits, its TLS, and how it ends.

import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { type Clock, ManualClock, systemClock } from "../../lib/clock.ts";
import { silentLogger } from "../../lib/log.ts";
import { selfSignedCertificate } from "../../lib/server/self_signed.ts";
import { type HttpLimits, serveHttp } from "../../lib/server/serve.ts";
import { openTls, type TlsSource } from "../../lib/server/tls.ts";

const app = { fetch: (request: Request) => new Response(`hello ${new URL(request.url).pathname}`) };

interface Served {
  address?: string;
  limits?: Partial<HttpLimits>;
  tls?: TlsSource;
  fetch?: typeof app.fetch;
  clock?: Clock;
}

function serve(o: Served = {}) {
  const { address = "127.0.0.1:0", limits = {}, tls, fetch = app.fetch, clock = systemClock } = o;
  return serveHttp({ fetch }, { address, key: "health.address", clock, limits, ...(tls ? { tls } : {}) });
}

/** Sends text over a connection and reads until the other side closes it. */
async function exchange(conn: Deno.Conn, text: string): Promise<string> {
  await conn.write(new TextEncoder().encode(text)).catch(ignoreReset);
  let answer = "";
  const chunk = new Uint8Array(4096);
  for (let read = await receive(conn, chunk); read !== null; read = await receive(conn, chunk)) {
    answer += new TextDecoder().decode(chunk.subarray(0, read));
  }
  return answer;
}

/** What arrives next. */
async function once(conn: Deno.Conn): Promise<string> {
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

const text = async (url: string, client?: Deno.HttpClient) => await (await fetch(url, client ? { client } : {})).text();

Deno.test("an address without a host is every interface, and port 0 is one that is free", async () => {
  await using server = await serve({ address: ":0" });
  const { port } = server.address;
  assertEquals(await text(`http://127.0.0.1:${port}/a`), "hello /a");
  assertEquals(await text(`http://localhost:${port}/b`), "hello /b");
});

Deno.test("a taken port is one clear error", async () => {
  await using first = await serve();
  const address = `127.0.0.1:${first.address.port}`;
  const error = await assertRejects(() => serve({ address }), Error);
  assertEquals(
    error.message,
    `Cannot listen on health.address ${address}: the port is taken; ` +
      "stop the process that has it, or choose another port (0: any that is free)",
  );
});

Deno.test("an address that is not this machine's is one clear error", async () => {
  await assertRejects(() => serve({ address: "192.0.2.1:0" }), Error, "this machine has no such address");
});

Deno.test("headers beyond the limit are answered 431, and the server goes on", async () => {
  await using server = await serve({ limits: { maxHeaderBytes: 8_192 } });
  const { port } = server.address;
  for (const bytes of [9_000, 1_000_000]) {
    using conn = await Deno.connect({ hostname: "127.0.0.1", port });
    const answer = await exchange(conn, `GET / HTTP/1.1\r\nHost: x\r\nLong: ${"x".repeat(bytes)}\r\n\r\n`);
    if (answer !== "") assertMatch(answer, /^HTTP\/1\.1 431 /);
  }
  assertEquals(await text(`http://127.0.0.1:${port}/`), "hello /");
});

Deno.test("a client that does not finish its headers is cut off, and holds up nobody", async () => {
  await using server = await serve({ limits: { headersTimeoutMs: 100 } });
  const { port } = server.address;
  using slow = await Deno.connect({ hostname: "127.0.0.1", port });
  const startMs = performance.now();
  const cut = exchange(slow, "GET / HTTP/1.1\r\nHos");
  assertEquals(await text(`http://127.0.0.1:${port}/`), "hello /");
  assertMatch(await cut, /^HTTP\/1\.1 408 /);
  // Not by the limit for the whole request, which is 10 s.
  assert(performance.now() - startMs < 5_000);
});

Deno.test("a client that sends nothing is cut off", async () => {
  await using server = await serve({ limits: { headersTimeoutMs: 100 } });
  using idle = await Deno.connect({ hostname: "127.0.0.1", port: server.address.port });
  assertMatch(await exchange(idle, ""), /^HTTP\/1\.1 408 /);
});

/** What a connection is answered: a status, or "cut" when it is closed without one. */
async function answerOn(conn: Deno.Conn, path = "/"): Promise<string> {
  const answer = await exchange(conn, `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
  return /^HTTP\/1\.1 (\d+)/.exec(answer)?.[1] ?? "cut";
}

for (const [protocol, tls] of [["plain HTTP", undefined], ["TLS", source]] as const) {
  Deno.test(`over ${protocol}, a connection beyond the limit takes the place of the one idle longest`, async () => {
    const pair = tls?.();
    await using server = await serve({ limits: { maxConnections: 2 }, ...(pair ? { tls: pair } : {}) });
    const { hostname, port } = server.address;
    const connect = () =>
      pair ? Deno.connectTls({ hostname, port, caCerts: [pair.current.cert] }) : Deno.connect({ hostname, port });
    using used = await connect();
    using left = await connect();
    await used.write(new TextEncoder().encode("GET /1 HTTP/1.1\r\nHost: x\r\n\r\n"));
    assertMatch(await once(used), /hello \/1/);
    using third = await connect();
    assertEquals(await answerOn(left), "cut");
    assertEquals([await answerOn(used), await answerOn(third)], ["200", "200"]);
  });
}

Deno.test("a connection with an answer under way gives its place up last, the longest first", async () => {
  const requests = Array.from({ length: 3 }, () => ({
    begun: Promise.withResolvers<void>(),
    answer: Promise.withResolvers<Response>(),
  }));
  let served = 0;
  await using server = await serve({
    limits: { maxConnections: 2 },
    fetch: () => {
      const request = requests[served++];
      request?.begun.resolve();
      return request?.answer.promise as unknown as Response;
    },
  });
  const { port } = server.address;
  const connect = () => Deno.connect({ hostname: "127.0.0.1", port });
  using first = await connect();
  const ofFirst = answerOn(first);
  await requests[0]?.begun.promise;
  using idle = await connect();
  using second = await connect();
  assertEquals(await exchange(idle, ""), "");
  const ofSecond = answerOn(second);
  await requests[1]?.begun.promise;
  using third = await connect();
  assertEquals(await ofFirst, "cut");
  const ofThird = answerOn(third);
  await requests[2]?.begun.promise;
  for (const { answer } of requests) answer.resolve(new Response("late"));
  assertEquals([await ofSecond, await ofThird], ["200", "200"]);
});

Deno.test("places change hands 64 times in 250 ms at most; beyond that a connection is closed at once", async () => {
  const clock = new ManualClock();
  await using server = await serve({ limits: { maxConnections: 2 }, clock });
  const { port } = server.address;
  using stack = new DisposableStack();
  const connect = async () => stack.use(await Deno.connect({ hostname: "127.0.0.1", port }));
  const first = [await connect(), await connect()];
  const over: Deno.Conn[] = [];
  for (let i = 0; i < 70; i++) over.push(await connect());
  const cut = [...first, ...over.slice(0, 62), ...over.slice(64)];
  assertEquals(await Promise.all(cut.map((conn) => exchange(conn, ""))), cut.map(() => ""));
  clock.advance(250);
  const last = await connect();
  assertEquals(await Promise.all([over[62], over[63], last].map((conn) => conn && answerOn(conn))), [
    "cut",
    "200",
    "200",
  ]);
});

Deno.test("an answer in flight is finished when the server is closed", async () => {
  const begun = Promise.withResolvers<void>();
  const finish = Promise.withResolvers<Response>();
  const server = await serve({ fetch: () => (begun.resolve(), finish.promise as unknown as Response) });
  const answer = text(`http://127.0.0.1:${server.address.port}/`);
  await begun.promise;
  const closed = server[Symbol.asyncDispose]();
  finish.resolve(new Response("late but whole"));
  assertEquals(await answer, "late but whole");
  await closed;
  await assertRejects(() => fetch(`http://127.0.0.1:${server.address.port}/`), TypeError);
});

Deno.test("an answer that never ends is cut after the grace time", async () => {
  const clock = new ManualClock();
  const begun = Promise.withResolvers<void>();
  const never = { fetch: () => (begun.resolve(), new Promise<Response>(() => {})) };
  const server = await serveHttp(never, { address: "127.0.0.1:0", key: "health.address", clock });
  using conn = await Deno.connect({ hostname: "127.0.0.1", port: server.address.port });
  const answer = exchange(conn, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  await begun.promise;
  const closed = server[Symbol.asyncDispose]();
  assertEquals(clock.nextTimerInMs(), 1_000);
  clock.advance(1_000);
  await closed;
  assertEquals([await answer, clock.nextTimerInMs()], ["", undefined]);
});

function selfSigned(host = "localhost") {
  return selfSignedCertificate({ hosts: [host, "127.0.0.1"], nowMs: systemClock.now(), days: 2 });
}

/** A source whose certificate a test replaces itself. */
function source(pair = selfSigned()): TlsSource & { replace(pair: ReturnType<typeof selfSigned>): void } {
  return {
    current: pair,
    selfSigned: true,
    onChange: undefined,
    replace(next) {
      this.onChange?.(next);
    },
    [Symbol.dispose]() {},
  };
}

Deno.test("over TLS the server answers whoever trusts its certificate, and speaks HTTP/1.1 only", async () => {
  const clock = new ManualClock(systemClock.now());
  const readFile = () => Promise.reject(new Error("nothing is read"));
  using tls = await openTls({
    certFile: "",
    keyFile: "",
    clock,
    logger: silentLogger,
    readFile,
    hosts: ["localhost", "127.0.0.1"],
  });
  await using server = await serve({ tls });
  const { port } = server.address;
  const caCerts = [tls.current.cert];
  using client = Deno.createHttpClient({ caCerts, poolMaxIdlePerHost: 0 });
  assertEquals(await text(`https://localhost:${port}/a`, client), "hello /a");
  await assertRejects(() => fetch(`https://localhost:${port}/`), TypeError);
  using conn = await Deno.connectTls({ hostname: "127.0.0.1", port, caCerts, alpnProtocols: ["h2", "http/1.1"] });
  assertEquals((await conn.handshake()).alpnProtocol, "http/1.1");
});

Deno.test("a new certificate is used from the next connection on", async () => {
  const tls = source();
  await using server = await serve({ tls });
  const connect = async (cert: string) => {
    using conn = await Deno.connectTls({ hostname: "127.0.0.1", port: server.address.port, caCerts: [cert] });
    return await exchange(conn, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  };
  assertMatch(await connect(tls.current.cert), /hello/);
  const next = selfSigned("second");
  tls.replace(next);
  assertMatch(await connect(next.cert), /hello/);
  await assertRejects(() => connect(tls.current.cert), Deno.errors.InvalidData);
});

Deno.test("a client that opens a TLS port and says nothing, or speaks plain HTTP, is cut off", async () => {
  await using server = await serve({ tls: source(), limits: { headersTimeoutMs: 100 } });
  for (const words of ["", "GET / HTTP/1.1\r\nHost: x\r\n\r\n"]) {
    using conn = await Deno.connect({ hostname: "127.0.0.1", port: server.address.port });
    assertEquals(/^HTTP\/1\.1 200/.test(await exchange(conn, words)), false);
  }
});
