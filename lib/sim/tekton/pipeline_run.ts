// One reconciliation of a PipelineRun, as a pure function: what it, its TaskRuns and the time are → what to write next. The order
// of the steps is that of Tekton v1.12, pkg/reconciler/pipelinerun/pipelinerun.go, so that every state in between is seen too.

import type { Bundles } from "./bundles.ts";
import { cancelledMessage, Facts, type TaskState, timedOutMessage } from "./facts.ts";
import { featureFlags, goDuration, outcome, same, timestamp, withCondition } from "./format.ts";
import { pipelineResults, undeclaredResult } from "./results.ts";
import { applyPipelineParams } from "./substitute.ts";
import { newTaskRun, normalized, pipelineProblem } from "./pipeline.ts";
import { timesOf } from "./timeouts.ts";
import type { Condition, PipelineRun, PipelineRunStatus, PipelineSpec, TaskRun } from "./types.ts";

/** What is to be written for a PipelineRun, in this order. Nothing in it: there is nothing to do now. */
export interface PipelineRunPlan {
  /** Labels to add to the PipelineRun. */
  labels?: Record<string, string>;
  cancelTaskRuns: { name: string; message: string }[];
  createTaskRuns: TaskRun[];
  /** The whole status to write, when it differs from the one that was read. */
  status?: PipelineRunStatus;
  /** When to look again although nothing has changed, in milliseconds since the epoch. */
  wakeAtMs?: number;
}

/** Plans the next writes. `taskRuns` are those that the PipelineRun owns; timeouts of the PipelineRun are never sped up. */
export function planPipelineRun(
  o: { run: PipelineRun; taskRuns: Iterable<TaskRun>; bundles: Bundles; nowMs: number },
): PipelineRunPlan {
  const { run, nowMs } = o;
  const plan: PipelineRunPlan = { cancelTaskRuns: [], createTaskRuns: [] };
  if (run.metadata.deletionTimestamp || outcome(run.status)) return plan;

  const name = run.metadata.name ?? "";
  const path = `${run.metadata.namespace}/${name}`;
  const label = run.metadata.labels?.["tekton.dev/pipeline"] ?? pipelineLabel(run);
  if (run.metadata.labels?.["tekton.dev/pipeline"] === undefined) plan.labels = { "tekton.dev/pipeline": label };

  const before = run.status ?? {};
  let status = before;
  const settle = (condition: Omit<Condition, "type" | "lastTransitionTime">): PipelineRunPlan => {
    const ended = condition.status !== "Unknown" && { completionTime: timestamp(nowMs) };
    status = { ...withCondition(status, condition, nowMs), ...ended };
    if (!same(status, before)) plan.status = status;
    return plan;
  };
  const going = (reason: string, message: string) => settle({ status: "Unknown", reason, message });
  const fail = (reason: string, message: string) => settle({ status: "False", reason, message });

  if (run.spec.status === "PipelineRunPending") return going("PipelineRunPending", `PipelineRun "${name}" is pending`);
  status = { ...status, startTime: status.startTime ?? timestamp(nowMs) };
  const times = timesOf(run, status, nowMs);
  const timedOut = `PipelineRun "${name}" failed to finish within "${goDuration(times.pipelineMs)}"`;
  const cancelAll = (states: TaskState[], message: string) => {
    for (const { taskRun } of states) {
      if (taskRun?.spec.status !== "TaskRunCancelled") {
        plan.cancelTaskRuns.push({ name: taskRun?.metadata.name ?? "", message });
      }
    }
  };
  const facts = (spec: PipelineSpec) => new Facts({ run, spec, taskRuns: o.taskRuns, elapsed: times.elapsed });
  const unfinished = () => {
    const known = facts(status.pipelineSpec ?? { tasks: [] });
    return [...known.running(false), ...known.running(true)];
  };
  if (times.longOver) {
    cancelAll(unfinished(), timedOutMessage);
    return fail("PipelineRunTimeout", timedOut);
  }
  if (run.spec.status === "Cancelled") {
    cancelAll(unfinished(), cancelledMessage);
    return fail("Cancelled", `PipelineRun "${name}" was cancelled`);
  }

  // Resolve: a bundle that is not there leaves the run here until it has been out of time for as long again.
  let spec = status.pipelineSpec;
  if (!spec) {
    const resolved = run.spec.pipelineSpec ? undefined : resolve(run, o.bundles);
    if (!run.spec.pipelineSpec) {
      if (run.spec.pipelineRef?.resolver !== "bundles") {
        return fail(
          "CouldntGetPipeline",
          `Error retrieving pipeline for pipelinerun ${path}: only the bundles resolver is simulated`,
        );
      }
      if (!resolved || status.conditions?.[0]?.reason !== "ResolvingPipelineRef") {
        if (times.pipelineMs > 0) plan.wakeAtMs = times.startMs + 2 * times.pipelineMs;
        return going("ResolvingPipelineRef", `PipelineRun ${path} awaiting remote resource`);
      }
    }
    const given = resolved?.pipeline.spec ?? normalized(run.spec.pipelineSpec ?? { tasks: [] });
    const source = resolved &&
      { refSource: { uri: resolved.uri, digest: { sha256: resolved.digest }, entryPoint: resolved.name } };
    status = { ...status, pipelineSpec: given, provenance: { featureFlags: featureFlags(), ...source } };
    const problem = pipelineProblem(given);
    if (problem) {
      return fail("PipelineValidationFailed", `Pipeline ${path} can't be Run; it has an invalid spec: ${problem}`);
    }
    const provided = new Set(run.spec.params?.map((param) => param.name));
    const missing = (given.params ?? []).filter((param) => param.default === undefined && !provided.has(param.name));
    if (missing.length > 0) {
      const names = missing.map((param) => param.name).join(" ");
      const required = `${run.metadata.namespace}/${resolved?.name ?? name}`;
      return fail(
        "ParameterMissing",
        `[User error] PipelineRun ${path} is missing some parameters required by Pipeline ${required}: pipelineRun missing parameters: [${names}]`,
      );
    }
    const undeclared = undeclaredResult(given);
    if (undeclared) return fail("InvalidTaskResultReference", undeclared);
    spec = applyPipelineParams(given, run.spec.params);
    status = { ...status, pipelineSpec: spec };
  }

  const tasks = facts(spec);
  if (tasks.gracefullyCancelled) cancelAll(tasks.running(false), cancelledMessage);
  if (!status.finallyStartTime && times.elapsed.tasks) cancelAll(tasks.running(false), timedOutMessage);
  if (status.finallyStartTime && times.elapsed.finally) cancelAll(tasks.running(true), timedOutMessage);
  for (const state of tasks.next()) {
    state.taskRun = newTaskRun(run, state, label);
    plan.createTaskRuns.push(state.taskRun);
  }
  tasks.reset();
  // Tekton notes the time as soon as it looks at a `finally` task, even if its `when` then says no.
  if (!status.finallyStartTime && tasks.states.some((one) => one.final && (one.taskRun || tasks.skipReason(one)))) {
    status = { ...status, finallyStartTime: timestamp(nowMs) };
  }
  if (times.elapsed.pipeline) cancelAll([...tasks.running(false), ...tasks.running(true)], timedOutMessage);

  const childReferences = tasks.childReferences();
  const skippedTasks = tasks.skippedTasks();
  if (childReferences.length > 0) status = { ...status, childReferences };
  const { skippedTasks: _, ...rest } = status;
  status = skippedTasks.length > 0 ? { ...rest, skippedTasks } : rest;
  if (times.wakeAtMs !== undefined) plan.wakeAtMs = times.wakeAtMs;
  if (times.elapsed.pipeline) return fail("PipelineRunTimeout", timedOut);
  if (times.elapsed.tasks) {
    const within = goDuration(times.tasksMs ?? 0);
    return fail("PipelineRunTimeout", `PipelineRun "${name}" failed due to tasks failed to finish within "${within}"`);
  }
  const condition = summary(tasks, name);
  if (condition.status === "Unknown") return settle(condition);
  const { results, missing } = pipelineResults(spec, tasks.results, tasks.succeeded);
  if (missing.length > 0) {
    const why = `invalid pipelineresults [${missing.join(" ")}], the referenced results don't exist`;
    return fail(
      "CouldntGetPipelineResult",
      `Failed to get PipelineResult from TaskRun Results for PipelineRun ${name}: ${why}`,
    );
  }
  if (results.length > 0) status = { ...status, results };
  return settle(condition);
}

