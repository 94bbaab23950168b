// Namespaces: a dedicated one for the runs, one that goes away, one that the Leases miss.

import { assertEquals, assertMatch } from "@std/assert";
import type { JSONObject } from "../../lib/kube/contract.ts";
import { manifest } from "../support/builders.ts";
import {
  auditTrail,
  heldLocks,
  nothingMoreHappens,
  phaseOf,
  runNames,
  statusOf,
  untilPhase,
  untilQuiet,
} from "../support/story.ts";
import { World } from "../support/world.ts";

const executions = "/apis/workflowexecution.kubernaut.ai/v1alpha1/namespaces/payment/workflowexecutions";

function addNamespace(world: World, name: string): void {
  world.server.install({ apiVersion: "v1", kind: "Namespace", metadata: { name } });
  const metadata = { name: "kubernaut-workflow-runner", namespace: name };
  world.server.install({ apiVersion: "v1", kind: "ServiceAccount", metadata });
}

Deno.test("runs in a dedicated namespace have no owner, and go with their execution", async () => {
  await using world = await World.start({ rules: { executionNamespace: "runs" } });
  addNamespace(world, "runs");
  world.startController();
  world.server.install(manifest());
  await untilQuiet(world);
  const [run] = world.list("pipelineruns", "runs");
  assertEquals([phaseOf(world, "fix"), (run?.metadata as JSONObject).ownerReferences], ["Completed", undefined]);
  assertEquals(statusOf(world, "fix").pipelineRunRef?.namespace, "runs");
  await world.request("DELETE", `${executions}/fix`);
  await world.until("its run is gone", () => runNames(world).length === 0);
  await nothingMoreHappens(world);
});

Deno.test("runs in a dedicated namespace go after a downtime too: finished and unfinished", async () => {
  await using world = await World.start({ rules: { executionNamespace: "runs" } });
  addNamespace(world, "runs");
  const first = world.startController();
  world.server.install(manifest({ name: "done" }));
  await untilQuiet(world);
  world.server.install(manifest({ name: "going", image: "hang", workflow: "scale" }));
  await untilPhase(world, "going", "Running");
  await world.until("its tasks run", () => world.list("taskruns", "runs").length > 0);
  first.kill();
  for (const name of ["done", "going"]) {
    await world.request("PATCH", `${executions}/${name}`, { metadata: { finalizers: null } });
    await world.request("DELETE", `${executions}/${name}`);
  }
  world.startController();
  await world.until("the runs are gone", () => runNames(world).length === 0);
  await world.until("the lock is free", () => heldLocks(world).length === 0);
  await nothingMoreHappens(world);
});

Deno.test("a run in a namespace that the configuration does not name any more is followed to its end", async () => {
  await using world = await World.start();
  addNamespace(world, "runs");
  const namespaces = ["payment"];
  const first = world.startController({ namespaces, rules: { executionNamespace: "runs" } });
  world.server.install(manifest());
  await untilPhase(world, "fix", "Running");
  await first.stop();
  world.startController({ namespaces });
  await world.until("its run has ended", () => JSON.stringify(world.list("pipelineruns")).includes("completionTime"));
  await world.until("so has the execution", () => phaseOf(world, "fix") === "Completed", 10_000);
  await untilQuiet(world);
  await nothingMoreHappens(world);
});

Deno.test("an execution keeps the namespace that it claimed, whatever the configuration says after a restart", async () => {
  await using world = await World.start();
  addNamespace(world, "runs");
  const first = world.startController({ rules: { executionNamespace: "runs" } });
  world.server.install(manifest({ image: "hang" }));
  await untilPhase(world, "fix", "Running");
  await first.stop();
  world.startController({ rules: { executionNamespace: "" } });
  await world.pass(60_000);
  assertEquals([phaseOf(world, "fix"), runNames(world, "runs").length, runNames(world, "payment")], ["Running", 1, []]);
  await world.request("DELETE", `${executions}/fix`);
  await world.until("it is gone", () => world.get("workflowexecutions", "payment", "fix") === undefined);
  await world.until("its run is gone", () => runNames(world).length === 0);
  assertEquals(auditTrail(world), ["fix started", "fix deleted"]);
  await nothingMoreHappens(world);
});

Deno.test("a namespace that is deleted takes execution and run along, and frees the target", async () => {
  await using world = await World.start();
  world.startController();
  world.server.install(manifest({ image: "hang", target: "node/worker-1" }));
  await untilPhase(world, "fix", "Running");
  await world.until("its tasks run", () => world.list("taskruns").length > 0);
  await world.request("DELETE", "/api/v1/namespaces/payment");
  await world.until("the namespace is gone", () => world.get("namespaces", "", "payment") === undefined);
  await world.until("the lock is free", () => heldLocks(world).length === 0);
  assertEquals(world.list("workflowexecutions"), []);
  const elsewhere = manifest({ name: "other", namespace: "apps", workflow: "scale", target: "node/worker-1" });
  world.server.install(elsewhere);
  await untilPhase(world, "other", "Completed", "apps");
  await untilQuiet(world);
  await nothingMoreHappens(world);
});

Deno.test("without the namespace of the Leases executions wait and say so; none fails", async () => {
  await using world = await World.start();
  world.startController();
  await world.request("DELETE", "/api/v1/namespaces/kubernaut-system");
  await world.until("it is gone", () => world.get("namespaces", "", "kubernaut-system") === undefined);
  const from = world.requests.length;
  world.server.install(manifest());
  await world.pass(120_000);
  assertEquals(phaseOf(world, "fix"), "Pending");
  const [condition] = statusOf(world, "fix").conditions ?? [];
  assertEquals([condition?.type, condition?.status, condition?.reason], [
    "ResourceLockAcquired",
    "Unknown",
    "LockNamespaceMissing",
  ]);
  assertMatch(condition?.message ?? "", /namespaces "kubernaut-system" not found/);
  assertEquals(world.writes(from).filter((write) => write === "patch workflowexecutions/status").length, 1);
  assertEquals(world.requests.length - from < 100, true, `${world.requests.length - from} requests in two minutes`);

  addNamespace(world, "kubernaut-system");
  await untilPhase(world, "fix", "Completed");
  await untilQuiet(world);
  await nothingMoreHappens(world);
});
