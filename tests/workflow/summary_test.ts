// What failureDetails.naturalLanguageSummary says, in whole sentences, for recorded and made-up failures.

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { plainFailure } from "../../lib/workflow/failure_without_run.ts";
import { detailsOf, execution, failedRun, failedTaskRun, nowMs, recorded } from "./failure_builders.ts";

Deno.test("the summary says workflow, target, task and place, step, exit code, time, cause, what completed, and what to do", async () => {
  assertEquals(
    detailsOf(await recorded("exit-code")).naturalLanguageSummary,
    'Workflow restart-pods v1 on apps/deployment/web failed in task "restart" (2 of 2) after 4s. ' +
      'Step "apply" ended with exit code 7. Reason: Unknown. Cause: "step-apply" exited with code 7: Error. ' +
      'Completed: "check". Steps may have changed the target: look at it before trying again. ' +
      "Recommendation: Read the logs of the task's pod and look at the target before running anything else on it.",
  );
});

Deno.test("the summary says how the rollback ended, attempts before, matrix runs, and tasks that never ran", async () => {
  const summary = async (name: string) => detailsOf(await recorded(name)).naturalLanguageSummary;
  assertStringIncludes(await summary("rollback"), 'Afterwards: finally task "rollback" succeeded.');
  assertStringIncludes(
    await summary("deadline-rollback-fails"),
    'the timeout of 10m was up; task "change" was cancelled; finally task "rollback" failed: "step-rollback" exited with code 9',
  );
  assertStringIncludes(await summary("retries"), "This was attempt 3; the 2 attempts before failed too.");
  assertStringIncludes(await summary("matrix"), "one of its 3 matrix runs");
  assertStringIncludes(await summary("missing-service-account"), 'Never ran: "restart".');
  assertStringIncludes(await summary("parallel-both-fail"), 'Failed too: "left".');
});

Deno.test("the summary keeps its recommendation, however long everything else is", () => {
  const long = "x ".repeat(5_000);
  const workflow = { workflowId: long, version: long, containerImage: "i" };
  const details = detailsOf(
    { pipelineRun: failedRun(), taskRuns: [failedTaskRun({ message: long, reason: "TaskRunTimeout" })] },
    execution({ workflowRef: workflow, targetResource: long }),
  );
  assert(details.naturalLanguageSummary.endsWith("raise executionConfig.timeout or the task's own timeout."));
});

Deno.test("plainFailure: nothing was created", () => {
  assertEquals(
    plainFailure({
      execution: execution({ parameters: { DB_PASSWORD: "hunter2" } }),
      reason: "ConfigurationError",
      message: "namespace workflows does not exist\n(password hunter2)",
      wasExecutionFailure: false,
      startTimeMs: undefined,
      nowMs,
    }),
    {
      failedTaskIndex: -1,
      failedTaskName: "",
      reason: "ConfigurationError",
      message: "namespace workflows does not exist (password [REDACTED])",
      failedAt: "2026-11-23T07:00:00Z",
      executionTimeBeforeFailure: "0s",
      naturalLanguageSummary: "Workflow restart-pods v1 on apps/deployment/web failed before it started. " +
        "Reason: ConfigurationError. Cause: namespace workflows does not exist (password [REDACTED]). " +
        "No step ran, so the target is unchanged. Recommendation: Correct what is missing or invalid " +
        "(bundle, parameter, service account or workflow definition); repeating it unchanged will fail again.",
      wasExecutionFailure: false,
      requiresManualReview: false,
    },
  );
});

Deno.test("plainFailure: the run was deleted outside, with a recommendation of the caller's", () => {
  const details = plainFailure({
    execution: execution(),
    reason: "Unknown",
    message: "PipelineRun apps/run was deleted by someone",
    recommendation: "Ask who deleted it",
    wasExecutionFailure: true,
    startTimeMs: nowMs - 90_000,
    nowMs,
  });
  assertEquals(details.executionTimeBeforeFailure, "1m30s");
  assertEquals(details.requiresManualReview, true);
  assert(details.naturalLanguageSummary.endsWith("Recommendation: Ask who deleted it."));
});
