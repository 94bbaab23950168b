// failureDetails over every run recorded on a real cluster: by hand what matters, and whole against what was reviewed once.

import { assertEquals } from "@std/assert";
import type { FailureReason } from "../../lib/workflow/execution.ts";
import { pipelineRunFrom } from "../../lib/workflow/pipeline_run.ts";
import { detailsOf, recorded, recordingNames, recordings } from "./failure_builders.ts";

type Row = [
  recording: string,
  index: number,
  task: string,
  step: string | undefined,
  reason: FailureReason,
  exitCode: number | undefined,
  wasExecutionFailure: boolean,
];

const table: Row[] = [
  ["cancelled", 0, "wait", "wait", "Unknown", undefined, true],
  ["cancelled-by-someone", 0, "change", "change", "Unknown", undefined, true],
  ["cancelled-finally", 0, "change", "change", "Unknown", 2, true],
  ["container-config", 1, "change", "probe", "ConfigurationError", undefined, true],
  ["custom-run", 0, "approve", undefined, "Unknown", undefined, true],
  ["deadline-rollback", 1, "change", "change", "DeadlineExceeded", undefined, true],
  ["deadline-rollback-fails", 0, "change", "change", "DeadlineExceeded", undefined, true],
  ["entrypoint-skipped", 1, "change", "probe", "Unknown", 9, true],
  ["evicted", 0, "scale", "scale", "ResourceExhausted", 137, true],
  ["exit-code", 1, "restart", "apply", "Unknown", 7, true],
  ["forbidden-hidden", 0, "change", "change", "Forbidden", 1, true],
  ["forbidden-message", 0, "change", "change", "Forbidden", 128, false],
  ["image-pull", 0, "scale", "scale", "ImagePullBackOff", undefined, false],
  ["init-container-fails", 0, "change", undefined, "Unknown", undefined, false],
  ["invalid-graph", -1, "", undefined, "ConfigurationError", undefined, false],
  ["matrix", 1, "restart", "apply", "Unknown", 4, true],
  ["missing-service-account", 0, "check", undefined, "ConfigurationError", undefined, false],
  ["missing-task", -1, "", undefined, "ConfigurationError", undefined, false],
  ["needs-param", -1, "", undefined, "ConfigurationError", undefined, false],
  ["on-error-continue", 1, "change", "apply", "Unknown", 7, true],
  ["oom", 0, "resize", "resize", "OOMKilled", 137, true],
  ["parallel-both-fail", 1, "right", "right", "Unknown", 1, true],
  ["parallel-one-fails", 1, "right", "right", "Unknown", 1, true],
  ["pipeline-timeout", 0, "wait", "wait", "DeadlineExceeded", undefined, true],
  ["pod-security", 0, "scale", undefined, "Forbidden", undefined, false],
  ["quota", 0, "scale", undefined, "DeadlineExceeded", undefined, false],
  ["retries", 0, "flaky", "flaky", "Unknown", 3, true],
  ["rollback", 0, "change", "change", "Unknown", 2, true],
  ["rollback-fails", 1, "rollback", "rollback", "Unknown", 9, true],
  ["sidecar-oom", 1, "change", "apply", "OOMKilled", 1, true],
  ["start-deadline", -1, "", undefined, "ConfigurationError", undefined, false],
  ["step-timeout", 1, "change", "apply", "DeadlineExceeded", undefined, true],
  ["stopped", -1, "", undefined, "Unknown", undefined, true],
  ["task-on-error-continue", 1, "change", "change", "Unknown", 6, true],
  ["task-timeout", 1, "wait", "wait", "DeadlineExceeded", undefined, true],
  ["unschedulable-timeout", 0, "scale", undefined, "DeadlineExceeded", undefined, false],
];

for (const [name, index, task, step, reason, exitCode, wasExecutionFailure] of table) {
  Deno.test(`failureDetails of the recording ${name}: ${reason}`, async () => {
    const details = detailsOf(await recorded(name));
    const expected = JSON.parse(await Deno.readTextFile(new URL("expected/failure-details.json", recordings)));
    assertEquals(
      [
        details.failedTaskIndex,
        details.failedTaskName,
        details.failedStepName,
        details.reason,
        details.exitCode,
        details.wasExecutionFailure,
      ],
      [index, task, step, reason, exitCode, wasExecutionFailure],
    );
    assertEquals(details, expected[name]);
  });
}

Deno.test("failureDetails is tested with every recording of a run that has failed, that of our own among them", async () => {
  const failed: string[] = [];
  for (const name of await recordingNames()) {
    const { pipelineRun } = await recorded(name);
    if (pipelineRun && pipelineRunFrom(pipelineRun).succeeded?.status === "False") failed.push(name);
  }
  const known = new Set(table.map(([name]) => name));
  assertEquals([...known].filter((name) => !failed.includes(name)), []);
  assertEquals(failed.filter((name) => !known.has(name)), []);
});
