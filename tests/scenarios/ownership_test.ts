// Whose an object is: copies, strays, damaged Leases, others' finalizers. Nothing of somebody else's is touched, and nothing
// is started that no status names.

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
const leases = "/apis/coordination.k8s.io/v1/namespaces/kubernaut-system/leases";

async function running(world: World, name = "fix", image = "hang"): Promise<void> {
  world.server.install(manifest({ name, image }));
  await untilPhase(world, name, "Running");
  await world.until("its tasks run", () => world.list("taskruns").length > 0);
}

const metadataOf = (object: JSONObject | undefined) =>
  object?.metadata as JSONObject & { annotations: Record<string, string> };

Deno.test("a copy of an execution fails, runs nothing, and starts no cooldown", async () => {
  await using world = await World.start();
  world.startController();
  await running(world, "fix", "ok");
  await untilQuiet(world);
  const { annotations } = metadataOf(world.get("workflowexecutions", "payment", "fix"));
  await world.request("DELETE", `${executions}/fix`);
  await world.pass(600_000);
  const restored = manifest();
  world.server.install({ ...restored, metadata: { ...restored.metadata as JSONObject, annotations } });
  await untilQuiet(world);
  const { failureReason, message = "" } = statusOf(world, "fix");
  assertEquals(failureReason, "ConfigurationError");
  assertMatch(message, /this is a copy of another execution/);
  assertEquals(runNames(world), []);

  world.server.install(manifest({ name: "again" }));
  await untilQuiet(world);
  assertEquals(phaseOf(world, "again"), "Completed");
  await nothingMoreHappens(world);
});

Deno.test("a copy that was restored with its status fails as one, and the run that it names goes on", async () => {
  await using world = await World.start();
  const first = world.startController();
  await running(world);
  await first.stop();
  const fix = world.get("workflowexecutions", "payment", "fix");
  const { annotations } = metadataOf(fix);
  const copy = manifest({ name: "copy", image: "hang" });
  world.server.install({ ...copy, metadata: { ...copy.metadata as JSONObject, annotations } });
  await world.request("PATCH", `${executions}/copy/status`, { status: fix?.status as JSONObject });
  world.startController();
  await world.pass(60_000);
  const { phase, failureDetails, message = "" } = statusOf(world, "copy");
  assertEquals([phase, failureDetails?.wasExecutionFailure], ["Failed", false]);
  assertMatch(message, /this is a copy of another execution/);
  assertEquals([phaseOf(world, "fix"), runNames(world).length, heldLocks(world).length], ["Running", 1, 1]);
});

Deno.test("a finalizer stripped by hand while the run goes on is put back", async () => {
  await using world = await World.start();
  world.startController();
  await running(world);
  await world.request("PATCH", `${executions}/fix`, { metadata: { finalizers: null } });
  await world.until(
    "it is back",
    () => JSON.stringify(metadataOf(world.get("workflowexecutions", "payment", "fix"))).includes("cleanup"),
  );
  await world.request("DELETE", `${executions}/fix`);
  await world.until("it is gone", () => world.get("workflowexecutions", "payment", "fix") === undefined);
  assertEquals([runNames(world), world.list("taskruns"), heldLocks(world)], [[], [], []]);
  await nothingMoreHappens(world);
});

Deno.test("an execution whose finalizer was stripped while nobody looked takes its run along all the same", async () => {
  await using world = await World.start();
  const first = world.startController();
  await running(world);
  await first.stop();
  await world.request("PATCH", `${executions}/fix`, { metadata: { finalizers: null } });
  await world.request("DELETE", `${executions}/fix`);
  world.startController();
  await world.until("the lock is free", () => heldLocks(world).length === 0);
  await world.until("its run is gone", () => runNames(world).length === 0);
  world.server.install(manifest({ name: "again" }));
  await untilPhase(world, "again", "Skipped");
  assertEquals(statusOf(world, "again").skipDetails?.reason, "RecentlyRemediated");
  await untilQuiet(world);
  await nothingMoreHappens(world);
});

