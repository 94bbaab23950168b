// The outbox's promises: nothing taken twice, nothing lost, one bad event holds up no other, and nobody waits.

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { eventsOf, owedEventsOf } from "../../lib/audit/event.ts";
import { ManualClock } from "../../lib/clock.ts";
import type { Delivery } from "../../lib/audit/sink.ts";
import { completed, MemorySink, oneEvent, ownerOf, pass, running, settled, skipped } from "./harness.ts";

const failure = (reason: string, more: { retryAfterMs?: number; perhapsBatch?: boolean } = {}): Delivery => ({
  outcome: "failed",
  reason,
  ...more,
});
const refusal: Delivery = { outcome: "refused", reason: "400" };

Deno.test("Outbox: events of many owners go in one batch, after batchDelay, and each owner is told once", async () => {
  const sink = new MemorySink();
  await using it = running({ sinks: [sink] });
  for (const life of [completed("a"), completed("b")]) it.outbox.offer(ownerOf(life), eventsOf(life));
  await pass(it.clock, 99);
  assertEquals([sink.batches.length, it.counts.backlog], [0, 4]);
  await pass(it.clock, 1);
  assertEquals(sink.batches.map((batch) => batch.length), [4]);
  assertEquals(it.changes, ["payment/a", "payment/b"]);
  assertEquals(it.counts, { written: 4, rejected: 0, backlog: 0, outcomes: ["delivered"] });
  assertEquals(it.outbox.state("uid-a", eventsOf(completed("a"))), "delivered");
  assertEquals(it.clock.nextTimerInMs(), undefined);
});

Deno.test("Outbox: a full batch does not wait for batchDelay", async () => {
  const sink = new MemorySink();
  await using it = running({ sinks: [sink], batchSize: 2 });
  it.outbox.offer(ownerOf(completed()), eventsOf(completed()));
  await settled();
  assertEquals(sink.batches.map((batch) => batch.length), [2]);
});

Deno.test("Outbox: what waits or was acknowledged is not taken again until its owner is forgotten", async () => {
  const sink = new MemorySink();
  await using it = running({ sinks: [sink] });
  const [owner, events] = [ownerOf(completed()), eventsOf(completed())];
  it.outbox.offer(owner, events.slice(0, 1));
  it.outbox.offer(owner, events);
  await pass(it.clock, 200);
  it.outbox.offer(owner, events);
  await pass(it.clock, 200);
  assertEquals(sink.taken, events);
  it.outbox.forget(owner.uid);
  assertEquals(it.outbox.state(owner.uid, events), "waiting");
  it.outbox.offer(owner, events);
  await pass(it.clock, 200);
  assertEquals(sink.taken, [...events, ...events]);
});

Deno.test("Outbox: an event is built once, however often it is offered", async () => {
  const sink = new MemorySink();
  await using it = running({ sinks: [sink] });
  let built = 0;
  const owed = owedEventsOf(completed()).map(({ event_id, build }) => ({ event_id, build: () => (built++, build()) }));
  for (let i = 0; i < 3; i++) {
    it.outbox.offer(ownerOf(completed()), owed);
    await pass(it.clock, 100);
  }
  assertEquals([built, sink.taken, it.outbox.state("uid-fix", owed)], [2, eventsOf(completed()), "delivered"]);
});

Deno.test("Outbox: an event is delivered when every sink has it; a sink that is down holds up no other", async () => {
  const [up, down] = [new MemorySink("up"), new MemorySink("down")];
  down.answer = () => failure("503");
  await using it = running({ sinks: [up, down] });
  const [owner, events] = [ownerOf(completed()), eventsOf(completed())];
  it.outbox.offer(owner, events);
  await pass(it.clock, 10_000);
  assertEquals(up.taken, events);
  assertEquals(it.outbox.state(owner.uid, events), "waiting");
  down.answer = () => ({ outcome: "delivered" });
  await pass(it.clock, 30_000);
  assertEquals([down.taken, it.outbox.state(owner.uid, events), it.changes], [events, "delivered", ["payment/fix"]]);
});

