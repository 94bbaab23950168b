// The world of a seed: the simulated API server and Tekton, one or two controllers, and everything that the plan says will
// happen to them, in one process and on one virtual clock. It runs until nothing is left to be done, and is judged then.

import { yaml } from "../../deps.ts";
import type { JSONObject } from "../../lib/kube/contract.ts";
import type { Logger } from "../../lib/log.ts";
import { ApiServer } from "../../lib/sim/api_server.ts";
import { tektonDefinitions } from "../../lib/sim/permissive_definitions.ts";
import { builtinBundles } from "../../lib/sim/tekton/builtin.ts";
import type { Bundles } from "../../lib/sim/tekton/bundles.ts";
import { Tekton } from "../../lib/sim/tekton/tekton.ts";
import type { Rules } from "../../lib/workflow/snapshot.ts";
import { startMs } from "../support/builders.ts";
import { crdPath } from "../support/crd.ts";
import { AuditArchive } from "./audit_archive.ts";
import { Chance } from "./chance.ts";
import { type Call, ObjectTexts } from "./direct_api.ts";
import { Fates } from "./fates.ts";
import { Laws } from "./laws.ts";
import { type Configuration, leastCooldownMs, namespaces, type Plan, targets } from "./plan.ts";
import { leaderLease, Replica } from "./replica.ts";
import { honest, type Sabotage } from "./sabotage.ts";
import { Trace } from "./trace.ts";
import { VirtualClock } from "./virtual_clock.ts";
import { Wire, type WireOptions } from "./wire.ts";

/** What all worlds of a process share: it is read once and never changes. */
export interface Ground {
  readonly manifests: readonly JSONObject[];
  readonly bundles: Bundles;
}

export async function prepareGround(): Promise<Ground> {
  const definition = yaml.parse(await Deno.readTextFile(crdPath)) as JSONObject;
  const manifests = [definition, ...tektonDefinitions()];
  for (const name of ["kubernaut-system", "workflows", ...namespaces]) {
    manifests.push({ apiVersion: "v1", kind: "Namespace", metadata: { name } });
    const metadata = { name: "kubernaut-workflow-runner", namespace: name };
    manifests.push({ apiVersion: "v1", kind: "ServiceAccount", metadata });
  }
  return { manifests, bundles: builtinBundles() };
}

export interface WorldOptions {
  readonly plan: Plan;
  readonly ground: Ground;
  readonly traced?: boolean;
  readonly sabotage?: Sabotages;
}

/** The sabotage of one controller's network; `rules` are that controller's. */
export type Sabotages = (server: ApiServer, rules: Rules) => Sabotage;

const limitMs = 1_800_000;
/** More than any world needs, by far. */
const mostRequests = 20_000;

export class World {
  readonly clock: VirtualClock;
  readonly server: ApiServer;
  readonly trace: Trace;
  readonly laws: Laws;
  readonly archive: AuditArchive;
  readonly fates: Fates;
  readonly plan: Plan;
  /** By their place; a controller that was started again takes its predecessor's. */
  readonly replicas: Replica[] = [];
  /** Writes that the controllers sent and the server carried out, with the time. */
  readonly writes: { readonly atMs: number; readonly text: string; readonly call: Call; readonly code: number }[] = [];
  /** Executions that will be created at a time that is known. */
  expected = 0;
  /** Executions that have ended, so that those which follow them are on their way. */
  readonly followed = new Set<number>();
  /** Executions whose run finds its name taken. */
  readonly squatters = new Set<number>();
  /** Set by the deed that waits for a request: see `deeds.ts`. */
  readonly beforeRequest: ((replica: Replica, nth: number, when: "before" | "after") => void)[] = [];
  /** How many requests the server got from controllers. */
  requests = 0;
  readonly #texts = new ObjectTexts();
  readonly #sabotage: Sabotages;
  readonly #end = new AbortController();
  readonly #running: Promise<unknown>[] = [];
  readonly #wires: Wire[] = [];
  #started = 0;

  private constructor({ plan, traced, sabotage }: WorldOptions) {
    this.plan = plan;
    const serverChance = Chance.of(plan.seed, "server");
    this.clock = new VirtualClock(startMs, () => serverChance.next());
    const { collectorDelayMs } = plan;
    this.server = new ApiServer({
      clock: this.clock,
      ...(collectorDelayMs > 0 ? { garbageCollectionDelayMs: collectorDelayMs } : {}),
    });
    this.trace = new Trace(this.clock, traced ?? false);
    this.#sabotage = sabotage ?? (() => honest);
    this.fates = new Fates(plan.weather, Chance.of(plan.seed, "fates"), plan.troubleEndsAtMs);
    this.archive = new AuditArchive(this.clock, Chance.of(plan.seed, "audit"), plan.weather.lost);
    this.laws = new Laws({
      server: this.server,
      trace: this.trace,
      nowMs: () => this.clock.now(),
      canonicalOf: (alias) => targets.find(({ aliases }) => aliases.includes(alias))?.canonical ?? alias,
      cooldownMs: leastCooldownMs(plan),
      wellServed: plan.mood !== "wild",
    });
  }

