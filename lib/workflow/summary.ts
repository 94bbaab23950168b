// failureDetails.naturalLanguageSummary: what happened and what to do, in plain sentences, for a person and a language model.
// The most important comes first, and one recommendation a reason last; what may be long in between is cut to leave it room.

import type { Execution, FailureReason } from "./execution.ts";
import type { RunFacts, TaskFacts } from "./failure_evidence.ts";
import { type Failure, isCancelled, rollback } from "./failure_message.ts";
import { safeName, safePart } from "./failure_text.ts";

/** What to do next, one sentence a reason. */
export const recommendations: Readonly<Record<FailureReason, string>> = {
  OOMKilled:
    "Raise the memory limit of the container that was killed, or give it less to do at once, and run it again.",
  DeadlineExceeded:
    "Find out what the task was waiting for; if it only needs longer, raise executionConfig.timeout or the task's own timeout.",
  Forbidden:
    "Grant the workflow's service account what it was refused, or let the policy that refused it admit the workflow's pods.",
  ResourceExhausted:
    "Free or add the resource that ran out (quota, node memory, CPU or disk), or lower the workflow's requests, and run it again.",
  ConfigurationError:
    "Correct what is missing or invalid (bundle, parameter, service account or workflow definition); repeating it unchanged will fail again.",
  ImagePullBackOff:
    "Check that the image exists under that very name, that its registry answers, and that the service account may pull from it.",
  Unknown: "Read the logs of the task's pod and look at the target before running anything else on it.",
};

const cancelled = "Ask who cancelled it and why before running it again.";

/** Every part redacted and cut; the whole may still be too long by a little. */
export function summarize(
  failure: Failure & { reason: FailureReason; message: string; elapsed: string; wasExecutionFailure: boolean },
): string {
  const { execution, facts, task, reason, message, elapsed, wasExecutionFailure } = failure;
  const { parameters } = execution.spec;
  const part = (text: string) => safePart(text, parameters, 700);
  const cause = safePart(message, parameters, 1200);
  const finallyEnd = part(rollback(facts));
  return [
    `${opening(execution)} failed ${task ? `in ${placeOf(task, facts, execution)} ` : ""}after ${elapsed}.`,
    stepSentence(failure),
    `Reason: ${reason}. Cause: ${ended(cause)}`,
    retriesOf(task),
    part(completedBefore(facts, task, execution)),
    part(othersFailed(facts, task, execution)),
    finallyEnd && !task?.isFinally && !cause.includes(finallyEnd) ? ended(`Afterwards: ${finallyEnd}`) : "",
    wasExecutionFailure
      ? "Steps may have changed the target: look at it before trying again."
      : "No step ran, so the target is unchanged.",
    `Recommendation: ${isCancelled(failure) && reason === "Unknown" ? cancelled : recommendations[reason]}`,
  ].filter(Boolean).join(" ");
}

/** Who failed on what, for failures of every kind. */
export function opening(execution: Execution): string {
  const { workflowId, version, targetResource, parameters } = execution.spec;
  const part = (text: string) => safePart(text, parameters, 300);
  return `Workflow ${part(workflowId)}${version ? ` ${part(version)}` : ""} on ${part(targetResource)}`;
}

/** A sentence that ends with a full stop. */
export function ended(sentence: string): string {
  return /[.!?…]$/.test(sentence) ? sentence : `${sentence}.`;
}

function placeOf(task: TaskFacts, facts: RunFacts, execution: Execution): string {
  const name = `"${safeName(task.name, execution.spec.parameters)}"`;
  if (task.index < 0) return `task ${name}`;
  const same = facts.declared.filter((each) => each.isFinally === task.isFinally);
  const at = facts.declared.slice(0, task.index).filter((each) => each.isFinally === task.isFinally).length;
  const matrix = facts.tasks.filter((each) => each.name === task.name).length;
  return `${task.isFinally ? "finally task" : "task"} ${name} (${at + 1} of ${same.length})` +
    (matrix > 1 ? `, one of its ${matrix} matrix runs,` : "");
}

function stepSentence({ execution, step }: Failure): string {
  if (!step?.name) return "";
  const name = `Step "${safeName(step.name, execution.spec.parameters)}"`;
  if (step.exitCode !== undefined) return `${name} ended with exit code ${step.exitCode}.`;
  if (step.terminationReason === "TimeoutExceeded") return `${name} ran longer than its own timeout allows.`;
  if (step.outcome === "not started" || step.reason === "TaskRunImagePullFailed") return `${name} never started.`;
  return step.outcome === "stopped" ? `${name} was stopped.` : `${name} failed.`;
}

function retriesOf(task: TaskFacts | undefined): string {
  const attempts = task?.earlierAttempts.length ?? 0;
  if (attempts === 0) return "";
  const before = attempts === 1 ? "the attempt before failed" : `the ${attempts} attempts before failed`;
  return `This was attempt ${attempts + 1}; ${before} too.`;
}

function completedBefore(facts: RunFacts, task: TaskFacts | undefined, execution: Execution): string {
  const done = distinct(
    facts.tasks.filter((each) => each.outcome === "succeeded" && !each.isFinally && each.name !== task?.name),
  );
  const names = done.map((name) => `"${safeName(name, execution.spec.parameters)}"`).join(", ");
  if (done.length > 0) return ended(`Completed: ${names}`);
  return task ? "No other task had completed." : "No task had completed.";
}

function othersFailed(facts: RunFacts, task: TaskFacts | undefined, execution: Execution): string {
  const others = facts.tasks.filter((each) => each !== task && !each.isFinally && each.name !== task?.name);
  const list = (what: string, outcome: TaskFacts["outcome"]) => {
    const names = distinct(others.filter((each) => each.outcome === outcome));
    return names.length === 0
      ? ""
      : ended(`${what}: ${names.map((name) => `"${safeName(name, execution.spec.parameters)}"`).join(", ")}`);
  };
  return [
    list("Failed too", "failed"),
    list("Cancelled too", "cancelled"),
    list("Failed, to be continued after", "ignored"),
    list("Not known", "unknown"),
    neverRan(facts, execution),
  ].filter(Boolean).join(" ");
}

function neverRan(facts: RunFacts, execution: Execution): string {
  if (facts.tasks.length === 0) return "";
  const names = facts.declared.filter((each) => !each.isFinally && facts.tasks.every((task) => task.name !== each.name))
    .map((each) => `"${safeName(each.name, execution.spec.parameters)}"`);
  return names.length === 0 ? "" : ended(`Never ran: ${names.join(", ")}`);
}

function distinct(tasks: readonly TaskFacts[]): string[] {
  return [...new Set(tasks.map((task) => task.name))];
}