Deno.test("Outbox: a sink owes nothing for events that it does not take", async () => {
  const picky = Object.assign(new MemorySink(), { takes: () => false });
  await using it = running({ sinks: [picky] });
  it.outbox.offer(ownerOf(completed()), eventsOf(completed()));
  assertEquals([it.outbox.state("uid-fix", eventsOf(completed())), it.outbox.backlog], ["delivered", 0]);
});

Deno.test("Outbox: a refused batch is halved; only the refused event is set aside, the others are delivered", async () => {
  const sink = new MemorySink();
  const bad = oneEvent("e7").event_id;
  sink.answer = (events) => events.some(({ event_id }) => event_id === bad) ? refusal : { outcome: "delivered" };
  await using it = running({ sinks: [sink] });
  const lives = Array.from({ length: 16 }, (_, i) => completed(`e${i}`));
  for (const life of lives) it.outbox.offer(ownerOf(life), eventsOf(life).slice(1));
  await pass(it.clock, 100);
  assertEquals(sink.aside.map(({ event, reason }) => [event.event_id, reason]), [[bad, "400"]]);
  assertEquals(sink.taken.length, 15);
  assert(sink.batches.length <= 9, `16 events need at most 9 requests, not ${sink.batches.length}`);
  assertEquals(it.outbox.state("uid-e7", [oneEvent("e7")]), { rejected: "memory: 400" });
  assertEquals(it.outbox.state("uid-e8", [oneEvent("e8")]), "delivered");
  assertEquals([it.counts.written, it.counts.rejected, it.counts.backlog], [15, 1, 0]);
  assertEquals(it.changes.length, 16);
  const errors = it.lines.filter(({ level }) => level === "error");
  assertEquals(errors.map(({ fields }) => fields["execution"]), ["payment/e7"]);
});

Deno.test("Outbox: a refused event counts as such only once it lies in the dead-letter", async () => {
  const sink = new MemorySink();
  sink.answer = () => refusal;
  let full = true;
  const kept = sink.setAside.bind(sink);
  sink.setAside = (event, reason) => full ? Promise.resolve(failure("no space left on device")) : kept(event, reason);
  await using it = running({ sinks: [sink] });
  it.outbox.offer(ownerOf(completed()), [oneEvent("fix")]);
  await pass(it.clock, 60_000);
  assertEquals(it.outbox.state("uid-fix", [oneEvent("fix")]), { late: "memory: no space left on device" });
  full = false;
  await pass(it.clock, 60_000);
  assertEquals(it.outbox.state("uid-fix", [oneEvent("fix")]), { rejected: "memory: 400" });
});

Deno.test("Outbox: a rejection is told when nothing else waits, so that nobody takes it for the end", async () => {
  const [refusing, down] = [new MemorySink("refusing"), new MemorySink("down")];
  refusing.answer = () => refusal;
  down.answer = () => failure("503");
  await using it = running({ sinks: [refusing, down] });
  it.outbox.offer(ownerOf(completed()), [oneEvent("fix")]);
  await pass(it.clock, 10_000);
  assertEquals([it.outbox.state("uid-fix", [oneEvent("fix")]), it.changes], ["waiting", []]);
});

Deno.test("Outbox: an event that makes the sink fail whenever it comes holds up no other", async () => {
  const sink = new MemorySink();
  const bad = oneEvent("e3").event_id;
  sink.answer = (events) =>
    events.some(({ event_id }) => event_id === bad) ? failure("500", { perhapsBatch: true }) : { outcome: "delivered" };
  await using it = running({ sinks: [sink] });
  for (let i = 0; i < 100; i++) it.outbox.offer(ownerOf(completed(`e${i}`)), [oneEvent(`e${i}`)]);
  await pass(it.clock, 60_000);
  assertEquals([sink.taken.length, it.outbox.backlog, sink.aside], [99, 1, []]);
  assertEquals(it.outbox.state("uid-e3", [oneEvent("e3")]), { late: "memory: 500" });
});

