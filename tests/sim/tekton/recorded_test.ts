// The simulated Tekton against what Tekton v1.12 wrote on a real API server: whole objects, and every condition on the way.
// recorded.ndjson has one run a line; only times, uids, digests and what the server itself writes are left out of the comparison.

import { assertEquals } from "@std/assert";
import { builtinBundles } from "../../../lib/sim/tekton/builtin.ts";
import type { PipelineRun, TaskRun } from "../../../lib/sim/tekton/types.ts";
import { type PlayOptions, playRun } from "./player.ts";

interface Recorded {
  name: string;
  pipelineRun: PipelineRun;
  taskRuns: TaskRun[];
  conditions?: Record<string, string[]>;
}

/** What was done to the runs while they were recorded. */
const circumstances: Record<string, Partial<PlayOptions>> = {
  cancelled: { patches: [{ atMs: 3000, specStatus: "Cancelled" }] },
  grace: { patches: [{ atMs: 3000, specStatus: "CancelledRunFinally" }] },
  resolving: { patches: [{ atMs: 1000, specStatus: "CancelledRunFinally" }], untilMs: 3_600_000 },
  "missing-bundle": { untilMs: 3_600_000 },
  stop: { patches: [{ atMs: 3000, specStatus: "StoppedRunFinally" }] },
  unschedulable: { untilMs: 60_000 },
  "unschedulable with conditions": { untilMs: 60_000 },
};

const text = await Deno.readTextFile(new URL("recorded.ndjson", import.meta.url));
const recordings = text.trim().split("\n").map((line) => JSON.parse(line) as Recorded);

for (const recorded of recordings) {
  Deno.test(`recorded: ${recorded.name}`, () => {
    const played = playRun(asGiven(recorded), {
      bundles: builtinBundles(),
      serviceAccounts: ["kubernaut-workflow-runner"],
      ...circumstances[recorded.name],
    });
    assertEquals(comparable(played.pipelineRun), comparable(recorded.pipelineRun));
    assertEquals(byName(played.taskRuns).map(comparable), byName(recorded.taskRuns).map(comparable));
    if (recorded.conditions) assertEquals(played.conditions, recorded.conditions);
  });
}

Deno.test("recorded: a restart before every look changes nothing", () => {
  for (const recorded of recordings) {
    const o = {
      bundles: builtinBundles(),
      serviceAccounts: ["kubernaut-workflow-runner"],
      ...circumstances[recorded.name],
    };
    const played = playRun(asGiven(recorded), o);
    assertEquals(playRun(asGiven(recorded), { ...o, forgetful: true }), played);
  }
});

/** The PipelineRun as it was created, before anything happened to it. */
function asGiven({ name, pipelineRun }: Recorded): PipelineRun {
  const { "tekton.dev/pipeline": _label, ...labels } = pipelineRun.metadata.labels ?? {};
  const { status, ...spec } = pipelineRun.spec;
  const pending = status !== undefined && !circumstances[name]?.patches;
  return {
    ...pipelineRun,
    metadata: { ...pipelineRun.metadata, ...(Object.keys(labels).length > 0 ? { labels } : { labels: {} }) },
    spec: { ...spec, ...(pending && { status }) },
    status: {},
  };
}

function comparable(object: unknown): unknown {
  const plain = JSON.stringify(object)
    .replace(/"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"/g, '"<time>"')
    .replace(/"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"/g, '"<uid>"')
    .replace(/"sha256":"[0-9a-f]{64}"/g, '"sha256":"<digest>"');
  const value = JSON.parse(plain);
  delete value.metadata.uid;
  return value;
}

function byName(taskRuns: TaskRun[]): TaskRun[] {
  return taskRuns.toSorted((a, b) => (a.metadata.name ?? "") < (b.metadata.name ?? "") ? -1 : 1);
}
