// The names by which this controller's objects are known in a cluster: one constant each, so that code, manifests and tests
// cannot drift apart.

export const apiGroup = "workflowexecution.kubernaut.ai";
export const apiVersion = `${apiGroup}/v1alpha1`;
export const kind = "WorkflowExecution";
export const plural = "workflowexecutions";
export const crdName = `${plural}.${apiGroup}`;

export const tektonApiVersion = "tekton.dev/v1";

/** Our finalizer: something is owed (a run, a lock, an audit event) as long as it stands on an execution. */
export const finalizer = `${apiGroup}/workflowexecution-cleanup`;

export const label = {
  managedBy: "app.kubernetes.io/managed-by",
  execution: "kubernaut.ai/workflow-execution",
  executionUid: "kubernaut.ai/workflow-execution-uid",
  workflowId: "kubernaut.ai/workflow-id",
  sourceNamespace: "kubernaut.ai/source-namespace",
  correlationId: "kubernaut.ai/correlation-id",
  targetNamespace: "kubernaut.ai/target-namespace",
  targetKind: "kubernaut.ai/target-kind",
  targetName: "kubernaut.ai/target-name",
} as const;

export const annotation = {
  /** On PipelineRuns the target as given, on Leases the canonical one. */
  targetResource: "kubernaut.ai/target-resource",
  /** On PipelineRuns: `namespace/name` of the execution, whole (a label holds at most 63 characters). */
  execution: "kubernaut.ai/workflow-execution",
  correlationId: "kubernaut.ai/correlation-id",
  /** On executions: what was claimed for it, before anything was created. */
  claim: "kubernaut.ai/claim",
  /** On PipelineRuns: why this controller ended it, written in the same patch. */
  endedBecause: "kubernaut.ai/ended-because",
  endedAt: "kubernaut.ai/ended-at",
  /** On Leases: who holds it, and who held it last. */
  holder: "kubernaut.ai/holder",
  recentEnds: "kubernaut.ai/recent-ends",
} as const;

/** The value of the managed-by label: what the watches select by. */
export const managedBy = "kubernaut-workflowexecution";

/** Who this controller says it is, in Events and in the audit trail. */
export const controllerName = "workflowexecution-controller";

/**
 * Any text as a label value: at most 63 of `[A-Za-z0-9._-]`, beginning and ending with a letter or digit; what does not fit
 * is replaced by `_` or cut. Empty when nothing is left.
 * Rule: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set
 */
export function labelValue(text: string): string {
  return text.replace(/[^A-Za-z0-9._-]/g, "_").replace(/^[^A-Za-z0-9]+/, "").slice(0, 63).replace(/[^A-Za-z0-9]+$/, "");
}
