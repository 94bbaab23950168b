// What a PipelineRun's tasks amount to at one moment: which are done, skipped, next, and what the counts say. Pure; the rules
// are those of Tekton v1.12, pkg/reconciler/pipelinerun/resources (pipelinerunstate.go, pipelinerunresolution.go).

import { outcome } from "./format.ts";
import { parentNames, referencesOf, resultVariables } from "./results.ts";
import { substitute } from "./substitute.ts";
import type { ChildReference, PipelineRun, PipelineSpec, PipelineTask, SkippedTask, TaskRun } from "./types.ts";

export const cancelledMessage = "TaskRun cancelled as the PipelineRun it belongs to has been cancelled.";
export const timedOutMessage = "TaskRun cancelled as the PipelineRun it belongs to has timed out.";

/** One task of the pipeline, with the TaskRun made for it. */
export interface TaskState {
  task: PipelineTask;
  final: boolean;
  taskRun: TaskRun | undefined;
  /** The names of the tasks that come before it. */
  parents: readonly string[];
}

/** Which of the run's clocks have run out. */
export interface Elapsed {
  pipeline: boolean;
  tasks: boolean;
  finally: boolean;
}

export interface Counts {
  succeeded: number;
  failed: number;
  ignored: number;
  cancelled: number;
  skipped: number;
  skippedByTimeout: number;
  /** Tasks that need a result which a task that ended well did not write. */
  invalid: number;
  incomplete: number;
}

export class Facts {
  /** Tasks that were started come first, each group in the pipeline's order: that is the order of childReferences. */
  readonly states: TaskState[];
  readonly #byName: Map<string, TaskState>;
  readonly #specStatus: string;
  readonly #elapsed: Elapsed;
  /** Reasons found since the last `reset`; "" is: not skipped. */
  #skips = new Map<string, string>();
  /** Results of the tasks that ended well, as variables. */
  readonly results: ReadonlyMap<string, string>;

  constructor(o: { run: PipelineRun; spec: PipelineSpec; taskRuns: Iterable<TaskRun>; elapsed: Elapsed }) {
    const taskRuns = new Map<string, TaskRun>();
    for (const taskRun of o.taskRuns) {
      const task = taskRun.metadata.labels?.["tekton.dev/pipelineTask"];
      if (task !== undefined) taskRuns.set(task, taskRun);
    }
    this.results = new Map([...taskRuns].flatMap(([task, taskRun]) => resultVariables(task, taskRun)));
    const state = (final: boolean) => (task: PipelineTask): TaskState => ({
      task: withVariables(task, this.results),
      final,
      taskRun: taskRuns.get(task.name),
      parents: final ? [] : parentNames(task),
    });
    const all = [...o.spec.tasks.map(state(false)), ...(o.spec.finally ?? []).map(state(true))];
    const started = new Set(o.run.status?.childReferences?.map(({ pipelineTaskName }) => pipelineTaskName));
    this.states = [
      ...all.filter(({ task }) => started.has(task.name)),
      ...all.filter(({ task }) => !started.has(task.name)),
    ];
    this.#byName = new Map(all.map((one) => [one.task.name, one]));
    this.#specStatus = o.run.spec.status ?? "";
    this.#elapsed = o.elapsed;
  }

  get gracefullyCancelled(): boolean {
    return this.#specStatus === "CancelledRunFinally";
  }

  get gracefullyStopped(): boolean {
    return this.#specStatus === "StoppedRunFinally";
  }

