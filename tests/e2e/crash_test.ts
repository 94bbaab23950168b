// kill -9 at random moments, again and again, while executions come in and while the audit trail cannot be written: every one
// of them ends, has run once at most, and is on the record once there can be one.

import { assert, assertEquals } from "@std/assert";
import { TrailFiles } from "../../lib/audit/trail_file.ts";
import { sleep, systemClock } from "../../lib/clock.ts";
import type { JSONObject } from "../../lib/kube/contract.ts";
import { annotation } from "../../lib/workflow/names.ts";
import { type Cluster, e2e, metadataOf, type Wanted } from "./cluster.ts";
import { ControllerProcess } from "./controller_process.ts";
import { Recording } from "./recording.ts";

const finals = ["Completed", "Failed", "Skipped"];
/** A controller lives for so long at most, counted from the moment that it works. */
const longestLifeMs = 3_000;
/** From this one on the audit trail cannot be written. */
const outageFrom = 4;

e2e("ten executions outlive a controller that is killed ten times", async (cluster, t) => {
  const directory = await Deno.makeTempDir({ prefix: "e2e-" });
  await using stack = new AsyncDisposableStack();
  stack.defer(() => Deno.remove(directory, { recursive: true }));
  const runs = stack.use(await Recording.start(cluster, "pipelineruns"));
  const audit = new AuditDirectory(directory);
  const flags = ["--audit-sinks", `file:${audit.path}`];
  const contested = cluster.target("contested");
  const wanted: Wanted[] = [
    {},
    { bundle: "exit-code" },
    { target: contested },
    { target: contested, workflow: "another" },
    { bundle: "rollback" },
    {},
    { bundle: "retries" },
    { target: contested, workflow: "a-third" },
    {},
    { bundle: "oom" },
  ];
  const lives: number[] = [];

  await t.step("each time that it is killed, with one more of them under way", async () => {
    for (const [i, each] of wanted.entries()) {
      if (i === outageFrom) await audit.block();
      await cluster.execute(`run-${i}`, each);
      await using controller = await ControllerProcess.start(cluster, flags);
      const lifeMs = Math.floor(systemClock.random() * longestLifeMs);
      lives.push(lifeMs);
      await sleep(systemClock, lifeMs);
      await controller.kill();
    }
  });

  stack.use(await ControllerProcess.start(cluster, flags));
  const phases = new Map<string, string>();

  await t.step("all of them end, although nothing can be put on record", async () => {
    for (const i of wanted.keys()) {
      const { phase = "" } = await cluster.untilPhase(`run-${i}`, finals, 90_000);
      phases.set(`run-${i}`, phase);
    }
    assertEquals([0, 1, 5, 8].map((i) => phases.get(`run-${i}`)), ["Completed", "Failed", "Completed", "Completed"]);
    const owed = (await cluster.list("workflowexecutions")).filter((each) => metadataOf(each).finalizers);
    assert(owed.length > 0, "something is owed");
    await cluster.until("what is owed is said", 60_000, async () => {
      const late = await Promise.all(owed.map((each) => auditRecorded(cluster, metadataOf(each).name)));
      return late.every((status) => status === "False");
    });
  });

  await t.step("none has had more than one PipelineRun, and a skipped one none", () => {
    const found = Object.fromEntries([...phases.keys()].map((name) => [name, runsOf(runs, cluster, name)]));
    const expected = Object.fromEntries([...phases].map(([name, phase]) => [name, phase === "Skipped" ? 0 : 1]));
    assertEquals(found, expected, `it was killed after ${lives} ms`);
  });

  await t.step("once it can be written, the audit trail tells of all of them, and nothing is owed", async () => {
    await audit.open();
    await cluster.until("nothing is owed", 90_000, async () => {
      return (await cluster.list("workflowexecutions")).every((each) => metadataOf(each).finalizers === undefined);
    });
    const expected = Object.fromEntries([...phases].map(([name, phase]) => [name, eventsOf(phase)]));
    assertEquals(await audit.events(), expected, `it was killed after ${lives} ms`);
    for (const name of phases.keys()) assert(await auditRecorded(cluster, name) !== "False", `${name} is recorded`);
  });
});

/** How many PipelineRuns there ever were of an execution. */
function runsOf(runs: Recording, cluster: Cluster, name: string): number {
  const ours = runs.events.map(({ object }) => metadataOf(object))
    .filter(({ annotations = {} }) => annotations[annotation.execution] === `${cluster.namespace}/${name}`);
  return new Set(ours.map(({ uid }) => uid)).size;
}

function eventsOf(phase: string): string[] {
  return phase === "Skipped" ? ["skipped"] : [phase.toLowerCase(), "started"];
}

async function auditRecorded(cluster: Cluster, name: string): Promise<string | undefined> {
  const { conditions = [] } = await cluster.status(name);
  return conditions.find(({ type }) => type === "AuditRecorded")?.status;
}

/** A directory of audit files that can be taken away and given back. */
class AuditDirectory {
  readonly path: string;
  readonly #away: string;

  constructor(parent: string) {
    this.path = `${parent}/audit`;
    this.#away = `${parent}/away`;
  }

  /** A file takes its place: nothing can be made in it, whoever tries. */
  async block(): Promise<void> {
    await Deno.rename(this.path, this.#away);
    await Deno.writeTextFile(this.path, "");
  }

  async open(): Promise<void> {
    await Deno.remove(this.path);
    await Deno.rename(this.#away, this.path);
  }

  /** By execution, what happened to it according to its events, sorted; events that were written again count once. */
  async events(): Promise<Record<string, string[]>> {
    const ids = new Map<string, JSONObject>();
    const files = new TrailFiles(this.path, (place, why) => {
      throw new Error(`${place} ${why}`);
    });
    for await (const event of files.events()) ids.set(String(event.event_id), event);
    const found: Record<string, string[]> = {};
    for (const { resource_id, event_type } of ids.values()) {
      (found[String(resource_id)] ??= []).push(String(event_type).split(".").at(-1) ?? "");
    }
    for (const events of Object.values(found)) events.sort();
    return found;
  }
}
