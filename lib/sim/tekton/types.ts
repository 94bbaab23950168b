// The parts of Tekton's objects that the simulated Tekton reads and writes. Names and shapes are those of tekton.dev/v1;
// what is not listed here passes through untouched, because status is written into the object as it was read.

import type { JSONValue } from "../../kube/contract.ts";
import type { ObjectMeta } from "../objects.ts";

export interface Condition {
  type: "Succeeded";
  status: "True" | "False" | "Unknown";
  reason: string;
  message: string;
  lastTransitionTime: string;
}

export interface Param {
  name: string;
  value: JSONValue;
}

export interface ParamSpec {
  name: string;
  type?: string;
  default?: JSONValue;
}

export interface Step {
  name: string;
  image: string;
  onError?: string;
  [field: string]: JSONValue | undefined;
}

/** A result that was written. */
export interface Result {
  name: string;
  value: string;
}

export interface TaskSpec {
  params?: ParamSpec[];
  results?: { name: string; type?: string; description?: string }[];
  steps: Step[];
}

export interface WhenExpression {
  input: string;
  operator: "in" | "notin";
  values: string[];
}

export interface PipelineTask {
  name: string;
  taskSpec: TaskSpec & { metadata?: { labels?: Record<string, string>; annotations?: Record<string, string> } };
  params?: Param[];
  runAfter?: string[];
  when?: WhenExpression[];
  retries?: number;
  /** Go duration of one attempt. */
  timeout?: string;
  onError?: "continue" | "stopAndFail";
}

export interface PipelineSpec {
  params?: ParamSpec[];
  tasks: PipelineTask[];
  finally?: PipelineTask[];
  results?: { name: string; value: string; description?: string }[];
}

export interface ChildReference {
  apiVersion: string;
  kind: string;
  name: string;
  pipelineTaskName: string;
  whenExpressions?: WhenExpression[];
}

export interface SkippedTask {
  name: string;
  reason: string;
  whenExpressions?: WhenExpression[];
}

export interface PipelineRunStatus {
  conditions?: Condition[];
  startTime?: string;
  completionTime?: string;
  finallyStartTime?: string;
  childReferences?: ChildReference[];
  skippedTasks?: SkippedTask[];
  pipelineSpec?: PipelineSpec;
  results?: Result[];
  provenance?: JSONValue;
}

export interface PipelineRun {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  spec: {
    status?: string;
    params?: Param[];
    pipelineSpec?: PipelineSpec;
    pipelineRef?: { name?: string; resolver?: string; params?: Param[] };
    taskRunTemplate?: { serviceAccountName?: string };
    timeouts?: { pipeline?: string; tasks?: string; finally?: string };
  };
  status?: PipelineRunStatus;
}

export interface StepState {
  name: string;
  container?: string;
  imageID?: string;
  provenance?: JSONValue;
  terminationReason?: string;
  running?: { startedAt: string };
  waiting?: { reason: string; message: string };
  terminated?: { exitCode: number; reason: string; startedAt: string; finishedAt: string; message?: string };
}

export interface TaskRunStatus {
  conditions?: Condition[];
  podName?: string;
  startTime?: string;
  completionTime?: string;
  steps?: StepState[];
  taskSpec?: TaskSpec;
  results?: (Result & { type: string })[];
  provenance?: JSONValue;
  artifacts?: JSONValue;
  retriesStatus?: TaskRunStatus[];
}

export interface TaskRun {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  spec: {
    status?: string;
    statusMessage?: string;
    serviceAccountName?: string;
    params?: Param[];
    retries?: number;
    timeout?: string;
    taskSpec: TaskSpec;
  };
  status?: TaskRunStatus;
}
