// The laws of a simulated world, judged at every single change in the server's storage. What holds only at the end is in
// verdict.ts. A broken law is a sentence; the first one ends the world.

import type { ApiServer } from "../../lib/sim/api_server.ts";
import type { KubeObject } from "../../lib/sim/objects.ts";
import type { Change } from "../../lib/sim/storage.ts";
import type { ExecutionStatus } from "../../lib/workflow/execution.ts";
import { lockName } from "../../lib/workflow/lock.ts";
import { annotation, finalizer, label } from "../../lib/workflow/names.ts";
import { leaderLease } from "./replica.ts";
import { type ExecutionRecord, isActive, isFinal, type RunRecord } from "./records.ts";
import type { Trace } from "./trace.ts";

export interface LawsOptions {
  readonly server: ApiServer;
  readonly trace: Trace;
  readonly nowMs: () => number;
  /** The canonical target of a spelling, as the plan knows it. */
  readonly canonicalOf: (alias: string) => string;
  /** The least that lies between an end and the next start: the cooldown, less what clocks may have been set by. */
  readonly cooldownMs: number;
  /** Processes and network are well: what is to be mended is mended soon. */
  readonly wellServed: boolean;
}

/** How long mending may take where everything is well. */
const mendedWithinMs = 5_000;

interface LockRecord {
  readonly canonical: string;
  holder: string;
  /** A hand has emptied or deleted it since it was last taken. */
  tampered: boolean;
  /** When a hand last deleted it, and its ledger. */
  deletedAtMs: number;
}

export class Laws {
  readonly executions = new Map<string, ExecutionRecord>();
  readonly runs = new Map<string, RunRecord>();
  readonly locks = new Map<string, LockRecord>();
  readonly broken: string[] = [];
  /** Changes to executions, runs and Leases so far. */
  changes = 0;
  readonly #o: LawsOptions;
  #byHand = false;

  constructor(o: LawsOptions) {
    this.#o = o;
    o.server.storage.listen((change) => this.#notice(change));
  }

  /** What happens meanwhile is the work of a person. */
  byHand(work: () => void): void {
    this.#byHand = true;
    try {
      work();
    } finally {
      this.#byHand = false;
    }
  }

  breaks(law: string): void {
    this.#o.trace.note(`*** ${law}`);
    this.broken.push(law);
  }

  #notice(change: Change): void {
    switch (change.resource) {
      case "workflowexecution.kubernaut.ai/workflowexecutions":
        this.changes++;
        return this.#execution(change);
      case "tekton.dev/pipelineruns":
        this.changes++;
        return this.#run(change);
      case "tekton.dev/taskruns":
        return this.#taskRun(change);
      case "coordination.k8s.io/leases":
        if (change.object.metadata.name === leaderLease) return;
        this.changes++;
        return this.#lock(change);
    }
  }

  #execution({ type, object }: Change): void {
    const { uid = "", namespace = "", name = "", finalizers = [], annotations = {}, deletionTimestamp } =
      object.metadata;
    const spec = object.spec as { targetResource: string; workflowRef: { workflowId: string } };
    const status = (object.status ?? {}) as ExecutionStatus;
    const nowMs = this.#o.nowMs();
    let known = this.executions.get(uid);
    if (!known) {
      known = {
        uid,
        key: `${namespace}/${name}`,
        canonical: this.#o.canonicalOf(spec.targetResource),
        workflow: spec.workflowRef.workflowId,
        createdAtMs: nowMs,
        status,
        claimed: false,
        copy: annotations[annotation.claim] !== undefined,
        owed: false,
        stripped: false,
        deletedAtMs: undefined,
        goneAtMs: undefined,
        heldLock: false,
        lostLock: false,
        starts: 0,
      };
      this.executions.set(uid, known);
    }
    if (known.status.phase !== status.phase) {
      const why = status.skipDetails?.reason ?? status.failureDetails?.message ?? "";
      this.#o.trace.note(`     ${known.key}: ${known.status.phase ?? ""} → ${status.phase ?? ""} ${why}`);
    }
    if (isFinal(known) && frozen(known.status) !== frozen(status)) {
      this.breaks(`the final status of ${known.key} was rewritten: ${frozen(known.status)} → ${frozen(status)}`);
    }
    if (!isFinal(known)) known.status = status;
    if (isFinal(known) && status.phase === "Skipped" && known.starts > 0) {
      this.breaks(`${known.key} is Skipped, and ran`);
    }
    known.claimed ||= annotations[annotation.claim] !== undefined;
    const stands = finalizers.includes(finalizer);
    // The last state of an object that goes with its last finalizer still shows it.
    if (this.#byHand && known.owed && stands === (type === "DELETED")) known.stripped = true;
    known.owed ||= stands;
    if (deletionTimestamp && known.deletedAtMs === undefined) {
      known.deletedAtMs = Date.parse(deletionTimestamp);
      this.#o.trace.note(`     ${known.key}: being deleted`);
    }
    if (type === "DELETED") {
      known.goneAtMs = nowMs;
      this.#o.trace.note(`     ${known.key}: gone`);
    }
  }

