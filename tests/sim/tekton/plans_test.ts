// What the recordings do not show: the rules of planPipelineRun and planTaskRun, each in a sentence.

import { assertEquals } from "@std/assert";
import { Bundles } from "../../../lib/sim/tekton/bundles.ts";
import { builtinBundles } from "../../../lib/sim/tekton/builtin.ts";
import { planPipelineRun } from "../../../lib/sim/tekton/pipeline_run.ts";
import type { PipelineRun, PipelineTask } from "../../../lib/sim/tekton/types.ts";
import { pipelineRun, type PlayOptions, playRun } from "./player.ts";

type Task = Partial<PipelineTask> & { image?: string };

function inline(
  tasks: Record<string, Task>,
  o: { finally?: Record<string, Task>; spec?: Partial<PipelineRun["spec"]> } = {},
) {
  const list = (all: Record<string, Task>): PipelineTask[] =>
    Object.entries(all).map(([name, { image = "ok:1s", ...rest }]) => ({
      name,
      taskSpec: { steps: [{ name: "s", image: `sim.local/${image}` }] },
      ...rest,
    }));
  const pipelineSpec = { tasks: list(tasks), ...(o.finally && { finally: list(o.finally) }) };
  return pipelineRun("run", "none", { pipelineSpec, ...o.spec });
}

const no = [{ input: "a", operator: "in" as const, values: ["b"] }];

interface Case {
  run: PipelineRun;
  o?: Partial<PlayOptions>;
  /** Reason and message of the PipelineRun. */
  ends: string;
  /** Reasons of the TaskRuns by task, and of skipped tasks in parentheses. */
  tasks: Record<string, string>;
  afterMs: number;
}

