// The whole way from HTTP to handlers, against a scripted server and a clock moved by hand.

import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { ManualClock } from "../../lib/clock.ts";
import { Informer, type WatchObserver } from "../../lib/kube/informer.ts";
import type { JSONObject } from "../../lib/kube/contract.ts";
import { type Logger, silentLogger } from "../../lib/log.ts";
import { ScriptedServer, settle, status, thing, until } from "./scripted_server.ts";

interface Thing {
  namespace: string;
  name: string;
  uid: string;
  resourceVersion: string;
  size: number;
}

function project(json: JSONObject): Thing {
  const { namespace, name, uid, resourceVersion } = json.metadata as Record<string, string>;
  if (typeof json.size !== "number") throw new Error(`size should be a number, is ${typeof json.size}`);
  return { namespace: namespace!, name: name!, uid: uid!, resourceVersion: resourceVersion!, size: json.size };
}

/** An informer at work over a scripted server; ends with the test. */
function start(o: { paths?: string[]; log?: Logger; observer?: WatchObserver } = {}) {
  const clock = new ManualClock();
  const server = new ScriptedServer();
  const abort = new AbortController();
  const changes: string[] = [];
  const informer = new Informer({
    client: server.client(clock),
    paths: o.paths ?? ["/apis/x/v1/things"],
    labelSelector: "app=x",
    project,
    indexes: { size: (one) => [String(one.size)] },
    clock,
    log: o.log ?? silentLogger,
    name: "things",
    ...(o.observer ? { observer: o.observer } : {}),
  });
  informer.onChange(({ type, object, old, initial }) => {
    const stored = informer.store.get(`${object.namespace}/${object.name}`);
    assertEquals(stored, type === "deleted" ? undefined : object, "the store is updated before handlers run");
    changes.push(
      `${type} ${object.name}@${object.resourceVersion}${old ? ` was ${old.resourceVersion}` : ""}${
        initial ? " initial" : ""
      }`,
    );
  });
  const running = informer.run(abort.signal);
  return {
    clock,
    server,
    informer,
    changes,
    /** Moves time on until the reflector has asked again. */
    retry: async () => {
      await settle();
      assertEquals(server.waiting, 0, "nothing is asked before the backoff");
      clock.advance(clock.nextTimerInMs()!);
      await until(() => server.waiting > 0, "another request");
    },
    [Symbol.asyncDispose]: async () => {
      abort.abort(new Error("the test is over"));
      await running;
      assertEquals(clock.nextTimerInMs(), undefined, "no timer is left");
    },
  };
}

Deno.test("informer: a streaming list becomes visible at its marker, and goes on as a watch", async () => {
  await using t = start();
  const stream = await t.server.stream();
  const { timeoutSeconds, ...query } = stream.request.query;
  assertEquals(query, {
    watch: "true",
    allowWatchBookmarks: "true",
    sendInitialEvents: "true",
    resourceVersionMatch: "NotOlderThan",
    labelSelector: "app=x",
  });
  assert(Number(timeoutSeconds) >= 240 && Number(timeoutSeconds) <= 480);
  stream.send("ADDED", thing("a", 1));
  stream.send("ADDED", thing("b", 2));
  await settle();
  assertEquals([t.informer.store.size, t.informer.synced], [0, false]);
  stream.listed("5");
  await t.informer.whenSynced();
  stream.send("MODIFIED", thing("a", 6));
  stream.send("MODIFIED", thing("a", 6));
  stream.send("DELETED", thing("b", 7));
  stream.send("ADDED", thing("c", 8, { size: 9 }));
  await until(() => t.informer.store.size === 2 && t.changes.length === 5, "five changes");
  assertEquals(t.changes, [
    "added a@1 initial",
    "added b@2 initial",
    "modified a@6 was 1",
    "deleted b@7 was 2",
    "added c@8",
  ]);
  assertEquals(t.informer.store.by("size", "9").map((one) => one.name), ["c"]);
});

Deno.test("informer: behind names the paths that have not come as far as a version; a bookmark counts as well", async () => {
  await using t = start();
  assertEquals(t.informer.behind("1"), ["/apis/x/v1/things"]);
  const stream = await t.server.stream();
  stream.send("ADDED", thing("a", 1));
  stream.listed("5");
  await t.informer.whenSynced();
  assertEquals([t.informer.behind("5"), t.informer.behind("6")], [[], ["/apis/x/v1/things"]]);
  stream.send("MODIFIED", thing("a", 6));
  await until(() => t.informer.behind("6").length === 0, "the event has come");
  assertEquals([t.informer.behind("10"), t.informer.behind("007")], [["/apis/x/v1/things"], []]);
});

