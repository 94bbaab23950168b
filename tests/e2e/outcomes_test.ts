// Every workflow of the test cluster, run on the real Tekton: how its execution ends, and what is said about a failure. What
// Tekton reports for each stands in specs/tekton-as-seen.md; what must be made of it in spec.md §4.

import { assert, assertEquals, assertMatch } from "@std/assert";
import type { JSONObject } from "../../lib/kube/contract.ts";
import type { ExecutionStatus } from "../../lib/workflow/execution.ts";
import { type Cluster, e2e, type Wanted } from "./cluster.ts";
import { ControllerProcess } from "./controller_process.ts";
import { Recording } from "./recording.ts";

interface Failure {
  /** What the execution's message and failureDetails.message say. */
  readonly message: RegExp;
  readonly reason: string;
  readonly task: string;
  /** 0-based; -1 when no task failed. */
  readonly index: number;
  readonly step?: string;
  readonly exitCode?: number;
  readonly wasExecutionFailure: boolean;
  /** Words of the summary that are this failure's own. */
  readonly summary: readonly RegExp[];
}

interface Case {
  readonly bundle: string;
  /** The execution's name; default the bundle's. */
  readonly name?: string;
  readonly wanted?: Wanted;
  /** Absent: it completes. */
  readonly failure?: Failure;
  /** completedTasks and totalTasks. */
  readonly tasks?: readonly [number, number];
}

const cases: readonly Case[] = [
  { bundle: "ok", tasks: [2, 2] },
  { bundle: "skipped-task", tasks: [1, 2] },
  {
    bundle: "exit-code",
    tasks: [2, 2],
    failure: {
      message: /"step-apply" exited with code 7/,
      reason: "Unknown",
      task: "restart",
      index: 1,
      step: "apply",
      exitCode: 7,
      wasExecutionFailure: true,
      summary: [/"?restart"?/, /"?apply"?/, /\b7\b/, /"?check"?/],
    },
  },
  {
    bundle: "oom",
    failure: {
      message: /"step-resize" exited with code 137: OOMKilled/,
      reason: "OOMKilled",
      task: "resize",
      index: 0,
      step: "resize",
      exitCode: 137,
      wasExecutionFailure: true,
      summary: [/OOMKilled/, /memory/],
    },
  },
  {
    bundle: "evicted",
    failure: {
      message: /The node was low on resource: memory/,
      reason: "ResourceExhausted",
      task: "scale",
      index: 0,
      step: "scale",
      exitCode: 137,
      wasExecutionFailure: true,
      summary: [/ResourceExhausted/],
    },
  },
  {
    bundle: "image-pull",
    failure: {
      message: /failed to pull the image/,
      reason: "ImagePullBackOff",
      task: "scale",
      index: 0,
      step: "scale",
      wasExecutionFailure: false,
      summary: [/ImagePullBackOff/, /image/],
    },
  },
  {
    bundle: "task-timeout",
    failure: {
      message: /failed to finish within "4s"/,
      reason: "DeadlineExceeded",
      task: "wait",
      index: 1,
      step: "wait",
      wasExecutionFailure: true,
      summary: [/DeadlineExceeded/, /"?check"?/],
    },
  },
  {
    bundle: "needs-param",
    failure: {
      message: /missing parameters: \[REPLICAS\]/,
      reason: "ConfigurationError",
      task: "",
      index: -1,
      wasExecutionFailure: false,
      summary: [/REPLICAS/],
    },
  },
  {
    bundle: "parallel-one-fails",
    failure: {
      message: /"step-right" exited with code 1/,
      reason: "Unknown",
      task: "right",
      index: 1,
      step: "right",
      exitCode: 1,
      wasExecutionFailure: true,
      summary: [/"?right"?/],
    },
  },
  {
    bundle: "retries",
    failure: {
      message: /"step-flaky" exited with code 3/,
      reason: "Unknown",
      task: "flaky",
      index: 0,
      step: "flaky",
      exitCode: 3,
      wasExecutionFailure: true,
      summary: [/"?flaky"?/],
    },
  },
  {
    bundle: "rollback",
    failure: {
      message: /"step-change" exited with code 2/,
      reason: "Unknown",
      task: "change",
      index: 0,
      step: "change",
      exitCode: 2,
      wasExecutionFailure: true,
      summary: [/rollback/, /succeeded/],
    },
  },
  {
    bundle: "rollback-fails",
    failure: {
      message: /"step-rollback" exited with code 9/,
      reason: "Unknown",
      task: "rollback",
      index: 1,
      step: "rollback",
      exitCode: 9,
      wasExecutionFailure: true,
      summary: [/rollback/],
    },
  },
  {
    bundle: "unschedulable",
    wanted: { spec: { executionConfig: { timeout: "15s" } } },
    failure: {
      message: /timeout of 15s was up/,
      reason: "DeadlineExceeded",
      task: "scale",
      index: 0,
      wasExecutionFailure: false,
      summary: [/DeadlineExceeded/],
    },
  },
  {
    bundle: "ok",
    name: "no-account",
    wanted: { spec: { executionConfig: { serviceAccountName: "nobody" } } },
    failure: {
      message: /serviceaccounts? "nobody" not found/,
      reason: "ConfigurationError",
      task: "check",
      index: 0,
      wasExecutionFailure: false,
      summary: [/nobody/],
    },
  },
  {
    bundle: "not-there",
    failure: {
      message: /not-there:v1/,
      reason: "ConfigurationError",
      task: "",
      index: -1,
      wasExecutionFailure: false,
      summary: [/not-there:v1/],
    },
  },
];