const cases: Record<string, Case> = {
  "a task after one that its when left out still runs": {
    run: inline({ a: { when: no }, b: { runAfter: ["a"] } }),
    ends: "Completed: Tasks Completed: 1 (Failed: 0, Cancelled 0), Skipped: 1",
    tasks: { a: "(When Expressions evaluated to false)", b: "Succeeded" },
    afterMs: 1000,
  },
  "notin lets a task run that in would not": {
    run: inline({ a: { when: [{ input: "a", operator: "notin", values: ["b"] }] } }),
    ends: "Succeeded: Tasks Completed: 1 (Failed: 0, Cancelled 0), Skipped: 0",
    tasks: { a: "Succeeded" },
    afterMs: 1000,
  },
  "a task whose failure is to be ignored does not fail the run": {
    run: inline({ a: { image: "exit-1:1s", onError: "continue" }, b: { runAfter: ["a"] } }),
    ends: "Succeeded: Tasks Completed: 2 (Failed: 1 (Ignored: 1), Cancelled 0), Skipped: 0",
    tasks: { a: "FailureIgnored", b: "Succeeded" },
    afterMs: 2000,
  },
  "cancelled while it runs: nothing more starts, finally neither": {
    run: inline({ a: { image: "hang" }, b: { runAfter: ["a"] } }, { finally: { f: {} } }),
    o: { patches: [{ atMs: 2500, specStatus: "Cancelled" }] },
    ends: 'Cancelled: PipelineRun "run" was cancelled',
    tasks: { a: "TaskRunCancelled" },
    afterMs: 2500,
  },
  "cancelled before it started: no TaskRun is ever made": {
    run: inline({ a: {} }, { spec: { status: "Cancelled" } }),
    ends: 'Cancelled: PipelineRun "run" was cancelled',
    tasks: {},
    afterMs: 0,
  },
  "cancelled while pending": {
    run: inline({ a: {} }, { spec: { status: "PipelineRunPending" } }),
    o: { patches: [{ atMs: 60_000, specStatus: "Cancelled" }] },
    ends: 'Cancelled: PipelineRun "run" was cancelled',
    tasks: {},
    afterMs: 60_000,
  },
  "pending costs no time of the timeout": {
    run: inline({ a: {} }, { spec: { status: "PipelineRunPending", timeouts: { pipeline: "5s" } } }),
    o: { patches: [{ atMs: 60_000, specStatus: undefined }] },
    ends: "Succeeded: Tasks Completed: 1 (Failed: 0, Cancelled 0), Skipped: 0",
    tasks: { a: "Succeeded" },
    afterMs: 61_000,
  },
  "stopped gracefully: what runs may end, what waits is skipped, finally runs": {
    run: inline({ a: { image: "ok:3s" }, b: { runAfter: ["a"] } }, { finally: { f: {} } }),
    o: { patches: [{ atMs: 1000, specStatus: "StoppedRunFinally" }] },
    ends: 'Cancelled: PipelineRun "run" was cancelled',
    tasks: { a: "Succeeded", b: "(PipelineRun was gracefully stopped)", f: "Succeeded" },
    afterMs: 4000,
  },
  "cancelled gracefully after a failure: the failure counts": {
    run: inline({ a: { image: "exit-1:1s" }, b: { image: "hang" } }, { finally: { f: {} } }),
    o: { patches: [{ atMs: 2000, specStatus: "CancelledRunFinally" }] },
    ends: "Failed: Tasks Completed: 3 (Failed: 1, Cancelled 1), Skipped: 0",
    tasks: { a: "StepFailed", b: "TaskRunCancelled", f: "Succeeded" },
    afterMs: 3000,
  },
  "out of time: the run ends at once, and finally does not run": {
    run: inline({ a: { image: "hang" } }, { finally: { f: {} }, spec: { timeouts: { pipeline: "5s" } } }),
    ends: 'PipelineRunTimeout: PipelineRun "run" failed to finish within "5s"',
    tasks: { a: "TaskRunCancelled" },
    afterMs: 5001,
  },
  "timeouts.pipeline 0 is no limit": {
    run: inline({ a: { image: "ok:59m" }, b: { image: "ok:59m", runAfter: ["a"] } }, {
      spec: { timeouts: { pipeline: "0" } },
    }),
    ends: "Succeeded: Tasks Completed: 2 (Failed: 0, Cancelled 0), Skipped: 0",
    tasks: { a: "Succeeded", b: "Succeeded" },
    afterMs: 118 * 60_000,
  },
  "without timeouts the run has an hour": {
    run: inline({ a: { image: "ok:10m" }, b: { image: "hang", runAfter: ["a"] } }),
    ends: 'PipelineRunTimeout: PipelineRun "run" failed to finish within "1h0m0s"',
    tasks: { a: "Succeeded", b: "TaskRunCancelled" },
    afterMs: 3_600_001,
  },
  "finally out of time: its task is cancelled and counts as failed": {
    run: inline({ a: {} }, {
      finally: { f: { image: "hang" } },
      spec: { timeouts: { pipeline: "1m", finally: "4s" } },
    }),
    ends: "Failed: Tasks Completed: 2 (Failed: 1, Cancelled 0), Skipped: 0",
    tasks: { a: "Succeeded", f: "TaskRunCancelled" },
    afterMs: 5001,
  },
  "a missing bundle hangs until it has been out of time for as long again": {
    run: pipelineRun("run", "nowhere", { timeouts: { pipeline: "5m" } }),
    ends: 'PipelineRunTimeout: PipelineRun "run" failed to finish within "5m0s"',
    tasks: {},
    afterMs: 600_000,
  },
  "each attempt has the task's whole timeout": {
    run: inline({ a: { image: "hang", timeout: "2s", retries: 1 } }),
    ends: "Failed: Tasks Completed: 1 (Failed: 1, Cancelled 0), Skipped: 0",
    tasks: { a: "TaskRunTimeout" },
    afterMs: 4002,
  },
  "a cancelled task is not retried": {
    run: inline({ a: { image: "hang", retries: 3 } }),
    o: { patches: [{ atMs: 1000, specStatus: "CancelledRunFinally" }] },
    ends: 'Cancelled: PipelineRun "run" was cancelled',
    tasks: { a: "TaskRunCancelled" },
    afterMs: 1000,
  },
  "speed shortens steps and task timeouts, not the run's": {
    run: inline({ a: { image: "ok:10s" }, b: { image: "hang", timeout: "20s", runAfter: ["a"] } }, {
      spec: { timeouts: { pipeline: "3500ms" } },
    }),
    o: { speed: 10 },
    ends: "Failed: Tasks Completed: 2 (Failed: 1, Cancelled 0), Skipped: 0",
    tasks: { a: "Succeeded", b: "TaskRunTimeout" },
    afterMs: 3001,
  },
  "finally sees how the tasks went": {
    run: inline({ a: { image: "exit-1:1s" } }, {
      finally: {
        undo: { when: [{ input: "$(tasks.a.status)", operator: "in", values: ["Failed"] }] },
        cheer: { when: [{ input: "$(tasks.status)", operator: "in", values: ["Succeeded", "Completed"] }] },
      },
    }),
    ends: "Failed: Tasks Completed: 2 (Failed: 1, Cancelled 0), Skipped: 1",
    tasks: { a: "StepFailed", undo: "Succeeded", cheer: "(When Expressions evaluated to false)" },
    afterMs: 2000,
  },
  "a pipeline that cannot be played says so": {
    run: inline({ a: { runAfter: ["b"] } }),
    ends:
      "PipelineValidationFailed: Pipeline apps/run can't be Run; it has an invalid spec: spec.tasks[a].runAfter: task b is not among spec.tasks",
    tasks: {},
    afterMs: 0,
  },
};

