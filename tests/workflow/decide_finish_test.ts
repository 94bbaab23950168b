// The end: what a final status leaves to be done, and what a deletion before it demands. One row a rule.

import { assertEquals } from "@std/assert";
import { decide } from "../../lib/workflow/decide.ts";
import type { Execution } from "../../lib/workflow/execution.ts";
import type { Snapshot } from "../../lib/workflow/snapshot.ts";
import {
  defaultRules,
  execution,
  lock,
  pipelineRun,
  recentEnd,
  runningExecution,
  snapshot,
  startMs,
} from "../support/builders.ts";
import {
  cached,
  claim,
  finalizers,
  goesOn,
  held,
  live,
  mine,
  none,
  noneLive,
  pendingRun,
  succeeded,
  told,
} from "./told.ts";

const done: Execution["status"] = {
  ...runningExecution().status,
  phase: "Completed",
  completionTime: "2026-01-01T00:00:00Z",
};
const entered = lock({ recentEnds: [recentEnd({ uid: "uid-fix", completedAtMs: startMs })] });
const later = lock({ recentEnds: [recentEnd({ uid: "uid-later", completedAtMs: startMs + 500 })] });
const full = lock({
  recentEnds: Array.from(
    { length: 600 },
    (_, i) => recentEnd({ workflowId: `${"w".repeat(240)}-${i}`, uid: `u${i}`, completedAtMs: startMs + 100 }),
  ),
});
const final = (s: Partial<Snapshot> = {}, of: Partial<Execution> = {}) =>
  snapshot({
    execution: runningExecution({ status: done, ...of }),
    pipelineRun: cached(succeeded),
    lock: cached(entered),
    ...s,
  });
const gone = { deletedAtMs: startMs + 500 };
const deleted = (s: Partial<Snapshot> = {}, of: Partial<Execution> = {}) =>
  snapshot({ execution: runningExecution({ ...gone, ...of }), pipelineRun: cached(goesOn), lock: cached(mine), ...s });
const stray = pipelineRun({ uid: "uid-stray", ordered: "PipelineRunPending" });
const ordered = pipelineRun({ ordered: "Cancelled", endedBecause: "ExecutionDeleted", endedAtMs: startMs });
const going = pipelineRun({ ...gone, childCount: 1 });
const late = (
  why: string,
) => [{ type: "AuditRecorded" as const, status: "False" as const, reason: why, message: "", lastTransitionTime: "" }];
const recorded = (atMs: number) => [{
  type: "AuditRecorded" as const,
  status: "True" as const,
  reason: "Recorded",
  message: "",
  lastTransitionTime: new Date(atMs).toISOString(),
}];
const skipped: Execution["status"] = { phase: "Skipped", completionTime: "2026-01-01T00:00:00Z" };

