// Executions that are deleted while their audit events wait: the deletion is over within 30 s, the events are kept in
// ConfigMaps of the lock namespace, and are sent from there when the Data Storage Service takes them, by whoever leads then.

import { assert, assertEquals } from "@std/assert";
import { type AuditEvent, eventsOf } from "../../lib/audit/event.ts";
import type { JSONObject } from "../../lib/kube/contract.ts";
import { executionFrom } from "../../lib/workflow/execution.ts";
import { type AuditedWorld, auditedWorld, metricOf, storedTrail, trailFaults } from "../support/audited_world.ts";
import { manifest } from "../support/builders.ts";
import { heldLocks, nothingMoreHappens, untilPhase } from "../support/story.ts";
import type { World } from "../support/world.ts";

const executions = "/apis/workflowexecution.kubernaut.ai/v1alpha1/namespaces/payment/workflowexecutions";

/** A world whose service is away, with these executions as far as they get. */
async function waiting(phases: Record<string, "Completed" | "Running" | "Skipped">): Promise<AuditedWorld> {
  const audited = await auditedWorld();
  const { world, storage } = audited;
  storage.always = { status: 503 };
  world.startController();
  for (const [name, phase] of Object.entries(phases)) {
    const image = phase === "Running" ? "hang" : "ok";
    const target = `payment/deployment/${phase === "Skipped" ? Object.keys(phases)[0] : name}`;
    world.server.install(manifest({ name, image, target, workflow: name }));
    await untilPhase(world, name, phase);
  }
  return audited;
}

/** What is owed by every execution, as it stands; a deletion that is under way included. */
function owed(world: World): AuditEvent[] {
  return world.list("workflowexecutions").flatMap((object) => eventsOf(executionFrom(object)));
}

function spooled(world: World): string[] {
  return world.list("configmaps", "kubernaut-system").map(({ data }) => {
    const { resource_id, event_action } = JSON.parse(String((data as JSONObject)["event.json"])) as JSONObject;
    return `${resource_id} ${event_action}`;
  }).sort();
}

Deno.test("a finished and a running execution, deleted while their audit waits, are gone within 30 s and told later", async () => {
  await using audited = await waiting({ done: "Completed", going: "Running" });
  const { world, storage } = audited;
  const gone = () => world.list("workflowexecutions").length === 0;
  const deletedAtMs = world.clock.monotonic();
  for (const name of ["done", "going"]) await world.request("DELETE", `${executions}/${name}`);
  await world.until("their deletion has begun", () => owed(world).length === 4);
  const events = owed(world);
  await world.until("they are gone", gone, 60_000);
  assert(world.clock.monotonic() - deletedAtMs <= 30_000, `after ${world.clock.monotonic() - deletedAtMs} ms`);
  assertEquals([heldLocks(world), world.list("pipelineruns")], [[], []]);
  assertEquals(spooled(world), [
    "done workflow.completed",
    "done workflow.started",
    "going workflow.deleted",
    "going workflow.started",
  ]);
  await world.pass(3_600_000);
  assertEquals([spooled(world).length, storedTrail(storage)], [4, []]);

  storage.always = undefined;
  await world.until("nothing is spooled", () => spooled(world).length === 0, 10 * 60_000);
  assertEquals(trailFaults(storage, events), []);
  await nothingMoreHappens(world);
});

Deno.test("a controller whose clock is an hour behind lets a deletion wait no longer than any other", async () => {
  await using audited = await waiting({ done: "Completed", going: "Running" });
  const { world, storage } = audited;
  const deletedAtMs = world.clock.monotonic();
  for (const name of ["done", "going"]) await world.request("DELETE", `${executions}/${name}`);
  world.clock.jump(-3_600_000);
  await world.until("they are gone", () => world.list("workflowexecutions").length === 0, 60_000);
  assert(world.clock.monotonic() - deletedAtMs <= 30_000, `after ${world.clock.monotonic() - deletedAtMs} ms`);
  assertEquals(spooled(world).length, 4);
  world.clock.jump(3_600_000); // set right, so that the ledgers of the locks run out
  storage.always = undefined;
  await world.until("nothing is spooled", () => spooled(world).length === 0, 10 * 60_000);
  await nothingMoreHappens(world);
});

Deno.test("what a killed controller has spooled is sent by its successor, alike if it is sent twice", async () => {
  await using audited = await auditedWorld();
  const { world, storage } = audited;
  storage.always = "store and cut";
  const first = world.startController();
  world.server.install(manifest());
  await untilPhase(world, "fix", "Completed");
  await world.request("DELETE", `${executions}/fix`);
  const events = owed(world);
  await world.until("it is gone", () => world.list("workflowexecutions").length === 0);
  first.kill();
  assertEquals(spooled(world).length, 2);
  storage.always = undefined;
  world.startController();
  await world.until("nothing is spooled", () => spooled(world).length === 0, 60_000);
  assertEquals(trailFaults(storage, events), []);
  assert(storage.stored.length >= 4, "they were sent twice");
});

