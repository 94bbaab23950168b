// GET /metrics: every answer that a token, or the lack of one, can get.

import { assertEquals } from "@std/assert";
import { ManualClock } from "../../lib/clock.ts";
import { silentLogger } from "../../lib/log.ts";
import { Metrics } from "../../lib/metrics.ts";
import { Authorizer } from "../../lib/server/auth.ts";
import { metricsApp } from "../../lib/server/metrics.ts";
import { ReviewingServer } from "./api_server.ts";

const prometheus = "system:serviceaccount:monitoring:prometheus";

function serving(o: { audiences?: string[]; logger?: typeof silentLogger } = {}) {
  const clock = new ManualClock();
  const server = new ReviewingServer();
  server.tokens.set("good", { username: prometheus });
  server.tokens.set("stranger", { username: "stranger" });
  server.tokens.set("ours", { username: prometheus, audiences: ["kubernaut"] });
  server.readers.add(prometheus);
  const client = server.client(clock);
  const logger = o.logger ?? silentLogger;
  const auth = new Authorizer({ client, clock, logger, audiences: o.audiences ?? [], path: "/metrics" });
  const metrics = new Metrics(clock);
  const app = metricsApp({ metrics, auth, logger: silentLogger });
  const get = async (authorization?: string, path = "/metrics") => {
    const response = await app.request(path, authorization === undefined ? {} : { headers: { authorization } });
    return { status: response.status, text: await response.text(), headers: response.headers };
  };
  const scrape = async (token: string) => (await get(`Bearer ${token}`)).status;
  return { clock, server, app, get, scrape };
}

const asking = [{ path: "/apis/authentication.k8s.io/v1/tokenreviews", spec: { token: "good" } }, {
  path: "/apis/authorization.k8s.io/v1/subjectaccessreviews",
  spec: {
    user: prometheus,
    uid: "u-1",
    groups: ["system:authenticated"],
    extra: { pod: ["p"] },
    nonResourceAttributes: { path: "/metrics", verb: "get" },
  },
}];

Deno.test("a token that may read gets the metrics, after one review of each kind", async () => {
  const { get, server } = serving();
  const { status, text, headers } = await get("Bearer good");
  assertEquals([status, headers.get("content-type"), headers.get("cache-control")], [
    200,
    "text/plain; version=0.0.4; charset=utf-8",
    "no-store",
  ]);
  assertEquals(text.includes('workflowexecution_total{outcome="Success"} 0'), true);
  assertEquals(server.requests, asking);
});

const refused: [sentence: string, authorization: string | undefined, status: number, text: string, reviews: number][] =
  [
    ["no token", undefined, 401, "a bearer token is required\n", 0],
    ["another scheme", "Basic Z29vZA==", 401, 'the Authorization header should be "Bearer TOKEN"\n', 0],
    ["a scheme without a token", "Bearer ", 401, 'the Authorization header should be "Bearer TOKEN"\n', 0],
    ["two tokens", "Bearer good good", 401, 'the Authorization header should be "Bearer TOKEN"\n', 0],
    [
      "a token with strange characters",
      "Bearer go\u00f6d",
      401,
      'the Authorization header should be "Bearer TOKEN"\n',
      0,
    ],
    ["an unknown token", "Bearer made-up", 401, "the token is invalid, expired or for another audience\n", 1],
    ["a token for another audience", "Bearer ours", 401, "the token is invalid, expired or for another audience\n", 1],
    [
      "a token of somebody who may not",
      "Bearer stranger",
      403,
      "stranger may not get /metrics; grant it as a nonResourceURL\n",
      2,
    ],
  ];
for (const [sentence, authorization, status, text, reviews] of refused) {
  Deno.test(`${sentence} is answered ${status}`, async () => {
    const { get, server } = serving();
    const answer = await get(authorization);
    assertEquals([answer.status, answer.text, server.requests.length], [status, text, reviews]);
    assertEquals(answer.headers.get("www-authenticate"), status === 401 ? "Bearer" : null);
  });
}

