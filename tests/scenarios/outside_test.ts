// What people and other programs do to an execution and its run while it is running.

import { assertEquals, assertMatch } from "@std/assert";
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
const runs = "/apis/tekton.dev/v1/namespaces/payment/pipelineruns";

async function running(image = "hang"): Promise<World & AsyncDisposable> {
  const world = await World.start();
  world.startController();
  world.server.install(manifest({ image }));
  await untilPhase(world, "fix", "Running");
  await world.until("its tasks run", () => world.list("taskruns").length > 0);
  return world;
}

Deno.test("an execution deleted while it runs takes its run along, then frees the target", async () => {
  await using world = await running();
  await world.request("DELETE", `${executions}/fix`);
  await world.until("it is gone", () => world.get("workflowexecutions", "payment", "fix") === undefined);
  assertEquals(runNames(world), []);
  assertEquals(world.list("taskruns"), []);
  assertEquals(heldLocks(world), []);
  assertEquals(auditTrail(world), ["fix started", "fix deleted"]);

  // It counts as Failed at that moment: the same workflow has to wait.
  world.server.install(manifest({ name: "again" }));
  await untilPhase(world, "again", "Skipped");
  assertEquals(statusOf(world, "again").skipDetails?.reason, "RecentlyRemediated");
  await untilQuiet(world);
  await nothingMoreHappens(world);
});

Deno.test("a run deleted by somebody fails its execution, and no second run is made", async () => {
  await using world = await running();
  await world.request("DELETE", `${runs}/${runNames(world)[0]}`);
  await untilPhase(world, "fix", "Failed");
  const { failureDetails, message = "" } = statusOf(world, "fix");
  assertMatch(message, /was deleted by someone while the workflow was running/);
  assertEquals(failureDetails?.reason, "Unknown");
  assertEquals(failureDetails?.wasExecutionFailure, true);
  assertEquals(runNames(world), []);
  await untilQuiet(world);
  await nothingMoreHappens(world);
});

Deno.test("a run that is pruned the moment it ends has ended all the same", async () => {
  await using world = await World.start();
  world.startController();
  world.server.install(manifest());
  world.server.faults.add({
    match: ({ resource, verb, subresource }) =>
      resource === "workflowexecutions" && verb === "patch" && subresource === "status" &&
      world.list("pipelineruns").some((run) => JSON.stringify(run.status ?? {}).includes('"Succeeded"')),
    times: 3,
    action: { status: 500 },
  });
  await world.until(
    "the run has ended",
    () => JSON.stringify(world.list("pipelineruns")[0]?.status ?? {}).includes("completionTime"),
  );
  await world.request("DELETE", `${runs}/${runNames(world)[0]}`);
  await untilQuiet(world);
  assertEquals(phaseOf(world, "fix"), "Completed");
  await nothingMoreHappens(world);
});

Deno.test("deleting a skipped execution touches nobody else's run", async () => {
  await using world = await running();
  world.server.install(manifest({ name: "other", workflow: "scale" }));
  await untilPhase(world, "other", "Skipped");
  assertEquals(statusOf(world, "other").skipDetails?.conflictingWorkflow?.name, "fix");
  await world.request("DELETE", `${executions}/other`);
  await world.until("it is gone", () => world.get("workflowexecutions", "payment", "other") === undefined);
  await world.pass(60_000);
  assertEquals(phaseOf(world, "fix"), "Running");
  assertEquals(runNames(world).length, 1);
});

Deno.test("a run cancelled by somebody fails its execution and says so", async () => {
  await using world = await running();
  await world.request("PATCH", `${runs}/${runNames(world)[0]}`, { spec: { status: "Cancelled" } });
  await untilPhase(world, "fix", "Failed");
  assertEquals(statusOf(world, "fix").failureReason, "Unknown");
  assertMatch(statusOf(world, "fix").message ?? "", /cancelled/);
  await untilQuiet(world);
  await nothingMoreHappens(world);
});

Deno.test("a Lease deleted by hand while the run goes on is put back", async () => {
  await using world = await running();
  const [lease] = heldLocks(world);
  const { name } = lease?.metadata as { name: string };
  await world.request("DELETE", `/apis/coordination.k8s.io/v1/namespaces/kubernaut-system/leases/${name}`);
  await world.until("it is back", () => heldLocks(world).length === 1);
  world.server.install(manifest({ name: "other", workflow: "scale" }));
  await untilPhase(world, "other", "Skipped");
  assertEquals(runNames(world).length, 1);
});
