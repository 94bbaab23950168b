// Carries out what a plan says: people, machines and misfortunes at their moments. Whatever finds nothing to act on passes.

import type { JSONObject } from "../../lib/kube/contract.ts";
import { asObject, type KubeObject, storageKey } from "../../lib/sim/objects.ts";
import { ApiError } from "../../lib/sim/status.ts";
import { annotation, finalizer } from "../../lib/workflow/names.ts";
import { lockName } from "../../lib/workflow/lock.ts";
import { pipelineRunName } from "../../lib/workflow/pipeline_run.ts";
import { manifest } from "../support/builders.ts";
import { type Deed, type PlannedExecution, targets } from "./plan.ts";
import type { World } from "./world.ts";

const executions = "workflowexecution.kubernaut.ai/workflowexecutions";
const runs = "tekton.dev/pipelineruns";
const leases = "coordination.k8s.io/leases";
const foreign = "example.com/keep";

/** Arranges everything of the plan; the moment at which all trouble ends, too. */
export function arrange(world: World): void {
  const { plan, clock, server, laws } = world;
  for (const planned of plan.executions) {
    if (!planned.follows) expect(world, planned.createdAtMs, planned);
  }
  const waiting: { change: number; act: () => void }[] = [];
  for (const { when, deed } of plan.deeds) {
    const act = () => {
      if (clock.monotonic() < plan.troubleEndsAtMs) perform(world, deed);
    };
    if (deed.do === "killAtRequest") killAtRequest(world, deed);
    else if ("atMs" in when) clock.timer(when.atMs, act);
    else waiting.push({ change: when.change, act: () => clock.timer(when.thenMs, act) });
  }
  server.storage.listen((change) => {
    for (const { act } of waiting.filter(({ change }) => change === laws.changes)) act();
    for (const each of waiting) if (each.change === laws.changes) each.change = -1;
    if (change.resource === runs && change.type === "MODIFIED") prune(world, change.object);
    if (change.resource === executions && change.type === "MODIFIED") createFollowers(world, change.object);
  });
  clock.timer(plan.troubleEndsAtMs, () => endTrouble(world));
  for (let place = 0; place < plan.replicas; place++) world.startReplica(place, plan.config);
}

function perform(world: World, deed: Deed): void {
  const { clock, laws, trace, server, fates } = world;
  const nowMs = clock.monotonic();
  trace.note(`---  ${JSON.stringify(deed)}`);
  switch (deed.do) {
    case "deleteExecution": {
      const planned = world.plan.executions[deed.which];
      if (planned) remove(world, executions, planned.namespace, planned.name, "Background");
      return;
    }
    case "createAgain": {
      const planned = world.plan.executions[deed.which];
      if (planned) create(world, planned);
      return;
    }
    case "restoreCopy":
      return restoreCopy(world, deed.which);
    case "replaceByForce": {
      // Somebody loses patience: the finalizer goes, the object goes, and another workflow is to do what this one did not.
      // It is the one that runs that people lose patience with.
      const running = world.plan.executions.findIndex((_, i) => phaseOf(executionOf(world, i)) === "Running");
      const which = running < 0 ? deed.which : running;
      const planned = world.plan.executions[which];
      if (!planned || !executionOf(world, which)) return;
      perform(world, { do: "stripFinalizer", which });
      perform(world, { do: "deleteExecution", which });
      return create(world, {
        ...planned,
        name: `${planned.name}-again`,
        workflow: planned.workflow === "a" ? "b" : "a",
      });
    }
    case "stripFinalizer":
      return change(world, executions, executionOf(world, deed.which), (object) => ({
        ...object,
        metadata: {
          ...object.metadata,
          finalizers: object.metadata.finalizers?.filter((each) => each !== finalizer) ?? [],
        },
      }));
    case "addForeignFinalizer":
      return change(world, runs, runOf(world, deed.which), (object) => ({
        ...object,
        metadata: { ...object.metadata, finalizers: [...object.metadata.finalizers ?? [], foreign] },
      }));
    case "deleteRun": {
      const { namespace = "", name = "" } = runOf(world, deed.which)?.metadata ?? {};
      return remove(world, runs, namespace, name, deed.policy);
    }
    case "cancelRun":
      return change(world, runs, runOf(world, deed.which), (object) => ({
        ...object,
        spec: { ...object.spec as JSONObject, status: deed.mode },
      }));
    case "deleteLease":
      return remove(world, leases, "kubernaut-system", leaseName(deed.target), "Background");
    case "emptyLease":
      return change(
        world,
        leases,
        server.storage.get(leases, storageKey("kubernaut-system", leaseName(deed.target))),
        (object) => ({ ...object, spec: { ...object.spec as JSONObject, holderIdentity: null } }),
      );
    case "wipeLease":
      return change(
        world,
        leases,
        server.storage.get(leases, storageKey("kubernaut-system", leaseName(deed.target))),
        (object) => {
          const { [annotation.holder]: _, ...annotations } = object.metadata.annotations ?? {};
          const spec = { ...object.spec as JSONObject, holderIdentity: null, acquireTime: null };
          return { ...object, metadata: { ...object.metadata, annotations }, spec };
        },
      );
    case "squat":
      return squat(world, deed.which);
    case "jump":
      return world.replicas[deed.replica]?.clock.jump(deed.byMs);
    case "kill":
    case "stop":
      return leave(world, deed.replica, deed.do, deed.againAfterMs);
    case "killAtRequest":
      return;
    case "pause": {
      const { wire } = world.replicas[deed.replica] ?? {};
      wire?.pause();
      clock.timer(deed.forMs, () => wire?.resume());
      return;
    }
    case "standby": {
      const replica = world.replicas[deed.replica];
      if (!replica?.alive || world.plan.elects) return;
      replica.controller.leading = false;
      clock.timer(deed.forMs, () => (replica.controller.leading = true));
      return;
    }
    case "notServed":
      fates.notServed(deed.group, nowMs + deed.forMs);
      for (const { wire } of world.replicas) for (const watch of wire.watches("")) watch.cut(false);
      return;
    case "serverDown":
      fates.down(nowMs + deed.forMs);
      if (deed.compacts) server.compact();
      for (const { wire } of world.replicas) for (const watch of wire.watches("")) watch.cut(false);
      return;
    case "compact":
      return server.compact();
    case "auditDown":
      return world.archive.down(nowMs + deed.forMs);
    case "watch":
      for (const watch of world.replicas[deed.replica]?.wire.watches(deed.resource, deed.namespace) ?? []) {
        if (deed.how === "hold") watch.hold(deed.forMs);
        else if (deed.how === "expire") watch.expire();
        else if (deed.how === "silence") watch.silence();
        else watch.cut(deed.how === "cutMidLine");
      }
      return;
  }
  laws.breaks(`no such deed: ${JSON.stringify(deed)}`);
}

