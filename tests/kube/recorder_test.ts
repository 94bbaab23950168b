// Events: their wire form, series, and what happens under load.

import { assert, assertEquals } from "@std/assert";
import { ManualClock } from "../../lib/clock.ts";
import { cutNote, type EventRecord, EventRecorder } from "../../lib/kube/recorder.ts";
import { silentLogger } from "../../lib/log.ts";
import { ScriptedServer, settle, status } from "./scripted_server.ts";

const regarding = { apiVersion: "x.io/v1", kind: "Thing", namespace: "team", name: "alpha", uid: "u1" };
const record = (o: Partial<EventRecord> = {}): EventRecord => ({
  regarding,
  type: "Normal",
  reason: "WorkflowCompleted",
  action: "Complete",
  note: "all well",
  ...o,
});

function start(o: { capacity?: number } = {}) {
  const clock = new ManualClock();
  const server = new ScriptedServer();
  const counts: string[] = [];
  const recorder = new EventRecorder({
    client: server.client(clock),
    clock,
    log: silentLogger,
    reportingController: "x.io/controller",
    reportingInstance: "controller-0",
    observer: { eventSent: () => counts.push("sent"), eventDropped: (cause) => counts.push(cause) },
    ...o,
  });
  const abort = new AbortController();
  const running = recorder.run(abort.signal);
  return {
    clock,
    server,
    recorder,
    counts,
    [Symbol.asyncDispose]: async () => {
      abort.abort();
      await running;
    },
  };
}

Deno.test("recorder: an Event as events.k8s.io/v1 wants it", async () => {
  await using t = start();
  t.recorder.record(record());
  const request = await t.server.answer({}, 201);
  const { metadata, ...event } = request.body as { metadata: { name: string; namespace: string } };
  assertEquals([request.method, request.path], ["POST", "/apis/events.k8s.io/v1/namespaces/team/events"]);
  assertEquals(metadata.namespace, "team");
  assert(/^alpha\.[0-9a-f]+$/.test(metadata.name), metadata.name);
  assertEquals(event as unknown, {
    apiVersion: "events.k8s.io/v1",
    kind: "Event",
    eventTime: "2026-01-01T00:00:00.000000Z",
    reportingController: "x.io/controller",
    reportingInstance: "controller-0",
    regarding,
    type: "Normal",
    reason: "WorkflowCompleted",
    action: "Complete",
    note: "all well",
  });
});

Deno.test("recorder: the same Event again becomes a series, written at most every 30 s and by flush", async () => {
  await using t = start();
  t.recorder.record(record());
  await t.server.answer({}, 201);
  await settle();
  t.clock.advance(1_000);
  t.recorder.record(record());
  t.recorder.record(record());
  await settle();
  assertEquals(t.server.waiting, 0);
  t.clock.advance(30_000);
  t.recorder.record(record());
  const patch = await t.server.answer({});
  assertEquals([patch.method, patch.headers["content-type"]], ["PATCH", "application/merge-patch+json"]);
  assertEquals(patch.body, { series: { count: 4, lastObservedTime: "2026-01-01T00:00:31.000000Z" } });
  await settle();
  t.recorder.record(record());
  const flushed = t.recorder.flush(1_000);
  assertEquals((await t.server.answer({})).body, {
    series: { count: 5, lastObservedTime: "2026-01-01T00:00:31.000000Z" },
  });
  await flushed;
  t.clock.advance(6 * 60_000);
  t.recorder.record(record());
  assertEquals((await t.server.answer({}, 201)).method, "POST");
});

Deno.test("recorder: repetitions while the first is on its way do not create it twice", async () => {
  await using t = start();
  t.recorder.record(record());
  t.recorder.record(record());
  await settle();
  assertEquals(t.server.waiting, 1);
  await t.server.answer({}, 201);
});

Deno.test("recorder: two requests at a time, a bounded queue, and what does not fit is counted", async () => {
  await using t = start({ capacity: 3 });
  for (let i = 0; i < 7; i++) t.recorder.record(record({ note: `note ${i}` }));
  await settle();
  assertEquals([t.server.waiting, t.counts], [2, ["full", "full"]]);
  const flushed = t.recorder.flush(60_000);
  for (let i = 0; i < 5; i++) await t.server.answer({}, 201);
  await flushed;
  assertEquals(t.counts.filter((one) => one === "sent").length, 5);
});

Deno.test("recorder: a refused Event is dropped and counted; its repetition begins anew", async () => {
  await using t = start();
  t.recorder.record(record());
  await t.server.answer(status(403, "Forbidden"), 403);
  await settle();
  t.recorder.record(record());
  assertEquals((await t.server.answer({}, 201)).method, "POST");
  await settle();
  assertEquals(t.counts, ["refused", "sent"]);
});

Deno.test("recorder: flush gives up in time", async () => {
  await using t = start();
  t.recorder.record(record());
  const flushed = t.recorder.flush(500);
  await settle();
  t.clock.advance(500);
  await flushed;
});

Deno.test("recorder: an object without namespace gets its Event in default", async () => {
  await using t = start();
  t.recorder.record(record({ regarding: { ...regarding, namespace: "" } }));
  assertEquals((await t.server.answer({}, 201)).path, "/apis/events.k8s.io/v1/namespaces/default/events");
});

Deno.test("cutNote: at most 1,024 bytes, never through a character", () => {
  assertEquals(cutNote("short"), "short");
  assertEquals(cutNote("x".repeat(1_024)).length, 1_024);
  for (const text of ["x".repeat(1_025), "ž".repeat(600), "x" + "🐎".repeat(300)]) {
    const cut = cutNote(text);
    const bytes = new TextEncoder().encode(cut).length;
    assert(bytes <= 1_024 && bytes > 1_016 && cut.endsWith("…") && !cut.includes("\ufffd"), `${bytes}`);
  }
});