  /** A task outside `finally` failed or was cancelled: nothing new starts. */
  get stopping(): boolean {
    return this.states.some((one) =>
      !one.final && ((failed(one) && one.task.onError !== "continue") || this.#unwritten(one) !== undefined)
    );
  }

  running(final: boolean): TaskState[] {
    return this.states.filter((one) => one.final === final && one.taskRun && !outcome(one.taskRun.status));
  }

  /** To be called when a TaskRun was added to a state. */
  reset(): void {
    this.#skips.clear();
  }

  /** The tasks to start now, `finally` tasks with what became of the others filled in. */
  next(): TaskState[] {
    if (!this.#done(false)) {
      if (this.gracefullyCancelled || this.gracefullyStopped || this.stopping) return [];
      return this.states.filter((one) =>
        !one.final && !one.taskRun && !this.skipReason(one) && !this.#unwritten(one) &&
        this.#parents(one).every((parent) => this.#isDone(parent))
      );
    }
    const variables = this.#taskStatusVariables();
    for (const one of this.states) {
      if (!one.final || one.taskRun) continue;
      one.task = withVariables(one.task, variables);
    }
    this.reset();
    return this.states.filter((one) => one.final && !one.taskRun && !this.skipReason(one));
  }

  /** Why a task will not be started, in Tekton's words; empty when it was, or may yet be. */
  skipReason(one: TaskState): string {
    const known = this.#skips.get(one.task.name);
    if (known !== undefined) return known;
    const reason = one.taskRun ? "" : one.final ? this.#skipFinal(one) : this.#skipTask(one);
    this.#skips.set(one.task.name, reason);
    return reason;
  }

  counts(): Counts {
    const counts = {
      succeeded: 0,
      failed: 0,
      ignored: 0,
      cancelled: 0,
      skipped: 0,
      skippedByTimeout: 0,
      invalid: 0,
      incomplete: 0,
    };
    for (const one of this.states) {
      const skipped = this.skipReason(one);
      if (outcome(one.taskRun?.status) === "True") counts.succeeded++;
      else if (failed(one)) counts[failureKind(one)]++;
      else if (skipped) {
        counts.skipped++;
        if (skipped.endsWith("timeout has been reached")) counts.skippedByTimeout++;
      } else if (this.#unwritten(one)) counts.invalid++;
      else counts.incomplete++;
    }
    return counts;
  }

  get finalTasksDone(): boolean {
    return this.#done(true);
  }

  /** Names of the tasks that ended well. */
  get succeeded(): Set<string> {
    return new Set(this.states.flatMap(({ task, taskRun }) => outcome(taskRun?.status) === "True" ? [task.name] : []));
  }

  /** What keeps tasks from being started that need what nobody wrote, in Tekton's words. */
  unwrittenResults(): string[] {
    return this.states.flatMap((one) => {
      const lacking = this.#unwritten(one);
      if (!lacking) return [];
      const { task, result } = lacking;
      return [
        `task "${task}" completed successfully but did not emit the result "${result}", which is referenced by task "${one.task.name}"`,
      ];
    });
  }

  childReferences(): ChildReference[] {
    return this.states.flatMap(({ task, taskRun }) => {
      if (!taskRun) return [];
      const reference = { apiVersion: "tekton.dev/v1", kind: "TaskRun", name: taskRun.metadata.name ?? "" };
      return [{ ...reference, pipelineTaskName: task.name, ...(task.when && { whenExpressions: task.when }) }];
    });
  }

  skippedTasks(): SkippedTask[] {
    return this.states.flatMap((one) => {
      const reason = this.skipReason(one);
      if (!reason) return [];
      const withWhen = one.task.when && (!one.final || reason === whenFalse);
      return [{ name: one.task.name, reason, ...(withWhen && { whenExpressions: one.task.when ?? [] }) }];
    });
  }

  #skipTask(one: TaskState): string {
    if (this.#unwritten(one)) return "";
    if (this.stopping) return "PipelineRun was stopping";
    if (this.gracefullyCancelled) return "PipelineRun was gracefully cancelled";
    if (this.gracefullyStopped) return "PipelineRun was gracefully stopped";
    const parents = this.#parents(one);
    const parentsDone = parents.every((parent) => this.#isDone(parent));
    if (parentsDone && !allows(one.task)) return whenFalse;
    const skippedParent = parents.map((parent) => this.skipReason(parent)).find((reason) =>
      reason && reason !== whenFalse
    );
    if (skippedParent) return "Parent Tasks were skipped";
    if (parentsDone && this.#lacksSkipped(one)) return resultsMissing;
    if (parentsDone && this.#elapsed.pipeline) return "PipelineRun timeout has been reached";
    if (parentsDone && this.#elapsed.tasks) return "PipelineRun Tasks timeout has been reached";
    return "";
  }

  #skipFinal(one: TaskState): string {
    if (!this.#done(false)) return "";
    if (referencesOf(one.task).length > 0) return resultsMissing;
    if (!allows(one.task)) return whenFalse;
    if (this.#elapsed.pipeline) return "PipelineRun timeout has been reached";
    return this.#elapsed.finally ? "PipelineRun Finally timeout has been reached" : "";
  }

  #parents(one: TaskState): TaskState[] {
    return one.parents.flatMap((name) => this.#byName.get(name) ?? []);
  }

  /** It refers to a result of a task that was left out. What is still a reference has not been written. */
  #lacksSkipped(one: TaskState): boolean {
    return referencesOf(one.task).some(({ task }) => {
      const parent = this.#byName.get(task);
      return parent !== undefined && this.skipReason(parent) !== "";
    });
  }

  /** The result that a task of which everything before is done refers to, and which a task that ended well did not write. */
  #unwritten(one: TaskState): { task: string; result: string } | undefined {
    if (one.final || one.taskRun || one.parents.length === 0) return undefined;
    return referencesOf(one.task).find(({ task }) => outcome(this.#byName.get(task)?.taskRun?.status) === "True");
  }

  #isDone(one: TaskState): boolean {
    return outcome(one.taskRun?.status) !== undefined || this.skipReason(one) !== "" || !!this.#unwritten(one);
  }

  #done(final: boolean): boolean {
    return this.states.every((one) => one.final !== final || this.#isDone(one));
  }

  /** `$(tasks.status)` and `$(tasks.NAME.status)`, which only `finally` tasks may use. */
  #taskStatusVariables(): Map<string, string> {
    const variables = new Map<string, string>();
    const tasks = this.states.filter((one) => !one.final);
    for (const one of tasks) {
      const ended = outcome(one.taskRun?.status);
      variables.set(`tasks.${one.task.name}.status`, ended === "True" ? "Succeeded" : ended ? "Failed" : "None");
      variables.set(`tasks.${one.task.name}.reason`, one.taskRun?.status?.conditions?.[0]?.reason ?? "");
    }
    const completed = tasks.some((one) => this.skipReason(one)) ? "Completed" : "Succeeded";
    return variables.set("tasks.status", tasks.some(failed) ? "Failed" : completed);
  }
}

function withVariables(task: PipelineTask, variables: ReadonlyMap<string, string>): PipelineTask {
  const { when, params } = task;
  return {
    ...task,
    ...(when && { when: substitute(when, variables) }),
    ...(params && { params: substitute(params, variables) }),
  };
}

const resultsMissing = "Results were missing";
const whenFalse = "When Expressions evaluated to false";

function allows(task: PipelineTask): boolean {
  return (task.when ?? []).every(({ input, operator, values }) => values.includes(input) === (operator === "in"));
}

function failed({ taskRun }: TaskState): boolean {
  return outcome(taskRun?.status) === "False";
}

/** A TaskRun that the PipelineRun's own timeout cancelled counts as failed. */
function failureKind({ task, taskRun }: TaskState): "failed" | "cancelled" | "ignored" {
  if (taskRun?.status?.conditions?.[0]?.reason === "TaskRunCancelled") {
    return taskRun.spec.statusMessage === timedOutMessage ? "failed" : "cancelled";
  }
  return task.onError === "continue" ? "ignored" : "failed";
}
