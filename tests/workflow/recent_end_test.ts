// What counts as an end for the cooldown: by a status, or by what one that is gone has left behind.

import { assertEquals } from "@std/assert";
import type { Execution } from "../../lib/workflow/execution.ts";
import type { RecentEnd } from "../../lib/workflow/lock.ts";
import type { PipelineRun } from "../../lib/workflow/pipeline_run.ts";
import { endOf, endOfGone } from "../../lib/workflow/recent_end.ts";
import { execution, pipelineRun, runningExecution, startMs } from "../support/builders.ts";
import { claim, failedRun, goesOn, ours, pendingRun, succeeded } from "./told.ts";

const nowMs = startMs + 60_000;
const seconds = (n: number) => startMs + n * 1_000;
const end = (outcome: "Completed" | "Failed", completedAtMs: number): RecentEnd => {
  return { workflowId: "restart", namespace: "payment", name: "fix", uid: "uid-fix", outcome, completedAtMs };
};
const endedBecause = (because: PipelineRun["endedBecause"], run: PipelineRun = failedRun) => (
  { ...run, endedBecause: because, endedAtMs: seconds(9) }
);
const completed: Execution["status"] = { phase: "Completed", completionTime: "2026-01-01T00:00:05Z" };

const gone: [sentence: string, lastSeen: Execution | undefined, run: PipelineRun | undefined, RecentEnd | undefined][] =
  [
    ["nothing is known: Failed now", undefined, undefined, end("Failed", nowMs)],
    ["a status that was seen counts", runningExecution({ status: completed }), failedRun, end("Completed", seconds(5))],
    ["its run had succeeded: Completed then", undefined, succeeded, end("Completed", seconds(1))],
    ["its run had failed by itself: Failed then", runningExecution(), failedRun, end("Failed", seconds(1))],
    [
      "its run was ended for the deadline before: Failed when that run ended",
      undefined,
      endedBecause("DeadlineExceeded"),
      end("Failed", seconds(1)),
    ],
    [
      "it was seen to be deleted: Failed at that moment, however its run was ended for it",
      runningExecution({ deletedAtMs: seconds(7) }),
      endedBecause("ExecutionDeleted"),
      end("Failed", seconds(7)),
    ],
    [
      "nobody saw it go: Failed when its run was ended for it",
      undefined,
      endedBecause("ExecutionGone"),
      end("Failed", seconds(9)),
    ],
    ["its run goes on: Failed now", undefined, goesOn, end("Failed", nowMs)],
    ["it was seen, and never started: no end", execution(), undefined, undefined],
    ["it was seen before it started, and left a run: Failed now", execution(), pendingRun, end("Failed", nowMs)],
  ];

for (const [sentence, lastSeen, run, expected] of gone) {
  Deno.test(`endOfGone: ${sentence}`, () => assertEquals(endOfGone(ours, { lastSeen, run, nowMs }), expected));
}

const lost = { type: "ExecutionComplete", status: "False", reason: "LockLost", message: "", lastTransitionTime: "" };
const final = (o: Partial<Execution["status"]>): Execution =>
  runningExecution({ status: { phase: "Failed", completionTime: "2026-01-01T00:00:05Z", ...o } });
const ended: [sentence: string, of: Execution, expected: RecentEnd | undefined][] = [
  ["a Failed one counts", final({}), end("Failed", seconds(5))],
  ["a Skipped one does not", final({ phase: "Skipped" }), undefined],
  ["one that runs does not", runningExecution(), undefined],
  [
    "a copy does not, though it was restored with a start",
    { ...final({ startTime: "2026-01-01T00:00:00Z" }), claim: claim && { ...claim, uid: "uid-of-another" } },
    undefined,
  ],
  ["a Failed one without a claim never held anything", { ...final({}), claim: undefined }, undefined],
  [
    "one that lost its lock before its run could start does not count",
    final({ conditions: [lost as never] }),
    undefined,
  ],
];

for (const [sentence, of, expected] of ended) {
  Deno.test(`endOf: ${sentence}`, () => assertEquals(endOf(of), expected));
}

Deno.test("endOfGone keeps the milliseconds of the run's end", () => {
  const run = pipelineRun({ ...succeeded, completionTimeMs: startMs + 1_234 });
  assertEquals(endOfGone(ours, { lastSeen: undefined, run, nowMs })?.completedAtMs, startMs + 1_234);
});
