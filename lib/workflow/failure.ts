// Why a run failed, in the form of status.failureDetails (spec.md §4). The PipelineRun says only counts; the cause is in its
// TaskRuns and their steps. This file picks the failed task and step and puts the details together; the evidence is read in
// failure_evidence.ts, the reason found in failure_rules.ts, the texts made in failure_message.ts and summary.ts.
// Any evidence gives valid details: it never throws, and no text carries a secret or is longer than 4 KB.

import { formatDuration } from "./duration.ts";
import { type Execution, type FailureDetails, statusTimeMs } from "./execution.ts";
import { type Evidence, factsFrom, type RunFacts, type TaskFacts } from "./failure_evidence.ts";
import { messageFor } from "./failure_message.ts";
import { reasonFor, type Symptoms, withoutNames } from "./failure_rules.ts";
import { firstFailed, ranByItself, type StepFacts } from "./failure_steps.ts";
import { safeLine, safeName } from "./failure_text.ts";
import type { PipelineRun } from "./pipeline_run.ts";
import { rfc3339 } from "./status.ts";
import { summarize } from "./summary.ts";

// Part of failureDetails' signature: who calls it needs no second import.
export type { Evidence } from "./failure_evidence.ts";

/**
 * The details of a run that has finished with Succeeded False.
 * @param o.nowMs milliseconds since the epoch, used only where the run says no time
 */
export function failureDetails(
  o: { execution: Execution; run: PipelineRun; evidence: Evidence; nowMs: number },
): FailureDetails {
  const { execution, run } = o;
  const facts = factsFrom(o.evidence);
  const task = failedTask(facts);
  const step = task && failedStep(task);
  const reason = reasonFor(symptomsOf(run, facts, task, step));
  const wasExecutionFailure = mayHaveRun(run, facts);
  const failedAtMs = task?.completedAtMs ?? run.completionTimeMs ?? facts.completedAtMs ?? o.nowMs;
  const elapsed = formatDuration(Math.max(0, failedAtMs - startMs(execution, run, failedAtMs)));
  const exitCode = step?.exitCode;
  const { parameters } = execution.spec;
  const message = safeLine(messageFor({ execution, run, facts, task, step }), parameters);
  const summary = summarize({ execution, run, facts, task, step, reason, message, elapsed, wasExecutionFailure });
  return {
    failedTaskIndex: task?.index ?? -1,
    failedTaskName: safeName(task?.name ?? "", parameters),
    ...(step?.name ? { failedStepName: safeName(step.name, parameters) } : {}),
    reason,
    message,
    ...(exitCode === undefined ? {} : { exitCode }),
    failedAt: rfc3339(failedAtMs),
    executionTimeBeforeFailure: elapsed,
    naturalLanguageSummary: safeLine(summary, parameters),
    wasExecutionFailure,
    requiresManualReview: wasExecutionFailure,
  };
}

/**
 * The task that failed first; a cancelled one only if no other failed, and a finally task only if it is the only one: a
 * rollback that fails after a deadline is not why the run failed. Where no TaskRun tells of a failure but exactly one child of
 * a failed run is unaccounted for (a CustomRun, a pruned TaskRun), that one must be it.
 */
export function failedTask(facts: RunFacts): TaskFacts | undefined {
  const first = (outcome: TaskFacts["outcome"], isFinally: boolean) =>
    facts.tasks.filter((task) => task.outcome === outcome && task.isFinally === isFinally)
      .reduce<TaskFacts | undefined>((best, task) => !best || endMs(task) < endMs(best) ? task : best, undefined);
  const unaccounted = facts.tasks.filter((task) => task.outcome === "unknown");
  return first("failed", false) ?? first("cancelled", false) ?? first("failed", true) ?? first("cancelled", true) ??
    (facts.reason === "Failed" && unaccounted.length === 1 ? unaccounted[0] : undefined);
}

function endMs(task: TaskFacts): number {
  return task.completedAtMs ?? Infinity;
}

/** The step that failed, else the one that was waited for, or that was cut off when its pod was taken away. */
export function failedStep(task: TaskFacts): StepFacts | undefined {
  const failed = firstFailed(task.steps);
  if (failed) return failed;
  const pulled = /\bthe step "([^"]{1,253})" in TaskRun\b/.exec(task.message)?.[1];
  const badWait = /^(CreateContainer.*Error|ErrImage.*|ImagePullBackOff|ImageInspectError|InvalidImageName)$/;
  return (pulled ? task.steps.find((step) => step.name === pulled) : undefined) ??
    task.steps.find((step) => step.outcome === "not started" && badWait.test(step.reason)) ??
    task.steps.find((step) => step.outcome === "stopped");
}

function symptomsOf(
  run: PipelineRun,
  facts: RunFacts,
  task: TaskFacts | undefined,
  step: StepFacts | undefined,
): Symptoms {
  const names = [facts.name, ...facts.tasks.flatMap((each) => [each.runName, each.podName, each.name])];
  const message = task && task.outcome !== "unknown" ? task.message : facts.message || run.succeeded?.message || "";
  return {
    endedBecause: run.endedBecause,
    pipelineReason: facts.reason || run.succeeded?.reason || "",
    taskReason: task?.reason ?? "",
    stepReasons: step ? [step.reason, step.terminationReason] : [],
    text: withoutNames(message, names),
    stepText: withoutNames(step?.message ?? "", names),
  };
}

/**
 * Whether any step of any task may have run. A task without a trace may have; one without a pod has not; in a pod that was
 * taken away because an image or a setting was missing, the other steps were still waiting for that container.
 */
export function mayHaveRun(run: PipelineRun, facts: RunFacts): boolean {
  if (facts.tasks.length === 0) return run.childCount > 0;
  return facts.tasks.some((task) =>
    task.outcome === "unknown" || task.kind !== "TaskRun" ||
    [task, ...task.earlierAttempts].some((attempt) => {
      if (attempt.steps.length === 0) return attempt.podName !== "" && !neverBegan.test(attempt.reason);
      return attempt.steps.some((step) =>
        ranByItself(step) || (step.outcome === "stopped" && mayHaveBegun(task, step))
      );
    })
  );
}

const neverBegan =
  /^(PodCreationFailed|PodAdmissionFailed|InitContainer\w+|ExceededNodeResources|TaskRunImagePullFailed)$/;

function mayHaveBegun(task: TaskFacts, step: StepFacts): boolean {
  if (!/^(TaskRunImagePullFailed|CreateContainerConfigError)$/.test(step.reason)) return true;
  return !task.gated && step.startedAtMs !== undefined && step.startedAtMs > (task.createdAtMs ?? 0);
}

function startMs(execution: Execution, run: PipelineRun, otherwiseMs: number): number {
  return statusTimeMs(execution.status, "startTime") ?? (run.createdAtMs || run.startTimeMs || otherwiseMs);
}
