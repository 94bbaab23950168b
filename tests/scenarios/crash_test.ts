// kill -9 before and after every single write of the basic stories: a controller that starts afterwards brings each to the
// same end, and the target never sees two runs.

import { assertEquals } from "@std/assert";
import { manifest } from "../support/builders.ts";
import { auditTrail, nothingMoreHappens, phaseOf, untilPhase, untilQuiet } from "../support/story.ts";
import { type Carry, World } from "../support/world.ts";

interface Story {
  readonly name: string;
  readonly image: string;
  readonly more?: (world: World) => Promise<void>;
  /** Phases of the executions that are left. */
  readonly phases: Record<string, string>;
  readonly trail: string[];
}

const executions = "/apis/workflowexecution.kubernaut.ai/v1alpha1/namespaces/payment/workflowexecutions";

const stories: Story[] = [
  { name: "one run", image: "ok", phases: { fix: "Completed" }, trail: ["fix started", "fix completed"] },
  { name: "a failure", image: "exit-code", phases: { fix: "Failed" }, trail: ["fix started", "fix failed"] },
  {
    name: "two on a target",
    image: "ok",
    more: async (world) => {
      await world.until("the first runs", () => phaseOf(world, "fix") === "Running");
      world.server.install(manifest({ name: "other", workflow: "scale" }));
      await untilPhase(world, "other", "Skipped");
    },
    phases: { fix: "Completed", other: "Skipped" },
    trail: ["fix started", "fix completed", "other skipped"],
  },
  {
    name: "deleted while running",
    image: "hang",
    more: async (world) => {
      await world.until("it runs", () => phaseOf(world, "fix") === "Running");
      await world.request("DELETE", `${executions}/fix`);
    },
    phases: {},
    trail: ["fix started", "fix deleted"],
  },
];

for (const story of stories) {
  Deno.test(`${story.name}: a crash before or after any write changes nothing`, async () => {
    const writes = await play(story, Infinity, "before");
    for (let nth = 1; nth <= writes; nth++) {
      for (const when of ["before", "after"] as const) {
        try {
          await play(story, nth, when);
        } catch (cause) {
          throw new Error(`${story.name}, crash ${when} write ${nth}: ${(cause as Error).message}`, { cause });
        }
      }
    }
  });
}

/** Plays a story with a crash at its nth write; returns how many writes the first controller made. */
async function play(story: Story, nth: number, when: "before" | "after"): Promise<number> {
  await using world = await World.start();
  const started = watchStarts(world);
  let writes = 0;
  let crashed = false;
  const carry: Carry = async (request, send) => {
    if (request.method === "GET" || crashed) return await send(request);
    if (++writes !== nth) return await send(request);
    if (when === "after") await send(request);
    crashed = true;
    first.kill();
    world.startController();
    throw new TypeError("the process is gone");
  };
  const first = world.startController({ carry });
  world.server.install(manifest({ image: story.image }));
  await story.more?.(world);
  await untilQuiet(world);
  await world.until("audited", () => auditTrail(world).length >= story.trail.length);
  assertEquals(auditTrail(world).sort(), [...story.trail].sort());
  for (const [name, phase] of Object.entries(story.phases)) assertEquals(phaseOf(world, name), phase);
  assertEquals(Math.max(...started.values(), 0) <= 1, true, "an execution's run was started twice");
  // The last write, the clearing away of the Lease, comes when the cooldown is over.
  await nothingMoreHappens(world);
  if (nth !== Infinity) assertEquals(crashed, true, "the crash did not happen");
  return writes;
}

/** How many runs were started for each execution: counted from what the server carried out. */
function watchStarts(world: World): Map<string, number> {
  const starts = new Map<string, number>();
  world.server.storage.listen(({ object, previous }) => {
    if (object.kind !== "PipelineRun" || !previous) return;
    const status = (each: typeof object) => (each.spec as { status?: string } | undefined)?.status;
    if (status(previous) !== "PipelineRunPending" || status(object) !== undefined) return;
    const key = object.metadata.annotations?.["kubernaut.ai/workflow-execution"] ?? "";
    starts.set(key, (starts.get(key) ?? 0) + 1);
  });
  return starts;
}
