// Replicas that elect a leader: how soon another takes over, and that a leader which wakes up late does no harm.

import { assert, assertEquals } from "@std/assert";
import { systemClock } from "../../lib/clock.ts";
import type { JSONObject } from "../../lib/kube/contract.ts";
import { annotation } from "../../lib/workflow/names.ts";
import { type Cluster, e2e, metadataOf, specOf } from "./cluster.ts";
import { ControllerProcess } from "./controller_process.ts";
import { Recording } from "./recording.ts";

const afterKillMs = 20_000;
const afterStopMs = 3_000;
const rivals = 5;

e2e("replicas with leader election", async (cluster, t) => {
  await using stack = new AsyncDisposableStack();
  const runs = stack.use(await Recording.start(cluster, "pipelineruns"));
  const start = async () => stack.use(await ControllerProcess.start(cluster, election(cluster)));
  let leader = await start();
  await cluster.until("the first one leads", 20_000, () => leads(leader));
  let standby = await start();

  await t.step("one leads; the other is ready while it stands by, and does nothing", async () => {
    assertEquals([await leads(leader), await leads(standby)], [true, false]);
    assertEquals([await leader.ready(), await standby.ready()], [true, true]);
    await cluster.execute("first");
    await cluster.untilPhase("first", "Completed");
    assert((await leader.log()).includes(`${cluster.namespace}/first`), "the leader tells what it does");
    assert(!(await standby.log()).includes(`${cluster.namespace}/first`), await standby.log());
  });

  await t.step("when the leader is killed with -9, a new execution runs within 20 s", async () => {
    await leader.kill();
    await runsWithin(cluster, "after-the-kill", afterKillMs);
    assertEquals(await leads(standby), true);
  });

  await t.step("when the leader is stopped, a new execution runs within 3 s", async () => {
    [leader, standby] = [standby, await start()];
    await cluster.execute("long", { bundle: "hang" });
    await cluster.untilPhase("long", "Running");
    const [ended] = await Promise.all([leader.stop(), runsWithin(cluster, "after-the-stop", afterStopMs)]);
    assertEquals(ended.code, 0, await leader.log());
    assertEquals((await cluster.status("long")).phase, "Running");
    await cluster.delete("workflowexecutions", "long");
  });

  await t.step("a leader that is frozen past its lease and wakes up later does no harm", async () => {
    [leader, standby] = [standby, await start()];
    const target = cluster.target("contested");
    const create = (names: string[]) => Promise.all(names.map((name) => cluster.execute(name, { target })));
    const before = Array.from({ length: rivals }, (_, i) => `before-${i}`);
    const during = Array.from({ length: rivals }, (_, i) => `during-${i}`);
    await create(before);
    leader.signal("SIGSTOP");
    await cluster.until("the other leads", afterKillMs, () => leads(standby));
    await create(during);
    for (const name of before) await cluster.untilPhase(name, ["Completed", "Skipped"]);
    leader.signal("SIGCONT");
    await cluster.until("it has seen that it leads no more", 20_000, async () => !(await leads(leader)));
    await cluster.execute("afterwards", { target: cluster.target("afterwards") });
    for (const name of [...during, "afterwards"]) await cluster.untilPhase(name, ["Completed", "Skipped"]);
    await cluster.until("no target is locked", 10_000, async () => {
      const path = `/apis/coordination.k8s.io/v1/namespaces/${cluster.namespace}/leases`;
      const { items } = await cluster.request("GET", path) as { items: JSONObject[] };
      const held = items.filter((lease) => specOf(lease).holderIdentity).map((lease) => metadataOf(lease).name);
      return held.every((name) => !name.startsWith("wfe-"));
    });
    assertEquals([await leads(leader), await leads(standby)], [false, true]);
    assertEquals(await leader.ready(), true);
  });

  await t.step("in all of it no target had two runs at once, and no execution two runs", () => {
    assertEquals(overlaps(runs), []);
    const owners = new Map<string, Set<string>>();
    for (const { object } of runs.events) {
      const { uid, annotations = {} } = metadataOf(object);
      const owner = annotations[annotation.execution] ?? "";
      owners.set(owner, (owners.get(owner) ?? new Set()).add(uid));
    }
    assertEquals([...owners].filter(([, uids]) => uids.size !== 1), []);
  });
});

/** The Lease stands in the tests' namespace, and so nobody else's controller competes for it. */
function election(cluster: Cluster): string[] {
  return ["--leader-election", "--lock-namespace", cluster.namespace];
}

/** By its own word: the last that it said about it. */
async function leads(controller: ControllerProcess): Promise<boolean> {
  const [began, ended] = [await controller.logged("leading"), await controller.logged("not leading any more")];
  return began.length > ended.length;
}

/** An execution that is created now has a PipelineRun that was started within the limit. */
async function runsWithin(cluster: Cluster, name: string, limitMs: number): Promise<void> {
  const fromMs = systemClock.monotonic();
  await cluster.execute(name);
  await cluster.untilPhase(name, ["Running", "Completed"], limitMs);
  const leftMs = limitMs - (systemClock.monotonic() - fromMs);
  await cluster.until(`the PipelineRun of ${name} is started`, leftMs, async () => {
    const [run] = await cluster.runsOf(name);
    return run !== undefined && specOf(run).status === undefined;
  });
}

/** Moments at which more than one PipelineRun of a target was started and not finished, read from their states in order. */
function overlaps(runs: Recording): string[] {
  const active = new Map<string, Set<string>>();
  const found: string[] = [];
  for (const { type, object } of runs.events) {
    const { name, annotations = {} } = metadataOf(object);
    const target = annotations[annotation.targetResource] ?? "";
    const of = active.get(target) ?? new Set();
    active.set(target, of);
    if (type !== "DELETED" && specOf(object).status !== "PipelineRunPending" && !finished(object)) of.add(name);
    else of.delete(name);
    if (of.size > 1) found.push(`${target}: ${[...of].join(", ")}`);
  }
  return found;
}

function finished({ status }: JSONObject): boolean {
  return (status as { completionTime?: string } | undefined)?.completionTime !== undefined;
}
