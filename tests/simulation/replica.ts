// One controller process in a simulated world: the whole controller, its audit outbox, its spool and its Events, behind a
// network of its own. It can be stopped gently, killed, or cut off for a while.

import { Outbox } from "../../lib/audit/outbox.ts";
import { writeSpool } from "../../lib/audit/spool.ts";
import { SpoolDelivery } from "../../lib/audit/spool_delivery.ts";
import { Controller } from "../../lib/controller/controller.ts";
import { LeaderElection } from "../../lib/kube/lease.ts";
import { EventRecorder } from "../../lib/kube/recorder.ts";
import type { Logger } from "../../lib/log.ts";
import { apiVersion, kind } from "../../lib/workflow/names.ts";
import type { AuditArchive } from "./audit_archive.ts";
import type { Configuration } from "./plan.ts";
import type { SettableClock } from "./virtual_clock.ts";
import type { Wire } from "./wire.ts";

/** The Lease that the replicas elect their leader by. */
export const leaderLease = "leader";

export interface ReplicaOptions {
  readonly name: string;
  readonly wire: Wire;
  readonly clock: SettableClock;
  readonly config: Configuration;
  /** It competes for leadership; else it works from the beginning. */
  readonly elects: boolean;
  readonly archive: AuditArchive;
  readonly log: Logger;
  /** A run of the process that ended by an error of its own. */
  readonly onFailure: (error: unknown) => void;
}

export class Replica {
  readonly name: string;
  readonly wire: Wire;
  readonly clock: SettableClock;
  readonly config: Configuration;
  readonly controller: Controller;
  alive = true;
  readonly ended: Promise<void>;
  readonly #stop = new AbortController();
  readonly #crash = new AbortController();
  readonly #background = new AbortController();

  constructor({ name, wire, clock, config, elects, archive, log, onFailure }: ReplicaOptions) {
    const { rules, namespaces } = config;
    this.name = name;
    this.wire = wire;
    this.clock = clock;
    this.config = config;
    const sink = archive.sink(() => this.alive);
    const outbox = new Outbox({ sinks: [sink], clock, log, batchSize: 100, batchDelayMs: 100 });
    const recorder = new EventRecorder({
      client: wire,
      clock,
      log,
      reportingController: "sim",
      reportingInstance: name,
    });
    const namespace = rules.lockNamespace;
    const spool = new SpoolDelivery({ client: wire, namespace, outbox, clock, log });
    this.controller = new Controller({
      client: wire,
      clock,
      log,
      rules,
      namespaces,
      concurrency: 4,
      audit: outbox,
      spoolAudit: async (execution, events) => {
        await writeSpool(wire, namespace, execution, events);
        spool.wake();
      },
      observer: {
        announce(execution, { type, reason, action, note }) {
          const { namespace, name, uid } = execution;
          recorder.record({ regarding: { apiVersion, kind, namespace, name, uid }, type, reason, action, note });
        },
      },
    });
    const election = new LeaderElection({
      client: wire,
      clock,
      log,
      namespace,
      name: leaderLease,
      identity: name,
      retryPeriodMs: 5_000,
      onChange: (leading) => (this.controller.leading = leading),
    });
    this.controller.leading = !elects;
    const { signal } = this.#background;
    const work = [outbox.run(signal), recorder.run(signal), spool.run(signal)];
    if (elects) work.push(election.run(signal));
    const run = async () => {
      try {
        await this.controller.run(this.#stop.signal, this.#crash.signal);
        if (this.alive) await Promise.all([outbox.flush(5_000), recorder.flush(5_000)]);
      } finally {
        this.alive = false;
        this.#background.abort();
        await Promise.all(work);
        await outbox[Symbol.asyncDispose]();
        wire.cut();
      }
    };
    this.ended = run().catch(onFailure);
  }

  /** As SIGTERM: what is under way is finished, what is owed is sent for a while. */
  stop(): void {
    this.#stop.abort(new Error("stopped"));
  }

  /** As kill -9. */
  kill(): void {
    this.alive = false;
    this.wire.cut();
    this.#crash.abort(new Error("killed"));
    this.#stop.abort(new Error("killed"));
    this.#background.abort();
  }
}
