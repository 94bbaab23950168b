// Plays a PipelineRun through the pure plans alone: no server, no clock, no waiting. Time jumps to whatever is due next.

import type { Bundles } from "../../../lib/sim/tekton/bundles.ts";
import { planPipelineRun } from "../../../lib/sim/tekton/pipeline_run.ts";
import { type Moments, planTaskRun } from "../../../lib/sim/tekton/task_run.ts";
import type { Condition, PipelineRun, TaskRun } from "../../../lib/sim/tekton/types.ts";

export interface Played {
  pipelineRun: PipelineRun;
  /** In order of creation. */
  taskRuns: TaskRun[];
  /** By object name: every condition it had, in order, as "status reason: message". */
  conditions: Record<string, string[]>;
  /** How often something was written. */
  writes: number;
  endedAtMs: number;
}

export interface PlayOptions {
  bundles: Bundles;
  speed?: number;
  serviceAccounts?: string[];
  /** What someone does to the PipelineRun, in order of time. */
  patches?: { atMs: number; specStatus: string | undefined }[];
  /** Where it stops although more would come. Default: a week. */
  untilMs?: number;
  /** Forgets everything but the objects before every look, as a restart does. */
  forgetful?: boolean;
  startMs?: number;
}

export function playRun(given: PipelineRun, o: PlayOptions): Played {
  const startMs = o.startMs ?? Date.UTC(2026, 10, 23, 6, 22, 52);
  const untilMs = startMs + (o.untilMs ?? 7 * 24 * 3_600_000);
  const patches = [...o.patches ?? []];
  const taskRuns = new Map<string, TaskRun>();
  const moments = new Map<string, Moments>();
  const conditions: Record<string, string[]> = {};
  let run: PipelineRun = structuredClone(given);
  run.metadata.uid ??= "869f57a0-f41a-4d2c-a2ae-5cb496484651";
  let nowMs = startMs;
  let writes = 0;
  const note = (name: string | undefined, condition: Condition | undefined) => {
    writes++;
    if (!name || !condition) return;
    const text = `${condition.status} ${condition.reason}: ${condition.message}`;
    const all = conditions[name] ??= [];
    if (all.at(-1) !== text) all.push(text);
  };

  for (let looks = 0;; looks++) {
    if (looks > 1000) throw new Error("the run never comes to rest");
    const before = writes;
    let dueMs = patches[0] ? startMs + patches[0].atMs : Infinity;
    for (const [name, taskRun] of taskRuns) {
      const account = taskRun.spec.serviceAccountName;
      const serviceAccountExists = !account || !o.serviceAccounts || o.serviceAccounts.includes(account);
      const known = o.forgetful ? undefined : moments.get(name);
      const plan = planTaskRun({ taskRun, nowMs, speed: o.speed ?? 1, serviceAccountExists, moments: known });
      const { labels, annotations } = taskRun.metadata;
      const metadata = plan.metadata && {
        labels: { ...labels, ...plan.metadata.labels },
        annotations: { ...annotations, ...plan.metadata.annotations },
      };
      if (plan.moments) moments.set(name, plan.moments);
      if (plan.metadata) writes++;
      if (plan.metadata || plan.status) {
        taskRuns.set(name, {
          ...taskRun,
          metadata: { ...taskRun.metadata, ...metadata },
          ...(plan.status && { status: plan.status }),
        });
      }
      if (plan.status) note(name, plan.status.conditions?.[0]);
      dueMs = Math.min(dueMs, plan.wakeAtMs ?? Infinity);
    }
    const plan = planPipelineRun({ run, taskRuns: taskRuns.values(), bundles: o.bundles, nowMs });
    if (plan.labels) {
      writes++;
      run = { ...run, metadata: { ...run.metadata, labels: { ...run.metadata.labels, ...plan.labels } } };
    }
    for (const { name, message } of plan.cancelTaskRuns) {
      writes++;
      const taskRun = taskRuns.get(name);
      if (!taskRun) throw new Error(`the plan cancels ${name}, which does not exist`);
      taskRuns.set(name, { ...taskRun, spec: { ...taskRun.spec, status: "TaskRunCancelled", statusMessage: message } });
    }
    for (const taskRun of plan.createTaskRuns) {
      writes++;
      const name = taskRun.metadata.name ?? "";
      if (taskRuns.has(name)) throw new Error(`the plan creates ${name} twice`);
      taskRuns.set(name, structuredClone(taskRun));
    }
    if (plan.status) {
      run = { ...run, status: plan.status };
      note(run.metadata.name, plan.status.conditions?.[0]);
    }
    if (writes > before) continue;

    dueMs = Math.min(dueMs, plan.wakeAtMs ?? Infinity);
    if (dueMs === Infinity || dueMs > untilMs) break;
    if (dueMs <= nowMs && !patches[0]) throw new Error("the plan asks to be woken in the past");
    nowMs = Math.max(dueMs, nowMs);
    if (patches[0] && startMs + patches[0].atMs <= nowMs) {
      const { status: _, ...spec } = run.spec;
      const specStatus = patches.shift()?.specStatus;
      run = { ...run, spec: specStatus === undefined ? spec : { ...spec, status: specStatus } };
    }
  }
  return { pipelineRun: run, taskRuns: [...taskRuns.values()], conditions, writes, endedAtMs: nowMs };
}

/** A PipelineRun of a bundle, or of an inline pipeline, valid by default. */
export function pipelineRun(name: string, bundle: string, spec: Partial<PipelineRun["spec"]> = {}): PipelineRun {
  const params = [["bundle", `registry.example/${bundle}:v1`], ["name", "workflow"], ["kind", "pipeline"]];
  const pipelineRef = { resolver: "bundles", params: params.map(([name = "", value = ""]) => ({ name, value })) };
  return {
    apiVersion: "tekton.dev/v1",
    kind: "PipelineRun",
    metadata: { name, namespace: "apps" },
    spec: {
      ...(spec.pipelineSpec ? {} : { pipelineRef }),
      params: [{ name: "TARGET_RESOURCE", value: "apps/deployment/web" }],
      taskRunTemplate: { serviceAccountName: "kubernaut-workflow-runner" },
      ...spec,
    },
  };
}
