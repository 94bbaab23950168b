// Delivery to the Data Storage Service: its words, its refusals, and every way in which it can fail.

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { ManualClock } from "../../lib/clock.ts";
import { dataStorageForm, DataStorageSink } from "../../lib/audit/data_storage.ts";
import { deadLetterLog } from "../../lib/audit/dead_letter.ts";
import { eventsOf } from "../../lib/audit/event.ts";
import { silentLogger } from "../../lib/log.ts";
import type { JSONObject } from "../../lib/kube/contract.ts";
import { execution } from "../support/builders.ts";
import { DataStorage, type Scripted } from "../support/data_storage.ts";
import { completed, failed, oneEvent, ownerOf, pass, running, skipped, startMs } from "./harness.ts";

const deleted = execution({ name: "gone", uid: "uid-gone", deletedAtMs: startMs + 1000 });

function stage(o: { tokenFile?: string } = {}) {
  const clock = new ManualClock();
  const storage = new DataStorage(clock);
  const sink = new DataStorageSink({
    url: "http://data-storage.test/",
    deadLetter: deadLetterLog(silentLogger),
    clock,
    fetch: storage.fetch,
    ...o,
  });
  return { storage, sink, ...running({ sinks: [sink], clock }) };
}

const idsOf = (events: readonly JSONObject[]) => events.map((event) => (event["event_data"] as JSONObject)["event_id"]);

Deno.test("DataStorageSink: every kind of event is accepted by the service's own schema and rules", async () => {
  const it = stage();
  await using _ = it;
  const lives = [completed(), failed(), skipped(), deleted];
  for (const life of lives) it.outbox.offer(ownerOf(life), eventsOf(life));
  await pass(it.clock, 1000);
  assertEquals(it.storage.received.map(({ method, path, status }) => [method, path, status]), [
    ["POST", "/api/v1/audit/events/batch", 201],
  ]);
  const told = it.storage.stored.map((
    { event },
  ) => [event["event_type"], event["event_action"], event["event_outcome"]]);
  assertEquals(told, [
    ["workflowexecution.workflow.started", "workflow.started", "success"],
    ["workflowexecution.workflow.completed", "workflow.completed", "success"],
    ["workflowexecution.workflow.started", "workflow.started", "success"],
    ["workflowexecution.workflow.failed", "workflow.failed", "failure"],
    ["workflowexecution.selection.completed", "workflow.skipped", "success"],
    ["workflowexecution.workflow.failed", "workflow.deleted", "failure"],
  ]);
  assertEquals(idsOf(it.storage.stored.map(({ event }) => event)), lives.flatMap(eventsOf).map((e) => e.event_id));
});

Deno.test("dataStorageForm: a skip and a deletion are told in words that the service has", () => {
  const skip = dataStorageForm(eventsOf(skipped())[0]!, startMs);
  const data = skip["event_data"] as JSONObject;
  assertEquals([data["event_type"], data["phase"], data["skip_reason"]], [
    "workflowexecution.selection.completed",
    "Pending",
    "ResourceBusy",
  ]);
  const gone = dataStorageForm(eventsOf(deleted)[0]!, startMs)["event_data"] as JSONObject;
  assertEquals([gone["event_type"], gone["phase"], gone["failure_reason"]], [
    "workflowexecution.workflow.failed",
    "Failed",
    "Unknown",
  ]);
  assert(!("event_id" in skip), "the service's event_id is its own");
});

const day = 24 * 3600_000;
const ages: Record<string, [ageMs: number, replaced: boolean]> = {
  "fresh goes as it is": [0, false],
  "6 days old goes as it is": [6 * day, false],
  "older goes with the time of sending and occurred_at": [6 * day + 1, true],
  "of a clock an hour ahead goes as it is": [-3600_000, false],
  "of a clock further ahead goes with the time of sending and occurred_at": [-3600_001, true],
};
for (const [sentence, [ageMs, replaced]] of Object.entries(ages)) {
  Deno.test(`dataStorageForm: an event that is ${sentence}`, () => {
    const event = oneEvent("fix");
    const nowMs = Date.parse(event.event_timestamp) + ageMs;
    const form = dataStorageForm(event, nowMs);
    const { occurred_at } = form["event_data"] as JSONObject;
    assertEquals(
      [form["event_timestamp"], occurred_at],
      replaced ? [new Date(nowMs).toISOString(), event.event_timestamp] : [event.event_timestamp, undefined],
    );
  });
}

