// What became of each step of a TaskRun. Tekton starts all containers of a pod at once and lets each wait for the one before;
// a step that failed makes the rest end with exit code 1 without having run, and a pod that is taken away makes Tekton write an
// end for whatever had not ended. Both look like failures and are none. Sources: Tekton's pkg/pod/status.go (termination reasons
// from the entrypoint) and pkg/reconciler/taskrun/taskrun.go (terminateStepsInPod).

import type { JSONObject, JSONValue } from "@cloudydeno/kubernetes-apis/common.ts";
import { isObject } from "./read.ts";

/**
 * `continued`: failed with `onError: continue`. `skipped`: never ran, because one before it failed. `stopped`: Tekton wrote its
 * end when it took the pod away; whether it ran is not said. `not started`: no container, or one that could not be started.
 */
export type StepOutcome = "succeeded" | "failed" | "continued" | "skipped" | "stopped" | "not started" | "running";

export interface StepFacts {
  readonly name: string;
  readonly outcome: StepOutcome;
  /** Why its container ended, or waits: kubelet's word, or Tekton's. */
  readonly reason: string;
  /** `terminationReason`, from Tekton's entrypoint. */
  readonly terminationReason: string;
  /** What kubelet says, or what the step itself reported as its error. */
  readonly message: string;
  /** Only of a step that ended by itself. */
  readonly exitCode: number | undefined;
  readonly startedAtMs: number | undefined;
  readonly finishedAtMs: number | undefined;
}

/** @param status a TaskRun's, or one of its retriesStatus; any JSON */
export function stepsFrom(status: JSONObject): StepFacts[] {
  const steps = (Array.isArray(status.steps) ? status.steps : []).filter(isObject);
  const spec = isObject(status.taskSpec) ? status.taskSpec : {};
  const specified = (Array.isArray(spec.steps) ? spec.steps : []).filter(isObject);
  const facts = steps.map((step) => {
    const onError = specified.find((each) => each.name === step.name && each.name !== undefined)?.onError;
    return stepFrom(step, onError === "continue");
  });
  const first = firstFailed(facts);
  if (!first) return facts;
  // Without Tekton's entrypoint nothing says "Skipped": what ended with 1 after the first failure never ran.
  const at = facts.indexOf(first);
  return facts.map((step, i) =>
    i > at && step.outcome === "failed" && step.exitCode === 1
      ? { ...step, outcome: "skipped", exitCode: undefined }
      : step
  );
}

/** The step that failed first: by the time it ended, then by its place. */
export function firstFailed(steps: readonly StepFacts[]): StepFacts | undefined {
  const failed = steps.filter((step) => step.outcome === "failed");
  const endMs = (step: StepFacts) => step.finishedAtMs ?? Infinity;
  return failed.reduce<StepFacts | undefined>(
    (first, step) => !first || endMs(step) < endMs(first) ? step : first,
    undefined,
  );
}

function stepFrom(step: JSONObject, onErrorContinue: boolean): StepFacts {
  const terminated = isObject(step.terminated) ? step.terminated : undefined;
  const waiting = isObject(step.waiting) ? step.waiting : undefined;
  const state = terminated ?? waiting ?? {};
  const exitCode = terminated && isInt32(terminated.exitCode) ? terminated.exitCode : undefined;
  const terminationReason = text(step.terminationReason);
  const outcome = terminated
    ? outcomeOf({ terminated, exitCode, terminationReason, onErrorContinue })
    : isObject(step.running)
    ? "running"
    : "not started";
  const timedOut = terminationReason === "TimeoutExceeded";
  return {
    name: text(step.name) || text(step.container).replace(/^step-/, ""),
    outcome,
    reason: text(state.reason),
    terminationReason,
    message: outcome === "stopped" ? "" : reported(text(state.message)),
    exitCode: timedOut || outcome === "stopped" || outcome === "skipped" ? undefined : exitCode,
    startedAtMs: time(state.startedAt),
    finishedAtMs: time(state.finishedAt),
  };
}

/** The container's program could not be started at all. */
const neverStarted = new Set(["StartError", "ContainerCannotRun", "ContainerStatusUnknown"]);

function outcomeOf(step: {
  terminated: JSONObject;
  exitCode: number | undefined;
  terminationReason: string;
  onErrorContinue: boolean;
}): StepOutcome {
  const { terminated, exitCode, terminationReason, onErrorContinue } = step;
  const reason = text(terminated.reason);
  if (terminationReason === "Skipped") return "skipped";
  if (terminationReason === "Continued") return "continued";
  if (terminationReason === "Cancelled" || isTektonsOwn(reason, text(terminated.message))) return "stopped";
  if (exitCode === 0 && reason !== "OOMKilled" && terminationReason !== "TimeoutExceeded") return "succeeded";
  if (onErrorContinue && terminationReason === "" && !neverStarted.has(reason)) return "continued";
  return "failed";
}

/** An end that Tekton wrote itself, with exit code 1, when it took the pod away. */
function isTektonsOwn(reason: string, message: string): boolean {
  return /^TaskRun[A-Z]/.test(reason) || /^Step .* terminated as pod .* is terminated$/.test(message.slice(0, 1000));
}

/** Whether the step's program may have done something. */
export function ranByItself(step: StepFacts): boolean {
  if (step.outcome === "failed") return !neverStarted.has(step.reason) || step.reason === "ContainerStatusUnknown";
  return step.outcome === "succeeded" || step.outcome === "continued" || step.outcome === "running";
}

/** A termination message is kubelet's text, or the step's results in JSON: of those only what it calls an error is one. */
function reported(message: string): string {
  if (!message.startsWith("[")) return message;
  try {
    const results: JSONValue = JSON.parse(message);
    if (!Array.isArray(results)) return "";
    return results.filter(isObject)
      .filter((result) => /error|message|reason|cause/i.test(text(result.key)))
      .map((result) => text(result.value)).filter(Boolean).join("; ");
  } catch (error) {
    if (error instanceof SyntaxError) return message;
    throw error;
  }
}

function text(value: JSONValue | undefined): string {
  return typeof value === "string" ? value : "";
}

function isInt32(value: JSONValue | undefined): value is number {
  return typeof value === "number" && Number.isInteger(value) && Math.abs(value) < 2 ** 31;
}

function time(value: JSONValue | undefined): number | undefined {
  const ms = Date.parse(text(value));
  return Number.isNaN(ms) ? undefined : ms;
}
