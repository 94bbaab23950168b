// What an execution that is gone has left behind: a PipelineRun, or a Lease in its name. Seen after a downtime, after a
// finalizer was stripped by hand, after a late write of a paused replica. Nobody waits for it, so it is ended and removed.

import { act, type Decision, wait } from "./action.ts";
import type { Execution } from "./execution.ts";
import { type Lock, withEnd, writeLedger } from "./lock.ts";
import { endOfGone } from "./recent_end.ts";
import type { PipelineRun } from "./pipeline_run.ts";
import type { Rules, Seen } from "./snapshot.ts";
import { stop } from "./stop.ts";

export interface OrphanSnapshot {
  readonly nowMs: number;
  readonly rules: Rules;
  /** The uid that left something behind. */
  readonly uid: string;
  /** What stands at that namespace and name today: nothing, or another execution. */
  readonly execution: Seen<Execution>;
  /** The execution as this process last saw it, if it did. */
  readonly lastSeen: Execution | undefined;
  readonly pipelineRun: Seen<PipelineRun>;
  readonly unfinishedTaskRuns: boolean | undefined;
  /** The Lease that the uid holds; undefined when it holds none. */
  readonly lock: Lock | undefined;
}

/** What is to be done next about it. Total. */
export function decideOrphan(s: OrphanSnapshot): Decision {
  const { execution, uid, pipelineRun, lock, nowMs, rules } = s;
  if (execution.value?.uid === uid) return wait("its execution exists after all");
  if (!execution.live) return act({ do: "read", what: "execution" }, "is its execution really gone?");

  if (pipelineRun.value || lock) {
    const stopping = stop(pipelineRun, "pipelineRun", "ExecutionGone", s);
    if (stopping) return stopping;
  }
  const run = pipelineRun.value;
  if (lock) {
    const end = lock.holder && endOfGone(lock.holder, { lastSeen: s.lastSeen, run: pipelineRun.value, nowMs });
    const ends = withEnd(lock.recentEnds, end, nowMs, rules.cooldownMs);
    return act(
      { do: "patchLock", lock, patch: writeLedger(lock, ends, true), for: "release" },
      "its holder is gone: release the lock",
    );
  }
  if (run && run.deletedAtMs === undefined) {
    return act({ do: "deletePipelineRun", run, because: "ExecutionGone" }, "its execution is gone: so is the run");
  }
  return wait("nothing is left of it");
}
