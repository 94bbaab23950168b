// A running execution: its run is started, followed, kept to its deadlines. One row a rule; the sentence is the rule.

import { assertEquals } from "@std/assert";
import { decide } from "../../lib/workflow/decide.ts";
import type { Execution } from "../../lib/workflow/execution.ts";
import type { PipelineRun } from "../../lib/workflow/pipeline_run.ts";
import type { Rival, Snapshot } from "../../lib/workflow/snapshot.ts";
import { recommendations } from "../../lib/workflow/summary.ts";
import { defaultRules, pipelineRun, recentEnd, runningExecution, startMs } from "../support/builders.ts";
import {
  cached,
  failedRun,
  goesOn,
  held,
  live,
  mine,
  none,
  noneLive,
  other,
  otherRun,
  pendingRun,
  recommended,
  running,
  succeeded,
  told,
} from "./told.ts";

const minute = 60_000;
const late = (s: Partial<Snapshot>) => running({ nowMs: startMs + 30 * minute, ...s });
const resolving = pipelineRun({ succeeded: { status: "Unknown", reason: "ResolvingPipelineRef", message: "" } });
const begun = (o: Partial<PipelineRun>) => cached({ ...goesOn, ...o });
const evidence = { pipelineRun: {}, taskRuns: [] };
const said = (reason: string): Partial<Execution> => {
  const { status } = running().execution;
  const condition = { type: "ExecutionComplete", status: "Unknown", message: "why", lastTransitionTime: "" } as const;
  return { status: { ...status, conditions: [{ ...condition, reason }] } };
};
const noStart = { ...defaultRules, startDeadlineMs: 0 };
const withoutClaim = runningExecution({ claim: undefined });
const started = pipelineRun({ succeeded: { status: "Unknown", reason: "Started", message: "" } });