  static async create(o: WorldOptions): Promise<World> {
    const world = new World(o);
    for (const manifest of o.ground.manifests) world.server.install(manifest);
    await world.server.handle(new Request("http://sim/readyz")); // loads the language of the CRD's rules
    const tekton = new Tekton({
      client: world.wire("T", () => {}, honest),
      clock: world.clock,
      bundles: o.ground.bundles,
    });
    world.#running.push(tekton.run(world.#end.signal).catch((error) => world.#failed("Tekton", error)));
    return world;
  }

  startReplica(place: number, config: Configuration): Replica {
    const name = `${"AB"[place]}${++this.#started}`;
    const wire = this.wire(name, (nth, when, call, code) => {
      const isWrite = !["get", "list", "watch"].includes(call.info.verb);
      if (isWrite && when === "after" && !isElection(call)) {
        const { verb, resource, subresource, namespace, name: object } = call.info;
        const text = `${verb} ${resource}${subresource && `/${subresource}`} ${namespace}/${object}`;
        this.writes.push({ atMs: this.clock.monotonic(), text, call, code });
      }
      if (when === "after") this.requests++;
      for (const hook of this.beforeRequest) hook(replica, nth, when);
    }, this.#sabotage(this.server, config.rules));
    const clock = this.clock.view();
    const onFailure = (error: unknown) => {
      if (replica.alive) this.#failed(name, error);
    };
    const log = this.#logger(name, () => replica.alive);
    const replica = new Replica({
      name,
      wire,
      clock,
      config,
      elects: this.plan.elects,
      archive: this.archive,
      log,
      onFailure,
    });
    this.replicas[place] = replica;
    this.#running.push(replica.ended);
    this.trace.note(`${name} starts`);
    return replica;
  }

  /** Lets time go on until `over` holds, looked at every half second; false when that takes too long. */
  async runUntil(over: () => boolean, untilMs = this.clock.monotonic() + limitMs): Promise<boolean> {
    let lookAtMs = this.clock.monotonic();
    while (this.laws.broken.length === 0) {
      await settled();
      if (this.requests > mostRequests) this.laws.breaks(`it turns in circles: ${mostRequests} requests`);
      const nowMs = this.clock.monotonic();
      if (nowMs >= lookAtMs) {
        if (over()) return true;
        lookAtMs = nowMs + 500;
      }
      const nextMs = this.clock.nextAtMs();
      if (nextMs === undefined || nextMs > untilMs) return over();
      this.clock.fireNext();
    }
    return false;
  }

  async runFor(ms: number): Promise<void> {
    const endMs = this.clock.monotonic() + ms;
    let over = false;
    this.clock.timer(ms, () => (over = true));
    await this.runUntil(() => over && this.clock.monotonic() >= endMs, endMs);
  }

  list(storage: string): JSONObject[] {
    return this.server.storage.list(storage) as unknown as JSONObject[];
  }

  async close(): Promise<void> {
    for (const replica of this.replicas) replica?.kill();
    this.#end.abort(new Error("the world ends"));
    for (const wire of this.#wires) wire.cut();
    for (let turn = 0; turn < 5; turn++) await settled();
    this.server[Symbol.dispose]();
    await Promise.race([Promise.all(this.#running), stuck()]);
  }

  wire(name: string, onRequest: WireOptions["onRequest"], sabotage: Sabotage): Wire {
    const { clock, server, plan, trace } = this;
    const isTekton = name === "T";
    const chance = Chance.of(plan.seed, `wire ${name}`);
    const calm = { ...plan.weather, latencyMs: 0, watchLagMs: 0 };
    const wire = new Wire({
      name,
      server,
      clock,
      chance,
      fates: isTekton ? new Fates(calm, chance, 0) : this.fates,
      texts: this.#texts,
      trace: isTekton ? new Trace(clock, false) : trace,
      sabotage,
      onRequest,
    });
    this.#wires.push(wire);
    return wire;
  }

  #failed(who: string, error: unknown): void {
    this.laws.breaks(`${who} failed: ${error instanceof Error ? error.stack ?? error.message : String(error)}`);
  }

  /** An error in a controller's log is a fault of its own: misfortune is a warning at most. */
  #logger(name: string, alive: () => boolean): Logger {
    const say = (level: string) => (message: string, fields: object = {}) => {
      if (!alive()) return;
      if (level === "error") this.laws.breaks(`${name} logged an error: ${message} ${JSON.stringify(fields)}`);
      if (this.trace.wanted) this.trace.note(`${name.padEnd(4)} ${level}: ${message} ${JSON.stringify(fields)}`);
    };
    const log: Logger = { debug: () => {}, info: () => {}, warn: say("warn"), error: say("error"), with: () => log };
    return log;
  }
}

/** A leader renews its Lease for ever. */
function isElection({ info, body }: Call): boolean {
  const { metadata = {} } = (body ?? {}) as { metadata?: { name?: string } };
  return info.resource === "leases" && [info.name, metadata.name].includes(leaderLease);
}

/** Everything here is promises: one turn of the event loop ends only when nothing is left to happen at this moment. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

async function stuck(): Promise<void> {
  for (let turn = 0; turn < 200; turn++) await settled();
  throw new Error("a process of the simulated world did not end");
}
