// workflowexecution.kubernaut.ai/v1alpha1: written by `kubernaut-we generate` from its schema, never by hand.
import * as c from "@cloudydeno/kubernetes-apis/common.ts";
import * as MetaV1 from "@cloudydeno/kubernetes-apis/meta/v1";
import * as k from "../codec.ts";
import * as op from "../operations.ts";

/**
 * WorkflowExecution is one run of a remediation workflow, a Tekton pipeline from an OCI bundle, against one target. On
 * one target at most one runs at a time.
 */
export interface WorkflowExecution {
  apiVersion?: "workflowexecution.kubernaut.ai/v1alpha1";
  kind?: "WorkflowExecution";
  metadata?: MetaV1.ObjectMeta | null;
  /** What to run, on what, and how. It cannot be changed; create a new WorkflowExecution instead. */
  spec: WorkflowExecutionSpec;
  /** What the controller observed. Only the controller writes it. */
  status?: WorkflowExecutionStatus | null;
}
export function toWorkflowExecution(input: c.JSONValue): WorkflowExecution & c.ApiKind {
  return k.readKind<WorkflowExecution>("workflowexecution.kubernaut.ai/v1alpha1", "WorkflowExecution", input, {
    required: {
      spec: toWorkflowExecutionSpec,
    },
    optional: {
      metadata: MetaV1.toObjectMeta,
      status: toWorkflowExecutionStatus,
    },
  });
}
export function fromWorkflowExecution(input: WorkflowExecution): c.JSONValue {
  return k.writeKind("workflowexecution.kubernaut.ai/v1alpha1", "WorkflowExecution", input, {
    metadata: MetaV1.fromObjectMeta,
    spec: fromWorkflowExecutionSpec,
    status: fromWorkflowExecutionStatus,
  });
}

/** WorkflowExecutionList is a list of WorkflowExecution. */
export interface WorkflowExecutionList {
  apiVersion?: "workflowexecution.kubernaut.ai/v1alpha1";
  kind?: "WorkflowExecutionList";
  items: Array<WorkflowExecution>;
  metadata: MetaV1.ListMeta;
}
export function toWorkflowExecutionList(input: c.JSONValue): WorkflowExecutionList & c.ApiKind {
  return k.readKind<WorkflowExecutionList>("workflowexecution.kubernaut.ai/v1alpha1", "WorkflowExecutionList", input, {
    required: {
      items: k.list(toWorkflowExecution),
      metadata: MetaV1.toListMeta,
    },
    optional: {},
  });
}
export function fromWorkflowExecutionList(input: WorkflowExecutionList): c.JSONValue {
  return k.writeKind("workflowexecution.kubernaut.ai/v1alpha1", "WorkflowExecutionList", input, {
    items: k.writeList(fromWorkflowExecution),
    metadata: MetaV1.fromListMeta,
  });
}

/** What to run, on what, and how. It cannot be changed; create a new WorkflowExecution instead. */
export interface WorkflowExecutionSpec {
  /** How sure the choice of this workflow was, from 0 to 1. For the audit trail only. */
  confidence?: number | null;
  /** How the workflow is to be run, where the controller's defaults do not fit. */
  executionConfig?: WorkflowExecutionSpecExecutionConfig | null;
  /**
   * Parameters of the pipeline by name, by convention in UPPER_SNAKE_CASE, passed on unchanged. TARGET_RESOURCE is
   * always added and cannot be set. At most 128, of 128 KiB each and 512 KiB together.
   */
  parameters?: Record<string, string> | null;
  /** Why this workflow was chosen. For the audit trail only. */
  rationale?: string | null;
  /** The RemediationRequest that this execution serves. Its name is the correlation id of every audit event. */
  remediationRequestRef: WorkflowExecutionSpecRemediationRequestRef;
  /**
   * What the workflow acts on, as namespace/kind/name, or kind/name for what is cluster-scoped; the kind in lower case,
   * of custom resources as kind.group. At most one execution runs on a target at a time.
   */
  targetResource: string;
  /** The workflow, and the bundle that holds its pipeline. */
  workflowRef: WorkflowExecutionSpecWorkflowRef;
}
export function toWorkflowExecutionSpec(input: c.JSONValue): WorkflowExecutionSpec {
  return k.readStruct<WorkflowExecutionSpec>(input, {
    required: {
      remediationRequestRef: toWorkflowExecutionSpecRemediationRequestRef,
      targetResource: c.checkStr,
      workflowRef: toWorkflowExecutionSpecWorkflowRef,
    },
    optional: {
      confidence: c.checkNum,
      executionConfig: toWorkflowExecutionSpecExecutionConfig,
      parameters: k.map(c.checkStr),
      rationale: c.checkStr,
    },
  });
}
export function fromWorkflowExecutionSpec(input: WorkflowExecutionSpec): c.JSONValue {
  return k.writeStruct(input, {
    executionConfig: fromWorkflowExecutionSpecExecutionConfig,
    remediationRequestRef: fromWorkflowExecutionSpecRemediationRequestRef,
    workflowRef: fromWorkflowExecutionSpecWorkflowRef,
  });
}

