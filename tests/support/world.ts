// A whole world in one process on a manual clock: the simulated API server and Tekton, and as many controllers as a test wants.
// Time passes only when everything that can happen at this moment has happened, so a scenario of an hour takes milliseconds.

import { yaml } from "../../deps.ts";
import { Outbox } from "../../lib/audit/outbox.ts";
import type { Sink } from "../../lib/audit/sink.ts";
import { writeSpool } from "../../lib/audit/spool.ts";
import { SpoolDelivery } from "../../lib/audit/spool_delivery.ts";
import type { AuditEvent } from "../../lib/audit/event.ts";
import { type Clock, ManualClock } from "../../lib/clock.ts";
import { Controller } from "../../lib/controller/controller.ts";
import type { ExecutionTraces } from "../../lib/controller/execution_traces.ts";
import { createReporter } from "../../lib/controller/report.ts";
import { KubeClient, type RequestObserver } from "../../lib/kube/client.ts";
import type { JSONObject, JSONValue, RestClient } from "../../lib/kube/contract.ts";
import { EventRecorder } from "../../lib/kube/recorder.ts";
import { type Logger, silentLogger } from "../../lib/log.ts";
import { Metrics } from "../../lib/metrics.ts";
import { ApiServer, type RequestLogEntry } from "../../lib/sim/api_server.ts";
import { builtinBundles } from "../../lib/sim/tekton/builtin.ts";
import type { Bundles } from "../../lib/sim/tekton/bundles.ts";
import { tektonDefinitions } from "../../lib/sim/permissive_definitions.ts";
import { Tekton } from "../../lib/sim/tekton/tekton.ts";
import { crdPath } from "./crd.ts";
import type { Rules } from "../../lib/workflow/snapshot.ts";
import { defaultRules } from "./builders.ts";
import { DirectClient } from "./direct_client.ts";

export interface RunningController {
  readonly controller: Controller;
  readonly metrics: Metrics;
  /** It takes the lead, or becomes a standby. */
  lead(leading: boolean): void;
  /** Tells it to stop, and waits until it has. */
  stop(): Promise<void>;
  /** kill -9: nothing of it goes on, and nothing is finished. */
  kill(): void;
}

/** Something on the way between a client and the server: passes a request on by calling `send`, or does not. */
export type Carry = (request: Request, send: (request: Request) => Promise<Response>) => Promise<Response>;

export interface WorldOptions {
  readonly rules?: Partial<Rules>;
  readonly log?: Logger;
  /** Without Tekton, PipelineRuns stay as they are created. */
  readonly tekton?: boolean;
  /** RBAC decides; clients whose `carry` sets no token are an administrator. */
  readonly secured?: boolean;
  /** What Tekton can resolve; the built-in ones when absent. */
  readonly bundles?: Bundles;
  /** What each controller sends its audit events to; by default to `audit`. */
  readonly sinks?: (deps: { clock: Clock; log: Logger }) => Sink[];
  /** Controllers and Tekton speak to the server without HTTP objects in between: no faults, but fast. */
  readonly direct?: boolean;
}

const administrator = { token: "administrator", user: { username: "administrator", groups: ["system:masters"] } };

export class World implements AsyncDisposable {
  readonly clock = new ManualClock();
  readonly requests: RequestLogEntry[] = [];
  readonly audit = new MemorySink();
  readonly server: ApiServer;
  readonly client: KubeClient;
  readonly #o: WorldOptions;
  readonly #end = new AbortController();
  readonly #running = new Set<Promise<void>>();
  readonly #controllers = new Set<RunningController>();
  readonly #outside = new Set<Promise<unknown>>();

  private constructor(o: WorldOptions) {
    this.#o = o;
    this.server = new ApiServer({
      clock: this.clock,
      onRequest: (entry) => this.requests.push(entry),
      ...(o.secured ? { authorization: "rbac", tokens: new Map([[administrator.token, administrator.user]]) } : {}),
    });
    this.client = this.connect();
  }

