// Stories that the simulation told: each broke a law once, by a race that nobody had thought of.

import { assertEquals } from "@std/assert";
import type { JSONObject } from "../../lib/kube/contract.ts";
import { manifest } from "../support/builders.ts";
import {
  auditTrail,
  heldLocks,
  nothingMoreHappens,
  phaseOf,
  runNames,
  untilPhase,
  untilQuiet,
} from "../support/story.ts";
import { World } from "../support/world.ts";

const executions = "/apis/workflowexecution.kubernaut.ai/v1alpha1/namespaces/payment/workflowexecutions";
const leases = "/apis/coordination.k8s.io/v1/namespaces/kubernaut-system/leases";

Deno.test("a free Lease whose deletion is refused with a conflict does not stay behind", async () => {
  await using world = await World.start();
  world.startController();
  world.server.faults.add({
    match: ({ resource, verb }) => resource === "leases" && verb === "delete",
    times: 1,
    action: { status: 409 },
  });
  world.server.install(manifest());
  await untilQuiet(world);
  await nothingMoreHappens(world);
});

Deno.test("an execution deleted at the moment its run ends has one end in the audit trail", async () => {
  await using world = await World.start();
  world.startController();
  world.server.install(manifest());
  await untilPhase(world, "fix", "Running");
  const refused = world.server.faults.add({
    match: ({ resource, subresource }) => resource === "workflowexecutions" && subresource === "status",
    action: { status: 500 },
  });
  const runHasEnded = () => JSON.stringify(world.list("pipelineruns")[0]?.status ?? {}).includes("completionTime");
  await world.until("its run has ended", runHasEnded);
  await world.request("DELETE", `${executions}/fix`);
  await world.pass(1_000);
  refused[Symbol.dispose]();
  await world.until("it is gone", () => world.get("workflowexecutions", "payment", "fix") === undefined);
  assertEquals(auditTrail(world), ["fix started", "fix completed"]);
});

Deno.test("the end of a run whose Lease was emptied by hand counts for whoever took the Lease meanwhile", async () => {
  await using world = await World.start();
  world.startController();
  world.server.install(manifest());
  await untilPhase(world, "fix", "Running");
  const { name } = heldLocks(world)[0]?.metadata as JSONObject;
  await world.request("PATCH", `${leases}/${name}`, { spec: { holderIdentity: null } });
  // Until the first has ended, the second cannot find out who else is on the target.
  const refused = world.server.faults.add({
    match: ({ resource, verb }) => verb === "get" && ["pipelineruns", "workflowexecutions"].includes(resource),
    action: { status: 500 },
  });
  world.server.install(manifest({ name: "other", namespace: "apps" }));
  await untilPhase(world, "fix", "Completed");
  refused[Symbol.dispose]();
  await untilQuiet(world);
  assertEquals(phaseOf(world, "other", "apps"), "Skipped");
  assertEquals(runNames(world).length, 1);
  await nothingMoreHappens(world);
});
