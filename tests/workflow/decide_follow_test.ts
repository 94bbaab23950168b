// A running execution: its run is started, followed, kept to its deadlines. One row a rule; the sentence is the rule.

import { assertEquals } from "@std/assert";
import { decide } from "../../lib/workflow/decide.ts";
import type { PipelineRun } from "../../lib/workflow/pipeline_run.ts";
import type { Rival, Snapshot } from "../../lib/workflow/snapshot.ts";
import { recommendations } from "../../lib/workflow/summary.ts";
import { defaultRules, pipelineRun, runningExecution, startMs } from "../support/builders.ts";
import {
  cached,
  failedRun,
  goesOn,
  live,
  mine,
  none,
  noneLive,
  pendingRun,
  recommended,
  running,
  said,
  succeeded,
  told,
} from "./told.ts";

const minute = 60_000;
const late = (s: Partial<Snapshot>) => running({ nowMs: startMs + 30 * minute, ...s });
const resolving = pipelineRun({ succeeded: { status: "Unknown", reason: "ResolvingPipelineRef", message: "" } });
const begun = (o: Partial<PipelineRun>) => cached({ ...goesOn, ...o });
const evidence = { pipelineRun: {}, taskRuns: [] };
const noStart = { ...defaultRules, startDeadlineMs: 0 };
const started = pipelineRun({ succeeded: { status: "Unknown", reason: "Started", message: "" } });

const around = (value: Rival[], o: Partial<Snapshot["rivals"]> = {}) => ({ value, live: true, complete: true, ...o });

