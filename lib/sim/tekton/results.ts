// Results: what a step leaves for later tasks and for whoever reads the PipelineRun. A pod here runs nothing, so what it would
// write is read from the text of its step; who refers to what, and what of it is missing, follows Tekton v1.12,
// pkg/reconciler/pipelinerun/resources (resultrefresolution.go, apply.go). Results of type string only. Pure.

import type { PipelineSpec, PipelineTask, Result, Step, TaskRun, TaskSpec } from "./types.ts";

/** `$(tasks.TASK.results.RESULT)`. */
export interface ResultReference {
  task: string;
  result: string;
}

/** The variables that stand for a task's results, by their name inside `$(…)`. */
export function resultVariables(task: string, taskRun: TaskRun | undefined): [string, string][] {
  return (taskRun?.status?.results ?? []).map(({ name, value }) => [`tasks.${task}.results.${name}`, value]);
}

/** References in any text inside the value. */
export function resultReferences(value: unknown): ResultReference[] {
  const text = JSON.stringify(value ?? null);
  return [...text.matchAll(/\$\(tasks\.([^.()]+)\.results\.([^.()[\]]+)\)/g)]
    .map(([, task = "", result = ""]) => ({ task, result }));
}

/** Where a task may refer to results: elsewhere the simulation does not look. */
export function referencesOf({ params, when }: PipelineTask): ResultReference[] {
  return [params, when].flatMap((part) => part ? resultReferences(part) : []);
}

/** The tasks that have to be done before this one: those it names, and those whose results it needs. */
export function parentNames(task: PipelineTask): string[] {
  return [...task.runAfter ?? [], ...referencesOf(task).map((reference) => reference.task)];
}

/** What is wrong with a task's references before anything runs, in Tekton's words; "" when nothing is. */
export function undeclaredResult(spec: PipelineSpec): string {
  const tasks = new Map(spec.tasks.map((task) => [task.name, task]));
  for (const one of [...spec.tasks, ...spec.finally ?? []]) {
    for (const { task, result } of referencesOf(one)) {
      if (tasks.get(task)?.taskSpec.results?.some(({ name }) => name === result)) continue;
      return `invalid result reference in pipeline task "${one.name}": "${result}" is not a named result returned by pipeline task "${task}"`;
    }
  }
  return "";
}

/**
 * What a step writes to the results that its task declares: `echo -n TEXT`, `echo TEXT` or `printf TEXT`, redirected or piped by
 * `tee` to `$(results.NAME.path)`, which stands for /tekton/results/NAME, in its script or arguments.
 */
export function writtenResults(step: Step, spec: TaskSpec): { key: string; value: string; type: 1 }[] {
  const { script, args, command } = step;
  const text = [script, command, args].flat().filter((part) => typeof part === "string").join("\n");
  const write =
    /\b(echo -n|echo|printf) +("[^"\n]*"|'[^'\n]*'|[^\s|>;]+) *(?:>|\| *tee) *["']?\/tekton\/results\/([\w.-]+)/g;
  const written = new Map<string, string>();
  for (const [, command, quoted = "", name = ""] of text.matchAll(write)) {
    written.set(name, quoted.replace(/^(["'])(.*)\1$/s, "$2") + (command === "echo" ? "\n" : ""));
  }
  return (spec.results ?? []).flatMap(({ name }) => {
    const value = written.get(name);
    return value === undefined ? [] : [{ key: name, value, type: 1 as const }];
  });
}

/**
 * The results of the whole run that can be given. `missing` names those of which a task ended well and did not write what they
 * need; of a task that did not, they are just left out.
 */
export function pipelineResults(
  spec: PipelineSpec,
  variables: ReadonlyMap<string, string>,
  succeeded: ReadonlySet<string>,
): { results: Result[]; missing: string[] } {
  const results: Result[] = [];
  const missing: string[] = [];
  for (const { name, value } of spec.results ?? []) {
    const lacking = resultReferences(value).filter(({ task, result }) =>
      !variables.has(`tasks.${task}.results.${result}`)
    );
    if (lacking.some(({ task }) => succeeded.has(task))) missing.push(name);
    else if (lacking.length === 0) {
      results.push({ name, value: value.replace(/\$\(([^()]+)\)/g, (whole, key) => variables.get(key) ?? whole) });
    }
  }
  return { results, missing };
}
