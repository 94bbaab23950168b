// Valid by default: a test says only what it is about.

import type { JSONObject } from "../../lib/kube/contract.ts";
import type { Execution } from "../../lib/workflow/execution.ts";
import { apiVersion, finalizer, kind } from "../../lib/workflow/names.ts";
import type { Holder, Lock, RecentEnd } from "../../lib/workflow/lock.ts";
import type { PipelineRun } from "../../lib/workflow/pipeline_run.ts";
import type { Rules, Snapshot } from "../../lib/workflow/snapshot.ts";

const minute = 60_000;
/** 2026-01-01T00:00:00Z, where every test's clock starts. */
export const startMs = Date.UTC(2026, 0, 1);

export const defaultRules: Rules = {
  cooldownMs: 5 * minute,
  timeoutMs: 30 * minute,
  maxTimeoutMs: 24 * 60 * minute,
  rollbackGraceMs: 5 * minute,
  startDeadlineMs: 2 * minute,
  executionNamespace: "",
  lockNamespace: "kubernaut-system",
  serviceAccount: "kubernaut-workflow-runner",
  allowedServiceAccounts: [],
  allowedImages: [],
  requireDigest: false,
};

/** A WorkflowExecution as its creator sends it. */
export function manifest(o: {
  name?: string;
  namespace?: string;
  workflow?: string;
  target?: string;
  image?: string;
  spec?: JSONObject;
} = {}): JSONObject {
  const { name = "fix", namespace = "payment", workflow = "restart", target = "payment/deployment/api", image = "ok" } =
    o;
  return {
    apiVersion,
    kind,
    metadata: { name, namespace },
    spec: {
      remediationRequestRef: { kind: "RemediationRequest", name: `rr-${name}`, namespace },
      workflowRef: { workflowId: workflow, version: "1.0.0", containerImage: `registry.example/${image}:v1` },
      targetResource: target,
      ...o.spec,
    },
  };
}

/** An execution as the rules see it: just created. */
export function execution(o: Partial<Omit<Execution, "spec">> & { spec?: Partial<Execution["spec"]> } = {}): Execution {
  return {
    namespace: "payment",
    name: "fix",
    uid: "uid-fix",
    resourceVersion: "10",
    createdAtMs: startMs,
    deletedAtMs: undefined,
    finalizers: [],
    generation: 1,
    claim: undefined,
    correlationId: "rr-fix",
    status: { phase: "Pending" },
    ...o,
    spec: {
      remediationRequest: "rr-fix",
      workflowId: "restart",
      version: "1.0.0",
      containerImage: "registry.example/ok:v1",
      containerDigest: undefined,
      targetResource: "payment/deployment/api",
      parameters: {},
      confidence: undefined,
      rationale: undefined,
      timeout: undefined,
      serviceAccountName: undefined,
      ...o.spec,
    },
  };
}

/** The same, claimed and running its run. */
export function runningExecution(o: Partial<Execution> = {}): Execution {
  return execution({
    finalizers: [finalizer],
    claim: {
      uid: "uid-fix",
      lease: "wfe-0000000000000000",
      pipelineRun: { namespace: "payment", name: "fix-run" },
      claimedAt: "2026-01-01T00:00:00Z",
    },
    status: {
      phase: "Running",
      startTime: "2026-01-01T00:00:00Z",
      pipelineRunRef: { namespace: "payment", name: "fix-run", uid: "uid-run" },
      pipelineRunStatus: { status: "Unknown", reason: "", message: "" },
    },
    ...o,
  });
}

export function pipelineRun(o: Partial<PipelineRun> = {}): PipelineRun {
  return {
    namespace: "payment",
    name: "fix-run",
    uid: "uid-run",
    resourceVersion: "20",
    createdAtMs: startMs,
    deletedAtMs: undefined,
    finalizers: [],
    executionKey: "payment/fix",
    executionUid: "uid-fix",
    target: "payment/deployment/api",
    workflowId: "restart",
    endedBecause: "",
    endedAtMs: undefined,
    ordered: "",
    succeeded: undefined,
    startTimeMs: undefined,
    completionTimeMs: undefined,
    childCount: 0,
    digest: "",
    traceparent: "",
    ...o,
  };
}

/** A free target, an execution just created, nothing read live. */
export function snapshot(o: Partial<Snapshot> = {}): Snapshot {
  const nothing = { value: undefined, live: false };
  return {
    nowMs: startMs + 1_000,
    rules: defaultRules,
    execution: execution(),
    current: true,
    gone: false,
    claimAgeMs: 0,
    deletionAgeMs: 0,
    sinceProgressMs: Infinity,
    pipelineRun: nothing,
    runAgeMs: 0,
    runIsWatched: true,
    foreignRun: undefined,
    strays: [],
    waiting: { why: undefined, askInMs: Infinity },
    unfinishedTaskRuns: undefined,
    lock: nothing,
    holder: nothing,
    holderHidden: false,
    holderRun: nothing,
    holderLastSeen: undefined,
    rivals: { value: [], live: false, complete: true },
    recentEnds: [],
    lockRefusal: undefined,
    holdOffMs: 0,
    refusal: undefined,
    evidence: undefined,
    audit: { is: "delivered" },
    traceparent: "",
    ...o,
  };
}

/** Who holds the target of `snapshot()`, when it is somebody else. */
export function holder(o: Partial<Holder> = {}): Holder {
  return {
    namespace: "payment",
    name: "other",
    uid: "uid-other",
    workflowId: "scale",
    startedAt: "2026-01-01T00:00:00Z",
    pipelineRun: { namespace: "payment", name: "other-run" },
    ...o,
  };
}

/** A free Lease on the target of `snapshot()`. */
export function lock(o: Partial<Lock> = {}): Lock {
  return {
    namespace: "kubernaut-system",
    name: "wfe-0000000000000000",
    uid: "uid-lease",
    resourceVersion: "30",
    target: "payment/deployment/api",
    holder: undefined,
    emptied: false,
    transitions: 1,
    recentEnds: [],
    ...o,
  };
}

/** An entry of the ledger: the same workflow, a minute before the start of the clock. */
export function recentEnd(o: Partial<RecentEnd> = {}): RecentEnd {
  return {
    workflowId: "restart",
    namespace: "payment",
    name: "before",
    uid: "uid-before",
    outcome: "Completed",
    completedAtMs: startMs - minute,
    ...o,
  };
}
