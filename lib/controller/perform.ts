// One action → one request (or one live read), and what its answer means for the rest of the pass. Refusals that the rules
// have an answer to become facts; everything else is thrown, and the work queue tries again later.

import type { Clock } from "../clock.ts";
import type { JSONObject } from "../kube/contract.ts";
import { ConnectionError, StatusError } from "../kube/errors.ts";
import type { Logger } from "../log.ts";
import type { Action } from "../workflow/action.ts";
import { type Execution, type ExecutionStatus, isOwed } from "../workflow/execution.ts";
import type { Holder, Lock } from "../workflow/lock.ts";
import { annotation, finalizer } from "../workflow/names.ts";
import {
  cancelPatch,
  isFinished,
  isPending,
  isWaiting,
  type PipelineRun,
  pipelineRunFrom,
  startPatch,
  type Waiting,
} from "../workflow/pipeline_run.ts";
import { excerpt } from "../workflow/excerpt.ts";
import { redact } from "../workflow/redact.ts";
import type { Refusal } from "../workflow/refusal.ts";
import type { Rival, Rules } from "../workflow/snapshot.ts";
import { withoutDetails } from "../workflow/status.ts";
import type { Api } from "./api.ts";
import type { Caches } from "./caches.ts";
import type { Facts } from "./gather.ts";
import { rivalsNow } from "./rivals.ts";

/** Whom an action is about. */
export interface Subject {
  /** Absent for what an execution that is gone has left behind. */
  readonly execution: Execution | undefined;
  /** namespace/name of the execution, whether it exists or not. */
  readonly place: { readonly namespace: string; readonly name: string };
  readonly run: PipelineRun | undefined;
  /** Where its run is, or would be. */
  readonly runPlace: { readonly namespace: string; readonly name: string } | undefined;
  readonly rivals: readonly Rival[];
  readonly lock: Lock | undefined;
  /** The Lease's name, whether it exists or not. */
  readonly lockName: string;
}

export interface PerformContext {
  readonly api: Api;
  readonly caches: Caches;
  readonly clock: Clock;
  readonly rules: Rules;
  readonly log: Logger;
  spoolAudit(execution: Execution): Promise<void>;
  /** Told of each answer to a write of a Lease: why there is no place for it, or undefined when it was taken. */
  lockAnswer?(refusal: string | undefined): void;
}

/** Carries the action out; `facts` is what the pass knows live, cleared by every write. */
export async function perform(context: PerformContext, action: Action, subject: Subject, facts: Facts): Promise<void> {
  if (action.do === "read") return await readLive(context, action.what, subject, facts);
  forget(facts);
  const { api, caches, clock, rules } = context;
  switch (action.do) {
    case "claim":
      return await updateExecution(context, subject, (execution) => {
        const finalizers = isOwed(execution) ? execution.finalizers : [...execution.finalizers, finalizer];
        const annotations = action.claim ? { [annotation.claim]: JSON.stringify(action.claim) } : {};
        return { finalizers: [...finalizers], annotations };
      });
    case "createLock":
      return await writeLock(context, subject, facts, () => api.create("lock", rules.lockNamespace, action.body));
    case "patchLock":
      return await writeLock(context, subject, facts, () => api.mergePatch("lock", action.lock, action.patch));
    case "deleteLock": {
      // A conflict comes back later, too: nobody else may ever wake this Lease up again.
      const { uid, resourceVersion } = action.lock;
      await api.delete("lock", action.lock, { uid, resourceVersion });
      return;
    }
    case "createPipelineRun":
      try {
        caches.pipelineRuns.wrote(await api.create("pipelineRun", action.where.namespace, action.body));
      } catch (error) {
        facts.refusal = refusalOf(error);
      }
      return;
    case "startPipelineRun":
      return await writeRun(
        context,
        subject,
        facts,
        action.run,
        () => api.jsonPatch("pipelineRun", action.run, startPatch(action.run)),
      );
    case "cancelPipelineRun": {
      const patch = cancelPatch(action.run, action.mode, action.because, clock.now());
      return await writeRun(
        context,
        subject,
        facts,
        action.run,
        () => api.mergePatch("pipelineRun", action.run, patch),
      );
    }
    case "deletePipelineRun": {
      const { run } = action;
      const preconditions = isPending(run) ? { uid: run.uid, resourceVersion: run.resourceVersion } : { uid: run.uid };
      return await writeRun(context, subject, facts, run, () => api.delete("pipelineRun", run, preconditions));
    }
    case "writeStatus":
      return await writeStatus(context, subject, action.patch);
    case "spoolAudit":
      if (subject.execution) await context.spoolAudit(subject.execution);
      return;
    case "removeFinalizer":
      return await removeFinalizer(context, subject);
  }
}

