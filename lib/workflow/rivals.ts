// The second look, which does not trust the Lease: is somebody else's run on the target all the same? Only a hand that deleted
// or emptied a Lease can let that happen. Asked by whoever holds the lock, before it creates its run and before it starts it.

import { act, type Decision, wait } from "./action.ts";
import { type Execution, isFinal } from "./execution.ts";
import { isPending } from "./pipeline_run.ts";
import { removalOf } from "./removal.ts";
import type { Rival, Snapshot } from "./snapshot.ts";

const lookAgainMs = 1_000;

/**
 * Who goes first, or what is to be done to find out; undefined when nobody else is there. A run that has started goes first.
 * One that has not is waited for: its execution finds the lock in other hands and gives up, so that exactly one runs.
 */
export function lookAround(s: Snapshot): Decision | { readonly execution: Execution } | undefined {
  const rivals = s.rivals.value.filter((rival) => !isLeaving(rival));
  if (rivals.length === 0) return undefined;
  if (!s.rivals.live) return act({ do: "read", what: "rivals" }, "somebody else's run is on the target: is it still?");
  const alive = rivals.filter(({ execution }) => execution && !isFinal(execution));
  if (alive.length === 0) return wait("a run without an execution is being ended on this target", lookAgainMs);
  for (const rival of alive) if (rival.execution && !givesUp(rival)) return { execution: rival.execution };
  if (!s.lock.live) return act({ do: "read", what: "lock" }, "which of two that have not started holds the lock?");
  return wait("another run on this target has lost its lock, and is about to be removed", lookAgainMs);
}

/** It has not started; or its run was removed before that, and its execution has said so, or is being deleted, and not yet ended. */
function givesUp({ execution, run }: Rival): boolean {
  if (run) return isPending(run);
  return execution !== undefined && (removalOf({ execution }) !== undefined || execution.deletedAtMs !== undefined);
}

/** A pending run that is being deleted never starts. Its execution is waited for where its end begins a cooldown. */
function isLeaving({ run, execution }: Rival): boolean {
  if (!run || !isPending(run) || run.deletedAtMs === undefined) return false;
  return execution?.status.phase !== "Running" || removalOf({ execution })?.reason === "LockLost";
}
