// The end of an execution: what its final status leaves to be done (settle), and what a deletion before that demands
// (abandon). In both the run goes first, then the lock is released with its end in the ledger, then the audit trail is
// complete, and only then our finalizer goes.

import { act, type Announcement, type Decision, wait } from "./action.ts";
import { auditCondition } from "./audit_condition.ts";
import { isFinal, isOwed } from "./execution.ts";
import { ended } from "./follow.ts";
import { newLock, type RecentEnd, withEnd, writeLedger } from "./lock.ts";
import { isFinished, type PipelineRun } from "./pipeline_run.ts";
import { endOf } from "./recent_end.ts";
import { holdsLock, type Snapshot, targetOf } from "./snapshot.ts";
import { stop } from "./stop.ts";
import { unlessEnded } from "./unless_ended.ts";
import { copied } from "./validate.ts";

/** A deletion waits no longer than this for the audit trail; what is owed then is spooled, so that it is gone within 30 s. */
const auditGraceMs = 25_000;

/** Final: no run of ours may go on, the lock is released, what is owed is delivered. */
export function settle(s: Snapshot): Decision {
  return leftRunning(s) ?? release(s, endOf(s.execution)) ?? auditCondition(s) ?? farewell(s);
}

/** Deleted before its end: unless its run has ended meanwhile, it is ended here. */
export function abandon(s: Snapshot): Decision {
  const { execution } = s;
  const run = s.pipelineRun.value;
  const isRunning = execution.status.phase === "Running";
  // A run that ended by itself gets its final status first: its outcome counts, not the deletion.
  // Once the lock is released the deletion is what the audit trail tells: a verdict that is heard of later changes nothing.
  if (run && isRunning && run.endedBecause !== "ExecutionDeleted" && holdsLock(s)) {
    const outcome = ended(s);
    if (outcome) return outcome;
  }
  if (execution.claim || isRunning) {
    const next = stop(s.pipelineRun, "pipelineRun", "ExecutionDeleted", s) ?? remove(run);
    if (next) return next;
  }
  const { namespace, name, uid, spec, deletedAtMs = s.nowMs } = execution;
  // A copy that was restored as Running never held anything.
  const end: RecentEnd | undefined = isRunning && !copied(execution)
    ? { workflowId: spec.workflowId, namespace, name, uid, outcome: "Failed", completedAtMs: deletedAtMs }
    : undefined;
  // That it was deleted before its end is told to the audit trail, and cannot be taken back.
  return release(s, end) ?? unlessEnded(s) ?? auditCondition(s) ?? farewell(s);
}

/**
 * Its deletion is another's to finish, and nothing is done to it any more. One that was deleted between its lock and its
 * claim may hold the target for as long as that takes: nothing can ever run for it, so the lock is given back.
 */
export function letGo(s: Snapshot): Decision {
  const { claim, status } = s.execution;
  const neverBegan = !claim && status.phase !== "Running";
  return (neverBegan ? release(s, undefined) : undefined) ?? wait("it is being deleted and nothing of ours is owed");
}

/** An unfinished run of a final execution: a late write of somebody's. It is ended whenever it is seen. */
function leftRunning(s: Snapshot): Decision | undefined {
  const run = s.pipelineRun.value;
  const { foreignRun } = s;
  // A late write of a paused replica made a second one: no status names it, so it never starts.
  if (foreignRun?.executionUid === s.execution.uid && foreignRun.deletedAtMs === undefined) {
    const next = stop({ value: foreignRun, live: true }, "pipelineRun", "ExecutionEnded", s);
    if (next) return next;
  }
  if (run && isFinished(run)) return undefined;
  if (!run && (!holdsLock(s) || !s.execution.claim)) return undefined;
  return stop(s.pipelineRun, "pipelineRun", "ExecutionEnded", s);
}

/** In the foreground, so that its TaskRuns and their pods go first. */
function remove(run: PipelineRun | undefined): Decision | undefined {
  if (!run || run.deletedAtMs !== undefined) return undefined;
  return act({ do: "deletePipelineRun", run, because: "ExecutionDeleted" }, "its execution was deleted: so is the run");
}

/**
 * Frees the Lease that we hold and enters the end into its ledger; where somebody else holds it, or nobody, only the entry is
 * added. A Lease that is gone is made anew to carry it.
 */
function release(s: Snapshot, end: RecentEnd | undefined): Decision | undefined {
  const { execution, rules, nowMs } = s;
  const { value: lock, live } = s.lock;
  const { cooldownMs } = rules;
  const counts = end !== undefined && nowMs - end.completedAtMs < cooldownMs;
  if (lock && holdsLock(s)) {
    const ends = withEnd(lock.recentEnds, end, nowMs, cooldownMs);
    return act({ do: "patchLock", lock, patch: writeLedger(lock, ends, true), for: "release" }, "release the lock");
  }
  if (!counts) return undefined;
  if (
    lock?.recentEnds.some(({ uid, workflowId, completedAtMs }) =>
      uid === end.uid || (workflowId === end.workflowId && completedAtMs >= end.completedAtMs)
    )
  ) return undefined;
  if (!isOwed(execution)) return undefined;
  if (!live) return act({ do: "read", what: "lock" }, "the ledger has no entry of it: look again, live");
  if (lock) {
    const ends = withEnd(lock.recentEnds, end, nowMs, cooldownMs);
    if (!ends.includes(end)) return undefined; // the ledger is full of later ends
    return act(
      { do: "patchLock", lock, patch: writeLedger(lock, ends, false), for: "ledger" },
      "enter its end into the ledger",
    );
  }
  const name = execution.claim?.lease;
  const target = targetOf(s);
  if (!name || !target || s.lockRefusal !== undefined) return undefined;
  const body = newLock({ namespace: rules.lockNamespace, name, target }, undefined, [end], nowMs);
  return act({ do: "createLock", body }, "its lock is gone: a free one keeps the ledger");
}

/** Nothing is owed any more: our finalizer goes, and with a deletion the object. */
function farewell(s: Snapshot): Decision {
  const { execution, audit, deletionAgeMs } = s;
  if (isOwed(execution)) {
    if (audit.is === "delivered" || audit.is === "rejected") {
      return act({ do: "removeFinalizer", announce: farewellNote(s) }, "nothing is owed any more");
    }
    if (execution.deletedAtMs === undefined) return wait("its audit events are on their way");
    if (deletionAgeMs < auditGraceMs) return wait("its audit events are on their way", auditGraceMs - deletionAgeMs);
    return act(
      { do: "spoolAudit" },
      "the audit trail is not reachable: spool what is owed, and let the deletion go on",
    );
  }
  return wait("all is done");
}

/** Deleted before its end: an Event of its own. What had ended has said so already. */
function farewellNote({ execution }: Snapshot): Announcement[] {
  if (isFinal(execution) || execution.deletedAtMs === undefined) return [];
  const { workflowId, targetResource } = execution.spec;
  const note = `deleted before workflow ${workflowId} on ${targetResource} had ended; its PipelineRun is gone`;
  return [{ type: "Warning", reason: "WorkflowExecutionDeleted", action: "Delete", note }];
}
