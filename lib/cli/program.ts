// A running controller, put together from its parts: the same one for `run`, for the demo and for whole-controller tests. What
// is different between them (cluster, clock, where logs go) is handed in.

import { Outbox } from "../audit/outbox.ts";
import { createSinks } from "../audit/sinks.ts";
import { writeSpool } from "../audit/spool.ts";
import { SpoolDelivery } from "../audit/spool_delivery.ts";
import type { Clock } from "../clock.ts";
import type { Config } from "../config.ts";
import { informersOf } from "../controller/caches.ts";
import { Controller } from "../controller/controller.ts";
import { ExecutionTraces } from "../controller/execution_traces.ts";
import { countObjects, createReporter } from "../controller/report.ts";
import { abortable } from "../kube/abortable.ts";
import type { RestClient } from "../kube/contract.ts";
import { LeaderElection } from "../kube/lease.ts";
import { EventRecorder } from "../kube/recorder.ts";
import type { Logger } from "../log.ts";
import type { Metrics } from "../metrics.ts";
import type { Tracing } from "../traces.ts";
import { ApiServerProbe } from "../server/api_server_probe.ts";
import { Authorizer } from "../server/auth.ts";
import { type Check, healthApp } from "../server/health.ts";
import { metricsApp } from "../server/metrics.ts";
import { ownHosts } from "../server/own_hosts.ts";
import { type HttpServer, serveHttp } from "../server/serve.ts";
import { openTls } from "../server/tls.ts";
import { type Execution, isFinal } from "../workflow/execution.ts";
import { apiGroup, controllerName } from "../workflow/names.ts";
import { redact } from "../workflow/redact.ts";
import type { Rules } from "../workflow/snapshot.ts";
import { hasBegun } from "./drain/left.ts";

export interface ProgramOptions {
  readonly config: Config;
  readonly client: RestClient;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** Unique to this process: leader election and Events name it. */
  readonly identity: string;
  /** Brings to its end what has begun, and begins nothing: for `drain`, in place of a controller that is gone. */
  readonly beginsNothing?: boolean;
  /** Absent where tracing is off. */
  readonly tracing?: Tracing | undefined;
}

/** How long passes under way, the audit trail and Events may take once the program is told to stop. */
const passesGraceMs = 3_000;
const flushGraceMs = 4_000;

export class Program {
  readonly controller: Controller;
  readonly #o: ProgramOptions;
  readonly #outbox: Outbox;
  readonly #spool: SpoolDelivery;
  readonly #recorder: EventRecorder;
  readonly #traces: ExecutionTraces | undefined;
  readonly #probe: ApiServerProbe;
  /** Ends requests of passes that take too long to finish once it is told to stop. */
  readonly #passes = new AbortController();
  /** Ends what goes on beside the passes: delivery, Events, the spool. */
  readonly #background = new AbortController();
  #stopping = false;