const table: [sentence: string, s: Snapshot, answer: string, reason: string][] = [
  // settle
  ["final, its lock still held: released", final({ lock: cached(mine) }), "patchLock release", "release the lock"],
  [
    "final, its run unfinished: cancelled first",
    final({ pipelineRun: cached(goesOn), lock: cached(mine) }),
    "cancel uid-run Cancelled ExecutionEnded",
    "it is no longer wanted: cancel it",
  ],
  [
    "final, its run pending: deleted",
    final({ pipelineRun: cached(pendingRun) }),
    "delete uid-run ExecutionEnded",
    "it never started: delete it",
  ],
  [
    "final, and nothing owed: an unfinished run is ended all the same",
    final({ pipelineRun: cached(goesOn) }, { finalizers: [] }),
    "cancel uid-run Cancelled ExecutionEnded",
    "it is no longer wanted: cancel it",
  ],
  [
    "final, a second run of its uid that no status names: deleted",
    final({ foreignRun: stray }),
    "delete uid-stray ExecutionEnded",
    "it never started: delete it",
  ],
  [
    "final, somebody else's run under its name: left alone",
    final({ foreignRun: { ...stray, executionUid: "" } }),
    "removeFinalizer",
    "nothing is owed any more",
  ],
  [
    "final, its lock held, no run in the cache: read live",
    final({ pipelineRun: none, lock: cached(mine) }),
    "read pipelineRun",
    "is there really no run?",
  ],
  [
    "final, its lock held, no run: released",
    final({ pipelineRun: noneLive, lock: cached(mine) }),
    "patchLock release",
    "release the lock",
  ],
  [
    "final, the lock in other hands, its end not in the ledger: looked at live",
    final({ lock: cached(held) }),
    "read lock",
    "the ledger has no entry of it: look again, live",
  ],
  [
    "final, the lock in other hands: its end is entered",
    final({ lock: live(held) }),
    "patchLock ledger",
    "enter its end into the ledger",
  ],
  [
    "final, a later end of the workflow stands there: nothing to enter",
    final({ lock: cached(later) }),
    "removeFinalizer",
    "nothing is owed any more",
  ],
  [
    "final, the ledger is full of later ends: nothing to enter",
    final({ lock: live(full) }),
    "removeFinalizer",
    "nothing is owed any more",
  ],
  [
    "final, no Lease: a free one keeps the end",
    final({ lock: noneLive }),
    "createLock free",
    "its lock is gone: a free one keeps the ledger",
  ],
  [
    "final, no Lease and no namespace for it: done without",
    final({ lock: noneLive, lockRefusal: "gone" }),
    "removeFinalizer",
    "nothing is owed any more",
  ],
  [
    "final, its end a cooldown ago: nothing to enter",
    final({ lock: none, nowMs: startMs + 300_000 }),
    "removeFinalizer",
    "nothing is owed any more",
  ],
  [
    "final, without a cooldown: nothing to enter",
    final({ lock: none, rules: { ...defaultRules, cooldownMs: 0 } }),
    "removeFinalizer",
    "nothing is owed any more",
  ],
  ["final, nothing owed: nothing to enter", final({ lock: none }, { finalizers: [] }), "wait", "all is done"],
  [
    "skipped: nothing to enter",
    snapshot({ execution: execution({ finalizers, status: skipped }) }),
    "removeFinalizer",
    "nothing is owed any more",
  ],
  [
    "failed, but it never claimed: nothing to enter",
    snapshot({ execution: execution({ finalizers, status: { ...skipped, phase: "Failed" } }) }),
    "removeFinalizer",
    "nothing is owed any more",
  ],
  [
    "a failed copy held nothing: nothing to enter",
    snapshot({
      execution: execution({
        finalizers,
        claim: claim && { ...claim, uid: "x" },
        status: { ...skipped, phase: "Failed" },
      }),
    }),
    "removeFinalizer",
    "nothing is owed any more",
  ],
  [
    "a copy that was restored as Running and deleted held nothing either",
    deleted({ pipelineRun: noneLive, lock: cached(lock()) }, { claim: claim && { ...claim, uid: "x" } }),
    "removeFinalizer",
    "nothing is owed any more",
  ],
  [
    "final, its events on their way: waited for",
    final({ audit: { is: "waiting" } }),
    "wait",
    "its audit events are on their way",
  ],
  [
    "final, its events late: said",
    final({ audit: { is: "late", why: "503" } }),
    "condition AuditRecorded False DeliveryLate",
    "audit: DeliveryLate",
  ],
  [
    "final, its events late, and said: waited for",
    final({ audit: { is: "late", why: "503" } }, { status: { ...done, conditions: late("DeliveryLate") } }),
    "wait",
    "its audit events are on their way",
  ],
  [
    "final, its events late before, and delivered: said",
    final({}, { status: { ...done, conditions: late("DeliveryLate") } }),
    "condition AuditRecorded True Recorded",
    "audit: Recorded",
  ],
  [
    "final, its events said to be delivered just now, by another replica, and late for this one: not contradicted",
    final({ audit: { is: "late", why: "503" } }, { status: { ...done, conditions: recorded(startMs - 20_000) } }),
    "wait",
    "its audit events are on their way",
  ],
  [
    "final, its events said to be delivered long ago, and late now: said",
    final({ audit: { is: "late", why: "503" } }, { status: { ...done, conditions: recorded(startMs - 30_000) } }),
    "condition AuditRecorded False DeliveryLate",
    "audit: DeliveryLate",
  ],
  [
    "final, an event refused for another replica, and late for this one: not contradicted",
    final({ audit: { is: "late", why: "503" } }, { status: { ...done, conditions: late("Rejected") } }),
    "wait",
    "its audit events are on their way",
  ],
  [
    "deleted after its events were late, and spooled: not said to be recorded",
    final({}, { ...gone, status: { ...done, conditions: late("DeliveryLate") } }),
    "removeFinalizer",
    "nothing is owed any more",
  ],
  [
    "final, an event refused: said",
    final({ audit: { is: "rejected", why: "422" } }),
    "condition AuditRecorded False Rejected",
    "audit: Rejected",
  ],
  [
    "final, an event refused, and said: done",
    final({ audit: { is: "rejected", why: "422" } }, { status: { ...done, conditions: late("Rejected") } }),
    "removeFinalizer",
    "nothing is owed any more",
  ],
  [
    "a refusal stays said",
    final({}, { status: { ...done, conditions: late("Rejected") } }),
    "removeFinalizer",
    "nothing is owed any more",
  ],
  [
    "final, deleted, events late: 25 s of patience",
    final({ audit: { is: "waiting" }, deletionAgeMs: 500 }, gone),
    "wait 24500",
    "its audit events are on their way",
  ],
  [
    "final, deleted 25 s ago, events late: spooled",
    final({ audit: { is: "waiting" }, deletionAgeMs: 25_000 }, gone),
    "spoolAudit",
    "the audit trail is not reachable: spool what is owed, and let the deletion go on",
  ],
  // abandon
  [
    "deleted and without our finalizer: nothing at all",
    deleted({}, { finalizers: ["theirs"] }),
    "wait",
    "it is being deleted and nothing of ours is owed",
  ],
  [
    "deleted, final, and without our finalizer: nothing at all",
    final({ pipelineRun: cached(goesOn), lock: cached(mine) }, { ...gone, finalizers: [] }),
    "wait",
    "it is being deleted and nothing of ours is owed",
  ],
  [
    "deleted with a lock before it was claimed: the lock is given back",
    snapshot({ execution: execution({ ...gone, finalizers: ["theirs"] }), lock: cached(mine) }),
    "patchLock release",
    "release the lock",
  ],
  [
    "deleted while it runs: its run is cancelled",
    deleted(),
    "cancel uid-run Cancelled ExecutionDeleted",
    "it is no longer wanted: cancel it",
  ],
  [
    "its run is being cancelled: waited for",
    deleted({ pipelineRun: cached(ordered) }),
    "wait 1000",
    "it is being cancelled",
  ],
  [
    "its run will not end in 30 s: deleted",
    deleted({ pipelineRun: cached(ordered), nowMs: startMs + 30_000 }),
    "delete uid-run ExecutionDeleted",
    "cancelled, and still not at its end: delete it",
  ],
  [
    "its run has ended by our hand: deleted",
    deleted({ pipelineRun: cached({ ...succeeded, endedBecause: "ExecutionDeleted" }) }),
    "delete uid-run ExecutionDeleted",
    "its execution was deleted: so is the run",
  ],
  [
    "its run ended by itself: that end counts",
    deleted({ pipelineRun: cached(succeeded) }),
    "status Completed",
    "its run succeeded",
  ],
  [
    "its run is being deleted: does anything still run?",
    deleted({ pipelineRun: cached(going) }),
    "read taskRuns",
    "it is being deleted: does anything still run?",
  ],
  [
    "its TaskRuns still run: waited for",
    deleted({ pipelineRun: cached(going), unfinishedTaskRuns: true }),
    "wait 1000",
    "its TaskRuns are being deleted",
  ],
  [
    "nothing runs any more: the lock is released",
    deleted({ pipelineRun: cached(going), unfinishedTaskRuns: false }),
    "patchLock release",
    "release the lock",
  ],
  ["no run in the cache: read live", deleted({ pipelineRun: none }), "read pipelineRun", "is there really no run?"],
  ["no run: the lock is released", deleted({ pipelineRun: noneLive }), "patchLock release", "release the lock"],
  [
    "deleted before its run was started: it is deleted",
    deleted(
      { execution: execution({ ...gone, finalizers, claim }), pipelineRun: cached(pendingRun) } as Partial<Snapshot>,
    ),
    "delete uid-run ExecutionDeleted",
    "it never started: delete it",
  ],
  [
    "deleted before it started: no end to enter",
    deleted({ execution: execution({ ...gone, finalizers, claim }), pipelineRun: noneLive, lock: none }),
    "removeFinalizer",
    "nothing is owed any more",
  ],
  [
    "before the deletion is told to the audit trail: has another replica told of its end?",
    deleted({ pipelineRun: noneLive, lock: cached(lock()), rules: { ...defaultRules, cooldownMs: 0 }, current: false }),
    "read execution",
    "has it ended meanwhile, by another's hand?",
  ],
  [
    "deleted, and gone already: nothing is told",
    deleted({
      pipelineRun: noneLive,
      lock: cached(lock()),
      rules: { ...defaultRules, cooldownMs: 0 },
      current: false,
      gone: true,
    }),
    "wait",
    "it is gone: somebody has told its end",
  ],
  [
    "deleted before it claimed: nothing to look for",
    snapshot({ execution: execution({ ...gone, finalizers }) }),
    "removeFinalizer",
    "nothing is owed any more",
  ],
  [
    "deleted while it ran, the lock in other hands: its end is entered",
    deleted({ pipelineRun: noneLive, lock: live(held) }),
    "patchLock ledger",
    "enter its end into the ledger",
  ],
];

for (const [sentence, s, answer, reason] of table) {
  Deno.test(`decide, end: ${sentence}`, () => {
    const decision = decide(s);
    assertEquals([told(decision), decision.reason], [answer, reason]);
  });
}
