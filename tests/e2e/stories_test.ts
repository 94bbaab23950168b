// A story played on the simulated Tekton and on the real one gives the same sequence of statuses, times aside: of every bundle
// of the cluster, of a bundle that is not there, and of an account that is not there.
//
// Controllers are level-triggered: a busy Tekton passes over a state that lasts a moment, and ours tells progress at most once a
// second. So what lasts a moment may be missing on the real side, in its own objects and in the progress told of them; nothing
// may be there that the simulation does not have, nothing in another order, and every end is equal in full.

import { assertEquals } from "@std/assert";
import { builtinBundles } from "../../lib/sim/tekton/builtin.ts";
import { loadBundles } from "../../lib/sim/tekton/bundles.ts";
import { e2e } from "./cluster.ts";
import { ControllerProcess } from "./controller_process.ts";
import { playReal, playSimulated, type Seen, type Story } from "./stories.ts";

/** Those that never end by themselves are given so long that, on a busy machine too, they have begun and been seen to wait. */
const timeouts: Readonly<Record<string, string>> = { hang: "20s", unschedulable: "20s" };
/** Long enough for a busy Tekton to begin seventeen runs at once. */
const startDeadlineMs = 40_000;

e2e("a story is the same on the simulated Tekton and on the real one", async (cluster, t) => {
  const folder = Deno.env.get("CLUSTER_WORKFLOWS");
  const bundles = folder ? await loadBundles(folder) : builtinBundles();
  // One of the built-in ones is not among the cluster's.
  const names = bundles.names.filter((name) => name !== "hang-rollback");
  const stories: Story[] = [
    ...names.map((name) => {
      const timeout = timeouts[name];
      return { name, wanted: { bundle: name, ...(timeout && { spec: { executionConfig: { timeout } } }) } };
    }),
    { name: "with-param", wanted: { bundle: "needs-param", spec: { parameters: { REPLICAS: "3" } } } },
    { name: "no-bundle", wanted: { bundle: "not-there" } },
    { name: "no-account", wanted: { spec: { executionConfig: { serviceAccountName: "nobody" } } } },
  ];
  await using _controller = await ControllerProcess.start(cluster, ["--start-deadline", `${startDeadlineMs / 1000}s`]);
  const real = await playReal(cluster, stories);
  const simulated = await playSimulated(cluster.namespace, stories, { bundles, startDeadlineMs });
  for (const { name } of stories) {
    await t.step(name, () => assertSameStory(seen(simulated, name), seen(real, name)));
  }
});

function seen(played: ReadonlyMap<string, Seen>, name: string): Seen {
  const found = played.get(name);
  if (!found) throw new Error(`nothing was seen of ${name}`);
  return found;
}

function assertSameStory(simulated: Seen, real: Seen): void {
  assertEquals(real.execution, simulated.execution);
  assertWithin(real.pipelineRun, simulated.pipelineRun);
  assertEquals(Object.keys(real.taskRuns).toSorted(), Object.keys(simulated.taskRuns).toSorted());
  for (const [task, conditions] of Object.entries(real.taskRuns)) {
    assertWithin(conditions, simulated.taskRuns[task] ?? []);
  }
  // Progress is told in the PipelineRun's words, or in those of the TaskRun that it waits for.
  for (const { progress, pipelineRun } of [real, simulated]) {
    const words = progress.filter((each) => each !== "Unknown : " && !each.includes("ExceededNodeResources"));
    assertWithin(words, pipelineRun);
  }
  const waiting = ({ progress }: Seen) => progress.filter((each) => each.includes("ExceededNodeResources"));
  assertEquals(waiting(real), waiting(simulated));
}

/** `some` has nothing that `all` does not have, in the same order, and the same end. */
function assertWithin(some: readonly string[], all: readonly string[]): void {
  let at = 0;
  const found = some.filter((each) => {
    const place = all.indexOf(each, at);
    if (place >= 0) at = place + 1;
    return place >= 0;
  });
  assertEquals(found, some, `not all of it, or not in this order, is in ${JSON.stringify(all, null, 1)}`);
  assertEquals(some.at(-1), all.at(-1));
}
