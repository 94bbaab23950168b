// The two ways in which an execution ends without the verdict of a run: Failed, because none was created or it was taken away,
// and Skipped. Both owe an audit event, so the finalizer stands before the outcome does.

import { act, type Decision } from "./action.ts";
import { formatDuration } from "./duration.ts";
import { type Execution, type FailureReason, isOwed, type SkipDetails, statusTimeMs } from "./execution.ts";
import { plainFailure } from "./failure_without_run.ts";
import { isReadable, type RecentEnd } from "./lock.ts";
import type { Snapshot } from "./snapshot.ts";
import { failed, rfc3339, skipped } from "./status.ts";

/** Failed, for a cause that no TaskRun tells of. */
export function fail(
  s: Snapshot,
  cause: {
    reason: FailureReason;
    message: string;
    wasExecutionFailure: boolean;
    /** What the condition says, where it is more specific. */
    condition?: string;
    /** What to do next, where the reason alone would send a person the wrong way. */
    recommendation?: string;
  },
): Decision {
  const { execution, nowMs } = s;
  if (!isOwed(execution)) return act({ do: "claim", claim: execution.claim }, "it fails: an outcome will be owed");
  const { condition, ...told } = cause;
  const startTimeMs = statusTimeMs(execution.status, "startTime");
  const details = plainFailure({ execution, ...told, startTimeMs, nowMs });
  return act({
    do: "writeStatus",
    patch: failed(execution, details, undefined, nowMs, condition),
    announce: [{
      type: "Warning",
      reason: "WorkflowFailed",
      action: "Fail",
      note: `${details.reason}: ${details.message}`,
    }],
  }, cause.message);
}

/** Skipped, because somebody else holds the target; `execution` is who, as far as it is known. */
export function skipBusy(s: Snapshot, by: { execution: Execution | undefined }): Decision {
  const lockHolder = s.lock.value?.holder;
  const holder = lockHolder && isReadable(lockHolder) ? lockHolder : undefined;
  const { execution } = by;
  const named = execution
    ? { name: `${execution.namespace}/${execution.name}`, workflowId: execution.spec.workflowId }
    : {
      name: holder ? `${holder.namespace}/${holder.name}` : s.lock.value?.name ?? "",
      workflowId: holder?.workflowId ?? "",
    };
  const startedAtMs = execution && (statusTimeMs(execution.status, "startTime") ?? execution.createdAtMs);
  const startedAt = startedAtMs === undefined ? holder?.startedAt || rfc3339(s.nowMs) : rfc3339(startedAtMs);
  const { targetResource } = s.execution.spec;
  return skip(s, {
    reason: "ResourceBusy",
    message: `${targetResource} is held by ${named.name}` + (named.workflowId ? ` (workflow ${named.workflowId})` : ""),
    skippedAt: rfc3339(s.nowMs),
    conflictingWorkflow: {
      ...named,
      name: nameFrom(s, execution ?? holder) ?? named.name,
      startedAt,
      targetResource: execution?.spec.targetResource ?? s.lock.value?.target ?? targetResource,
    },
  });
}

/** Skipped, because the same workflow ended on this target less than the cooldown ago. */
export function skipRecent(s: Snapshot, end: RecentEnd, remainingMs: number): Decision {
  const { targetResource } = s.execution.spec;
  const remaining = formatDuration(Math.ceil(Math.min(Math.max(remainingMs, 0), s.rules.cooldownMs) / 1000) * 1000);
  // The message lasts, and is read at any time: it names the moment, not how far off it is. Never a moment too early.
  const allowedAgain = rfc3339(Math.ceil((s.nowMs + remainingMs) / 1000) * 1000);
  return skip(s, {
    reason: "RecentlyRemediated",
    message:
      `workflow ${end.workflowId} ended on ${targetResource} at ${rfc3339(end.completedAtMs)} (${end.outcome}, ` +
      `${end.namespace}/${end.name}); allowed again at ${allowedAgain}`,
    skippedAt: rfc3339(s.nowMs),
    recentRemediation: {
      name: nameFrom(s, end) ?? end.name,
      workflowId: end.workflowId,
      completedAt: rfc3339(end.completedAtMs),
      outcome: end.outcome,
      targetResource,
      cooldownRemaining: remaining,
    },
  });
}

/** The bare name within a namespace, `namespace/name` across. */
function nameFrom(
  { execution }: Snapshot,
  other: { readonly namespace: string; readonly name: string } | undefined,
): string | undefined {
  return other && (other.namespace === execution.namespace ? other.name : `${other.namespace}/${other.name}`);
}

function skip(s: Snapshot, details: SkipDetails): Decision {
  return act({
    do: "writeStatus",
    patch: skipped(s.execution, details, s.nowMs),
    announce: [{
      type: "Normal",
      reason: "WorkflowSkipped",
      action: "Skip",
      note: `${details.reason}: ${details.message}`,
    }],
  }, details.message);
}
