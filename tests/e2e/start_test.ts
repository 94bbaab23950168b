// The two-phase start: a PipelineRun is born pending, and one that no status names is never started, but removed. These are made
// by hand, as a crash between creation and status, a restored backup or a late write of a paused replica would leave them.

import { assert, assertEquals } from "@std/assert";
import type { JSONObject } from "../../lib/kube/contract.ts";
import { type Cluster, e2e, metadataOf, registry, specOf } from "./cluster.ts";
import { ControllerProcess } from "./controller_process.ts";
import { Recording } from "./recording.ts";

const pending = "PipelineRunPending";

e2e("a PipelineRun that no status names", async (cluster, t) => {
  await using runs = await Recording.start(cluster, "pipelineruns");
  const absent = { name: "absent", uid: crypto.randomUUID() };
  await create(cluster, "before-the-start", absent, pending);
  await using _controller = await ControllerProcess.start(cluster);

  await t.step("left by an execution that is gone, is removed after a restart, never started", async () => {
    await untilGone(cluster, "before-the-start");
    assertNeverStarted(runs, "before-the-start");
  });

  await t.step("of an execution that never was, is removed, never started", async () => {
    await create(cluster, "of-nobody", absent, pending);
    await untilGone(cluster, "of-nobody");
    assertNeverStarted(runs, "of-nobody");
  });

  await t.step(
    "of a Completed execution, is removed, never started, and touches its status and run no more",
    async () => {
      await cluster.execute("done");
      const status = await cluster.untilPhase("done", "Completed");
      const execution = await cluster.get("workflowexecutions", "done") as JSONObject;
      await create(cluster, "of-a-completed-one", metadataOf(execution), pending);
      await untilGone(cluster, "of-a-completed-one");
      assertNeverStarted(runs, "of-a-completed-one");
      assertEquals(await cluster.status("done"), status);
      assertEquals((await cluster.runsOf("done")).map((run) => metadataOf(run).uid), [status.pipelineRunRef?.uid]);
    },
  );

  await t.step("of a Skipped execution, is removed, never started", async () => {
    await cluster.execute("again", { target: cluster.target("done") });
    const status = await cluster.untilPhase("again", "Skipped");
    const execution = await cluster.get("workflowexecutions", "again") as JSONObject;
    await create(cluster, "of-a-skipped-one", metadataOf(execution), pending);
    await untilGone(cluster, "of-a-skipped-one");
    assertNeverStarted(runs, "of-a-skipped-one");
    assertEquals(await cluster.status("again"), status);
  });

  await t.step("of a running execution, is never started beside the one that the status names", async () => {
    await cluster.execute("busy", { bundle: "hang" });
    const { pipelineRunRef } = await cluster.untilPhase("busy", "Running");
    const execution = await cluster.get("workflowexecutions", "busy") as JSONObject;
    await create(cluster, "a-second-one", metadataOf(execution), pending);
    await cluster.execute("after", { workflow: "other" });
    await cluster.untilPhase("after", "Completed");
    assertNeverStarted(runs, "a-second-one");
    await cluster.delete("workflowexecutions", "busy");
    await untilGone(cluster, "a-second-one");
    await untilGone(cluster, pipelineRunRef?.name ?? "");
    assertNeverStarted(runs, "a-second-one");
  });

  await t.step("that somebody started although its execution is gone, is cancelled and removed", async () => {
    await create(cluster, "started-by-hand", absent, "");
    await untilGone(cluster, "started-by-hand");
    const states = runs.of("started-by-hand").map((run) => specOf(run).status ?? "");
    assert(states.includes("Cancelled"), `it was cancelled before it was deleted: ${states}`);
  });
});

/** A PipelineRun as the controller would have made it for this execution; `status` is its `spec.status`. */
function create(
  cluster: Cluster,
  name: string,
  execution: { name: string; uid: string },
  status: string,
): Promise<JSONObject> {
  return cluster.request("POST", cluster.path("pipelineruns"), {
    apiVersion: "tekton.dev/v1",
    kind: "PipelineRun",
    metadata: {
      name,
      labels: {
        "kubernaut.ai/workflow-execution": execution.name,
        "kubernaut.ai/workflow-id": "ok",
        "kubernaut.ai/source-namespace": cluster.namespace,
        "kubernaut.ai/workflow-execution-uid": execution.uid,
        "app.kubernetes.io/managed-by": "kubernaut-workflowexecution",
      },
      annotations: {
        "kubernaut.ai/target-resource": cluster.target(name),
        "kubernaut.ai/workflow-execution": `${cluster.namespace}/${execution.name}`,
        "kubernaut.ai/correlation-id": `rr-${name}`,
      },
    },
    spec: {
      ...(status ? { status } : {}),
      pipelineRef: {
        resolver: "bundles",
        params: [
          { name: "bundle", value: `${registry}/${status ? "ok" : "hang"}:v1` },
          { name: "name", value: "workflow" },
          { name: "kind", value: "pipeline" },
        ],
      },
    },
  });
}

async function untilGone(cluster: Cluster, run: string): Promise<void> {
  await cluster.until(`PipelineRun ${run} is gone`, 15_000, async () => !(await cluster.get("pipelineruns", run)));
}

/** In every state that there was of it, it was pending, and Tekton had started nothing. */
function assertNeverStarted(runs: Recording, name: string): void {
  const states = runs.of(name);
  assert(states.length > 0, `${name} was there`);
  for (const run of states) {
    const { childReferences, startTime } = (run.status ?? {}) as JSONObject;
    assertEquals([specOf(run).status, childReferences, startTime], [pending, undefined, undefined]);
  }
}
