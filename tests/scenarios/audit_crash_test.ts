// Controllers that are killed, stopped, or doubled, at every moment of an event's way: no event is lost, and a repeat is the
// same event.

import { assert, assertEquals } from "@std/assert";
import { type AuditedWorld, auditedWorld, owedBy, storedTrail, trailFaults } from "../support/audited_world.ts";
import { manifest } from "../support/builders.ts";
import type { Scripted } from "../support/data_storage.ts";
import { nothingMoreHappens, phaseOf, untilPhase, untilQuiet } from "../support/story.ts";
import type { RunningController } from "../support/world.ts";

interface Kill {
  /** What the service does with the requests of the controller that is killed. */
  readonly answer: Scripted | undefined;
  /** The moment. */
  readonly when: (audited: AuditedWorld) => boolean;
  /** Whether the events of the end must have come twice, not once. */
  readonly twice: boolean;
}

const received = ({ storage }: AuditedWorld) => storage.received.length > 0;
const kills: Record<string, Kill> = {
  "after the end was committed and before anything was sent": {
    answer: "cut",
    when: ({ world, storage }) => phaseOf(world, "fix") === "Completed" && storage.stored.length === 0,
    twice: false,
  },
  "while the first request is under way": { answer: "hang", when: received, twice: false },
  "when everything was stored, and no answer has come": { answer: "store and hang", when: received, twice: true },
};

for (const [moment, { answer, when, twice }] of Object.entries(kills)) {
  Deno.test(`a controller killed ${moment}: its successor tells it all`, async () => {
    await using audited = await auditedWorld();
    const { world, storage } = audited;
    storage.always = answer;
    const first = world.startController();
    world.server.install(manifest());
    await untilPhase(world, "fix", "Completed");
    await world.until(moment, () => when(audited));
    first.kill();
    storage.always = undefined;
    world.startController();
    await untilQuiet(world);
    assertEquals(storedTrail(storage), ["fix workflow.started", "fix workflow.completed"]);
    assertEquals(trailFaults(storage, owedBy(world)), []);
    assertEquals(storage.stored.length > 2, twice);
    await nothingMoreHappens(world);
  });
}

Deno.test("a controller killed after every request that it makes, the service's included: nothing is lost", async () => {
  await using audited = await auditedWorld();
  const { world, storage } = audited;
  let kills = 0;
  // Each successor lives for one request more than its predecessor, until one lives long enough.
  for (let lives = 1; phaseOf(world, "fix") !== "Completed" || owes(audited); lives++) {
    assert(lives < 200, "it does not come to an end");
    const from = world.requests.length + storage.received.length;
    const controller = world.startController();
    if (lives === 1) world.server.install(manifest());
    const requests = () => world.requests.length + storage.received.length - from;
    await world.until("it has made its requests, or all is done", () => requests() >= lives || !owes(audited), 600_000);
    controller.kill();
    kills++;
  }
  assert(kills >= 8, `${kills} kills`);
  world.startController();
  await untilQuiet(world);
  assertEquals(trailFaults(storage, owedBy(world)), []);
});

Deno.test("a controller told to stop flushes what waits, for five seconds at most; its successor sends the rest", async () => {
  for (const answer of [undefined, "hang"] as const) {
    await using audited = await auditedWorld();
    const { world, storage } = audited;
    const first = world.startController();
    world.server.install(manifest());
    storage.always = { status: 503 };
    await untilPhase(world, "fix", "Completed");
    await world.pass(20_000);
    storage.always = answer;
    const toldAtMs = world.clock.monotonic();
    await first.stop();
    assert(world.clock.monotonic() - toldAtMs <= 5_000, "it has stopped in time");
    assertEquals(storedTrail(storage).length, answer ? 0 : 2);
    storage.always = undefined;
    world.startController();
    await untilQuiet(world);
    assertEquals(trailFaults(storage, owedBy(world)), []);
    await nothingMoreHappens(world);
  }
});

Deno.test("two replicas at once tell each event, alike, and neither waits for the other", async () => {
  await using audited = await auditedWorld();
  const { world, storage } = audited;
  const replicas: RunningController[] = [world.startController(), world.startController()];
  const names = Array.from({ length: 10 }, (_, i) => `e${i}`);
  storage.always = { status: 503 };
  for (const name of names) world.server.install(manifest({ name, target: `payment/deployment/${name}` }));
  await world.pass(60_000);
  replicas[0]?.kill();
  storage.always = undefined;
  await untilQuiet(world);
  assertEquals(trailFaults(storage, owedBy(world)), []);
  await nothingMoreHappens(world);
});

function owes({ world, storage }: AuditedWorld): boolean {
  const trail = storedTrail(storage);
  return world.list("workflowexecutions").length === 0 || !trail.includes("fix workflow.completed") ||
    ((world.get("workflowexecutions", "payment", "fix")?.metadata as { finalizers?: string[] }).finalizers ?? [])
        .length > 0;
}
