// Variable substitution, `$(params.NAME)` and `$(tasks.NAME.status)`, for string values only. Pure.

import type { Param, ParamSpec, PipelineSpec, TaskSpec } from "./types.ts";

/** Variables by their name inside `$(…)`. */
export type Variables = ReadonlyMap<string, string>;

/** Every string inside `value` with its known variables replaced; unknown ones stay as they are written. */
export function substitute<T>(value: T, variables: Variables): T {
  if (typeof value === "string") {
    return value.replace(/\$\(([^()]+)\)/g, (whole, name: string) => variables.get(name) ?? whole) as T;
  }
  if (Array.isArray(value)) return value.map((item) => substitute(item, variables)) as T;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, substitute(item, variables)])) as T;
}

function paramVariables(declared: readonly ParamSpec[] = [], given: readonly Param[] = []): Map<string, string> {
  const variables = new Map<string, string>();
  for (const { name, default: value } of declared) {
    if (typeof value === "string") variables.set(`params.${name}`, value);
  }
  for (const { name, value } of given) if (typeof value === "string") variables.set(`params.${name}`, value);
  return variables;
}

/** The Pipeline with the PipelineRun's parameters in it, as Tekton stores it in status. A task's own parameters keep their names. */
export function applyPipelineParams(spec: PipelineSpec, given: readonly Param[] = []): PipelineSpec {
  const variables = paramVariables(spec.params, given);
  const apply = (task: PipelineSpec["tasks"][number]) => {
    const own = new Set((task.taskSpec.params ?? []).map(({ name }) => `params.${name}`));
    const inherited = new Map([...variables].filter(([name]) => !own.has(name)));
    return { ...substitute(task, variables), taskSpec: substitute(task.taskSpec, inherited) };
  };
  const tasks = spec.tasks.map(apply);
  return spec.finally ? { ...spec, tasks, finally: spec.finally.map(apply) } : { ...spec, tasks };
}

/** The task's steps with the TaskRun's parameters and the places of its results in them, as Tekton stores them in status. */
export function applyTaskParams(spec: TaskSpec, given: readonly Param[] = []): TaskSpec {
  const places = (spec.results ?? []).map(({ name }) => [`results.${name}.path`, `/tekton/results/${name}`] as const);
  return { ...spec, steps: substitute(spec.steps, new Map([...paramVariables(spec.params, given), ...places])) };
}
