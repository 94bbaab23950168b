// Brings a PipelineRun to its end when its execution no longer wants it: cancelled first, so that Tekton ends its TaskRuns in
// order; deleted if it never started, or will not end.

import { act, type Decision, wait } from "./action.ts";
import { type EndedBecause, isFinished, isPending, type PipelineRun } from "./pipeline_run.ts";
import type { Seen, Snapshot } from "./snapshot.ts";

/** How long a cancelled run may take before it is deleted all the same. */
const cancelGraceMs = 30_000;
const lookAgainMs = 1_000;

/**
 * The next step towards the end of a run, or undefined when nothing of it runs any more: it is absent (read live), finished,
 * or being deleted with no unfinished TaskRun.
 * @param which whose run it is: what a live read would have to read
 */
export function stop(
  run: Seen<PipelineRun>,
  which: "pipelineRun" | "holderRun",
  because: EndedBecause,
  s: Pick<Snapshot, "nowMs" | "unfinishedTaskRuns">,
): Decision | undefined {
  const { value, live } = run;
  if (!value) return live ? undefined : act({ do: "read", what: which }, "is there really no run?");
  if (isFinished(value)) return undefined;
  if (value.deletedAtMs !== undefined) {
    if (which === "holderRun") {
      return live
        ? wait("the run of the former holder is being deleted", lookAgainMs)
        : act({ do: "read", what: which }, "is it gone?");
    }
    if (s.unfinishedTaskRuns === undefined) {
      return act({ do: "read", what: "taskRuns" }, "it is being deleted: does anything still run?");
    }
    return s.unfinishedTaskRuns ? wait("its TaskRuns are being deleted", lookAgainMs) : undefined;
  }
  if (isPending(value)) return act({ do: "deletePipelineRun", run: value, because }, "it never started: delete it");
  if (value.ordered !== "Cancelled") {
    return act(
      { do: "cancelPipelineRun", run: value, mode: "Cancelled", because },
      "it is no longer wanted: cancel it",
    );
  }
  const sinceMs = s.nowMs - (value.endedAtMs ?? value.createdAtMs);
  if (sinceMs < cancelGraceMs && sinceMs >= 0) {
    return wait("it is being cancelled", Math.min(cancelGraceMs - sinceMs, lookAgainMs));
  }
  return act({ do: "deletePipelineRun", run: value, because }, "cancelled, and still not at its end: delete it");
}
