// Reads what Tekton left behind of a failed run: PipelineRun and TaskRuns as they are in the cluster, into tasks, attempts and
// steps. It takes any JSON: a field of a wrong type counts as absent, for odd evidence must not keep an execution from ending.
// What the facts mean is said in failure.ts. https://tekton.dev/docs/pipelines/taskruns/#monitoring-execution-status

import type { JSONObject, JSONValue } from "@cloudydeno/kubernetes-apis/common.ts";
import { isObject } from "./read.ts";
import { type StepFacts, stepsFrom } from "./failure_steps.ts";

/** Read live once, when the run has failed. */
export interface Evidence {
  /** The whole PipelineRun. */
  readonly pipelineRun: JSONObject;
  /** All TaskRuns of it that are still there; CustomRuns may stand among them. */
  readonly taskRuns: readonly JSONObject[];
}

/** `ignored`: failed with `onError: continue` on the task. `unknown`: its TaskRun is gone, or is a CustomRun that nobody read. */
export type TaskOutcome = "succeeded" | "failed" | "cancelled" | "ignored" | "running" | "unknown";

/** One try of a task. */
export interface AttemptFacts {
  readonly reason: string;
  readonly message: string;
  readonly startedAtMs: number | undefined;
  readonly completedAtMs: number | undefined;
  readonly podName: string;
  readonly steps: readonly StepFacts[];
}

/** One TaskRun (a matrix task has several), told by its last attempt. */
export interface TaskFacts extends AttemptFacts {
  /** Name of the pipeline task; the run's own where it is not known. */
  readonly name: string;
  readonly runName: string;
  readonly kind: string;
  /** 0-based place in the pipeline's tasks, then its finally tasks; -1 when it is not among them. */
  readonly index: number;
  readonly isFinally: boolean;
  readonly outcome: TaskOutcome;
  readonly createdAtMs: number | undefined;
  readonly earlierAttempts: readonly AttemptFacts[];
  /** The pod's steps wait for each other until every container has started (Tekton's default). */
  readonly gated: boolean;
}

export interface RunFacts {
  readonly name: string;
  readonly reason: string;
  readonly message: string;
  readonly startedAtMs: number | undefined;
  readonly completedAtMs: number | undefined;
  /** The resolved pipeline's tasks, then its finally tasks; empty when it was never resolved. */
  readonly declared: readonly { readonly name: string; readonly isFinally: boolean }[];
  /** In order of start, as childReferences has them. */
  readonly tasks: readonly TaskFacts[];
  readonly skipped: readonly { readonly name: string; readonly reason: string }[];
}

/** @returns facts for any JSON; never throws */
export function factsFrom(evidence: Evidence): RunFacts {
  const status = objectIn(evidence.pipelineRun, "status");
  const declared = declaredIn(evidence.pipelineRun);
  const runs = listIn(evidence.taskRuns).filter(isObject);
  const byName = new Map(runs.map((run) => [textIn(objectIn(run, "metadata"), "name"), run]));
  const children = listIn(status.childReferences).filter(isObject);
  const known = new Set(children.map((child) => textIn(child, "name")));
  const tasks = [
    ...children.map((child) => taskFrom(byName.get(textIn(child, "name")), child, declared)),
    ...runs.filter((run) => !known.has(textIn(objectIn(run, "metadata"), "name")))
      .map((run) => taskFrom(run, {}, declared)),
  ];
  return {
    name: textIn(objectIn(evidence.pipelineRun, "metadata"), "name"),
    ...conditionIn(status),
    startedAtMs: timeIn(status, "startTime"),
    completedAtMs: timeIn(status, "completionTime"),
    declared,
    tasks,
    skipped: listIn(status.skippedTasks).filter(isObject).map((each) => ({
      name: textIn(each, "name"),
      reason: textIn(each, "reason"),
    })),
  };
}

