// Executions and evidence for the tests of failure details: valid by default, and the recordings of tests/fixtures/tekton.

import type { JSONObject } from "@cloudydeno/kubernetes-apis/common.ts";
import { type Execution, executionFrom, type FailureDetails } from "../../lib/workflow/execution.ts";
import { type Evidence, failureDetails } from "../../lib/workflow/failure.ts";
import { pipelineRunFrom } from "../../lib/workflow/pipeline_run.ts";

export const nowMs = Date.UTC(2026, 10, 23, 7);
export const recordings = new URL("../fixtures/tekton/", import.meta.url);

export function execution(spec: JSONObject = {}): Execution {
  return executionFrom({
    metadata: { name: "restart", namespace: "apps", uid: "4b8c", resourceVersion: "1" },
    spec: {
      remediationRequestRef: { name: "rr-1" },
      workflowRef: {
        workflowId: "restart-pods",
        version: "v1",
        containerImage: "registry.example.com/restart-pods:v1",
      },
      targetResource: "apps/deployment/web",
      executionConfig: { timeout: "10m" },
      ...spec,
    },
  });
}

export async function recorded(name: string): Promise<Evidence> {
  return JSON.parse(await Deno.readTextFile(new URL(`${name}.json`, recordings)));
}

/** Names of all recordings, in order. */
export async function recordingNames(): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of Deno.readDir(recordings)) if (name.endsWith(".json")) names.push(name.slice(0, -5));
  return names.sort();
}

export function detailsOf(evidence: Evidence, of: Execution = execution()): FailureDetails {
  return failureDetails({ execution: of, run: pipelineRunFrom(evidence.pipelineRun), evidence, nowMs });
}

/** A failed run of the tasks `first` and `second` and the finally task `rollback`, with the children given. */
export function failedRun(
  o: { reason?: string; message?: string; endedBecause?: string; children?: readonly JSONObject[] } = {},
): JSONObject {
  return {
    metadata: {
      name: "run",
      namespace: "apps",
      uid: "9f",
      resourceVersion: "2",
      creationTimestamp: "2026-11-23T06:00:00Z",
      annotations: o.endedBecause ? { "kubernaut.ai/ended-because": o.endedBecause } : {},
    },
    spec: {},
    status: {
      startTime: "2026-11-23T06:00:00Z",
      completionTime: "2026-11-23T06:01:40Z",
      conditions: [{
        type: "Succeeded",
        status: "False",
        reason: o.reason ?? "Failed",
        message: o.message ?? "Tasks Completed: 1 (Failed: 1, Cancelled 0), Skipped: 0",
      }],
      pipelineSpec: { tasks: [{ name: "first" }, { name: "second" }], finally: [{ name: "rollback" }] },
      childReferences: [...o.children ?? [{ kind: "TaskRun", name: "run-first", pipelineTaskName: "first" }]],
    },
  };
}

/** A TaskRun that has failed, of task `first` unless said otherwise. */
export function failedTaskRun(
  o: { task?: string; reason?: string; message?: string; at?: string; steps?: JSONObject[]; status?: JSONObject } = {},
): JSONObject {
  const at = o.at ?? "2026-11-23T06:01:30Z";
  return {
    kind: "TaskRun",
    metadata: {
      name: `run-${o.task ?? "first"}`,
      creationTimestamp: "2026-11-23T06:00:10Z",
      labels: { "tekton.dev/pipelineTask": o.task ?? "first" },
    },
    status: {
      podName: "run-first-pod",
      completionTime: at,
      conditions: [{
        type: "Succeeded",
        status: "False",
        reason: o.reason ?? "StepFailed",
        message: o.message ?? '"step-apply" exited with code 1: Error',
      }],
      steps: o.steps ?? [step("apply", 1)],
      ...o.status,
    },
  };
}

/** A step that ended with this exit code. */
export function step(name: string, exitCode: number, more: JSONObject = {}, terminated: JSONObject = {}): JSONObject {
  return {
    name,
    container: `step-${name}`,
    terminated: {
      exitCode,
      reason: exitCode === 0 ? "Completed" : "Error",
      startedAt: "2026-11-23T06:00:20Z",
      finishedAt: "2026-11-23T06:01:00Z",
      ...terminated,
    },
    ...more,
  };
}
