// One key, one pass: gather, decide, perform, and again, until there is nothing to do now. Every pass starts from nothing
// but the cluster's state, so it does not matter why, how often, or after which crash it runs.

import type { Clock } from "../clock.ts";
import type { Logger } from "../log.ts";
import type { Announcement, Decision } from "../workflow/action.ts";
import { decide } from "../workflow/decide.ts";
import { type Execution, isFinal } from "../workflow/execution.ts";
import { decideFreeLock } from "../workflow/free_lock.ts";
import { lockName } from "../workflow/lock.ts";
import { decideOrphan } from "../workflow/orphan.ts";
import { type Snapshot, targetOf } from "../workflow/snapshot.ts";
import { canonicalTarget } from "../workflow/target.ts";
import type { ExecutionTraces, TracedPass } from "./execution_traces.ts";
import { type Facts, gather, type GatherContext, gatherOrphans, placeOfRun } from "./gather.ts";
import { forget, perform, type PerformContext, type Subject } from "./perform.ts";

/** What a pass asks of the queue: look again after a time, or try again with growing delays. */
export interface Outcome {
  readonly requeueAfterMs?: number;
  readonly retryAfterMs?: number;
  /** There is more to do, but others who have nothing yet go first. */
  readonly behind?: boolean;
}

/** Told what has been committed. */
export interface ReconcileObserver {
  /** The phase changed from one to another; both states are given. */
  transition?(before: Execution, after: Execution, reason: string): void;
  announce?(execution: Execution, announcement: Announcement): void;
  lockChecked?(durationMs: number): void;
  pipelineRunCreated?(durationMs: number): void;
}

export interface ReconcilerOptions extends GatherContext, PerformContext {
  readonly clock: Clock;
  readonly log: Logger;
  readonly observer?: ReconcileObserver;
  /** Our finalizer has gone, and the object stays: nothing is owed for it any more. */
  readonly settled?: (execution: Execution) => void;
  /** Whether executions wait that have no run yet. */
  readonly othersWait?: () => boolean;
  readonly traces?: ExecutionTraces | undefined;
  /** Executions that nothing is done about: who drains a cluster begins nothing. */
  readonly leaves?: ((execution: Execution) => boolean) | undefined;
}

/** More steps than any story has: a pass that gets there is turning in circles, and is put off. */
const maxSteps = 40;

export class Reconciler {
  readonly #o: ReconcilerOptions;

  constructor(o: ReconcilerOptions) {
    this.#o = o;
  }

  /** @param key `namespace/name` of an execution, which need not exist (any more) */
  async reconcile(key: string): Promise<Outcome> {
    const pass = this.#o.traces?.pass(key, this.#o.clock.now());
    try {
      const own = await this.#execution(key, pass);
      const left = await this.#orphans(key, pass);
      const outcome = own.behind ? own : soonest(own, left);
      pass?.end(nextOf(outcome));
      return outcome;
    } catch (error) {
      pass?.fail(error);
      pass?.end("retry");
      throw error;
    }
  }

