// Many executions at once, and a controller that is killed in the middle of them: each ends Completed, none is failed by a cache
// that lags, and each has exactly one PipelineRun in its whole life.

import { assert, assertEquals } from "@std/assert";
import type { JSONObject } from "../../lib/kube/contract.ts";
import { label } from "../../lib/workflow/names.ts";
import { type Cluster, e2e, metadataOf } from "./cluster.ts";
import { ControllerProcess } from "./controller_process.ts";
import { Recording } from "./recording.ts";

const count = 100;
const limitMs = 150_000;

e2e("100 executions on 100 targets are all Completed, with one PipelineRun each", async (cluster) => {
  await using controller = await ControllerProcess.start(cluster);
  await using runs = await Recording.start(cluster, "pipelineruns");
  await createAll(cluster);
  await untilAllFinal(cluster);
  await assertAllCompleted(cluster, runs);
  assertEquals(warnings(await controller.log()), []);
});

e2e("100 executions outlive a controller that is killed with -9 while they run", async (cluster) => {
  await using runs = await Recording.start(cluster, "pipelineruns");
  await using first = await ControllerProcess.start(cluster);
  await createAll(cluster);
  await cluster.until("a third of them have begun", limitMs, async () => {
    return (await phases(cluster)).filter((phase) => phase !== "Pending").length >= count / 3;
  });
  await first.kill();
  const left = (await phases(cluster)).filter((phase) => phase === "Running" || phase === "Pending").length;
  assert(left > 0, "it was killed while they ran");
  await using _second = await ControllerProcess.start(cluster);
  await untilAllFinal(cluster);
  await assertAllCompleted(cluster, runs);
});

async function createAll(cluster: Cluster): Promise<void> {
  const names = Array.from({ length: count }, (_, i) => `run-${i}`);
  while (names.length > 0) await Promise.all(names.splice(0, 10).map((name) => cluster.execute(name)));
}

async function phases(cluster: Cluster): Promise<string[]> {
  return (await cluster.list("workflowexecutions")).map(({ status }) => String((status as JSONObject).phase));
}

async function untilAllFinal(cluster: Cluster): Promise<void> {
  await cluster.until(
    "all of them have ended, and nothing is owed",
    limitMs,
    async () =>
      (await cluster.list("workflowexecutions")).every((execution) => {
        const { phase } = execution.status as { phase: string };
        return ["Completed", "Failed", "Skipped"].includes(phase) && metadataOf(execution).finalizers === undefined;
      }),
  );
}

async function assertAllCompleted(cluster: Cluster, runs: Recording): Promise<void> {
  const executions = await cluster.list("workflowexecutions");
  assertEquals(executions.length, count);
  const others = executions.filter(({ status }) => (status as JSONObject).phase !== "Completed");
  assertEquals(others.map(({ metadata, status }) => ({ metadata, status })), []);
  const runsOf = new Map<string, Set<string>>();
  for (const { object } of runs.events) {
    const { uid, labels = {} } = metadataOf(object);
    const owner = labels[label.executionUid] ?? "";
    runsOf.set(owner, (runsOf.get(owner) ?? new Set()).add(uid));
  }
  for (const execution of executions) {
    const { name, uid } = metadataOf(execution);
    assertEquals(runsOf.get(uid)?.size, 1, `${name} had one PipelineRun`);
  }
  assertEquals(runsOf.size, count);
}

/** Log lines above INFO: nothing was wrong, so nothing is to be complained about. */
function warnings(log: string): string[] {
  return log.split("\n").filter((line) => /"level":"(warn|error)"/.test(line));
}
