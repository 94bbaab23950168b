// Which keys an event of a watch wakes up. An execution is reconciled for its own events, its run's and its lock's; a free
// Lease for itself.
//
// What has no run yet goes first: an incident waits for it. What has one or has ended comes after it, or a history of ten
// thousand would stand before the first new execution after a restart.

import { keyOf } from "../kube/store.ts";
import type { Priority, Workqueue } from "../kube/workqueue.ts";
import type { Execution } from "../workflow/execution.ts";
import type { Lock } from "../workflow/lock.ts";
import type { Caches } from "./caches.ts";

export interface Queues {
  /** Keys of executions: `namespace/name`. */
  readonly executions: Workqueue;
  /** Names of Leases in the lock namespace. */
  readonly locks: Workqueue;
}

export function connectHandlers(caches: Caches, queues: Queues, onGone: (uid: string) => void): void {
  const wake = (key: string) => {
    if (key) queues.executions.add(key, priorityOf(caches, caches.executions.informer.store.get(key)));
  };
  // Who runs on a target without its lock, because a hand took that away and another has had it since, takes it back.
  const wakeRunning = ({ target }: Lock) => {
    for (const execution of caches.executions.by("target", target)) {
      if (execution.status.phase === "Running") wake(keyOf(execution));
    }
  };
  caches.executions.informer.onChange(({ type, object }) => {
    if (type === "deleted") onGone(object.uid);
    wake(keyOf(object));
  });
  caches.pipelineRuns.informer.onChange(({ object }) => wake(object.executionKey));
  caches.locks.informer.onChange(({ type, object, old }) => {
    if (object.holder) wake(keyOf(object.holder));
    else if (type !== "deleted") queues.locks.add(object.name, "low");
    if (!object.holder || type === "deleted") wakeRunning(object);
    if (old?.holder && (type === "deleted" || old.holder.uid !== object.holder?.uid)) wake(keyOf(old.holder));
  });
  caches.locks.onWrote = (lock) => {
    if (!lock.holder) {
      queues.locks.add(lock.name, "low");
      return wakeRunning(lock);
    }
    // Its event will be no news any more: one that nobody holds who exists would be held for ever.
    if (caches.executions.get(lock.holder)?.uid !== lock.holder.uid) wake(keyOf(lock.holder));
  };
}

function priorityOf(caches: Caches, execution: Execution | undefined): Priority {
  if (!execution || (execution.status.phase ?? "Pending") !== "Pending") return "low";
  return caches.pipelineRuns.by("uid", execution.uid).length === 0 ? "high" : "low";
}
