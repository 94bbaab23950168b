// The timeline of a failed run, told from recorded PipelineRuns and TaskRuns.

import { assertEquals } from "@std/assert";
import { timeline } from "../../lib/workflow/failure_timeline.ts";
import { recorded } from "./failure_builders.ts";

Deno.test("timeline tells tasks and steps in order, with outcomes and durations", async () => {
  const task = { runName: "", reason: "", message: "", startedAtMs: undefined, durationMs: undefined };
  const told = timeline(await recorded("on-error-continue"));
  assertEquals(told.durationMs, 13_000);
  assertEquals(told.tasks.map((each) => [each.name, each.outcome, each.durationMs, each.attempts]), [
    ["check", "succeeded", 1_000, 1],
    ["change", "failed", 12_000, 1],
  ]);
  assertEquals(told.tasks[1]?.steps, [
    { name: "probe", outcome: "continued", reason: "Completed", exitCode: 3, durationMs: 11_000 },
    { name: "apply", outcome: "failed", reason: "Error", exitCode: 7, durationMs: 9_000 },
    { name: "verify", outcome: "skipped", reason: "Error", exitCode: undefined, durationMs: undefined },
  ]);
  assertEquals(timeline(await recorded("stopped")).tasks.filter((each) => each.attempts === 0), [
    {
      ...task,
      name: "later",
      isFinally: false,
      outcome: "skipped",
      reason: "PipelineRun was gracefully stopped",
      attempts: 0,
      steps: [],
    },
  ]);
});

Deno.test("timeline counts the attempts of a retried task, from the first one's start", async () => {
  const [flaky] = timeline(await recorded("retries")).tasks;
  assertEquals([flaky?.attempts, flaky?.durationMs, flaky?.outcome], [3, 4_000, "failed"]);
});
