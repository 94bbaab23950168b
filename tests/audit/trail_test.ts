// Reading the trail back: from files that are being written, from the service, filtered, each event once.

import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { DataStorageSink } from "../../lib/audit/data_storage.ts";
import { deadLetterLog } from "../../lib/audit/dead_letter.ts";
import { eventsOf } from "../../lib/audit/event.ts";
import { FileSink } from "../../lib/audit/file.ts";
import { Latest, matches, type TrailEvent, type TrailFilter, trailRow } from "../../lib/audit/trail.ts";
import { queryDataStorage, TrailService } from "../../lib/audit/trail_data_storage.ts";
import { TrailFiles } from "../../lib/audit/trail_file.ts";
import { audit } from "../../lib/cli/audit.ts";
import { ManualClock, systemClock } from "../../lib/clock.ts";
import { silentLogger } from "../../lib/log.ts";
import { DataStorage } from "../support/data_storage.ts";
import { serveDataStorage } from "../support/data_storage_server.ts";
import { completed, failed, oneEvent, skipped, startMs } from "./harness.ts";

const day = 24 * 3600_000;

const asFound = (event: unknown) => JSON.parse(JSON.stringify(event)) as TrailEvent;
const failure = asFound(eventsOf(failed())[1]);

const filters: Record<string, [TrailFilter, boolean]> = {
  "no filter matches": [{}, true],
  "the execution's name, in any namespace": [{ execution: "broken" }, true],
  "namespace and name": [{ execution: "payment/broken" }, true],
  "another namespace": [{ execution: "apps/broken" }, false],
  "another name": [{ execution: "payment/fix" }, false],
  "the correlation id": [{ correlationId: "rr-broken" }, true],
  "another correlation id": [{ correlationId: "rr" }, false],
  "the target": [{ target: "payment/deployment/api" }, true],
  "the target by a short name": [{ target: "payment/deploy/api" }, true],
  "the target by its plural and group, without the execution's namespace": [{ target: "deployments.apps/api" }, true],
  "the same name in another namespace": [{ target: "apps/deployment/api" }, false],
  "what is no target": [{ target: "api" }, false],
  "another target": [{ target: "payment/deployment/ap" }, false],
  "the event": [{ event: "failed" }, true],
  "another event": [{ event: "started" }, false],
  "since its very time": [{ sinceMs: Date.UTC(2026, 0, 1, 0, 0, 7) }, true],
  "since later": [{ sinceMs: Date.UTC(2026, 0, 1, 0, 0, 8) }, false],
  "until its very time": [{ untilMs: Date.UTC(2026, 0, 1, 0, 0, 7) }, true],
  "until earlier": [{ untilMs: Date.UTC(2026, 0, 1, 0, 0, 6) }, false],
};
for (const [sentence, [filter, wanted]] of Object.entries(filters)) {
  Deno.test(`matches: ${sentence}`, () => assertEquals(matches(failure, filter), wanted));
}

Deno.test("trailRow: what a person wants to see, without control characters", () => {
  const event = structuredClone(failure);
  (event["event_data"] as TrailEvent)["failure_message"] = "one\ntwo\u001b[31m";
  assertEquals(trailRow(event), [
    "2026-01-01T00:00:07Z",
    "failed",
    "payment/broken",
    "restart",
    "payment/deployment/api",
    "7s",
    "rr-broken",
    "OOMKilled: one two [31m",
  ]);
});

Deno.test("Latest: the latest ones in order of time, repeats once", () => {
  const latest = new Latest(2);
  const events = [failed(), completed(), skipped()].flatMap(eventsOf).map(asFound);
  assertEquals([...events, ...events].map((event) => latest.add(event)), [
    ...events.map(() => true),
    ...events.map(() => false),
  ]);
  assertEquals(latest.list().map((event) => event["event_action"]), ["workflow.failed", "workflow.completed"]);
});