const trouble: Record<string, [answer: Scripted, reason: string]> = {
  "401": [{ status: 401 }, "401: status 401"],
  "403": [{ status: 403, detail: "no create" }, "403: status 403: no create"],
  "404": [{ status: 404 }, "404: status 404"],
  "408": [{ status: 408 }, "408: status 408"],
  "429": [{ status: 429, headers: { "retry-after": "40" } }, "429: status 429"],
  "500": [{ status: 500 }, "500: status 500"],
  "503": [{ status: 503 }, "503: status 503"],
  "200, as a login page or a wrong address answers,": [
    { status: 200, detail: "please log in" },
    "200: status 200: please log in",
  ],
  "204": [{ status: 204 }, "204"],
  "a redirect": [{ status: 302, headers: { location: "/elsewhere" } }, "302: status 302"],
  "a cut connection": ["cut", "error sending request: connection closed before message completed"],
  "a connection cut after everything was stored": [
    "store and cut",
    "error sending request: connection closed before message completed",
  ],
  "no answer": ["hang", "no answer within 10000 ms"],
  "everything stored and no answer": ["store and hang", "no answer within 10000 ms"],
};
for (const [what, [answer, reason]] of Object.entries(trouble)) {
  Deno.test(`DataStorageSink: ${what} is tried again until it is taken, the same each time`, async () => {
    const it = stage();
    await using _ = it;
    it.storage.always = answer;
    it.outbox.offer(ownerOf(completed()), eventsOf(completed()));
    await pass(it.clock, 5 * 60_000);
    assertEquals(it.outbox.state("uid-fix", eventsOf(completed())), { late: `http://data-storage.test/: ${reason}` });
    it.storage.always = undefined;
    await pass(it.clock, 60_000);
    assertEquals(it.outbox.state("uid-fix", eventsOf(completed())), "delivered");
    assertEquals([it.counts.rejected, it.outbox.backlog], [0, 0]);
    const texts = it.storage.stored.map(({ event }) => JSON.stringify(event));
    assertEquals(new Set(texts).size, 2);
  });
}

Deno.test("DataStorageSink: 202 is success", async () => {
  const it = stage();
  await using _ = it;
  it.storage.queues = true;
  it.outbox.offer(ownerOf(completed()), eventsOf(completed()));
  await pass(it.clock, 1000);
  assertEquals([it.counts.written, it.storage.received.map(({ status }) => status)], [2, [202]]);
});

Deno.test("DataStorageSink: 429 with Retry-After is asked again no sooner, in seconds or as a date", async () => {
  const it = stage();
  await using _ = it;
  it.storage.script.push({ status: 429, headers: { "retry-after": "40" } });
  it.storage.script.push({ status: 429, headers: { "retry-after": "Thu, 01 Jan 2026 00:02:00 GMT" } });
  it.outbox.offer(ownerOf(completed()), eventsOf(completed()));
  const requests: number[] = [];
  for (const untilMs of [100, 40_099, 40_101, 119_999, 121_000]) {
    await pass(it.clock, untilMs - it.clock.monotonic());
    requests.push(it.storage.received.length);
  }
  assertEquals(requests, [1, 1, 2, 2, 4]); // one event to find out whether it is back, then the rest
});

