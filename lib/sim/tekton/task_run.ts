// One reconciliation of a TaskRun and its pod, as a pure function: what it is and the time → what to write next. The order of
// the steps is that of Tekton v1.12, pkg/reconciler/taskrun/taskrun.go and pkg/pod/status.go.

import { childName, durationMs, featureFlags, goDuration, outcome, same, timestamp, withCondition } from "./format.ts";
import { play, type Pod, stepName } from "./pod.ts";
import { applyTaskParams } from "./substitute.ts";
import { defaultTimeoutMs } from "./timeouts.ts";
import type { StepState, TaskRun, TaskRunStatus } from "./types.ts";

/** The moments that status only keeps to the second, in milliseconds since the epoch. */
export interface Moments {
  /** Of the attempt's start, which its timeout counts from. */
  startedAtMs: number;
  /** Of its pod's start. */
  podStartedAtMs?: number;
}

/** What is to be written for a TaskRun, in this order. Nothing in it: there is nothing to do now. */
export interface TaskRunPlan {
  metadata?: { labels: Record<string, string>; annotations: Record<string, string> };
  status?: TaskRunStatus;
  /** To be remembered with the status, and handed in again; lost, it is read from the status, to the second. */
  moments?: Moments;
  /** When to look again although nothing has changed, in milliseconds since the epoch. */
  wakeAtMs?: number;
}

const managedBy = { "app.kubernetes.io/managed-by": "tekton-pipelines" };
const release = { "pipeline.tekton.dev/release": "unknown" };

/**
 * Plans the next writes. `serviceAccountExists` is asked for before the pod would be created and has no meaning later.
 * `speed` shortens steps and the task's own timeout alike: with 10, a second of either takes 100 ms.
 */
export function planTaskRun(
  o: { taskRun: TaskRun; nowMs: number; speed: number; serviceAccountExists: boolean; moments?: Moments | undefined },
): TaskRunPlan {
  const { taskRun, nowMs, speed } = o;
  if (taskRun.metadata.deletionTimestamp || outcome(taskRun.status)) return {};
  const name = taskRun.metadata.name ?? "";
  const before = taskRun.status ?? {};
  const moments = o.moments ?? momentsOf(before, nowMs);
  const plan: TaskRunPlan = { moments };
  if (!taskRun.metadata.labels?.["app.kubernetes.io/managed-by"]) {
    plan.metadata = { labels: managedBy, annotations: release };
  }

  const write = (status: TaskRunStatus): TaskRunPlan => {
    if (!same(status, before)) plan.status = status;
    return plan;
  };
  const start = before.startTime ? before : { ...before, startTime: timestamp(nowMs), podName: before.podName ?? "" };
  const end = (status: TaskRunStatus, reason: string, message: string): TaskRunPlan => {
    const failed = withCondition(status, { status: "False", reason, message }, nowMs);
    const ended = { ...failed, completionTime: timestamp(nowMs) };
    const attempts = ended.retriesStatus?.length ?? 0;
    const again = attempts < (taskRun.spec.retries ?? 0) && taskRun.spec.status !== "TaskRunCancelled";
    return write(again ? retried(ended, message, nowMs) : ended);
  };
  /** Fails the TaskRun and deletes its pod: steps that had not ended are marked with the reason. */
  const stop = (status: TaskRunStatus, reason: string, message: string): TaskRunPlan => {
    const steps = status.podName ? status.steps?.map((step) => stopped(step, taskRun, reason, nowMs)) : status.steps;
    return end({ ...status, ...(steps && { steps }) }, reason, message);
  };

  if (taskRun.spec.status === "TaskRunCancelled") {
    return stop(start, "TaskRunCancelled", `TaskRun "${name}" was cancelled. ${taskRun.spec.statusMessage ?? ""}`);
  }
  const timeoutMs = taskRun.spec.timeout === undefined ? defaultTimeoutMs : durationMs(taskRun.spec.timeout);
  const deadlineMs = timeoutMs > 0 ? moments.startedAtMs + timeoutMs / speed : Infinity;

  if (!before.startTime || !before.podName) {
    // The first look, and the first after a failed attempt: the pod is created.
    const taskSpec = applyTaskParams(taskRun.spec.taskSpec, taskRun.spec.params);
    const steps = before.steps ?? taskSpec.steps.map((step, i) => ({ name: stepName(step, i), provenance: {} }));
    const created = { ...start, steps, taskSpec, provenance: { featureFlags: featureFlags() } };
    if (!o.serviceAccountExists) {
      const cause = `translating TaskSpec to Pod: serviceaccounts "${taskRun.spec.serviceAccountName}" not found`;
      return end(
        created,
        "PodCreationFailed",
        `failed to create task run pod "${name}": ${cause}. Maybe invalid TaskSpec`,
      );
    }
    const attempt = before.retriesStatus?.length ?? 0;
    const podName = childName(name, attempt > 0 ? `-pod-retry${attempt}` : "-pod");
    plan.moments = { startedAtMs: nowMs };
    const pending = { status: "Unknown", reason: "Pending", message: "Pending" } as const;
    return write(withCondition({ ...created, podName }, pending, nowMs));
  }

  const podStartedAtMs = moments.podStartedAtMs ?? nowMs;
  plan.moments = { ...moments, podStartedAtMs };
  const pod = play(before.taskSpec ?? { steps: [] }, podStartedAtMs, Math.min(nowMs, deadlineMs), speed);
  if (nowMs > deadlineMs && pod.endedAtMs === undefined) {
    const message = `TaskRun "${name}" failed to finish within "${goDuration(timeoutMs)}"`;
    return stop({ ...before, steps: pod.steps }, "TaskRunTimeout", message);
  }
  const wakeAtMs = Math.min(pod.nextChangeAtMs ?? Infinity, deadlineMs + 1);
  if (Number.isFinite(wakeAtMs)) plan.wakeAtMs = wakeAtMs;
  return follow(pod);

  /** The status that follows from what the pod shows. */
  function follow(pod: Pod): TaskRunPlan {
    const going = (reason: string, message: string) =>
      write(withCondition({ ...before, steps: pod.steps }, { status: "Unknown", reason, message }, nowMs));
    const results = pod.results.map(({ key, value }) => ({ name: key, type: "string", value }));
    const completed = { ...before, steps: pod.steps, artifacts: {}, ...(results.length > 0 && { results }) };
    switch (pod.phase) {
      case "Running":
        return going("Running", "Not all Steps in the Task have finished executing");
      case "Unschedulable":
        return going("ExceededNodeResources", "TaskRun Pod exceeded available resources");
      case "ImagePullBackOff": {
        const step = pod.steps.at(-1);
        const waiting = step?.waiting?.message ?? "";
        if (!before.steps?.some((one) => one.waiting)) {
          return going(
            "PullImageFailed",
            `build step "${step?.container}" is pending with reason ${JSON.stringify(waiting)}`,
          );
        }
        const what = `the step "${step?.name}" in TaskRun "${name}" failed to pull the image "${step?.imageID}"`;
        return stop(before, "TaskRunImagePullFailed", `${what}. The pod errored with the message: "${waiting}."`);
      }
      case "Evicted":
        return end(completed, "PodEvicted", "The node was low on resource: memory.");
      case "Failed": {
        const culprit = pod.steps.find((one) =>
          one.terminated?.exitCode !== 0 && one.terminationReason !== "Continued"
        );
        const { exitCode, reason } = culprit?.terminated ?? { exitCode: 1, reason: "Error" };
        const message = `"${culprit?.container}" exited with code ${exitCode}: ${reason}`;
        const ignored = taskRun.metadata.annotations?.["pipeline.tekton.dev/pipeline-task-on-error"] === "continue";
        return end(completed, ignored ? "FailureIgnored" : reason === "OOMKilled" ? "StepOOM" : "StepFailed", message);
      }
      case "Succeeded": {
        const condition = {
          status: "True",
          reason: "Succeeded",
          message: "All Steps have completed executing",
        } as const;
        return write({ ...withCondition(completed, condition, nowMs), completionTime: timestamp(nowMs) });
      }
    }
  }
}