/** The condition that follows from the tasks' counts alone. */
function summary(tasks: Facts, name: string): Omit<Condition, "type" | "lastTransitionTime"> {
  const count = tasks.counts();
  const failed = count.failed + count.ignored;
  const completed = `Tasks Completed: ${count.succeeded + failed + count.cancelled}`;
  const skipped = `Skipped: ${count.skipped}`;
  if (count.incomplete > 0) {
    const stopping = count.cancelled > 0 || (count.failed > 0 && tasks.finalTasksDone);
    return {
      status: "Unknown",
      reason: tasks.gracefullyCancelled
        ? "CancelledRunningFinally"
        : tasks.gracefullyStopped
        ? "StoppedRunningFinally"
        : stopping
        ? "PipelineRunStopping"
        : "Running",
      message:
        `${completed} (Failed: ${count.failed}, Cancelled ${count.cancelled}), Incomplete: ${count.incomplete}, ${skipped}`,
    };
  }
  const ignored = count.ignored > 0 ? ` (Ignored: ${count.ignored})` : "";
  const message = `${completed} (Failed: ${failed}${ignored}, Cancelled ${count.cancelled}), ${skipped}`;
  if (count.failed > 0 || count.skippedByTimeout > 0) return { status: "False", reason: "Failed", message };
  if (count.invalid > 0) {
    const invalid = `Failed Validation: ${count.invalid} (${tasks.unwrittenResults().join(", ")})`;
    return { status: "False", reason: "PipelineValidationFailed", message: `${message}, ${invalid}` };
  }
  if (tasks.gracefullyCancelled || tasks.gracefullyStopped) {
    return { status: "False", reason: "Cancelled", message: `PipelineRun "${name}" was cancelled` };
  }
  if (count.cancelled > 0) return { status: "False", reason: "Cancelled", message };
  return { status: "True", reason: count.skipped > 0 ? "Completed" : "Succeeded", message };
}

function param(run: PipelineRun, name: string): string | undefined {
  const value = run.spec.pipelineRef?.params?.find((one) => one.name === name)?.value;
  return typeof value === "string" ? value : undefined;
}

function resolve(run: PipelineRun, bundles: Bundles) {
  const found = bundles.resolve(param(run, "bundle") ?? "");
  const name = param(run, "name");
  return found && found.pipeline.metadata.name === name && param(run, "kind") === "pipeline"
    ? { ...found, name }
    : undefined;
}

function pipelineLabel(run: PipelineRun): string {
  const own = run.metadata.name ?? "";
  if (run.spec.pipelineRef?.name) return run.spec.pipelineRef.name;
  return run.spec.pipelineRef && param(run, "kind") === "pipeline" ? param(run, "name") ?? own : own;
}
