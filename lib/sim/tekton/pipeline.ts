// Pipelines as documents: what of them can be simulated, and the forms in which Tekton keeps them in status and TaskRuns. Pure.

import type { TaskState } from "./facts.ts";
import { childName, durationMs } from "./format.ts";
import { outcomeOf } from "./pod.ts";
import { parentNames, referencesOf } from "./results.ts";
import type { PipelineRun, PipelineSpec, PipelineTask, Step, TaskRun } from "./types.ts";

/** The spec with the empty fields that Tekton's Go types write out. */
export function normalized(spec: PipelineSpec): PipelineSpec {
  const task = (one: PipelineTask): PipelineTask => {
    const { results } = one.taskSpec ?? {};
    const taskSpec = {
      metadata: {},
      spec: null,
      ...one.taskSpec,
      ...(results && { results: results.map((result) => ({ type: "string", ...result })) }),
      steps: one.taskSpec?.steps?.map(normalizedStep) ?? [],
    };
    return { ...one, taskSpec };
  };
  const tasks = spec.tasks.map(task);
  const results = spec.results?.map((result) => ({ description: "", ...result }));
  return { ...spec, tasks, ...(spec.finally && { finally: spec.finally.map(task) }), ...(results && { results }) };
}

function normalizedStep(step: Step): Step {
  return { ...step, name: step.name ?? "", computeResources: step.computeResources ?? {} };
}

const simulated = [
  "name",
  "taskSpec",
  "params",
  "runAfter",
  "when",
  "retries",
  "timeout",
  "onError",
  "displayName",
  "description",
];

/**
 * What keeps this spec from being run here, or "". Beside mistakes that Tekton refuses as well (unknown or circular `runAfter`),
 * this names what the simulation has no way to play: task references, matrices, CEL, results
 * that are no string or are referred to elsewhere than in params and when.
 */
export function pipelineProblem(spec: PipelineSpec): string {
  const finals = spec.finally ?? [];
  const names = new Map(spec.tasks.map((task) => [task.name, task]));
  if (names.size + new Set(finals.map((task) => task.name)).size < spec.tasks.length + finals.length) {
    return "spec.tasks: two tasks have the same name";
  }
  for (const [place, tasks] of [["tasks", spec.tasks], ["finally", finals]] as const) {
    for (const task of tasks) {
      const problem = taskProblem(task, place === "tasks" ? names : new Map(), names);
      if (problem) return `spec.${place}[${task.name}].${problem}`;
    }
  }
  const ordered = new Set<string>();
  for (let before = -1; before !== ordered.size;) {
    before = ordered.size;
    for (const task of spec.tasks) if (parentNames(task).every((name) => ordered.has(name))) ordered.add(task.name);
  }
  const circular = spec.tasks.find((task) => !ordered.has(task.name));
  return circular ? `spec.tasks[${circular.name}].runAfter: a cycle` : "";
}

function taskProblem(
  task: PipelineTask,
  siblings: ReadonlyMap<string, PipelineTask>,
  tasks: ReadonlyMap<string, PipelineTask>,
): string {
  const unknown = Object.keys(task).find((field) => !simulated.includes(field));
  if (unknown) return `${unknown}: not simulated; it should be one of ${simulated.join(", ")}`;
  if (task.taskSpec.steps.length === 0) return "taskSpec.steps: there are none";
  const stranger = task.runAfter?.find((name) => !siblings.has(name));
  if (stranger !== undefined) return `runAfter: task ${stranger} is not among spec.tasks`;
  const unknownTask = referencesOf(task).find((reference) => !tasks.has(reference.task));
  if (unknownTask) return `params or when: task ${unknownTask.task} is not among spec.tasks`;
  if (task.taskSpec.results?.some(({ type = "string" }) => type !== "string")) {
    return "taskSpec.results: only those of type string are simulated";
  }
  if (/\$\(tasks\.[^()]+\.results\./.test(JSON.stringify(task.taskSpec))) {
    return "taskSpec: results of other tasks are simulated in params and when only";
  }
  if (task.when?.some((when) => !when.operator || !Array.isArray(when.values))) {
    return "when: each needs input, operator and values; cel is not simulated";
  }
  try {
    if (task.timeout !== undefined) durationMs(task.timeout);
    for (const step of task.taskSpec.steps) outcomeOf(step.image ?? "");
  } catch (error) {
    if (error instanceof Error) return `timeout or image: ${error.message}`;
    throw error;
  }
  return "";
}

/** The TaskRun that plays a task. Labels and annotations come down from the PipelineRun, as they do in Tekton. */
export function newTaskRun(run: PipelineRun, { task, final }: TaskState, pipeline: string): TaskRun {
  const { name = "", namespace = "", uid = "" } = run.metadata;
  const annotations = {
    ...Object.fromEntries(
      Object.entries(run.metadata.annotations ?? {}).filter(([key]) => !key.startsWith("chains.tekton.dev/")),
    ),
    ...task.taskSpec.metadata?.annotations,
    ...(task.onError === "continue" && { "pipeline.tekton.dev/pipeline-task-on-error": "continue" }),
  };
  return {
    apiVersion: "tekton.dev/v1",
    kind: "TaskRun",
    metadata: {
      name: childName(name, `-${task.name}`),
      namespace,
      labels: {
        "tekton.dev/pipeline": pipeline,
        ...run.metadata.labels,
        "tekton.dev/pipelineRun": name,
        "tekton.dev/pipelineRunUID": uid,
        "tekton.dev/pipelineTask": task.name,
        "tekton.dev/memberOf": final ? "finally" : "tasks",
        ...task.taskSpec.metadata?.labels,
      },
      ...(Object.keys(annotations).length > 0 && { annotations }),
      ownerReferences: [
        { apiVersion: "tekton.dev/v1", kind: "PipelineRun", name, uid, controller: true, blockOwnerDeletion: true },
      ],
    },
    spec: taskRunSpec(task, run.spec.taskRunTemplate?.serviceAccountName),
  };
}

function taskRunSpec(task: PipelineTask, serviceAccountName: string | undefined): TaskRun["spec"] {
  const { params, results, steps } = task.taskSpec;
  return {
    ...(serviceAccountName !== undefined && { serviceAccountName }),
    ...(task.params && { params: task.params }),
    ...(task.retries && { retries: task.retries }),
    ...(task.timeout !== undefined && { timeout: task.timeout }),
    taskSpec: { ...(params && { params }), ...(results && { results }), steps },
  };
}
