// The HTTP server on a real socket: where it listens, its limits, and how it ends.

import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { ManualClock } from "../../lib/clock.ts";
import { serveHttp } from "../../lib/server/serve.ts";
import { exchange, serve, text } from "./served.ts";

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
