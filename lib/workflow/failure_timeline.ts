// What a run did, in order: tasks, attempts and steps with their outcomes and durations, as data. `explain` prints it.

import { type AttemptFacts, type Evidence, factsFrom, type TaskFacts, type TaskOutcome } from "./failure_evidence.ts";
import type { StepFacts, StepOutcome } from "./failure_steps.ts";
import { safeLine, safeName } from "./failure_text.ts";

export interface TimelineStep {
  readonly name: string;
  readonly outcome: StepOutcome;
  /** Kubelet's or Tekton's word; may be empty. */
  readonly reason: string;
  readonly exitCode: number | undefined;
  readonly durationMs: number | undefined;
}

export interface TimelineTask {
  readonly name: string;
  readonly runName: string;
  readonly isFinally: boolean;
  readonly outcome: TaskOutcome | "skipped" | "not run";
  readonly reason: string;
  /** Redacted; empty for a task that went well. */
  readonly message: string;
  /** Since the epoch. */
  readonly startedAtMs: number | undefined;
  readonly durationMs: number | undefined;
  /** 1 for a task that was not retried; 0 for one that did not run. */
  readonly attempts: number;
  readonly steps: readonly TimelineStep[];
}

export interface Timeline {
  readonly startedAtMs: number | undefined;
  readonly durationMs: number | undefined;
  /** In order of start; then the tasks that did not run, in the pipeline's order. */
  readonly tasks: readonly TimelineTask[];
}

/** Works for a run in any state, and for any JSON; texts are free of secrets. */
export function timeline(evidence: Evidence): Timeline {
  const facts = factsFrom(evidence);
  const ran = facts.tasks.map(taskOf);
  const began = new Set(facts.tasks.map((task) => task.name));
  const others = facts.declared.filter((task) => !began.has(task.name)).map((task): TimelineTask => {
    const skipped = facts.skipped.find((each) => each.name === task.name);
    return {
      name: safeName(task.name, {}),
      runName: "",
      isFinally: task.isFinally,
      outcome: skipped ? "skipped" : "not run",
      reason: safeLine(skipped?.reason ?? "", {}),
      message: "",
      startedAtMs: undefined,
      durationMs: undefined,
      attempts: 0,
      steps: [],
    };
  });
  return {
    startedAtMs: facts.startedAtMs,
    durationMs: between(facts.startedAtMs, facts.completedAtMs),
    tasks: [...ran, ...others],
  };
}

function taskOf(task: TaskFacts): TimelineTask {
  const attempts: readonly AttemptFacts[] = [...task.earlierAttempts, task];
  const startedAtMs = attempts[0]?.startedAtMs;
  return {
    name: safeName(task.name, {}),
    runName: safeName(task.runName, {}),
    isFinally: task.isFinally,
    outcome: task.outcome,
    reason: safeLine(task.reason, {}),
    message: task.outcome === "succeeded" ? "" : safeLine(task.message, {}),
    startedAtMs,
    durationMs: between(startedAtMs, task.completedAtMs),
    attempts: attempts.length,
    steps: task.steps.map(stepOf),
  };
}

function stepOf(step: StepFacts): TimelineStep {
  return {
    name: safeName(step.name, {}),
    outcome: step.outcome,
    reason: safeLine(step.reason, {}),
    exitCode: step.exitCode,
    durationMs: step.outcome === "skipped" ? undefined : between(step.startedAtMs, step.finishedAtMs),
  };
}

function between(fromMs: number | undefined, toMs: number | undefined): number | undefined {
  return fromMs === undefined || toMs === undefined ? undefined : Math.max(0, toMs - fromMs);
}
