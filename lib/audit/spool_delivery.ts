// Sends what is spooled: at its start, and whenever it is told that something was. It offers each event to the outbox as an
// owner of its own and removes the ConfigMap once every sink has it. It reads the spool again now and then while something
// is left, because another replica may have written there. Of several replicas the leader does it, or all would send
// everything; two at once are safe all the same: a repeat is identical, and a ConfigMap that is gone already is no error.

import { type Clock, sleep } from "../clock.ts";
import type { RestClient } from "../kube/contract.ts";
import { ConnectionError, StatusError } from "../kube/errors.ts";
import type { Logger } from "../log.ts";
import type { Outbox } from "./outbox.ts";
import { listSpool, removeSpooled, type Spooled } from "./spool.ts";

export interface SpoolDeliveryOptions {
  client: RestClient;
  /** The lock namespace. */
  namespace: string;
  outbox: Outbox;
  clock: Clock;
  log: Logger;
  /** Between two readings of a spool that is not empty. Default 60 s; five times that for an empty one. */
  intervalMs?: number;
}

export class SpoolDelivery {
  readonly #o: SpoolDeliveryOptions;
  /** By the ConfigMap's name. The events themselves are kept by the outbox alone. */
  readonly #offered = new Map<string, { uid: string; event_id: string }>();
  #wake: AbortController | undefined;
  #woken = false;
  #leading = true;

  constructor(o: SpoolDeliveryOptions) {
    this.#o = o;
  }

  /** To be called when something was spooled: the spool is read at once, not at the next interval. */
  wake(): void {
    this.#woken = true;
    this.#wake?.abort();
  }

  /** A standby leaves the spool alone, and drops what it had begun to send: it is sent by whoever leads now. */
  set leading(leading: boolean) {
    if (leading === this.#leading) return;
    this.#leading = leading;
    this.wake();
  }

  /** Delivers until the signal is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.#woken = false;
      await this.#pass(signal);
      await this.#pause(signal);
    }
  }

  /** One reading of the whole spool. What fails is tried again at the next. */
  async #pass(signal: AbortSignal): Promise<void> {
    const { client, namespace, log } = this.#o;
    if (!this.#leading) {
      for (const name of [...this.#offered.keys()]) this.#forget(name);
      return;
    }
    try {
      const present = new Set<string>();
      await this.#removeDelivered();
      for await (
        const page of listSpool(
          client,
          namespace,
          (name, why) =>
            log.error("no audit event can be read in a ConfigMap of the spool", { name, namespace, reason: why }),
        )
      ) {
        if (signal.aborted || !this.#leading) return;
        for (const spooled of page) {
          present.add(spooled.name);
          this.#offer(spooled);
        }
      }
      await this.#removeDelivered();
      for (const name of this.#offered.keys()) if (!present.has(name)) this.#forget(name);
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof StatusError || error instanceof ConnectionError)) throw error;
      log.warn("the audit spool cannot be read or cleared now, tried again", { namespace, reason: error.message });
    }
  }

  #offer({ name, uid, event }: Spooled): void {
    this.#offered.set(name, { uid, event_id: event.event_id });
    const owner = { key: name, uid: ownerUid(name), changed: () => this.wake() };
    this.#o.outbox.offer(owner, [event]);
  }

  /** Delivered, or refused for good and set aside: nothing more is owed. */
  async #removeDelivered(): Promise<void> {
    const { client, namespace, outbox } = this.#o;
    for (const [name, { uid, event_id }] of this.#offered) {
      const state = outbox.state(ownerUid(name), [{ event_id }]);
      if (state === "waiting" || (typeof state === "object" && "late" in state)) continue;
      await removeSpooled(client, namespace, { name, uid });
      this.#forget(name);
    }
  }

  #forget(name: string): void {
    this.#offered.delete(name);
    this.#o.outbox.forget(ownerUid(name));
  }

  async #pause(signal: AbortSignal): Promise<void> {
    if (this.#woken) return;
    this.#wake = new AbortController();
    const stop = () => this.#wake?.abort();
    signal.addEventListener("abort", stop, { once: true });
    try {
      const intervalMs = (this.#o.intervalMs ?? 60_000) * (this.#offered.size > 0 ? 1 : 5);
      if (!signal.aborted) await sleep(this.#o.clock, intervalMs, this.#wake.signal);
    } catch (error) {
      if (!this.#wake.signal.aborted) throw error;
    } finally {
      signal.removeEventListener("abort", stop);
      this.#wake = undefined;
    }
  }
}

function ownerUid(name: string): string {
  return `spool:${name}`;
}
