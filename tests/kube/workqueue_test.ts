// The queue's promises, one test each, and the backoff that it and the reflector share.

import { assert, assertEquals } from "@std/assert";
import { Backoff } from "../../lib/kube/backoff.ts";
import { Workqueue } from "../../lib/kube/workqueue.ts";
import { ManualClock } from "../../lib/clock.ts";

/** Everything that can be handed out now, each marked done. */
async function drain(queue: Workqueue): Promise<string[]> {
  const keys: string[] = [];
  while (queue.length > 0) {
    const key = (await queue.next())!;
    keys.push(key);
    queue.done(key);
  }
  return keys;
}

Deno.test("workqueue: a key waits once, and keys come in the order they were added", async () => {
  const queue = new Workqueue({ clock: new ManualClock() });
  for (const key of ["b", "a", "b", "c"]) queue.add(key);
  assertEquals(queue.length, 3);
  assertEquals(await drain(queue), ["b", "a", "c"]);
});

Deno.test("workqueue: high goes before low, and a low key added high moves up", async () => {
  const queue = new Workqueue({ clock: new ManualClock() });
  for (const key of ["l1", "l2", "l3"]) queue.add(key, "low");
  queue.add("h1");
  queue.add("l3", "high");
  queue.add("h1", "low");
  assertEquals(queue.length, 4);
  assertEquals(await drain(queue), ["h1", "l3", "l1", "l2"]);
});

Deno.test("workqueue: a key that moved up and comes again as low goes to the end of the line", async () => {
  const queue = new Workqueue({ clock: new ManualClock() });
  for (const key of ["a", "b"]) queue.add(key, "low");
  queue.add("a", "high");
  assertEquals(await queue.next(), "a");
  queue.done("a");
  queue.add("a", "low");
  assertEquals(await drain(queue), ["b", "a"]);
});

Deno.test("workqueue: a key is never out twice; added meanwhile, it comes again once after done", async () => {
  const queue = new Workqueue({ clock: new ManualClock() });
  queue.add("a");
  assertEquals(await queue.next(), "a");
  queue.add("a", "low");
  queue.add("a", "high");
  assertEquals(queue.length, 0);
  queue.add("b", "low");
  queue.done("a");
  assertEquals(await drain(queue), ["a", "b"]);
});

Deno.test("workqueue: next waits for a key; shutDown ends the waiting and drops the rest", async () => {
  const clock = new ManualClock();
  const queue = new Workqueue({ clock });
  const [first, second] = [queue.next(), queue.next()];
  queue.add("a");
  assertEquals(await first, "a");
  queue.addAfter("b", 100);
  queue.shutDown();
  assertEquals([await second, await queue.next()], [undefined, undefined]);
  assertEquals(clock.nextTimerInMs(), undefined);
  queue.done("a");
  queue.add("c");
  queue.addAfter("c", 1);
  queue.addRateLimited("c");
  assertEquals([queue.length, clock.nextTimerInMs()], [0, undefined]);
});

Deno.test("workqueue: of several delays of a key the earliest wins", async () => {
  const clock = new ManualClock();
  const queue = new Workqueue({ clock });
  queue.addAfter("a", 1_000);
  queue.addAfter("a", 100);
  queue.addAfter("a", 5_000);
  clock.advance(99);
  assertEquals(queue.length, 0);
  clock.advance(1);
  assertEquals(await drain(queue), ["a"]);
  clock.advance(10_000);
  assertEquals(queue.length, 0);
});

Deno.test("workqueue: addAfter without a delay adds at once", async () => {
  const queue = new Workqueue({ clock: new ManualClock() });
  queue.addAfter("a", 0);
  queue.addAfter("b", -5);
  assertEquals(await drain(queue), ["a", "b"]);
});

Deno.test("workqueue: failures double the delay up to the greatest, and forget starts again", () => {
  const clock = new ManualClock();
  const queue = new Workqueue({ clock, baseDelayMs: 10, maxDelayMs: 80 });
  const delayMs = () => {
    queue.addRateLimited("a");
    const inMs = clock.nextTimerInMs()!;
    clock.advance(inMs);
    return inMs;
  };
  for (const full of [10, 20, 40, 80, 80]) {
    const drawn = delayMs();
    assert(drawn > full * 0.8 - 1 && drawn <= full, `${drawn} of ${full}`);
  }
  assertEquals(queue.retries("a"), 5);
  queue.forget("a");
  assertEquals(queue.retries("a"), 0);
  assert(delayMs() <= 10);
  queue.shutDown();
});

Deno.test("workqueue: a Retry-After is waited for, whatever the failures say", () => {
  const clock = new ManualClock();
  const queue = new Workqueue({ clock });
  queue.addRateLimited("a", 7_000);
  assertEquals(clock.nextTimerInMs(), 7_000);
  queue.shutDown();
});

Deno.test("workqueue: a key that failed as low comes back as low", async () => {
  const clock = new ManualClock();
  const queue = new Workqueue({ clock });
  queue.add("a", "low");
  await queue.next();
  queue.addRateLimited("a");
  queue.done("a");
  clock.advance(5);
  queue.add("b");
  assertEquals(await drain(queue), ["b", "a"]);
});

Deno.test("workqueue: the observer sees additions, waits, work and retries", async () => {
  const clock = new ManualClock();
  const seen: string[] = [];
  const queue = new Workqueue({
    clock,
    observer: {
      added: () => seen.push("added"),
      depth: (length) => seen.push(`depth ${length}`),
      started: (waitMs) => seen.push(`waited ${waitMs}`),
      finished: (workMs) => seen.push(`worked ${workMs}`),
      retried: () => seen.push("retried"),
    },
  });
  queue.add("a");
  queue.add("a");
  clock.advance(3);
  await queue.next();
  clock.advance(4);
  queue.addRateLimited("a");
  queue.done("a");
  queue.shutDown();
  assertEquals(seen, ["added", "depth 1", "waited 3", "depth 0", "retried", "worked 4", "depth 0"]);
});

Deno.test("workqueue: a hundred thousand keys take linear time", async () => {
  const queue = new Workqueue({ clock: new ManualClock() });
  for (let i = 0; i < 100_000; i++) queue.add(`key-${i}`, "low");
  assertEquals((await drain(queue)).length, 100_000);
});

Deno.test("backoff: doubles from base to max, at least half of each, and starts again after reset", () => {
  const backoff = new Backoff({ clock: new ManualClock(), baseMs: 800, maxMs: 3_000 });
  for (const range of [800, 1_600, 3_000, 3_000]) {
    const delayMs = backoff.nextMs();
    assert(delayMs >= range / 2 && delayMs < range, `${delayMs} of ${range}`);
  }
  backoff.reset();
  assert(backoff.nextMs() < 800);
});
