// Deadlines: of the start, and of the run, whose rollback still runs.

import { assertEquals, assertMatch } from "@std/assert";
import type { JSONObject } from "../../lib/kube/contract.ts";
import { manifest } from "../support/builders.ts";
import {
  auditTrail,
  nothingMoreHappens,
  phaseOf,
  runNames,
  statusOf,
  untilPhase,
  untilQuiet,
} from "../support/story.ts";
import { World } from "../support/world.ts";

const second = 1_000;
const minute = 60 * second;

function tookMs(world: World, name = "fix"): number {
  return Date.parse(statusOf(world, name).completionTime ?? "") - Date.UTC(2026, 0, 1);
}

Deno.test("its time is up: cancelled so that the rollback runs, Failed/DeadlineExceeded", async () => {
  await using world = await World.start();
  world.startController();
  world.server.install(manifest({ image: "hang-rollback", spec: { executionConfig: { timeout: "10m" } } }));
  await untilPhase(world, "fix", "Running");
  const [run] = world.list("pipelineruns");
  assertEquals((run?.spec as JSONObject).timeouts as JSONObject, { pipeline: "15m0s" });
  await untilQuiet(world);
  const { phase, failureReason, failureDetails } = statusOf(world, "fix");
  assertEquals([phase, failureReason, failureDetails?.wasExecutionFailure], ["Failed", "DeadlineExceeded", true]);
  assertMatch(failureDetails?.naturalLanguageSummary ?? "", /rollback/i);
  assertEquals(tookMs(world) >= 10 * minute && tookMs(world) < 11 * minute, true, `${tookMs(world)}`);
  const [ended] = world.list("pipelineruns");
  assertEquals([(ended?.spec as JSONObject).status, annotationOf(ended)], ["CancelledRunFinally", "DeadlineExceeded"]);
  assertEquals(auditTrail(world), ["fix started", "fix failed"]);
  await nothingMoreHappens(world);
});

Deno.test("a controller that was away at the deadline keeps it as soon as it is back", async () => {
  await using world = await World.start();
  const first = world.startController();
  world.server.install(manifest({ image: "hang-rollback", spec: { executionConfig: { timeout: "10m" } } }));
  await untilPhase(world, "fix", "Running");
  await world.until("its tasks run", () => world.list("taskruns").length > 0);
  first.kill();
  await world.pass(12 * minute);
  world.startController();
  await untilQuiet(world);
  assertEquals(statusOf(world, "fix").failureReason, "DeadlineExceeded");
  assertEquals(tookMs(world) < 13 * minute, true);
  await nothingMoreHappens(world);
});

Deno.test("without a rollback's grace Tekton's own timeout ends the run: Failed/DeadlineExceeded", async () => {
  await using world = await World.start({ rules: { rollbackGraceMs: 0 } });
  world.startController();
  world.server.install(manifest({ image: "hang", spec: { executionConfig: { timeout: "10m" } } }));
  await untilQuiet(world);
  assertEquals(statusOf(world, "fix").failureReason, "DeadlineExceeded");
  const [ended] = world.list("pipelineruns");
  assertEquals([(ended?.spec as JSONObject).status, annotationOf(ended)], [undefined, undefined]);
  await nothingMoreHappens(world);
});

Deno.test("a bundle that does not exist: ended at the start deadline, Failed/ConfigurationError naming it", async () => {
  await using world = await World.start();
  world.startController();
  world.server.install(manifest({ image: "missing" }));
  await untilQuiet(world);
  const { phase, failureReason, failureDetails, message = "" } = statusOf(world, "fix");
  assertEquals([phase, failureReason, failureDetails?.wasExecutionFailure], ["Failed", "ConfigurationError", false]);
  assertMatch(message, /registry\.example\/missing:v1/);
  assertEquals(tookMs(world) >= 2 * minute && tookMs(world) < 3 * minute, true, `${tookMs(world)}`);
  const [ended] = world.list("pipelineruns");
  assertEquals([(ended?.spec as JSONObject).status, annotationOf(ended)], ["Cancelled", "StartDeadlineExceeded"]);
  await nothingMoreHappens(world);
});