function declaredIn(pipelineRun: JSONObject): RunFacts["declared"] {
  const resolved = objectIn(objectIn(pipelineRun, "status"), "pipelineSpec");
  const pipeline = listIn(resolved.tasks).length > 0
    ? resolved
    : objectIn(objectIn(pipelineRun, "spec"), "pipelineSpec");
  const named = (list: JSONValue | undefined, isFinally: boolean) =>
    listIn(list).map((task) => ({ name: isObject(task) ? textIn(task, "name") : "", isFinally }));
  return [...named(pipeline.tasks, false), ...named(pipeline.finally, true)];
}

function taskFrom(run: JSONObject | undefined, child: JSONObject, declared: RunFacts["declared"]): TaskFacts {
  const metadata = objectIn(run ?? {}, "metadata");
  const labels = objectIn(metadata, "labels");
  const status = objectIn(run ?? {}, "status");
  const runName = textIn(metadata, "name") || textIn(child, "name");
  const name = textIn(child, "pipelineTaskName") || textIn(labels, "tekton.dev/pipelineTask") || runName;
  const index = declared.findIndex((task) => task.name === name);
  const flags = objectIn(objectIn(status, "provenance"), "featureFlags");
  const attempt = attemptFrom(status);
  return {
    ...attempt,
    name,
    runName,
    kind: textIn(run ?? {}, "kind") || textIn(child, "kind") || "TaskRun",
    index,
    isFinally: declared[index]?.isFinally ?? textIn(labels, "tekton.dev/memberOf") === "finally",
    outcome: run ? outcomeOf(succeededIn(status), attempt.reason) : "unknown",
    createdAtMs: timeIn(metadata, "creationTimestamp"),
    earlierAttempts: listIn(status.retriesStatus).filter(isObject).map(attemptFrom),
    gated: flags.runningInEnvWithInjectedSidecars !== false,
  };
}

function attemptFrom(status: JSONObject): AttemptFacts {
  const verdict = succeededIn(status);
  const ended = verdict === "True" || verdict === "False";
  const decidedAtMs = ended ? timeIn(succeeded(status), "lastTransitionTime") : undefined;
  return {
    ...conditionIn(status),
    startedAtMs: timeIn(status, "startTime"),
    completedAtMs: timeIn(status, "completionTime") ?? decidedAtMs, // not every failure writes a completionTime
    podName: textIn(status, "podName"),
    steps: stepsFrom(status),
  };
}

function outcomeOf(succeeded: string, reason: string): TaskOutcome {
  if (succeeded === "True") return "succeeded";
  if (succeeded !== "False") return "running";
  if (reason === "FailureIgnored") return "ignored";
  return /^(TaskRun|CustomRun|Run)Cancelled$/.test(reason) ? "cancelled" : "failed";
}

function succeeded(status: JSONObject): JSONObject {
  return listIn(status.conditions).filter(isObject).find((condition) => condition.type === "Succeeded") ?? {};
}

function succeededIn(status: JSONObject): string {
  return textIn(succeeded(status), "status");
}

function conditionIn(status: JSONObject): { reason: string; message: string } {
  const condition = succeeded(status);
  return { reason: textIn(condition, "reason"), message: textIn(condition, "message") };
}

function objectIn(from: JSONObject, key: string): JSONObject {
  const value = isObject(from) ? from[key] : undefined;
  return isObject(value) ? value : {};
}

function listIn(value: JSONValue | readonly JSONObject[] | undefined): readonly JSONValue[] {
  return Array.isArray(value) ? value : [];
}

function textIn(from: JSONObject, key: string): string {
  const value = from[key];
  return typeof value === "string" ? value : "";
}

const rfc3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

/** Milliseconds of an RFC 3339 time in the years 1970 to 9998; anything else is no time. */
export function timeIn(from: JSONObject, key: string): number | undefined {
  const text = textIn(from, key);
  const ms = rfc3339.test(text) ? Date.parse(text) : NaN;
  return ms >= 0 && ms < 253_370_764_800_000 ? ms : undefined;
}