/** Everybody is there, everything is served, nobody's finalizer stands in the way. */
function endTrouble(world: World): void {
  world.trace.note("---  the trouble ends");
  for (const [place, replica] of world.replicas.entries()) {
    replica.wire.resume();
    for (const watch of replica.wire.watches("")) watch.cut(false); // a silent one would not be missed for minutes
    if (!replica.alive) world.startReplica(place, world.plan.laterConfig);
    else if (!world.plan.elects) replica.controller.leading = true;
  }
  for (const object of world.server.storage.list(runs)) {
    if (!object.metadata.finalizers?.includes(foreign)) continue;
    change(world, runs, object, (current) => ({
      ...current,
      metadata: {
        ...current.metadata,
        finalizers: current.metadata.finalizers?.filter((each) => each !== foreign) ?? [],
      },
    }));
  }
}

/** An execution will be created; until then the world is not at its end. */
function expect(world: World, inMs: number, planned: PlannedExecution): void {
  world.expected++;
  world.clock.timer(inMs, () => {
    world.expected--;
    create(world, planned);
  });
}

function createFollowers(world: World, ended: KubeObject): void {
  if (!["Completed", "Failed", "Skipped"].includes(phaseOf(ended))) return;
  const which = world.plan.executions.findIndex(({ namespace, name }) =>
    namespace === ended.metadata.namespace && name === ended.metadata.name
  );
  if (which < 0 || world.followed.has(which)) return;
  world.followed.add(which);
  for (const planned of world.plan.executions) {
    if (planned.follows?.which === which) expect(world, planned.follows.afterMs, planned);
  }
}

function create(world: World, planned: PlannedExecution): void {
  const { name, namespace, workflow, alias, image, timeout } = planned;
  if (world.server.storage.get(executions, storageKey(namespace, name))) return;
  const spec = { executionConfig: { timeout } };
  world.trace.note(`---  ${namespace}/${name} is created: workflow ${workflow} (${image}, ${timeout}) on ${alias}`);
  world.server.install(manifest({ name, namespace, workflow, target: alias, image, spec }));
  const which = world.plan.executions.indexOf(planned);
  if (world.squatters.has(which)) squat(world, which);
}

