// failureDetails of an execution that failed without a TaskRun to tell of it: its spec is invalid, its PipelineRun was refused,
// or was deleted by somebody. The caller knows the cause; here it takes its form.

import { formatDuration } from "./duration.ts";
import type { Execution, FailureDetails, FailureReason } from "./execution.ts";
import { safeLine, safePart } from "./failure_text.ts";
import { rfc3339 } from "./status.ts";
import { ended, opening, recommendations } from "./summary.ts";

/** Nothing has run: what was forbidden was so to this controller, not to the workflow's account. */
const forbiddenToUs =
  "Allow what the cause names: by the controller's configuration, by the rights of its account, or by the policy that refused it.";

/**
 * @param o.recommendation one sentence; the reason's own when absent
 * @param o.startTimeMs when its PipelineRun was created; undefined when none was
 */
export function plainFailure(o: {
  execution: Execution;
  reason: FailureReason;
  message: string;
  recommendation?: string;
  wasExecutionFailure: boolean;
  startTimeMs: number | undefined;
  nowMs: number;
}): FailureDetails {
  const { execution, reason, wasExecutionFailure, startTimeMs, nowMs } = o;
  const { parameters } = execution.spec;
  const elapsed = formatDuration(Math.max(0, nowMs - (startTimeMs ?? nowMs)));
  const recommendation = o.recommendation ?? (reason === "Forbidden" ? forbiddenToUs : recommendations[reason]);
  const summary = [
    `${opening(execution)} failed ${startTimeMs === undefined ? "before it started" : `after ${elapsed}`}.`,
    `Reason: ${reason}. Cause: ${ended(safePart(o.message, parameters, 1200))}`,
    wasExecutionFailure
      ? "Steps may have changed the target: look at it before trying again."
      : "No step ran, so the target is unchanged.",
    `Recommendation: ${ended(recommendation)}`,
  ];
  return {
    failedTaskIndex: -1,
    failedTaskName: "",
    reason,
    message: safeLine(o.message, parameters),
    failedAt: rfc3339(nowMs),
    executionTimeBeforeFailure: elapsed,
    naturalLanguageSummary: safeLine(summary.join(" "), parameters),
    wasExecutionFailure,
    requiresManualReview: wasExecutionFailure,
  };
}