for (const status of [400, 413, 422]) {
  Deno.test(`DataStorageSink: ${status} for one event of 100 sets that one aside and stores the other 99`, async () => {
    const it = stage();
    await using _ = it;
    const usual = it.storage.handle.bind(it.storage);
    it.storage.handle = async (request) => {
      const bad = (await request.clone().text()).includes('"payment/deployment/bad"');
      return bad ? new Response(null, { status }) : await usual(request);
    };
    for (let i = 0; i < 50; i++) {
      const life = completed(`e${i}`, {
        spec: { targetResource: i === 31 ? "payment/deployment/bad" : "payment/deployment/a" },
      });
      it.outbox.offer(ownerOf(life), i === 31 ? eventsOf(life).slice(1) : eventsOf(life));
    }
    await pass(it.clock, 1000);
    assertEquals([it.storage.stored.length, it.counts.rejected, it.outbox.backlog], [98, 1, 0]);
    assertEquals(it.outbox.state("uid-e31", [oneEvent("e31")]), { rejected: `http://data-storage.test/: ${status}` });
  });
}

Deno.test("DataStorageSink: what the service's rules refuse is refused by the stand-in as well, and ends in the log", async () => {
  const it = stage();
  await using _ = it;
  const bad = completed("bad", { correlationId: "" });
  it.outbox.offer(ownerOf(bad), eventsOf(bad));
  it.outbox.offer(ownerOf(completed()), eventsOf(completed()));
  await pass(it.clock, 1000);
  assertEquals([it.storage.stored.length, it.counts.rejected], [2, 2]);
});

Deno.test("DataStorageSink: a token that no header may have is not told, only its file", async () => {
  const tokenFile = await Deno.makeTempFile();
  try {
    const it = stage({ tokenFile });
    await using _ = it;
    await Deno.writeTextFile(tokenFile, "hunter2\nhunter3");
    assertEquals(await it.sink.deliver([oneEvent("fix")], new AbortController().signal), {
      outcome: "failed",
      reason: `the token in ${tokenFile} holds a blank, a line break or another character that no token has`,
      perhapsBatch: true,
    });
  } finally {
    await Deno.remove(tokenFile);
  }
});

Deno.test("DataStorageSink: a token is read again for each request, so a rotated one counts at once", async () => {
  const tokenFile = await Deno.makeTempFile();
  try {
    const it = stage({ tokenFile });
    await using _ = it;
    it.storage.tokens.add("new").add("without-role");
    it.storage.withoutRole.add("without-role");
    const { signal } = new AbortController();
    const answers = [];
    for (const token of ["old", "without-role", "new\n"]) {
      await Deno.writeTextFile(tokenFile, token);
      answers.push(await it.sink.deliver([oneEvent("fix")], signal));
    }
    assertEquals(answers, [
      { outcome: "failed", reason: "401: status 401", perhapsBatch: false },
      { outcome: "failed", reason: "403: status 403", perhapsBatch: false },
      { outcome: "delivered" },
    ]);
    await Deno.remove(tokenFile);
    const missing = await it.sink.deliver([oneEvent("fix")], signal);
    assert(missing.outcome === "failed");
    assertStringIncludes(missing.reason, tokenFile);
  } finally {
    await Deno.remove(tokenFile).catch((error) => {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    });
  }
});

Deno.test("DataStorageSink: of a token file that holds no token, the reason names the file and nothing of its content", async () => {
  const contents = {
    "": "is empty",
    " \n": "is empty",
    "s3cret\nlines": "holds",
    "s3cret word": "holds",
    "s3crét": "holds",
  };
  for (const [content, says] of Object.entries(contents)) {
    const storage = new DataStorage(new ManualClock());
    await using sink = new DataStorageSink({
      url: "http://data-storage.test",
      tokenFile: "/run/token",
      deadLetter: deadLetterLog(silentLogger),
      clock: new ManualClock(),
      fetch: storage.fetch,
      readFile: () => Promise.resolve(content),
    });
    const result = await sink.deliver([oneEvent("fix")], new AbortController().signal);
    assert(result.outcome === "failed");
    assertStringIncludes(result.reason, `the token in /run/token ${says}`);
    assert(!result.reason.includes("s3cr"), result.reason);
    assertEquals(storage.received, []);
  }
});
