// Caches, live reads of this pass and what this process remembers → the snapshot that a decision is made from. Reads nothing
// by itself: what must be read live, a decision asks for.

import type { Clock } from "../clock.ts";
import type { Execution } from "../workflow/execution.ts";
import { isFinal } from "../workflow/execution.ts";
import type { Evidence } from "../workflow/failure.ts";
import { type Holder, type Lock, lockName, type RecentEnd } from "../workflow/lock.ts";
import type { OrphanSnapshot } from "../workflow/orphan.ts";
import { hasBegun, isFinished, type PipelineRun, pipelineRunName, type Waiting } from "../workflow/pipeline_run.ts";
import { endOf } from "../workflow/recent_end.ts";
import type { Refusal } from "../workflow/refusal.ts";
import { type AuditState, type Rival, type Rules, type Seen, type Snapshot, targetOf } from "../workflow/snapshot.ts";
import { canonicalTarget } from "../workflow/target.ts";
import type { Caches } from "./caches.ts";
import type { ExecutionTraces } from "./execution_traces.ts";
import { knowsAllBefore, rivalsOn } from "./rivals.ts";

/** What one pass has found out live. A write makes all of it stale, and clears it. */
export interface Facts {
  pipelineRun?: { value: PipelineRun | undefined };
  lock?: { value: Lock | undefined };
  holder?: { value: Execution | undefined; hidden?: true };
  holderRun?: { value: PipelineRun | undefined };
  rivals?: { value: readonly Rival[] };
  execution?: { value: Execution | undefined };
  unfinishedTaskRuns?: boolean;
  waiting?: { value: Waiting | undefined };
  /** Uids of runs that this pass has found gone, though the cache may not know it yet. */
  gone?: ReadonlySet<string>;
  evidence?: Evidence;
  refusal?: Refusal;
  lockRefusal?: string;
}

/** What this process remembers of an execution, by uid: ages that no wall clock can be trusted with. */
export interface Memory {
  readonly firstSeenMs: number;
  progressMs: number;
  /** When it was first seen being deleted. */
  deletingSinceMs?: number;
  /** When its run was first seen, and which. */
  run?: { readonly uid: string; readonly seenMs: number };
  /** What the run in this version is waiting for, and when to ask its TaskRuns (again). */
  ask?: { readonly resourceVersion: string; intervalMs: number; atMs: number; why: Waiting | undefined };
  /** Before this time an API server that asked for patience is not asked again. */
  retryAtMs: number;
}

export interface GatherContext {
  readonly caches: Caches;
  readonly clock: Clock;
  readonly rules: Rules;
  readonly memory: Map<string, Memory>;
  auditStateOf(execution: Execution): AuditState;
  readonly traces?: ExecutionTraces | undefined;
}