const theirRun: Rival = { run: otherRun(), execution: other() };
const theirPendingRun: Rival = { ...theirRun, run: otherRun({ ordered: "PipelineRunPending" }) };
const wasSkipped = other({ status: { phase: "Skipped" } });
const givingUp = other(said("LockLost"));
const sinceEnded = { ...held, recentEnds: [recentEnd({ completedAtMs: startMs })] };
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
    "a Lease that the cache has not: read live",
    running({ lock: none }),
    "read lock",
    "the cache has no lock of ours: is it really gone?",
  ],
  [
    "a Lease that is gone is put back",
    running({ lock: noneLive }),
    "createLock payment/fix/uid-fix",
    "its lock was deleted: put it back",
  ],
  [
    "a Lease that is gone is not put back where its namespace is gone",
    running({ lock: noneLive, lockRefusal: "gone" }),
    "wait 1799000",
    "running",
  ],
  [
    "without a claim there is no Lease to put back",
    running({ execution: withoutClaim, lock: noneLive, sinceProgressMs: 0 }),
    "wait 1000",
    "progress was written a moment ago",
  ],
  [
    "a Lease in other hands leaves a run that goes on alone",
    running({ lock: cached(held) }),
    "wait 1799000",
    "running",
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
    "pending: is the lock still ours, live?",
    running({ pipelineRun: cached(pendingRun) }),
    "read lock",
    "before it starts: is the lock still ours?",
  ],
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
    "pending, our lock, and somebody else's run on the target: read live",
    running({ pipelineRun: cached(pendingRun), lock: live(mine), rivals: around([theirRun], { live: false }) }),
    "read rivals",
    "somebody else's run is on the target: is it still?",
  ],
  [
    "pending, our lock, and somebody else's run has started: it gives way",
    running({ pipelineRun: cached(pendingRun), lock: live(mine), rivals: around([theirRun]) }),
    "condition ExecutionComplete Unknown LockLost",
    "payment/other is on the target, though its lock was taken away by hand: say so before it is deleted",
  ],
  [
    "pending, our lock, and somebody else's run has not started: that gives way",
    running({ pipelineRun: cached(pendingRun), lock: live(mine), rivals: around([theirPendingRun]) }),
    "wait 1000",
    "another run on this target has lost its lock, and is about to be removed",
  ],
  [
    "pending, its lock emptied by hand, and nobody else came: taken back",
    running({ pipelineRun: cached(pendingRun), lock: live({ ...mine, emptied: true }) }),
    "patchLock take",
    "its lock was emptied: take it back",
  ],
  [
    "a lock is not put back before the execution was looked at, live",
    running({ lock: noneLive, current: false }),
    "read execution",
    "has it ended meanwhile, by another's hand?",
  ],
  [
    "a lock is not taken back for one that is gone",
    running({ lock: live({ ...mine, emptied: true }), current: false, gone: true }),
    "wait",
    "it is gone: somebody has told its end",
  ],
  [
    "a lock that was emptied by hand is somebody else's all the same",
    running({ lock: live({ ...held, emptied: true }) }),
    "wait 1799000",
    "running",
  ],
  [
    "pending, our lock, live: started",
    running({ pipelineRun: cached(pendingRun), lock: live(mine) }),
    "start uid-run",
    "the status names it: start it",
  ],
  [
    "pending, the lock in other hands: whose?",
    running({ pipelineRun: cached(pendingRun), lock: live(held) }),
    "read holder",
    "who has taken the lock?",
  ],
  [
    "pending, the lock in the hands of one that is gone: its run is looked for",
    running({ pipelineRun: cached(pendingRun), lock: live(held), holder: noneLive }),
    "read holderRun",
    "is there really no run?",
  ],
  [
    "pending, the lock in the hands of one that was skipped: taken back",
    running({ pipelineRun: cached(pendingRun), lock: live(held), holder: live(wasSkipped), holderRun: noneLive }),
    "patchLock take",
    "whoever took the lock is no more: take it back",
  ],
  [
    "pending, the lock in the hands of one that has run the same workflow since: given up",
    running({ pipelineRun: cached(pendingRun), lock: live(sinceEnded), holder: live(wasSkipped), holderRun: noneLive }),
    "condition ExecutionComplete Unknown LockLost",
    "the lock on the target was taken away before the PipelineRun could start: say so before it is deleted",
  ],
  [
    "pending, the lock in the hands of one that has said that its run will go: waited for",
    running({ pipelineRun: cached(pendingRun), lock: live(held), holder: live(givingUp) }),
    "wait 1000",
    "whoever took the lock gives up",
  ],
  [
    "pending, the lock in the hands of one that is being deleted before it ran: waited for",
    running({
      pipelineRun: cached(pendingRun),
      lock: live(held),
      holder: live(other({ status: {}, deletedAtMs: startMs })),
    }),
    "wait 1000",
    "whoever took the lock gives up",
  ],
  [
    "pending, the lock in the hands of one that may not be read: given up",
    running({ pipelineRun: cached(pendingRun), lock: live(held), holder: noneLive, holderHidden: true }),
    "condition ExecutionComplete Unknown LockLost",
    "the lock on the target was taken away before the PipelineRun could start: say so before it is deleted",
  ],
  [
    "pending, the lock in living hands: announced, then deleted",
    running({ pipelineRun: cached(pendingRun), lock: live(held), holder: live(other()) }),
    "condition ExecutionComplete Unknown LockLost",
    "the lock on the target was taken away before the PipelineRun could start: say so before it is deleted",
  ],
  [
    "pending, the lock wiped by hand: taken back",
    running({ pipelineRun: cached(pendingRun), lock: live({ ...mine, holder: undefined }) }),
    "patchLock take",
    "its lock was emptied: take it back",
  ],
  [
    "pending, the lock free, and the same workflow has run since: announced, then deleted",
    running({ pipelineRun: cached(pendingRun), lock: live({ ...sinceEnded, holder: undefined }) }),
    "condition ExecutionComplete Unknown LockLost",
    "the lock on the target was taken away before the PipelineRun could start: say so before it is deleted",
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
