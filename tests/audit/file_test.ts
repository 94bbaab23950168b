// The file sink: durable lines, new files by size and age, torn lines, full disks.

import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { auditFiles, FileSink } from "../../lib/audit/file.ts";
import { appendLines } from "../../lib/audit/json_lines_file.ts";
import { deadLetterFile } from "../../lib/audit/dead_letter.ts";
import { eventsOf } from "../../lib/audit/event.ts";
import { ManualClock } from "../../lib/clock.ts";
import { silentLogger } from "../../lib/log.ts";
import { type LogLine, recordingLog } from "../support/recording_log.ts";
import { completed, oneEvent, ownerOf, pass, running, until } from "./harness.ts";

async function directory(): Promise<{ path: string } & AsyncDisposable> {
  const path = await Deno.makeTempDir();
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

const linesOf = async (path: string) => (await Deno.readTextFile(path)).split("\n");

Deno.test("FileSink: one line an event in the project's own form, in a directory that it makes", async () => {
  await using temporary = await directory();
  const inner = `${temporary.path}/a/b`;
  const sink = new FileSink({ directory: inner, clock: new ManualClock(), log: silentLogger });
  const events = eventsOf(completed());
  assertEquals(await sink.deliver(events), { outcome: "delivered" });
  assertEquals(await sink.deliver([oneEvent("next")]), { outcome: "delivered" });
  const files = await auditFiles(inner);
  assertEquals(files, [`${inner}/audit-20260101T000000000Z.jsonl`]);
  assertEquals(
    await linesOf(files[0]!),
    [...events, oneEvent("next")].map((event) => JSON.stringify(event)).concat(""),
  );
  assertEquals((await Deno.stat(files[0]!)).mode! & 0o007, 0);
});

Deno.test("FileSink: a batch is on the disk with one fsync, a new file with one more for its name", async () => {
  await using temporary = await directory();
  const sink = new FileSink({ directory: temporary.path, clock: new ManualClock(), log: silentLogger });
  const counts: number[] = [];
  const { sync } = Deno.FsFile.prototype;
  let count = 0;
  Deno.FsFile.prototype.sync = function (this: Deno.FsFile) {
    count++;
    return sync.call(this);
  };
  try {
    for (let batch = 0; batch < 3; batch++) {
      count = 0;
      await sink.deliver(Array.from({ length: 50 }, (_, i) => oneEvent(`e${batch}-${i}`)));
      counts.push(count);
    }
  } finally {
    Deno.FsFile.prototype.sync = sync;
  }
  assertEquals(counts, [2, 1, 1]);
});

Deno.test("FileSink: a new file when the present one is large enough, also after a restart", async () => {
  await using temporary = await directory();
  const clock = new ManualClock();
  const o = { directory: temporary.path, clock, log: silentLogger, maxFileBytes: 3000 };
  const counts: number[] = [];
  let sink = new FileSink(o);
  for (const restart of [false, true]) {
    for (let i = 0; i < 6; i++) {
      clock.advance(1000);
      await sink.deliver([oneEvent(`e${i}`)]);
    }
    counts.push((await auditFiles(temporary.path)).length);
    if (!restart) sink = new FileSink(o);
  }
  const sizes = await Promise.all((await auditFiles(temporary.path)).map(async (path) => (await Deno.stat(path)).size));
  assert(sizes.slice(0, -1).every((size) => size >= 3000 && size < 5000), `sizes are ${sizes}`);
  assertEquals(counts, [Math.ceil(sizes.length / 2), sizes.length]);
});

Deno.test("FileSink: a new file when the present one is a day old, also after a restart", async () => {
  await using temporary = await directory();
  const clock = new ManualClock();
  const o = { directory: temporary.path, clock, log: silentLogger };
  const sink = new FileSink(o);
  const counts: number[] = [];
  for (
    const [each, afterMs] of [[sink, 0], [sink, 24 * 3600_000 - 1], [sink, 1], [
      new FileSink(o),
      24 * 3600_000,
    ]] as const
  ) {
    clock.advance(afterMs);
    await each.deliver([oneEvent("fix")]);
    counts.push((await auditFiles(temporary.path)).length);
  }
  assertEquals(counts, [1, 1, 2, 3]);
});

Deno.test("FileSink: a torn last line is cut off at the start, and said; whole lines stay", async () => {
  await using temporary = await directory();
  const path = `${temporary.path}/audit-20260101T000000000Z.jsonl`;
  const torn = "x".repeat(200_000);
  await Deno.writeTextFile(path, `{"whole":1}\n${torn}`);
  const lines: LogLine[] = [];
  const sink = new FileSink({ directory: temporary.path, clock: new ManualClock(), log: recordingLog(lines) });
  await sink.deliver([oneEvent("fix")]);
  assertEquals(await linesOf(path), ['{"whole":1}', JSON.stringify(oneEvent("fix")), ""]);
  assertEquals(lines, [{
    level: "warn",
    message: "audit file ended within a line, cut off: its event is sent again",
    fields: { path, bytes: 200_000 },
  }]);
});

Deno.test("appendLines: a file of one torn line begins anew", async () => {
  await using temporary = await directory();
  const path = `${temporary.path}/x.jsonl`;
  await Deno.writeTextFile(path, `{"torn":`);
  assertEquals(await appendLines(path, ["{}"], silentLogger), undefined);
  assertEquals(await Deno.readTextFile(path), "{}\n");
});

Deno.test("appendLines: two writers at once leave whole lines of both", async () => {
  await using temporary = await directory();
  const path = `${temporary.path}/x.jsonl`;
  const line = (who: number) => JSON.stringify({ who, text: "x".repeat(100_000) });
  const writes = Array.from({ length: 20 }, (_, i) => appendLines(path, [line(i)], silentLogger));
  assertEquals(new Set(await Promise.all(writes)), new Set([undefined]));
  const found = (await linesOf(path)).filter((each) => each !== "").map((each) => JSON.parse(each).who as number);
  assertEquals(found.sort((a, b) => a - b), Array.from({ length: 20 }, (_, i) => i));
});

Deno.test("FileSink: a file that somebody removed is made anew", async () => {
  await using temporary = await directory();
  const sink = new FileSink({ directory: temporary.path, clock: new ManualClock(), log: silentLogger });
  await sink.deliver([oneEvent("a")]);
  for (const path of await auditFiles(temporary.path)) await Deno.remove(path);
  assertEquals(await sink.deliver([oneEvent("b")]), { outcome: "delivered" });
  assertEquals((await auditFiles(temporary.path)).length, 1);
});

Deno.test("appendLines: a full disk is named", async () => {
  assertStringIncludes(await appendLines("/dev/full", ["{}"], silentLogger) ?? "", "No space left on device");
});

Deno.test("FileSink: a directory that cannot be written to is reported as late, and tried again until it can", async () => {
  await using temporary = await directory();
  const clock = new ManualClock();
  const path = `${temporary.path}/audit`;
  await Deno.writeTextFile(path, "in the way");
  await using it = running({ sinks: [new FileSink({ directory: path, clock, log: silentLogger })], clock });
  it.outbox.offer(ownerOf(completed()), eventsOf(completed()));
  await pass(clock, 100);
  await until("it failed once", () => it.counts.outcomes.length > 0);
  await pass(clock, 60_000);
  const state = it.outbox.state("uid-fix", eventsOf(completed()));
  assert(typeof state === "object" && "late" in state);
  await Deno.remove(path);
  await until("it is delivered", () => {
    clock.advance(1000);
    return it.outbox.backlog === 0;
  });
  assertEquals((await linesOf((await auditFiles(path))[0]!)).length, 3);
});

Deno.test("deadLetterFile: one line with the event, the sink and its reason", async () => {
  await using temporary = await directory();
  const letters = deadLetterFile({ directory: temporary.path, clock: new ManualClock(), log: silentLogger });
  assertEquals(await letters.keep(oneEvent("fix"), "http://x", "400"), { outcome: "delivered" });
  const [line = ""] = await linesOf(`${temporary.path}/dead-letter.jsonl`);
  assertEquals(JSON.parse(line), {
    refused_at: "2026-01-01T00:00:00.000Z",
    sink: "http://x",
    reason: "400",
    event: oneEvent("fix"),
  });
});

Deno.test("appendLines: a file that somebody keeps locked is a failure that says so after 5 s, is written once it is free, and holds up no stop", async () => {
  await using temporary = await directory();
  const path = `${temporary.path}/lines.jsonl`;
  const holder = await Deno.open(path, { create: true, write: true });
  await holder.lock(true);
  const stopping = new AbortController();
  const stopped = assertRejects(
    () => appendLines(path, ["{}"], silentLogger, { signal: stopping.signal }),
    Error,
    "stopping",
  );
  stopping.abort(new Error("stopping"));
  await stopped;
  const clock = new ManualClock();
  let failure: string | undefined;
  let ended = false;
  void appendLines(path, ["{}"], silentLogger, { clock }).then((result) => {
    failure = result;
    ended = true;
  });
  while (!ended) {
    clock.advance(clock.nextTimerInMs() ?? 0);
    await new Promise((resolve) => setImmediate(resolve));
  }
  assertEquals(failure, `${path}: it is locked by another process`);
  assertEquals(clock.monotonic(), 5000);
  holder.close();
  assertEquals(await appendLines(path, ["{}"], silentLogger, { clock }), undefined);
  assertEquals(await Deno.readTextFile(path), "{}\n");
});
