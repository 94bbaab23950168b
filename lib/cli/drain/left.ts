// What stands between a cluster and uninstalling the controller, read from the caches: runs that go on, outcomes that are owed,
// locks that are held. Pure.

import type { Caches } from "../../controller/caches.ts";
import { keyOf } from "../../kube/store.ts";
import { type Execution, isFinal, isLetGo, isOwed } from "../../workflow/execution.ts";
import { isFinished, type PipelineRun } from "../../workflow/pipeline_run.ts";

export interface Left {
  /** Keys of executions that are under way, or about to begin. */
  readonly unfinished: readonly string[];
  /** Keys of executions that have ended, and for which audit or a lock is still owed. */
  readonly owing: readonly string[];
  /** Targets of Leases that are held. */
  readonly held: readonly string[];
  /** Unfinished runs without their execution, or whose execution nothing is done for any more. */
  readonly strays: readonly PipelineRun[];
}

/**
 * @param namespaces watched ones; empty: all
 * @param begins whether somebody is there to begin what has not begun: else it owes nothing, and nobody waits for it
 */
export function leftIn(caches: Caches, namespaces: readonly string[], begins: boolean): Left {
  const ours = (namespace: string) => namespaces.length === 0 || namespaces.includes(namespace);
  const executions = [...caches.executions.informer.store.values()];
  const locks = [...caches.locks.informer.store.values()];
  const runs = [...caches.pipelineRuns.informer.store.values()];
  return {
    // One that somebody else's finalizer keeps stays as it was: nothing comes of it any more, but perhaps its run goes on.
    unfinished: executions
      .filter((each) => !isFinal(each) && !isLetGo(each) && (begins || hasBegun(caches, each)))
      .map(keyOf),
    owing: executions.filter((each) => isFinal(each) && isOwed(each)).map(keyOf),
    held: locks.filter(({ holder }) => holder && ours(holder.namespace)).map(({ target, name }) => target || name),
    strays: runs.filter((run) => !isFinished(run) && !hasExecution(caches, run)),
  };
}

/** It has a claim, something owed or a lock: it is to be brought to its end, not left as it was created. */
export function hasBegun(caches: Caches, execution: Execution): boolean {
  return execution.claim !== undefined || isOwed(execution) || execution.status.phase === "Running" ||
    caches.locks.by("holder", keyOf(execution)).some(({ holder }) => holder?.uid === execution.uid);
}

export function isNothing({ unfinished, owing, held, strays }: Left): boolean {
  return unfinished.length + owing.length + held.length + strays.length === 0;
}

/** One line for a person; the first few of each kind by name. */
export function describeLeft({ unfinished, owing, held, strays }: Left): string {
  const part = (names: readonly string[], what: string) =>
    names.length === 0
      ? []
      : [`${names.length} ${what} (${names.slice(0, 3).join(", ")}${names.length > 3 ? ", …" : ""})`];
  return [
    ...part(unfinished, "unfinished"),
    ...part(owing, "ended and owing"),
    ...part(held, "locked"),
    ...part(strays.map(keyOf), "runs without their execution"),
  ].join(", ");
}

function hasExecution(caches: Caches, run: PipelineRun): boolean {
  const execution = caches.executions.informer.store.get(run.executionKey);
  return execution?.uid === run.executionUid && !isLetGo(execution);
}
