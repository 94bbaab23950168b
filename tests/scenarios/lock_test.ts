// One execution a target, and the cooldown after it.

import { assertEquals } from "@std/assert";
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

Deno.test("of ten executions on one target, by any of its names, one runs and nine are skipped", async () => {
  await using world = await World.start();
  world.startController();
  world.startController();
  const aliases = ["payment/deployment/api", "deploy/api", "payment/deployments/api", "deployment.apps/api"];
  for (let i = 0; i < 10; i++) {
    world.server.install(manifest({ name: `fix-${i}`, workflow: `w-${i}`, target: aliases[i % aliases.length] ?? "" }));
  }
  await untilQuiet(world);
  const phases = Array.from({ length: 10 }, (_, i) => phaseOf(world, `fix-${i}`)).sort();
  assertEquals(phases, ["Completed", ...Array.from({ length: 9 }, () => "Skipped")]);
  const winner = Array.from({ length: 10 }, (_, i) => `fix-${i}`).find((name) => phaseOf(world, name) === "Completed");
  for (let i = 0; i < 10; i++) {
    const { skipDetails } = statusOf(world, `fix-${i}`);
    if (skipDetails) {
      assertEquals([skipDetails.reason, skipDetails.conflictingWorkflow?.name], ["ResourceBusy", winner]);
    }
  }
  assertEquals(runNames(world).length, 1);
  assertEquals(
    auditTrail(world).sort(),
    [
      ...Array.from({ length: 10 }, (_, i) => `fix-${i}`).filter((name) => name !== winner).map((name) =>
        `${name} skipped`
      ),
      `${winner} completed`,
      `${winner} started`,
    ].sort(),
  );
  await nothingMoreHappens(world);
});

Deno.test("the cooldown holds for its workflow, not for another, and ends exactly at its length", async () => {
  await using world = await World.start();
  world.startController();
  world.server.install(manifest({ name: "one" }));
  await untilQuiet(world);
  const endMs = Date.parse(statusOf(world, "one").completionTime ?? "");

  world.server.install(manifest({ name: "two" }));
  await untilPhase(world, "two", "Skipped");
  const { recentRemediation } = statusOf(world, "two").skipDetails ?? {};
  assertEquals(recentRemediation?.name, "one");
  assertEquals(recentRemediation?.outcome, "Completed");

  world.server.install(manifest({ name: "three", workflow: "scale" }));
  await untilPhase(world, "three", "Completed");

  await world.pass(endMs + 5 * 60_000 - 1 - world.clock.now());
  world.server.install(manifest({ name: "four" }));
  await untilPhase(world, "four", "Skipped");
  assertEquals(statusOf(world, "four").skipDetails?.recentRemediation?.cooldownRemaining, "1s");
  await world.pass(1);
  world.server.install(manifest({ name: "five" }));
  await untilPhase(world, "five", "Completed");
  await untilQuiet(world);
  await nothingMoreHappens(world);
});

Deno.test("the cooldown outlives the execution and the controller", async () => {
  await using world = await World.start();
  const first = world.startController();
  world.server.install(manifest({ name: "one" }));
  await untilQuiet(world);
  await world.request(
    "DELETE",
    "/apis/workflowexecution.kubernaut.ai/v1alpha1/namespaces/payment/workflowexecutions/one",
  );
  await world.pass(1_000);
  first.kill();
  world.startController();
  world.server.install(manifest({ name: "two" }));
  await untilPhase(world, "two", "Skipped");
  assertEquals(statusOf(world, "two").skipDetails?.reason, "RecentlyRemediated");
  await untilQuiet(world);
  await nothingMoreHappens(world);
});

Deno.test("a cooldown of 0 is off", async () => {
  await using world = await World.start({ rules: { cooldownMs: 0 } });
  world.startController();
  for (const name of ["one", "two"]) {
    world.server.install(manifest({ name }));
    await untilPhase(world, name, "Completed");
    await untilQuiet(world);
  }
  await nothingMoreHappens(world);
});

Deno.test("a lock that a hand gave to nobody who exists comes back to the one that runs, as soon as it is free", async () => {
  await using world = await World.start();
  world.startController();
  world.server.install(manifest({ image: "hang" }));
  await untilPhase(world, "fix", "Running");
  await world.until("its tasks run", () => world.list("taskruns").length > 0);
  const [lease] = heldLocks(world);
  const { name } = lease?.metadata as { name: string };
  const { holderIdentity } = lease?.spec as { holderIdentity: string };
  await world.request("PATCH", `/apis/coordination.k8s.io/v1/namespaces/kubernaut-system/leases/${name}`, {
    spec: { holderIdentity: "payment/nobody/uid-nobody" },
  });
  const holders = () => heldLocks(world).map(({ spec }) => (spec as JSONObject).holderIdentity);
  await world.until("it has its lock back", () => holders().includes(holderIdentity), 500);
  assertEquals([holders(), phaseOf(world, "fix")], [[holderIdentity], "Running"]);
});
