// The table of phases: which fields stand in which phase, and when a condition's time moves.

import { assertEquals } from "@std/assert";
import type { FailureDetails, SkipDetails } from "../../lib/workflow/execution.ts";
import {
  completed,
  conditions,
  failed,
  progress,
  rfc3339,
  running,
  skipped,
  withoutDetails,
} from "../../lib/workflow/status.ts";
import { execution, pipelineRun, runningExecution, startMs } from "../support/builders.ts";

const nowMs = startMs + 9_000;
const now = "2026-01-01T00:00:09Z";
const condition = (type: string, status: string, reason: string, message: string, at = now) => ({
  type,
  status,
  reason,
  message,
  lastTransitionTime: at,
  observedGeneration: 1,
});
const succeededRun = pipelineRun({
  succeeded: {
    status: "True",
    reason: "Completed",
    message: "Tasks Completed: 1 (Failed: 0, Cancelled 0), Skipped: 1",
  },
  completionTimeMs: startMs + 210_500,
});
const details: FailureDetails = {
  failedTaskIndex: 0,
  failedTaskName: "apply",
  reason: "OOMKilled",
  message: "out of memory",
  failedAt: now,
  executionTimeBeforeFailure: "9s",
  naturalLanguageSummary: "…",
  wasExecutionFailure: true,
  requiresManualReview: true,
};

Deno.test("running: the PipelineRun's creation is the start, and its uid stands in the status", () => {
  assertEquals(running(execution(), pipelineRun({ createdAtMs: startMs + 1_000 }), nowMs) as unknown, {
    phase: "Running",
    startTime: "2026-01-01T00:00:01Z",
    message: "PipelineRun payment/fix-run runs workflow restart",
    pipelineRunRef: { name: "fix-run", namespace: "payment", uid: "uid-run" },
    pipelineRunStatus: { status: "Unknown", reason: "", message: "" },
    observedGeneration: 1,
    conditions: [
      condition("ResourceLockAcquired", "True", "Acquired", "holds payment/deployment/api"),
      condition("PipelineRunCreated", "True", "Created", "payment/fix-run"),
      condition("ExecutionComplete", "Unknown", "Running", "the PipelineRun has not ended"),
    ],
  });
});

Deno.test("completed: the PipelineRun's completion, the difference, Success", () => {
  assertEquals(completed(runningExecution(), succeededRun, nowMs) as unknown, {
    phase: "Completed",
    outcome: "Success",
    completionTime: "2026-01-01T00:03:30.500Z",
    duration: "3m30s",
    message: "workflow restart completed in 3m30s",
    pipelineRunStatus: {
      status: "True",
      reason: "Completed",
      message: "Tasks Completed: 1 (Failed: 0, Cancelled 0), Skipped: 1",
      completedTasks: 1,
      totalTasks: 2,
    },
    observedGeneration: 1,
    conditions: [
      condition("ExecutionComplete", "True", "Succeeded", "Tasks Completed: 1 (Failed: 0, Cancelled 0), Skipped: 1"),
    ],
  });
});

Deno.test("completed: a duration is never below 0, and without a completion time it ended now", () => {
  const before = completed(runningExecution(), { ...succeededRun, completionTimeMs: startMs - 5_000 }, nowMs);
  assertEquals([before.completionTime, before.duration], ["2025-12-31T23:59:55Z", "0s"]);
  const without = completed(runningExecution(), { ...succeededRun, completionTimeMs: undefined }, nowMs);
  assertEquals([without.completionTime, without.duration], [now, "9s"]);
});

Deno.test("failed with a run: its completion, the details and their deprecated mirror", () => {
  const run = pipelineRun({
    succeeded: {
      status: "False",
      reason: "Failed",
      message: "Tasks Completed: 1 (Failed: 1, Cancelled 0), Skipped: 0",
    },
    completionTimeMs: startMs + 4_000,
  });
  assertEquals(failed(runningExecution(), details, run, nowMs) as unknown, {
    phase: "Failed",
    outcome: "Failure",
    completionTime: "2026-01-01T00:00:04Z",
    duration: "4s",
    message: "out of memory",
    failureReason: "OOMKilled",
    failureDetails: details,
    pipelineRunStatus: {
      status: "False",
      reason: "Failed",
      message: "Tasks Completed: 1 (Failed: 1, Cancelled 0), Skipped: 0",
      completedTasks: 1,
      totalTasks: 1,
    },
    observedGeneration: 1,
    conditions: [condition("ExecutionComplete", "False", "Failed", "out of memory")],
  });
});

Deno.test("failed before anything was created: no start, no run, now", () => {
  assertEquals(failed(execution(), { ...details, reason: "Forbidden" }, undefined, nowMs) as unknown, {
    phase: "Failed",
    outcome: "Failure",
    completionTime: now,
    duration: "0s",
    message: "out of memory",
    failureReason: "Forbidden",
    failureDetails: { ...details, reason: "Forbidden" },
    observedGeneration: 1,
    conditions: [
      condition("PipelineRunCreated", "False", "Forbidden", "out of memory"),
      condition("ExecutionComplete", "False", "Forbidden", "out of memory"),
    ],
  });
});

Deno.test("skipped: when it was skipped, 0s, and the lock not acquired", () => {
  const skip: SkipDetails = { reason: "ResourceBusy", message: "held", skippedAt: now };
  assertEquals(skipped(execution(), skip, nowMs) as unknown, {
    phase: "Skipped",
    outcome: "Skipped",
    completionTime: now,
    duration: "0s",
    message: "held",
    skipDetails: skip,
    observedGeneration: 1,
    conditions: [condition("ResourceLockAcquired", "False", "ResourceBusy", "held")],
  });
});

Deno.test("withoutDetails keeps phase, times and a short message", () => {
  assertEquals(withoutDetails(failed(runningExecution(), details, succeededRun, nowMs)), {
    phase: "Failed",
    completionTime: "2026-01-01T00:03:30.500Z",
    duration: "3m30s",
    outcome: "Failure",
    message: "the details were refused by the API server; see the controller's log",
  });
});

Deno.test("conditions: lastTransitionTime moves when the status does, and only then", () => {
  const known = condition("ExecutionComplete", "Unknown", "Running", "a", "2026-01-01T00:00:01Z");
  const other = condition("AuditRecorded", "False", "DeliveryLate", "b", "2026-01-01T00:00:02Z");
  const of = execution({ status: { conditions: [known, other] } as ReturnType<typeof execution>["status"] });
  const change = (status: "Unknown" | "True") =>
    conditions(of, nowMs, [{ type: "ExecutionComplete", status, reason: "R", message: "m" }]) as unknown;
  assertEquals(change("Unknown"), [condition("ExecutionComplete", "Unknown", "R", "m", "2026-01-01T00:00:01Z"), other]);
  assertEquals(change("True"), [condition("ExecutionComplete", "True", "R", "m", now), other]);
});

Deno.test("rfc3339 shows milliseconds only where there are any", () => {
  assertEquals([rfc3339(startMs), rfc3339(startMs + 1)], ["2026-01-01T00:00:00Z", "2026-01-01T00:00:00.001Z"]);
});

Deno.test("progress of a run of which Tekton has said nothing", () => {
  assertEquals(progress(execution(), pipelineRun()), { status: "Unknown", reason: "", message: "" });
});
