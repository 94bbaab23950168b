// The controller as a whole: caches, queue, workers and what they report to. It is handed everything that touches the outside
// (client, clock, audit trail, recorder), so that tests run it whole, and two of it beside each other.
//
// Guarantees: no key is worked on twice at once; nothing is decided before every cache has been filled; when it is told to
// stop, passes that have begun are finished first.

import type { Outbox } from "../audit/outbox.ts";
import { type AuditEvent, eventsOf, owedEventsOf } from "../audit/event.ts";
import type { Clock } from "../clock.ts";
import type { RestClient } from "../kube/contract.ts";
import { ConnectionError, StatusError } from "../kube/errors.ts";
import type { WatchObserver } from "../kube/informer.ts";
import { keyOf } from "../kube/store.ts";
import { type QueueObserver, Workqueue } from "../kube/workqueue.ts";
import type { Logger } from "../log.ts";
import type { Execution } from "../workflow/execution.ts";
import { isOwed } from "../workflow/execution.ts";
import { redact } from "../workflow/redact.ts";
import type { AuditState, Rules } from "../workflow/snapshot.ts";
import { Api } from "./api.ts";
import { type Caches, createCaches, informersOf } from "./caches.ts";
import type { ExecutionTraces } from "./execution_traces.ts";
import type { Memory } from "./gather.ts";
import { connectHandlers, type Queues } from "./handlers.ts";
import { type Outcome, type ReconcileObserver, Reconciler } from "./reconciler.ts";

export interface ControllerOptions {
  readonly client: RestClient;
  readonly clock: Clock;
  readonly log: Logger;
  readonly rules: Rules;
  /** Watched namespaces; empty: all. */
  readonly namespaces: readonly string[];
  /** Passes at a time. */
  readonly concurrency: number;
  readonly audit: Outbox;
  /** Keeps what is still owed for an execution whose deletion cannot wait for it any longer. */
  readonly spoolAudit: (execution: Execution, events: AuditEvent[]) => Promise<void>;
  readonly observer?: ControllerObserver;
  /** Executions that nothing is done about; none when absent. */
  readonly leaves?: ((execution: Execution) => boolean) | undefined;
  readonly traces?: ExecutionTraces | undefined;
}

/** What is told to metrics, log and Events. */
export interface ControllerObserver extends ReconcileObserver {
  readonly queue?: QueueObserver;
  readonly watch?: WatchObserver;
  reconciled?(result: "success" | "error" | "requeue" | "requeue_after", durationMs: number): void;
}

/** A watch that has been silent for this long is stale: three times what its own deadline allows. */
const staleMs = 270_000;
/** A watch that cannot be opened again within this time means an API server that does not answer. */
const brokenMs = 10_000;
/** No request takes longer than 30 s, and no pass has so many: one that lasts this long will never end. */
const stuckMs = 15 * 60_000;
const lockWorkers = 2;
/** An incident waits for whoever waits: an API server that is well again is asked soon, however long it was not. */
const longestRetryMs = 12_000;

export class Controller {
  readonly caches: Caches;
  readonly #o: ControllerOptions;
  readonly #queues: Queues;
  readonly #memory = new Map<string, Memory>();
  /** Uids whose events are kept elsewhere: nothing of theirs is owed any more. */
  readonly #spooled = new Set<string>();
  readonly #crash = new AbortController();
  readonly #reconciler: Reconciler;
  /** When each pass under way began; a Set of objects, because two queues may know the same key. */
  readonly #passes = new Set<{ readonly key: string; readonly startedMs: number }>();
  /** Resolved while passes may begin: closed in a standby. */
  #gate = Promise.withResolvers<void>();
  #open = false;
  #stopping = false;
  /** Why no Lease could be made, as long as none could. */
  #lockRefusal: string | undefined;