/** How the workflow is to be run, where the controller's defaults do not fit. */
export interface WorkflowExecutionSpecExecutionConfig {
  /**
   * ServiceAccount that the workflow's pods run as, in the namespace that the PipelineRun runs in; default from the
   * controller's configuration.
   */
  serviceAccountName?: string | null;
  /**
   * How long the workflow may run, as a Go duration such as 30m; default 30m. When it is up, the run is cancelled and
   * its `finally` tasks, the rollback, are run.
   */
  timeout?: string | null;
}
export function toWorkflowExecutionSpecExecutionConfig(input: c.JSONValue): WorkflowExecutionSpecExecutionConfig {
  return k.readStruct<WorkflowExecutionSpecExecutionConfig>(input, {
    required: {},
    optional: {
      serviceAccountName: c.checkStr,
      timeout: c.checkStr,
    },
  });
}
export function fromWorkflowExecutionSpecExecutionConfig(input: WorkflowExecutionSpecExecutionConfig): c.JSONValue {
  return k.writeStruct(input, {});
}

/** The RemediationRequest that this execution serves. Its name is the correlation id of every audit event. */
export interface WorkflowExecutionSpecRemediationRequestRef {
  /** Group and version of the RemediationRequest. */
  apiVersion?: string | null;
  /** Part of the RemediationRequest that is meant, when not the whole. */
  fieldPath?: string | null;
  /** Kind of the referenced object, RemediationRequest. */
  kind?: string | null;
  /** Name of the RemediationRequest; audit events are correlated by it. */
  name: string;
  /** Namespace of the RemediationRequest. */
  namespace?: string | null;
  /** Version of the RemediationRequest that was acted upon. */
  resourceVersion?: string | null;
  /** UID of the RemediationRequest. */
  uid?: string | null;
}
export function toWorkflowExecutionSpecRemediationRequestRef(
  input: c.JSONValue,
): WorkflowExecutionSpecRemediationRequestRef {
  return k.readStruct<WorkflowExecutionSpecRemediationRequestRef>(input, {
    required: {
      name: c.checkStr,
    },
    optional: {
      apiVersion: c.checkStr,
      fieldPath: c.checkStr,
      kind: c.checkStr,
      namespace: c.checkStr,
      resourceVersion: c.checkStr,
      uid: c.checkStr,
    },
  });
}
export function fromWorkflowExecutionSpecRemediationRequestRef(
  input: WorkflowExecutionSpecRemediationRequestRef,
): c.JSONValue {
  return k.writeStruct(input, {});
}

/** The workflow, and the bundle that holds its pipeline. */
export interface WorkflowExecutionSpecWorkflowRef {
  /** Digest that the bundle is expected to have. It is compared with the one that really ran. */
  containerDigest?: string | null;
  /**
   * OCI bundle with a Tekton Pipeline called `workflow`, passed to Tekton's bundles resolver as it is written here; for
   * example registry.example/workflows/restart:v1 or the same with @sha256:….
   */
  containerImage: string;
  /** Version of the workflow, as the catalog knows it. */
  version: string;
  /** Identifies the workflow in the catalog. The cooldown counts by it. */
  workflowId: string;
}
export function toWorkflowExecutionSpecWorkflowRef(input: c.JSONValue): WorkflowExecutionSpecWorkflowRef {
  return k.readStruct<WorkflowExecutionSpecWorkflowRef>(input, {
    required: {
      containerImage: c.checkStr,
      version: c.checkStr,
      workflowId: c.checkStr,
    },
    optional: {
      containerDigest: c.checkStr,
    },
  });
}
export function fromWorkflowExecutionSpecWorkflowRef(input: WorkflowExecutionSpecWorkflowRef): c.JSONValue {
  return k.writeStruct(input, {});
}