  constructor(o: ProgramOptions) {
    this.#o = o;
    const { config, client, clock, log, metrics, identity, tracing } = o;
    const traces = this.#traces = tracing && new ExecutionTraces(tracing);
    this.#outbox = new Outbox({
      sinks: createSinks(
        {
          sinks: config.audit.sinks,
          tokenFile: config.audit.tokenFile,
          caFile: config.audit.caFile,
          notifyUrl: config.notify.url,
          notifyCaFile: config.notify.caFile,
        },
        {
          clock,
          log,
          ...(tracing && traces ? { tracing: { ...tracing, spanOf: (uid: string) => traces.spanOf(uid) } } : {}),
        },
      ),
      clock,
      log,
      batchSize: config.audit.batchSize,
      batchDelayMs: config.audit.batchDelayMs,
      observer: metrics.audit,
    });
    this.#spool = new SpoolDelivery({
      client: abortable(client, this.#background.signal),
      namespace: config.lockNamespace,
      outbox: this.#outbox,
      clock,
      log,
    });
    this.#spool.leading = !config.leaderElection;
    this.#recorder = new EventRecorder({
      client,
      clock,
      log,
      reportingController: controllerName,
      reportingInstance: identity,
      observer: metrics.events,
    });
    this.#probe = new ApiServerProbe({ client, clock, lockNamespace: config.lockNamespace });
    this.controller = new Controller({
      client,
      clock,
      log,
      rules: rulesOf(config),
      namespaces: config.namespaces,
      concurrency: config.concurrency,
      audit: this.#outbox,
      leaves: o.beginsNothing ? (execution) => this.#isUnbegun(execution) : undefined,
      spoolAudit: async (execution, events) => {
        await writeSpool(abortable(client, this.#passes.signal), config.lockNamespace, execution, events);
        this.#spool.wake();
      },
      observer: createReporter({ metrics, log, recorder: this.#recorder }),
      traces,
    });
    for (const [resource, informer] of Object.entries(informersOf(this.controller.caches))) {
      const ageMs = () => informer.lastEventAgeMs();
      metrics.watches.register(resource, { ageMs, objects: () => informer.store.size });
    }
    metrics.setMaxConcurrentReconciles(config.concurrency);
  }

  /**
   * Runs until `signal` is aborted and everything under way has ended: passes, then the audit trail and Events, then, so that
   * a successor takes over a finished place, the leader's Lease. To be called once.
   */
  async run(signal: AbortSignal): Promise<void> {
    const { config, clock, log, metrics } = this.#o;
    let grace: Disposable | undefined;
    const stopping = () => {
      this.#stopping = true;
      log.info("stopping: finishing what is under way; PipelineRuns go on");
      grace = clock.timer(passesGraceMs, () => this.#passes.abort(new Error("stopping")));
    };
    signal.addEventListener("abort", stopping, { once: true });
    const background = this.#background.signal;
    const parts = [this.#outbox, this.#spool, this.#recorder, this.#probe];
    const work = parts.map((part) => part.run(background));
    if (config.leaderElection) work.push(this.#election().run(background));
    else {
      this.controller.leading = true;
      // Whoever asks for a leader's absence (an alert does) hears that there is one.
      metrics.setLeader(true);
    }
    try {
      await this.controller.run(signal, this.#passes.signal);
      await Promise.all([this.#outbox.flush(flushGraceMs), this.#recorder.flush(flushGraceMs)]);
    } finally {
      grace?.[Symbol.dispose]();
      this.#background.abort();
      await Promise.all(work);
      await this.#outbox[Symbol.asyncDispose]();
      this.#traces?.[Symbol.dispose]();
      signal.removeEventListener("abort", stopping);
    }
  }

  /**
   * What the health port answers. Ready: every cache is filled and fresh, the API server answers, the lock namespace is there;
   * a standby, too. Alive unless a pass never ends: nothing that somebody else has to mend is mended by a new process.
   */
  health(): ReturnType<typeof healthApp> {
    return healthApp({ checks: () => this.#checks(), alive: () => this.#alive() });
  }

  /** Opens the health and the metrics port; both are closed with the result. */
  async serve(): Promise<{ health: HttpServer; metrics: HttpServer } & AsyncDisposable> {
    const { config, client, clock, log, metrics } = this.#o;
    await using stack = new AsyncDisposableStack();
    const health = stack.use(
      await serveHttp(this.health(), { address: config.health.address, key: "health.address", clock }),
    );
    const tls = config.metrics.plainHttp ? undefined : stack.use(
      await openTls({
        certFile: config.metrics.certFile,
        keyFile: config.metrics.keyFile,
        clock,
        logger: log,
        readFile: (path) => Deno.readTextFile(path),
        hosts: ownHosts({
          name: controllerName,
          listen: config.metrics.address,
          hostname: Deno.hostname(),
          interfaces: Deno.networkInterfaces(),
        }),
      }),
    );
    const auth = new Authorizer({ client, clock, logger: log, audiences: config.metrics.audiences, path: "/metrics" });
    const counted = {
      contentType: metrics.contentType,
      text: () => {
        countObjects(metrics, this.controller.caches, rulesOf(config), clock.now());
        return metrics.text();
      },
    };
    const metricsServer = stack.use(
      await serveHttp(metricsApp({ metrics: counted, logger: log, ...(config.metrics.auth ? { auth } : {}) }), {
        address: config.metrics.address,
        key: "metrics.address",
        clock,
        ...(tls ? { tls } : {}),
      }),
    );
    tls?.tell();
    const owned = stack.move();
    return { health, metrics: metricsServer, [Symbol.asyncDispose]: () => owned[Symbol.asyncDispose]() };
  }

  #isUnbegun(execution: Execution): boolean {
    return !isFinal(execution) && execution.deletedAtMs === undefined && !hasBegun(this.controller.caches, execution);
  }

  #alive(): Check {
    const stuck = this.controller.stuckPass();
    if (!stuck) return { ok: true, detail: "work goes on" };
    return { ok: false, detail: `${stuck.key} has been worked on for ${Math.round(stuck.forMs / 1000)} s` };
  }

  #checks(): Record<string, Check> {
    const caches = Object.entries(this.controller.staleness()).map(([resource, fault]) =>
      [resource, { ok: fault === undefined, detail: fault ?? "cached and fresh" }] as const
    );
    const checks: Record<string, Check> = {
      apiServer: this.#probe.apiServer(),
      ...Object.fromEntries(caches),
      lockNamespace: this.#probe.lockNamespace(this.controller.lockRefusal),
      running: { ok: !this.#stopping, detail: this.#stopping ? "it is stopping" : "it takes work" },
    };
    // Anybody may ask, and a failure repeats what others said: the words of a credential plugin, an answer of a proxy.
    return Object.fromEntries(
      Object.entries(checks).map(([name, check]) => [name, { ...check, detail: redact(check.detail) }]),
    );
  }

  #election(): LeaderElection {
    const { config, client, clock, log, metrics, identity } = this.#o;
    return new LeaderElection({
      client,
      clock,
      log,
      namespace: config.lockNamespace,
      name: apiGroup,
      identity,
      onChange: (leading) => {
        metrics.setLeader(leading);
        this.controller.leading = leading;
        this.#spool.leading = leading;
      },
    });
  }
}

function rulesOf(config: Config): Rules {
  const { cooldownMs, timeoutMs, maxTimeoutMs, rollbackGraceMs, startDeadlineMs } = config;
  const { executionNamespace, lockNamespace, serviceAccount, allowedServiceAccounts, allowedImages, requireDigest } =
    config;
  return {
    cooldownMs,
    timeoutMs,
    maxTimeoutMs,
    rollbackGraceMs,
    startDeadlineMs,
    executionNamespace,
    lockNamespace,
    serviceAccount,
    allowedServiceAccounts,
    allowedImages,
    requireDigest,
  };
}
