// The lock of a running execution: looked at live before its run starts, put back where a hand has taken it away, given up to
// whoever has come meanwhile. One row a rule; the sentence is the rule.

import { assertEquals } from "@std/assert";
import { decide } from "../../lib/workflow/decide.ts";
import type { Rival, Snapshot } from "../../lib/workflow/snapshot.ts";
import { recentEnd, runningExecution, startMs } from "../support/builders.ts";
import { cached, held, live, mine, none, noneLive, other, otherRun, pendingRun, running, said, told } from "./told.ts";

const withoutClaim = runningExecution({ claim: undefined });

const theirRun: Rival = { run: otherRun(), execution: other() };
const theirPendingRun: Rival = { ...theirRun, run: otherRun({ ordered: "PipelineRunPending" }) };
const wasSkipped = other({ status: { phase: "Skipped" } });
const givingUp = other(said("LockLost"));
const sinceEnded = { ...held, recentEnds: [recentEnd({ completedAtMs: startMs })] };
const around = (value: Rival[], o: Partial<Snapshot["rivals"]> = {}) => ({ value, live: true, complete: true, ...o });

const table: [sentence: string, s: Snapshot, answer: string, reason: string][] = [
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
    "pending: is the lock still ours, live?",
    running({ pipelineRun: cached(pendingRun) }),
    "read lock",
    "before it starts: is the lock still ours?",
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
    "pending, the lock in the hands of one that does not come to giving up: given up",
    running({ pipelineRun: cached(pendingRun), lock: live(held), holder: live(givingUp), runAgeMs: 30_000 }),
    "condition ExecutionComplete Unknown LockLost",
    "the lock on the target was taken away before the PipelineRun could start: say so before it is deleted",
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
];

for (const [sentence, s, answer, reason] of table) {
  Deno.test(`decide, the lock of a running one: ${sentence}`, () => {
    const decision = decide(s);
    assertEquals([told(decision), decision.reason], [answer, reason]);
  });
}
