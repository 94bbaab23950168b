// What people, quotas and clocks do to an execution: its run deleted, cancelled or out of time, refused by a quota, itself
// deleted. However it ends, the status says so, nothing goes on running, and the target is free again.

import { assert, assertEquals, assertMatch } from "@std/assert";
import type { JSONObject } from "../../lib/kube/contract.ts";
import { type Cluster, e2e, metadataOf, registry } from "./cluster.ts";
import { ControllerProcess } from "./controller_process.ts";
import { Recording } from "./recording.ts";

const rollbackWorkflow = new URL("../../lib/sim/tekton/workflows/hang-rollback.yaml", import.meta.url).pathname;

e2e("what happens to an execution from outside", async (cluster, t) => {
  await using _controller = await ControllerProcess.start(cluster);
  await using runs = await Recording.start(cluster, "pipelineruns");
  const rollback = await pushed("hang-rollback", rollbackWorkflow);
  if (rollback) {
    await cluster.execute("late", { bundle: "hang-rollback", spec: { executionConfig: { timeout: "6s" } } });
  }

  await t.step("a PipelineRun deleted by somebody fails its execution, and no second one is made", async () => {
    const run = await untilItsTasksRun(cluster, "run-deleted");
    await cluster.delete("pipelineruns", run);
    const { message = "", failureDetails } = await cluster.untilPhase("run-deleted", "Failed");
    assertMatch(message, /deleted/);
    assertEquals([failureDetails?.reason, failureDetails?.wasExecutionFailure], ["Unknown", true]);
    await cluster.untilFree(cluster.target("run-deleted"));
    assertEquals(await cluster.runsOf("run-deleted"), []);
    const uids = runs.events.filter(({ object }) => metadataOf(object).name === run)
      .map(({ object }) => metadataOf(object).uid);
    assertEquals(new Set(uids).size, 1);
  });

  await t.step("a PipelineRun cancelled by somebody fails its execution, which says so", async () => {
    const run = await untilItsTasksRun(cluster, "run-cancelled");
    await cluster.mergePatch("pipelineruns", run, { spec: { status: "Cancelled" } });
    const { message = "", failureDetails } = await cluster.untilPhase("run-cancelled", "Failed");
    assertMatch(message, /cancelled/);
    assertEquals([failureDetails?.reason, failureDetails?.wasExecutionFailure], ["Unknown", true]);
    await cluster.untilFree(cluster.target("run-cancelled"));
  });

  await t.step("an execution deleted while it runs takes its PipelineRun, TaskRuns and lock along", async () => {
    const run = await untilItsTasksRun(cluster, "deleted");
    await cluster.delete("workflowexecutions", "deleted");
    await cluster.until("it is gone", 30_000, async () => !(await cluster.get("workflowexecutions", "deleted")));
    assertEquals(await cluster.get("pipelineruns", run), undefined);
    assertEquals(await cluster.list("taskruns", `tekton.dev/pipelineRun=${run}`), []);
    const lease = await cluster.leaseOf(cluster.target("deleted"));
    assertEquals((lease?.spec as JSONObject | undefined)?.holderIdentity, undefined);
  });

  await t.step("deleting a skipped execution touches nobody else's run", async () => {
    const run = await untilItsTasksRun(cluster, "holder");
    await cluster.execute("skipped", { target: cluster.target("holder"), workflow: "other" });
    const { skipDetails } = await cluster.untilPhase("skipped", "Skipped");
    assertEquals([skipDetails?.reason, skipDetails?.conflictingWorkflow?.name], ["ResourceBusy", "holder"]);
    await cluster.delete("workflowexecutions", "skipped");
    await cluster.until("it is gone", 10_000, async () => !(await cluster.get("workflowexecutions", "skipped")));
    assertEquals((await cluster.status("holder")).phase, "Running");
    const lease = await cluster.leaseOf(cluster.target("holder"));
    assertMatch(String((lease?.spec as JSONObject).holderIdentity), /holder/);
    const { deletionTimestamp } = metadataOf(await cluster.get("pipelineruns", run) as JSONObject);
    assertEquals(deletionTimestamp, undefined);
  });

  await t.step("a quota of no PipelineRuns fails the next execution as ResourceExhausted", async () => {
    const hard = { "count/pipelineruns.tekton.dev": "0" };
    await cluster.request("POST", cluster.path("resourcequotas"), {
      apiVersion: "v1",
      kind: "ResourceQuota",
      metadata: { name: "none" },
      spec: { hard },
    });
    await cluster.until("the quota is in force", 30_000, async () => {
      const { hard } = ((await cluster.get("resourcequotas", "none"))?.status ?? {}) as JSONObject;
      return hard !== undefined;
    });
    await cluster.execute("refused");
    const { failureDetails, startTime, pipelineRunRef, message } = await cluster.untilPhase("refused", "Failed");
    await cluster.delete("resourcequotas", "none");
    assertEquals([startTime, pipelineRunRef], [undefined, undefined]);
    assertMatch(message ?? "", /exceeded quota/);
    assertEquals([failureDetails?.reason, failureDetails?.wasExecutionFailure], ["ResourceExhausted", false]);
    await cluster.untilFree(cluster.target("refused"));
  });

  await t.step(
    "a quota of no pods: the run waits, says for what, and is out of time with that as its cause",
    async () => {
      await cluster.request("POST", cluster.path("resourcequotas"), {
        apiVersion: "v1",
        kind: "ResourceQuota",
        metadata: { name: "no-pods" },
        spec: { hard: { pods: "0" } },
      });
      await cluster.until("the quota is in force", 30_000, async () => {
        const { hard } = ((await cluster.get("resourcequotas", "no-pods"))?.status ?? {}) as JSONObject;
        return hard !== undefined;
      });
      await cluster.execute("no-room", { spec: { executionConfig: { timeout: "8s" } } });
      await cluster.until("it says what it waits for", 30_000, async () => {
        const { pipelineRunStatus } = await cluster.status("no-room");
        return /quota/i.test(pipelineRunStatus?.reason ?? "");
      });
      const { failureDetails, message = "" } = await cluster.untilPhase("no-room", "Failed", 60_000);
      await cluster.delete("resourcequotas", "no-pods");
      assertEquals([failureDetails?.reason, failureDetails?.wasExecutionFailure], ["DeadlineExceeded", false]);
      assertMatch(message, /It was waiting: ExceededResourceQuota: .*exceeded quota/);
      await cluster.untilFree(cluster.target("no-room"));
    },
  );

  await t.step({
    name: rollback
      ? "an execution out of time is cancelled so that its rollback runs, and says how that ended"
      : "an execution out of time runs its rollback (left out: push hang-rollback:v1 into the registry to run it)",
    ignore: !rollback,
    fn: async () => {
      const { failureDetails, pipelineRunRef, message = "" } = await cluster.untilPhase("late", "Failed", 60_000);
      const { reason, failedTaskName, wasExecutionFailure } = failureDetails ?? {};
      assertEquals([reason, failedTaskName, wasExecutionFailure], ["DeadlineExceeded", "change", true]);
      assertMatch(message, /timeout of 6s was up.*finally task "rollback" succeeded/);
      const selector = `tekton.dev/pipelineRun=${pipelineRunRef?.name},tekton.dev/pipelineTask=rollback`;
      const [taskRun] = await cluster.list("taskruns", selector) as [JSONObject];
      const { conditions } = taskRun.status as { conditions: JSONObject[] };
      assertEquals(conditions[0]?.status, "True");
      const run = await cluster.get("pipelineruns", pipelineRunRef?.name ?? "") as JSONObject;
      assertEquals(metadataOf(run).annotations?.["kubernaut.ai/ended-because"], "DeadlineExceeded");
    },
  });
});