const table: [sentence: string, s: Snapshot, answer: string, reason: string][] = [
  [
    "a finalizer stripped by hand is put back",
    running({}, { finalizers: [] }),
    "claim uid-fix payment",
    "the finalizer is missing: put it back",
  ],
  [
    "no run in the cache: read live",
    running({ pipelineRun: none }),
    "read pipelineRun",
    "the cache has no such run: is it really gone?",
  ],
  [
    "no run, live: deleted by somebody",
    running({ pipelineRun: noneLive }),
    "status Failed Unknown",
    "PipelineRun payment/fix-run was deleted by someone while the workflow was running",
  ],
  [
    "another run of that name, live: deleted by somebody",
    running({ pipelineRun: noneLive, foreignRun: pipelineRun({ uid: "new" }) }),
    "status Failed Unknown",
    "PipelineRun payment/fix-run was deleted by someone while the workflow was running",
  ],
  [
    "no run, for it was to be deleted: what for",
    running({ pipelineRun: noneLive }, said("StartDeadlineExceeded")),
    "status Failed ConfigurationError",
    "why",
  ],
  [
    "no run, for the lock was lost: that",
    running({ pipelineRun: noneLive }, said("LockLost")),
    "status Failed ConfigurationError",
    "why",
  ],
  [
    "what was announced is done, even if the run could start by now",
    running({ pipelineRun: cached(pendingRun), lock: live(mine) }, said("LockLost")),
    "delete uid-run LockLost",
    "why",
  ],
  [
    "what was announced comes too late for a run that has started",
    running({ claimAgeMs: 120_000 }, said("LockLost")),
    "wait 1799000",
    "running",
  ],
  ["succeeded: Completed", running({ pipelineRun: cached(succeeded) }), "status Completed", "its run succeeded"],
  [
    "succeeded while it is being deleted: Completed",
    running({ pipelineRun: cached({ ...succeeded, deletedAtMs: startMs }) }),
    "status Completed",
    "its run succeeded",
  ],
  [
    "failed: the cause is read live",
    running({ pipelineRun: cached(failedRun) }),
    "read evidence",
    "its run failed: what was the cause?",
  ],
  [
    "pending beyond the start deadline: announced, then deleted",
    running({ pipelineRun: cached(pendingRun), claimAgeMs: 120_000 }),
    "condition ExecutionComplete Unknown StartDeadlineExceeded",
    "the PipelineRun could not be started within the start deadline of 120 s: say so before it is deleted",
  ],
  [
    "pending, announced: deleted",
    running({ pipelineRun: cached(pendingRun), claimAgeMs: 120_000 }, said("StartDeadlineExceeded")),
    "delete uid-run StartDeadlineExceeded",
    "why",
  ],
  [
    "resolving beyond the start deadline: cancelled, without finally",
    running({ pipelineRun: cached(resolving), claimAgeMs: 120_000 }),
    "cancel uid-run Cancelled StartDeadlineExceeded",
    "nothing has begun within the start deadline",
  ],
  [
    "Tekton has said nothing by then: cancelled",
    running({ pipelineRun: cached(pipelineRun()), claimAgeMs: 120_000 }),
    "cancel uid-run Cancelled StartDeadlineExceeded",
    "nothing has begun within the start deadline",
  ],
  [
    "only started by then: cancelled",
    running({ pipelineRun: cached(started), claimAgeMs: 120_000 }),
    "cancel uid-run Cancelled StartDeadlineExceeded",
    "nothing has begun within the start deadline",
  ],
  [
    "once, not again",
    running({
      pipelineRun: begun({ ...resolving, ordered: "Cancelled", endedBecause: "StartDeadlineExceeded" }),
      claimAgeMs: 120_000,
      sinceProgressMs: 0,
    }),
    "wait 1000",
    "progress was written a moment ago",
  ],
  ["a TaskRun exists: it has begun", running({ claimAgeMs: 120_000 }), "wait 1799000", "running"],
  [
    "a start deadline of 0 is off",
    running({
      pipelineRun: cached({ ...resolving, succeeded: goesOn.succeeded, childCount: 0 }),
      claimAgeMs: 1e9,
      rules: noStart,
    }),
    "wait 1799000",
    "running",
  ],
  ["a millisecond before the deadline: waited for", late({ nowMs: startMs + 30 * minute - 1 }), "wait 1", "running"],
  [
    "its time is up: cancelled so that finally runs",
    late({}),
    "cancel uid-run CancelledRunFinally DeadlineExceeded",
    "its time is up: cancelled so that its finally tasks run",
  ],
  [
    "its time is up before it began: cancelled, for there is nothing to roll back",
    late({ pipelineRun: cached(resolving), rules: noStart }),
    "cancel uid-run Cancelled DeadlineExceeded",
    "its time is up",
  ],
  [
    "its time counts from the start that Tekton noted",
    late({ pipelineRun: begun({ startTimeMs: startMs + minute }) }),
    "wait 60000",
    "running",
  ],
  ["without a grace it is left to Tekton", late({ rules: { ...defaultRules, rollbackGraceMs: 0 } }), "wait", "running"],
  [
    "somebody has cancelled it already: waited for",
    late({ pipelineRun: begun({ ordered: "StoppedRunFinally" }) }),
    "wait",
    "running",
  ],
  ["being deleted: no more orders", late({ pipelineRun: begun({ deletedAtMs: startMs }) }), "wait", "running"],
  [
    "pending, and the watch has not come as far as its creation: waited for a moment",
    running({ pipelineRun: cached(pendingRun), rivals: around([], { complete: false }), runAgeMs: 4_999 }),
    "wait 50",
    "the watch has not brought its own run yet: what came before that is not known",
  ],
  [
    "pending, and the watch stays behind: who else is there is read live",
    running({ pipelineRun: cached(pendingRun), rivals: around([], { complete: false }), runAgeMs: 5_000 }),
    "read rivals",
    "the watch is behind: who else is on the target?",
  ],
  [
    "pending and being deleted: not started",
    running({ pipelineRun: cached({ ...pendingRun, deletedAtMs: startMs }), sinceProgressMs: 0 }),
    "wait 1000",
    "progress was written a moment ago",
  ],
  [
    "progress is written",
    running({
      pipelineRun: begun({ succeeded: { status: "Unknown", reason: "Running", message: "Tasks Completed: 1" } }),
    }),
    "progress Running",
    "progress",
  ],
  [
    "progress is written once a second at most",
    running({
      sinceProgressMs: 400,
      pipelineRun: begun({ succeeded: { status: "Unknown", reason: "X", message: "" } }),
    }),
    "wait 600",
    "progress was written a moment ago",
  ],
  [
    "audit that is late is said",
    running({ audit: { is: "late", why: "503" } }),
    "condition AuditRecorded False DeliveryLate",
    "audit: DeliveryLate",
  ],
  ["nothing new: until the deadline", running(), "wait 1799000", "running"],
  [
    "nothing new, not begun: until the start deadline",
    running(
      { pipelineRun: cached({ ...pipelineRun(), ordered: "Cancelled" }), sinceProgressMs: 0, claimAgeMs: 1_000 },
      { status: { ...runningExecution().status } },
    ),
    "wait 119000",
    "running",
  ],
];

for (const [sentence, s, answer, reason] of table) {
  Deno.test(`decide, running: ${sentence}`, () => {
    const decision = decide(s);
    assertEquals([told(decision), decision.reason], [answer, reason]);
  });
}

Deno.test("decide, running: failed, and the cause is known: Failed", () => {
  const decision = decide(running({ pipelineRun: cached(failedRun), evidence }));
  assertEquals(told(decision), "status Failed Unknown");
});

const advice: [sentence: string, s: Snapshot, advice: string][] = [
  [
    "a run deleted by somebody has left no logs: who did it is asked",
    running({ pipelineRun: noneLive }),
    "Ask who deleted it and why before running it again.",
  ],
  [
    "nothing is wrong with an execution that lost its lock: it waits for the other",
    running({ pipelineRun: noneLive }, said("LockLost")),
    "Create a new WorkflowExecution once nothing else runs on the target.",
  ],
  [
    "a run that was never started lacks something",
    running({ pipelineRun: noneLive }, said("StartDeadlineExceeded")),
    recommendations.ConfigurationError,
  ],
];
for (const [sentence, s, advised] of advice) {
  Deno.test(`decide, running: ${sentence}`, () => assertEquals(recommended(decide(s)), advised));
}