/** What the controller observed. Only the controller writes it. */
export interface WorkflowExecutionStatus {
  /** When the execution ended, or was skipped. */
  completionTime?: c.Time | null;
  /** ResourceLockAcquired, PipelineRunCreated, ExecutionComplete and AuditRecorded. */
  conditions?: Array<WorkflowExecutionStatusCondition> | null;
  /** From startTime to completionTime in whole seconds, as a Go duration such as 3m30s; 0s when skipped. */
  duration?: string | null;
  /** Why the execution failed. Set in phase Failed only. */
  failureDetails?: WorkflowExecutionStatusFailureDetails | null;
  /** Deprecated: the same as failureDetails.reason. */
  failureReason?: string | null;
  /** One line for people about the current state. */
  message?: string | null;
  /** Generation of the spec that this status is about. */
  observedGeneration?: number | null;
  /** How the execution ended; absent before. */
  outcome?: WorkflowExecutionStatusOutcome | null;
  /** Where the execution stands. Completed, Failed and Skipped are final. */
  phase?: WorkflowExecutionStatusPhase | null;
  /** The PipelineRun of this execution. One that is not named here is never started. */
  pipelineRunRef?: WorkflowExecutionStatusPipelineRunRef | null;
  /** The PipelineRun's Succeeded condition, and its progress. */
  pipelineRunStatus?: WorkflowExecutionStatusPipelineRunStatus | null;
  /** Why the execution was skipped. Set in phase Skipped only. */
  skipDetails?: WorkflowExecutionStatusSkipDetails | null;
  /** When the PipelineRun was created. */
  startTime?: c.Time | null;
}
export function toWorkflowExecutionStatus(input: c.JSONValue): WorkflowExecutionStatus {
  return k.readStruct<WorkflowExecutionStatus>(input, {
    required: {},
    optional: {
      completionTime: c.toTime,
      conditions: k.list(toWorkflowExecutionStatusCondition),
      duration: c.checkStr,
      failureDetails: toWorkflowExecutionStatusFailureDetails,
      failureReason: c.checkStr,
      message: c.checkStr,
      observedGeneration: c.checkNum,
      outcome: toWorkflowExecutionStatusOutcome,
      phase: toWorkflowExecutionStatusPhase,
      pipelineRunRef: toWorkflowExecutionStatusPipelineRunRef,
      pipelineRunStatus: toWorkflowExecutionStatusPipelineRunStatus,
      skipDetails: toWorkflowExecutionStatusSkipDetails,
      startTime: c.toTime,
    },
  });
}
export function fromWorkflowExecutionStatus(input: WorkflowExecutionStatus): c.JSONValue {
  return k.writeStruct(input, {
    completionTime: c.fromTime,
    conditions: k.writeList(fromWorkflowExecutionStatusCondition),
    failureDetails: fromWorkflowExecutionStatusFailureDetails,
    pipelineRunRef: fromWorkflowExecutionStatusPipelineRunRef,
    pipelineRunStatus: fromWorkflowExecutionStatusPipelineRunStatus,
    skipDetails: fromWorkflowExecutionStatusSkipDetails,
    startTime: c.fromTime,
  });
}

export interface WorkflowExecutionStatusCondition {
  /** When status last changed. */
  lastTransitionTime: c.Time;
  /** Why, in a sentence for people; may be empty. */
  message: string;
  /** Generation of the spec that the condition is about. */
  observedGeneration?: number | null;
  /** Why, in one CamelCase word. */
  reason: string;
  /** True, False or Unknown. */
  status: WorkflowExecutionStatusConditionStatus;
  /** What the condition is about. */
  type: string;
}
export function toWorkflowExecutionStatusCondition(input: c.JSONValue): WorkflowExecutionStatusCondition {
  return k.readStruct<WorkflowExecutionStatusCondition>(input, {
    required: {
      lastTransitionTime: c.toTime,
      message: c.checkStr,
      reason: c.checkStr,
      status: toWorkflowExecutionStatusConditionStatus,
      type: c.checkStr,
    },
    optional: {
      observedGeneration: c.checkNum,
    },
  });
}
export function fromWorkflowExecutionStatusCondition(input: WorkflowExecutionStatusCondition): c.JSONValue {
  return k.writeStruct(input, {
    lastTransitionTime: c.fromTime,
  });
}