Deno.test("Outbox: a sink that is away is asked with one event, and gets whole batches again once it is back", async () => {
  const sink = new MemorySink();
  sink.answer = () => sink.batches.length < 4 ? failure("503") : { outcome: "delivered" };
  await using it = running({ sinks: [sink], batchSize: 10 });
  for (let i = 0; i < 25; i++) it.outbox.offer(ownerOf(completed(`e${i}`)), [oneEvent(`e${i}`)]);
  await pass(it.clock, 60_000);
  assertEquals(sink.batches.map((batch) => batch.length), [10, 1, 1, 1, 10, 10, 4]);
  assertEquals(it.outbox.backlog, 0);
});

Deno.test("Outbox: attempts grow apart with jitter up to 30 s, and never end", async () => {
  const sink = new MemorySink();
  const clock = new ManualClock();
  const times: number[] = [];
  sink.answer = () => {
    times.push(clock.monotonic());
    return failure("connection refused");
  };
  await using it = running({ sinks: [sink], clock });
  it.outbox.offer(ownerOf(completed()), eventsOf(completed()));
  await pass(clock, 600_000);
  const gaps = times.slice(1).map((at, i) => at - (times[i] ?? 0));
  const ranges = [500, 1000, 2000, 4000, 8000, 16_000, ...gaps.map(() => 30_000)];
  for (const [i, gap] of gaps.entries()) {
    assert(gap >= ranges[i]! / 2 && gap <= ranges[i]!, `pause ${i + 1} was ${gap} ms, the range is ${ranges[i]}`);
  }
  assert(gaps.length > 20);
  assert(new Set(gaps.slice(10)).size > 5, "the pauses are drawn");
});

Deno.test("Outbox: a sink's Retry-After is kept, up to five minutes", async () => {
  const sink = new MemorySink();
  sink.answer = () => failure("429", { retryAfterMs: sink.batches.length === 1 ? 120_000 : 24 * 3600_000 });
  await using it = running({ sinks: [sink] });
  it.outbox.offer(ownerOf(completed()), eventsOf(completed()));
  await pass(it.clock, 120_000);
  assertEquals(sink.batches.length, 1);
  await pass(it.clock, 1000);
  assertEquals(sink.batches.length, 2);
  await pass(it.clock, 299_000);
  assertEquals(sink.batches.length, 2);
  await pass(it.clock, 2000);
  assertEquals(sink.batches.length, 3);
});

Deno.test("Outbox: one log line a minute while a sink is down, and one when it is back", async () => {
  const sink = new MemorySink();
  sink.answer = () => failure("connection refused");
  await using it = running({ sinks: [sink] });
  it.outbox.offer(ownerOf(completed()), eventsOf(completed()));
  await pass(it.clock, 10 * 60_000);
  assert(it.lines.length >= 8 && it.lines.length <= 10, `${it.lines.length} lines in ten minutes`);
  assertEquals(it.lines[0], {
    level: "warn",
    message: "audit sink memory takes no events, they wait and are sent again",
    fields: { reason: "connection refused", waiting: 2 },
  });
  sink.answer = () => ({ outcome: "delivered" });
  await pass(it.clock, 30_000);
  assertEquals(it.lines.at(-1)?.message, "audit sink memory takes events again");
});

Deno.test("Outbox: after 30 s an event is late, which is told once with the reason; delivered, that is told too", async () => {
  const sink = new MemorySink();
  sink.answer = () => failure("503: down for maintenance");
  await using it = running({ sinks: [sink] });
  const early = completed("early");
  const later = completed("later");
  it.outbox.offer(ownerOf(early), eventsOf(early));
  await pass(it.clock, 20_000);
  it.outbox.offer(ownerOf(later), eventsOf(later));
  await pass(it.clock, 9_999);
  assertEquals([it.outbox.state("uid-early", eventsOf(early)), it.changes], ["waiting", []]);
  await pass(it.clock, 1);
  assertEquals(it.outbox.state("uid-early", eventsOf(early)), { late: "memory: 503: down for maintenance" });
  assertEquals([it.outbox.state("uid-later", eventsOf(later)), it.changes], ["waiting", ["payment/early"]]);
  await pass(it.clock, 300_000);
  assertEquals(it.changes, ["payment/early", "payment/later"]);
  sink.answer = () => ({ outcome: "delivered" });
  await pass(it.clock, 60_000);
  assertEquals(it.changes.slice(0, 2), ["payment/early", "payment/later"]);
  assertEquals(it.changes.slice(2).sort(), ["payment/early", "payment/later"]);
  assertEquals(it.outbox.state("uid-early", eventsOf(early)), "delivered");
});

