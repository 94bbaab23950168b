// Who else is on a target: from the caches, and from the API server where these may be behind. What follows from it is
// decided in lib/workflow/rivals.ts.

import type { Execution } from "../workflow/execution.ts";
import { isFinished, isPending, type PipelineRun } from "../workflow/pipeline_run.ts";
import { type Rival, targetOf } from "../workflow/snapshot.ts";
import { canonicalTarget } from "../workflow/target.ts";
import type { Api } from "./api.ts";
import { type Caches, targetsOfRun } from "./caches.ts";

/** As far as the caches know. */
export function rivalsOn(caches: Caches, canonical: string | undefined, ownUid: string): Rival[] {
  if (canonical === undefined) return [];
  const unfinished = caches.pipelineRuns.by("target", canonical)
    .filter(({ executionUid }) => executionUid !== ownUid)
    .map((run) => ({ run, execution: executionOf(caches, run) }));
  // A run that has finished is still its execution's until that says how it ended.
  const known = new Set(unfinished.map(({ run }) => run.executionUid));
  const running = caches.executions.by("target", canonical)
    .filter(({ uid, status }) => uid !== ownUid && !known.has(uid) && status.phase === "Running")
    .map((execution) => ({ run: caches.pipelineRuns.by("uid", execution.uid)[0], execution }));
  return [...unfinished, ...running];
}

/** Whether the cache holds every run that was created before this one, which is pending; true where it does not matter. */
export function knowsAllBefore(caches: Caches, run: PipelineRun | undefined): boolean {
  return !run || !isPending(run) || caches.pipelineRuns.informer.behind(run.resourceVersion).length === 0;
}

/**
 * Those whose runs are unfinished, or that have not come to their end, as they are now. Where the watch has not come as far
 * as the execution's own run, all runs of these namespaces are listed.
 */
export async function rivalsNow(
  api: Api,
  caches: Caches,
  subject: {
    readonly execution: Execution | undefined;
    readonly run: PipelineRun | undefined;
    readonly rivals: readonly Rival[];
  },
): Promise<Rival[]> {
  const { execution, run, rivals } = subject;
  const target = execution && targetOf({ execution });
  const unknown: Rival[] = [];
  for (const path of run && target ? caches.pipelineRuns.informer.behind(run.resourceVersion) : []) {
    for (const other of await api.pipelineRuns(path)) {
      if (!target || isFinished(other) || other.executionUid === execution?.uid) continue;
      if (!targetsOfRun(other).includes(canonicalTarget(target))) continue;
      if (!rivals.some(({ run: known }) => known?.uid === other.uid)) {
        unknown.push({ run: other, execution: undefined });
      }
    }
  }
  const now = await Promise.all([...rivals, ...unknown].map((rival) => stateNow(api, rival)));
  return now.filter((rival) => rival !== undefined);
}

/** A rival read live; undefined when its run is no more and its execution, if it exists, has ended. */
async function stateNow(api: Api, { run, execution: cached }: Rival): Promise<Rival | undefined> {
  const now = run && await api.get("pipelineRun", run);
  const [namespace = "", name = ""] = run?.executionKey.split("/") ?? [cached?.namespace, cached?.name];
  const named = namespace && name ? await api.get("execution", { namespace, name }) : undefined;
  const execution = named?.uid === (run?.executionUid ?? cached?.uid) ? named : undefined;
  const unfinished = now !== undefined && now.uid === run?.uid && !isFinished(now);
  return unfinished || execution?.status.phase === "Running" ? { run: now ?? run, execution } : undefined;
}

function executionOf(caches: Caches, run: PipelineRun): Execution | undefined {
  const execution = caches.executions.informer.store.get(run.executionKey);
  return execution?.uid === run.executionUid ? execution : undefined;
}
