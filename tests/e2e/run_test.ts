// One execution from its creation to its end, on a real Tekton: every field of its status, its PipelineRun, its lock, its audit
// trail; and what is passed to the pipeline, unchanged.

import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import type { JSONObject } from "../../lib/kube/contract.ts";
import { StatusError } from "../../lib/kube/errors.ts";
import { annotation } from "../../lib/workflow/names.ts";
import { type Cluster, e2e, metadataOf, registry, serviceAccount, specOf } from "./cluster.ts";
import { ControllerProcess } from "./controller_process.ts";
import { changes, Recording } from "./recording.ts";

e2e("one execution", async (cluster, t) => {
  await using controller = await ControllerProcess.start(cluster);
  await t.step("runs ok from Pending to Completed, and everything about it is told", () => runsOk(cluster, controller));
  // The cases below run beside each other: they are only started here.
  const strange = {
    EQUALS: "a=b=c",
    NEWLINES: "first\nsecond\r\n\tthird\n",
    UNICODE: "Zürich 東京 🚀 \u0001",
    LONG: "0123456789".repeat(1024),
    SUBSTITUTION: "$(params.EQUALS) $(context.pipelineRun.name) $(tasks.check.results.x) $$",
    EMPTY: "",
    TARGET_RESOURCE: "mine",
    lower_case: "1",
  };
  const large = Object.fromEntries(Array.from({ length: 8 }, (_, i) => [`PART_${i}`, "x".repeat(65_530)]));
  const longName = `${"long.name-".repeat(19)}0123456789`;
  const dotted = `node/ip-10-0-0-1.${cluster.namespace}.ec2.internal`;
  await cluster.execute("strange", { spec: { parameters: strange } });
  await cluster.execute("large", { spec: { parameters: large } });
  await cluster.execute("empty", { spec: { parameters: {} } });
  await cluster.execute(longName, { target: cluster.target("long"), workflow: `w/${"ö".repeat(100)}` });
  await cluster.execute("dotted", { target: dotted });

  await t.step("parameters arrive unchanged, and TARGET_RESOURCE is ours", async () => {
    const { TARGET_RESOURCE: _, ...own } = strange;
    assertEquals(await parametersOf(cluster, "strange"), { ...own, TARGET_RESOURCE: cluster.target("strange") });
  });

  await t.step("parameters of 512 KiB together run", async () => {
    assertEquals(await parametersOf(cluster, "large"), { ...large, TARGET_RESOURCE: cluster.target("large") });
  });

  await t.step("more than 512 KiB of parameters are refused by the API server", async () => {
    const more = { ...large, ONE_MORE: "x" };
    const refused = await assertRejects(() => cluster.execute("more", { spec: { parameters: more } }), StatusError);
    assertEquals(refused.httpCode, 422);
    assertMatch(refused.message, /spec\.parameters: .*names and values together are at most 512 KiB/);
  });

  await t.step("the empty map of parameters is one parameter", async () => {
    assertEquals(await parametersOf(cluster, "empty"), { TARGET_RESOURCE: cluster.target("empty") });
  });

  await t.step("a name of 200 characters runs, whole in an annotation", async () => {
    assertEquals(longName.length, 200);
    await cluster.untilPhase(longName, "Completed");
    const [run] = await cluster.runsOf(longName) as [JSONObject];
    const { name, labels = {}, annotations = {} } = metadataOf(run);
    assert(name.length <= 63, name);
    assertEquals(labels["kubernaut.ai/workflow-execution"], longName.slice(0, 63).replace(/[^a-z0-9]+$/, ""));
    assertEquals(labels["kubernaut.ai/workflow-id"], "w");
    assertEquals(annotations["kubernaut.ai/workflow-execution"], `${cluster.namespace}/${longName}`);
  });

  await t.step("a target with dots is locked and named as it is", async () => {
    const parameters = await parametersOf(cluster, "dotted");
    assertEquals(parameters, { TARGET_RESOURCE: dotted });
    await cluster.untilFree(dotted);
  });
});

async function runsOk(cluster: Cluster, controller: ControllerProcess): Promise<void> {
  await using executions = await Recording.start(cluster, "workflowexecutions");
  await using runs = await Recording.start(cluster, "pipelineruns");
  const target = cluster.target("ok");
  await cluster.execute("ok", { spec: { parameters: { B: "2", A: "1" } } });
  const status = await cluster.untilPhase("ok", "Completed");
  const lease = await cluster.untilFree(target);
  await cluster.until("nothing is owed", 10_000, async () => {
    const execution = await cluster.get("workflowexecutions", "ok");
    return execution !== undefined && metadataOf(execution).finalizers === undefined;
  });
  const execution = await cluster.get("workflowexecutions", "ok") as JSONObject;
  const [run] = await cluster.runsOf("ok") as [JSONObject];

  const phases = executions.of("ok").map(({ status }) => (status as JSONObject).phase);
  assertEquals(changes(phases), ["Pending", "Running", "Completed"]);
  assertStatus(status, execution, run);
  assertPipelineRun(cluster, execution, run, target);
  const states = runs.of(metadataOf(run).name);
  assertEquals(specOf(states[0] as JSONObject).status, "PipelineRunPending");
  const uids = new Set(runs.events.map(({ object }) => metadataOf(object).uid));
  assertEquals(uids.size, 1, "one PipelineRun, and never a second");

  const createdAfterMs = timeOf(metadataOf(run).creationTimestamp) - timeOf(metadataOf(execution).creationTimestamp);
  assert(createdAfterMs <= 5_000, `the PipelineRun was created after ${createdAfterMs} ms`);
  const ended = status.conditions?.find(({ type }) => type === "ExecutionComplete");
  const toldAfterMs = timeOf(ended?.lastTransitionTime) - timeOf((run.status as JSONObject).completionTime);
  assert(toldAfterMs <= 10_000, `the end was told after ${toldAfterMs} ms`);

  assert(lease, "a free Lease stays as long as the cooldown");
  const { annotations = {} } = metadataOf(lease);
  assertEquals(annotations[annotation.holder], undefined);
  const ledger = JSON.parse(annotations[annotation.recentEnds] ?? "");
  assertEquals(ledger.length, 1);
  assertEquals([ledger[0].name, ledger[0].uid, ledger[0].outcome], ["ok", metadataOf(execution).uid, "Completed"]);

  const trail = (await controller.auditTrail()).filter((event) => event.resource_id === "ok");
  assertEquals(
    trail.map(({ event_type, event_outcome, correlation_id }) => [event_type, event_outcome, correlation_id]),
    [
      ["workflowexecution.workflow.started", "success", "rr-ok"],
      ["workflowexecution.workflow.completed", "success", "rr-ok"],
    ],
  );
}

