// Who else is on a target: from the caches, and from the API server where these may be behind. What follows from it is
// decided in lib/workflow/rivals.ts.

import { type Execution, isLetGo } from "../workflow/execution.ts";
import type { Holder, Lock } from "../workflow/lock.ts";
import { isFinished, isPending, type PipelineRun } from "../workflow/pipeline_run.ts";
import { type Rival, targetOf } from "../workflow/snapshot.ts";
import { canonicalTarget } from "../workflow/target.ts";
import { type Api, listPath } from "./api.ts";
import { type Caches, targetsOfRun } from "./caches.ts";

/** As far as the caches know; `lease` is the name of the target's. */
export function rivalsOn(
  caches: Caches,
  canonical: string | undefined,
  lease: string,
  ownUid: string,
): Rival[] {
  if (canonical === undefined) return [];
  const unfinished = caches.pipelineRuns.by("target", canonical)
    .filter(({ executionUid }) => executionUid !== ownUid)
    .map((run) => ({ run, execution: executionOf(caches, run) }));
  // A run that has finished is still its execution's until that says how it ended.
  const known = new Set(unfinished.map(({ run }) => run.executionUid));
  const running = caches.executions.by("target", canonical)
    .filter(({ uid, status }) => uid !== ownUid && !known.has(uid) && status.phase === "Running")
    .map((execution) => ({ run: runOf(caches, execution.uid), execution }));
  for (const { execution } of running) known.add(execution.uid);
  const former = caches.formerHolders.unsettled(lease, ownUid, (holder) => lastKnown(caches, holder))
    .filter(({ uid }) => !known.has(uid))
    .map((formerHolder) => ({ run: runOf(caches, formerHolder.uid), execution: undefined, formerHolder }));
  return [...unfinished, ...running, ...former];
}

/**
 * Whether the caches tell of every run on the target that was created before this one, which is pending: the watch over its
 * namespace has come as far as its creation, and of other namespaces, each with a watch of its own, that of the Leases has
 * come as far as ours and knows who held it. True where it does not matter.
 */
export function knowsAllBefore(caches: Caches, run: PipelineRun | undefined, lock: Lock | undefined): boolean {
  return !run || !isPending(run) || unknownPaths(caches, run, lock).length === 0;
}

/** The list paths where there may be earlier runs that the caches do not tell of. */
function unknownPaths(caches: Caches, run: PipelineRun, lock: Lock | undefined): string[] {
  const behind = caches.pipelineRuns.informer.behind(run.resourceVersion);
  const leasesKnown = lock !== undefined && caches.locks.informer.behind(lock.resourceVersion).length === 0;
  const own = [listPath("pipelineRun", ""), listPath("pipelineRun", run.namespace)];
  return leasesKnown ? behind.filter((path) => own.includes(path)) : behind;
}

/**
 * Those whose runs are unfinished, or that have not come to their end, as they are now. Where the caches may not tell of all,
 * the runs are listed.
 */
export async function rivalsNow(
  api: Api,
  caches: Caches,
  subject: {
    readonly execution: Execution | undefined;
    readonly run: PipelineRun | undefined;
    readonly lock: Lock | undefined;
    readonly lockName: string;
    readonly rivals: readonly Rival[];
  },
): Promise<Rival[]> {
  const { execution, run, lock, lockName, rivals } = subject;
  const target = execution && targetOf({ execution });
  const unknown: Rival[] = [];
  for (const path of run && target ? unknownPaths(caches, run, lock) : []) {
    for (const other of await api.pipelineRuns(path)) {
      if (!target || isFinished(other) || other.executionUid === execution?.uid) continue;
      if (!targetsOfRun(other).includes(canonicalTarget(target))) continue;
      if (!rivals.some(({ run: known }) => known?.uid === other.uid)) {
        unknown.push({ run: other, execution: undefined });
      }
    }
  }
  const found: Rival[] = [];
  for (const rival of [...rivals, ...unknown]) {
    const now = await stateNow(api, rival);
    if (now) found.push(now);
    else if (rival.formerHolder) caches.formerHolders.settled(lockName, rival.formerHolder.uid);
  }
  return found;
}

/** A rival read live; undefined when its run is no more and its execution, if it exists, has ended. */
async function stateNow(api: Api, { run: cached, execution, formerHolder }: Rival): Promise<Rival | undefined> {
  const uid = cached?.executionUid ?? execution?.uid ?? formerHolder?.uid;
  const [namespace = "", name = ""] = cached?.executionKey.split("/") ?? [];
  const at = execution ?? formerHolder ?? { namespace, name };
  const place = cached ?? (formerHolder?.pipelineRun.name ? formerHolder.pipelineRun : undefined);
  const run = place && await api.get("pipelineRun", place);
  const there = at.namespace && at.name ? await api.get("execution", at) : undefined;
  const now = there?.uid === uid ? there : undefined;
  if (isUnfinishedOf(uid, run)) return { run, execution: now };
  if (now?.status.phase !== "Running") return undefined;
  // A run that is in no cache, or not where the Lease has it, may not have started: whoever has the lock gives no way to that.
  const ref = now.status.pipelineRunRef;
  const known = ref?.name === place?.name && ref?.namespace === place?.namespace;
  const named = ref && !known ? await api.get("pipelineRun", ref) : undefined;
  if (isUnfinishedOf(uid, named)) return { run: named, execution: now };
  // One that is let go stays Running as long as it is kept: only its run can tell whether it still is.
  return isLetGo(now) ? undefined : { run: run?.executionUid === uid ? run : undefined, execution: now };
}

function isUnfinishedOf(executionUid: string | undefined, run: PipelineRun | undefined): boolean {
  return run !== undefined && run.executionUid === executionUid && !isFinished(run);
}

function lastKnown(caches: Caches, holder: Holder): Execution | "gone" | undefined {
  const execution = caches.executions.get(holder);
  if (execution?.uid === holder.uid) return execution;
  // What it has left running is in the cache, unless its run is where nobody watches any more.
  const told = caches.pipelineRuns.informer.watches(holder.pipelineRun.namespace);
  return told && caches.executions.lastSeen(holder.uid) ? "gone" : undefined;
}

function runOf(caches: Caches, executionUid: string): PipelineRun | undefined {
  return caches.pipelineRuns.by("uid", executionUid)[0];
}

function executionOf(caches: Caches, run: PipelineRun): Execution | undefined {
  const execution = caches.executions.informer.store.get(run.executionKey);
  return execution?.uid === run.executionUid ? execution : undefined;
}
