// The three caches that decisions start from, with the indexes that make them cheap: who holds a target, whose run is this.
// The answers of own writes enter at once, so that a decision never rests on a state before one's own last write; an object
// whose deletion has been seen never comes back by such an answer, however late it is.

import type { Clock } from "../clock.ts";
import type { RestClient } from "../kube/contract.ts";
import { Informer, type WatchObserver } from "../kube/informer.ts";
import { Interner } from "../kube/interner.ts";
import { keyOf, type Stored } from "../kube/store.ts";
import type { Logger } from "../log.ts";
import { type Execution, executionFrom } from "../workflow/execution.ts";
import { isReadable, type Lock, lockFrom } from "../workflow/lock.ts";
import { isFinished, type PipelineRun, pipelineRunFrom } from "../workflow/pipeline_run.ts";
import { canonicalTarget, parseTarget, TargetError } from "../workflow/target.ts";
import { listPath, oursOnly } from "./api.ts";
import { FormerHolders } from "./former_holders.ts";
import { slimExecution, slimRun } from "./slim.ts";

/** How long a deleted object is remembered: longer than any answer, and than any watch, is late. */
const rememberMs = 10 * 60_000;
const rememberAtMost = 10_000;

export class Cache<T extends Stored> {
  readonly informer: Informer<T>;
  readonly #clock: Clock;
  /** Told of every own write whose answer entered: handlers of the informer do not see those. */
  onWrote: ((object: T) => void) | undefined;
  /** By uid, oldest first. */
  readonly #deleted = new Map<string, { object: T; atMs: number }>();

  readonly #keep: (object: T) => T;
  readonly #embalm: (object: T) => T;

  /**
   * @param keep what of an object is kept: the same as the informer keeps
   * @param embalm what is remembered of a deleted object: without what is large
   */
  constructor(
    informer: Informer<T>,
    clock: Clock,
    keep: (object: T) => T = (object) => object,
    embalm: (object: T) => T = (object) => object,
  ) {
    this.informer = informer;
    this.#clock = clock;
    this.#keep = keep;
    this.#embalm = embalm;
    informer.onChange(({ type, object }) => {
      if (type === "deleted") this.#bury(object);
    });
  }

  get(at: { namespace: string; name: string }): T | undefined {
    return this.informer.store.get(keyOf(at));
  }

  by(index: string, value: string): readonly T[] {
    return this.informer.store.by(index, value);
  }

  /** The last state of an object that was seen to be deleted a while ago at most. */
  lastSeen(uid: string): T | undefined {
    return this.#deleted.get(uid)?.object;
  }

