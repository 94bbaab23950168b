// What an execution that is gone has left behind: its run is ended, its lock released with its end, its run removed.

import { assertEquals } from "@std/assert";
import type { Decision } from "../../lib/workflow/action.ts";
import { decideOrphan, type OrphanSnapshot } from "../../lib/workflow/orphan.ts";
import { defaultRules, execution, pipelineRun, runningExecution, startMs } from "../support/builders.ts";
import { cached, failedRun, goesOn, live, mine, none, noneLive, pendingRun, succeeded, told } from "./told.ts";

const nowMs = startMs + 10_000;

function orphan(o: Partial<OrphanSnapshot> = {}): OrphanSnapshot {
  return {
    nowMs,
    rules: defaultRules,
    uid: "uid-fix",
    execution: noneLive,
    lastSeen: undefined,
    pipelineRun: none,
    unfinishedTaskRuns: undefined,
    lock: undefined,
    ...o,
  };
}

const gone = { deletedAtMs: startMs };
const table: [sentence: string, s: OrphanSnapshot, answer: string, reason: string][] = [
  [
    "its execution is in the cache: no orphan",
    orphan({ execution: cached(execution()) }),
    "wait",
    "its execution exists after all",
  ],
  [
    "its execution is there, live: no orphan",
    orphan({ execution: live(execution()), pipelineRun: cached(goesOn) }),
    "wait",
    "its execution exists after all",
  ],
  [
    "not in the cache: read live",
    orphan({ execution: none, pipelineRun: cached(goesOn) }),
    "read execution",
    "is its execution really gone?",
  ],
  [
    "another execution of that name in the cache: read live",
    orphan({ execution: cached(execution({ uid: "new" })) }),
    "read execution",
    "is its execution really gone?",
  ],
  [
    "its run goes on: cancelled",
    orphan({ pipelineRun: cached(goesOn) }),
    "cancel uid-run Cancelled ExecutionGone",
    "it is no longer wanted: cancel it",
  ],
  [
    "another has its name now: its run is cancelled all the same",
    orphan({ execution: live(execution({ uid: "new" })), pipelineRun: cached(goesOn) }),
    "cancel uid-run Cancelled ExecutionGone",
    "it is no longer wanted: cancel it",
  ],
  [
    "its run is pending: deleted",
    orphan({ pipelineRun: cached(pendingRun) }),
    "delete uid-run ExecutionGone",
    "it never started: delete it",
  ],
  [
    "its run is finished: deleted",
    orphan({ pipelineRun: cached(succeeded) }),
    "delete uid-run ExecutionGone",
    "its execution is gone: so is the run",
  ],
  [
    "its run is being deleted: does anything still run?",
    orphan({ pipelineRun: cached(pipelineRun(gone)) }),
    "read taskRuns",
    "it is being deleted: does anything still run?",
  ],
  [
    "its run is finished and being deleted: nothing more",
    orphan({ pipelineRun: cached({ ...succeeded, ...gone }) }),
    "wait",
    "nothing is left of it",
  ],
  ["its lock: is there a run?", orphan({ lock: mine }), "read pipelineRun", "is there really no run?"],
  [
    "its lock, and its run goes on: the run first",
    orphan({ lock: mine, pipelineRun: cached(goesOn) }),
    "cancel uid-run Cancelled ExecutionGone",
    "it is no longer wanted: cancel it",
  ],
  [
    "its lock, and nothing runs: released",
    orphan({ lock: mine, pipelineRun: noneLive }),
    "patchLock release",
    "its holder is gone: release the lock",
  ],
  [
    "its lock and its finished run: the lock first",
    orphan({ lock: mine, pipelineRun: cached(succeeded) }),
    "patchLock release",
    "its holder is gone: release the lock",
  ],
  ["nothing of it", orphan(), "wait", "nothing is left of it"],
];

for (const [sentence, s, answer, reason] of table) {
  Deno.test(`decideOrphan: ${sentence}`, () => {
    const decision = decideOrphan(s);
    assertEquals([told(decision), decision.reason], [answer, reason]);
  });
}

const endMs = Date.UTC(2026, 0, 1, 0, 0, 1);
const final = runningExecution({
  status: { phase: "Failed", startTime: "2026-01-01T00:00:00Z", completionTime: "2026-01-01T00:00:02Z" },
});
const ends: [
  sentence: string,
  s: Partial<OrphanSnapshot>,
  expected: [outcome: string, completedAtMs: number] | undefined,
][] = [
  ["nothing is known of it: Failed now", {}, ["Failed", nowMs]],
  ["it was deleted while it ran: Failed at that moment", {
    lastSeen: runningExecution({ deletedAtMs: startMs + 5_000 }),
  }, ["Failed", startMs + 5_000]],
  ["it was seen to end: that end", { lastSeen: final }, ["Failed", startMs + 2_000]],
  ["its run had succeeded: Completed then", { pipelineRun: cached(succeeded), lastSeen: runningExecution() }, [
    "Completed",
    endMs,
  ]],
  ["its run had failed: Failed then", { pipelineRun: cached(failedRun), lastSeen: runningExecution() }, [
    "Failed",
    endMs,
  ]],
  ["it was seen, and never started: no end", { lastSeen: execution() }, undefined],
];

for (const [sentence, s, expected] of ends) {
  Deno.test(`decideOrphan, the ledger: ${sentence}`, () => {
    const decision = decideOrphan(orphan({ lock: mine, pipelineRun: noneLive, ...s }));
    const ledger = ledgerOf(decision);
    assertEquals(
      ledger,
      expected
        ? [{
          workflowId: "restart",
          namespace: "payment",
          name: "fix",
          uid: "uid-fix",
          outcome: expected[0],
          completedAt: new Date(expected[1]).toISOString(),
        }]
        : null,
    );
  });
}

function ledgerOf({ action }: Decision): unknown {
  if (action?.do !== "patchLock") throw new Error("no Lease is written");
  const { annotations } = action.patch.metadata as { annotations: Record<string, string | null> };
  return JSON.parse(annotations["kubernaut.ai/recent-ends"] ?? "null");
}