Deno.test("a run with somebody's finalizer does not keep its deleted execution, nor the lock", async () => {
  await using world = await World.start();
  world.startController();
  await running(world);
  const [run = ""] = runNames(world);
  await world.request("PATCH", `${runs}/${run}`, { metadata: { finalizers: ["example.com/keep"] } });
  await world.request("DELETE", `${executions}/fix`);
  await world.until("it is gone", () => world.get("workflowexecutions", "payment", "fix") === undefined);
  assertEquals(heldLocks(world), []);
  assertEquals(auditTrail(world), ["fix started", "fix deleted"]);
  world.server.install(manifest({ name: "other", workflow: "scale" }));
  await untilPhase(world, "other", "Completed");
  await untilQuiet(world);
  await nothingMoreHappens(world);
});

Deno.test("a deleted execution that somebody's finalizer keeps does not keep its target", async () => {
  await using world = await World.start();
  world.startController();
  await running(world);
  const { finalizers } = metadataOf(world.get("workflowexecutions", "payment", "fix"));
  const more = [...finalizers as string[], "example.com/keep"];
  await world.request("PATCH", `${executions}/fix`, { metadata: { finalizers: more } });
  await world.request("DELETE", `${executions}/fix`);
  await world.until("our part is done", () => heldLocks(world).length === 0);
  await world.pass(60_000);
  assertEquals([phaseOf(world, "fix"), runNames(world)], ["Running", []]);
  for (const [name, workflow] of [["other", "scale"], ["third", "grow"]] as const) {
    world.server.install(manifest({ name, workflow }));
    await world.pass(60_000);
    assertEquals(phaseOf(world, name), "Completed");
  }
  assertEquals(auditTrail(world).slice(0, 2), ["fix started", "fix deleted"]);
  await nothingMoreHappens(world);
});

Deno.test("deleted between its lock and its claim, and kept by somebody's finalizer: it gives the lock back", async () => {
  await using world = await World.start();
  const remove = { method: "DELETE", path: `${executions}/fix`, expectJson: true } as const;
  world.startController({
    carry: async (request, send) => {
      const answer = await send(request);
      const isFirst = request.method === "POST" && request.url.endsWith("/leases");
      if (isFirst && phaseOf(world, "other") === "") await world.client.performRequest(remove);
      return answer;
    },
  });
  const fix = manifest();
  world.server.install({ ...fix, metadata: { ...fix.metadata as JSONObject, finalizers: ["example.com/keep"] } });
  await world.pass(1_000);
  const { deletionTimestamp, finalizers } = metadataOf(world.get("workflowexecutions", "payment", "fix"));
  assertEquals([deletionTimestamp === undefined, finalizers], [false, ["example.com/keep"]]);
  assertEquals(heldLocks(world), []);
  world.server.install(manifest({ name: "other" }));
  await world.pass(60_000);
  assertEquals([phaseOf(world, "other"), phaseOf(world, "fix")], ["Completed", "Pending"]);
  await nothingMoreHappens(world);
});

Deno.test("a pending run that no status names never starts: a late creation of a paused replica is removed", async () => {
  await using world = await World.start();
  world.startController();
  await running(world, "fix", "ok");
  const run = world.list("pipelineruns")[0] as JSONObject;
  const { uid: _u, resourceVersion: _v, creationTimestamp: _c, generation: _g, ...metadata } = run
    .metadata as JSONObject;
  await untilQuiet(world);
  const { name } = metadata as { name: string };
  await world.request("DELETE", `${runs}/${name}`);
  const spec = { ...run.spec as JSONObject, status: "PipelineRunPending" };
  world.server.install({ apiVersion: "tekton.dev/v1", kind: "PipelineRun", metadata, spec });
  await world.until("it is removed", () => runNames(world).length === 0);
  assertEquals(phaseOf(world, "fix"), "Completed");
  await nothingMoreHappens(world);
});

Deno.test("a second run under the name of a deleted one is not followed, not started, and removed", async () => {
  await using world = await World.start();
  const first = world.startController();
  await running(world);
  const run = world.list("pipelineruns")[0] as JSONObject;
  const { uid: _u, resourceVersion: _v, creationTimestamp: _c, generation: _g, ...metadata } = run
    .metadata as JSONObject;
  await first.stop();
  const { name } = metadata as { name: string };
  await world.request("DELETE", `${runs}/${name}`);
  await world.until("it is gone", () => runNames(world).length === 0);
  const spec = { ...run.spec as JSONObject, status: "PipelineRunPending" };
  world.server.install({ apiVersion: "tekton.dev/v1", kind: "PipelineRun", metadata, spec });
  const tasks = world.list("taskruns").length;
  world.startController();
  await untilQuiet(world);
  assertMatch(statusOf(world, "fix").message ?? "", /was deleted by someone/);
  await world.until("it is removed", () => runNames(world).length === 0);
  assertEquals(world.list("taskruns").length, tasks);
  await nothingMoreHappens(world);
});