export type WorkflowExecutionStatusConditionStatus = "True" | "False" | "Unknown";
export function toWorkflowExecutionStatusConditionStatus(input: c.JSONValue): WorkflowExecutionStatusConditionStatus {
  return k.oneOf(input, ["True", "False", "Unknown"]);
}

/** Why the execution failed. Set in phase Failed only. */
export interface WorkflowExecutionStatusFailureDetails {
  /** How long the execution had run when it failed, as a Go duration. */
  executionTimeBeforeFailure: string;
  /** Exit code of the failed step; absent when it did not really run. */
  exitCode?: number | null;
  /** When the failure happened. */
  failedAt: c.Time;
  /** The step that failed; absent when none did. */
  failedStepName?: string | null;
  /**
   * Place of the failed task, from 0, in the pipeline's tasks followed by its finally tasks; -1 when no task failed.
   */
  failedTaskIndex: number;
  /** Name of the failed task in the pipeline; empty when no task failed. */
  failedTaskName: string;
  /** The cause in one line, with secrets redacted. */
  message: string;
  /** The failure told for a person or a language model, with a recommendation. */
  naturalLanguageSummary: string;
  /** The kind of failure, for machines. What is more specific stands in message. */
  reason: WorkflowExecutionStatusFailureDetailsReason;
  /** True when somebody should look at the target before anything else is tried. */
  requiresManualReview: boolean;
  /**
   * True when any step of the workflow may have run, so that the target may have been changed; false when none can
   * have.
   */
  wasExecutionFailure: boolean;
}
export function toWorkflowExecutionStatusFailureDetails(input: c.JSONValue): WorkflowExecutionStatusFailureDetails {
  return k.readStruct<WorkflowExecutionStatusFailureDetails>(input, {
    required: {
      executionTimeBeforeFailure: c.checkStr,
      failedAt: c.toTime,
      failedTaskIndex: c.checkNum,
      failedTaskName: c.checkStr,
      message: c.checkStr,
      naturalLanguageSummary: c.checkStr,
      reason: toWorkflowExecutionStatusFailureDetailsReason,
      requiresManualReview: c.checkBool,
      wasExecutionFailure: c.checkBool,
    },
    optional: {
      exitCode: c.checkNum,
      failedStepName: c.checkStr,
    },
  });
}
export function fromWorkflowExecutionStatusFailureDetails(input: WorkflowExecutionStatusFailureDetails): c.JSONValue {
  return k.writeStruct(input, {
    failedAt: c.fromTime,
  });
}

export type WorkflowExecutionStatusFailureDetailsReason =
  | "OOMKilled"
  | "DeadlineExceeded"
  | "Forbidden"
  | "ResourceExhausted"
  | "ConfigurationError"
  | "ImagePullBackOff"
  | "Unknown";
export function toWorkflowExecutionStatusFailureDetailsReason(
  input: c.JSONValue,
): WorkflowExecutionStatusFailureDetailsReason {
  return k.oneOf(input, [
    "OOMKilled",
    "DeadlineExceeded",
    "Forbidden",
    "ResourceExhausted",
    "ConfigurationError",
    "ImagePullBackOff",
    "Unknown",
  ]);
}

export type WorkflowExecutionStatusOutcome = "Success" | "Failure" | "Skipped";
export function toWorkflowExecutionStatusOutcome(input: c.JSONValue): WorkflowExecutionStatusOutcome {
  return k.oneOf(input, ["Success", "Failure", "Skipped"]);
}

export type WorkflowExecutionStatusPhase = "Pending" | "Running" | "Completed" | "Failed" | "Skipped";
export function toWorkflowExecutionStatusPhase(input: c.JSONValue): WorkflowExecutionStatusPhase {
  return k.oneOf(input, ["Pending", "Running", "Completed", "Failed", "Skipped"]);
}