Deno.test("TrailFiles: what was added since, whole lines alone, and a damaged line is named", async () => {
  const directory = await Deno.makeTempDir();
  try {
    const sink = new FileSink({ directory, clock: new ManualClock(), log: silentLogger });
    const damaged: string[] = [];
    const files = new TrailFiles(directory, (place) => void damaged.push(place));
    const read = async () => (await Array.fromAsync(files.events())).map((event) => event["resource_id"]);
    await sink.deliver([oneEvent("a"), oneEvent("b")]);
    assertEquals(await read(), ["a", "b"]);
    const path = `${directory}/audit-20260101T000000000Z.jsonl`;
    const whole = (await Deno.stat(path)).size;
    await Deno.writeTextFile(path, `no json\n{"no":"event"}\n${JSON.stringify(oneEvent("c"))}\n{"half`, {
      append: true,
    });
    assertEquals(await read(), ["c"]);
    assertEquals(damaged, [`${path}:${whole}`, `${path}:${whole + "no json\n".length}`]);
    await sink.deliver([oneEvent("d")]);
    assertEquals(await read(), ["d"]);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("queryDataStorage: every page, by name, with the token; another answer is an error that says so", async () => {
  const clock = new ManualClock();
  const storage = new DataStorage(clock);
  await using server = await serveDataStorage(storage);
  const url = server.url;
  await using sink = new DataStorageSink({ url, deadLetter: deadLetterLog(silentLogger), clock });
  const names = Array.from({ length: 300 }, (_, i) => `e${i}`);
  const { signal } = new AbortController();
  for (const part of [names.slice(0, 150), names.slice(150)]) {
    await sink.deliver(part.flatMap((name) => eventsOf(completed(name))), signal);
  }
  assertEquals((await Array.fromAsync(queryDataStorage({ url }, {}))).length, 600);
  const found = await Array.fromAsync(queryDataStorage({ url }, { execution: "payment/e7" }));
  assertEquals(found.map((event) => event["event_action"]), ["workflow.started", "workflow.completed"]);
  storage.tokens.add("token");
  await assertRejects(() => Array.fromAsync(queryDataStorage({ url }, {})), Error, "answered the query with 401");
});

Deno.test("queryDataStorage: a service that is away, is another one, or says nothing, is named with what was wrong, and no password", async () => {
  const clock = new ManualClock();
  const ask = (url: string) => Array.fromAsync(queryDataStorage({ url, clock }, {}));
  const storage = new DataStorage(clock);
  const server = await serveDataStorage(storage);
  const url = server.url.replace("://", "://reader:s3cret@");
  const shown = server.url.replace("://", "://[REDACTED]@");
  for (const [body, says] of [["<html>\nLog in", "<html> Log in"], ["[]", "[]"], ["{}", "{}"]] as const) {
    storage.handle = () => Promise.resolve(new Response(body));
    await assertRejects(
      () => ask(url),
      Error,
      `${shown} answered the query with 200, but not as the Data Storage Service: ${says}`,
    );
  }
  const received = Promise.withResolvers<void>();
  storage.handle = () => {
    received.resolve();
    return Promise.resolve("hang");
  };
  const silent = assertRejects(() => ask(url), Error, `${shown} cannot be asked: no answer within 30000 ms`);
  await received.promise;
  clock.advance(30_000);
  await silent;
  await server[Symbol.asyncDispose]();
  const away = await assertRejects(() => ask(url), Error, `${shown} cannot be asked: `);
  assertMatch(away.message, /refused/);
  assert(!away.message.includes("s3cret"));
});

Deno.test("TrailService: what has come since, late events too, each row once, and one small request when there is nothing", async () => {
  const clock = new ManualClock(startMs + 2 * day);
  const storage = new DataStorage(clock);
  await using server = await serveDataStorage(storage);
  await using sink = new DataStorageSink({ url: server.url, deadLetter: deadLetterLog(silentLogger), clock });
  const { signal } = new AbortController();
  const at = (name: string, ms: number) => ({ ...oneEvent(name), event_timestamp: new Date(ms).toISOString() });
  const trail = new TrailService({ url: server.url }, clock);
  const read = async (filter: TrailFilter = {}) => {
    const before = storage.received.length;
    const found = await Array.fromAsync(trail.events(filter));
    return [found.map((event) => event["resource_id"]), storage.received.length - before];
  };
  await sink.deliver([at("old", clock.now() - day)], signal);
  assertEquals(await read(), [["old"], 2]);
  clock.advance(1000);
  assertEquals(await read(), [[], 1]);
  await sink.deliver([at("prompt", clock.now())], signal);
  clock.advance(1000);
  assertEquals(await read(), [["prompt"], 2]);
  await sink.deliver([at("late", clock.now() - 6 * 3600_000), at("prompt too", clock.now())], signal);
  clock.advance(1000);
  assertEquals(await read(), [["prompt too", "late"], 3]);
  clock.advance(1000);
  assertEquals(await read(), [[], 1]);

  // What is new cannot be read once it was counted: it is still to come.
  await sink.deliver([at("after all", clock.now())], signal);
  const { handle } = storage;
  let asked = 0;
  storage.handle = (request) =>
    ++asked === 2 ? Promise.resolve(new Response("", { status: 503 })) : handle.call(storage, request);
  await assertRejects(() => read(), Error, "answered the query with 503");
  assertEquals(await read(), [["after all"], 2]);
});

/** The command as a person runs it. */
async function command(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const main = new URL("../../main.ts", import.meta.url).pathname;
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "-A", main, "audit", ...args],
    env: { NO_COLOR: "1" },
  }).output();
  return { code, out: new TextDecoder().decode(stdout), err: new TextDecoder().decode(stderr) };
}

