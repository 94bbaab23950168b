// All that a decision may rest on, gathered at one moment. What was read live says so: a cache may be behind, and absence in
// a cache proves nothing.

import type { Execution } from "./execution.ts";
import type { Evidence } from "./failure.ts";
import type { Holder, Lock, RecentEnd } from "./lock.ts";
import type { PipelineRun, Waiting } from "./pipeline_run.ts";
import type { Refusal } from "./refusal.ts";
import { parseTarget, type Target, TargetError } from "./target.ts";

/** The part of the configuration that decisions depend on. Durations in milliseconds; 0 switches off where spec.md says so. */
export interface Rules {
  readonly cooldownMs: number;
  readonly timeoutMs: number;
  readonly maxTimeoutMs: number;
  readonly rollbackGraceMs: number;
  readonly startDeadlineMs: number;
  /** Empty: the execution's own. */
  readonly executionNamespace: string;
  readonly lockNamespace: string;
  readonly serviceAccount: string;
  readonly allowedServiceAccounts: readonly string[];
  readonly allowedImages: readonly string[];
  readonly requireDigest: boolean;
}

/** An object, or its absence, and how that is known. */
export interface Seen<T> {
  readonly value: T | undefined;
  /** Read from the API server in this very pass, after every write of ours. */
  readonly live: boolean;
}

/** Somebody else's unfinished run on the same target, or somebody who may have one. */
export interface Rival {
  /** Undefined when the cache has none, though its execution is Running. */
  readonly run: PipelineRun | undefined;
  /** Its execution, undefined when there is none (any more). */
  readonly execution: Execution | undefined;
  /** Set when it was seen to hold the Lease before, and what became of it is not known. */
  readonly formerHolder?: Holder;
}

/** How the delivery of an execution's audit events stands. */
export type AuditState =
  | { readonly is: "delivered" }
  | { readonly is: "waiting" }
  | { readonly is: "late"; readonly why: string }
  | { readonly is: "rejected"; readonly why: string };

export interface Snapshot {
  readonly nowMs: number;
  readonly rules: Rules;
  readonly execution: Execution;
  /** Whether it was read live in this very pass, and found as it stands here; or found gone. */
  readonly current: boolean;
  readonly gone: boolean;
  /** The smaller of wall time since the claim and monotonic time since this process first saw it. */
  readonly claimAgeMs: number;
  /** The greater of wall time since the deletion and monotonic time since this process first saw it; 0 without a deletion. */
  readonly deletionAgeMs: number;
  /** Monotonic time since this process last wrote the execution's progress. */
  readonly sinceProgressMs: number;
  /** The execution's own run, by its uid: where the claim or the status says it is. */
  readonly pipelineRun: Seen<PipelineRun>;
  /** Monotonic time since this process first saw that run, or wrote it. */
  readonly runAgeMs: number;
  /** Whether a watch tells of that run: not where configuration has changed since it was created. */
  readonly runIsWatched: boolean;
  /** A run that stands under the name of ours: somebody else's, or one of our uid that is not the one the status names. */
  readonly foreignRun: PipelineRun | undefined;
  /** Unfinished runs that carry the execution's uid and are not its run: no status names them. */
  readonly strays: readonly PipelineRun[];
  /** Whether a run that is being deleted still has unfinished TaskRuns; undefined until it was read live. */
  readonly unfinishedTaskRuns: boolean | undefined;
  /** What a run that goes on without a change is waiting for, as its TaskRuns told, and in how long to ask them (again). */
  readonly waiting: { readonly why: Waiting | undefined; readonly askInMs: number };
  /** The Lease that the claim names, else the one of the canonical target. */
  readonly lock: Seen<Lock>;
  /** Who holds that Lease, when it is somebody else; and that one's run. */
  readonly holder: Seen<Execution>;
  /** The API server would not tell (403): nobody may call that holder gone. */
  readonly holderHidden: boolean;
  readonly holderRun: Seen<PipelineRun>;
  /** That holder as this process last saw it, when it was seen to go. */
  readonly holderLastSeen: Execution | undefined;
  /** `complete`: every run on the target that was created before the execution's own one is known, whatever became of it. */
  readonly rivals: { readonly value: readonly Rival[]; readonly live: boolean; readonly complete: boolean };
  /** Ends of executions in the cache that held the lock on this target. */
  readonly recentEnds: readonly RecentEnd[];
  /** The answer to this pass's attempt to create a Lease, when its namespace is missing or going. */
  readonly lockRefusal: string | undefined;
  /** Milliseconds until an API server that asked for patience (Retry-After) may be asked to create the run again. */
  readonly holdOffMs: number;
  /** The answer to this pass's attempt to create the PipelineRun, when it was refused. */
  readonly refusal: Refusal | undefined;
  /** Run and TaskRuns, whole, once the run has failed. */
  readonly evidence: Evidence | undefined;
  readonly audit: AuditState;
  /** The W3C trace context that a run is to be created with; empty when nobody traces. */
  readonly traceparent: string;
}

export function holdsLock(s: Snapshot): boolean {
  return s.lock.value?.holder?.uid === s.execution.uid;
}

/** The target in its canonical parts; undefined when it is malformed. */
export function targetOf({ execution }: Pick<Snapshot, "execution">): Target | undefined {
  try {
    return parseTarget(execution.spec.targetResource, execution.namespace);
  } catch (error) {
    if (error instanceof TargetError) return undefined;
    throw error;
  }
}
