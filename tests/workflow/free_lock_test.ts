// A free Lease is kept as long as its ledger says something, and no longer.

import { assertEquals } from "@std/assert";
import type { Decision } from "../../lib/workflow/action.ts";
import { decideFreeLock } from "../../lib/workflow/free_lock.ts";
import { holder, lock, recentEnd, startMs } from "../support/builders.ts";

const cooldownMs = 300_000;
const held = lock({ holder: holder() });
const fresh = lock({ recentEnds: [recentEnd({ completedAtMs: startMs - 299_999 })] });
const two = lock({
  recentEnds: [
    recentEnd({ completedAtMs: startMs - 200_000 }),
    recentEnd({ workflowId: "other", completedAtMs: startMs - 100_000 }),
  ],
});
const future = lock({ recentEnds: [recentEnd({ completedAtMs: startMs + 3_600_000 })] });
const over = lock({ recentEnds: [recentEnd({ completedAtMs: startMs - cooldownMs })] });
const away = (of: ReturnType<typeof lock>): Decision => ({
  action: { do: "deleteLock", lock: of },
  reason: "it is free and its ledger has run out",
});
const kept = (requeueAfterMs: number): Decision => ({ requeueAfterMs, reason: "its ledger keeps a cooldown" });

const table: [sentence: string, lock: ReturnType<typeof lock>, cooldownMs: number, decision: Decision][] = [
  ["a held one is left alone", held, cooldownMs, { reason: "it is held" }],
  ["a free one without a ledger is deleted", lock(), cooldownMs, away(lock())],
  ["one with a millisecond left is looked at again after it", fresh, cooldownMs, kept(1)],
  ["the latest end decides", two, cooldownMs, kept(200_000)],
  ["an end exactly one cooldown ago keeps nothing", over, cooldownMs, away(over)],
  ["when the clock went back, it is looked at after a cooldown at the latest", future, cooldownMs, kept(cooldownMs)],
  ["without a cooldown nothing is kept", fresh, 0, away(fresh)],
  ["without a cooldown nothing is kept, whatever the clock says", future, 0, away(future)],
];

for (const [sentence, of, cooldown, decision] of table) {
  Deno.test(`decideFreeLock: ${sentence}`, () => assertEquals(decideFreeLock(of, cooldown, startMs), decision));
}