Deno.test("a controller killed between spooling and taking its finalizer away: spooled once, told", async () => {
  await using audited = await auditedWorld();
  const { world, storage } = audited;
  storage.always = { status: 503 };
  const first = world.startController();
  world.server.install(manifest());
  await untilPhase(world, "fix", "Completed");
  world.server.faults.add({
    match: ({ resource, verb, subresource }) => resource === "workflowexecutions" && verb === "patch" && !subresource,
    times: 1,
    action: { run: () => first.kill() },
  });
  await world.request("DELETE", `${executions}/fix`);
  const events = owed(world);
  await world.pass(60_000);
  world.startController();
  await world.until("it is gone", () => world.list("workflowexecutions").length === 0, 60_000);
  assertEquals(spooled(world), ["fix workflow.completed", "fix workflow.started"]);
  storage.always = undefined;
  await world.until("nothing is spooled", () => spooled(world).length === 0, 10 * 60_000);
  assertEquals(trailFaults(storage, events), []);
});

Deno.test("a namespace deleted while the audit of its executions waits goes, and they are told later", async () => {
  await using audited = await waiting({ done: "Completed", going: "Running" });
  const { world, storage } = audited;
  const deletedAtMs = world.clock.monotonic();
  await world.request("DELETE", "/api/v1/namespaces/payment");
  await world.until("its executions are being deleted", () => owed(world).length === 4);
  const events = owed(world);
  const isGone = () => !world.list("namespaces").some(({ metadata }) => (metadata as JSONObject)["name"] === "payment");
  await world.until("it is gone", isGone, 120_000);
  assert(world.clock.monotonic() - deletedAtMs <= 30_000, `after ${world.clock.monotonic() - deletedAtMs} ms`);
  assertEquals(spooled(world).length, 4);
  storage.always = undefined;
  await world.until("nothing is spooled", () => spooled(world).length === 0, 10 * 60_000);
  assertEquals(trailFaults(storage, events), []);
});

Deno.test("a spool that cannot be written to holds the deletion up, and no event is lost", async () => {
  await using audited = await waiting({ done: "Completed" });
  const { world, storage } = audited;
  const refused = world.server.faults.add({
    match: ({ resource, verb }) => resource === "configmaps" && verb === "create",
    action: { status: 500 },
  });
  await world.request("DELETE", `${executions}/done`);
  const events = owed(world);
  await world.pass(10 * 60_000);
  assertEquals([world.list("workflowexecutions").length, spooled(world)], [1, []]);
  refused[Symbol.dispose]();
  await world.until("it is gone", () => world.list("workflowexecutions").length === 0, 120_000);
  assertEquals(spooled(world).length, 2);
  storage.always = undefined;
  await world.until("nothing is spooled", () => spooled(world).length === 0, 10 * 60_000);
  assertEquals(trailFaults(storage, events), []);
});

Deno.test("of two replicas that lead in turn, the one that leads sends the spool; a standby leaves it alone", async () => {
  await using audited = await auditedWorld();
  const { world, storage } = audited;
  storage.always = { status: 503 };
  const first = world.startController();
  const second = world.startController({ leading: false });
  world.server.install(manifest());
  await untilPhase(world, "fix", "Completed");
  await world.request("DELETE", `${executions}/fix`);
  const events = owed(world);
  await world.until("it is gone", () => world.list("workflowexecutions").length === 0);
  await world.pass(10 * 60_000);
  assertEquals(await metricOf(second.metrics, "audit_backlog"), 0);
  assertEquals(await metricOf(first.metrics, "audit_backlog"), 2);
  first.lead(false);
  second.lead(true);
  await world.pass(1_000);
  assertEquals(await metricOf(first.metrics, "audit_backlog"), 0);
  storage.always = undefined;
  await world.until("nothing is spooled", () => spooled(world).length === 0, 10 * 60_000);
  assertEquals(trailFaults(storage, events), []);
  assertEquals(storage.stored.length, 2);
});

Deno.test("two replicas that lead at once send the spool twice at most, alike, and clear it", async () => {
  await using audited = await auditedWorld();
  const { world, storage, lines } = audited;
  storage.always = { status: 503 };
  world.startController();
  world.startController();
  world.server.install(manifest());
  await untilPhase(world, "fix", "Completed");
  await world.request("DELETE", `${executions}/fix`);
  const events = owed(world);
  await world.until("it is gone", () => world.list("workflowexecutions").length === 0);
  await world.pass(10 * 60_000);
  storage.always = undefined;
  await world.until("nothing is spooled", () => spooled(world).length === 0, 10 * 60_000);
  await world.pass(10 * 60_000);
  assertEquals(trailFaults(storage, events), []);
  assert(storage.stored.length <= 4, `${storage.stored.length} events were stored`);
  assertEquals(lines.filter(({ level }) => level === "error"), []);
  await nothingMoreHappens(world);
});