/** The PipelineRun of this execution. One that is not named here is never started. */
export interface WorkflowExecutionStatusPipelineRunRef {
  /** Name of the PipelineRun. */
  name: string;
  /** Namespace of the PipelineRun. */
  namespace?: string | null;
  /** UID of the PipelineRun. */
  uid?: string | null;
}
export function toWorkflowExecutionStatusPipelineRunRef(input: c.JSONValue): WorkflowExecutionStatusPipelineRunRef {
  return k.readStruct<WorkflowExecutionStatusPipelineRunRef>(input, {
    required: {
      name: c.checkStr,
    },
    optional: {
      namespace: c.checkStr,
      uid: c.checkStr,
    },
  });
}
export function fromWorkflowExecutionStatusPipelineRunRef(input: WorkflowExecutionStatusPipelineRunRef): c.JSONValue {
  return k.writeStruct(input, {});
}

/** The PipelineRun's Succeeded condition, and its progress. */
export interface WorkflowExecutionStatusPipelineRunStatus {
  /** How many tasks have ended. */
  completedTasks?: number | null;
  /** Tekton's message. */
  message?: string | null;
  /** Tekton's reason. */
  reason?: string | null;
  /** Unknown while it runs, True when it succeeded, False when it failed. */
  status: WorkflowExecutionStatusPipelineRunStatusStatus;
  /** How many tasks the pipeline has, with its finally tasks. */
  totalTasks?: number | null;
}
export function toWorkflowExecutionStatusPipelineRunStatus(
  input: c.JSONValue,
): WorkflowExecutionStatusPipelineRunStatus {
  return k.readStruct<WorkflowExecutionStatusPipelineRunStatus>(input, {
    required: {
      status: toWorkflowExecutionStatusPipelineRunStatusStatus,
    },
    optional: {
      completedTasks: c.checkNum,
      message: c.checkStr,
      reason: c.checkStr,
      totalTasks: c.checkNum,
    },
  });
}
export function fromWorkflowExecutionStatusPipelineRunStatus(
  input: WorkflowExecutionStatusPipelineRunStatus,
): c.JSONValue {
  return k.writeStruct(input, {});
}

export type WorkflowExecutionStatusPipelineRunStatusStatus = "Unknown" | "True" | "False";
export function toWorkflowExecutionStatusPipelineRunStatusStatus(
  input: c.JSONValue,
): WorkflowExecutionStatusPipelineRunStatusStatus {
  return k.oneOf(input, ["Unknown", "True", "False"]);
}

/** Why the execution was skipped. Set in phase Skipped only. */
export interface WorkflowExecutionStatusSkipDetails {
  /** The execution that was running on the target; for ResourceBusy. */
  conflictingWorkflow?: WorkflowExecutionStatusSkipDetailsConflictingWorkflow | null;
  /** The reason in one line for people. */
  message: string;
  /**
   * ResourceBusy when another execution was running on the target, RecentlyRemediated when the same workflow ended on
   * it less than the cooldown ago.
   */
  reason: WorkflowExecutionStatusSkipDetailsReason;
  /** The execution whose cooldown was not over; for RecentlyRemediated. */
  recentRemediation?: WorkflowExecutionStatusSkipDetailsRecentRemediation | null;
  /** When it was skipped. */
  skippedAt: c.Time;
}
export function toWorkflowExecutionStatusSkipDetails(input: c.JSONValue): WorkflowExecutionStatusSkipDetails {
  return k.readStruct<WorkflowExecutionStatusSkipDetails>(input, {
    required: {
      message: c.checkStr,
      reason: toWorkflowExecutionStatusSkipDetailsReason,
      skippedAt: c.toTime,
    },
    optional: {
      conflictingWorkflow: toWorkflowExecutionStatusSkipDetailsConflictingWorkflow,
      recentRemediation: toWorkflowExecutionStatusSkipDetailsRecentRemediation,
    },
  });
}
export function fromWorkflowExecutionStatusSkipDetails(input: WorkflowExecutionStatusSkipDetails): c.JSONValue {
  return k.writeStruct(input, {
    conflictingWorkflow: fromWorkflowExecutionStatusSkipDetailsConflictingWorkflow,
    recentRemediation: fromWorkflowExecutionStatusSkipDetailsRecentRemediation,
    skippedAt: c.fromTime,
  });
}