  static async start(o: WorldOptions = {}): Promise<World> {
    const world = new World(o);
    if (o.direct) await world.server.handle(new Request("http://sim/readyz")); // loads the language of the CRD's rules
    const crd = yaml.parse(await Deno.readTextFile(crdPath)) as JSONObject;
    for (const manifest of [crd, ...tektonDefinitions()]) world.server.install(manifest);
    for (const name of ["kubernaut-system", "payment", "apps"]) {
      world.server.install({ apiVersion: "v1", kind: "Namespace", metadata: { name } });
      const metadata = { name: "kubernaut-workflow-runner", namespace: name };
      world.server.install({ apiVersion: "v1", kind: "ServiceAccount", metadata });
    }
    if (o.tekton !== false) {
      const tekton = new Tekton({
        client: world.#connect(),
        clock: world.clock,
        bundles: o.bundles ?? builtinBundles(),
      });
      world.#running.add(tekton.run(world.#end.signal));
    }
    return world;
  }

  /** A client in this process; `carry` may do something to its requests on their way. */
  connect(carry: Carry = (request, send) => send(request), observer: RequestObserver = {}): KubeClient {
    return new KubeClient({
      baseUrl: "http://sim",
      observer,
      clock: this.clock,
      fetch: async (input, init) => {
        const response = await carry(new Request(input, init), (request) => {
          if (this.#o.secured && !request.headers.has("authorization")) {
            request.headers.set("authorization", `Bearer ${administrator.token}`);
          }
          return this.server.handle(request);
        });
        // As over a network: once the caller aborts, what is being read ends.
        const body = response.body?.pipeThrough(new TransformStream(), init.signal ? { signal: init.signal } : {});
        return body ? new Response(body, response) : response;
      },
    });
  }