export function gather(context: GatherContext, execution: Execution, facts: Facts): Snapshot {
  const { caches, clock, rules } = context;
  const nowMs = clock.now();
  const memory = remembered(context, execution);
  const target = targetOf({ execution });
  const canonical = target && canonicalTarget(target);
  const leaseName = execution.claim?.lease || (canonical ? lockName(canonical) : "");
  const lock = seen(
    facts.lock,
    () => leaseName ? caches.locks.get({ namespace: rules.lockNamespace, name: leaseName }) : undefined,
  );
  const holder = lock.value?.holder;
  const runAtHolder = seen(
    facts.holderRun,
    () => holder?.pipelineRun.name ? caches.pipelineRuns.get(holder.pipelineRun) : undefined,
  );
  const inCache = caches.pipelineRuns.get(placeOfRun(execution, rules));
  const isGone = inCache !== undefined && facts.gone?.has(inCache.uid) === true;
  const atPlace = seen(facts.pipelineRun ?? (isGone ? { value: undefined } : undefined), () => inCache);
  const own = isOwn(execution, atPlace.value) ? atPlace.value : undefined;
  const run = own ?? (atPlace.live ? undefined : elsewhere(caches, execution));
  const claimedAtMs = Date.parse(execution.claim?.claimedAt ?? "");
  const wallAgeMs = Number.isNaN(claimedAtMs) ? Infinity : Math.max(0, nowMs - claimedAtMs);
  return {
    nowMs,
    rules,
    execution,
    current: facts.execution?.value?.uid === execution.uid &&
      facts.execution.value.resourceVersion === execution.resourceVersion,
    gone: facts.execution !== undefined && facts.execution.value?.uid !== execution.uid,
    claimAgeMs: Math.min(wallAgeMs, clock.monotonic() - memory.firstSeenMs),
    deletionAgeMs: deletionAgeOf(memory, execution, clock),
    sinceProgressMs: clock.monotonic() - memory.progressMs,
    pipelineRun: { value: run, live: atPlace.live },
    runAgeMs: ageOf(memory, run, clock),
    runIsWatched: caches.pipelineRuns.informer.watches(placeOfRun(execution, rules).namespace),
    foreignRun: own ? undefined : atPlace.value,
    strays: straysOf(caches, execution, placeOfRun(execution, rules), facts.gone),
    unfinishedTaskRuns: facts.unfinishedTaskRuns,
    waiting: waitingOf(memory, run, clock),
    lock,
    holder: seen(facts.holder, () => holder && caches.executions.get(holder)),
    holderHidden: facts.holder?.hidden === true,
    holderRun: { value: runOfHolder(caches, holder, runAtHolder.value, facts.gone), live: runAtHolder.live },
    holderLastSeen: holder && caches.executions.lastSeen(holder.uid),
    rivals: facts.rivals ? { value: facts.rivals.value, live: true, complete: true } : {
      value: isFinal(execution) ? [] : rivalsOn(caches, canonical, leaseName, execution.uid),
      live: false,
      complete: knowsAllBefore(caches, run, lock.value),
    },
    recentEnds: canonical === undefined || isFinal(execution) ? [] : recentEndsOn(caches, canonical, execution.uid),
    holdOffMs: Math.max(0, memory.retryAtMs - clock.monotonic()),
    refusal: facts.refusal,
    lockRefusal: facts.lockRefusal,
    evidence: facts.evidence,
    // Asked for only where the policy has come to it: asking offers what is owed, and a deletion is owed as an event only
    // once it is sure that no other end comes before it.
    get audit() {
      return context.auditStateOf(execution);
    },
    // The same: asking begins a trace.
    get traceparent() {
      return context.traces?.traceparentOf(execution, run) ?? "";
    },
  };
}

/** What executions that are gone, or that were replaced by another of the same name, have left under a key. */
export function gatherOrphans(context: GatherContext, key: string, factsOf: (uid: string) => Facts): OrphanSnapshot[] {
  const { caches, clock, rules } = context;
  const current = caches.executions.informer.store.get(key);
  const locks = caches.locks.by("holder", key).filter(({ holder }) => holder?.uid !== current?.uid);
  const runs = caches.pipelineRuns.by("execution", key).filter(({ executionUid }) => executionUid !== current?.uid);
  const uids = new Set([
    ...locks.map(({ holder }) => holder?.uid ?? ""),
    ...runs.map(({ executionUid }) => executionUid),
  ]);
  return [...uids].map((uid) => {
    const facts = factsOf(uid);
    const lock = facts.lock ? facts.lock.value : locks.find(({ holder }) => holder?.uid === uid);
    const cached = runs.find(({ executionUid }) => executionUid === uid);
    const run = seen(facts.pipelineRun, () => cached);
    return {
      nowMs: clock.now(),
      rules,
      uid,
      execution: seen(facts.execution, () => current),
      lastSeen: caches.executions.lastSeen(uid),
      pipelineRun: { value: run.value?.executionUid === uid ? run.value : undefined, live: run.live },
      unfinishedTaskRuns: facts.unfinishedTaskRuns,
      lock: lock?.holder?.uid === uid ? lock : undefined,
    };
  });
}

function seen<T>(fact: { value: T | undefined } | undefined, cached: () => T | undefined): Seen<T> {
  return fact ? { value: fact.value, live: true } : { value: cached(), live: false };
}

/** Where the run of an execution is, or will be. */
export function placeOfRun(execution: Execution, rules: Rules): { namespace: string; name: string } {
  const { claim, status } = execution;
  if (status.pipelineRunRef?.name) {
    return { namespace: status.pipelineRunRef.namespace || execution.namespace, name: status.pipelineRunRef.name };
  }
  if (claim) return claim.pipelineRun;
  return { namespace: rules.executionNamespace || execution.namespace, name: pipelineRunName(execution) };
}

function ageOf(memory: Memory, run: PipelineRun | undefined, clock: Clock): number {
  if (!run) return 0;
  if (memory.run?.uid !== run.uid) memory.run = { uid: run.uid, seenMs: clock.monotonic() };
  return clock.monotonic() - memory.run.seenMs;
}