Deno.test("Outbox: an owner with a callback of its own is told by that alone", async () => {
  await using it = running({ sinks: [new MemorySink()] });
  let told = 0;
  it.outbox.offer({ key: "x", uid: "x", changed: () => void told++ }, [oneEvent("x")]);
  await pass(it.clock, 100);
  assertEquals([told, it.changes], [1, []]);
});

Deno.test("Outbox: forgetting an owner drops what waits for it, and nothing else", async () => {
  const sink = new MemorySink();
  await using it = running({ sinks: [sink] });
  it.outbox.offer(ownerOf(completed("gone")), eventsOf(completed("gone")));
  it.outbox.offer(ownerOf(completed("here")), eventsOf(completed("here")));
  it.outbox.forget("uid-gone");
  assertEquals(it.counts.backlog, 2);
  await pass(it.clock, 100);
  assertEquals(sink.taken, eventsOf(completed("here")));
});

Deno.test("Outbox: what finds no room is offered again when there is some, and is late until then", async () => {
  const sink = new MemorySink();
  sink.answer = () => failure("503");
  const lives = Array.from({ length: 50 }, (_, i) => completed(`e${i}`));
  const size = JSON.stringify(eventsOf(lives[10]!)).length;
  const clock = new ManualClock();
  await using it = running({ sinks: [sink], clock, maxWaitingBytes: size * 10 });
  const offer = (life: typeof lives[number]) => it.outbox.offer(ownerOf(life), eventsOf(life));
  it.outbox.onChange((key) => offer(lives.find(({ name }) => key === `payment/${name}`)!));
  lives.forEach(offer);
  assert(it.outbox.backlog <= 20 && it.outbox.backlog >= 18, `${it.outbox.backlog} events are held`);
  await pass(clock, 40_000);
  assertEquals(it.outbox.state("uid-e49", eventsOf(lives[49]!)), { late: "too many events wait before it" });
  const before = it.changes.length;
  sink.answer = () => ({ outcome: "delivered" });
  await pass(clock, 120_000);
  assertEquals(it.outbox.backlog, 0);
  assert(it.changes.length - before <= 150, "each is called a few times, not for every event that leaves");
  assertEquals(new Set(sink.taken.map(({ event_id }) => event_id)).size, 100);
  assert(lives.every((life) => it.outbox.state(life.uid, eventsOf(life)) === "delivered"));
});

Deno.test("Outbox: what found no room is owed as well, and counted: until it is taken, or its owner forgotten", async () => {
  const sink = new MemorySink();
  sink.answer = () => ({ outcome: "failed", reason: "down" });
  const lives = Array.from({ length: 50 }, (_, i) => completed(`e${i}`));
  const size = JSON.stringify(eventsOf(lives[10]!)).length;
  await using it = running({ sinks: [sink], maxWaitingBytes: size * 10 });
  const offer = (life: typeof lives[number]) => it.outbox.offer(ownerOf(life), eventsOf(life));
  it.outbox.onChange((key) => offer(lives.find(({ name }) => key === `payment/${name}`)!));
  const counts: number[] = [];
  lives.forEach(offer);
  counts.push(it.counts.backlog);
  lives.forEach(offer);
  counts.push(it.counts.backlog);
  it.outbox.forget("uid-e49");
  counts.push(it.counts.backlog);
  it.outbox.forget("uid-e0");
  counts.push(it.counts.backlog);
  sink.answer = () => ({ outcome: "delivered" });
  await pass(it.clock, 120_000);
  counts.push(it.counts.backlog);
  assertEquals(counts, [100, 100, 98, 96, 0]);
});