Deno.test("audit query: a table, or one event a line", async () => {
  const directory = await Deno.makeTempDir();
  try {
    const sink = new FileSink({ directory, clock: new ManualClock(), log: silentLogger });
    await sink.deliver([failed(), completed(), failed()].flatMap(eventsOf));
    const table = await command("query", "--from", `file:${directory}`, "--execution", "broken");
    assertEquals(table, {
      code: 0,
      err: "",
      out: [
        "TIME                  EVENT    EXECUTION       WORKFLOW  TARGET                  DURATION  CORRELATION  DETAIL",
        "2026-01-01T00:00:00Z  started  payment/broken  restart   payment/deployment/api  -         rr-broken",
        '2026-01-01T00:00:07Z  failed   payment/broken  restart   payment/deployment/api  7s        rr-broken    OOMKilled: "step-apply" exited with code 137',
        "",
      ].join("\n"),
    });
    const json = await command("tail", "--from", `file:${directory}`, "-n", "1", "-o", "json");
    assertEquals([json.code, JSON.parse(json.out)], [0, asFound(oneEvent("fix"))]);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("audit tail --follow goes on through an outage of the service, and says so once", async () => {
  const storage = new DataStorage();
  await using server = await serveDataStorage(storage);
  await using sink = new DataStorageSink({
    url: server.url,
    deadLetter: deadLetterLog(silentLogger),
    clock: systemClock,
  });
  const { signal } = new AbortController();
  const now = () => new Date(systemClock.now()).toISOString();
  await sink.deliver([{ ...oneEvent("before"), event_timestamp: now() }], signal);
  const main = new URL("../../main.ts", import.meta.url).pathname;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "-A", main, "audit", "tail", "-f", "--from", server.url],
    env: { NO_COLOR: "1" },
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  try {
    const out = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    const err = child.stderr.pipeThrough(new TextDecoderStream()).getReader();
    const told = async (reader: typeof out, what: string) => {
      for (let text = ""; !text.includes(what);) {
        const { value, done } = await reader.read();
        if (done) throw new Error(`ended without ${what}: ${text}`);
        text += value;
      }
    };
    await told(out, "payment/before");
    storage.always = { status: 503 };
    await told(err, "answered the query with 503: ");
    storage.always = undefined;
    await told(err, "the trail can be read again\n");
    await sink.deliver([{ ...oneEvent("after"), event_timestamp: now() }], signal);
    await told(out, "payment/after");
    for (const reader of [out, err]) await reader.cancel();
  } finally {
    child.kill("SIGTERM");
    await child.status;
  }
});

const wrong: Record<string, string[]> = {
  "a command that is none": ["watch"],
  "an unknown flag": ["query", "--frm", "x"],
  "a time that is none": ["query", "--since", "yesterday", "--from", "file:x"],
  "an execution without a name": ["query", "--execution", "", "--from", "file:."],
  "an execution with a namespace only": ["query", "--execution", "payment/", "--from", "file:."],
  "an execution with too many parts": ["query", "--execution", "a/b/c", "--from", "file:."],
  "an end before the beginning": ["query", "--since", "1h", "--until", "2h", "--from", "file:."],
  "an event that is none": ["query", "--event", "ended", "--from", "file:x"],
  "a limit that is none": ["tail", "-n", "0"],
  "a time to come": ["query", "--since=-5m", "--from", "file:x"],
  "standard output as a source": ["query", "--from", "stdout"],
  "a source that is none": ["query", "--from", "ftp://x"],
};
for (const [what, args] of Object.entries(wrong)) {
  Deno.test(`audit: ${what} is a fault of the command line`, async () => assertEquals(await audit(args), 2));
}

Deno.test("audit: a directory that is not there ends with 1 and says so", async () => {
  assertEquals(await audit(["query", "--from", "file:./no-such-directory"]), 1);
  const { err } = await command("query", "--from", "file:./no-such-directory");
  assertStringIncludes(err, "there is no directory ./no-such-directory");
});