/** Whichever clock is right: neither one that is behind, nor a restart, makes a deletion wait longer. */
function deletionAgeOf(memory: Memory, { deletedAtMs }: Execution, clock: Clock): number {
  if (deletedAtMs === undefined) return 0;
  memory.deletingSinceMs ??= clock.monotonic();
  return Math.max(clock.now() - deletedAtMs, clock.monotonic() - memory.deletingSinceMs);
}

/** Whether it is the run of this execution: of its uid, and, once the status names one, that very run. */
function isOwn(execution: Execution, run: PipelineRun | undefined): boolean {
  const uid = execution.status.pipelineRunRef?.uid;
  return run !== undefined && run.executionUid === execution.uid && (!uid || run.uid === uid);
}

/**
 * A run that is not where it should be, and failing that, the way it was when it was deleted, if it had finished: a run that
 * is pruned the moment it ends has ended all the same.
 */
function elsewhere(caches: Caches, execution: Execution): PipelineRun | undefined {
  const uid = execution.status.pipelineRunRef?.uid;
  const found = caches.pipelineRuns.by("uid", execution.uid).find((run) => isOwn(execution, run));
  return found ?? (uid ? tombstone(caches.pipelineRuns.lastSeen(uid)) : undefined);
}

/**
 * The run of a Lease's holder: where the Lease says, or in another place, by the uid of its label, for a replica of another
 * configuration may have written the Lease. What may still run goes before what has finished.
 */
function runOfHolder(
  caches: Caches,
  holder: Holder | undefined,
  there: PipelineRun | undefined,
  gone: ReadonlySet<string> | undefined,
): PipelineRun | undefined {
  if (!holder?.uid) return undefined;
  const own = there?.executionUid === holder.uid ? there : undefined;
  if (own && !isFinished(own)) return own;
  const { namespace, name } = holder.pipelineRun;
  const others = caches.pipelineRuns.by("uid", holder.uid).filter((run) =>
    !gone?.has(run.uid) && (run.namespace !== namespace || run.name !== name)
  );
  return others.find((run) => !isFinished(run)) ?? own ?? others[0];
}

/** How long a run may stay as it is before its TaskRuns are asked why; twice as long before they are asked again. */
const askAfterMs = 3_000;

function waitingOf(memory: Memory, run: PipelineRun | undefined, clock: Clock): Snapshot["waiting"] {
  if (!run || isFinished(run) || !hasBegun(run) || run.ordered) return { why: undefined, askInMs: Infinity };
  const nowMs = clock.monotonic();
  if (memory.ask?.resourceVersion !== run.resourceVersion) {
    const { resourceVersion } = run;
    memory.ask = { resourceVersion, intervalMs: askAfterMs, atMs: nowMs + askAfterMs, why: undefined };
  }
  return { why: memory.ask.why, askInMs: Math.max(0, memory.ask.atMs - nowMs) };
}

/** Unfinished runs that carry the execution's uid, and are not where its run is. */
function straysOf(
  caches: Caches,
  execution: Execution,
  place: { namespace: string; name: string },
  gone: ReadonlySet<string> | undefined,
): readonly PipelineRun[] {
  return caches.pipelineRuns.by("uid", execution.uid).filter((run) =>
    !isFinished(run) && run.uid !== execution.status.pipelineRunRef?.uid && !gone?.has(run.uid) &&
    (run.name !== place.name || run.namespace !== place.namespace)
  );
}

function tombstone(run: PipelineRun | undefined): PipelineRun | undefined {
  const finished = run?.succeeded !== undefined && run.succeeded.status !== "Unknown";
  return run && finished
    ? { ...run, deletedAtMs: run.deletedAtMs ?? run.completionTimeMs ?? run.createdAtMs }
    : undefined;
}

function recentEndsOn(caches: Caches, canonical: string, ownUid: string): RecentEnd[] {
  return caches.executions.by("target", canonical)
    .filter(({ uid }) => uid !== ownUid)
    .flatMap((execution) => endOf(execution) ?? []);
}

function remembered({ memory, clock }: GatherContext, execution: Execution): Memory {
  const nowMs = clock.monotonic();
  const known = memory.get(execution.uid);
  if (known) return known;
  const fresh = { firstSeenMs: nowMs, progressMs: -Infinity, retryAtMs: -Infinity };
  if (!isFinal(execution) || execution.deletedAtMs !== undefined) memory.set(execution.uid, fresh);
  return fresh;
}