const damage: [sentence: string, patch: JSONObject][] = [
  ["one word", { spec: { holderIdentity: "somebody" } }],
  ["slashes", { spec: { holderIdentity: "///" } }],
  ["a path", { spec: { holderIdentity: "payment/../uid" } }],
];
for (const [sentence, patch] of damage) {
  Deno.test(`a holderIdentity that is ${sentence} is a holder: skipped, and nothing turns in circles`, async () => {
    await using world = await World.start();
    world.startController();
    await running(world, "fix", "ok");
    await untilQuiet(world);
    const [lease] = world.list("leases", "kubernaut-system");
    const { name } = lease?.metadata as { name: string };
    await world.request("PATCH", `${leases}/${name}`, patch);
    const from = world.requests.length;
    world.server.install(manifest({ name: "other", workflow: "scale" }));
    await untilPhase(world, "other", "Skipped");
    const { reason, conflictingWorkflow } = statusOf(world, "other").skipDetails ?? {};
    assertEquals([reason, conflictingWorkflow?.name], ["ResourceBusy", name]);
    await world.pass(60_000);
    assertEquals(world.requests.length - from < 20, true, `${world.requests.length - from} requests`);
  });
}

Deno.test("somebody else's run under the name that a gone holder claimed is left alone", async () => {
  await using world = await World.start({ tekton: false });
  const holder = {
    namespace: "payment",
    name: "before",
    uid: "uid-before",
    workflowId: "scale",
    startedAt: "2026-01-01T00:00:00Z",
  };
  const theirs = {
    apiVersion: "tekton.dev/v1",
    kind: "PipelineRun",
    metadata: { name: "theirs", namespace: "payment" },
    spec: {},
  };
  world.server.install(theirs);
  world.startController();
  world.server.install(manifest({ name: "fix" }));
  await untilPhase(world, "fix", "Running");
  const [lease] = heldLocks(world);
  const { name } = lease?.metadata as { name: string };
  await world.request("DELETE", `${executions}/fix`);
  await world.until("it is gone", () => world.get("workflowexecutions", "payment", "fix") === undefined);
  await world.request("PATCH", `${leases}/${name}`, {
    metadata: {
      annotations: {
        "kubernaut.ai/holder": JSON.stringify({ ...holder, pipelineRun: { namespace: "payment", name: "theirs" } }),
      },
    },
    spec: { holderIdentity: "payment/before/uid-before" },
  });
  world.server.install(manifest({ name: "next", workflow: "grow" }));
  await untilPhase(world, "next", "Running");
  const run = world.get("pipelineruns", "payment", "theirs");
  assertEquals([run?.spec, (run?.metadata as JSONObject).deletionTimestamp], [{}, undefined]);
});

Deno.test("a deletion is one request to the end: nothing is asked of an object that is gone", async () => {
  await using world = await World.start();
  world.startController();
  await running(world);
  await world.request("DELETE", `${executions}/fix`);
  await world.until("it is gone", () => world.get("workflowexecutions", "payment", "fix") === undefined);
  await world.pass(60_000);
  const lost = world.requests.filter(({ resource, verb, code }) =>
    resource === "workflowexecutions" && verb === "patch" && code >= 400
  );
  assertEquals(lost.map(({ verb, code }) => `${verb} ${code}`), []);
});

Deno.test("a holder in a namespace that may not be read is alive: skipped, naming it", async () => {
  await using world = await World.start();
  world.startController();
  await running(world);
  world.server.faults.add({
    match: ({ resource, verb, name }) => resource === "workflowexecutions" && verb === "get" && name === "fix",
    action: { status: 403, reason: "Forbidden", message: "workflowexecutions is forbidden" },
  });
  world.server.install(manifest({ name: "other", workflow: "scale" }));
  await world.pass(60_000);
  assertEquals([phaseOf(world, "other"), statusOf(world, "other").skipDetails?.conflictingWorkflow?.name], [
    "Skipped",
    "fix",
  ]);
  assertEquals(runNames(world).length, 1);
});
