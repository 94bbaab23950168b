// A running execution: its run is started once the status names it, followed, kept to its deadlines, and its end becomes the
// execution's.

import { act, type Announcement, type Decision, wait } from "./action.ts";
import { auditCondition } from "./audit_condition.ts";
import { type Execution, type FailureDetails, isOwed } from "./execution.ts";
import { failureDetails } from "./failure.ts";
import { fail } from "./outcome.ts";
import { digestMismatch, hasBegun, isFinished, isPending, isWaiting } from "./pipeline_run.ts";
import { cap } from "./redact.ts";
import { lockBack, takenByNobody } from "./lock_back.ts";
import { announceRemoval, removalOf, removed } from "./removal.ts";
import { lookAround } from "./rivals.ts";
import { holdsLock, type Snapshot } from "./snapshot.ts";
import { completed, failed, progress } from "./status.ts";
import { copied, timeoutMsOf } from "./validate.ts";

/** Progress is written at most this often. */
const progressIntervalMs = 1_000;
/** A run in a namespace that the configuration does not name any more is looked at this often. */
const unwatchedPollMs = 5_000;
/** A watch brings what was written within milliseconds; one that takes longer than this is not waited for. */
const echoGraceMs = 5_000;
const echoPollMs = 50;
const lockLostAdvice = "Create a new WorkflowExecution once nothing else runs on the target.";

export function follow(s: Snapshot): Decision {
  return restored(s) ??
    finalizerBack(s) ??
    vanished(s) ??
    ended(s) ??
    removed(s) ??
    lockBack(s) ??
    outOfTime(s) ??
    start(s) ??
    ask(s) ??
    noteProgress(s) ??
    auditCondition(s) ??
    untilNext(s);
}

/** Restored with its status: it names the original's run, which is nothing to it. */
function restored(s: Snapshot): Decision | undefined {
  const fault = copied(s.execution);
  return fault && fail(s, { ...fault, wasExecutionFailure: false });
}

/** Stripped by hand: without it a deletion would leave the run behind. */
function finalizerBack(s: Snapshot): Decision | undefined {
  if (isOwed(s.execution)) return undefined;
  return act({ do: "claim", claim: s.execution.claim }, "the finalizer is missing: put it back");
}

/** The run is gone, or its name belongs to another: deleted by somebody, unless it says that we would. No second run. */
function vanished(s: Snapshot): Decision | undefined {
  const { value: run, live } = s.pipelineRun;
  const ref = s.execution.status.pipelineRunRef;
  if (run) return undefined;
  if (!live) return act({ do: "read", what: "pipelineRun" }, "the cache has no such run: is it really gone?");
  const removal = removalOf(s);
  if (removal) {
    const { message, reason: condition } = removal;
    const cause = { reason: "ConfigurationError", message, wasExecutionFailure: false, condition } as const;
    return fail(s, condition === "LockLost" ? { ...cause, recommendation: lockLostAdvice } : cause);
  }
  return fail(s, {
    reason: "Unknown",
    message: `PipelineRun ${ref?.namespace ?? ""}/${
      ref?.name ?? ""
    } was deleted by someone while the workflow was running`,
    wasExecutionFailure: true,
    recommendation: "Ask who deleted it and why before running it again.",
  });
}

/** The run has ended, and so has the execution. A failure's cause is read live from the TaskRuns, once. */
export function ended(s: Snapshot): Decision | undefined {
  const run = s.pipelineRun.value;
  if (!run || !isFinished(run)) return undefined;
  const { execution, nowMs } = s;
  const { workflowId, targetResource } = execution.spec;
  const note = digestMismatch(execution, run);
  const mismatch: Announcement[] = note ? [{ type: "Warning", reason: "DigestMismatch", action: "Compare", note }] : [];
  if (run.succeeded?.status === "True") {
    return act({
      do: "writeStatus",
      patch: completed(execution, run, nowMs),
      announce: [{
        type: "Normal",
        reason: "WorkflowCompleted",
        action: "Complete",
        note: `workflow ${workflowId} completed on ${targetResource}: ${progress(execution, run).message}`,
      }, ...mismatch],
    }, "its run succeeded");
  }
  if (!s.evidence) return act({ do: "read", what: "evidence" }, "its run failed: what was the cause?");
  const details = withWaiting(execution, failureDetails({ execution, run, evidence: s.evidence, nowMs }));
  return act({
    do: "writeStatus",
    patch: failed(execution, details, run, nowMs),
    announce: [{
      type: "Warning",
      reason: "WorkflowFailed",
      action: "Fail",
      note: `${details.reason}: ${details.message}`,
    }, ...mismatch],
  }, details.message);
}

/** Tekton forgets what a run was waiting for once its time is up; the progress that was written still says so. */
function withWaiting({ status }: Execution, details: FailureDetails): FailureDetails {
  const { reason = "", message = "" } = status.pipelineRunStatus ?? {};
  if (details.reason !== "DeadlineExceeded" || !isWaiting({ reason, message })) return details;
  const waiting = `It was waiting: ${reason}: ${message}`;
  return {
    ...details,
    message: cap(`${details.message}; ${waiting}`),
    naturalLanguageSummary: cap(`${details.naturalLanguageSummary} ${waiting}`),
  };
}

