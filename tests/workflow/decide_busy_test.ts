// A new execution: invalid, busy or too soon. One row a rule; the sentence is the rule.

import { assertEquals } from "@std/assert";
import { decide } from "../../lib/workflow/decide.ts";
import type {} from "../../lib/workflow/refusal.ts";
import type { Snapshot } from "../../lib/workflow/snapshot.ts";
import { defaultRules, execution, lock, recentEnd, snapshot, startMs } from "../support/builders.ts";
import {
  cached,
  claim,
  claimed,
  finalizers,
  held,
  live,
  mine,
  noneLive,
  other,
  otherRun,
  pendingRun,
  recent,
  said,
  succeeded,
  told,
} from "./told.ts";

const bad = { targetResource: "api" };
const owed = execution({ finalizers });
const badOwed = execution({ finalizers, spec: bad });
const copy = execution({ finalizers, claim: claim && { ...claim, uid: "uid-of-another" } });
const otherTarget = lock({ target: "payment/deployment/else" });
const unreadable = lock({ holder: { ...(held.holder ?? never()), name: "", uid: "" } });
const twin = recentEnd({ uid: "uid-other", workflowId: "restart" });
const sameWorkflow = lock({ holder: { ...(held.holder ?? never()), workflowId: "restart" } });

const hidden = { holder: { value: undefined, live: true }, holderHidden: true };
const announced = { type: "ExecutionComplete", status: "Unknown", reason: "LockLost", message: "" } as const;
const lostItsLock = [{ ...announced, lastTransitionTime: "" }];
const givingUp = other({ status: { phase: "Running", conditions: lostItsLock } });
const pendingOfOther = otherRun({ ordered: "PipelineRunPending" });
const lost = {
  execution: execution({ finalizers, claim, status: { conditions: lostItsLock } }),
  lock: live(held),
  holder: live(other()),
};
const table: [sentence: string, s: Snapshot, answer: string, reason: string][] = [
  // 1. invalid
  [
    "an invalid spec first gets our finalizer, for an outcome will be owed",
    snapshot({ execution: execution({ spec: bad }) }),
    "claim nothing",
    "it fails: an outcome will be owed",
  ],
  [
    "an invalid spec fails, and nothing is locked or created",
    snapshot({ execution: badOwed }),
    "status Failed ConfigurationError",
    `spec.targetResource "api" must be namespace/kind/name or kind/name: namespace a DNS label, kind in lower case (optionally kind.group), name a DNS subdomain; for example payment/deployment/payment-api or node/worker-1`,
  ],
  [
    "what was accepted goes on, though configuration changed since",
    claimed({ rules: { ...defaultRules, requireDigest: true } }),
    "createPipelineRun payment/fix-run",
    "create the run, pending",
  ],
  [
    "a copy fails",
    snapshot({ execution: copy }),
    "status Failed ConfigurationError",
    "this is a copy of another execution (uid uid-of-another in its annotation kubernaut.ai/claim), perhaps a restored backup; create a new WorkflowExecution instead",
  ],
  [
    "a copy fails even where it holds the lock",
    snapshot({ execution: copy, lock: cached(mine) }),
    "status Failed ConfigurationError",
    "this is a copy of another execution (uid uid-of-another in its annotation kubernaut.ai/claim), perhaps a restored backup; create a new WorkflowExecution instead",
  ],
  // 2. busy
  [
    "a target that seems busy: our finalizer first",
    snapshot({ lock: cached(held) }),
    "claim nothing",
    "the target seems busy: an outcome will be owed",
  ],
  [
    "a target that seems busy: the Lease is read live",
    snapshot({ execution: owed, lock: cached(held) }),
    "read lock",
    "the target seems busy: look again, live",
  ],
  [
    "a Lease that is held, live: its holder is read live",
    snapshot({ execution: owed, lock: live(held), holder: cached(other()) }),
    "read holder",
    "is the holder of the lock alive?",
  ],
  [
    "a live holder: skipped",
    snapshot({ execution: owed, lock: live(held), holder: live(other()) }),
    "status Skipped ResourceBusy",
    "payment/deployment/api is held by payment/other (workflow scale)",
  ],
  [
    "a holder that is Pending is alive",
    snapshot({ execution: owed, lock: live(held), holder: live(other({ status: {} })) }),
    "status Skipped ResourceBusy",
    "payment/deployment/api is held by payment/other (workflow scale)",
  ],
  [
    "a holder that is being deleted is alive until it has let go",
    snapshot({ execution: owed, lock: live(held), holder: live(other({ deletedAtMs: startMs })) }),
    "status Skipped ResourceBusy",
    "payment/deployment/api is held by payment/other (workflow scale)",
  ],
  [
    "a holder that has said that its run will go is about to fail: nobody is skipped for it",
    snapshot({ execution: owed, lock: live(held), holder: live(givingUp), holderRun: cached(pendingOfOther) }),
    "wait 1000",
    "the holder of the lock gives up: its run will not start",
  ],
  [
    "the same once its run has gone",
    snapshot({ execution: owed, lock: live(held), holder: live(givingUp) }),
    "wait 1000",
    "the holder of the lock gives up: its run will not start",
  ],
  [
    "a Pending holder that is being deleted will never run: nobody is skipped for it",
    snapshot({ execution: owed, lock: live(held), holder: live(other({ status: {}, deletedAtMs: startMs })) }),
    "wait 1000",
    "the holder of the lock gives up: its run will not start",
  ],
  [
    "a holder that does not come to giving up is a holder like any other: nobody is queued behind it",
    snapshot({ execution: owed, lock: live(held), holder: live(givingUp), claimAgeMs: 30_000 }),
    "status Skipped ResourceBusy",
    "payment/deployment/api is held by payment/other (workflow scale)",
  ],
  [
    "a holder that is out of time to start holds its target to its end, which begins a cooldown",
    snapshot({ execution: owed, lock: live(held), holder: live(other(said("StartDeadlineExceeded"))) }),
    "status Skipped ResourceBusy",
    "payment/deployment/api is held by payment/other (workflow scale)",
  ],
  [
    "a holder whose run a hand has started all the same is one that runs",
    snapshot({ execution: owed, lock: live(held), holder: live(givingUp), holderRun: cached(otherRun()) }),
    "status Skipped ResourceBusy",
    "payment/deployment/api is held by payment/other (workflow scale)",
  ],
  [
    "a Pending holder that has said so takes it back and runs",
    snapshot({ execution: owed, lock: live(held), holder: live(other({ status: { conditions: lostItsLock } })) }),
    "status Skipped ResourceBusy",
    "payment/deployment/api is held by payment/other (workflow scale)",
  ],
  [
    "a holder that is gone: its run is looked for, live",
    snapshot({ execution: owed, lock: live(held), holder: noneLive }),
    "read holderRun",
    "is there really no run?",
  ],
  [
    "a holder of another uid is gone",
    snapshot({ execution: owed, lock: live(held), holder: live(other({ uid: "new" })) }),
    "read holderRun",
    "is there really no run?",
  ],
  [
    "a holder that has ended leaves nothing running: its run is looked for",
    snapshot({ execution: owed, lock: live(held), holder: live(other({ status: { phase: "Failed" } })) }),
    "read holderRun",
    "is there really no run?",
  ],
  [
    "a run that the gone holder left is cancelled",
    snapshot({ execution: owed, lock: live(held), holder: noneLive, holderRun: cached(otherRun()) }),
    "cancel uid-other-run Cancelled ExecutionGone",
    "it is no longer wanted: cancel it",
  ],
  [
    "a pending run that the gone holder left is deleted",
    snapshot({
      execution: owed,
      lock: live(held),
      holder: noneLive,
      holderRun: cached(otherRun({ ordered: "PipelineRunPending" })),
    }),
    "delete uid-other-run ExecutionGone",
    "it never started: delete it",
  ],
  [
    "a gone holder without a run is replaced",
    snapshot({ execution: owed, lock: live(held), holder: noneLive, holderRun: noneLive }),
    "patchLock take",
    "the target is free: take its lock",
  ],
  [
    "a gone holder whose run has finished is replaced",
    snapshot({ execution: owed, lock: live(held), holder: noneLive, holderRun: cached({ ...succeeded, uid: "x" }) }),
    "patchLock take",
    "the target is free: take its lock",
  ],
  [
    "a gone holder of the same workflow counts as Failed just now",
    snapshot({ execution: owed, lock: live(sameWorkflow), holder: noneLive, holderRun: noneLive }),
    "status Skipped RecentlyRemediated",
    "workflow restart ended on payment/deployment/api at 2026-01-01T00:00:01Z (Failed, payment/other); allowed again at 2026-01-01T00:05:01Z",
  ],
  [
    "another target in the Lease counts as busy: our finalizer first",
    snapshot({ lock: cached(otherTarget) }),
    "claim nothing",
    "the target seems busy: an outcome will be owed",
  ],
  [
    "another target in a free Lease counts as busy",
    snapshot({ execution: owed, lock: live(otherTarget) }),
    "status Skipped ResourceBusy",
    "payment/deployment/api is held by wfe-0000000000000000",
  ],
  [
    "another target in a Lease whose holder is gone counts as busy",
    snapshot({ execution: owed, lock: live({ ...held, target: "" }), holder: noneLive }),
    "status Skipped ResourceBusy",
    "payment/deployment/api is held by payment/other (workflow scale)",
  ],
  [
    "a holder that nobody can look up is a holder",
    snapshot({ execution: owed, lock: live(unreadable) }),
    "status Skipped ResourceBusy",
    "payment/deployment/api is held by wfe-0000000000000000",
  ],
  [
    "a holder that we may not read is alive",
    snapshot({ execution: owed, lock: live(held), ...hidden }),
    "status Skipped ResourceBusy",
    "payment/deployment/api is held by payment/other (workflow scale)",
  ],
  [
    "before a skip, a claimed run is looked for, live",
    claimed({ lock: live(held), holder: live(other()) }),
    "read pipelineRun",
    "has a run of ours been created?",
  ],
  [
    "before a skip, the removal of a pending run of ours is announced: who was about to commit it is refused then",
    claimed({ lock: live(held), holder: live(other()), pipelineRun: cached(pendingRun) }),
    "condition ExecutionComplete Unknown LockLost",
    "the lock on the target was taken away before the PipelineRun could start: say so before it is deleted",
  ],
  [
    "before a skip, a pending run of ours is deleted",
    claimed({ ...lost, pipelineRun: cached(pendingRun) }),
    "delete uid-run LockLost",
    "it never started: delete it",
  ],
  [
    "before a skip, a finished run of ours is deleted",
    claimed({ ...lost, pipelineRun: cached(succeeded) }),
    "delete uid-run LockLost",
    "it lost its lock before its run could start",
  ],
  [
    "before a skip, a run of ours is waited for until it is gone",
    claimed({ lock: live(held), holder: live(other()), pipelineRun: cached({ ...succeeded, deletedAtMs: startMs }) }),
    "wait 1000",
    "its run is being deleted",
  ],
  [
    "a skip once nothing of ours runs",
    claimed({ lock: live(held), holder: live(other()), pipelineRun: noneLive }),
    "status Skipped ResourceBusy",
    "payment/deployment/api is held by payment/other (workflow scale)",
  ],
  // 3. too soon
  [
    "the same workflow ended a minute ago: our finalizer first",
    snapshot({ lock: cached(recent) }),
    "claim nothing",
    "too soon: an outcome will be owed",
  ],
  [
    "too soon: the Lease is read live, for busy goes first",
    snapshot({ execution: owed, lock: cached(recent) }),
    "read lock",
    "too soon: has somebody taken the target meanwhile?",
  ],
  [
    "too soon: skipped",
    snapshot({ execution: owed, lock: live(recent) }),
    "status Skipped RecentlyRemediated",
    "workflow restart ended on payment/deployment/api at 2025-12-31T23:59:00Z (Completed, payment/before); allowed again at 2026-01-01T00:04:00Z",
  ],
  [
    "too soon by the cache alone, the Lease being gone",
    snapshot({ execution: owed, lock: noneLive, recentEnds: [recentEnd()] }),
    "status Skipped RecentlyRemediated",
    "workflow restart ended on payment/deployment/api at 2025-12-31T23:59:00Z (Completed, payment/before); allowed again at 2026-01-01T00:04:00Z",
  ],
  [
    "a former holder's own end counts, not now",
    snapshot({ execution: owed, lock: live(sameWorkflow), holder: noneLive, holderRun: noneLive, recentEnds: [twin] }),
    "status Skipped RecentlyRemediated",
    "workflow restart ended on payment/deployment/api at 2025-12-31T23:59:00Z (Completed, payment/before); allowed again at 2026-01-01T00:04:00Z",
  ],
  [
    "exactly a cooldown later it is allowed",
    snapshot({ execution: owed, lock: cached(recent), nowMs: startMs + 240_000 }),
    "patchLock take",
    "the target is free: take its lock",
  ],
  [
    "another workflow may run at once",
    snapshot({ lock: cached(lock({ recentEnds: [recentEnd({ workflowId: "scale" })] })) }),
    "patchLock take",
    "the target is free: take its lock",
  ],
  [
    "a cooldown of 0 is off",
    snapshot({ lock: cached(recent), rules: { ...defaultRules, cooldownMs: 0 } }),
    "patchLock take",
    "the target is free: take its lock",
  ],
];

for (const [sentence, s, answer, reason] of table) {
  Deno.test(`decide, new: ${sentence}`, () => {
    const decision = decide(s);
    assertEquals([told(decision), decision.reason], [answer, reason]);
  });
}

function never(): never {
  throw new Error("the builder's Lease has a holder");
}
