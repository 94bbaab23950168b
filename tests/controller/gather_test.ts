// Whose a PipelineRun is, seen through caches and live reads: the label's uid decides, and once a status names a run, that
// run's uid. The name alone decides nothing. And how long a deletion takes, by clocks of which one may be wrong.

import { assertEquals } from "@std/assert";
import { ManualClock } from "../../lib/clock.ts";
import { type Caches, createCaches } from "../../lib/controller/caches.ts";
import { type Facts, gather, type GatherContext, gatherOrphans } from "../../lib/controller/gather.ts";
import { KubeClient } from "../../lib/kube/client.ts";
import { silentLogger } from "../../lib/log.ts";
import type { PipelineRun } from "../../lib/workflow/pipeline_run.ts";
import { defaultRules, execution, holder, lock, pipelineRun, runningExecution, startMs } from "../support/builders.ts";

const clock = new ManualClock();
const never = () => Promise.reject(new TypeError("nothing is read by gathering"));

/** Caches that hold what they are given, and a client that nobody may ask. */
function world(fill: (caches: Caches) => void = () => {}): GatherContext {
  const client = new KubeClient({ baseUrl: "http://nowhere", clock, fetch: never });
  const caches = createCaches({
    client,
    clock,
    log: silentLogger,
    namespaces: [],
    executionNamespace: "",
    lockNamespace: "kubernaut-system",
  });
  fill(caches);
  return { caches, clock, rules: defaultRules, memory: new Map(), auditStateOf: () => ({ is: "delivered" }) };
}

const foreign = pipelineRun({ uid: "uid-x", executionUid: "uid-of-another" });
const stray = pipelineRun({ uid: "uid-stray", ordered: "PipelineRunPending" });
const finished = pipelineRun({
  succeeded: { status: "True", reason: "Succeeded", message: "" },
  completionTimeMs: startMs,
});
const none = { value: undefined };
const fresh = execution({ claim: runningExecution().claim });

type Row = [
  sentence: string,
  of: ReturnType<typeof execution>,
  cached: PipelineRun | undefined,
  facts: Facts,
  expected: { own: string | undefined; foreign: string | undefined; live: boolean },
];
const whose: Row[] = [
  ["no run at all", fresh, undefined, {}, { own: undefined, foreign: undefined, live: false }],
  ["the claimed run", fresh, pipelineRun(), {}, { own: "uid-run", foreign: undefined, live: false }],
  ["the run that the status names", runningExecution(), pipelineRun(), {}, {
    own: "uid-run",
    foreign: undefined,
    live: false,
  }],
  ["somebody else's under the claimed name", fresh, foreign, {}, { own: undefined, foreign: "uid-x", live: false }],
  ["a second run of ours, not the one that the status names", runningExecution(), stray, {}, {
    own: undefined,
    foreign: "uid-stray",
    live: false,
  }],
  ["the same, read live", runningExecution(), undefined, { pipelineRun: { value: stray } }, {
    own: undefined,
    foreign: "uid-stray",
    live: true,
  }],
  ["read live, and absent, whatever the cache says", runningExecution(), pipelineRun(), {
    pipelineRun: { value: undefined },
  }, {
    own: undefined,
    foreign: undefined,
    live: true,
  }],
];

for (const [sentence, of, cached, facts, expected] of whose) {
  Deno.test(`gather, whose run: ${sentence}`, () => {
    const context = world((caches) => cached && caches.pipelineRuns.wrote(cached));
    const s = gather(context, of, facts);
    assertEquals({ own: s.pipelineRun.value?.uid, foreign: s.foreignRun?.uid, live: s.pipelineRun.live }, expected);
  });
}

Deno.test("gather: a run of ours in another place is found by the uid of its label", () => {
  const context = world((caches) => caches.pipelineRuns.wrote(pipelineRun({ namespace: "runs", name: "elsewhere" })));
  assertEquals(gather(context, runningExecution(), {}).pipelineRun.value?.name, "elsewhere");
});

const holding = lock({ name: "wfe-0000000000000000", holder: holder() });
const runsOfHolder: [sentence: string, run: PipelineRun, found: boolean][] = [
  ["the holder's own", pipelineRun({ name: "other-run", executionUid: "uid-other" }), true],
  ["somebody else's under that name", pipelineRun({ name: "other-run", executionUid: "" }), false],
];
for (const [sentence, run, found] of runsOfHolder) {
  Deno.test(`gather, the run of the Lease's holder: ${sentence} is ${found ? "" : "not "}its run`, () => {
    const context = world((caches) => {
      caches.locks.wrote(holding);
      caches.pipelineRuns.wrote(run);
    });
    assertEquals(gather(context, fresh, {}).holderRun.value, found ? run : undefined);
    assertEquals(gather(context, fresh, { holderRun: { value: run } }).holderRun, {
      value: found ? run : undefined,
      live: true,
    });
  });
}