  constructor(o: ControllerOptions) {
    this.#o = o;
    const { client, clock, log, rules, observer } = o;
    this.caches = createCaches({
      client,
      clock,
      log,
      namespaces: o.namespaces,
      executionNamespace: rules.executionNamespace,
      lockNamespace: rules.lockNamespace,
      ...(observer?.watch ? { observer: observer.watch } : {}),
    });
    this.#queues = {
      executions: new Workqueue({
        clock,
        maxDelayMs: longestRetryMs,
        ...(observer?.queue ? { observer: observer.queue } : {}),
      }),
      locks: new Workqueue({ clock, baseDelayMs: 1_000 }),
    };
    this.#reconciler = new Reconciler({
      clock,
      log,
      rules,
      caches: this.caches,
      memory: this.#memory,
      api: new Api(client, this.#crash.signal),
      auditStateOf: (execution) => this.#auditStateOf(execution),
      spoolAudit: (execution) => this.#spool(execution),
      leaves: o.leaves,
      settled: ({ uid }) => {
        this.#memory.delete(uid);
        o.audit.forget(uid);
        o.traces?.forget(uid);
      },
      lockAnswer: (refusal) => (this.#lockRefusal = refusal),
      othersWait: () => this.#queues.executions.highWaits,
      ...(observer ? { observer } : {}),
      traces: o.traces,
    });
    connectHandlers(this.caches, this.#queues, (uid) => {
      this.#memory.delete(uid);
      this.#spooled.delete(uid);
      o.audit.forget(uid);
      o.traces?.forget(uid);
    });
    o.audit.onChange((key) => this.#queues.executions.add(key, "low")); // whoever has no run yet goes first
  }

  /** Lets passes begin, or (a standby) holds them back; those that have begun go on. */
  set leading(leading: boolean) {
    // Once it stops, whoever waits at the gate has to see that there is nothing left to take.
    if (leading === this.#open || (this.#stopping && !leading)) return;
    this.#open = leading;
    if (leading) this.#gate.resolve();
    else this.#gate = Promise.withResolvers<void>();
  }

  /** Every cache has been filled. */
  get synced(): boolean {
    return Object.values(informersOf(this.caches)).every(({ synced }) => synced);
  }

  /** Why no Lease could be made the last time that one was to be; undefined when it could. */
  get lockRefusal(): string | undefined {
    return this.#lockRefusal;
  }

  /** Of every cache, by its resource, why it is not up to date; undefined when it is. */
  staleness(): Record<string, string | undefined> {
    const informers = Object.entries(informersOf(this.caches));
    return Object.fromEntries(informers.map(([name, informer]) => [name, staleBecause(informer)]));
  }

  /** A pass that will never end, if there is one: the process is better started again. */
  stuckPass(): { key: string; forMs: number } | undefined {
    const nowMs = this.#o.clock.monotonic();
    for (const { key, startedMs } of this.#passes) {
      if (nowMs - startedMs > stuckMs) return { key, forMs: nowMs - startedMs };
    }
    return undefined;
  }

  /**
   * Runs until the signal is aborted and the passes under way have ended.
   * @param crash ends these as well: when they take too long to finish, and in tests a kill -9
   */
  async run(signal: AbortSignal, crash?: AbortSignal): Promise<void> {
    const onCrash = () => this.#crash.abort(crash?.reason);
    if (crash?.aborted) onCrash();
    crash?.addEventListener("abort", onCrash, { once: true });
    const informers = Object.values(informersOf(this.caches));
    const watching = new AbortController();
    const watches = Promise.all(informers.map((informer) => informer.run(watching.signal)));
    const stop = () => {
      this.#stopping = true;
      this.#queues.executions.shutDown();
      this.#queues.locks.shutDown();
      this.leading = true; // lets waiting workers see that there is nothing left to take
    };
    signal.addEventListener("abort", stop, { once: true });
    if (signal.aborted) stop();
    try {
      await Promise.all(informers.map((informer) => informer.whenSynced(signal))).catch((error) => {
        if (!signal.aborted) throw error;
      });
      if (!signal.aborted) {
        this.#o.log.info("caches are filled", { executions: this.caches.executions.informer.store.size });
      }
      await Promise.all([
        ...Array.from(
          { length: this.#o.concurrency },
          () => this.#work(this.#queues.executions, (key) => this.#reconciler.reconcile(key)),
        ),
        ...Array.from(
          { length: lockWorkers },
          () => this.#work(this.#queues.locks, (name) => this.#reconciler.reconcileLock(name)),
        ),
      ]);
    } finally {
      watching.abort();
      await watches;
      signal.removeEventListener("abort", stop);
      crash?.removeEventListener("abort", onCrash);
    }
  }

  async #work(queue: Workqueue, reconcile: (key: string) => Promise<Outcome>): Promise<void> {
    while (true) {
      await this.#gate.promise;
      const key = await queue.next();
      if (key === undefined) return;
      if (!this.#open) { // leadership was lost while it waited for a key
        queue.done(key);
        queue.add(key);
        continue;
      }
      const pass = { key, startedMs: this.#o.clock.monotonic() };
      this.#passes.add(pass);
      try {
        await this.#pass(queue, key, reconcile);
      } finally {
        this.#passes.delete(pass);
        queue.done(key);
      }
    }
  }

  async #pass(queue: Workqueue, key: string, reconcile: (key: string) => Promise<Outcome>): Promise<void> {
    const { clock, observer } = this.#o;
    const startedMs = clock.monotonic();
    const done = (result: Parameters<NonNullable<ControllerObserver["reconciled"]>>[0]) =>
      observer?.reconciled?.(result, clock.monotonic() - startedMs);
    try {
      const outcome = await reconcile(key);
      if (outcome.retryAfterMs !== undefined) {
        queue.addRateLimited(key, outcome.retryAfterMs);
        return done("requeue");
      }
      queue.forget(key);
      if (outcome.behind) {
        queue.add(key, "low");
        return done("requeue");
      }
      if (outcome.requeueAfterMs === undefined) return done("success");
      queue.addAfter(key, Math.max(1, outcome.requeueAfterMs));
      done("requeue_after");
    } catch (error) {
      if (this.#crash.signal.aborted) return;
      this.#failed(queue, key, error);
      done("error");
    }
  }

  /** Conflicts and silence are part of the day's work; anything else is a fault that somebody should know of. */
  #failed(queue: Workqueue, key: string, error: unknown): void {
    const { log } = this.#o;
    const fields = { execution: key, error: redact(error instanceof Error ? error.message : String(error)) };
    queue.addRateLimited(key, error instanceof StatusError ? error.retryAfterMs ?? 0 : 0);
    if (error instanceof StatusError && error.conflict) {
      return log.debug("decided on an old version; tried again", fields);
    }
    if (error instanceof StatusError || error instanceof ConnectionError) return log.warn("tried again", fields);
    log.error("pass failed; tried again", {
      ...fields,
      ...(error instanceof Error && error.stack ? { stack: error.stack } : {}),
    });
  }

  #auditStateOf(execution: Execution): AuditState {
    if (!isOwed(execution) || this.#spooled.has(execution.uid)) return { is: "delivered" };
    const events = owedEventsOf(execution);
    const { audit } = this.#o;
    audit.offer({ key: keyOf(execution), uid: execution.uid }, events);
    const state = audit.state(execution.uid, events);
    if (typeof state === "string") return { is: state };
    return "late" in state ? { is: "late", why: state.late } : { is: "rejected", why: state.rejected };
  }

  async #spool(execution: Execution): Promise<void> {
    await this.#o.spoolAudit(execution, eventsOf(execution));
    this.#spooled.add(execution.uid);
    this.#o.audit.forget(execution.uid); // sent from there, and from nowhere else
  }
}

function staleBecause(
  informer: Pick<Caches["executions"]["informer"], "synced" | "lastError" | "lastEventAgeMs">,
): string | undefined {
  const { lastError } = informer;
  if (!informer.synced) return `not listed yet${lastError ? `: ${lastError.message}` : ""}`;
  const ageMs = informer.lastEventAgeMs();
  if (lastError && ageMs > brokenMs) return lastError.message;
  return ageMs > staleMs ? `nothing heard for ${Math.round(ageMs / 1000)} s` : undefined;
}
