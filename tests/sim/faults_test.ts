// The fault script, over real HTTP: what a client sees when the network or the server misbehaves.
import { assert, assertEquals, assertRejects } from "@std/assert";
import { ManualClock, systemClock } from "../../lib/clock.ts";
import { ApiServer } from "../../lib/sim/api_server.ts";
import type { RequestInfo } from "../../lib/sim/request_info.ts";

const path = "/api/v1/namespaces/default/configmaps";

async function started() {
  const server = new ApiServer({ clock: systemClock });
  const served = await server.serve();
  const create = (name: string) =>
    fetch(served.url + path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ metadata: { name } }),
    });
  const stored = (name: string) => server.storage.get("/configmaps", `default/${name}`) !== undefined;
  return {
    server,
    served,
    create,
    stored,
    async [Symbol.asyncDispose]() {
      await served[Symbol.asyncDispose]();
      server[Symbol.dispose]();
    },
  };
}

const creates = (info: RequestInfo) => info.verb === "create";
const watches = (info: RequestInfo) => info.verb === "watch";

/** Everything that comes before the end of the stream or the loss of its connection. */
async function untilLost(response: Response): Promise<{ text: string; lost: boolean }> {
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) text += part.value;
    return { text, lost: false };
  } catch (error) {
    assert(error instanceof TypeError);
    return { text, lost: true };
  }
}

Deno.test("an injected status is answered as often as asked for, and nothing is carried out", async () => {
  await using test = await started();
  test.server.faults.add({ match: creates, times: 1, action: { status: 429, retryAfterSeconds: 3 } });
  const refused = await test.create("a");
  assertEquals([refused.status, refused.headers.get("retry-after"), (await refused.json()).reason], [
    429,
    "3",
    "TooManyRequests",
  ]);
  assertEquals(test.stored("a"), false);
  assertEquals((await (await test.create("a")).json()).kind, "ConfigMap");
});

Deno.test("a connection lost before the request is carried out rejects, and nothing is stored", async () => {
  await using test = await started();
  test.server.faults.add({ match: creates, times: 1, action: { dropBefore: true } });
  await assertRejects(() => test.create("a"), TypeError);
  assertEquals(test.stored("a"), false);
});

Deno.test("a connection lost after the request was carried out rejects, and the object is stored", async () => {
  await using test = await started();
  test.server.faults.add({ match: creates, times: 1, action: { dropAfter: true } });
  await assertRejects(() => test.create("a"), TypeError);
  assertEquals(test.stored("a"), true);
});

Deno.test("a fault may wait for its turn", async () => {
  await using test = await started();
  test.server.faults.add({ match: creates, after: 1, times: 1, action: { status: 500 } });
  const codes: number[] = [];
  for (const name of ["a", "b", "c"]) {
    const response = await test.create(name);
    await response.body?.cancel();
    codes.push(response.status);
  }
  assertEquals(codes, [201, 500, 201]);
});

Deno.test("a watch is cut in the middle of a line", async () => {
  await using test = await started();
  await (await test.create("a")).body?.cancel();
  const response = await fetch(`${test.served.url}${path}?watch=true`);
  const cut = untilLost(response);
  while (test.server.watches.size === 0) await Promise.resolve();
  test.server.watches.cut(watches, { midLine: true });
  const { text, lost } = await cut;
  assertEquals([lost, text.endsWith('{"type":"MODIFIED","object":{"apiVer')], [true, true]);
});

Deno.test("a stop cuts watches and refuses connections until the start, on the same port", async () => {
  await using test = await started();
  const response = await fetch(`${test.served.url}${path}?watch=true&resourceVersion=${test.server.storage.revision}`);
  const cut = untilLost(response);
  await test.served.stop();
  assertEquals(await cut, { text: "", lost: true });
  await assertRejects(() => test.create("a"), TypeError);
  await test.served.start();
  assertEquals((await (await test.create("a")).json()).kind, "ConfigMap");
});

Deno.test("a client that goes away ends its watch", async () => {
  await using test = await started();
  const abort = new AbortController();
  const response = await fetch(`${test.served.url}${path}?watch=true`, { signal: abort.signal });
  assertEquals(test.server.watches.size, 1);
  abort.abort();
  await assertRejects(() => response.text());
  while (test.server.watches.size > 0) await new Promise((resolve) => systemClock.timer(1, () => resolve(undefined)));
});

Deno.test("a client that goes away in the middle of its request harms nobody", async () => {
  await using test = await started();
  const { hostname, port } = new URL(test.served.url);
  for (let time = 0; time < 3; time++) {
    const connection = await Deno.connect({ hostname, port: Number(port) });
    await connection.write(
      new TextEncoder().encode(`POST ${path} HTTP/1.1\r\nHost: sim\r\nContent-Length: 100\r\n\r\n{`),
    );
    connection.close();
  }
  const response = await fetch(`${test.served.url}${path}`);
  await response.body?.cancel();
  assertEquals(response.status, 200);
});