/** Somebody restores a backup beside what is there: all of the object but its uid and its status comes back. */
function restoreCopy(world: World, which: number): void {
  const object = executionOf(world, which);
  if (!object) return;
  const { namespace = "", name = "", annotations = {}, finalizers = [] } = object.metadata;
  if (world.server.storage.get(executions, storageKey(namespace, `${name}-copy`))) return;
  const { apiVersion = "", kind = "", spec } = object;
  const metadata = { namespace, name: `${name}-copy`, annotations, finalizers };
  world.server.install({ apiVersion, kind, metadata, spec: spec as JSONObject });
}

function leave(world: World, place: number, how: "kill" | "stop", againAfterMs: number): void {
  const replica = world.replicas[place];
  if (!replica?.alive) return;
  if (how === "kill") replica.kill();
  else replica.stop();
  world.clock.timer(Math.max(againAfterMs, 1), () => {
    if (world.replicas[place] !== replica) return;
    replica.kill(); // a gentle stop that is not through by then is cut short
    world.startReplica(place, world.plan.laterConfig);
  });
}

function killAtRequest(world: World, deed: Extract<Deed, { do: "killAtRequest" }>): void {
  let done = false;
  world.beforeRequest.push((replica, nth, when) => {
    if (done || nth !== deed.nth || when !== deed.when || world.replicas[deed.replica] !== replica) return;
    done = true;
    world.trace.note(`---  ${replica.name} is killed ${when} its request ${nth}`);
    leave(world, deed.replica, "kill", 1);
  });
}

function prune(world: World, run: KubeObject): void {
  const key = run.metadata.annotations?.["kubernaut.ai/workflow-execution"];
  const planned = world.plan.executions.find(({ namespace, name }) => `${namespace}/${name}` === key);
  const { completionTime } = (run.status ?? {}) as { completionTime?: string };
  if (!planned?.pruned || !completionTime || run.metadata.deletionTimestamp) return;
  queueMicrotask(() => remove(world, runs, run.metadata.namespace ?? "", run.metadata.name ?? "", "Background"));
}

/** Somebody else's run under the name that ours would have; before ours, if the execution is still to come. */
function squat(world: World, which: number): void {
  world.squatters.add(which);
  const execution = executionOf(world, which);
  if (!execution) return;
  const { name = "", uid = "", namespace = "" } = execution.metadata;
  const metadata = {
    name: pipelineRunName({ name, uid }),
    namespace: world.plan.config.rules.executionNamespace || namespace,
    labels: { "app.kubernetes.io/managed-by": "kubernaut-workflowexecution" },
    // For the mutation that goes by names alone: whose run somebody would take this one for.
    annotations: { "example.com/would-be": JSON.stringify({ key: `${namespace}/${name}`, uid }) },
  };
  if (world.server.storage.get(runs, storageKey(metadata.namespace, metadata.name))) return;
  const spec = { status: "PipelineRunPending", pipelineRef: { resolver: "bundles" } };
  world.laws.byHand(() => world.server.install({ apiVersion: "tekton.dev/v1", kind: "PipelineRun", metadata, spec }));
}

function phaseOf(execution: KubeObject | undefined): string {
  return (execution?.status as { phase?: string } | undefined)?.phase ?? "";
}

function executionOf(world: World, which: number): KubeObject | undefined {
  const { namespace = "", name = "" } = world.plan.executions[which] ?? {};
  return world.server.storage.get(executions, storageKey(namespace, name));
}

function runOf(world: World, which: number): KubeObject | undefined {
  const { namespace = "", name = "" } = world.plan.executions[which] ?? {};
  return world.server.storage.list(runs).find(({ metadata }) =>
    metadata.annotations?.["kubernaut.ai/workflow-execution"] === `${namespace}/${name}`
  );
}

function leaseName(target: number): string {
  return lockName(targets[target]?.canonical ?? "");
}

function remove(
  world: World,
  storage: string,
  namespace: string,
  name: string,
  propagationPolicy: "Foreground" | "Background",
): void {
  const type = world.server.resources.stored(storage);
  if (!type || !world.server.storage.get(storage, storageKey(namespace, name))) return;
  world.laws.byHand(() => world.server.registry.delete(type, namespace, name, { propagationPolicy }));
}

function change(
  world: World,
  storage: string,
  object: KubeObject | undefined,
  by: (current: KubeObject) => KubeObject,
): void {
  const type = world.server.resources.stored(storage);
  if (!type || !object) return;
  const { namespace = "", name = "" } = object.metadata;
  try {
    world.laws.byHand(() =>
      world.server.registry.update(type, namespace, name, (current) => asObject(by(current ?? object) as JSONObject))
    );
  } catch (error) {
    if (!(error instanceof ApiError)) throw error; // the server refuses it: so it does not happen
  }
}
