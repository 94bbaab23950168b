// Runs the world of a seed to its end, and judges what holds only then: everything final, nothing held, nothing owed, the
// audit trail complete and without a word too many, the write budget kept, and silence.

import type { AuditEvent } from "../../lib/audit/event.ts";
import { nameOf } from "../../lib/audit/event.ts";
import type { JSONObject } from "../../lib/kube/contract.ts";
import { annotation, finalizer, label } from "../../lib/workflow/names.ts";
import { arrange } from "./deeds.ts";
import { type Plan, planOf } from "./plan.ts";
import { type ExecutionRecord, isFinal, owedEvents } from "./records.ts";
import { leaderLease } from "./replica.ts";
import { busyFaults } from "./busy.ts";
import { type Ground, World, type WorldOptions } from "./world.ts";

export interface Verdict {
  /** The laws that were broken; empty for a good world. */
  readonly broken: readonly string[];
  readonly trace: readonly string[];
  /** How many requests the controllers made. */
  readonly requests: number;
  /** What became of each execution: `namespace/name Phase`, or `deleted` before it had ended. */
  readonly ends: readonly string[];
}

/** A replica that lags behind, or a request that is very late, may still try what another has done already. */
const afterglowMs = 60_000;

/** Everything about one seed. */
export function judge(
  seed: number,
  ground: Ground,
  o: Pick<WorldOptions, "traced" | "sabotage"> = {},
): Promise<Verdict> {
  return judgePlan(planOf(seed), ground, o);
}

/** The world of a plan, from its beginning to its end. */
export async function judgePlan(
  plan: Plan,
  ground: Ground,
  o: Pick<WorldOptions, "traced" | "sabotage"> = {},
): Promise<Verdict> {
  const world = await World.create({ plan, ground, ...o });
  const { laws, trace } = world;
  try {
    arrange(world);
    await world.runFor(plan.troubleEndsAtMs + 1);
    const quiet = await world.runUntil(() => world.expected === 0 && openMatters(world).length === 0);
    if (laws.broken.length === 0) {
      if (quiet) await judgeEnd(world);
      else laws.breaks(`it does not come to an end: ${openMatters(world).join("; ")}`);
    }
  } finally {
    await world.close();
  }
  const ends = [...laws.executions.values()].map((each) =>
    `${each.key} ${isFinal(each) ? each.status.phase : "deleted"}`
  );
  return { broken: laws.broken, trace: trace.lines, requests: world.requests, ends: ends.sort() };
}

/** What somebody still has to do something about. */
function openMatters(world: World): string[] {
  const open: string[] = [];
  // A finished run that was left in a namespace which the configuration no longer names is nobody's any more.
  const watched = (namespace: string) =>
    world.replicas.some(({ config: { rules, namespaces } }) =>
      namespaces.length === 0 || [...namespaces, rules.executionNamespace].includes(namespace)
    );
  for (const { metadata, status } of world.server.storage.list("workflowexecution.kubernaut.ai/workflowexecutions")) {
    const { phase = "Pending" } = (status ?? {}) as { phase?: string };
    const place = `${metadata.namespace}/${metadata.name}`;
    if (!["Completed", "Failed", "Skipped"].includes(phase)) open.push(`${place} is ${phase}`);
    else if (metadata.finalizers?.includes(finalizer)) open.push(`${place} has our finalizer`);
    else if (metadata.deletionTimestamp) open.push(`${place} is being deleted`);
  }
  for (const { metadata, spec } of world.server.storage.list("coordination.k8s.io/leases")) {
    if (metadata.name === leaderLease) continue;
    const { holderIdentity } = (spec ?? {}) as { holderIdentity?: string };
    open.push(`Lease ${metadata.name} is ${holderIdentity ? `held by ${holderIdentity}` : "left, and free"}`);
  }
  for (const run of world.laws.runs.values()) {
    const { execution, verdict, gone, name, namespace } = run;
    if (!execution || gone) continue;
    if (verdict === undefined) open.push(`run ${name} has not finished`);
    else if (execution.goneAtMs !== undefined && watched(namespace)) {
      open.push(`run ${name} is left, its execution is gone`);
    }
  }
  const spooled = world.server.storage.list("/configmaps", "kubernaut-system").length;
  if (spooled > 0) open.push(`${spooled} audit events are spooled`);
  return open;
}

async function judgeEnd(world: World): Promise<void> {
  const { laws, plan } = world;
  for (const execution of laws.executions.values()) judgeExecution(world, execution);
  for (const fault of busyFaults(laws)) laws.breaks(fault);
  for (const fault of auditFaults(world.archive.events, [...laws.executions.values()])) laws.breaks(fault);
  if (plan.mood === "calm") judgeBudget(world);
  await world.runFor(afterglowMs);
  // What was done then comes to its end as well: a Lease made for one that had long been gone keeps a cooldown first.
  const quiet = await world.runUntil(() => openMatters(world).length === 0);
  if (laws.broken.length > 0) return;
  if (!quiet) {
    return laws.breaks(`what came after the end has none: ${openMatters(world).join("; ")}`);
  }
  const before = world.writes.length;
  await world.runFor(Math.max(plan.config.rules.cooldownMs, plan.laterConfig.rules.cooldownMs) + 120_000);
  const more = world.writes.slice(before).map(({ text }) => text);
  if (more.length > 0) laws.breaks(`more is written after the end: ${more.slice(0, 5).join(", ")}`);
}