const ofHolder = (o: Partial<PipelineRun> = {}) => pipelineRun({ name: "other-run", executionUid: "uid-other", ...o });
const elsewhere = ofHolder({ namespace: "runs", uid: "uid-elsewhere" });
const finishedElsewhere = { ...elsewhere, succeeded: finished.succeeded };
const wrongPlace: [sentence: string, cached: PipelineRun[], facts: Facts, found: PipelineRun | undefined][] = [
  ["one in another place, by its uid", [elsewhere], {}, elsewhere],
  ["one in another place, though none is where the Lease says, live", [elsewhere], { holderRun: none }, elsewhere],
  ["none that this pass found gone", [elsewhere], { holderRun: none, gone: new Set([elsewhere.uid]) }, undefined],
  ["none that is absent, live, whatever the cache says", [ofHolder()], { holderRun: none }, undefined],
  [
    "one that may still run before one that has finished",
    [ofHolder({ succeeded: finished.succeeded }), elsewhere],
    {},
    elsewhere,
  ],
  ["one that has finished, failing any other", [finishedElsewhere], { holderRun: none }, finishedElsewhere],
];
for (const [sentence, cached, facts, found] of wrongPlace) {
  Deno.test(`gather, the run of the Lease's holder: ${sentence}`, () => {
    const context = world((caches) => {
      caches.locks.wrote(holding);
      for (const run of cached) caches.pipelineRuns.wrote(run);
    });
    const live = facts.holderRun !== undefined;
    assertEquals(gather(context, fresh, facts).holderRun, { value: found, live });
  });
}

Deno.test("gather: rivals are unfinished runs of others on the same target, by any of its names", () => {
  const rival = pipelineRun({
    name: "b",
    uid: "uid-b",
    executionUid: "uid-other",
    target: "deploy/api",
    executionKey: "payment/other",
  });
  const context = world((caches) => {
    caches.pipelineRuns.wrote(pipelineRun());
    caches.pipelineRuns.wrote(rival);
    caches.pipelineRuns.wrote({ ...finished, name: "c", uid: "uid-c", executionUid: "uid-c" });
    caches.pipelineRuns.wrote({ ...rival, name: "d", uid: "uid-d", target: "payment/statefulset/api" });
    caches.pipelineRuns.wrote({ ...rival, name: "by-hand", uid: "uid-by-hand", executionUid: "" });
  });
  assertEquals(gather(context, fresh, {}).rivals, {
    value: [{ run: rival, execution: undefined }],
    live: false,
    complete: true,
  });
});

Deno.test("gather: the claim's age is the smaller of wall time and of the time that this process knows it", () => {
  const time = new ManualClock();
  const context = { ...world(), clock: time };
  const age = () => gather(context, runningExecution(), {}).claimAgeMs;
  assertEquals(age(), 0);
  time.advance(5_000);
  assertEquals(age(), 5_000);
  time.jump(3_600_000);
  assertEquals(age(), 5_000);
  time.jump(-3_603_000);
  assertEquals(age(), 2_000);
  time.jump(-60_000);
  assertEquals(age(), 0);
});

Deno.test("gatherOrphans: runs and locks of uids that the key has no execution of, and no others", () => {
  const mine = lock({ name: "wfe-1", uid: "l1", holder: holder({ name: "fix", uid: "uid-fix" }) });
  const left = lock({ name: "wfe-2", uid: "l2", holder: holder({ name: "fix", uid: "uid-old" }) });
  const byHand = lock({ name: "wfe-3", uid: "l3", holder: holder({ name: "", uid: "" }) });
  const oldRun = pipelineRun({ name: "old-run", uid: "uid-old-run", executionUid: "uid-old" });
  const context = world((caches) => {
    caches.executions.wrote(runningExecution());
    caches.pipelineRuns.wrote(pipelineRun());
    caches.pipelineRuns.wrote(oldRun);
    for (const each of [mine, left, byHand]) caches.locks.wrote(each);
  });
  const orphans = gatherOrphans(context, "payment/fix", () => ({}));
  assertEquals(orphans.map(({ uid, pipelineRun, lock }) => [uid, pipelineRun.value?.uid, lock?.name]), [
    ["uid-old", "uid-old-run", "wfe-2"],
  ]);
  assertEquals(gatherOrphans(context, "payment/", () => ({})), []);
});

Deno.test("gather: a deletion's age is what the wall clock says, and at least the time since it was first seen", () => {
  const clock = new ManualClock(startMs);
  const memory: GatherContext["memory"] = new Map();
  const agesOf = (of: ReturnType<typeof execution>) => gather({ ...world(), clock, memory }, of, {}).deletionAgeMs;
  assertEquals(agesOf(execution()), 0);
  const deleted = execution({ deletedAtMs: startMs - 7_000, status: { phase: "Completed" } });
  assertEquals(agesOf(deleted), 7_000, "after a restart, too");
  clock.jump(-3_600_000);
  assertEquals(agesOf(deleted), 0);
  clock.advance(9_000);
  assertEquals(agesOf(deleted), 9_000, "though the clock says that it is yet to come");
});