Deno.test("without a start deadline a bundle that does not exist is ended at the deadline, and does not hang", async () => {
  await using world = await World.start({ rules: { startDeadlineMs: 0 } });
  world.startController();
  world.server.install(manifest({ image: "missing", spec: { executionConfig: { timeout: "10m" } } }));
  await untilQuiet(world);
  assertEquals(statusOf(world, "fix").phase, "Failed");
  assertEquals(tookMs(world) >= 10 * minute && tookMs(world) < 11 * minute, true, `${tookMs(world)}`);
  await nothingMoreHappens(world);
});

Deno.test("a pod that cannot be scheduled has begun: no start deadline, but its own", async () => {
  await using world = await World.start();
  world.startController();
  world.server.install(manifest({ image: "unschedulable", spec: { executionConfig: { timeout: "10m" } } }));
  await untilPhase(world, "fix", "Running");
  await world.pass(5 * minute);
  assertEquals(phaseOf(world, "fix"), "Running");
  await untilQuiet(world);
  assertEquals(statusOf(world, "fix").phase, "Failed");
  assertEquals(tookMs(world) >= 10 * minute, true);
  await nothingMoreHappens(world);
});

Deno.test("a run that can never be started is deleted at the start deadline, and that is said", async () => {
  await using world = await World.start();
  world.startController();
  world.server.faults.add({
    match: ({ resource, verb }) => resource === "pipelineruns" && verb === "patch",
    action: { status: 500 },
  });
  world.server.install(manifest());
  await untilQuiet(world);
  const { phase, failureReason, failureDetails, message = "" } = statusOf(world, "fix");
  assertEquals([phase, failureReason, failureDetails?.wasExecutionFailure], ["Failed", "ConfigurationError", false]);
  assertMatch(message, /could not be started within the start deadline of 120 s/);
  assertEquals(runNames(world), []);
  await nothingMoreHappens(world);
});

Deno.test("a run that can never be started: the same end when the controller dies the moment it has deleted it", async () => {
  await using world = await World.start();
  const first = world.startController({
    carry: async (request, send) => {
      const response = await send(request);
      if (request.method === "DELETE" && request.url.includes("/pipelineruns/")) first.kill();
      return response;
    },
  });
  world.server.faults.add({
    match: ({ resource, verb }) => resource === "pipelineruns" && verb === "patch",
    action: { status: 500 },
  });
  world.server.install(manifest());
  await world.until("its run is gone", () => phaseOf(world, "fix") === "Running" && runNames(world).length === 0);
  world.startController();
  await untilQuiet(world);
  const { failureReason, failureDetails } = statusOf(world, "fix");
  assertEquals([failureReason, failureDetails?.wasExecutionFailure], ["ConfigurationError", false]);
  await nothingMoreHappens(world);
});

Deno.test("Tekton is down: nothing begins, the run is cancelled once, and nothing is written while it stays away", async () => {
  await using world = await World.start({ tekton: false });
  world.startController();
  world.server.install(manifest());
  await untilPhase(world, "fix", "Running");
  await world.pass(10 * minute);
  const [run] = world.list("pipelineruns");
  assertEquals([(run?.spec as JSONObject).status, annotationOf(run)], ["Cancelled", "StartDeadlineExceeded"]);
  const from = world.requests.length;
  await world.pass(60 * minute);
  assertEquals(world.writes(from), []);
});

Deno.test("the wall clock jumps an hour ahead: the start deadline still has its two minutes", async () => {
  await using world = await World.start();
  world.startController();
  world.server.install(manifest({ image: "missing", spec: { executionConfig: { timeout: "10h" } } }));
  await untilPhase(world, "fix", "Running");
  world.clock.jump(60 * minute);
  await world.pass(minute);
  assertEquals(phaseOf(world, "fix"), "Running");
  await world.pass(2 * minute);
  assertEquals(statusOf(world, "fix").failureReason, "ConfigurationError");
  await untilQuiet(world);
  await nothingMoreHappens(world);
});

function annotationOf(run: JSONObject | undefined): string | undefined {
  const { annotations } = run?.metadata as { annotations: Record<string, string> };
  return annotations["kubernaut.ai/ended-because"];
}
