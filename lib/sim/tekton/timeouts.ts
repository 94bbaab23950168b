// When a PipelineRun's time is up: for the whole, for its tasks, for its finally tasks. Pure; the rules are Tekton's, pkg/apis/
// pipeline/v1/pipelinerun_types.go. They count from the status, which has whole seconds, and stay as written at any speed.

import type { Elapsed } from "./facts.ts";
import { durationMs } from "./format.ts";
import type { PipelineRun, PipelineRunStatus } from "./types.ts";

export interface Times {
  /** Of the run's start, in milliseconds since the epoch. */
  startMs: number;
  /** 0: no limit. */
  pipelineMs: number;
  tasksMs: number | undefined;
  elapsed: Elapsed;
  /** Twice the time is up: Tekton then ends even a run that never got as far as being looked at properly. */
  longOver: boolean;
  /** When the next of them is up, in milliseconds since the epoch. */
  wakeAtMs: number | undefined;
}

/** Tekton's default, for a PipelineRun and for a TaskRun alike. */
export const defaultTimeoutMs = 60 * 60_000;

/** The run's clocks at `nowMs`. `tasks` and `finally` are each what the other leaves of the whole, when only one is given. */
export function timesOf(run: PipelineRun, status: PipelineRunStatus, nowMs: number): Times {
  const given = run.spec.timeouts ?? {};
  const optional = (text: string | undefined) => text === undefined ? undefined : durationMs(text);
  const [pipeline, tasks, final] = [optional(given.pipeline), optional(given.tasks), optional(given.finally)];
  const rest = (other: number | undefined) => pipeline && other ? pipeline - other : undefined;
  const pipelineMs = pipeline ?? defaultTimeoutMs;
  const tasksMs = tasks ?? rest(final);
  const finallyMs = final ?? rest(tasks);
  const startMs = Date.parse(status.startTime ?? "");
  const finallyStartMs = Date.parse(status.finallyStartTime ?? "");
  const over = (sinceMs: number, limitMs: number | undefined) => !!limitMs && nowMs - sinceMs > limitMs;
  const ends = [
    [startMs, pipelineMs],
    [startMs, tasksMs],
    [finallyStartMs, finallyMs],
  ].flatMap(([sinceMs = NaN, limitMs]) => (limitMs && sinceMs + limitMs >= nowMs ? [sinceMs + limitMs + 1] : []));
  return {
    startMs,
    pipelineMs,
    tasksMs,
    elapsed: {
      pipeline: over(startMs, pipelineMs),
      tasks: over(startMs, tasksMs),
      finally: over(finallyStartMs, finallyMs),
    },
    longOver: pipelineMs > 0 && nowMs - startMs >= 2 * pipelineMs,
    wakeAtMs: ends.length > 0 ? Math.min(...ends) : undefined,
  };
}