/** What a restart leaves of the moments: whole seconds. Steps all start with their pod, so the earliest tells its start. */
function momentsOf(status: TaskRunStatus, nowMs: number): Moments {
  const startedAtMs = status.startTime ? Date.parse(status.startTime) : nowMs;
  const begins = (status.podName ? status.steps ?? [] : []).flatMap((step) => {
    const text = step.running?.startedAt ?? (isRunning(status) ? step.terminated?.startedAt : undefined);
    return text === undefined ? [] : [Date.parse(text)];
  });
  return begins.length > 0 ? { startedAtMs, podStartedAtMs: Math.min(...begins) } : { startedAtMs };
}

/** Only then the steps are those of the present pod: a pending one still shows the attempt before. */
function isRunning(status: TaskRunStatus): boolean {
  return status.conditions?.[0]?.reason === "Running";
}

function stopped(step: StepState, taskRun: TaskRun, reason: string, nowMs: number): StepState {
  const { running, waiting, ...rest } = step;
  if (!running && !waiting) return step;
  const startedAt = running?.startedAt ?? taskRun.metadata.creationTimestamp ?? timestamp(nowMs);
  const message = `Step ${step.name} terminated as pod ${taskRun.status?.podName} is terminated`;
  const terminated = { exitCode: 1, reason, message, startedAt, finishedAt: timestamp(nowMs) };
  return { ...rest, terminated, terminationReason: reason };
}

/** The status after a failed attempt that is to be followed by another: the attempt is filed under retriesStatus. */
function retried(ended: TaskRunStatus, message: string, nowMs: number): TaskRunStatus {
  const { retriesStatus = [], ...attempt } = ended;
  const { startTime: _start, completionTime: _completion, ...rest } = attempt;
  const status = { ...rest, podName: "", retriesStatus: [...retriesStatus, attempt] };
  return withCondition(status, { status: "Unknown", reason: "ToBeRetried", message }, nowMs);
}