async function readLive(
  { api, caches, rules }: PerformContext,
  what: Extract<Action, { do: "read" }>["what"],
  subject: Subject,
  facts: Facts,
): Promise<void> {
  const { runPlace, run } = subject;
  const holder = (facts.lock ? facts.lock.value : subject.lock)?.holder;
  switch (what) {
    case "pipelineRun":
      facts.pipelineRun = { value: runPlace?.name ? await api.get("pipelineRun", runPlace) : undefined };
      return;
    case "taskRuns":
      facts.unfinishedTaskRuns = run !== undefined &&
        (await api.taskRuns(run)).some((json) => !isFinished(pipelineRunFrom(json)));
      return;
    case "waiting":
      facts.waiting = { value: run && (await api.taskRuns(run)).map(waitingFor).find((why) => why !== undefined) };
      return;
    case "lock":
      facts.lock = { value: await api.get("lock", { namespace: rules.lockNamespace, name: subject.lockName }) };
      if (facts.lock.value) caches.locks.wrote(facts.lock.value);
      return;
    case "holder":
      facts.holder = await holderOf(api, holder);
      return;
    case "holderRun":
      facts.holderRun = {
        value: holder?.pipelineRun.name ? await api.get("pipelineRun", holder.pipelineRun) : undefined,
      };
      return;
    case "rivals":
      facts.rivals = { value: await rivalsNow(api, caches, subject) };
      return;
    case "execution":
      facts.execution = { value: await api.get("execution", subject.place) };
      if (subject.execution && facts.execution.value) caches.executions.wrote(facts.execution.value);
      return;
    case "evidence": {
      const pipelineRun = run && await api.getJson("pipelineRun", run);
      facts.evidence = { pipelineRun: pipelineRun ?? {}, taskRuns: run ? await api.taskRuns(run) : [] };
      return;
    }
  }
}

/** The words of a TaskRun whose pod cannot be scheduled, or not be created for a quota. */
function waitingFor(taskRun: JSONObject): Waiting | undefined {
  const { succeeded } = pipelineRunFrom(taskRun); // the condition is that of a PipelineRun
  if (succeeded?.status !== "Unknown") return undefined;
  const { reason, message } = succeeded;
  if (!isWaiting({ reason, message })) return undefined;
  return { reason, message: excerpt(message) };
}

/** A conflict means that it was decided on an old version: thrown, the queue brings the key back with the new one. */
async function updateExecution(
  context: PerformContext,
  { execution }: Subject,
  change: (execution: Execution) => JSONObject,
): Promise<void> {
  if (!execution) return;
  const { uid, resourceVersion } = execution;
  const patch = { metadata: { uid, resourceVersion, ...change(execution) } };
  await writeExecution(context, execution, () => context.api.mergePatch("execution", execution, patch));
}

/** The new version is read at once: a watch that is behind, or silent, would bring the old one back for a long time. */
async function writeExecution(
  { api, caches }: PerformContext,
  execution: Execution,
  write: () => Promise<Execution>,
): Promise<void> {
  try {
    caches.executions.wrote(await write());
  } catch (error) {
    if (error instanceof StatusError && error.conflict) {
      const now = await api.get("execution", execution);
      if (now) caches.executions.wrote(now);
    }
    throw error;
  }
}

async function writeStatus(
  context: PerformContext,
  { execution }: Subject,
  status: ExecutionStatus,
): Promise<void> {
  if (!execution) return;
  const { uid, resourceVersion } = execution;
  const write = (content: ExecutionStatus) => {
    const patch = { metadata: { uid, resourceVersion }, status: content as JSONObject };
    return writeExecution(context, execution, () => context.api.mergePatch("execution", execution, patch, "status"));
  };
  try {
    await write(status);
  } catch (error) {
    const refused = error instanceof StatusError &&
      ([413, 422].includes(error.httpCode) || /request is too large/i.test(error.message));
    if (!refused || status.completionTime === undefined) throw error;
    context.log.error("the API server refuses the final status; written without its details", {
      execution: `${execution.namespace}/${execution.name}`,
      phase: status.phase,
      reason: status.failureReason,
      message: status.message,
      error: redact(error.message),
    });
    await write(withoutDetails(status));
  }
}

