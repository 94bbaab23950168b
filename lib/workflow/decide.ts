// THE POLICY. What to do next for one execution, given all that is known about it. Read it from top to bottom.
//
// Each rule either says what to do, or passes to the next by returning undefined. One action at a time: after it, everything
// is looked at again. Whatever rests on something being absent, or cannot be taken back, asks for a live read first.
// Two things keep two runs from one target, and each would do alone while nobody meddles: the Lease, and a look around for
// other runs by whoever has created one of its own. A hand that deletes or empties Leases takes away the first only.
// Guarantees (held by laws in the tests): once the actions are done there is nothing more to do; a crash after any of them
// leads to the same end; any interleaving of executions on one target runs one; a final phase is final.

import { act, type Decision, wait } from "./action.ts";
import { type Execution, isFinal, isLetGo, isOwed } from "./execution.ts";
import { abandon, letGo, settle } from "./finish.ts";
import { follow } from "./follow.ts";
import { coolingDown, type Holder, isReadable, lockName, newLock, type RecentEnd, takeLock, withEnd } from "./lock.ts";
import { newPipelineRun, pipelineRunName } from "./pipeline_run.ts";
import { fail, skipBusy, skipRecent } from "./outcome.ts";
import { endOfFormerHolder } from "./recent_end.ts";
import { judgeRefusal } from "./refusal.ts";
import { announceRemoval, givingUpGraceMs, isGivingUp, removalOf, withdraw } from "./removal.ts";
import { lookAround } from "./rivals.ts";
import { holdsLock, type Snapshot } from "./snapshot.ts";
import { conditions, rfc3339, running } from "./status.ts";
import { stop } from "./stop.ts";
import { canonicalTarget, parseTarget } from "./target.ts";
import { timeoutMsOf, validate } from "./validate.ts";

/** What is to be done next for the execution of this snapshot. Total: every snapshot has an answer. */
export function decide(s: Snapshot): Decision {
  const { execution } = s;
  if (isLetGo(execution)) return letGo(s);
  const stray = endStray(s);
  if (stray) return stray;
  if (isFinal(execution)) return settle(s);
  if (execution.deletedAtMs !== undefined) return abandon(s);
  if (execution.status.phase === "Running") return follow(s);
  return begin(s);
}

/** A run that no status names is never started, but ended: somebody's hand made it, or a late write of a paused replica. */
function endStray(s: Snapshot): Decision | undefined {
  // Before the claim, a run that carries our uid may be the one to adopt.
  if (!s.execution.claim) return undefined;
  for (const run of s.strays) {
    const next = stop({ value: run, live: true }, "pipelineRun", "ExecutionEnded", s);
    if (next?.action && next.action.do !== "read") return next;
  }
  return undefined;
}

/**
 * A new execution: valid? free? not too soon? Then it takes the lock, claims, creates its run, and says so. What was announced
 * to be removed before is so first (removal.ts, withdraw).
 */
function begin(s: Snapshot): Decision {
  return invalid(s) ??
    busy(s) ??
    tooSoon(s) ??
    takeTheLock(s) ??
    outrun(s) ??
    claimIt(s) ??
    withdraw(s) ??
    create(s) ??
    commit(s);
}

/** 1. An invalid spec fails, before anything is locked or created. */
function invalid(s: Snapshot): Decision | undefined {
  const fault = validate(s.execution, s.rules);
  const { claim, uid } = s.execution;
  const isCopy = claim !== undefined && claim.uid !== uid;
  // What was accepted once goes on, though configuration may have changed since.
  if (!fault || (holdsLock(s) && !isCopy)) return undefined;
  return fail(s, { reason: fault.reason, message: fault.message, wasExecutionFailure: false });
}

/** 2. A target that another live execution holds: skipped, not queued. */
function busy(s: Snapshot): Decision | undefined {
  const { value: lock, live } = s.lock;
  if (!lock || holdsLock(s)) return undefined;
  // Made for another target: two have one name, or somebody took the annotation away. It counts as held.
  const mismatch = !s.execution.claim && lock.target !== canonicalOf(s.execution);
  if (!lock.holder && !mismatch) return undefined;

  if (!isOwed(s.execution)) {
    return act({ do: "claim", claim: s.execution.claim }, "the target seems busy: an outcome will be owed");
  }
  if (!live) return act({ do: "read", what: "lock" }, "the target seems busy: look again, live");
  // A holder that nobody can look up is still a holder: what was written by hand never frees a target.
  if (!lock.holder || !isReadable(lock.holder)) return onceNothingRuns(s, () => skipBusy(s, { execution: undefined }));
  if (!s.holder.live) return act({ do: "read", what: "holder" }, "is the holder of the lock alive?");
  const holder = s.holder.value;
  const alive = s.holderHidden || (holder?.uid === lock.holder.uid && !isFinal(holder));
  if (alive && isGivingUp(holder, s.holderRun.value) && s.claimAgeMs < givingUpGraceMs) {
    return wait("the holder of the lock gives up: its run will not start", 1_000);
  }
  if (mismatch || alive) return onceNothingRuns(s, () => skipBusy(s, { execution: holder }));

  // The holder is gone or has ended. What it left running is ended before anybody takes its place.
  return stop(s.holderRun, "holderRun", "ExecutionGone", s);
}

