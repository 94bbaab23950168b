// Stands in for scheduler, kubelet and container runtime: what a pod would show at a given moment, computed from its steps'
// images and the moment it started. No container runs and nothing is remembered, so asking twice gives the same answer.
//
//   sim.local/ok:2s          runs for 2 s, exits 0
//   sim.local/exit-7:1s      runs for 1 s, exits 7
//   sim.local/oom:1s         is killed after 1 s, reason OOMKilled, exit code 137
//   sim.local/evicted:1s     the pod fails after 1 s, reason Evicted
//   sim.local/imagepull      never starts: ImagePullBackOff
//   sim.local/unschedulable  the pod is never scheduled
//   sim.local/hang           runs until its pod is deleted
//
// Any other image is sim.local/ok:0s. Steps run one after the other; once one failed, the rest end with 1 without running.

import { durationMs, timestamp } from "./format.ts";
import { writtenResults } from "./results.ts";
import type { Step, StepState, TaskSpec } from "./types.ts";

export interface Pod {
  /** What ended or holds the pod. "Running" while a step runs; "ImagePullBackOff" and "Unschedulable" never end. */
  phase: "Running" | "Succeeded" | "Failed" | "Evicted" | "ImagePullBackOff" | "Unschedulable";
  steps: StepState[];
  /** When it will show something new, in milliseconds since the epoch; absent when it never will by itself. */
  nextChangeAtMs?: number;
  /** When its last step ended. */
  endedAtMs?: number;
  /** What the steps that ended well wrote to the task's results. */
  results: ReturnType<typeof writtenResults>;
}

type Outcome = {
  kind: "exit" | "oom" | "evicted" | "imagepull" | "unschedulable" | "hang";
  exitCode: number;
  runsMs: number;
};

/** What a container of this image does. */
export function outcomeOf(image: string): Outcome {
  const [, name = "", tag = "0"] = /^sim\.local\/([^:]+)(?::(.+))?$/.exec(image) ?? [];
  const runsMs = /^\d/.test(tag) ? durationMs(tag) : 0;
  const exit = /^exit-(\d+)$/.exec(name);
  if (exit) return { kind: "exit", exitCode: Number(exit[1]), runsMs };
  if (name === "oom" || name === "evicted") return { kind: name, exitCode: 137, runsMs };
  if (name === "imagepull" || name === "unschedulable" || name === "hang") {
    return { kind: name, exitCode: 1, runsMs: 0 };
  }
  return { kind: "exit", exitCode: 0, runsMs };
}

/** The name of a step in status: its own, or "unnamed-<index>". */
export function stepName(step: Step, index: number): string {
  return step.name || `unnamed-${index}`;
}

/** The pod at `nowMs` that started at `startedAtMs`; with speed 10 a step of 1 s takes 100 ms. */
export function play(spec: TaskSpec, startedAtMs: number, nowMs: number, speed: number): Pod {
  const { steps } = spec;
  const results: Pod["results"] = [];
  const outcomes = steps.map((step) => outcomeOf(step.image));
  const states = steps.map((step, i): StepState => ({
    name: stepName(step, i),
    container: `step-${stepName(step, i)}`,
    imageID: step.image,
    provenance: {},
    running: { startedAt: timestamp(startedAtMs) },
  }));
  const stuck = outcomes.findIndex(({ kind }) => kind === "imagepull" || kind === "unschedulable");
  if (outcomes[stuck]?.kind === "unschedulable") {
    return { phase: "Unschedulable", steps: states.map(({ name }) => ({ name, provenance: {} })), results };
  }
  const pulling = states[stuck];
  if (pulling) {
    delete pulling.running;
    pulling.waiting = { reason: "ImagePullBackOff", message: `Back-off pulling image "${steps[stuck]?.image}"` };
    return { phase: "ImagePullBackOff", steps: states.slice(0, stuck + 1), results };
  }

  let atMs = startedAtMs;
  let phase: Pod["phase"] = "Succeeded";
  for (const [i, state] of states.entries()) {
    const { kind, exitCode, runsMs } = outcomes[i] ?? outcomeOf("");
    const startedAt = timestamp(atMs);
    if (phase !== "Succeeded") {
      end(state, { exitCode: 1, reason: "Error", startedAt, finishedAt: startedAt });
      continue;
    }
    if (kind === "hang") return { phase: "Running", steps: states, results };
    const endsAtMs = atMs + runsMs / speed;
    if (endsAtMs > nowMs) return { phase: "Running", steps: states, nextChangeAtMs: endsAtMs, results };
    atMs = endsAtMs;
    const finishedAt = timestamp(atMs);
    const ignored = kind === "exit" && exitCode !== 0 && steps[i]?.onError === "continue";
    const reason = kind === "oom" ? "OOMKilled" : exitCode === 0 || ignored ? "Completed" : "Error";
    const written = exitCode === 0 ? writtenResults(steps[i] ?? { name: "", image: "" }, spec) : [];
    results.push(...written);
    const message = written.length > 0 && { message: JSON.stringify(written) };
    end(state, { exitCode, reason, ...message, startedAt, finishedAt });
    if (ignored) state.terminationReason = "Continued";
    else if (exitCode !== 0) phase = kind === "evicted" ? "Evicted" : "Failed";
  }
  return { phase, steps: states, endedAtMs: atMs, results };
}

function end(state: StepState, terminated: NonNullable<StepState["terminated"]>): void {
  delete state.running;
  state.terminated = terminated;
}