/** What each execution says of itself must be what happened. */
function judgeExecution(world: World, execution: ExecutionRecord): void {
  const { laws } = world;
  const { key, status, goneAtMs, uid } = execution;
  if (!isFinal(execution)) {
    if (goneAtMs === undefined) laws.breaks(`${key} is not final`);
    return;
  }
  const run = [...laws.runs.values()].find((each) => each.uid === status.pipelineRunRef?.uid);
  if (status.phase === "Completed" && run?.verdict !== "True") {
    laws.breaks(`${key} is Completed, its run did not succeed`);
  }
  if (/deleted by someone/.test(status.message ?? "") && !run?.byHand) {
    laws.breaks(`${key} says that its run was deleted by someone, and nobody did`);
  }
  if (run?.execution && run.execution.uid !== uid) laws.breaks(`${key} names the run of ${run.execution.key}`);
  if (run && !run.execution) laws.breaks(`${key} names a run that is not its own`);
  if (status.phase === "Failed" && run?.verdict === "True" && !run.byHand) {
    laws.breaks(`${key} is Failed, and its run succeeded: ${status.message}`);
  }
  if (execution.copy && status.phase !== "Failed") laws.breaks(`${key} is a copy, and ${status.phase}`);
  if (status.phase === "Skipped") {
    const own = [...laws.runs.values()].filter((each) => each.execution === execution);
    if (own.some(({ gone }) => !gone)) laws.breaks(`${key} is Skipped, and has a run`);
    if (own.length > 0 && world.plan.mood === "calm") laws.breaks(`${key} is Skipped, and a run was created for it`);
  }
}

/** Each owed event at least once, nothing else, and repeats alike to the letter. */
function auditFaults(events: readonly AuditEvent[], executions: readonly ExecutionRecord[]): string[] {
  const faults: string[] = [];
  const byId = new Map<string, string>();
  const found = new Map<string, Set<string>>();
  for (const event of events) {
    const text = JSON.stringify(event);
    const known = byId.get(event.event_id);
    if (known !== undefined && known !== text) {
      faults.push(`an audit event was repeated differently: ${known} and ${text}`);
    }
    byId.set(event.event_id, text);
    const uid = event.event_data.execution_uid;
    found.set(uid, (found.get(uid) ?? new Set()).add(nameOf(event)));
  }
  const uids = new Set(executions.map(({ uid }) => uid));
  for (const uid of found.keys()) if (!uids.has(uid)) faults.push(`audit tells of ${uid}, which there never was`);
  for (const execution of executions) {
    const owed = new Set<string>(owedEvents(execution));
    const recorded = found.get(execution.uid) ?? new Set();
    for (const name of recorded) {
      if (!owed.has(name)) faults.push(`audit says ${execution.key} ${name}, which is not so`);
    }
    if (isFinal(execution) && !execution.owed) {
      faults.push(`${execution.key} ended before anything held its audit events`);
    }
    // Without our finalizer nothing holds the object until its events are safe.
    if (execution.stripped || !execution.owed) continue;
    for (const name of owed) if (!recorded.has(name)) faults.push(`audit does not know that ${execution.key} ${name}`);
  }
  return faults;
}

/** design.md, "Budget": ten writes for a clean execution, four for a skipped one; progress and clearing away not counted. */
function judgeBudget(world: World): void {
  for (const execution of world.laws.executions.values()) {
    if (world.plan.replicas > 1) return;
    const [namespace = "", name = ""] = execution.key.split("/");
    const own = world.writes.filter(({ call, code }) => code < 300 && concerns(call, namespace, name, execution));
    // Whoever comes just when another one leaves has said that something is owed before it turned out that it may run.
    const contended = [...world.laws.executions.values()].some((each) =>
      each !== execution && each.canonical === execution.canonical
    );
    const most = execution.status.phase === "Skipped"
      ? 4
      : execution.status.phase === "Completed"
      ? 10 + (contended ? 1 : 0)
      : undefined;
    if (most === undefined || own.length <= most) continue;
    world.laws.breaks(`${execution.key} took ${own.length} writes: ${own.map(({ text }) => text).join(", ")}`);
  }
}

/** For whom a Lease is written: its new holder, else the one whose end has just been entered. */
function actorOf(body: JSONObject): string | undefined {
  const { holderIdentity } = (body.spec ?? {}) as { holderIdentity?: string | null };
  if (holderIdentity) return holderIdentity.split("/")[2];
  const { annotations = {} } = (body.metadata ?? {}) as { annotations?: Record<string, string | null> };
  return [...(annotations[annotation.recentEnds] ?? "").matchAll(/"uid":"([^"]+)"/g)].at(-1)?.[1];
}

function concerns(
  { info, body }: World["writes"][number]["call"],
  namespace: string,
  name: string,
  { uid }: ExecutionRecord,
): boolean {
  const text = JSON.stringify(body ?? null);
  if (info.resource === "workflowexecutions") {
    const keys = Object.keys((body as { status?: JSONObject })?.status ?? {});
    const onlyProgress = keys.length === 1 && keys[0] === "pipelineRunStatus";
    return info.namespace === namespace && info.name === name && !onlyProgress;
  }
  if (info.resource === "pipelineruns") return text.includes(uid) || info.name.startsWith(`${name}-`);
  if (info.resource === "events") return text.includes(uid);
  if (info.resource === "leases") return info.verb !== "delete" && actorOf(body as JSONObject) === uid;
  return text.includes(`"${label.executionUid}":"${uid}"`);
}
