// A WorkflowExecution as the rules see it, and the wire form of its status. The source of the type is the
// CustomResourceDefinition in deploy/crd; times are RFC 3339 strings in the status, because they are copied, not computed with.

import type { JSONObject } from "@cloudydeno/kubernetes-apis/common.ts";
import { annotation, finalizer, label } from "./names.ts";
import { identityFrom, isObject, numberAt, objectAt, type ObjectIdentity, textAt, textMapAt, timeAt } from "./read.ts";

export type Phase = "Pending" | "Running" | "Completed" | "Failed" | "Skipped";
export type Outcome = "Success" | "Failure" | "Skipped";

/** status.failureDetails.reason: the CRD's enum, and nothing else (a real API server rejects it). */
export type FailureReason =
  | "OOMKilled"
  | "DeadlineExceeded"
  | "Forbidden"
  | "ResourceExhausted"
  | "ConfigurationError"
  | "ImagePullBackOff"
  | "Unknown";

export interface FailureDetails {
  /** 0-based place in the resolved pipeline's tasks, then its finally tasks; -1 when no task failed. */
  readonly failedTaskIndex: number;
  readonly failedTaskName: string;
  readonly failedStepName?: string;
  readonly reason: FailureReason;
  readonly message: string;
  readonly exitCode?: number;
  /** RFC 3339. */
  readonly failedAt: string;
  /** Go duration. */
  readonly executionTimeBeforeFailure: string;
  readonly naturalLanguageSummary: string;
  readonly wasExecutionFailure: boolean;
  readonly requiresManualReview: boolean;
}

export interface SkipDetails {
  readonly reason: "ResourceBusy" | "RecentlyRemediated";
  readonly message: string;
  readonly skippedAt: string;
  readonly conflictingWorkflow?: {
    readonly name: string;
    readonly workflowId: string;
    readonly startedAt: string;
    readonly targetResource: string;
  };
  readonly recentRemediation?: {
    readonly name: string;
    readonly workflowId: string;
    readonly completedAt: string;
    readonly outcome: string;
    readonly targetResource: string;
    readonly cooldownRemaining: string;
  };
}

/** metav1.Condition. */
export interface Condition {
  readonly type: "ResourceLockAcquired" | "PipelineRunCreated" | "ExecutionComplete" | "AuditRecorded";
  readonly status: "True" | "False" | "Unknown";
  readonly reason: string;
  readonly message: string;
  readonly lastTransitionTime: string;
  readonly observedGeneration?: number;
}

/** status as it stands on the wire. */
export interface ExecutionStatus {
  readonly phase?: Phase;
  readonly startTime?: string;
  readonly completionTime?: string;
  readonly duration?: string;
  readonly outcome?: Outcome;
  readonly message?: string;
  readonly pipelineRunRef?: { readonly name: string; readonly namespace: string; readonly uid: string };
  readonly pipelineRunStatus?: {
    readonly status: "Unknown" | "True" | "False";
    readonly reason?: string;
    readonly message?: string;
    readonly completedTasks?: number;
    readonly totalTasks?: number;
  };
  readonly failureReason?: FailureReason;
  readonly failureDetails?: FailureDetails;
  readonly skipDetails?: SkipDetails;
  readonly observedGeneration?: number;
  readonly conditions?: readonly Condition[];
}

export interface ExecutionSpec {
  readonly remediationRequest: string;
  readonly workflowId: string;
  readonly version: string;
  readonly containerImage: string;
  readonly containerDigest: string | undefined;
  readonly targetResource: string;
  /** Empty once the execution is final and nothing is owed any more: history need not keep half a megabyte each. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly confidence: number | undefined;
  readonly rationale: string | undefined;
  /** Go duration, as given. */
  readonly timeout: string | undefined;
  readonly serviceAccountName: string | undefined;
}

/** What was claimed for an execution before anything was created for it: where its lock and its run are, for good. */
export interface Claim {
  /** The execution's own uid: a copy of the object (a restored backup) carries somebody else's. */
  readonly uid: string;
  readonly lease: string;
  readonly pipelineRun: { readonly namespace: string; readonly name: string };
  /** RFC 3339. */
  readonly claimedAt: string;
}