  /** The answer to an own write. */
  wrote(object: T): void {
    // What no watch tells of would stay for ever as it was written: it is read live each time.
    if (this.#deleted.has(object.uid) || !this.informer.watches(object.namespace)) return;
    this.informer.store.upsert(this.#keep(object));
    this.onWrote?.(object);
  }

  #bury(object: T): void {
    const nowMs = this.#clock.monotonic();
    for (const [uid, { atMs }] of this.#deleted) {
      if (nowMs - atMs < rememberMs && this.#deleted.size < rememberAtMost) break;
      this.#deleted.delete(uid);
    }
    this.#deleted.set(object.uid, { object: this.#embalm(object), atMs: nowMs });
  }
}

export interface Caches {
  readonly executions: Cache<Execution>;
  readonly pipelineRuns: Cache<PipelineRun>;
  readonly locks: Cache<Lock>;
  readonly formerHolders: FormerHolders;
}

export interface CacheOptions {
  readonly client: RestClient;
  readonly clock: Clock;
  readonly log: Logger;
  /** Watched namespaces; empty: all. */
  readonly namespaces: readonly string[];
  readonly executionNamespace: string;
  readonly lockNamespace: string;
  readonly observer?: WatchObserver;
}

export function createCaches(o: CacheOptions): Caches {
  const { client, clock, log } = o;
  const everywhere = o.namespaces.length === 0 ? [""] : [...new Set(o.namespaces)];
  // Runs stay where they were created when executionNamespace changes. One in a namespace that is watched no longer is still
  // found by its execution's claim, or by the Lease that its gone execution held, and read live. A finished one that is left
  // there without either is not found: README.md says to keep a former executionNamespace among the namespaces.
  const runNamespaces = everywhere.includes("") || !o.executionNamespace
    ? everywhere
    : [...new Set([...everywhere, o.executionNamespace])];
  const create = <T extends Stored>(
    name: string,
    paths: string[],
    project: (json: Parameters<typeof executionFrom>[0]) => T,
    indexes: Record<string, (object: T) => readonly string[]>,
    more: { labelSelector?: string; keep?: (object: T) => T; embalm?: (object: T) => T },
  ) => {
    const { observer } = o;
    const { labelSelector, keep = (object: T) => object, embalm } = more;
    const informer = new Informer<T>({
      client,
      clock,
      log,
      name,
      paths,
      project: (json) => keep(project(json)),
      indexes,
      ...(labelSelector === undefined ? {} : { labelSelector }),
      ...(observer === undefined ? {} : { observer }),
    });
    return new Cache(informer, clock, keep, embalm);
  };
  const interner = new Interner();
  const caches = {
    executions: create(
      "workflowexecutions",
      everywhere.map((namespace) => listPath("execution", namespace)),
      executionFrom,
      { target: (execution) => targetsOf(execution.spec.targetResource, execution.namespace) },
      {
        keep: (execution) => slimExecution(execution, interner),
        embalm: (execution) => ({ ...execution, spec: { ...execution.spec, parameters: {}, rationale: undefined } }),
      },
    ),
    pipelineRuns: create(
      "pipelineruns",
      runNamespaces.map((namespace) => listPath("pipelineRun", namespace)),
      pipelineRunFrom,
      {
        execution: (run) => run.executionKey ? [run.executionKey] : [],
        uid: (run) => run.executionUid ? [run.executionUid] : [],
        // The lock index: unfinished runs by the target that they stand for.
        target: (run) => isFinished(run) ? [] : targetsOfRun(run),
      },
      { labelSelector: oursOnly, keep: (run) => slimRun(run, interner) },
    ),
    locks: create(
      "leases",
      [listPath("lock", o.lockNamespace)],
      lockFrom,
      { holder: ({ holder }) => holder && isReadable(holder) ? [keyOf(holder)] : [] },
      { labelSelector: oursOnly },
    ),
    formerHolders: new FormerHolders(),
  };
  // Own takes pass here too: their events are told as changes of the state before, or found as it was written.
  caches.locks.informer.onChange(({ object, old }) => {
    for (const lock of [old, object]) if (lock) caches.formerHolders.saw(lock);
  });
  return caches;
}

/** What of an informer does not depend on its kind of object. */
type AnyInformer = Pick<Informer<Stored>, "run" | "synced" | "whenSynced" | "lastEventAgeMs" | "lastError"> & {
  readonly store: { readonly size: number };
};

/** The informers by the plural of their resource. */
export function informersOf({ executions, pipelineRuns, locks }: Caches): Readonly<Record<string, AnyInformer>> {
  return { workflowexecutions: executions.informer, pipelineruns: pipelineRuns.informer, leases: locks.informer };
}

/** The canonical target that a run stands for: one, or none if it cannot be told, or if no label says whose run it is. */
export function targetsOfRun(run: PipelineRun): string[] {
  if (!run.executionUid) return [];
  return targetsOf(run.target, run.executionKey.split("/")[0] ?? "");
}

function targetsOf(target: string, executionNamespace: string): string[] {
  try {
    return [canonicalTarget(parseTarget(target, executionNamespace))];
  } catch (error) {
    if (error instanceof TargetError) return [];
    throw error;
  }
}
