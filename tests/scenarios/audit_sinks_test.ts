// The other places that are told: a file on a full disk, a webhook that is away, Kubernetes Events that nobody takes. None of
// them delays an execution, and the first two lose nothing.

import { assert, assertEquals, assertMatch } from "@std/assert";
import { cloudEvent } from "../../lib/audit/cloudevents.ts";
import { auditFiles } from "../../lib/audit/file.ts";
import { isTerminal } from "../../lib/audit/event.ts";
import type { JSONObject } from "../../lib/kube/contract.ts";
import { auditedWorld, metricOf, owedBy, trailFaults } from "../support/audited_world.ts";
import { manifest } from "../support/builders.ts";
import { nothingMoreHappens, phaseOf, statusOf, untilPhase, untilQuiet } from "../support/story.ts";
import { World } from "../support/world.ts";

const executions = "/apis/workflowexecution.kubernaut.ai/v1alpha1/namespaces/payment/workflowexecutions";

Deno.test("the audit file's disk is full: executions end, readiness stays, it is told, and made good later", async () => {
  const directory = await Deno.makeTempDir();
  const path = `${directory}/audit-20260101T000000000Z.jsonl`;
  try {
    await Deno.symlink("/dev/full", path);
    const sinks = [{ kind: "file", directory }, { kind: "http", url: "http://data-storage.test" }] as const;
    await using audited = await auditedWorld({ direct: true, config: { sinks } });
    const { world, storage } = audited;
    const { controller, metrics } = world.startController();
    world.server.install(manifest());
    await untilPhase(world, "fix", "Completed");
    await world.pass(60_000);
    const told = statusOf(world, "fix").conditions?.find(({ type }) => type === "AuditRecorded");
    assertEquals([told?.status, told?.reason], ["False", "DeliveryLate"]);
    assertMatch(told?.message ?? "", /^file:.*: No space left on device/);
    assertEquals([controller.synced, Object.values(controller.staleness()).filter((why) => why !== undefined)], [
      true,
      [],
    ]);
    assertEquals(await metricOf(metrics, "audit_backlog"), 2);
    assertEquals(trailFaults(storage, owedBy(world)), [], "the other sink has it all the same");

    await Deno.remove(path);
    await untilQuiet(world);
    const files = await auditFiles(directory);
    const lines = (await Deno.readTextFile(files[0] ?? "")).trimEnd().split("\n");
    assertEquals(lines.sort(), owedBy(world).map((event) => JSON.stringify(event)).sort());
    assertEquals(await metricOf(metrics, "audit_backlog"), 0);
    await nothingMoreHappens(world);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("a webhook is posted each end as a CloudEvent, once it can take them; nothing waits for it", async () => {
  const posted: { type: string | null; body: Promise<JSONObject> }[] = [];
  let away = true;
  const webhook = (request: Request) => {
    if (away) return new Response("later", { status: 503 });
    posted.push({ type: request.headers.get("content-type"), body: request.json() });
    return new Response(null, { status: 202 });
  };
  await using audited = await auditedWorld({ config: { notifyUrl: "http://hooks.test/ends" }, webhook });
  const { world, storage } = audited;
  world.startController();
  world.server.install(manifest({ name: "good" }));
  world.server.install(manifest({ name: "bad", image: "exit-code", target: "payment/deployment/b" }));
  await untilPhase(world, "bad", "Running");
  world.server.install(manifest({ name: "busy", target: "payment/deployment/b" }));
  for (const [name, phase] of Object.entries({ good: "Completed", bad: "Failed", busy: "Skipped" })) {
    await untilPhase(world, name, phase);
  }
  await world.pass(10 * 60_000);
  assertEquals(trailFaults(storage, owedBy(world)), [], "the audit trail does not wait for the webhook");

  away = false;
  await untilQuiet(world);
  const ends = owedBy(world).filter(isTerminal);
  const byId = (a: JSONObject, b: JSONObject) => String(a["id"]).localeCompare(String(b["id"]));
  const bodies = await Promise.all(posted.map(({ body }) => body));
  assertEquals(bodies.sort(byId), ends.map(cloudEvent).sort(byId));
  assertEquals(new Set(posted.map(({ type }) => type)), new Set(["application/cloudevents+json; charset=utf-8"]));
  assertEquals(ends.length, 3);
  await nothingMoreHappens(world);
});

/** Every Event of the world: type, reason and whom it is about, in the order in which they were made. */
function told(world: World): string[] {
  return world.list("events").sort((a, b) => version(a) - version(b))
    .map(({ type, reason, regarding }) => `${type} ${reason} ${(regarding as JSONObject)["name"]}`);
}

function version({ metadata }: JSONObject): number {
  return Number((metadata as JSONObject)["resourceVersion"]);
}

Deno.test("Events tell the story of each execution, and kubectl finds them by its uid", async () => {
  await using world = await World.start();
  world.startController();
  world.server.install(manifest({ name: "good" }));
  await untilPhase(world, "good", "Completed");
  world.server.install(manifest({ name: "bad", image: "exit-code", target: "payment/deployment/b" }));
  await untilPhase(world, "bad", "Running");
  world.server.install(manifest({ name: "busy", workflow: "scale", target: "payment/deployment/b" }));
  await untilPhase(world, "bad", "Failed");
  world.server.install(manifest({ name: "gone", image: "hang", target: "payment/deployment/c" }));
  await untilPhase(world, "gone", "Running");
  const uids = new Map(
    world.list("workflowexecutions").map(({ metadata }) => {
      const { name, uid } = metadata as JSONObject;
      return [name, uid];
    }),
  );
  await world.request("DELETE", `${executions}/gone`);
  await world.until("it is gone", () => world.get("workflowexecutions", "payment", "gone") === undefined);
  await untilQuiet(world);
  await world.pass(1_000);
  assertEquals(told(world), [
    "Normal PipelineRunCreated good",
    "Normal WorkflowCompleted good",
    "Normal PipelineRunCreated bad",
    "Normal WorkflowSkipped busy",
    "Warning WorkflowFailed bad",
    "Normal PipelineRunCreated gone",
    "Warning WorkflowExecutionDeleted gone",
  ]);
  for (const event of world.list("events")) {
    const { regarding, action, reportingController, reportingInstance, note } = event as Record<string, JSONObject>;
    assertEquals(regarding?.["uid"], uids.get(regarding?.["name"] ?? "") ?? null);
    for (const text of [action, reportingController, reportingInstance, note]) assert(String(text ?? "") !== "");
    assert(new TextEncoder().encode(String(note)).length <= 1_024);
  }
});

for (const [what, action] of Object.entries({ refuses: { status: 403 }, "never answers": { delayMs: 3_600_000 } })) {
  Deno.test(`an API server that ${what} Events delays nothing; they are shed and counted`, async () => {
    await using world = await World.start();
    world.server.faults.add({ match: ({ resource }) => resource === "events", action });
    const { metrics } = world.startController();
    const names = Array.from({ length: 5 }, (_, i) => `e${i}`);
    for (const name of names) world.server.install(manifest({ name, target: `payment/deployment/${name}` }));
    await untilQuiet(world);
    assert(world.clock.monotonic() < 60_000, `it took ${world.clock.monotonic()} ms`);
    assertEquals(names.map((name) => phaseOf(world, name)), names.map(() => "Completed"));
    await world.pass(10 * 60_000);
    assertEquals(world.list("events"), []);
    assertEquals(await metricOf(metrics, "kubernetes_events_shed_total"), 10);
  });
}