  #run({ type, object, previous }: Change): void {
    const { uid = "", name = "", namespace = "", labels = {}, deletionTimestamp } = object.metadata;
    let run = this.runs.get(uid);
    if (!run) {
      const execution = this.executions.get(labels[label.executionUid] ?? "");
      run = {
        uid,
        name,
        namespace,
        execution,
        started: false,
        verdict: undefined,
        deleting: false,
        gone: false,
        byHand: false,
        working: new Set(),
      };
      this.runs.set(uid, run);
    }
    const now = run;
    const { status: ordered } = (object.spec ?? {}) as { status?: string };
    const starts = !run.started && ordered !== "PipelineRunPending" && type !== "DELETED";
    const before = stateOf(run);
    if (starts && ordered === undefined) run.started = true;
    run.verdict ??= verdictOf(object);
    run.deleting ||= deletionTimestamp !== undefined;
    run.gone = type === "DELETED";
    if (this.#byHand && previous) run.byHand = true;
    if (stateOf(run) !== before || !previous) this.#o.trace.note(`     run ${name}: ${stateOf(run)}`);
    if (starts && run.started && run.verdict === undefined) this.#started(now);
  }

  #started(run: RunRecord): void {
    const { execution } = run;
    if (!execution) {
      if (!this.#byHand) this.breaks(`run ${run.name}, which is nobody's or somebody else's, was started`);
      return;
    }
    execution.starts++;
    if (execution.copy) this.breaks(`${execution.key} is a copy, and was started`);
    if (execution.starts > 1) this.breaks(`${execution.key} was started a second time`);
    const named = execution.status.pipelineRunRef?.uid;
    if (named !== run.uid) {
      this.breaks(`run ${run.name} was started, and the status of ${execution.key} does not name it`);
    }
    if (isFinal(execution)) this.breaks(`${execution.key} is ${execution.status.phase}, and its run was started`);
    const lock = this.locks.get(execution.canonical);
    if (lock?.holder !== execution.uid && !lock?.tampered && !execution.lostLock) {
      this.breaks(`${execution.key} was started without holding ${execution.canonical}`);
    }
    for (const other of this.runs.values()) {
      if (other === run || !isActive(other) || other.execution?.canonical !== execution.canonical) continue;
      this.breaks(
        `two runs on ${execution.canonical}: ${other.execution.key} is running, ${execution.key} was started`,
      );
    }
    this.#cooldown(execution);
  }

