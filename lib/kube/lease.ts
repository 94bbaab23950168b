// Leader election over one Lease of coordination.k8s.io/v1, as client-go does it.
// It does NOT guarantee that there is never more than one leader: a process that was frozen, or whose last renewal is on its
// way, may act for a moment beside its successor. It saves work; whatever must happen once needs a lock of its own.
// No clock of another machine counts: how long a holder has been quiet is measured here, on the monotonic clock.

import { type Clock, sleep } from "../clock.ts";
import type { Logger } from "../log.ts";
import type { JSONObject, JSONValue, RestClient } from "./contract.ts";
import { ConnectionError, StatusError } from "./errors.ts";
import { microTime } from "./micro_time.ts";
import { isObject } from "./watch.ts";

export interface LeaderElectionOptions {
  client: RestClient;
  clock: Clock;
  log: Logger;
  namespace: string;
  name: string;
  /** Unique to this process. */
  identity: string;
  /** How long others wait for a quiet holder. Default 15 s. */
  leaseDurationMs?: number;
  /** How long this process leads without having renewed. Must be less than the lease's duration. Default 10 s. */
  renewDeadlineMs?: number;
  /** Time between attempts. Default 2 s. */
  retryPeriodMs?: number;
  /** Called synchronously with each change. With false, all work that needs leadership has to stop at once. */
  onChange: (leading: boolean) => void;
}

export class LeaderElection {
  readonly #o: LeaderElectionOptions;
  readonly #path: string;
  readonly #leaseDurationMs: number;
  readonly #renewDeadlineMs: number;
  readonly #retryPeriodMs: number;
  /** The Lease as last seen, and when this version was first seen here. */
  #seen: { lease: JSONObject; atMs: number } | undefined;
  #leading = false;
  /** When the last successful renewal was sent: from then on, others count the duration. */
  #renewedMs = -Infinity;
  #deadline: Disposable | undefined;

  constructor(o: LeaderElectionOptions) {
    this.#o = o;
    this.#leaseDurationMs = o.leaseDurationMs ?? 15_000;
    this.#renewDeadlineMs = o.renewDeadlineMs ?? 10_000;
    this.#retryPeriodMs = o.retryPeriodMs ?? 2_000;
    if (this.#renewDeadlineMs >= this.#leaseDurationMs || this.#retryPeriodMs >= this.#renewDeadlineMs) {
      throw new Error(
        `Cannot elect a leader: retryPeriodMs (${this.#retryPeriodMs}) should be less than renewDeadlineMs ` +
          `(${this.#renewDeadlineMs}), and that less than leaseDurationMs (${this.#leaseDurationMs})`,
      );
    }
    this.#path = `/apis/coordination.k8s.io/v1/namespaces/${o.namespace}/leases`;
  }

  /** True while the last renewal is younger than the renewal deadline, also when the timer that says so is late. */
  get leading(): boolean {
    return this.#leading && this.#o.clock.monotonic() - this.#renewedMs < this.#renewDeadlineMs;
  }

  /** Holder of the Lease as last seen; empty when it is free. */
  get holder(): string {
    return this.#seen ? specOf(this.#seen.lease).holder : "";
  }

