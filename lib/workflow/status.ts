// The status of every transition, in one place: what stands in which phase is the table in spec.md §1. Each function gives the
// fields that change; they are written as one merge patch with the resourceVersion they were decided on.

import { formatDuration } from "./duration.ts";
import type { Condition, Execution, ExecutionStatus, FailureDetails, SkipDetails } from "./execution.ts";
import { statusTimeMs } from "./execution.ts";
import { excerpt } from "./excerpt.ts";
import { digestMismatch, type PipelineRun, progressOf, type Waiting } from "./pipeline_run.ts";

type ConditionChange = Pick<Condition, "type" | "status" | "reason" | "message">;

/** RFC 3339 as Kubernetes writes it, with milliseconds only where there are any. */
export function rfc3339(ms: number): string {
  return new Date(ms).toISOString().replace(".000Z", "Z");
}

export function running(execution: Execution, run: PipelineRun, nowMs: number): ExecutionStatus {
  return {
    phase: "Running",
    startTime: rfc3339(run.createdAtMs),
    message: `PipelineRun ${run.namespace}/${run.name} runs workflow ${execution.spec.workflowId}`,
    pipelineRunRef: { name: run.name, namespace: run.namespace, uid: run.uid },
    pipelineRunStatus: progress(execution, run),
    observedGeneration: execution.generation,
    conditions: conditions(execution, nowMs, [
      {
        type: "ResourceLockAcquired",
        status: "True",
        reason: "Acquired",
        message: `holds ${execution.spec.targetResource}`,
      },
      { type: "PipelineRunCreated", status: "True", reason: "Created", message: `${run.namespace}/${run.name}` },
      { type: "ExecutionComplete", status: "Unknown", reason: "Running", message: "the PipelineRun has not ended" },
    ]),
  };
}

/** pipelineRunStatus: Tekton's word, and the counts in it; for a run that waits, what it waits for. */
export function progress(
  { spec }: Execution,
  run: PipelineRun,
  waiting?: Waiting,
): NonNullable<ExecutionStatus["pipelineRunStatus"]> {
  const { status = "Unknown", reason = "", message = "" } = run.succeeded ?? {};
  const told = { reason, message, ...waiting };
  return { status, ...told, message: excerpt(told.message, 4096, spec.parameters), ...progressOf(run) };
}

export function completed(execution: Execution, run: PipelineRun, nowMs: number): ExecutionStatus {
  const endMs = run.completionTimeMs ?? nowMs;
  const { message, ...times } = ended(execution, endMs, run);
  return {
    phase: "Completed",
    outcome: "Success",
    ...times,
    message: `workflow ${execution.spec.workflowId} completed ${message}`,
    conditions: conditions(execution, nowMs, [
      {
        type: "ExecutionComplete",
        status: "True",
        reason: "Succeeded",
        message: progress(execution, run).message ?? "",
      },
      ...whatRan(execution, run),
    ]),
  };
}

/**
 * @param run the run that failed; undefined when there is none (any more)
 * @param because the reason of the condition, where it is more specific than that of the details
 */
export function failed(
  execution: Execution,
  details: FailureDetails,
  run: PipelineRun | undefined,
  nowMs: number,
  because: string = details.reason,
): ExecutionStatus {
  const endMs = run?.completionTimeMs ?? nowMs;
  const { message: _, ...times } = ended(execution, endMs, run);
  const nothingCreated = execution.status.pipelineRunRef === undefined;
  return {
    phase: "Failed",
    outcome: "Failure",
    ...times,
    message: details.message,
    failureReason: details.reason,
    failureDetails: details,
    conditions: conditions(execution, nowMs, [
      ...(nothingCreated
        ? [{ type: "PipelineRunCreated", status: "False", reason: details.reason, message: details.message } as const]
        : []),
      {
        type: "ExecutionComplete",
        status: "False",
        reason: run?.succeeded?.status === "False" && run.succeeded.reason ? run.succeeded.reason : because,
        message: details.message,
      },
      ...whatRan(execution, run),
    ]),
  };
}

export function skipped(execution: Execution, details: SkipDetails, nowMs: number): ExecutionStatus {
  const { reason, message } = details;
  const wasAnnounced = execution.status.conditions?.some(({ type }) => type === "ExecutionComplete");
  return {
    phase: "Skipped",
    outcome: "Skipped",
    completionTime: details.skippedAt,
    duration: "0s",
    message,
    skipDetails: details,
    observedGeneration: execution.generation,
    conditions: conditions(execution, nowMs, [
      { type: "ResourceLockAcquired", status: "False", reason, message },
      ...(wasAnnounced ? [{ type: "ExecutionComplete", status: "False", reason, message } as const] : []),
    ]),
  };
}

/** The terminal status in its smallest form, for when the whole one is refused as invalid or too large. */
export function withoutDetails(status: ExecutionStatus): ExecutionStatus {
  const { phase, startTime, completionTime, duration, outcome } = status;
  const kept = { phase, startTime, completionTime, duration, outcome };
  const present = Object.fromEntries(Object.entries(kept).filter(([, value]) => value !== undefined));
  return { ...present, message: "the details were refused by the API server; see the controller's log" };
}

/**
 * The conditions with some of them changed. lastTransitionTime moves only when the status does.
 * https://github.com/kubernetes/community/blob/master/contributors/devel/sig-architecture/api-conventions.md
 */
export function conditions(execution: Execution, nowMs: number, changes: readonly ConditionChange[]): Condition[] {
  const result = [...(execution.status.conditions ?? [])];
  for (const change of changes) {
    const at = result.findIndex((each) => each.type === change.type);
    const known = result[at];
    const lastTransitionTime = known?.status === change.status ? known.lastTransitionTime : rfc3339(nowMs);
    const condition = { ...change, lastTransitionTime, observedGeneration: execution.generation };
    if (at < 0) result.push(condition);
    else result[at] = condition;
  }
  return result;
}

/** A bundle that is not the one that was asked for stands where a person looks for what was created. */
function whatRan(execution: Execution, run: PipelineRun | undefined): ConditionChange[] {
  const message = run && digestMismatch(execution, run);
  return message ? [{ type: "PipelineRunCreated", status: "True", reason: "DigestMismatch", message }] : [];
}

function ended(execution: Execution, endMs: number, run: PipelineRun | undefined) {
  const startMs = statusTimeMs(execution.status, "startTime");
  const duration = formatDuration(Math.max(0, endMs - (startMs ?? endMs)));
  return {
    completionTime: rfc3339(endMs),
    duration,
    ...(run ? { pipelineRunStatus: progress(execution, run) } : {}),
    observedGeneration: execution.generation,
    message: `in ${duration}`,
  };
}
