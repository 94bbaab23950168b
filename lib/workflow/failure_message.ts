// failureDetails.message: the cause in one line, in Tekton's own words where it has any, never its counts.

import { formatDuration } from "./duration.ts";
import type { Execution } from "./execution.ts";
import type { RunFacts, TaskFacts } from "./failure_evidence.ts";
import type { StepFacts } from "./failure_steps.ts";
import type { PipelineRun } from "./pipeline_run.ts";

/** A run that has failed, as the texts about it need it. */
export interface Failure {
  readonly execution: Execution;
  readonly run: PipelineRun;
  readonly facts: RunFacts;
  readonly task: TaskFacts | undefined;
  readonly step: StepFacts | undefined;
}

/** Not redacted and not cut yet. */
export function messageFor(failure: Failure): string {
  return endedByUs(failure) ?? endedByOthers(failure) ?? causeOf(failure);
}

function endedByUs(failure: Failure): string | undefined {
  const { execution, run, facts } = failure;
  const { containerImage, targetResource, timeout } = execution.spec;
  switch (run.endedBecause) {
    case "DeadlineExceeded": {
      const sinceMs = run.endedAtMs === undefined ? undefined : Math.max(0, run.endedAtMs - run.createdAtMs);
      const was = timeout ? `the timeout of ${timeout} was up` : "the execution's time was up";
      const after = timeout || sinceMs === undefined ? "" : ` after ${formatDuration(sinceMs)}`;
      return joined(`${was}${after}`, unfinished(failure), rollback(facts));
    }
    case "StartDeadlineExceeded":
      return `no task began within the start deadline: bundle ${containerImage}, or something it refers to, could not be resolved`;
    case "ExecutionDeleted":
    case "ExecutionGone":
      return joined("cancelled, because the execution was deleted", rollback(facts));
    case "ExecutionEnded":
      return joined("cancelled, because the execution had ended already", rollback(facts));
    case "LockLost":
      return joined(`cancelled, because the lock on ${targetResource} was lost`, rollback(facts));
    case "":
      return undefined;
  }
}

/** Cancelled or stopped by hand: Tekton says so of the run, or only of the task when the finally tasks then failed. */
function endedByOthers(failure: Failure): string | undefined {
  if (!isCancelled(failure)) return undefined;
  const { run, facts, task } = failure;
  const said = /\bwas cancelled\b/.test(facts.message) ? facts.message : `PipelineRun "${run.name}" was cancelled`;
  const what = task?.outcome === "failed" ? causeOf(failure) : unfinished(failure);
  return joined(`${said} by someone`, what, rollback(facts));
}

/** Whether somebody else than this controller cancelled or stopped the run, or the failed task. */
export function isCancelled({ run, facts, task }: Failure): boolean {
  if (run.endedBecause) return false;
  if (/^(Cancelled|CancelledRunningFinally|StoppedRunningFinally)$/.test(facts.reason || run.succeeded?.reason || "")) {
    return true;
  }
  return facts.reason !== "PipelineRunTimeout" && task?.outcome === "cancelled" &&
    !/\bhas timed out\b/.test(task.message);
}

function causeOf({ run, facts, task, step }: Failure): string {
  const pipelineMessage = facts.message || run.succeeded?.message || "";
  const pipelineReason = facts.reason || run.succeeded?.reason || "";
  const ofPipeline = withReason(pipelineReason, withoutCounts(pipelineMessage));
  if (!task) return ofPipeline || "the PipelineRun failed, and none of its TaskRuns tells why";
  if (task.outcome === "unknown") {
    return `task "${task.name}" failed, and ${
      task.kind === "TaskRun" ? `its TaskRun ${task.runName} is gone` : `its ${task.kind} ${task.runName} was not read`
    }: the cause is not known`;
  }
  if (task.outcome === "cancelled" && pipelineReason === "PipelineRunTimeout") {
    return joined(ofPipeline, rollback(facts));
  }
  const said = withReason(task.reason, task.message) || `task "${task.name}" failed without saying why`;
  return step?.message && !said.includes(step.message) ? `${said}: ${step.message}` : said;
}

/** Reasons that say nothing which the message does not. */
const plainReasons = new Set(["", "Failed", "StepFailed", "StepOOM", "TaskRunCancelled", "FailureIgnored"]);

function withReason(reason: string, message: string): string {
  if (plainReasons.has(reason)) return message;
  return message ? `${reason}: ${message}` : reason;
}

function withoutCounts(message: string): string {
  return /^Tasks Completed: \d/.test(message) ? "" : message;
}

function unfinished({ task }: Failure): string {
  if (!task || task.isFinally) return "";
  return task.outcome === "cancelled" ? `task "${task.name}" was cancelled` : `task "${task.name}" ${saysOf(task)}`;
}

function saysOf(task: TaskFacts): string {
  return task.outcome === "failed" ? `failed: ${task.message || task.reason}` : `ended ${task.outcome}`;
}

/** How the finally tasks ended; empty when the pipeline has none. */
export function rollback(facts: RunFacts): string {
  const declared = facts.declared.filter((task) => task.isFinally);
  const parts = declared.map(({ name }) => {
    const runs = facts.tasks.filter((task) => task.isFinally && task.name === name);
    const bad = runs.find((task) => task.outcome !== "succeeded");
    if (runs.length === 0) return `finally task "${name}" did not run`;
    if (!bad) return `finally task "${name}" succeeded`;
    if (bad.outcome === "failed") return `finally task "${name}" failed: ${bad.message || bad.reason}`;
    return bad.outcome === "unknown"
      ? `finally task "${name}" ran, its end is not known`
      : `finally task "${name}" was ${bad.outcome === "running" ? "not finished" : bad.outcome}`;
  });
  return parts.join(", ");
}

function joined(...parts: readonly string[]): string {
  return parts.filter(Boolean).join("; ");
}