  /** Competes until the signal is aborted, then stops leading, gives the Lease back and resolves. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const sentMs = this.#o.clock.monotonic();
      try {
        if (await this.#tryToLead(signal)) this.#renewed(sentMs);
        else this.#lost("another holds the lease");
      } catch (error) {
        if (!signal.aborted) this.#failed(error);
      }
      await sleep(this.#o.clock, this.#pauseMs(), signal).catch((error) => {
        if (!signal.aborted) throw error;
      });
    }
    const held = this.#leading;
    this.#lost("stopping");
    if (held) await this.#release();
  }

  /** The leader keeps its beat; candidates spread out, and are there the moment that a quiet holder's time is over. */
  #pauseMs(): number {
    if (this.#leading) return this.#retryPeriodMs;
    const pauseMs = this.#retryPeriodMs * (1 - this.#o.clock.random() * 0.2);
    if (!this.#seen || this.holder === "") return pauseMs;
    const leftMs = this.#seen.atMs + specOf(this.#seen.lease).durationMs - this.#o.clock.monotonic();
    return leftMs > 0 ? Math.min(pauseMs, leftMs) : pauseMs;
  }

  /** True if the Lease is ours after this, false if it is another's. Throws when nothing can be said. */
  async #tryToLead(signal: AbortSignal): Promise<boolean> {
    for (let attempt = 0; attempt < 3; attempt++) {
      if (!this.#leading || !this.#seen || attempt > 0) {
        const lease = await this.#read(signal);
        if (!lease) {
          if (await this.#write("POST", this.#path, this.#claim(undefined), signal)) return true;
          continue;
        }
        this.#see(lease);
      }
      const { lease, atMs } = this.#seen!;
      const { holder, durationMs } = specOf(lease);
      const quietMs = this.#o.clock.monotonic() - atMs;
      if (holder !== "" && holder !== this.#o.identity && quietMs < durationMs) return false;
      if (await this.#write("PUT", `${this.#path}/${this.#o.name}`, this.#claim(lease), signal)) return true;
      // Somebody wrote in between, or our own last write was carried out although its answer was lost: read it.
    }
    throw new Error("the lease changes faster than it can be renewed");
  }

  async #read(signal: AbortSignal): Promise<JSONObject | undefined> {
    try {
      return await this.#send("GET", `${this.#path}/${this.#o.name}`, undefined, signal);
    } catch (error) {
      if (error instanceof StatusError && error.objectNotFound) return undefined;
      throw error;
    }
  }

  /** Returns false when another was faster. */
  async #write(method: "POST" | "PUT", path: string, body: JSONObject, signal: AbortSignal): Promise<boolean> {
    try {
      this.#see(await this.#send(method, path, body, signal));
      return true;
    } catch (error) {
      if (error instanceof StatusError && (error.conflict || error.alreadyExists || error.objectNotFound)) return false;
      throw error;
    }
  }

  async #send(
    method: "GET" | "POST" | "PUT",
    path: string,
    body: JSONObject | undefined,
    signal: AbortSignal,
  ): Promise<JSONObject> {
    const late = new AbortController();
    const timeout = new ConnectionError(`${method} ${path}: no answer within ${this.#renewDeadlineMs / 2} ms`);
    using _timer = this.#o.clock.timer(this.#renewDeadlineMs / 2, () => late.abort(timeout));
    const answer = await this.#o.client.performRequest({
      method,
      path,
      ...(body === undefined ? {} : { bodyJson: body }),
      abortSignal: AbortSignal.any([signal, late.signal]),
      expectJson: true,
    });
    if (!isObject(answer)) throw new ConnectionError(`${method} ${path}: the answer is no Lease`);
    return answer;
  }

  /** The Lease with us as holder; what others wrote into it stays. */
  #claim(lease: JSONObject | undefined): JSONObject {
    const now = microTime(this.#o.clock.now());
    const spec = isObject(lease?.spec) ? lease.spec : {};
    const ours = spec.holderIdentity === this.#o.identity;
    const transitions = typeof spec.leaseTransitions === "number" ? spec.leaseTransitions : 0;
    return {
      ...(lease ?? {
        apiVersion: "coordination.k8s.io/v1",
        kind: "Lease",
        metadata: { namespace: this.#o.namespace, name: this.#o.name },
      }),
      spec: {
        ...spec,
        holderIdentity: this.#o.identity,
        leaseDurationSeconds: Math.ceil(this.#leaseDurationMs / 1_000),
        acquireTime: ours && spec.acquireTime ? spec.acquireTime : now,
        renewTime: now,
        leaseTransitions: ours || !lease ? transitions : transitions + 1,
      },
    };
  }

  #see(lease: JSONObject): void {
    const versionOf = (of: JSONObject | undefined): JSONValue | undefined =>
      isObject(of?.metadata) ? of.metadata.resourceVersion : undefined;
    if (this.#seen && versionOf(this.#seen.lease) === versionOf(lease)) return;
    this.#seen = { lease, atMs: this.#o.clock.monotonic() };
  }

  #renewed(sentMs: number): void {
    this.#renewedMs = sentMs;
    this.#deadline?.[Symbol.dispose]();
    const leftMs = sentMs + this.#renewDeadlineMs - this.#o.clock.monotonic();
    this.#deadline = this.#o.clock.timer(leftMs, () => this.#lost("the lease could not be renewed in time"));
    if (this.#leading) return;
    this.#leading = true;
    this.#o.log.info("leading", { lease: `${this.#o.namespace}/${this.#o.name}`, identity: this.#o.identity });
    this.#o.onChange(true);
  }

  #lost(reason: string): void {
    this.#deadline?.[Symbol.dispose]();
    this.#deadline = undefined;
    if (!this.#leading) return;
    this.#leading = false;
    this.#o.log.info("not leading any more", { lease: `${this.#o.namespace}/${this.#o.name}`, reason });
    this.#o.onChange(false);
  }

  #failed(error: unknown): void {
    this.#o.log.warn(this.#leading ? "lease could not be renewed" : "lease could not be acquired", {
      lease: `${this.#o.namespace}/${this.#o.name}`,
      error: error instanceof Error ? error.message : String(error),
    });
  }

  /** Empties the Lease, so that a successor need not wait. Best effort: it runs out by itself. */
  async #release(): Promise<void> {
    const lease = this.#seen?.lease;
    if (!lease || specOf(lease).holder !== this.#o.identity) return;
    const now = microTime(this.#o.clock.now());
    const spec = {
      ...(isObject(lease.spec) ? lease.spec : {}),
      holderIdentity: "",
      leaseDurationSeconds: 1,
      acquireTime: now,
      renewTime: now,
    };
    try {
      await this.#send("PUT", `${this.#path}/${this.#o.name}`, { ...lease, spec }, new AbortController().signal);
    } catch (error) {
      this.#failed(error);
    }
  }
}

function specOf(lease: JSONObject): { holder: string; durationMs: number } {
  const spec = isObject(lease.spec) ? lease.spec : {};
  return {
    holder: typeof spec.holderIdentity === "string" ? spec.holderIdentity : "",
    durationMs: typeof spec.leaseDurationSeconds === "number" ? spec.leaseDurationSeconds * 1_000 : 0,
  };
}