Deno.test("the scheme's name may be written in any case", async () => {
  assertEquals((await serving().get("bearer good")).status, 200);
});

Deno.test("with audiences set, only a token for one of them is good", async () => {
  const { scrape, server } = serving({ audiences: ["kubernaut", "other"] });
  assertEquals([await scrape("ours"), await scrape("good")], [200, 401]);
  assertEquals(server.requests[0]?.spec, { token: "ours", audiences: ["kubernaut", "other"] });
});

Deno.test("with audiences set, an API server that knows none of them lets nobody in", async () => {
  const { scrape, server } = serving({ audiences: ["kubernaut"] });
  server.knowsAudiences = false;
  assertEquals(await scrape("ours"), 401);
});

for (const fault of ["down", "unavailable", "nonsense"] as const) {
  Deno.test(`an API server that is ${fault} is answered 503, and asked again at once`, async () => {
    const { get, scrape, server } = serving();
    server.fault = fault;
    const { status, text, headers } = await get("Bearer good");
    assertEquals([status, text], [503, "the API server does not answer reviews of tokens; try again\n"]);
    assertEquals([headers.get("retry-after"), headers.get("www-authenticate")], ["1", null]);
    server.fault = undefined;
    assertEquals(await scrape("good"), 200);
  });
}

Deno.test("an API server that goes away between the two reviews is answered 503, never 401 or 403", async () => {
  const { scrape, server, clock } = serving();
  assertEquals(await scrape("stranger"), 403);
  clock.advance(30_000);
  server.fault = "down";
  assertEquals(await scrape("stranger"), 503);
});

Deno.test("a review that is not answered within 10 s is answered 503", async () => {
  const { scrape, server, clock } = serving();
  server.fault = "slow";
  const waiting = scrape("good");
  while (server.requests.length === 0) await Promise.resolve();
  clock.advance(10_000);
  assertEquals(await waiting, 503);
});

Deno.test("a server that may not review tokens says what to bind, and logs it without the token", async () => {
  const lines: string[] = [];
  const logger = { ...silentLogger, warn: (...line: unknown[]) => void lines.push(JSON.stringify(line)) };
  const { get, server } = serving({ logger });
  server.fault = "forbidden";
  const { status, text } = await get("Bearer good");
  assertEquals([status, text], [
    503,
    "this server may not review tokens; bind its service account to the ClusterRole system:auth-delegator\n",
  ]);
  assertEquals([lines.length, lines[0]?.includes("good")], [1, false]);
});

Deno.test("authentication is kept for a minute, a permission for five", async () => {
  const { scrape, server, clock } = serving();
  await scrape("good");
  clock.advance(59_999);
  assertEquals([await scrape("good"), server.requests.length], [200, 2]);
  clock.advance(1);
  assertEquals([await scrape("good"), server.requests.length], [200, 3]);
  assertEquals(server.requests[2]?.path, asking[0]?.path);
  clock.advance(239_999);
  await scrape("good");
  assertEquals(server.requests.slice(3).map(({ path }) => path), [asking[0]?.path]);
  clock.advance(1);
  await scrape("good");
  assertEquals(server.requests.slice(4).map(({ path }) => path), [asking[1]?.path]);
});

Deno.test("a token that expires is refused within a minute", async () => {
  const { scrape, server, clock } = serving();
  assertEquals(await scrape("good"), 200);
  server.tokens.set("good", { username: prometheus, expired: true });
  clock.advance(60_000);
  assertEquals(await scrape("good"), 401);
});

/** A web token with these claims: its signature is the API server's business. */
function webToken(claims: string): string {
  const part = (text: string) => new TextEncoder().encode(text).toBase64({ alphabet: "base64url", omitPadding: true });
  return `${part('{"alg":"RS256"}')}.${part(claims)}.c2lnbmF0dXJl`;
}