Deno.test("Outbox: a batch is bounded in bytes, too", async () => {
  const sink = new MemorySink();
  await using it = running({ sinks: [sink] });
  const parameters = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`P${i}`, "x".repeat(4096)]));
  for (let i = 0; i < 10; i++) {
    it.outbox.offer(ownerOf(completed(`big${i}`)), eventsOf(completed(`big${i}`, { spec: { parameters } })).slice(1));
  }
  await pass(it.clock, 1000);
  assertEquals(sink.taken.length, 10);
  for (const batch of sink.batches) assert(JSON.stringify(batch).length <= 2.1 * 1024 * 1024);
});

Deno.test("flush: sends at once what waits for a fuller batch or for the next attempt", async () => {
  const sink = new MemorySink();
  sink.answer = () => failure("503");
  await using it = running({ sinks: [sink] });
  it.outbox.offer(ownerOf(completed()), eventsOf(completed()));
  await pass(it.clock, 20_000);
  sink.answer = () => ({ outcome: "delivered" });
  const flushed = it.outbox.flush(5000);
  await settled();
  assertEquals([await flushed, it.outbox.backlog], [true, 0]);
  it.outbox.offer(ownerOf(skipped()), eventsOf(skipped()));
  assertEquals(await it.outbox.flush(5000), true);
  assertEquals(await it.outbox.flush(5000), true);
});

Deno.test("flush: gives up after its time, with nothing lost: what is offered after the restart is sent", async () => {
  const sink = new MemorySink();
  sink.answer = () => new Promise(() => {});
  const clock = new ManualClock();
  const it = running({ sinks: [sink], clock });
  it.outbox.offer(ownerOf(completed()), eventsOf(completed()));
  const flushed = it.outbox.flush(5000);
  await pass(clock, 5000);
  assertEquals([await flushed, it.outbox.backlog], [false, 2]);
  await it.outbox[Symbol.asyncDispose]();
  const after = new MemorySink();
  await using again = running({ sinks: [after], clock });
  again.outbox.offer(ownerOf(completed()), eventsOf(completed()));
  await pass(clock, 100);
  assertEquals(after.taken, eventsOf(completed()));
});

Deno.test("run: a killed process owes what was not acknowledged; the next one sends it, identical", async () => {
  const stored: string[] = [];
  const clock = new ManualClock();
  const lives = Array.from({ length: 7 }, (_, i) => completed(`e${i}`));
  // Killed before, while (stored, but never acknowledged) and after sending.
  for (const kill of ["before", "while", "after", "never"]) {
    const sink = new MemorySink();
    await using it = running({ sinks: [sink], clock, batchSize: 4 });
    sink.answer = (events) => {
      if (kill === "before") return failure("not yet");
      stored.push(...events.map((event) => JSON.stringify(event)));
      return kill === "while" ? failure("killed") : { outcome: "delivered" };
    };
    for (const life of lives) it.outbox.offer(ownerOf(life), eventsOf(life));
    await pass(clock, kill === "never" ? 1000 : 0);
  }
  const owed = lives.flatMap((life) => eventsOf(life).map((event) => JSON.stringify(event)));
  assertEquals(new Set(stored), new Set(owed));
  assert(stored.length > owed.length, "some were sent twice");
});

Deno.test("run: two replicas deliver the same events under the same ids", async () => {
  const sink = new MemorySink();
  const clock = new ManualClock();
  await using one = running({ sinks: [sink], clock });
  await using other = running({ sinks: [sink], clock });
  for (const { outbox } of [one, other]) outbox.offer(ownerOf(completed()), eventsOf(completed()));
  await pass(clock, 200);
  assertEquals(sink.taken, [...eventsOf(completed()), ...eventsOf(completed())]);
});

Deno.test("asyncDispose: closes the sinks", async () => {
  const sink = new MemorySink();
  await running({ sinks: [sink] })[Symbol.asyncDispose]();
  assertEquals(sink.closed, true);
  assertStringIncludes(sink.name, "memory");
});