export interface Execution extends ObjectIdentity {
  readonly generation: number;
  readonly claim: Claim | undefined;
  /** remediationRequestRef.name, else the correlation label, else the execution's name; at most 255 characters. */
  readonly correlationId: string;
  readonly spec: ExecutionSpec;
  readonly status: ExecutionStatus;
}

export function isFinal(execution: Execution): boolean {
  const { phase } = execution.status;
  return phase === "Completed" || phase === "Failed" || phase === "Skipped";
}

/** Whether our finalizer stands on it: something is owed. */
export function isOwed(execution: Execution): boolean {
  return execution.finalizers.includes(finalizer);
}

/** Being deleted, and nothing of ours is owed any more: somebody else's finalizer keeps it, and nothing comes of it. */
export function isLetGo(execution: Execution): boolean {
  return execution.deletedAtMs !== undefined && !isOwed(execution);
}

/** Reads a WorkflowExecution, keeping what the rules need. @throws {TypeError} naming the field */
export function executionFrom(json: JSONObject): Execution {
  const metadata = objectAt(json, "metadata");
  const base = identityFrom(metadata);
  const spec = specFrom(objectAt(json, "spec"));
  const labels = textMapAt(metadata, "labels", "metadata.");
  const annotations = textMapAt(metadata, "annotations", "metadata.");
  const status = objectAt(json, "status") as ExecutionStatus & JSONObject;
  const correlationId = spec.remediationRequest || labels[label.correlationId] || base.name;
  const execution: Execution = {
    ...base,
    generation: numberAt(metadata, "generation", "metadata.") ?? 0,
    claim: claimFrom(annotations[annotation.claim]),
    correlationId: correlationId.slice(0, 255),
    spec,
    status,
  };
  if (!isFinal(execution) || isOwed(execution)) return execution;
  return { ...execution, spec: { ...spec, parameters: {}, rationale: undefined } };
}

function specFrom(spec: JSONObject): ExecutionSpec {
  const workflow = objectAt(spec, "workflowRef", "spec.");
  const config = objectAt(spec, "executionConfig", "spec.");
  return {
    remediationRequest:
      textAt(objectAt(spec, "remediationRequestRef", "spec."), "name", "spec.remediationRequestRef.") ?? "",
    workflowId: textAt(workflow, "workflowId", "spec.workflowRef.") ?? "",
    version: textAt(workflow, "version", "spec.workflowRef.") ?? "",
    containerImage: textAt(workflow, "containerImage", "spec.workflowRef.") ?? "",
    containerDigest: textAt(workflow, "containerDigest", "spec.workflowRef."),
    targetResource: textAt(spec, "targetResource", "spec.") ?? "",
    parameters: textMapAt(spec, "parameters", "spec."),
    confidence: numberAt(spec, "confidence", "spec."),
    rationale: textAt(spec, "rationale", "spec."),
    timeout: textAt(config, "timeout", "spec.executionConfig."),
    serviceAccountName: textAt(config, "serviceAccountName", "spec.executionConfig."),
  };
}

/** A claim that cannot be read was not written by this controller: it has no uid, and so counts as somebody else's. */
function claimFrom(text: string | undefined): Claim | undefined {
  if (text === undefined) return undefined;
  const unreadable: Claim = { uid: "", lease: "", pipelineRun: { namespace: "", name: "" }, claimedAt: "" };
  try {
    const claim = JSON.parse(text);
    if (!isObject(claim)) return unreadable;
    const run = objectAt(claim, "pipelineRun");
    return {
      uid: textAt(claim, "uid") ?? "",
      lease: textAt(claim, "lease") ?? "",
      pipelineRun: { namespace: textAt(run, "namespace") ?? "", name: textAt(run, "name") ?? "" },
      claimedAt: textAt(claim, "claimedAt") ?? "",
    };
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return unreadable;
    throw error;
  }
}

/** The time of a status field in milliseconds; undefined when it is absent. */
export function statusTimeMs(status: ExecutionStatus, field: "startTime" | "completionTime"): number | undefined {
  return timeAt(status as JSONObject, field, "status.");
}