Deno.test("informer: watches says whether a namespace is among those that are watched", async () => {
  await using everywhere = start();
  await everywhere.server.stream();
  const some = new Informer({
    client: everywhere.server.client(everywhere.clock),
    paths: ["/apis/x/v1/namespaces/a/things", "/apis/x/v1/namespaces/b/things"],
    project,
    clock: everywhere.clock,
    log: silentLogger,
    name: "things",
  });
  assertEquals(["a", "b", "c"].map((namespace) => some.watches(namespace)), [true, true, false]);
  assertEquals(everywhere.informer.watches("anything"), true);
});

Deno.test("informer: a server without streaming lists is listed in chunks, then watched", async () => {
  await using t = start();
  await t.server.answer(status(422, "Invalid"), 422);
  const first = await t.server.answer({ metadata: { resourceVersion: "7", continue: "next" }, items: [thing("a", 1)] });
  assertEquals(first.query, { limit: "500", labelSelector: "app=x" });
  assertEquals(t.informer.store.size, 0);
  const second = await t.server.answer({ metadata: { resourceVersion: "7" }, items: [thing("b", 2)] });
  assertEquals(second.query.continue, "next");
  const watch = await t.server.stream();
  assertEquals(watch.request.query.resourceVersion, "7");
  assertEquals(t.changes, ["added a@1 initial", "added b@2 initial"]);
});

Deno.test("informer: 410 lists again at once, and only the differences are told", async () => {
  await using t = start();
  const first = await t.server.stream();
  for (const name of ["gone", "same", "old"]) first.send("ADDED", thing(name, 1));
  first.listed("5");
  first.send("ERROR", status(410, "Expired"));
  await until(() => first.cancelled, "the end of the first stream");
  const second = await t.server.stream();
  assertEquals(second.request.query.sendInitialEvents, "true");
  second.send("ADDED", thing("same", 1));
  second.send("ADDED", thing("old", 8));
  assertEquals(t.informer.store.size, 3);
  t.changes.length = 0;
  second.listed("9");
  await until(() => t.changes.length === 2, "two changes");
  assertEquals(t.changes, ["deleted gone@1 was 1 initial", "modified old@8 was 1 initial"]);
});

Deno.test("informer: a CRD that is not served any more keeps what is cached, and says so", async () => {
  await using t = start();
  const stream = await t.server.stream();
  stream.send("ADDED", thing("a", 1));
  stream.listed("5");
  stream.send("ERROR", status(410, "Expired"));
  await until(() => stream.cancelled, "the end of the stream");
  await t.server.answer("404 page not found", 404);
  await until(() => t.informer.lastError?.message.includes("404") === true, "the error");
  assertEquals([t.informer.store.size, t.informer.synced], [1, true]);
  await t.retry();
  const again = await t.server.stream();
  again.send("ADDED", thing("a", 1));
  again.listed("6");
  await until(() => t.informer.lastError === undefined, "the error's end");
  assertEquals(t.changes, ["added a@1 initial"]);
});

Deno.test("informer: a watch that falls silent is cut and goes on from the last version", async () => {
  await using t = start();
  const stream = await t.server.stream();
  stream.listed("5");
  await t.informer.whenSynced();
  stream.bookmark("42");
  await settle();
  t.clock.advance(89_999);
  await settle();
  assertEquals([stream.cancelled, t.informer.lastEventAgeMs()], [false, 89_999]);
  t.clock.advance(1);
  await until(() => stream.cancelled, "the cut");
  await t.retry();
  const next = await t.server.stream();
  assertEquals([next.request.query.resourceVersion, next.request.query.sendInitialEvents], ["42", undefined]);
});

Deno.test("informer: a watch that a streaming list goes over into may be silent for as long as any other", async () => {
  await using t = start();
  const stream = await t.server.stream();
  stream.send("ADDED", thing("a", 1));
  stream.listed("5");
  await t.informer.whenSynced();
  await settle();
  t.clock.advance(89_999);
  await settle();
  assertEquals([stream.cancelled, t.server.waiting], [false, 0]);
  t.clock.advance(1);
  await until(() => stream.cancelled, "the cut");
});

Deno.test("informer: a watch is fresh from its opening and as long as it is open, and not by opening it again and again", async () => {
  await using t = start();
  const first = await t.server.stream();
  first.listed("5");
  await t.informer.whenSynced();
  t.clock.advance(60_000);
  assertEquals(t.informer.lastEventAgeMs(), 60_000);
  first.end();
  const second = await t.server.stream();
  await until(() => t.informer.lastEventAgeMs() === 0, "it is open");
  second.end();
  await until(() => t.informer.lastEventAgeMs() === 60_000, "it has brought nothing");
});