/** 3. The same workflow ended on this target less than the cooldown ago. */
function tooSoon(s: Snapshot): Decision | undefined {
  // With the lock it is judged once more until there is a run: one whose Lease was taken away by hand may have ended since.
  if (holdsLock(s) && s.pipelineRun.value) return undefined;
  const { cooldownMs } = s.rules;
  const recent = coolingDown(endsOnTarget(s), s.execution.spec.workflowId, s.nowMs, cooldownMs);
  if (!recent) return undefined;
  if (!isOwed(s.execution)) return act({ do: "claim", claim: s.execution.claim }, "too soon: an outcome will be owed");
  // ResourceBusy goes before RecentlyRemediated: only the Lease itself can tell.
  if (!s.lock.live) return act({ do: "read", what: "lock" }, "too soon: has somebody taken the target meanwhile?");
  return onceNothingRuns(s, () => skipRecent(s, recent.end, recent.remainingMs));
}

/** 4. Take the Lease, by creating it or by compare-and-swap with the very version that was judged. */
function takeTheLock(s: Snapshot): Decision | undefined {
  if (holdsLock(s)) return undefined;
  const { execution, rules, nowMs } = s;
  const target = parseTarget(execution.spec.targetResource, execution.namespace);
  const holder = holderOf(s);
  const { value: lock } = s.lock;
  if (s.lockRefusal !== undefined) return lockUnknown(s, s.lockRefusal);
  if (lock) {
    const ends = withEnd([...lock.recentEnds, ...endOfFormerHolder(s)], undefined, nowMs, rules.cooldownMs);
    const patch = takeLock(lock, target, holder, ends, nowMs);
    return act({ do: "patchLock", lock, patch, for: "take" }, "the target is free: take its lock");
  }
  const ends = withEnd(s.recentEnds, undefined, nowMs, rules.cooldownMs);
  const name = execution.claim?.lease || lockName(canonicalTarget(target));
  const body = newLock({ namespace: rules.lockNamespace, name, target }, holder, ends, nowMs);
  return act({ do: "createLock", body }, "the target is free: make its lock");
}

/** No Lease can be made where its namespace is missing: said once, then waited for. Nobody fails for it. */
function lockUnknown(s: Snapshot, why: string): Decision {
  const known = s.execution.status.conditions?.find(({ type }) => type === "ResourceLockAcquired");
  const wanted = { type: "ResourceLockAcquired", status: "Unknown", reason: "LockNamespaceMissing" } as const;
  if (known?.status === wanted.status && known.reason === wanted.reason) {
    return { retryAfterMs: 1_000, reason: `no lock can be made: ${why}` };
  }
  const patch = { conditions: conditions(s.execution, s.nowMs, [{ ...wanted, message: why }]) };
  return act({ do: "writeStatus", patch, announce: [] }, `no lock can be made: ${why}`);
}

/** 5. Somebody else's run is on the target all the same: its lock was taken away by hand. It goes first. */
function outrun(s: Snapshot): Decision | undefined {
  const around = lookAround(s);
  if (!around || "reason" in around) return around;
  if (!isOwed(s.execution)) {
    return act({ do: "claim", claim: s.execution.claim }, "another run is on the target: an outcome will be owed");
  }
  return onceNothingRuns(s, () => skipBusy(s, around));
}

/** 6. The claim: from now on lock and run have their places, whatever the configuration says later. */
function claimIt(s: Snapshot): Decision | undefined {
  const { execution } = s;
  if (execution.claim && isOwed(execution)) return undefined;
  const claim = execution.claim ?? {
    uid: execution.uid,
    lease: s.lock.value?.name ?? "",
    pipelineRun: whereOf(s),
    claimedAt: rfc3339(s.nowMs),
  };
  return act({ do: "claim", claim }, "claim lock and run");
}