/** Others' finalizers stay. The answer may be the last that is ever heard of the object. */
async function removeFinalizer({ api, caches }: PerformContext, { execution }: Subject): Promise<void> {
  const at = execution?.finalizers.indexOf(finalizer) ?? -1;
  if (!execution || at < 0) return;
  const patch = [
    { op: "test", path: "/metadata/uid", value: execution.uid },
    { op: "test", path: `/metadata/finalizers/${at}`, value: finalizer },
    { op: "remove", path: `/metadata/finalizers/${at}` },
  ];
  await ignoring(["NotFound"], async () => {
    try {
      const left = await api.jsonPatch("execution", execution, patch);
      if (left.deletedAtMs === undefined || left.finalizers.length > 0) caches.executions.wrote(left);
    } catch (error) {
      // The test failed: the finalizers are not as the cache has them.
      if (error instanceof StatusError && (error.conflict || error.httpCode === 422)) {
        const now = await api.get("execution", execution);
        if (now) caches.executions.wrote(now);
      }
      throw error;
    }
  });
}

/** A lost race for a Lease is no failure: it is read live, and decided again. */
async function writeLock(
  { api, caches, rules, lockAnswer }: PerformContext,
  subject: Subject,
  facts: Facts,
  write: () => Promise<Lock>,
): Promise<void> {
  try {
    caches.locks.wrote(await write());
    lockAnswer?.(undefined);
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    if (isNamespaceAway(error)) {
      facts.lockRefusal = error.status?.message ?? error.message;
      lockAnswer?.(facts.lockRefusal);
      return;
    }
    if (!isLostRace(error)) throw error;
    const value = await api.get("lock", { namespace: rules.lockNamespace, name: subject.lockName });
    facts.lock = { value };
    if (value) caches.locks.wrote(value);
  }
}

/**
 * The same for a PipelineRun; one that is gone is an answer, too. What is learned is noted for whom it is about: the
 * subject's own run, or that of the lock's holder.
 */
async function writeRun(
  { api, caches }: PerformContext,
  subject: Subject,
  facts: Facts,
  run: PipelineRun,
  write: () => Promise<PipelineRun | undefined>,
): Promise<void> {
  const isAt = (place: { namespace: string; name: string } | undefined) =>
    place?.namespace === run.namespace && place.name === run.name;
  const note = (value: PipelineRun | undefined) => {
    if (value) caches.pipelineRuns.wrote(value);
    else facts.gone = new Set([...facts.gone ?? [], run.uid]);
    if (isAt(subject.runPlace)) facts.pipelineRun = { value };
    else if (isAt(subject.lock?.holder?.pipelineRun)) facts.holderRun = { value };
  };
  try {
    const answer = await write();
    if (answer) caches.pipelineRuns.wrote(answer);
    else note(undefined);
  } catch (error) {
    if (!(error instanceof StatusError) || !(isLostRace(error) || error.httpCode === 422)) throw error;
    note(await api.get("pipelineRun", run));
  }
}

/** One in a namespace that may not be read is not gone. */
async function holderOf(api: Api, at: Holder | undefined): Promise<NonNullable<Facts["holder"]>> {
  try {
    return { value: at && await api.get("execution", at) };
  } catch (error) {
    if (error instanceof StatusError && error.httpCode === 403) return { value: undefined, hidden: true };
    throw error;
  }
}

/** Missing, or being deleted: nothing can be created in it. */
function isNamespaceAway(error: StatusError): boolean {
  return (error.objectNotFound && error.status?.details?.kind === "namespaces") ||
    (error.httpCode === 403 && /because it is being terminated/.test(error.message));
}

function isLostRace(error: StatusError): boolean {
  const namespaceMissing = error.status?.details?.kind === "namespaces";
  return error.conflict || error.alreadyExists || (error.objectNotFound && !namespaceMissing);
}

async function ignoring(reasons: string[], work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof StatusError) || !reasons.includes(error.reason)) throw error;
  }
}

function refusalOf(error: unknown): Refusal {
  if (error instanceof StatusError) {
    const { httpCode, reason, status, retryAfterMs } = error;
    return {
      httpCode,
      reason,
      message: status?.message ?? error.message,
      kind: status?.details?.kind ?? "",
      retryAfterMs,
    };
  }
  if (error instanceof ConnectionError) {
    return { httpCode: 0, reason: "", message: error.message, kind: "", retryAfterMs: undefined };
  }
  throw error;
}

/** What a pass has found out does not count any more; only that a uid is gone stays true. */
export function forget(facts: Facts): void {
  for (const key of Object.keys(facts) as (keyof Facts)[]) if (key !== "gone") delete facts[key];
}