/** The start deadline for a run that hangs on something missing; then the deadline, kept here so that `finally` still runs. */
function outOfTime(s: Snapshot): Decision | undefined {
  const { execution, rules, nowMs } = s;
  const run = s.pipelineRun.value;
  if (!run || run.deletedAtMs !== undefined || run.endedBecause) return undefined;
  const { startDeadlineMs, rollbackGraceMs } = rules;
  if (startDeadlineMs > 0 && !hasBegun(run) && s.claimAgeMs >= startDeadlineMs) {
    if (isPending(run)) return announceRemoval(s, "StartDeadlineExceeded");
    return act(
      { do: "cancelPipelineRun", run, mode: "Cancelled", because: "StartDeadlineExceeded" },
      "nothing has begun within the start deadline",
    );
  }
  const runningMs = nowMs - (run.startTimeMs ?? run.createdAtMs);
  if (rollbackGraceMs > 0 && !run.ordered && runningMs >= timeoutMsOf(execution, rules)) {
    if (!hasBegun(run)) { // CancelledRunFinally would leave it hanging, and there is nothing to roll back
      return act({ do: "cancelPipelineRun", run, mode: "Cancelled", because: "DeadlineExceeded" }, "its time is up");
    }
    return act(
      { do: "cancelPipelineRun", run, mode: "CancelledRunFinally", because: "DeadlineExceeded" },
      "its time is up: cancelled so that its finally tasks run",
    );
  }
  return undefined;
}

/**
 * Started only now, when the status names it, and only while the lock, read live, is still ours and no other run is on the
 * target. Of two that a meddling hand has let through, the later one knows of the earlier: whoever creates a run first and
 * looks around afterwards cannot miss what was there before.
 */
function start(s: Snapshot): Decision | undefined {
  const run = s.pipelineRun.value;
  if (!run || !isPending(run) || run.deletedAtMs !== undefined) return undefined;
  if (!s.rivals.complete) {
    return s.runAgeMs < echoGraceMs
      ? wait("the watch has not brought its own run yet: what came before that is not known", echoPollMs)
      : act({ do: "read", what: "rivals" }, "the watch is behind: who else is on the target?");
  }
  if (!s.lock.live) return act({ do: "read", what: "lock" }, "before it starts: is the lock still ours?");
  // A lock that cannot be put back, because its namespace is missing, is waited for: nobody has taken the target.
  if (s.lockRefusal !== undefined) return { retryAfterMs: 1_000, reason: `no lock can be made: ${s.lockRefusal}` };
  if (!holdsLock(s)) return takenByNobody(s) ?? announceRemoval(s, "LockLost");
  const around = lookAround(s);
  if (!around) return act({ do: "startPipelineRun", run }, "the status names it: start it");
  if ("reason" in around) return around;
  const { namespace, name } = around.execution;
  return announceRemoval(
    s,
    "LockLost",
    `${namespace}/${name} is on the target, though its lock was taken away by hand`,
  );
}

/** A run that does not go on: its TaskRuns know whether a pod cannot be scheduled, and the run itself does not say so. */
function ask(s: Snapshot): Decision | undefined {
  if (s.waiting.askInMs > 0) return undefined;
  return act({ do: "read", what: "waiting" }, "nothing has changed for a while: is it waiting for something?");
}

function noteProgress(s: Snapshot): Decision | undefined {
  const run = s.pipelineRun.value;
  if (!run) return undefined;
  const { why } = s.waiting;
  const now = progress(s.execution, run, why);
  const before = s.execution.status.pipelineRunStatus ?? { status: "Unknown" };
  // Once it is being ended, what it was waiting for is its cause: that stays to be read.
  if (run.ordered && isWaiting({ reason: before.reason ?? "", message: before.message ?? "" })) return undefined;
  // What the run's message no longer counts stays as it was last known.
  const same = (Object.keys(now) as (keyof typeof now)[]).every((key) => before[key] === now[key]);
  if (same) return undefined;
  if (s.sinceProgressMs < progressIntervalMs) {
    return wait("progress was written a moment ago", progressIntervalMs - s.sinceProgressMs);
  }
  const announce: Announcement[] = why && before.reason !== why.reason
    ? [{ type: "Warning", reason: "PipelineRunWaiting", action: "Wait", note: `${why.reason}: ${now.message}` }]
    : [];
  return act({ do: "writeStatus", patch: { pipelineRunStatus: now }, announce }, "progress");
}

/** Look again when the next deadline falls due. */
function untilNext(s: Snapshot): Decision {
  const { rules, nowMs } = s;
  const run = s.pipelineRun.value;
  if (!run) return wait("running");
  const due: number[] = [];
  if (rules.startDeadlineMs > 0 && !hasBegun(run)) due.push(rules.startDeadlineMs - s.claimAgeMs);
  if (rules.rollbackGraceMs > 0 && !run.ordered) {
    due.push(timeoutMsOf(s.execution, rules) - (nowMs - (run.startTimeMs ?? run.createdAtMs)));
  }
  due.push(s.waiting.askInMs);
  if (!s.runIsWatched) due.push(unwatchedPollMs);
  const next = due.filter((ms) => ms > 0 && ms !== Infinity);
  return next.length > 0 ? wait("running", Math.min(...next)) : wait("running");
}