  #cooldown(execution: ExecutionRecord): void {
    const { cooldownMs, nowMs } = this.#o;
    if (cooldownMs <= 0) return;
    for (const other of this.executions.values()) {
      if (other === execution || !other.heldLock) continue;
      if (other.canonical !== execution.canonical || other.workflow !== execution.workflow) continue;
      const endMs = endOf(other);
      if (endMs === undefined || nowMs() - endMs >= cooldownMs) continue;
      const forgotten = (this.locks.get(other.canonical)?.deletedAtMs ?? -1) >= endMs ||
        (other.lostLock && other.stripped);
      const lost = other.goneAtMs !== undefined && forgotten;
      if (lost) continue; // a hand has thrown the ledger or the holder away, and the execution is gone: nobody can know
      this.breaks(
        `${execution.key} was started ${nowMs() - endMs} ms after ${other.key} ended (${cooldownMs} ms cooldown)`,
      );
    }
  }

  /** A run whose Lease was deleted or emptied by hand has it back, if it is still there and nobody else has come. */
  #mended({ canonical, holder }: LockRecord, robbed: ExecutionRecord): void {
    if (holder !== "" || robbed.goneAtMs !== undefined) return;
    for (const run of this.runs.values()) {
      if (run.execution !== robbed || !isActive(run)) continue;
      this.breaks(`the lock on ${canonical} was taken away by hand, and not given back to ${robbed.key}`);
    }
  }

  /** An end stays in the ledger until its cooldown is over, or a later one of the same workflow takes its place. */
  #ledger({ type, object, previous }: Change): void {
    const { cooldownMs, nowMs } = this.#o;
    const kept = type === "DELETED" ? [] : ledgerOf(object);
    for (const { uid, workflowId, completedAt } of previous ? ledgerOf(previous) : []) {
      const endMs = Date.parse(completedAt);
      if (nowMs() - endMs >= cooldownMs) continue;
      if (kept.some((each) => each.workflowId === workflowId && Date.parse(each.completedAt) >= endMs)) continue;
      this.breaks(`the ledger of ${object.metadata.name} has forgotten the end of ${this.executions.get(uid)?.key}`);
    }
  }

  #taskRun({ type, object }: Change): void {
    const owner = object.metadata.ownerReferences?.find(({ kind }) => kind === "PipelineRun");
    const run = this.runs.get(owner?.uid ?? "");
    const { uid = "" } = object.metadata;
    if (type === "DELETED" || verdictOf(object) !== undefined) run?.working.delete(uid);
    else run?.working.add(uid);
  }

  #lock(change: Change): void {
    const { type, object } = change;
    const name = object.metadata.name ?? "";
    if (!this.#byHand) this.#ledger(change);
    const canonical = [...this.executions.values()].find((each) => lockName(each.canonical) === name)?.canonical;
    if (canonical === undefined) return;
    const identity = (object.spec as { holderIdentity?: string } | undefined)?.holderIdentity ?? "";
    const holder = type === "DELETED" ? "" : identity.split("/")[2] ?? "";
    const known = this.locks.get(canonical) ?? { canonical, holder: "", tampered: false, deletedAtMs: -1 };
    this.locks.set(canonical, known);
    if (this.#byHand) {
      known.tampered = true;
      const robbed = this.executions.get(known.holder);
      if (robbed) robbed.lostLock = true;
      if (type === "DELETED") known.deletedAtMs = this.#o.nowMs();
      if (robbed && this.#o.wellServed) {
        this.#o.server.clock.timer(mendedWithinMs, () => this.#mended(known, robbed));
      }
    }
    if (known.holder === holder) return;
    const former = this.executions.get(known.holder);
    const taker = this.executions.get(holder);
    this.#o.trace.note(`     lock ${canonical}: ${former?.key ?? "free"} → ${taker?.key ?? "free"}`);
    known.holder = holder;
    if (this.#byHand) return;
    if (taker) {
      taker.heldLock = true;
      known.tampered = false;
    }
    if (former && !gaveBack(former, taker)) {
      const way = taker ? `given to ${taker.key}` : "released";
      this.breaks(`the lock on ${canonical} was ${way} while ${former.key} was ${former.status.phase ?? "Pending"}`);
    }
    for (const run of this.runs.values()) {
      if (!isActive(run) || run.execution?.canonical !== canonical || run.execution === taker) continue;
      const way = taker ? `given to ${taker.key}` : "released";
      if (run.execution === former) {
        this.breaks(`the lock on ${canonical} was ${way} while the run of ${former.key} was active`);
      }
    }
  }
}

function ledgerOf({ metadata }: KubeObject): { uid: string; workflowId: string; completedAt: string }[] {
  return JSON.parse(metadata.annotations?.[annotation.recentEnds] ?? "[]");
}

/** Nobody loses the lock before its end: whoever is being deleted may release it, and only then is another next. */
function gaveBack(former: ExecutionRecord, taker: ExecutionRecord | undefined): boolean {
  return isFinal(former) || former.goneAtMs !== undefined || (!taker && former.deletedAtMs !== undefined);
}

/** What the cooldown counts from; undefined for what has not ended, or never ran. */
export function endOf(execution: ExecutionRecord): number | undefined {
  const { status, deletedAtMs, goneAtMs } = execution;
  const lostLock = status.conditions?.some(({ type, reason }) => type === "ExecutionComplete" && reason === "LockLost");
  if (lostLock && execution.starts === 0) return undefined;
  if (status.phase === "Skipped" || (!execution.claimed && !status.startTime)) return undefined;
  if (status.completionTime !== undefined) return Date.parse(status.completionTime);
  if (status.phase !== "Running") return undefined;
  // In whole seconds, as Kubernetes tells times: what it is known by is a deletion, or the end of its run.
  return goneAtMs === undefined ? undefined : deletedAtMs ?? Math.floor(goneAtMs / 1_000) * 1_000;
}

/** What may not change once the phase is final: everything but the conditions. */
function frozen({ conditions: _, ...rest }: ExecutionStatus): string {
  return JSON.stringify(rest);
}

function verdictOf(object: KubeObject): "True" | "False" | undefined {
  const { conditions = [] } = (object.status ?? {}) as { conditions?: { type: string; status: string }[] };
  const found = conditions.find(({ type }) => type === "Succeeded")?.status;
  return found === "True" || found === "False" ? found : undefined;
}

function stateOf(run: RunRecord): string {
  if (run.gone) return "gone";
  const state = run.verdict ? (run.verdict === "True" ? "succeeded" : "failed") : run.started ? "started" : "pending";
  return run.deleting ? `${state}, being deleted` : state;
}
