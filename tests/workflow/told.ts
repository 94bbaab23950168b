// A decision in a few words, so that a table of them can be read: what is done, to what, and why.

import type { Action, Decision } from "../../lib/workflow/action.ts";
import type { Execution } from "../../lib/workflow/execution.ts";
import type { Lock } from "../../lib/workflow/lock.ts";
import type { PipelineRun } from "../../lib/workflow/pipeline_run.ts";
import type { Snapshot } from "../../lib/workflow/snapshot.ts";
import { execution, holder, lock, pipelineRun, recentEnd, runningExecution, snapshot } from "../support/builders.ts";

export function told({ action, requeueAfterMs, retryAfterMs }: Decision): string {
  if (action) return words(action);
  if (retryAfterMs !== undefined) return `retry ${retryAfterMs}`;
  return requeueAfterMs === undefined ? "wait" : `wait ${requeueAfterMs}`;
}

function words(action: Action): string {
  switch (action.do) {
    case "read":
      return `read ${action.what}`;
    case "claim":
      return action.claim ? `claim ${action.claim.uid} ${action.claim.pipelineRun.namespace}` : "claim nothing";
    case "patchLock":
      return `patchLock ${action.for}`;
    case "createLock":
      return `createLock ${(action.body.spec as { holderIdentity?: string }).holderIdentity ?? "free"}`;
    case "createPipelineRun":
      return `createPipelineRun ${action.where.namespace}/${action.where.name}`;
    case "startPipelineRun":
      return `start ${action.run.uid}`;
    case "cancelPipelineRun":
      return `cancel ${action.run.uid} ${action.mode} ${action.because}`;
    case "deletePipelineRun":
      return `delete ${action.run.uid} ${action.because}`;
    case "writeStatus": {
      const { phase, failureReason, skipDetails, pipelineRunStatus, conditions } = action.patch;
      if (phase) return ["status", phase, failureReason ?? skipDetails?.reason ?? ""].join(" ").trim();
      if (pipelineRunStatus) return `progress ${pipelineRunStatus.reason}`;
      const { type, status, reason } = conditions?.at(-1) ?? {};
      return `condition ${type} ${status} ${reason}`;
    }
    default:
      return action.do;
  }
}

/** What a failure recommends: the end of its summary. */
export function recommended({ action }: Decision): string | undefined {
  const summary = action?.do === "writeStatus" ? action.patch.failureDetails?.naturalLanguageSummary : undefined;
  return summary?.split("Recommendation: ")[1];
}

// ---- the snapshots that the tables begin with

export const ours = holder({ name: "fix", uid: "uid-fix", workflowId: "restart" });
export const theirs = holder();
export const none = { value: undefined, live: false };
export const noneLive = { value: undefined, live: true };
export const cached = <T>(value: T) => ({ value, live: false });
export const live = <T>(value: T) => ({ value, live: true });
export const finalizers = ["workflowexecution.kubernaut.ai/workflowexecution-cleanup"];
export const { claim } = runningExecution();

export const other = (o: Partial<Execution> = {}) =>
  execution({ name: "other", uid: "uid-other", status: { phase: "Running" }, ...o, spec: { workflowId: "scale" } });
export const otherRun = (o: Partial<PipelineRun> = {}) =>
  pipelineRun({
    name: "other-run",
    uid: "uid-other-run",
    executionKey: "payment/other",
    executionUid: "uid-other",
    ...o,
  });
export const free = (o: Partial<Lock> = {}) => lock(o);
export const held = lock({ holder: theirs });
export const mine = lock({ holder: ours });
export const recent = lock({ recentEnds: [recentEnd()] });
export const pendingRun = pipelineRun({ ordered: "PipelineRunPending" });
export const goesOn = pipelineRun({ succeeded: { status: "Unknown", reason: "Running", message: "" }, childCount: 1 });
export const succeeded = pipelineRun({
  succeeded: { status: "True", reason: "Succeeded", message: "" },
  completionTimeMs: Date.UTC(2026, 0, 1, 0, 0, 1),
});
export const failedRun = pipelineRun({
  succeeded: { status: "False", reason: "Failed", message: "" },
  completionTimeMs: Date.UTC(2026, 0, 1, 0, 0, 1),
});

/** An execution that has claimed, holds its lock, and has no run yet. */
export function claimed(o: Partial<Snapshot> = {}): Snapshot {
  return snapshot({ execution: execution({ finalizers, claim }), lock: cached(mine), ...o });
}

/** An execution that runs, and whose progress is written. */
export function running(o: Partial<Snapshot> = {}, of: Partial<Execution> = {}): Snapshot {
  const status = {
    ...runningExecution().status,
    pipelineRunStatus: { status: "Unknown", reason: "Running", message: "" },
  };
  return snapshot({
    execution: runningExecution({ status: status as Execution["status"], ...of }),
    lock: cached(mine),
    pipelineRun: cached(goesOn),
    ...o,
  });
}

/** What makes it one that has said, in its condition, why its run is about to end. */
export function said(reason: string): Partial<Execution> {
  const { status } = running().execution;
  const condition = { type: "ExecutionComplete", status: "Unknown", message: "why", lastTransitionTime: "" } as const;
  return { status: { ...status, conditions: [{ ...condition, reason }] } };
}