  #connect(carry?: Carry): RestClient & { close(): void } {
    return this.#o.direct ? new DirectClient(this.server, (entry) => this.requests.push(entry)) : this.connect(carry);
  }

  startController(
    o: {
      rules?: Partial<Rules>;
      namespaces?: string[];
      log?: Logger;
      leading?: boolean;
      carry?: Carry;
      traces?: ExecutionTraces;
    } = {},
  ): RunningController {
    const { clock } = this;
    const log = o.log ?? this.#o.log ?? silentLogger;
    const client = this.#connect(o.carry);
    const metrics = new Metrics(clock);
    const rules = { ...defaultRules, ...this.#o.rules, ...o.rules };
    const sinks = this.#o.sinks?.({ clock, log }) ?? [this.audit];
    const outbox = new Outbox({ sinks, clock, log, batchSize: 100, batchDelayMs: 100, observer: metrics.audit });
    const reporting = { reportingController: "test", reportingInstance: "test", observer: metrics.events };
    const recorder = new EventRecorder({ client, clock, log, ...reporting });
    const namespace = rules.lockNamespace;
    const spool = new SpoolDelivery({ client, namespace, outbox, clock, log });
    const controller = new Controller({
      client,
      clock,
      log,
      rules,
      namespaces: o.namespaces ?? [],
      concurrency: 8,
      audit: outbox,
      spoolAudit: async (execution, events) => {
        await writeSpool(client, namespace, execution, events);
        spool.wake();
      },
      observer: createReporter({ metrics, log, recorder }),
      traces: o.traces,
    });
    const lead = (leading: boolean) => void (controller.leading = spool.leading = leading);
    lead(o.leading ?? true);
    const stop = new AbortController();
    const crash = new AbortController();
    const background = new AbortController();
    const { signal } = background;
    const work = Promise.all([outbox.run(signal), recorder.run(signal), spool.run(signal)]);
    const run = async () => {
      try {
        await controller.run(stop.signal, crash.signal);
        if (!crash.signal.aborted) await Promise.all([outbox.flush(4_000), recorder.flush(4_000)]);
      } finally {
        background.abort();
        await work;
        await outbox[Symbol.asyncDispose]();
        client.close();
      }
    };
    const all = run();
    this.#running.add(all);
    const running: RunningController = {
      controller,
      metrics,
      lead,
      stop: async () => {
        stop.abort();
        await this.finish(all);
        this.#controllers.delete(running);
      },
      kill: () => {
        crash.abort(new Error("killed"));
        stop.abort();
        background.abort();
        this.#controllers.delete(running);
      },
    };
    this.#controllers.add(running);
    return running;
  }

  /** Lets time pass until `condition` holds. Fails after `limitMs` of the world's time. */
  async until(what: string, condition: () => boolean | Promise<boolean>, limitMs = 3_600_000): Promise<void> {
    const endMs = this.clock.monotonic() + limitMs;
    while (true) {
      await this.#settled();
      if (await condition()) return;
      const nextMs = this.clock.nextTimerInMs();
      if (nextMs === undefined) throw new Error(`nothing more will happen, and still not: ${what}`);
      if (this.clock.monotonic() + nextMs > endMs) throw new Error(`not within ${limitMs} ms: ${what}`);
      this.clock.advance(nextMs);
    }
  }

  /** Lets so much time pass. */
  async pass(ms: number): Promise<void> {
    const endMs = this.clock.monotonic() + ms;
    while (true) {
      await this.#settled();
      const nextMs = this.clock.nextTimerInMs();
      const leftMs = endMs - this.clock.monotonic();
      if (nextMs === undefined || nextMs > leftMs) {
        this.clock.advance(leftMs);
        return await this.#settled();
      }
      this.clock.advance(nextMs);
    }
  }

  /** Work outside this process's memory (a file): time stands still until it has ended. */
  async outside<R>(work: Promise<R>): Promise<R> {
    this.#outside.add(work);
    try {
      return await work;
    } finally {
      this.#outside.delete(work);
    }
  }

  /** Everything in this process is promises: after a few turns of the event loop nothing is left to happen at this moment. */
  async #settled(): Promise<void> {
    do {
      await Promise.allSettled(this.#outside);
      for (let turn = 0; turn < 4; turn++) await new Promise((resolve) => setImmediate(resolve));
    } while (this.#outside.size > 0);
  }

  /** An object as it stands now; undefined when there is none. */
  get(resource: string, namespace: string, name: string): JSONObject | undefined {
    return this.list(resource, namespace).find((object) => (object.metadata as JSONObject).name === name);
  }

  /** All objects of a resource, in one namespace or (empty) in all. */
  list(resource: string, namespace = ""): JSONObject[] {
    const type = this.server.resources.all().find((each) => each.resource === resource);
    if (!type) throw new Error(`no resource ${resource}`);
    return this.server.storage.list(type.storage, namespace || undefined) as unknown as JSONObject[];
  }

  /** Writes that the controllers sent since `from` (an index into `requests`), as "verb resource". */
  writes(from = 0): string[] {
    return this.requests.slice(from)
      .filter(({ verb }) => ["create", "update", "patch", "delete"].includes(verb))
      .map(({ verb, resource, subresource }) => `${verb} ${resource}${subresource && `/${subresource}`}`);
  }

  async request(
    method: "GET" | "POST" | "PATCH" | "DELETE" | "PUT",
    path: string,
    bodyJson?: JSONValue,
  ): Promise<JSONValue> {
    const contentType = method === "PATCH" ? { contentType: "application/merge-patch+json" } : {};
    const body = bodyJson === undefined ? {} : { bodyJson };
    return await this.finish(this.client.performRequest({ method, path, expectJson: true, ...body, ...contentType }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const running of this.#controllers) running.kill();
    this.#end.abort(new Error("the world ends"));
    await this.finish(Promise.all(this.#running));
    this.client.close();
    this.server[Symbol.dispose]();
  }

  /** Waits for a promise while time goes on. */
  async finish<R>(promise: Promise<R>): Promise<R> {
    let over = false;
    promise.then(() => (over = true), () => (over = true));
    await this.until("it has ended", () => over);
    return await promise;
  }
}

/** An audit sink that keeps what it is given. */
export class MemorySink implements Sink {
  readonly name = "memory";
  readonly events: AuditEvent[] = [];

  deliver(events: readonly AuditEvent[]) {
    this.events.push(...events);
    return Promise.resolve({ outcome: "delivered" as const });
  }

  setAside() {
    return Promise.resolve({ outcome: "delivered" as const });
  }

  async [Symbol.asyncDispose]() {}
}