/** The execution that was running on the target; for ResourceBusy. */
export interface WorkflowExecutionStatusSkipDetailsConflictingWorkflow {
  /** Name of the running execution, as namespace/name where it is in another namespace. */
  name: string;
  /** When it started; before it has, when it was created. */
  startedAt: c.Time;
  /** The target, as that execution names it. */
  targetResource: string;
  /** Its workflow. */
  workflowId: string;
}
export function toWorkflowExecutionStatusSkipDetailsConflictingWorkflow(
  input: c.JSONValue,
): WorkflowExecutionStatusSkipDetailsConflictingWorkflow {
  return k.readStruct<WorkflowExecutionStatusSkipDetailsConflictingWorkflow>(input, {
    required: {
      name: c.checkStr,
      startedAt: c.toTime,
      targetResource: c.checkStr,
      workflowId: c.checkStr,
    },
    optional: {},
  });
}
export function fromWorkflowExecutionStatusSkipDetailsConflictingWorkflow(
  input: WorkflowExecutionStatusSkipDetailsConflictingWorkflow,
): c.JSONValue {
  return k.writeStruct(input, {
    startedAt: c.fromTime,
  });
}

export type WorkflowExecutionStatusSkipDetailsReason = "ResourceBusy" | "RecentlyRemediated";
export function toWorkflowExecutionStatusSkipDetailsReason(
  input: c.JSONValue,
): WorkflowExecutionStatusSkipDetailsReason {
  return k.oneOf(input, ["ResourceBusy", "RecentlyRemediated"]);
}

/** The execution whose cooldown was not over; for RecentlyRemediated. */
export interface WorkflowExecutionStatusSkipDetailsRecentRemediation {
  /** When it ended. */
  completedAt: c.Time;
  /** How long the cooldown still lasted, rounded up, as a Go duration. */
  cooldownRemaining: string;
  /** Name of the earlier execution, as namespace/name where it is in another namespace. */
  name: string;
  /** How it ended, Completed or Failed. */
  outcome: string;
  /** The target, as this execution names it. */
  targetResource: string;
  /** Its workflow, the same as this execution's. */
  workflowId: string;
}
export function toWorkflowExecutionStatusSkipDetailsRecentRemediation(
  input: c.JSONValue,
): WorkflowExecutionStatusSkipDetailsRecentRemediation {
  return k.readStruct<WorkflowExecutionStatusSkipDetailsRecentRemediation>(input, {
    required: {
      completedAt: c.toTime,
      cooldownRemaining: c.checkStr,
      name: c.checkStr,
      outcome: c.checkStr,
      targetResource: c.checkStr,
      workflowId: c.checkStr,
    },
    optional: {},
  });
}
export function fromWorkflowExecutionStatusSkipDetailsRecentRemediation(
  input: WorkflowExecutionStatusSkipDetailsRecentRemediation,
): c.JSONValue {
  return k.writeStruct(input, {
    completedAt: c.fromTime,
  });
}

/** workflowexecution.kubernaut.ai/v1alpha1, cluster-wide. */
export class WorkflowexecutionV1alpha1Api {
  readonly #target: op.Target;
  constructor(client: c.RestClient) {
    this.#target = op.clusterWide(client, "/apis/workflowexecution.kubernaut.ai/v1alpha1/");
  }

  namespace(name: string): WorkflowexecutionV1alpha1NamespacedApi {
    return new WorkflowexecutionV1alpha1NamespacedApi(this.#target.client, name);
  }

  /** The namespace that the client was set up with. */
  myNamespace(): WorkflowexecutionV1alpha1NamespacedApi {
    const name = this.#target.client.defaultNamespace;
    if (!name) throw new Error("The client has no default namespace: name one with namespace()");
    return this.namespace(name);
  }

