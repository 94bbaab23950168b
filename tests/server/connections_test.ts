// How many connections a server has at once, and who has to go when there is no place left.

import { assertEquals, assertMatch } from "@std/assert";
import { ManualClock } from "../../lib/clock.ts";
import { answerOn, exchange, once, serve, source } from "./served.ts";

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
