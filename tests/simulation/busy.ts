// Of all that want a target at once exactly one runs. Judged at the end, by following each execution that was skipped as busy
// to the one that it names, and on: the last of them had the target, and was not turned away for somebody in the chain.

import type { Laws } from "./laws.ts";
import { type ExecutionRecord, isFinal } from "./records.ts";

/** The executions that were skipped for one that was itself turned away for them, so that none of them ran. */
export function busyFaults(laws: Laws): string[] {
  const all = [...laws.executions.values()];
  const faults: string[] = [];
  for (const execution of all) {
    if (!isBusy(execution)) continue;
    const others = all.filter((each) => each !== execution && each.canonical === execution.canonical);
    if (!others.some(({ heldLock }) => heldLock)) {
      faults.push(`${execution.key} was skipped as busy, and nobody else ever held its target`);
    } else if (!reachesOne(execution, others, new Set([execution]))) {
      faults.push(`${execution.key} was skipped as busy, and whoever it was skipped for was turned away, too`);
    }
  }
  return faults;
}

function reachesOne(skipped: ExecutionRecord, others: ExecutionRecord[], seen: Set<ExecutionRecord>): boolean {
  const { name = "" } = skipped.status.skipDetails?.conflictingWorkflow ?? {};
  const key = name.includes("/") ? name : `${skipped.key.split("/")[0]}/${name}`;
  const named = others.filter((each) => each.key === key);
  if (named.length === 0) return true; // a Lease that nobody can read names nobody
  for (const next of named) {
    if (seen.has(next)) continue;
    seen.add(next);
    if (!wasTurnedAway(next) || (isBusy(next) && reachesOne(next, others, seen))) return true;
    if (!isBusy(next) && others.some((each) => each !== next && hadItsTurn(each))) return true;
  }
  return false;
}

/** It ran; or it held the lock and failed for a reason of its own, such as the start deadline. */
function hadItsTurn(execution: ExecutionRecord): boolean {
  return execution.starts > 0 || (execution.heldLock && isFinal(execution) && !wasTurnedAway(execution));
}

function isBusy({ status }: ExecutionRecord): boolean {
  return status.skipDetails?.reason === "ResourceBusy";
}

/** Skipped as busy, or Failed because its lock went to another before its run could start. */
function wasTurnedAway(execution: ExecutionRecord): boolean {
  const { phase, message = "" } = execution.status;
  return isBusy(execution) || (phase === "Failed" && execution.starts === 0 && /lock .*was taken away/.test(message));
}