  getWorkflowExecutionListForAllNamespaces(opts: op.ListOpts = {}): Promise<WorkflowExecutionList & c.ApiKind> {
    return op.get(this.#target, ["workflowexecutions"], opts, toWorkflowExecutionList);
  }

  watchWorkflowExecutionListForAllNamespaces(opts: op.WatchOpts = {}): Promise<c.WatchEventStream<WorkflowExecution>> {
    return op.watch(this.#target, ["workflowexecutions"], opts, toWorkflowExecution, MetaV1.toStatus);
  }
}

/** workflowexecution.kubernaut.ai/v1alpha1, in one namespace. */
export class WorkflowexecutionV1alpha1NamespacedApi {
  readonly #target: op.Target;
  constructor(client: c.RestClient, namespace: string) {
    this.#target = op.inNamespace(client, "/apis/workflowexecution.kubernaut.ai/v1alpha1/", namespace);
  }

  getWorkflowExecutionList(opts: op.ListOpts = {}): Promise<WorkflowExecutionList & c.ApiKind> {
    return op.get(this.#target, ["workflowexecutions"], opts, toWorkflowExecutionList);
  }

  watchWorkflowExecutionList(opts: op.WatchOpts = {}): Promise<c.WatchEventStream<WorkflowExecution>> {
    return op.watch(this.#target, ["workflowexecutions"], opts, toWorkflowExecution, MetaV1.toStatus);
  }

  createWorkflowExecution(body: WorkflowExecution, opts: op.PutOpts = {}): Promise<WorkflowExecution & c.ApiKind> {
    return op.send(
      this.#target,
      "POST",
      ["workflowexecutions"],
      fromWorkflowExecution(body),
      opts,
      toWorkflowExecution,
    );
  }

  deleteWorkflowExecutionList(
    opts: op.DeleteListOpts = {},
  ): Promise<(WorkflowExecutionList | MetaV1.Status) & c.ApiKind> {
    return op.remove(this.#target, ["workflowexecutions"], opts, op.statusOr(MetaV1.toStatus, toWorkflowExecutionList));
  }

  getWorkflowExecution(name: string, opts: op.GetOpts = {}): Promise<WorkflowExecution & c.ApiKind> {
    return op.get(this.#target, ["workflowexecutions", name], opts, toWorkflowExecution);
  }

  deleteWorkflowExecution(
    name: string,
    opts: op.DeleteOpts = {},
  ): Promise<(WorkflowExecution | MetaV1.Status) & c.ApiKind> {
    return op.remove(
      this.#target,
      ["workflowexecutions", name],
      opts,
      op.statusOr(MetaV1.toStatus, toWorkflowExecution),
    );
  }

  replaceWorkflowExecution(
    name: string,
    body: WorkflowExecution,
    opts: op.PutOpts = {},
  ): Promise<WorkflowExecution & c.ApiKind> {
    return op.send(
      this.#target,
      "PUT",
      ["workflowexecutions", name],
      fromWorkflowExecution(body),
      opts,
      toWorkflowExecution,
    );
  }

  patchWorkflowExecution(
    name: string,
    type: c.PatchType,
    body: Partial<WorkflowExecution> | c.JsonPatch,
    opts: op.PatchOpts = {},
  ): Promise<WorkflowExecution & c.ApiKind> {
    return op.patch(
      this.#target,
      ["workflowexecutions", name],
      type,
      body,
      opts,
      fromWorkflowExecution,
      toWorkflowExecution,
    );
  }

  getWorkflowExecutionStatus(name: string, opts: op.GetOpts = {}): Promise<WorkflowExecution & c.ApiKind> {
    return op.get(this.#target, ["workflowexecutions", name, "status"], opts, toWorkflowExecution);
  }

  replaceWorkflowExecutionStatus(
    name: string,
    body: WorkflowExecution,
    opts: op.PutOpts = {},
  ): Promise<WorkflowExecution & c.ApiKind> {
    return op.send(
      this.#target,
      "PUT",
      ["workflowexecutions", name, "status"],
      fromWorkflowExecution(body),
      opts,
      toWorkflowExecution,
    );
  }

  patchWorkflowExecutionStatus(
    name: string,
    type: c.PatchType,
    body: Partial<WorkflowExecution> | c.JsonPatch,
    opts: op.PatchOpts = {},
  ): Promise<WorkflowExecution & c.ApiKind> {
    return op.patch(
      this.#target,
      ["workflowexecutions", name, "status"],
      type,
      body,
      opts,
      fromWorkflowExecution,
      toWorkflowExecution,
    );
  }
}
