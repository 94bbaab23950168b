// The Data Storage Service is away for long while executions come and go: all run and end as if it were there, and afterwards
// it has each event, exactly as it happened.

import { assert, assertEquals } from "@std/assert";
import { sleep } from "../../lib/clock.ts";
import { parseDurationMs } from "../../lib/workflow/duration.ts";
import { executionFrom } from "../../lib/workflow/execution.ts";
import { auditedWorld, metricOf, owedBy, trailFaults } from "../support/audited_world.ts";
import { manifest } from "../support/builders.ts";
import type { Scripted } from "../support/data_storage.ts";
import { heldLocks, nothingMoreHappens, untilQuiet } from "../support/story.ts";
import { swiftRuns } from "../support/swift_runs.ts";
import type { World } from "../support/world.ts";

const hour = 3600_000;
const runMs = 10_000;

interface Outage {
  readonly lengthMs: number;
  readonly answer: Scripted;
  readonly executions: number;
  /** They come in so many crowds, spread over the time. */
  readonly crowds: number;
}

const outages: Record<string, Outage> = {
  "an hour without an answer": { lengthMs: hour, answer: "store and hang", executions: 2000, crowds: 8 },
  "eight days of 503": {
    lengthMs: 8 * 24 * hour,
    answer: { status: 503, headers: { "retry-after": "300" } },
    executions: 2000,
    crowds: 8,
  },
};

for (const [what, outage] of Object.entries(outages)) {
  Deno.test(`${outage.executions} executions end during ${what}: undelayed, and all is told afterwards`, async () => {
    await using audited = await auditedWorld({ direct: true, tekton: false });
    const { world, storage } = audited;
    swiftRuns(world, runMs);
    const { metrics } = world.startController();
    storage.always = outage.answer;
    await world.pass(60_000);
    const each = outage.executions / outage.crowds;
    for (let crowd = 0; crowd < outage.crowds; crowd++) {
      const names = Array.from({ length: each }, (_, i) => `e${crowd}-${i}`);
      for (const name of names) world.server.install(manifest({ name, target: `payment/deployment/${name}` }));
      await world.pass(runMs + 5_000);
      assertEquals(delayed(world, new Set(names)), []);
      assertEquals(heldLocks(world), []);
      await world.pass(outage.lengthMs / outage.crowds - runMs - 5_000);
    }
    assertEquals(recorded(world), ["False DeliveryLate"]);
    assertEquals(await metricOf(metrics, "audit_backlog"), 2 * outage.executions);

    storage.always = undefined;
    await world.pass(10 * 60_000);
    await untilQuiet(world);
    assertEquals(trailFaults(storage, owedBy(world)), []);
    assertEquals(recorded(world), ["True Recorded"]);
    assertEquals(await metricOf(metrics, "audit_backlog"), 0);
    assertEquals(await metricOf(metrics, "audit_events_written_total"), 2 * outage.executions);
    assertEquals(await metricOf(metrics, "audit_events_rejected_total"), 0);
    await nothingMoreHappens(world);
  });
}

Deno.test("a new execution does not wait until a crowd of others has been told that their audit is late", async () => {
  await using audited = await auditedWorld({ rules: { requireDigest: true }, tekton: false });
  const { world, storage } = audited;
  storage.always = { status: 503 };
  let requestMs = 0;
  world.startController({
    carry: async (request, send) => {
      if (requestMs > 0 && !request.url.includes("watch=")) await sleep(world.clock, requestMs);
      return await send(request);
    },
  });
  const crowd = Array.from({ length: 150 }, (_, i) => `e${i}`);
  for (const name of crowd) world.server.install(manifest({ name, target: `payment/deployment/${name}` }));
  await world.until(
    "all have failed",
    () => world.list("workflowexecutions").every(({ status }) => status !== undefined),
  );
  await world.pass(29_999);
  assertEquals(recorded(world), ["undefined undefined"]);
  requestMs = 50;
  await world.pass(1);
  const image = `ok@sha256:${"a".repeat(64)}`;
  const workflowRef = { workflowId: "restart", version: "1.0.0", containerImage: `registry.example/${image}` };
  world.server.install(manifest({ name: "new", spec: { workflowRef } }));
  const createdAtMs = world.clock.monotonic();
  await world.until("it has its run", () => world.list("pipelineruns").length === 1);
  const tookMs = world.clock.monotonic() - createdAtMs;
  assert(tookMs <= 12 * requestMs, `${tookMs} ms`);
  assertEquals(recorded(world), ["False DeliveryLate", "undefined undefined"], "the crowd has not been told yet");
});

/** What AuditRecorded says, each answer once. */
function recorded(world: World): string[] {
  const said = world.list("workflowexecutions").map((object) => {
    const condition = executionFrom(object).status.conditions?.find(({ type }) => type === "AuditRecorded");
    return `${condition?.status} ${condition?.reason}`;
  });
  return [...new Set(said)];
}

/** Executions whose run did not begin with their creation, or whose end was not told the moment it came. */
function delayed(world: World, names: Set<string>): string[] {
  const executions = world.list("workflowexecutions").map(executionFrom).filter(({ name }) => names.has(name));
  assertEquals(executions.length, names.size);
  return executions.flatMap(({ name, createdAtMs, status }) => {
    const { phase, startTime = "", duration } = status;
    const startedAfterMs = Date.parse(startTime) - createdAtMs;
    if (phase === "Completed" && startedAfterMs < 5_000 && lasted(duration)) return [];
    return [`${name} is ${phase}, started after ${startedAfterMs} ms, took ${duration}`];
  });
}

/** Times are told in whole seconds. */
function lasted(duration = "0s"): boolean {
  const ms = parseDurationMs(duration);
  return ms >= runMs && ms <= runMs + 1_000;
}
