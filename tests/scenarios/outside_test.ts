// What people and other programs do to an execution and its run while it is running.

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

Deno.test("a run whose pods cannot be scheduled says so while it waits, once, and goes on to its deadline", async () => {
  await using world = await World.start();
  world.startController();
  world.server.install(manifest({ image: "unschedulable", spec: { executionConfig: { timeout: "2m" } } }));
  await world.until("it says why", () => statusOf(world, "fix").pipelineRunStatus?.reason === "ExceededNodeResources");
  await world.pass(60_000);
  assertEquals(phaseOf(world, "fix"), "Running");
  const warnings = world.list("events", "payment").filter(({ reason }) => reason === "PipelineRunWaiting");
  assertEquals(warnings.map(({ type, note }) => [type, note]), [
    ["Warning", "ExceededNodeResources: TaskRun Pod exceeded available resources"],
  ]);
  await untilPhase(world, "fix", "Failed");
  assertEquals(statusOf(world, "fix").failureReason, "DeadlineExceeded");
  assertMatch(statusOf(world, "fix").message ?? "", /It was waiting: ExceededNodeResources: TaskRun Pod exceeded/);
  await untilQuiet(world);
  await nothingMoreHappens(world);
});

Deno.test("a pending run made by hand in the name of an execution is never started, but deleted", async () => {
  await using world = await running();
  const [own] = world.list("pipelineruns", "payment");
  const { labels = {}, annotations = {} } = own?.metadata as { labels?: JSONObject; annotations?: JSONObject };
  const metadata = { name: "by-hand", namespace: "payment", labels, annotations };
  await world.request("POST", runs, {
    apiVersion: "tekton.dev/v1",
    kind: "PipelineRun",
    metadata,
    spec: { ...own?.spec as JSONObject, status: "PipelineRunPending" },
  });
  await world.until("it is gone", () => !runNames(world).includes("by-hand"));
  await world.pass(10_000);
  assertEquals(phaseOf(world, "fix"), "Running");
  assertEquals(runNames(world).length, 1);
});

Deno.test("a bundle that is not the one asked for is told as a Warning, in the status and in the audit trail", async () => {
  await using world = await World.start();
  world.startController();
  const containerDigest = `sha256:${"a".repeat(64)}`;
  const workflowRef = {
    workflowId: "restart",
    version: "1.0.0",
    containerImage: "registry.example/ok:v1",
    containerDigest,
  };
  world.server.install(manifest({ spec: { workflowRef } }));
  await untilPhase(world, "fix", "Completed");
  await untilQuiet(world);
  const condition = statusOf(world, "fix").conditions?.find(({ reason }) => reason === "DigestMismatch");
  assertMatch(condition?.message ?? "", /ran the bundle sha256:[0-9a-f]{64}, and sha256:a{64} was asked for/);
  await world.until(
    "the Event is there",
    () => world.list("events", "payment").some(({ reason }) => reason === "DigestMismatch"),
  );
  assertEquals(world.audit.events.at(-1)?.event_data.digest_mismatch, condition?.message);
});
