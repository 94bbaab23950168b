// One run on a target at a time, whoever else wants it and however many controllers there are; and the cooldown after it.

import { assert, assertEquals, assertMatch } from "@std/assert";
import { systemClock } from "../../lib/clock.ts";
import type { ExecutionStatus } from "../../lib/workflow/execution.ts";
import { annotation } from "../../lib/workflow/names.ts";
import { type Cluster, e2e, metadataOf } from "./cluster.ts";
import { ControllerProcess } from "./controller_process.ts";
import { Recording } from "./recording.ts";

const rounds = 3;
const rivals = 10;

e2e("ten executions at once on one target, with two controllers that both think they lead", async (cluster, t) => {
  await using _one = await ControllerProcess.start(cluster);
  await using _other = await ControllerProcess.start(cluster);
  await using runs = await Recording.start(cluster, "pipelineruns");
  for (let round = 1; round <= rounds; round++) {
    await t.step(`round ${round}: one is Completed, nine are Skipped and name it, one PipelineRun`, async () => {
      await race(cluster, runs, `round-${round}`);
    });
  }
});

async function race(cluster: Cluster, runs: Recording, round: string): Promise<void> {
  const target = cluster.target(round);
  const names = Array.from({ length: rivals }, (_, i) => `${round}-${i}`);
  await Promise.all(names.map((name) => cluster.execute(name, { target })));
  const statuses = new Map<string, ExecutionStatus>();
  for (const name of names) statuses.set(name, await cluster.untilPhase(name, ["Completed", "Skipped"]));
  const completed = names.filter((name) => statuses.get(name)?.phase === "Completed");
  assertEquals(completed.length, 1, `completed: ${completed}`);
  const [winner = ""] = completed;
  for (const name of names) {
    if (name === winner) continue;
    const { skipDetails, completionTime, conditions = [], ...rest } = statuses.get(name) ?? {};
    assert(skipDetails?.conflictingWorkflow, `${name} names the one that ran`);
    const { startedAt, ...conflicting } = skipDetails.conflictingWorkflow;
    assertEquals(conflicting, { name: winner, workflowId: "ok", targetResource: target });
    assert(!Number.isNaN(Date.parse(startedAt)), startedAt);
    assertEquals(skipDetails.reason, "ResourceBusy");
    assertEquals(skipDetails.skippedAt, completionTime);
    const { message } = skipDetails;
    assertMatch(message, new RegExp(`${target}.*${winner}`));
    assertEquals(rest, { phase: "Skipped", outcome: "Skipped", duration: "0s", message, observedGeneration: 1 });
    const locked = conditions.find(({ type }) => type === "ResourceLockAcquired");
    assertEquals([locked?.status, locked?.reason], ["False", "ResourceBusy"]);
  }
  const uids = runs.events.filter(({ object }) =>
    metadataOf(object).annotations?.[annotation.targetResource] === target
  )
    .map(({ object }) => metadataOf(object).uid);
  assertEquals(new Set(uids).size, 1, "one PipelineRun was ever made");
  await cluster.untilFree(target);
}

e2e("the cooldown", async (cluster, t) => {
  await using _controller = await ControllerProcess.start(cluster, ["--cooldown", "8s"]);
  const target = cluster.target("cooled");
  await cluster.execute("first", { target });
  await cluster.execute("ends-badly", { bundle: "exit-code" });
  const first = await cluster.untilPhase("first", "Completed");
  await cluster.untilFree(target);

  await t.step("skips the same workflow on the same target, and tells of the earlier run", async () => {
    await cluster.execute("second", { target });
    const { skipDetails, phase } = await cluster.untilPhase("second", ["Skipped", "Completed"]);
    assertEquals(phase, "Skipped");
    assert(skipDetails?.recentRemediation);
    const { cooldownRemaining, ...recent } = skipDetails.recentRemediation;
    assertEquals(skipDetails.reason, "RecentlyRemediated");
    const { completionTime = "" } = first;
    assertEquals(recent, {
      name: "first",
      workflowId: "ok",
      completedAt: completionTime,
      outcome: "Completed",
      targetResource: target,
    });
    assertMatch(cooldownRemaining, /^[0-8]s$/);
  });

  await t.step("outlives the earlier execution's deletion", async () => {
    await cluster.delete("workflowexecutions", "first");
    await cluster.until("it is gone", 10_000, async () => !(await cluster.get("workflowexecutions", "first")));
    await cluster.execute("third", { target });
    const { skipDetails } = await cluster.untilPhase("third", "Skipped");
    assertEquals([skipDetails?.reason, skipDetails?.recentRemediation?.name], ["RecentlyRemediated", "first"]);
  });

  await t.step("holds after a failure too, and lets another workflow run", async () => {
    await cluster.untilPhase("ends-badly", "Failed");
    await cluster.untilFree(cluster.target("ends-badly"));
    await cluster.execute("too-soon", { workflow: "exit-code", target: cluster.target("ends-badly") });
    const { skipDetails } = await cluster.untilPhase("too-soon", "Skipped");
    assertEquals(skipDetails?.recentRemediation?.outcome, "Failed");
    await cluster.execute("other-workflow", { workflow: "other", target: cluster.target("ends-badly") });
    await cluster.untilPhase("other-workflow", "Completed");
  });

  await t.step("is over when its time is", async () => {
    const overMs = Date.parse(first.completionTime ?? "") + 8_000;
    await cluster.until("the cooldown is over", 20_000, () => Promise.resolve(systemClock.now() >= overMs));
    await cluster.execute("fourth", { target });
    await cluster.untilPhase("fourth", "Completed");
  });
});
