// The lock of a committed execution that a hand has taken away: put back while nobody else has come. What has started keeps
// its target whatever its Lease says; what has not gives up as soon as somebody else has been there (follow.ts, start).

import { act, type Decision, wait } from "./action.ts";
import { isFinal, statusTimeMs } from "./execution.ts";
import { type Holder, isReadable, newLock, type RecentEnd, takeLock, withEnd } from "./lock.ts";
import { isPending, type PipelineRun } from "./pipeline_run.ts";
import { endOfFormerHolder } from "./recent_end.ts";
import { givingUpGraceMs, isGivingUp } from "./removal.ts";
import { holdsLock, type Snapshot, targetOf } from "./snapshot.ts";
import { rfc3339 } from "./status.ts";
import { stop } from "./stop.ts";
import { canonicalTarget } from "./target.ts";
import { unlessEnded } from "./unless_ended.ts";

/** A Lease that is missing, or free, while the run is unfinished is put back: it was deleted or emptied by hand. */
export function lockBack(s: Snapshot): Decision | undefined {
  const { value: lock } = s.lock;
  const emptied = lock?.emptied === true && holdsLock(s);
  if ((lock?.holder && !emptied) || s.lockRefusal !== undefined) return undefined;
  if (!s.lock.live) return act({ do: "read", what: "lock" }, "the cache has no lock of ours: is it really gone?");
  const { execution, rules, nowMs } = s;
  const run = s.pipelineRun.value;
  const target = targetOf(s);
  if (!execution.claim?.lease || !run || !target) return undefined;
  // Where this cache is behind, the lock may be free because all is over: it would be put back, and released, for ever.
  const ended = unlessEnded(s);
  if (ended) return ended;
  if (!lock) {
    const where = { namespace: rules.lockNamespace, name: execution.claim.lease, target };
    const body = newLock(where, holderOf(s, run), s.recentEnds, nowMs);
    return act({ do: "createLock", body }, "its lock was deleted: put it back");
  }
  if (isPending(run) && !emptied && isTooSoonNow(s, lock.recentEnds)) return undefined;
  if (lock.target !== canonicalTarget(target)) return undefined;
  const patch = takeLock(lock, target, holderOf(s, run), lock.recentEnds, nowMs);
  return act({ do: "patchLock", lock, patch, for: "take" }, "its lock was emptied: take it back");
}

/**
 * A lock, read live, in the hands of one that is gone or has ended without having run: a replica that was behind took it for
 * an execution that was final already. That is nobody to give way to, and neither is one that is about to fail, for it has
 * said that its run will go. Undefined when somebody has really come.
 */
export function takenByNobody(s: Snapshot): Decision | undefined {
  const { value: lock } = s.lock;
  const run = s.pipelineRun.value;
  const target = targetOf(s);
  if (!lock?.holder || !isReadable(lock.holder) || !run || !target || lock.target !== canonicalTarget(target)) {
    return undefined;
  }
  if (!s.holder.live) return act({ do: "read", what: "holder" }, "who has taken the lock?");
  const holder = s.holder.value;
  const alive = s.holderHidden || (holder?.uid === lock.holder.uid && !isFinal(holder));
  if (alive && isGivingUp(holder, s.holderRun.value) && s.runAgeMs < givingUpGraceMs) {
    return wait("whoever took the lock gives up", 1_000);
  }
  if (alive) return undefined;
  const stopping = stop(s.holderRun, "holderRun", "ExecutionGone", s);
  if (stopping) return stopping;
  const ends = withEnd([...lock.recentEnds, ...endOfFormerHolder(s)], undefined, s.nowMs, s.rules.cooldownMs);
  if (isTooSoonNow(s, [...lock.recentEnds, ...ends])) return undefined;
  const ended = unlessEnded(s);
  if (ended) return ended;
  const patch = takeLock(lock, target, holderOf(s, run), ends, s.nowMs);
  return act({ do: "patchLock", lock, patch, for: "take" }, "whoever took the lock is no more: take it back");
}

/** Whether the same workflow has run on the target meanwhile: to start now would be within its cooldown. */
function isTooSoonNow({ execution, rules, recentEnds }: Snapshot, ends: readonly RecentEnd[]): boolean {
  const sinceMs = statusTimeMs(execution.status, "startTime") ?? -Infinity;
  return rules.cooldownMs > 0 &&
    [...ends, ...recentEnds].some(({ workflowId, completedAtMs }) =>
      workflowId === execution.spec.workflowId && completedAtMs >= sinceMs
    );
}

function holderOf({ execution, nowMs }: Snapshot, run: PipelineRun): Holder {
  const { namespace, name, uid, spec, status } = execution;
  const startedAt = status.startTime ?? rfc3339(nowMs);
  const place = { namespace: run.namespace, name: run.name };
  return { namespace, name, uid, workflowId: spec.workflowId, startedAt, pipelineRun: place };
}