Deno.test("a web token is remembered until its own end at most", async () => {
  const { scrape, server, clock } = serving();
  const token = webToken(JSON.stringify({ exp: Math.floor(clock.now() / 1_000) + 20 }));
  server.tokens.set(token, { username: prometheus });
  assertEquals(await scrape(token), 200);
  clock.advance(19_999);
  assertEquals([await scrape(token), server.requests.length], [200, 2]);
  server.tokens.set(token, { username: prometheus, expired: true });
  clock.advance(1);
  assertEquals([await scrape(token), server.requests.length], [401, 3]);
});

for (const claims of ['{"exp":"soon"}', "[]", "null", "no JSON", '{"exp":']) {
  Deno.test(`a token that looks like a web token and says ${claims} is remembered like any other`, async () => {
    const { scrape, server, clock } = serving();
    const token = webToken(claims);
    server.tokens.set(token, { username: prometheus });
    assertEquals(await scrape(token), 200);
    clock.advance(59_999);
    assertEquals([await scrape(token), server.requests.length], [200, 2]);
  });
}

Deno.test("a refused permission is kept for 30 s, an unknown token for a minute", async () => {
  const { scrape, server, clock } = serving();
  assertEquals([await scrape("stranger"), await scrape("made-up")], [403, 401]);
  server.readers.add("stranger");
  server.tokens.set("made-up", { username: prometheus });
  clock.advance(29_999);
  assertEquals([await scrape("stranger"), await scrape("made-up"), server.requests.length], [403, 401, 3]);
  clock.advance(1);
  assertEquals([await scrape("stranger"), await scrape("made-up"), server.requests.length], [200, 401, 4]);
  clock.advance(30_000);
  assertEquals([await scrape("made-up"), server.requests.length], [200, 6]);
});

Deno.test("1,000 scrapes at once with one token are one review of each kind", async () => {
  const { scrape, server } = serving();
  const statuses = await Promise.all(Array.from({ length: 1_000 }, () => scrape("good")));
  assertEquals([new Set(statuses), server.requests.length], [new Set([200]), 2]);
});

Deno.test("a flood of made-up tokens becomes at most 32 reviews at once", async () => {
  const { scrape, server } = serving();
  const statuses = await Promise.all(Array.from({ length: 100 }, (_, index) => scrape(`made-up-${index}`)));
  assertEquals(statuses.filter((status) => status === 401).length, 32);
  assertEquals([statuses.filter((status) => status === 503).length, server.requests.length], [68, 32]);
  assertEquals(await scrape("good"), 200);
});

Deno.test("no more than 1,024 tokens are remembered", async () => {
  const { scrape, server } = serving();
  await scrape("good");
  for (let index = 0; index < 1_024; index++) await scrape(`made-up-${index}`);
  const before = server.requests.length;
  await scrape("made-up-1023");
  assertEquals(server.requests.length, before);
  await scrape("good");
  assertEquals(server.requests.slice(before).map(({ path }) => path), [asking[0]?.path]);
});

Deno.test("without auth anybody may read, and nothing else is served", async () => {
  const metrics = { text: () => Promise.resolve("up 1\n"), contentType: "text/plain" };
  const app = metricsApp({ metrics, logger: silentLogger });
  assertEquals(await (await app.request("/metrics")).text(), "up 1\n");
  assertEquals([(await app.request("/")).status, (await app.request("/metrics", { method: "POST" })).status], [
    404,
    404,
  ]);
});

Deno.test("metrics that cannot be read are 500, and tell the client nothing", async () => {
  const logged: unknown[] = [];
  const logger = { ...silentLogger, error: (...line: unknown[]) => void logged.push(line) };
  const metrics = { text: () => Promise.reject(new Error("a collector broke")), contentType: "" };
  const response = await metricsApp({ metrics, logger }).request("/metrics");
  assertEquals([response.status, await response.text()], [500, "internal error\n"]);
  assertEquals(logged, [["a scrape failed", { error: "a collector broke" }]]);
});