Deno.test("informer: a stream cut in the middle of a line applies nothing of it and opens again", async () => {
  await using t = start();
  const stream = await t.server.stream();
  stream.listed("5");
  stream.raw('{"type":"ADDED","object":{"metadata":{"name":"half"');
  await settle();
  stream.end();
  await until(() => t.informer.lastError !== undefined, "the error");
  assertStringIncludes(t.informer.lastError!.message, "line 2 of the stream: it was cut off");
  await t.retry();
  assertEquals((await t.server.stream()).request.query.resourceVersion, "5");
  assertEquals(t.changes, []);
});

Deno.test("informer: an event of unknown type or without a version ends the stream with its name", async () => {
  for (
    const [type, object, wanted] of [
      ["PATCHED", thing("a", 1), 'type should be ADDED, MODIFIED, DELETED, BOOKMARK or ERROR, is "PATCHED"'],
      ["ADDED", { metadata: { name: "a" } }, "object.metadata.resourceVersion of ADDED should be a text, is missing"],
    ] as const
  ) {
    await using t = start();
    const stream = await t.server.stream();
    stream.send(type, object);
    await until(() => t.informer.lastError !== undefined, "the error");
    assertStringIncludes(t.informer.lastError!.message, wanted);
  }
});

Deno.test("informer: failures wait longer and longer, and a Retry-After is kept", async () => {
  await using t = start();
  let formerMs = 0;
  for (let i = 0; i < 4; i++) {
    await t.server.answer("", 500);
    await until(() => t.clock.nextTimerInMs() !== undefined && t.informer.lastError !== undefined, "a backoff");
    await settle();
    const delayMs = t.clock.nextTimerInMs()!;
    assert(delayMs > formerMs / 2 && delayMs >= 400, `${delayMs} after ${formerMs}`);
    formerMs = delayMs;
    await t.retry();
  }
  await t.server.answer(status(429, "TooManyRequests"), 429, { "retry-after": "600" });
  await settle();
  assertEquals(t.clock.nextTimerInMs(), 600_000);
});

Deno.test("informer: an object that cannot be read keeps its former state, once in the log, and stops no other", async () => {
  const logged: string[] = [];
  let malformed = 0;
  const log: Logger = {
    ...silentLogger,
    error: (message, fields) => logged.push(`${message}: ${fields?.object} ${fields?.error}`),
    with: () => log,
  };
  await using t = start({ log, observer: { malformed: () => malformed++ } });
  const stream = await t.server.stream();
  stream.send("ADDED", thing("a", 1, { size: 3 }));
  stream.listed("5");
  stream.send("MODIFIED", thing("a", 6, { size: "big" }));
  stream.send("ADDED", thing("b", 7));
  await until(() => t.informer.store.size === 2, "b");
  assertEquals(t.informer.store.get("default/a")?.size, 3);
  stream.send("ERROR", status(410, "Expired"));
  await until(() => stream.cancelled, "the end of the stream");
  const again = await t.server.stream();
  again.send("ADDED", thing("a", 6, { size: "big" }));
  again.listed("8");
  await until(() => t.changes.at(-1) === "deleted b@7 was 7 initial", "b's deletion");
  assertEquals(t.informer.store.get("default/a")?.size, 3);
  assertEquals(logged, [
    "object cannot be read; its former state is kept: default/a size should be a number, is string",
  ]);
  assertEquals(malformed, 1);
  again.send("DELETED", thing("a", 9, { size: "big" }));
  await until(() => t.informer.store.size === 0, "a's deletion");
});

Deno.test("informer: each watched namespace has its own list, and synced waits for all", async () => {
  await using t = start({ paths: ["/apis/x/v1/namespaces/one/things", "/apis/x/v1/namespaces/two/things"] });
  const [one, two] = [await t.server.stream(), await t.server.stream()];
  one.send("ADDED", thing("a", 1, { namespace: "one" }));
  one.listed("5");
  await until(() => t.informer.store.size === 1, "the first list");
  assertEquals(t.informer.synced, false);
  two.listed("5");
  await t.informer.whenSynced(new AbortController().signal);
  assertEquals(t.informer.store.size, 1);
});

Deno.test("informer: a handler that throws does not keep the others from hearing", async () => {
  await using t = start();
  const heard: string[] = [];
  t.informer.onChange(() => {
    throw new Error("bad handler");
  });
  t.informer.onChange((change) => heard.push(change.object.name));
  const stream = await t.server.stream();
  stream.send("ADDED", thing("a", 1));
  stream.listed("5");
  await t.informer.whenSynced();
  assertEquals(heard, ["a"]);
});

Deno.test("informer: waiting to be synced ends with the signal's reason", async () => {
  await using t = start();
  const abort = new AbortController();
  const waiting = t.informer.whenSynced(abort.signal);
  abort.abort(new Error("no longer"));
  await assertRejects(() => waiting, Error, "no longer");
});