/** In process, on a clock that stands still. */
function manual() {
  const clock = new ManualClock();
  const server = new ApiServer({ clock });
  const call = (method: string, at: string, body?: unknown) =>
    server.handle(
      new Request(`http://sim${at}`, {
        method,
        ...(body !== undefined && { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
      }),
    );
  return { clock, server, call };
}

async function next(reader: ReadableStreamDefaultReader<Uint8Array>) {
  const { value } = await reader.read();
  return JSON.parse(new TextDecoder().decode(value));
}

Deno.test("held-back events arrive, in order, when they are released", async () => {
  const { server, call } = manual();
  using _ = server;
  const reader = (await call("GET", `${path}?watch=true`)).body!.getReader();
  const hold = server.watches.hold(watches);
  await call("POST", path, { metadata: { name: "a" } });
  await call("DELETE", `${path}/a`);
  const first = reader.read();
  const order: string[] = [];
  first.then(() => order.push("event"));
  await Promise.resolve();
  order.push("released");
  hold[Symbol.dispose]();
  const { value } = await first;
  assertEquals([order, JSON.parse(new TextDecoder().decode(value)).type, (await next(reader)).type], [
    ["released", "event"],
    "ADDED",
    "DELETED",
  ]);
});

Deno.test("bookmarks come once a minute and shortly before the time limit, then the stream ends", async () => {
  const { server, clock, call } = manual();
  using _ = server;
  const reader = (await call("GET", `${path}?watch=true&allowWatchBookmarks=true&timeoutSeconds=90`)).body!.getReader();
  assertEquals((await next(reader)).object.metadata.annotations, { "k8s.io/initial-events-end": "true" });
  clock.advance(60_000);
  assertEquals((await next(reader)).type, "BOOKMARK");
  clock.advance(28_000);
  assertEquals((await next(reader)).type, "BOOKMARK");
  clock.advance(2_000);
  assertEquals((await reader.read()).done, true);
});

Deno.test("after compaction an old version is Expired: a list by its token, a watch by an event", async () => {
  const { server, call } = manual();
  using _ = server;
  for (const name of ["a", "b"]) await call("POST", path, { metadata: { name } });
  const { metadata } = await (await call("GET", `${path}?limit=1`)).json();
  server.compact();
  const list = await call("GET", `${path}?limit=1&continue=${encodeURIComponent(metadata.continue)}`);
  const status = await list.json();
  assertEquals([list.status, status.reason], [410, "Expired"]);
  const rest = await (await call("GET", `${path}?limit=1&continue=${encodeURIComponent(status.metadata.continue)}`))
    .json();
  assertEquals(rest.items.map((item: { metadata: { name: string } }) => item.metadata.name), ["b"]);
  const watch = await call("GET", `${path}?watch=true&resourceVersion=${metadata.resourceVersion}`);
  const event = JSON.parse(await watch.text());
  assertEquals([watch.status, event.type, event.object.code, event.object.reason], [200, "ERROR", 410, "Expired"]);
});

Deno.test("a watch is cut after its time, in the middle of a line, on a clock that stands still meanwhile", async () => {
  const { server, clock, call } = manual();
  using _ = server;
  server.faults.add({ match: watches, times: 1, action: { cutWatchAfterMs: 5_000, midLine: true } });
  await call("POST", path, { metadata: { name: "a" } });
  const response = await call("GET", `${path}?watch=true`);
  clock.advance(5_000);
  const { text, lost } = await untilLost(response);
  assertEquals([lost, text.split("\n").length, text.endsWith('{"type":"MODIFIED","object":{"apiVer')], [true, 2, true]);
});

Deno.test("a silent watch sends nothing, another opened later does", async () => {
  const { server, call } = manual();
  using _ = server;
  server.faults.add({ match: watches, times: 1, action: { silentWatch: true } });
  const [silent, talking] = [await call("GET", `${path}?watch=true`), await call("GET", `${path}?watch=true`)];
  await call("POST", path, { metadata: { name: "a" } });
  server.watches.close();
  assertEquals([await silent.text(), (await talking.text()).startsWith('{"type":"ADDED"')], ["", true]);
});

Deno.test("the garbage collector may be late, by the clock", async () => {
  const clock = new ManualClock();
  const server = new ApiServer({ clock, garbageCollectionDelayMs: 1_000 });
  using _ = server;
  server.install({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "owner" } });
  const uid = server.storage.get("/configmaps", "default/owner")?.metadata.uid ?? "";
  const ownerReferences = [{ apiVersion: "v1", kind: "ConfigMap", name: "owner", uid }];
  server.install({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "dependent", ownerReferences } });
  clock.advance(1_000);
  await server.handle(new Request(`http://sim${path}/owner`, { method: "DELETE" }));
  const present = () => server.storage.get("/configmaps", "default/dependent") !== undefined;
  clock.advance(999);
  assertEquals(present(), true);
  clock.advance(1);
  assertEquals(present(), false);
});

Deno.test("the same seed gives the same uids and names", async () => {
  const names = async () => {
    const { server, call } = manual();
    using _ = server;
    const { metadata } = await (await call("POST", path, { metadata: { generateName: "x-" } })).json();
    return [metadata.uid, metadata.name, metadata.creationTimestamp];
  };
  assertEquals(await names(), await names());
});

Deno.test("a request is told to the log with its code, body and new version", async () => {
  const log: unknown[] = [];
  const server = new ApiServer({
    clock: new ManualClock(),
    onRequest: ({ path: _, ...entry }) => void log.push(entry),
  });
  using _ = server;
  const body = { metadata: { name: "a" } };
  const request = new Request(`http://sim${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  await server.handle(request);
  assertEquals(log, [{
    verb: "create",
    group: "",
    resource: "configmaps",
    subresource: "",
    namespace: "default",
    name: "",
    user: "admin",
    code: 201,
    body,
    resourceVersion: String(server.storage.revision),
  }]);
});