function assertStatus(status: JSONObject | object, execution: JSONObject, run: JSONObject): void {
  const { name, namespace, uid, creationTimestamp } = metadataOf(run);
  const { conditions, ...rest } = status as { conditions: JSONObject[] } & JSONObject;
  const { completionTime } = run.status as { completionTime: string };
  const seconds = (timeOf(completionTime) - timeOf(creationTimestamp)) / 1000;
  assertEquals(rest, {
    phase: "Completed",
    outcome: "Success",
    startTime: creationTimestamp,
    completionTime,
    duration: `${seconds}s`,
    message: `workflow ok completed in ${seconds}s`,
    observedGeneration: 1,
    pipelineRunRef: { name, namespace, uid },
    pipelineRunStatus: {
      status: "True",
      reason: "Succeeded",
      message: "Tasks Completed: 2 (Failed: 0, Cancelled 0), Skipped: 0",
      completedTasks: 2,
      totalTasks: 2,
    },
  });
  assertEquals(conditions.map(({ type, status, observedGeneration }) => [type, status, observedGeneration]), [
    ["ResourceLockAcquired", "True", 1],
    ["PipelineRunCreated", "True", 1],
    ["ExecutionComplete", "True", 1],
  ]);
  const createdMs = timeOf(metadataOf(execution).creationTimestamp);
  for (const { type, reason, message, lastTransitionTime } of conditions) {
    assert(reason && message, `${type} says why`);
    assert(timeOf(lastTransitionTime) >= createdMs, `${type} since ${lastTransitionTime}`);
  }
}

function assertPipelineRun(cluster: Cluster, execution: JSONObject, run: JSONObject, target: string): void {
  const { uid } = metadataOf(execution);
  const { name, namespace, labels = {}, annotations = {}, ownerReferences } = metadataOf(run);
  assertMatch(name, /^ok-[0-9a-f]+$/);
  assertEquals(namespace, cluster.namespace);
  const ours = (map: Record<string, string>) =>
    Object.fromEntries(
      Object.entries(map).filter(([key]) => /^(kubernaut\.ai|app\.kubernetes\.io\/managed-by)/.test(key)),
    );
  assertEquals(ours(labels), {
    "kubernaut.ai/workflow-execution": "ok",
    "kubernaut.ai/workflow-id": "ok",
    "kubernaut.ai/source-namespace": cluster.namespace,
    "kubernaut.ai/workflow-execution-uid": uid,
    "app.kubernetes.io/managed-by": "kubernaut-workflowexecution",
  });
  assertEquals(ours(annotations), {
    "kubernaut.ai/target-resource": target,
    "kubernaut.ai/workflow-execution": `${cluster.namespace}/ok`,
    "kubernaut.ai/correlation-id": "rr-ok",
  });
  assertEquals(ownerReferences, [{
    apiVersion: "workflowexecution.kubernaut.ai/v1alpha1",
    kind: "WorkflowExecution",
    name: "ok",
    uid,
    controller: true,
    blockOwnerDeletion: true,
  }]);
  assertEquals(specOf(run), {
    pipelineRef: {
      resolver: "bundles",
      params: [
        { name: "bundle", value: `${registry}/ok:v1` },
        { name: "name", value: "workflow" },
        { name: "kind", value: "pipeline" },
      ],
    },
    params: [
      { name: "A", value: "1" },
      { name: "B", value: "2" },
      { name: "TARGET_RESOURCE", value: target },
    ],
    taskRunTemplate: { serviceAccountName: serviceAccount },
    timeouts: { pipeline: "35m0s" },
  });
}

/** The parameters of its PipelineRun, once it has completed; each is a string and stands there once. */
async function parametersOf(cluster: Cluster, name: string): Promise<Record<string, unknown>> {
  await cluster.untilPhase(name, "Completed");
  const [run] = await cluster.runsOf(name) as [JSONObject];
  const params = specOf(run).params as { name: string; value: unknown }[];
  assertEquals(new Set(params.map(({ name }) => name)).size, params.length);
  return Object.fromEntries(params.map(({ name, value }) => [name, value]));
}

function timeOf(text: unknown): number {
  return Date.parse(String(text));
}
