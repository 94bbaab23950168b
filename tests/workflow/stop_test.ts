// A run that is no longer wanted, step by step to its end.

import { assertEquals } from "@std/assert";
import type { PipelineRun } from "../../lib/workflow/pipeline_run.ts";
import type { Seen } from "../../lib/workflow/snapshot.ts";
import { stop } from "../../lib/workflow/stop.ts";
import { pipelineRun, startMs } from "../support/builders.ts";
import { cached, failedRun, goesOn, live, none, noneLive, pendingRun, succeeded, told } from "./told.ts";

const deleting = pipelineRun({ deletedAtMs: startMs, childCount: 1 });
const cancelled = (agoMs: number) => pipelineRun({ ordered: "Cancelled", endedAtMs: startMs - agoMs });
const byHand = pipelineRun({ ordered: "Cancelled", createdAtMs: startMs - 29_500 });

type Row = [
  sentence: string,
  run: Seen<PipelineRun>,
  which: "pipelineRun" | "holderRun",
  taskRuns: boolean | undefined,
  answer: string,
];
const table: Row[] = [
  ["not in the cache: read live", none, "pipelineRun", undefined, "read pipelineRun"],
  ["the holder's, not in the cache: read live", none, "holderRun", undefined, "read holderRun"],
  ["absent, live: nothing runs", noneLive, "pipelineRun", undefined, "nothing runs"],
  ["succeeded: nothing runs", cached(succeeded), "pipelineRun", undefined, "nothing runs"],
  ["failed: nothing runs", cached(failedRun), "pipelineRun", undefined, "nothing runs"],
  [
    "finished and being deleted: nothing runs",
    cached({ ...succeeded, deletedAtMs: startMs }),
    "pipelineRun",
    undefined,
    "nothing runs",
  ],
  ["pending: deleted", cached(pendingRun), "pipelineRun", undefined, "delete uid-run LockLost"],
  ["running: cancelled", cached(goesOn), "pipelineRun", undefined, "cancel uid-run Cancelled LockLost"],
  [
    "running its finally tasks: cancelled for good",
    cached({ ...goesOn, ordered: "CancelledRunFinally" }),
    "pipelineRun",
    undefined,
    "cancel uid-run Cancelled LockLost",
  ],
  ["just cancelled: looked at in a second", cached(cancelled(0)), "pipelineRun", undefined, "wait 1000"],
  ["cancelled 29.5 s ago: looked at in the rest", cached(cancelled(29_500)), "pipelineRun", undefined, "wait 500"],
  ["cancelled 30 s ago: deleted", cached(cancelled(30_000)), "pipelineRun", undefined, "delete uid-run LockLost"],
  [
    "cancelled in the future (the clock went back): deleted",
    cached(cancelled(-1)),
    "pipelineRun",
    undefined,
    "delete uid-run LockLost",
  ],
  ["cancelled by somebody: counted from its creation", cached(byHand), "pipelineRun", undefined, "wait 500"],
  ["being deleted: its TaskRuns are read", cached(deleting), "pipelineRun", undefined, "read taskRuns"],
  ["being deleted, TaskRuns unfinished: waited for", cached(deleting), "pipelineRun", true, "wait 1000"],
  ["being deleted, no TaskRun unfinished: nothing runs", cached(deleting), "pipelineRun", false, "nothing runs"],
  ["the holder's, being deleted in the cache: read live", cached(deleting), "holderRun", undefined, "read holderRun"],
  ["the holder's, being deleted: waited for", live(deleting), "holderRun", undefined, "wait 1000"],
];

for (const [sentence, run, which, unfinishedTaskRuns, answer] of table) {
  Deno.test(`stop: ${sentence}`, () => {
    const decision = stop(run, which, "LockLost", { nowMs: startMs, unfinishedTaskRuns });
    assertEquals(decision ? told(decision) : "nothing runs", answer);
  });
}
