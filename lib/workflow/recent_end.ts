// What the ledger of a Lease keeps of an execution's end: when it ended and how, for the cooldown. Two sources: the execution's
// own final status, and, where the execution is gone before it had one, what it has left behind.

import { type Execution, statusTimeMs } from "./execution.ts";
import type { Holder, RecentEnd } from "./lock.ts";
import { isFinished, type PipelineRun } from "./pipeline_run.ts";
import type { Snapshot } from "./snapshot.ts";

/** The end of an execution by its status; undefined when it has not ended, never held the lock, or had it taken away. */
export function endOf(execution: Execution): RecentEnd | undefined {
  const { phase, conditions = [] } = execution.status;
  // Its run was removed before it could start, for the target was another's: that one's end counts.
  if (conditions.some(({ type, reason }) => type === "ExecutionComplete" && reason === "LockLost")) return undefined;
  if (phase !== "Completed" && phase !== "Failed") return undefined;
  // A claim of another uid came with a copy, which never held anything.
  const { claim } = execution;
  const started = claim ? claim.uid === execution.uid : execution.status.startTime !== undefined;
  const completedAtMs = statusTimeMs(execution.status, "completionTime");
  if (!started || completedAtMs === undefined) return undefined;
  const { namespace, name, uid, spec } = execution;
  return { workflowId: spec.workflowId, namespace, name, uid, outcome: phase, completedAtMs };
}

/**
 * The end of a holder whose execution is gone without having released its lock. A final status that was seen counts; else
 * the end that its run came to by itself; else it counts as Failed at the moment of its deletion, or, where nobody saw that,
 * when its run was ended for it, or now. Undefined for one that was seen, and never started.
 * @param o.lastSeen the execution as this process last saw it, if it did
 * @param o.run what is left of its run
 */
export function endOfGone(
  holder: Holder,
  o: { lastSeen: Execution | undefined; run: PipelineRun | undefined; nowMs: number },
): RecentEnd | undefined {
  const { lastSeen, run, nowMs } = o;
  const known = lastSeen && endOf(lastSeen);
  if (known) return known;
  const neverStarted = lastSeen !== undefined && statusTimeMs(lastSeen.status, "startTime") === undefined && !run;
  if (neverStarted) return undefined;
  const { workflowId, namespace, name, uid } = holder;
  const end = { workflowId, namespace, name, uid };
  const endedForIt = run?.endedBecause === "ExecutionGone" || run?.endedBecause === "ExecutionDeleted";
  if (run && isFinished(run) && !endedForIt) {
    const outcome = run.succeeded?.status === "True" ? "Completed" : "Failed";
    return { ...end, outcome, completedAtMs: run.completionTimeMs ?? nowMs };
  }
  const endedAtMs = endedForIt ? run?.endedAtMs : undefined;
  return { ...end, outcome: "Failed", completedAtMs: lastSeen?.deletedAtMs ?? endedAtMs ?? nowMs };
}

/**
 * The end of whoever else is in the Lease. One that is terminal ended when its status says so; one that is gone,
 * as far as can be told from what it left.
 */
export function endOfFormerHolder(s: Snapshot): RecentEnd[] {
  const holder = s.lock.value?.holder;
  if (!holder || holder.uid === s.execution.uid) return [];
  const { value: execution } = s.holder;
  const end = s.recentEnds.find(({ uid }) => uid === holder.uid) ??
    (execution?.uid === holder.uid
      ? endOf(execution)
      : endOfGone(holder, { lastSeen: s.holderLastSeen, run: s.holderRun.value, nowMs: s.nowMs }));
  return end ? [end] : [];
}