e2e("every workflow of the cluster ends as it should", async (cluster, t) => {
  await using controller = await ControllerProcess.start(cluster, ["--start-deadline", "10s"]);
  await using executions = await Recording.start(cluster, "workflowexecutions");
  const named = cases.map((each) => ({ ...each, name: each.name ?? each.bundle }));
  for (const { name, bundle, wanted } of named) await cluster.execute(name, { ...wanted, bundle, workflow: name });
  for (const { name, failure, tasks } of named) {
    const end = failure ? `Failed, ${failure.reason}` : "Completed";
    await t.step(`${name} is ${end}`, async () => {
      const status = await cluster.untilPhase(name, ["Completed", "Failed"], 60_000);
      assertEquals(status.phase, failure ? "Failed" : "Completed", status.message);
      if (failure) assertFailure(status, failure, name);
      const { pipelineRunStatus: seen } = status;
      if (tasks) assertEquals<unknown>([seen?.completedTasks, seen?.totalTasks], tasks);
      await cluster.untilFree(cluster.target(name));
    });
  }

  await t.step(
    "an unschedulable run said why it did not go on, while it waited: in its status and as a Warning",
    async () => {
      const why = /ExceededNodeResources|exceeded available resources|unschedulable|insufficient/i;
      const events = await eventsOf(cluster, "unschedulable");
      const warned = events.filter(({ type, reason }) => type === "Warning" && reason !== "WorkflowFailed");
      assert(warned.some(({ note }) => why.test(String(note))), `Warnings: ${JSON.stringify(warned)}`);
      const told = executions.of("unschedulable").map(({ status }) => status as unknown as ExecutionStatus)
        .filter(({ phase }) => phase === "Running")
        .map(({ pipelineRunStatus }) => `${pipelineRunStatus?.reason}: ${pipelineRunStatus?.message}`);
      assert(told.some((text) => why.test(text)), `pipelineRunStatus was ${JSON.stringify(told)}`);
    },
  );

  await t.step("no status was refused by the API server, and no other error was logged", async () => {
    const errors = (await controller.log()).split("\n").filter((line) => line.includes('"level":"error"'));
    assertEquals(errors, []);
  });
});

function assertFailure(status: ExecutionStatus, wanted: Failure, workflow: string): void {
  const { failureDetails: details, startTime = "", completionTime = "", conditions = [] } = status;
  assert(details, "failureDetails are there");
  const { message, failedAt, executionTimeBeforeFailure, naturalLanguageSummary, ...rest } = details;
  assertEquals(rest, {
    failedTaskIndex: wanted.index,
    failedTaskName: wanted.task,
    ...(wanted.step === undefined ? {} : { failedStepName: wanted.step }),
    reason: wanted.reason as typeof details.reason,
    ...(wanted.exitCode === undefined ? {} : { exitCode: wanted.exitCode }),
    wasExecutionFailure: wanted.wasExecutionFailure,
    requiresManualReview: wanted.wasExecutionFailure,
  });
  assertMatch(message, wanted.message);
  assert(!message.includes("\n"), "one line");
  assertMatch(executionTimeBeforeFailure, /^\d+m?(\d+)?s$/);
  const failedAtMs = Date.parse(failedAt);
  assert(Date.parse(startTime) <= failedAtMs && failedAtMs <= Date.parse(completionTime), `it failed at ${failedAt}`);
  for (const words of [new RegExp(workflow), new RegExp(wanted.reason), /Recommendation/, ...wanted.summary]) {
    assertMatch(naturalLanguageSummary, words);
  }
  assertEquals([status.outcome, status.failureReason, status.message], ["Failure", wanted.reason, message]);
  assertEquals(conditions.find(({ type }) => type === "ExecutionComplete")?.status, "False");
}

async function eventsOf(cluster: Cluster, name: string): Promise<JSONObject[]> {
  return (await cluster.list("events")).filter(({ regarding }) => (regarding as JSONObject).name === name);
}
