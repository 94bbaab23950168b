// The API server in a bad mood: conflicts, restarts, watches that expire or fall silent; and two controllers at once.

import { assertEquals } from "@std/assert";
import { manifest } from "../support/builders.ts";
import {
  auditTrail,
  nothingMoreHappens,
  phaseOf,
  runNames,
  statusOf,
  untilPhase,
  untilQuiet,
} from "../support/story.ts";
import { World } from "../support/world.ts";

const minute = 60_000;

Deno.test("every status write conflicts for a while: one run, one end, and each event once", async () => {
  await using world = await World.start();
  world.startController();
  world.server.faults.add({
    match: ({ resource, subresource, verb }) =>
      resource === "workflowexecutions" && subresource === "status" && verb === "patch",
    times: 8,
    action: { status: 409 },
  });
  world.server.install(manifest());
  await untilQuiet(world);
  assertEquals([phaseOf(world, "fix"), runNames(world).length], ["Completed", 1]);
  assertEquals(world.audit.events.map(({ event_type }) => event_type.split(".").at(-1)), ["started", "completed"]);
  await nothingMoreHappens(world);
});

Deno.test("every answer to a write is lost for a while, though it was carried out", async () => {
  await using world = await World.start();
  world.startController();
  world.server.faults.add({
    match: ({ verb }) => ["create", "patch", "delete"].includes(verb),
    times: 60,
    probability: 0.5,
    action: { dropAfter: true },
  });
  world.server.install(manifest());
  world.server.install(manifest({ name: "other", workflow: "scale", target: "apps/deployment/web" }));
  await untilQuiet(world);
  assertEquals([phaseOf(world, "fix"), phaseOf(world, "other"), runNames(world).length], ["Completed", "Completed", 2]);
  assertEquals(auditTrail(world).sort(), ["fix completed", "fix started", "other completed", "other started"]);
  await nothingMoreHappens(world);
});

Deno.test("the API server is away for a minute: everything goes on where it was", async () => {
  await using world = await World.start();
  world.startController();
  world.server.install(manifest());
  await untilPhase(world, "fix", "Running");
  const away = world.server.faults.add({ match: () => true, action: { dropBefore: true } });
  world.server.watches.cut(() => true);
  await world.pass(minute);
  away[Symbol.dispose]();
  await untilQuiet(world);
  assertEquals(phaseOf(world, "fix"), "Completed");
  assertEquals(auditTrail(world), ["fix started", "fix completed"]);
  await nothingMoreHappens(world);
});

Deno.test("an execution that waits for an API server that takes no writes is tried within 15 s of its return", async () => {
  for (const awayMs of [10 * minute, 10 * minute + 20_000, 10 * minute + 40_000]) {
    await using world = await World.start();
    world.startController();
    const readOnly = world.server.faults.add({
      match: ({ verb }) => verb !== "get" && verb !== "list" && verb !== "watch",
      action: { status: 500 },
    });
    world.server.install(manifest());
    await world.pass(awayMs);
    assertEquals(phaseOf(world, "fix"), "Pending");
    readOnly[Symbol.dispose]();
    await world.until("it is tried again", () => phaseOf(world, "fix") === "Running", 15_000);
    await untilQuiet(world);
    assertEquals(phaseOf(world, "fix"), "Completed");
  }
});

Deno.test("watches that expire (410) are begun anew, and nothing in between is lost", async () => {
  await using world = await World.start();
  world.startController();
  world.server.install(manifest());
  await untilPhase(world, "fix", "Running");
  world.server.compactAndExpire();
  world.server.install(manifest({ name: "other", workflow: "scale" }));
  await untilQuiet(world);
  assertEquals([phaseOf(world, "fix"), phaseOf(world, "other")], ["Completed", "Skipped"]);
  await nothingMoreHappens(world);
});

Deno.test("a watch that never sends a byte is cut, and what it missed is seen", async () => {
  await using world = await World.start();
  world.server.faults.add({
    match: ({ resource, verb, query }) =>
      resource === "workflowexecutions" && verb === "watch" && !query.has("sendInitialEvents"),
    times: 1,
    action: { silentWatch: true },
  });
  world.startController();
  await world.pass(10 * minute);
  world.server.install(manifest());
  await untilPhase(world, "fix", "Completed");
  await untilQuiet(world);
  await nothingMoreHappens(world);
});

Deno.test("two controllers at once, each slow in turn: one run, one end, each event known once", async () => {
  await using world = await World.start();
  world.startController();
  world.startController();
  world.server.faults.add({
    match: ({ verb }) => ["create", "patch"].includes(verb),
    probability: 0.3,
    action: { delayMs: 700 },
  });
  for (const [i, workflow] of ["a", "b", "c", "d"].entries()) {
    world.server.install(manifest({ name: `fix-${i}`, workflow }));
  }
  await untilQuiet(world);
  const phases = [0, 1, 2, 3].map((i) => phaseOf(world, `fix-${i}`)).sort();
  assertEquals([phases, runNames(world).length], [["Completed", "Skipped", "Skipped", "Skipped"], 1]);
  await world.pass(minute); // what is still on its way
  await nothingMoreHappens(world);
});

Deno.test("a target is free the moment its run has ended, for a replica whose cache of runs lags behind too", async () => {
  await using world = await World.start();
  const first = world.startController();
  world.server.install(manifest({ name: "one" }));
  await untilPhase(world, "one", "Running");
  // The second replica sees the run, and then no event about runs any more.
  const lagging = world.startController({
    carry: async (request, send) => {
      const { pathname, searchParams } = new URL(request.url);
      const response = await send(request);
      if (!pathname.endsWith("/pipelineruns") || searchParams.get("watch") === null || !response.body) return response;
      return new Response(response.body.pipeThrough(firstBytesOnly(world)), response);
    },
    leading: false,
  });
  await world.until("it has seen the run", () => lagging.controller.synced);
  await untilPhase(world, "one", "Completed");
  await untilQuiet(world);
  first.kill();
  lagging.controller.leading = true;
  world.server.install(manifest({ name: "two", workflow: "scale" }));
  await world.until("two is decided", () => ["Running", "Completed", "Skipped"].includes(phaseOf(world, "two")));
  assertEquals(statusOf(world, "two").skipDetails, undefined);
});

/** Passes what comes before the run has ended, and holds back the rest. */
function firstBytesOnly(world: World): TransformStream<Uint8Array, Uint8Array> {
  return new TransformStream({
    transform(chunk, controller) {
      const ended = JSON.stringify(world.list("pipelineruns")[0]?.status ?? {}).includes("completionTime");
      if (!ended) controller.enqueue(chunk);
    },
  });
}