/** Creates an execution that hangs; gives its PipelineRun's name once a TaskRun of it has a pod. */
async function untilItsTasksRun(cluster: Cluster, name: string): Promise<string> {
  await cluster.execute(name, { bundle: "hang" });
  const { pipelineRunRef } = await cluster.untilPhase(name, "Running");
  const run = pipelineRunRef?.name ?? "";
  await cluster.until(`the tasks of ${name} run`, 30_000, async () => {
    const [taskRun] = await cluster.list("taskruns", `tekton.dev/pipelineRun=${run}`);
    return ((taskRun?.status ?? {}) as JSONObject).podName !== undefined;
  });
  return run;
}

/** Whether the registry has this bundle: it is pushed where the program that does it is there. */
async function pushed(name: string, file: string): Promise<boolean> {
  const bundles = `${Deno.env.get("CLUSTER_HOME") ?? `${Deno.env.get("HOME")}/.cache/local-cluster`}/bin/bundles`;
  try {
    const command = new Deno.Command(bundles, { args: ["push", `${registry}/${name}:v1`, file], stderr: "piped" });
    const { success, stderr } = await command.output();
    assert(success, new TextDecoder().decode(stderr));
    return true;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  const accept = "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json";
  const response = await fetch(`http://${registry}/v2/${name}/manifests/v1`, { method: "HEAD", headers: { accept } });
  await response.body?.cancel();
  return response.ok;
}
