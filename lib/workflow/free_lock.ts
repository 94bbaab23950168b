// A free Lease is kept as long as its ledger says something, and no longer.

import { act, type Decision, wait } from "./action.ts";
import type { Lock } from "./lock.ts";

/** What is to be done about a Lease, apart from who may take it. */
export function decideFreeLock(lock: Lock, cooldownMs: number, nowMs: number): Decision {
  if (lock.holder) return wait("it is held");
  const leftMs = Math.max(...lock.recentEnds.map(({ completedAtMs }) => completedAtMs + cooldownMs - nowMs), 0);
  if (cooldownMs > 0 && leftMs > 0) return wait("its ledger keeps a cooldown", Math.min(leftMs, cooldownMs));
  return act({ do: "deleteLock", lock }, "it is free and its ledger has run out");
}
