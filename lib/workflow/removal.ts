// A pending run that is not to start is deleted only after the status says why, in a condition: whoever then finds it gone
// knows that it was not somebody else, and a replica that was about to commit the run is refused, for the status has changed.

import { act, type Decision, wait } from "./action.ts";
import type { Execution } from "./execution.ts";
import { isPending, type PipelineRun } from "./pipeline_run.ts";
import type { Snapshot } from "./snapshot.ts";
import { conditions } from "./status.ts";

type Because = "StartDeadlineExceeded" | "LockLost";

/** @param message why, when it is not the usual cause */
export function announceRemoval(s: Snapshot, reason: Because, message = usualCause(s, reason)): Decision {
  const patch = {
    conditions: conditions(s.execution, s.nowMs, [{ type: "ExecutionComplete", status: "Unknown", reason, message }]),
  };
  return act({ do: "writeStatus", patch, announce: [] }, `${message}: say so before it is deleted`);
}

/** What was announced is done, even if the run could start by now. */
export function removed(s: Snapshot): Decision | undefined {
  const run = s.pipelineRun.value;
  const removal = removalOf(s);
  if (!run || !removal || !isPending(run) || run.deletedAtMs !== undefined) return undefined;
  return act({ do: "deletePipelineRun", run, because: removal.reason }, removal.message);
}

/**
 * For one that holds the lock again after it had announced that its run would go: the run goes, and then the announcement is
 * taken back, before there is another run.
 */
export function withdraw(s: Snapshot): Decision | undefined {
  const { value: run, live } = s.pipelineRun;
  if (!removalOf(s)) return undefined;
  if (run && !isPending(run)) return undefined; // a hand has started it: it is the one that runs
  if (run) return removed(s) ?? wait("its run is being removed", 1_000);
  if (!live) return act({ do: "read", what: "pipelineRun" }, "is the run that was removed really gone?");
  const message = "the lock is held again: the PipelineRun is created anew";
  const again = { type: "ExecutionComplete", status: "Unknown", reason: "Pending", message } as const;
  return act(
    { do: "writeStatus", patch: { conditions: conditions(s.execution, s.nowMs, [again]) }, announce: [] },
    message,
  );
}

/** Why the run is being removed, if that was announced. */
export function removalOf(
  { execution }: Pick<Snapshot, "execution">,
): { reason: Because; message: string } | undefined {
  const said = execution.status.conditions?.find(({ type }) => type === "ExecutionComplete");
  if (said?.status !== "Unknown") return undefined;
  const { reason, message } = said;
  return reason === "StartDeadlineExceeded" || reason === "LockLost" ? { reason, message } : undefined;
}

/** One that gives up the target is gone within seconds; one that nobody works on is a holder like any other. */
export const givingUpGraceMs = 30_000;

/**
 * Nothing will run for it, though it is not final yet: it has said that it lost its lock before its run could start, or it is
 * being deleted before it was committed. Whoever gave way to it would leave the target to nobody, and its end begins no
 * cooldown. One that was out of time to start holds its target to its end, which does.
 * @param run of that execution, as far as it is known
 */
export function isGivingUp(execution: Execution | undefined, run: PipelineRun | undefined): boolean {
  if (!execution || (run && !isPending(run))) return false;
  if (execution.status.phase !== "Running") return execution.deletedAtMs !== undefined;
  return removalOf({ execution })?.reason === "LockLost";
}

function usualCause({ rules }: Snapshot, reason: Because): string {
  return reason === "StartDeadlineExceeded"
    ? `the PipelineRun could not be started within the start deadline of ${rules.startDeadlineMs / 1000} s`
    : "the lock on the target was taken away before the PipelineRun could start";
}