/** 7. The run is created, but born pending. Any refusal is doubted first: a lost answer may hide that it was created. */
function create(s: Snapshot): Decision | undefined {
  const { execution, rules, refusal, foreignRun } = s;
  const { value: run, live } = s.pipelineRun;
  if (run) return undefined;
  const where = whereOf(s);
  if (!refusal && s.holdOffMs > 0) return wait("the API server asked for patience", s.holdOffMs);
  if (!refusal) {
    const { traceparent } = s;
    const body = newPipelineRun(execution, where, { ...rules, timeoutMs: timeoutMsOf(execution, rules), traceparent });
    return act({ do: "createPipelineRun", where, body }, "create the run, pending");
  }
  if (!live) return act({ do: "read", what: "pipelineRun" }, "creation was refused: was the run created all the same?");
  if (foreignRun) {
    return fail(s, {
      reason: "ConfigurationError",
      message: `PipelineRun ${where.namespace}/${where.name} exists and is not ours (uid ${foreignRun.uid})`,
      wasExecutionFailure: false,
    });
  }
  const verdict = judgeRefusal(refusal);
  if (verdict.final) return fail(s, { ...verdict, wasExecutionFailure: false });
  // A webhook that is not there is something missing; an API server that is not well is waited for.
  const byWebhook = refusal.httpCode >= 500 && /webhook/i.test(refusal.message);
  const tooLate = rules.startDeadlineMs > 0 && s.claimAgeMs >= rules.startDeadlineMs && byWebhook;
  if (tooLate) {
    return fail(s, {
      reason: "ConfigurationError",
      message: `the PipelineRun could not be created within ${rules.startDeadlineMs / 1000} s: ${refusal.message}`,
      wasExecutionFailure: false,
    });
  }
  return { retryAfterMs: refusal.retryAfterMs ?? 0, reason: `creation was refused: ${refusal.message}` };
}

/** 8. The commit: the status names the run's uid. Only a run that a status names is ever started (follow.ts). */
function commit(s: Snapshot): Decision {
  const run = s.pipelineRun.value;
  if (!run) return wait("there is no run yet");
  return act({
    do: "writeStatus",
    patch: running(s.execution, run, s.nowMs),
    announce: [{
      type: "Normal",
      reason: "PipelineRunCreated",
      action: "Create",
      note:
        `PipelineRun ${run.namespace}/${run.name} created for workflow ${s.execution.spec.workflowId} on ${s.execution.spec.targetResource}`,
    }],
  }, "the run exists: say so, then it may start");
}

/**
 * A skip says that nothing ran: a run of ours, however it came to be, is ended and removed before that is said. That it will
 * be removed is said first: a replica that was about to commit this very run is refused then.
 */
function onceNothingRuns(s: Snapshot, skip: () => Decision): Decision {
  const run = s.pipelineRun.value;
  if (!run) {
    if (s.execution.claim && !s.pipelineRun.live) {
      return act({ do: "read", what: "pipelineRun" }, "has a run of ours been created?");
    }
    return skip();
  }
  if (!removalOf(s) && run.deletedAtMs === undefined) return announceRemoval(s, "LockLost");
  const stopping = stop(s.pipelineRun, "pipelineRun", "LockLost", s);
  if (stopping) return stopping;
  if (run.deletedAtMs !== undefined) return wait("its run is being deleted", 1_000);
  return act({ do: "deletePipelineRun", run, because: "LockLost" }, "it lost its lock before its run could start");
}

function canonicalOf(execution: Execution): string {
  return canonicalTarget(parseTarget(execution.spec.targetResource, execution.namespace));
}

/** Where the run is, or will be: as claimed, for configuration may change. */
function whereOf(s: Snapshot): { namespace: string; name: string } {
  const { execution, rules } = s;
  if (execution.claim) return execution.claim.pipelineRun;
  const run = s.pipelineRun.value;
  if (run) return { namespace: run.namespace, name: run.name };
  return { namespace: rules.executionNamespace || execution.namespace, name: pipelineRunName(execution) };
}

function holderOf(s: Snapshot): Holder {
  const { namespace, name, uid, spec } = s.execution;
  const holder = { namespace, name, uid, workflowId: spec.workflowId, startedAt: rfc3339(s.nowMs) };
  return { ...holder, pipelineRun: whereOf(s) };
}

/** All ends that are known: the ledger of the Lease, the cache, and the holder that has ended without releasing it. */
function endsOnTarget(s: Snapshot): RecentEnd[] {
  return [...(s.lock.value?.recentEnds ?? []), ...s.recentEnds, ...endOfFormerHolder(s)];
}
