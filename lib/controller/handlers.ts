// Which keys an event of a watch wakes up. An execution is reconciled for its own events, its run's and its lock's; a free
// Lease for itself. What was there at the start waits behind what is new.

import { keyOf } from "../kube/store.ts";
import type { Priority, Workqueue } from "../kube/workqueue.ts";
import { isFinal, isOwed } from "../workflow/execution.ts";
import type { Caches } from "./caches.ts";

export interface Queues {
  /** Keys of executions: `namespace/name`. */
  readonly executions: Workqueue;
  /** Names of Leases in the lock namespace. */
  readonly locks: Workqueue;
}

export function connectHandlers(caches: Caches, queues: Queues, onGone: (uid: string) => void): void {
  const wake = (key: string, priority: Priority) => {
    if (key) queues.executions.add(key, priority);
  };
  caches.executions.informer.onChange(({ type, object, initial }) => {
    if (type === "deleted") onGone(object.uid);
    wake(keyOf(object), initial && isFinal(object) && !isOwed(object) ? "low" : "high");
  });
  caches.pipelineRuns.informer.onChange(({ object, initial }) => {
    wake(object.executionKey, initial ? "low" : "high");
  });
  caches.locks.informer.onChange(({ type, object, old, initial }) => {
    const priority = initial ? "low" : "high";
    if (object.holder) wake(keyOf(object.holder), priority);
    else if (type !== "deleted") queues.locks.add(object.name, "low");
    if (old?.holder && old.holder.uid !== object.holder?.uid) wake(keyOf(old.holder), priority);
    if (type === "deleted" && old?.holder) wake(keyOf(old.holder), priority);
  });
  caches.locks.onWrote = (lock) => {
    if (!lock.holder) queues.locks.add(lock.name, "low");
  };
}
