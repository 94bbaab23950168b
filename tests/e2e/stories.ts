// One story is one execution of one bundle. It is played on the real cluster and on the simulated API server and Tekton, and
// what a watch shows of it is kept in a form that the two have in common: times, uids and generated names are marks.

import type { JSONObject, JSONValue } from "../../lib/kube/contract.ts";
import type { Bundles } from "../../lib/sim/tekton/bundles.ts";
import { apiVersion, label } from "../../lib/workflow/names.ts";
import { World } from "../support/world.ts";
import { type Cluster, executionManifest, metadataOf, serviceAccount, type Wanted } from "./cluster.ts";
import { changes, Recording } from "./recording.ts";

export interface Story {
  /** The execution's name. */
  readonly name: string;
  readonly wanted: Wanted;
}

/** What was seen of one story, each change once, in order. */
export interface Seen {
  /** Statuses of the execution, whole; while it runs without what its PipelineRun said, which is `progress`. */
  readonly execution: readonly string[];
  /** What the execution told of its PipelineRun, as "status reason: message"; before that says anything, "Unknown : ". */
  readonly progress: readonly string[];
  /** What the PipelineRun itself said, in the same form. */
  readonly pipelineRun: readonly string[];
  /** The same of each TaskRun, by the name of its task. */
  readonly taskRuns: Readonly<Record<string, readonly string[]>>;
}

/** States of objects in the order in which they were seen, by resource. */
type States = Record<"workflowexecutions" | "pipelineruns" | "taskruns", JSONObject[]>;

const finals = ["Completed", "Failed", "Skipped"];

/** All at once, with a controller that is running already. */
export async function playReal(cluster: Cluster, stories: readonly Story[]): Promise<Map<string, Seen>> {
  await using executions = await Recording.start(cluster, "workflowexecutions");
  await using runs = await Recording.start(cluster, "pipelineruns");
  await using taskRuns = await Recording.start(cluster, "taskruns");
  for (const { name, wanted } of stories) await cluster.execute(name, wanted);
  for (const { name } of stories) await cluster.untilPhase(name, finals, 150_000);
  for (const { name } of stories) await cluster.untilFree(cluster.target(name));
  const of = (recording: Recording) => recording.events.map(({ object }) => object);
  return seenOf(stories, { workflowexecutions: of(executions), pipelineruns: of(runs), taskruns: of(taskRuns) });
}

/** All at once, in a world of their own whose namespace is named as the real one: names stand in messages. */
export async function playSimulated(
  namespace: string,
  stories: readonly Story[],
  o: { bundles: Bundles; startDeadlineMs: number },
): Promise<Map<string, Seen>> {
  await using world = await World.start({ bundles: o.bundles, rules: { startDeadlineMs: o.startDeadlineMs } });
  world.server.install({ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } });
  world.server.install({ apiVersion: "v1", kind: "ServiceAccount", metadata: { name: serviceAccount, namespace } });
  const states: States = { workflowexecutions: [], pipelineruns: [], taskruns: [] };
  // What every watch sends, without one that could be late.
  using _listening = world.server.storage.listen(({ resource, object }) => {
    const plural = resource.slice(resource.indexOf("/") + 1);
    if (plural in states) states[plural as keyof States].push(object as unknown as JSONObject);
  });
  world.startController();
  const path = `/apis/${apiVersion}/namespaces/${namespace}/workflowexecutions`;
  for (const { name, wanted } of stories) {
    await world.request("POST", path, executionManifest(namespace, name, wanted));
  }
  await world.until("every story has ended", () =>
    world.list("workflowexecutions").every(({ metadata, status }) => {
      const { phase = "" } = (status ?? {}) as { phase?: string };
      return finals.includes(phase) && !(metadata as JSONObject).finalizers;
    }));
  return seenOf(stories, states);
}

function seenOf(stories: readonly Story[], states: States): Map<string, Seen> {
  return new Map(stories.map(({ name }) => {
    const made = (objects: JSONObject[]) =>
      objects.filter((each) => metadataOf(each).labels?.[label.execution] === name);
    const statuses = states.workflowexecutions.filter((object) => metadataOf(object).name === name)
      .map(({ status }) => (status ?? {}) as JSONObject);
    const tasks = Map.groupBy(
      made(states.taskruns),
      (object) => metadataOf(object).labels?.["tekton.dev/pipelineTask"] ?? "",
    );
    return [name, {
      execution: changes(statuses.map(withoutProgress).map(comparable)),
      progress: changes(statuses.flatMap(({ pipelineRunStatus }) => told(pipelineRunStatus))),
      pipelineRun: conditions(made(states.pipelineruns)),
      taskRuns: Object.fromEntries([...tasks].map(([task, objects]) => [task, conditions(objects)])),
    }];
  }));
}

function withoutProgress(status: JSONObject): JSONObject {
  const { pipelineRunStatus: _, ...rest } = status;
  return status.phase === "Running" ? rest : status;
}

function conditions(objects: JSONObject[]): string[] {
  return changes(objects.flatMap(({ status }) => {
    const [condition] = ((status ?? {}) as { conditions?: JSONObject[] }).conditions ?? [];
    return told(condition);
  }));
}

function told(condition: JSONValue | undefined): string[] {
  if (!condition) return [];
  const { status, reason, message } = condition as JSONObject;
  return [marked(`${status} ${reason}: ${message}`)];
}

/** The value as text, its fields in the order of their names. */
function comparable(value: JSONValue): string {
  return marked(JSON.stringify(sorted(value), null, 1))
    .replace(/("duration"|"executionTimeBeforeFailure"): "[^"]*"/g, '$1: "<duration>"')
    .replace(/\b(after|in) (\d+[hms])+/g, "$1 <duration>");
}

function sorted(value: JSONValue): JSONValue {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const fields = Object.entries(value).toSorted(([a], [b]) => a < b ? -1 : 1);
  return Object.fromEntries(fields.map(([name, field]) => [name, sorted(field)]));
}

/** With marks for what no two plays have in common. */
function marked(text: string): string {
  return text
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, "<time>")
    .replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "<uid>")
    .replace(/-[0-9a-f]{10}\b/g, "-<hash>");
}