for (const [sentence, { run, o, ends, tasks, afterMs }] of Object.entries(cases)) {
  Deno.test(`plans: ${sentence}`, () => {
    const startMs = Date.UTC(2026, 0, 1);
    const played = playRun(run, { bundles: builtinBundles(), startMs, ...o });
    const { status } = played.pipelineRun;
    const [condition] = status?.conditions ?? [];
    const seen = Object.fromEntries([
      ...played.taskRuns.map(({ metadata, status }) => [
        metadata.labels?.["tekton.dev/pipelineTask"],
        status?.conditions?.[0]?.reason,
      ]),
      ...(status?.skippedTasks ?? []).map(({ name, reason }) => [name, `(${reason})`]),
    ]);
    assertEquals([`${condition?.reason}: ${condition?.message}`, seen], [ends, tasks]);
    assertEquals(played.endedAtMs - startMs, afterMs);
    const after = {
      run: played.pipelineRun,
      taskRuns: played.taskRuns,
      bundles: new Bundles([]),
      nowMs: startMs + 1e9,
    };
    assertEquals(planPipelineRun(after), { cancelTaskRuns: [], createTaskRuns: [] });
  });
}

Deno.test("plans: a run that is being deleted is left alone", () => {
  const run = inline({ a: {} });
  run.metadata.deletionTimestamp = "2026-01-01T00:00:00Z";
  const plan = planPipelineRun({ run, taskRuns: [], bundles: new Bundles([]), nowMs: 0 });
  assertEquals(plan, { cancelTaskRuns: [], createTaskRuns: [] });
});

Deno.test("plans: a digest in the reference is the digest that ran", () => {
  const run = pipelineRun("run", "ok");
  const digest = "cd".repeat(32);
  run.spec.pipelineRef!.params![0]!.value = `quay.example/team/ok:v1@sha256:${digest}`;
  const { provenance } = playRun(run, { bundles: builtinBundles() }).pipelineRun.status ?? {};
  assertEquals(
    (provenance as { refSource: unknown }).refSource,
    { uri: "quay.example/team/ok", digest: { sha256: digest }, entryPoint: "workflow" },
  );
});