  /** @param name of a Lease in the lock namespace */
  async reconcileLock(name: string): Promise<Outcome> {
    const { caches, clock, rules } = this.#o;
    const lock = caches.locks.get({ namespace: rules.lockNamespace, name });
    if (!lock) return {};
    const decision = decideFreeLock(lock, rules.cooldownMs, clock.now());
    const subject = {
      execution: undefined,
      place: lock,
      run: undefined,
      runPlace: undefined,
      rivals: [],
      lock,
      lockName: name,
    };
    if (decision.action) await perform(this.#o, decision.action, subject, {});
    return outcomeOf(decision);
  }

  async #execution(key: string, pass: TracedPass | undefined): Promise<Outcome> {
    const { caches, clock, memory, observer, traces } = this.#o;
    const facts: Facts = {};
    const startedMs = clock.monotonic();
    let version: string | undefined;
    let taken = 0;
    for (let step = 0; step < maxSteps; step++) {
      const execution = caches.executions.informer.store.get(key);
      if (!execution || this.#o.leaves?.(execution)) return {};
      // What was read before the execution changed proves nothing about what has come since: that a run was absent while
      // it was Pending does not say that it was deleted, now that it is Running.
      if (version !== execution.resourceVersion) forget(facts);
      version = execution.resourceVersion;
      const snapshot = gather(this.#o, execution, facts);
      const decision = decide(snapshot);
      const { action } = decision;
      if (!action) {
        if (isFinal(execution) && execution.deletedAtMs === undefined) memory.delete(execution.uid);
        const known = memory.get(execution.uid);
        if (known && decision.retryAfterMs) known.retryAtMs = clock.monotonic() + decision.retryAfterMs;
        return outcomeOf(decision);
      }
      const actionMs = clock.monotonic();
      const takes = action.do === "patchLock" ? action.for === "take" : action.do === "createLock";
      if (takes && ++taken > 1 && !await this.#isAsCached(execution)) return { retryAfterMs: 0 };
      const subject = this.#subjectOf(snapshot);
      if (pass) await pass.do(decision, subject, () => perform(this.#o, action, subject, facts));
      else await perform(this.#o, action, subject, facts);
      const { ask } = memory.get(execution.uid) ?? {};
      if (facts.waiting && ask) {
        ask.why = facts.waiting.value;
        ask.intervalMs *= 2;
        ask.atMs = clock.monotonic() + ask.intervalMs;
        delete facts.waiting;
      }
      if (action.do === "removeFinalizer") {
        if (execution.deletedAtMs === undefined) this.#o.settled?.(execution);
        else if (!isFinal(execution)) this.#o.log.info("deleted before its end", { execution: key });
        // The last word: the object may be gone by now, and the cache hears of it in its own time.
        for (const announcement of action.announce) observer?.announce?.(execution, announcement);
        return {};
      }
      const tookMs = clock.monotonic() - actionMs;
      const after = caches.executions.informer.store.get(key);
      if (action.do === "createPipelineRun" && !facts.refusal) {
        observer?.pipelineRunCreated?.(tookMs);
        if (this.#o.othersWait?.()) return { behind: true };
      }
      if (takes) observer?.lockChecked?.(clock.monotonic() - startedMs);
      if (action.do !== "writeStatus" || !after || after.uid !== execution.uid) continue;
      if (action.patch.pipelineRunStatus) {
        const known = memory.get(execution.uid);
        if (known) known.progressMs = clock.monotonic();
      }
      if (action.patch.phase !== undefined) observer?.transition?.(execution, after, decision.reason);
      if (isFinal(after)) traces?.ended(after);
      for (const announcement of action.announce) observer?.announce?.(after, announcement);
    }
    this.#o.log.error("a pass did not come to an end", { execution: key });
    return { retryAfterMs: 1_000 };
  }

  /**
   * A lock that was taken and is free again within one pass was released by somebody who knows more: where the watch is
   * behind, the execution may have ended long ago. Reads it live, into the cache.
   */
  async #isAsCached(execution: Execution): Promise<boolean> {
    const { api, caches } = this.#o;
    const now = await api.get("execution", execution);
    if (now && now.resourceVersion !== execution.resourceVersion) caches.executions.wrote(now);
    return now?.resourceVersion === execution.resourceVersion;
  }

  async #orphans(key: string, pass: TracedPass | undefined): Promise<Outcome> {
    const facts = new Map<string, Facts>();
    const factsOf = (uid: string) => {
      const known = facts.get(uid) ?? {};
      facts.set(uid, known);
      return known;
    };
    let outcome: Outcome = {};
    const settled = new Set<string>();
    for (let step = 0; step < maxSteps; step++) {
      const orphan = gatherOrphans(this.#o, key, factsOf).find(({ uid }) => !settled.has(uid));
      if (!orphan) return outcome;
      const decision = decideOrphan(orphan);
      if (!decision.action) {
        settled.add(orphan.uid);
        outcome = soonest(outcome, outcomeOf(decision));
        continue;
      }
      const [namespace = "", name = ""] = key.split("/");
      const run = orphan.pipelineRun.value;
      const { action } = decision;
      const subject = {
        execution: undefined,
        place: { namespace, name },
        run,
        runPlace: run ?? orphan.lock?.holder?.pipelineRun,
        rivals: [],
        lock: orphan.lock,
        lockName: orphan.lock?.name ?? "",
      };
      if (pass) await pass.do(decision, subject, () => perform(this.#o, action, subject, factsOf(orphan.uid)));
      else await perform(this.#o, action, subject, factsOf(orphan.uid));
      const level = decision.action.do === "read" ? "debug" : "info";
      this.#o.log[level](decision.reason, { execution: key, uid: orphan.uid, action: decision.action.do });
    }
    return { retryAfterMs: 1_000 };
  }

  #subjectOf(snapshot: Snapshot): Subject {
    const { execution, lock, rules, pipelineRun, rivals } = snapshot;
    const target = targetOf({ execution });
    return {
      execution,
      place: execution,
      run: pipelineRun.value,
      runPlace: pipelineRun.value ?? placeOfRun(execution, rules),
      rivals: rivals.value,
      lock: lock.value,
      lockName: execution.claim?.lease || (target ? lockName(canonicalTarget(target)) : ""),
    };
  }
}

/** For a trace: what the pass asks of the queue. */
function nextOf({ behind, retryAfterMs, requeueAfterMs }: Outcome): string {
  return behind
    ? "behind others"
    : retryAfterMs !== undefined
    ? "retry"
    : requeueAfterMs !== undefined
    ? "later"
    : "none";
}

function outcomeOf({ requeueAfterMs, retryAfterMs }: Decision): Outcome {
  return {
    ...(requeueAfterMs === undefined ? {} : { requeueAfterMs }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  };
}

function soonest(a: Outcome, b: Outcome): Outcome {
  const least = (x: number | undefined, y: number | undefined) =>
    x === undefined ? y : y === undefined ? x : Math.min(x, y);
  const requeueAfterMs = least(a.requeueAfterMs, b.requeueAfterMs);
  const retryAfterMs = least(a.retryAfterMs, b.retryAfterMs);
  return outcomeOf({
    reason: "",
    ...(requeueAfterMs === undefined ? {} : { requeueAfterMs }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}
