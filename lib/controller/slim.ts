// What the caches keep of an object: history in a few hundred bytes each. Of an execution that is final and owes nothing the
// rules ask only when it ended, what it held and which run was its own; what is said of it, its owner reads from the API server.

import type { Interner } from "../kube/interner.ts";
import { type Execution, type ExecutionStatus, isFinal, isOwed } from "../workflow/execution.ts";
import type { PipelineRun } from "../workflow/pipeline_run.ts";

const none: readonly string[] = Object.freeze([]);
const noParameters: Readonly<Record<string, string>> = Object.freeze({});

/** An execution as it is kept. One that is under way, or owes something, is kept whole. */
export function slimExecution(execution: Execution, { of }: Interner): Execution {
  if (!isFinal(execution) || isOwed(execution)) return execution;
  const { spec, status, claim } = execution;
  const namespace = of(execution.namespace);
  const ref = status.pipelineRunRef;
  return {
    ...execution,
    namespace,
    finalizers: execution.finalizers.length === 0 ? none : execution.finalizers,
    claim: claim && {
      ...claim,
      uid: claim.uid === execution.uid ? execution.uid : claim.uid,
      pipelineRun: {
        namespace: claim.pipelineRun.namespace === namespace ? namespace : claim.pipelineRun.namespace,
        name: claim.pipelineRun.name === ref?.name ? ref.name : claim.pipelineRun.name,
      },
    },
    spec: {
      ...spec,
      workflowId: of(spec.workflowId),
      version: of(spec.version),
      containerImage: of(spec.containerImage),
      parameters: noParameters,
      rationale: undefined,
    },
    status: slimStatus(status, of),
  };
}

function slimStatus(status: ExecutionStatus, of: Interner["of"]): ExecutionStatus {
  const { phase, startTime, completionTime, pipelineRunRef, conditions } = status;
  // A patch replaces the whole list: what may be patched once more, or says that no end counts (recent_end.ts), is kept whole.
  const asked = conditions?.some(({ type, reason }) => type === "AuditRecorded" || reason === "LockLost");
  return {
    ...(phase === undefined ? {} : { phase }),
    ...(startTime === undefined ? {} : { startTime }),
    ...(completionTime === undefined ? {} : { completionTime }),
    ...(pipelineRunRef === undefined
      ? {}
      : { pipelineRunRef: { ...pipelineRunRef, namespace: of(pipelineRunRef.namespace ?? "") } }),
    ...(asked && conditions ? { conditions } : {}),
  };
}

/** A run as it is kept. */
export function slimRun(run: PipelineRun, { of }: Interner): PipelineRun {
  const { succeeded } = run;
  return {
    ...run,
    namespace: of(run.namespace),
    workflowId: of(run.workflowId),
    digest: of(run.digest),
    finalizers: run.finalizers.length === 0 ? none : run.finalizers,
    succeeded: succeeded && {
      status: succeeded.status,
      reason: of(succeeded.reason),
      message: of(succeeded.message),
    },
  };
}
