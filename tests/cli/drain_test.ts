// drain over a whole world: with a controller that does the work, and with one that is gone. What must hold at the end is that
// nothing runs, nothing is owed, no lock is held, and no outcome is missing from the audit trail.

import { assertEquals, assertMatch } from "@std/assert";
import { writeSpool } from "../../lib/audit/spool.ts";
import { oneEvent } from "../audit/harness.ts";
import { drainCluster, type DrainOptions } from "../../lib/cli/drain.ts";
import { parseSink } from "../../lib/config_values.ts";
import { loadConfig } from "../../lib/config.ts";
import { silentLogger } from "../../lib/log.ts";
import type { JSONObject } from "../../lib/kube/contract.ts";
import { manifest } from "../support/builders.ts";
import { auditTrail, heldLocks, phaseOf, runNames, statusOf, untilPhase } from "../support/story.ts";
import { World } from "../support/world.ts";

const noDoor = "new executions cannot be refused here (the cluster has no ValidatingAdmissionPolicy): " +
  "stop whoever creates them";

interface Drained {
  readonly drained: boolean;
  readonly said: readonly string[];
  /** The events that drain itself delivered, as "execution event". */
  readonly delivered: readonly string[];
}

/** Drains the world, for an hour of its time at most, and returns what came of it. `meanwhile` happens once it waits. */
async function drain(world: World, o: Partial<DrainOptions> = {}, meanwhile?: () => void): Promise<Drained> {
  const folder = await Deno.makeTempDir();
  try {
    const defaults = await loadConfig({ args: [], env: {}, readFile: () => Promise.resolve(undefined) });
    const said: string[] = [];
    using client = world.connect();
    const drained = await world.finish(drainCluster({
      client,
      config: {
        ...defaults,
        lockNamespace: "kubernaut-system",
        audit: { ...defaults.audit, sinks: [parseSink(`file:${folder}`)] },
      },
      clock: world.clock,
      log: silentLogger,
      say: (line) => {
        said.push(line);
        if (line.startsWith("waiting")) meanwhile?.();
      },
      cancel: false,
      takeOver: false,
      timeoutMs: 3_600_000,
      ...o,
    }, new AbortController().signal));
    return { drained, said, delivered: await trailIn(folder) };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function trailIn(folder: string): Promise<string[]> {
  const events = new Map<string, string>();
  for await (const { name } of Deno.readDir(folder)) {
    if (!name.endsWith(".jsonl")) continue;
    for (const line of (await Deno.readTextFile(`${folder}/${name}`)).split("\n").filter((each) => each !== "")) {
      const { event_id, resource_id, event_type } = JSON.parse(line) as Record<string, string>;
      events.set(event_id ?? "", `${resource_id} ${event_type?.split(".").at(-1)}`);
    }
  }
  return [...events.values()].toSorted();
}

/** Finalizers of the executions, all together. */
function finalizers(world: World): string[] {
  return world.list("workflowexecutions").flatMap(({ metadata }) =>
    (metadata as { finalizers?: string[] }).finalizers ?? []
  );
}

function assertNothingLeft(world: World): void {
  assertEquals([finalizers(world), heldLocks(world)], [[], []]);
}

Deno.test("drain of an idle cluster is done at once", async () => {
  await using world = await World.start();
  world.startController();
  assertEquals(await drain(world), { drained: true, said: [noDoor], delivered: [] });
});

Deno.test("drain waits for what runs, and the controller finishes it", async () => {
  await using world = await World.start();
  world.startController();
  world.server.install(manifest());
  await untilPhase(world, "fix", "Running");
  const { drained, said, delivered } = await drain(world);
  assertEquals([drained, delivered, phaseOf(world, "fix")], [true, [], "Completed"]);
  assertEquals(said.slice(0, 2), [noDoor, "waiting: 1 unfinished (payment/fix), 1 locked (payment/deployment/api)"]);
  assertEquals(auditTrail(world), ["fix started", "fix completed"]);
  assertNothingLeft(world);
});

Deno.test("drain --cancel ends what would run for long; its finally tasks run and its outcome is recorded", async () => {
  await using world = await World.start();
  world.startController();
  world.server.install(manifest({ image: "hang-rollback" }));
  await untilPhase(world, "fix", "Running");
  await world.pass(5_000);
  const { drained, said } = await drain(world, { cancel: true });
  assertEquals(drained, true);
  assertEquals(said.filter((line) => line.startsWith("cancelled")).length, 1);
  const { phase, failureDetails, message = "" } = statusOf(world, "fix");
  assertEquals([phase, failureDetails?.reason], ["Failed", "Unknown"]);
  assertMatch(message, /cancelled/);
  assertMatch(failureDetails?.naturalLanguageSummary ?? "", /undo|rollback|finally/i);
  assertEquals(auditTrail(world), ["fix started", "fix failed"]);
  assertNothingLeft(world);
});

Deno.test("drain does not wait for a deleted execution that somebody else's finalizer keeps", async () => {
  await using world = await World.start();
  world.startController();
  world.server.install(manifest({ image: "hang" }));
  await untilPhase(world, "fix", "Running");
  const path = "/apis/workflowexecution.kubernaut.ai/v1alpha1/namespaces/payment/workflowexecutions/fix";
  await world.request("PATCH", path, { metadata: { finalizers: [...finalizers(world), "example.com/keep"] } });
  await world.request("DELETE", path);
  const { drained } = await drain(world);
  assertEquals([drained, finalizers(world), phaseOf(world, "fix")], [true, ["example.com/keep"], "Running"]);
  assertEquals([auditTrail(world), heldLocks(world), runNames(world)], [["fix started", "fix deleted"], [], []]);
});

Deno.test("drain gives up when time is up, says what is left, and asks whether the controller runs", async () => {
  await using world = await World.start();
  const controller = world.startController();
  world.server.install(manifest());
  await untilPhase(world, "fix", "Running");
  controller.kill();
  const { drained, said } = await drain(world, { timeoutMs: 90_000 });
  assertEquals(drained, false);
  assertEquals(said, [
    noDoor,
    "waiting: 1 unfinished (payment/fix), 1 locked (payment/deployment/api)",
    "nothing has changed for 60 s; does the controller run? If it is gone: kubernaut-we drain --take-over",
    "time is up after 90 s: 1 unfinished (payment/fix), 1 locked (payment/deployment/api)",
  ]);
});

Deno.test("drain --take-over finishes what a controller left behind, records it, and begins nothing", async () => {
  await using world = await World.start();
  const controller = world.startController();
  world.server.install(manifest());
  await untilPhase(world, "fix", "Running");
  controller.kill();
  world.server.install(manifest({ name: "waiting", target: "node/worker-1" }));
  let asked = false;
  const { drained, delivered } = await drain(world, { takeOver: true }, () => {
    if (!asked) world.server.install(manifest({ name: "new", target: "node/worker-2" }));
    asked = true;
  });
  assertEquals([drained, asked], [true, true]);
  assertEquals([phaseOf(world, "fix"), phaseOf(world, "waiting"), phaseOf(world, "new")], [
    "Completed",
    "Pending",
    "Pending",
  ]);
  assertEquals(delivered, ["fix completed", "fix started"]);
  assertEquals(runNames(world).length, 1);
  assertNothingLeft(world);
});

Deno.test("drain --take-over ends an execution that was deleted after its controller had gone", async () => {
  await using world = await World.start();
  const controller = world.startController();
  world.server.install(manifest({ image: "hang" }));
  await untilPhase(world, "fix", "Running");
  controller.kill();
  await world.request(
    "DELETE",
    "/apis/workflowexecution.kubernaut.ai/v1alpha1/namespaces/payment/workflowexecutions/fix",
  );
  const { drained, delivered } = await drain(world, { takeOver: true });
  assertEquals([drained, delivered], [true, ["fix deleted", "fix started"]]);
  assertEquals([world.list("workflowexecutions"), world.list("pipelineruns")], [[], []]);
  assertNothingLeft(world);
});

Deno.test("drain --take-over frees the lock of an execution that is gone, and ends its run", async () => {
  await using world = await World.start();
  const controller = world.startController();
  world.server.install(manifest({ image: "hang" }));
  await untilPhase(world, "fix", "Running");
  controller.kill();
  const path = "/apis/workflowexecution.kubernaut.ai/v1alpha1/namespaces/payment/workflowexecutions/fix";
  await world.request("PATCH", path, { metadata: { finalizers: null } });
  await world.request("DELETE", path);
  assertEquals((await drain(world, { takeOver: true })).drained, true);
  assertEquals(world.list("pipelineruns"), []);
  assertNothingLeft(world);
});

Deno.test("drain --take-over delivers what lies in the spool", async () => {
  await using world = await World.start();
  await world.finish(writeSpool(world.client, "kubernaut-system", { uid: "u" }, [oneEvent("gone")]));
  const { drained, delivered } = await drain(world, { takeOver: true });
  assertEquals([drained, delivered.length], [true, 1]);
  assertEquals(world.list("configmaps", "kubernaut-system").map(({ metadata }) => (metadata as JSONObject).name), []);
});
