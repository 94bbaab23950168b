// The PipelineRun of an execution: what is created for it, and how Tekton's answer is read.
// https://tekton.dev/docs/pipelines/pipelineruns/

import { createHash } from "node:crypto";
import type { JSONObject } from "@cloudydeno/kubernetes-apis/common.ts";
import { formatDuration } from "./duration.ts";
import type { Execution } from "./execution.ts";
import { traceAnnotation, traceparentOf } from "./trace_context.ts";
import { annotation, apiVersion, kind, label, labelValue, managedBy, tektonApiVersion } from "./names.ts";
import { identityFrom, isObject, listAt, objectAt, type ObjectIdentity, textAt, textMapAt, timeAt } from "./read.ts";

const endedBecauseWords = [
  "DeadlineExceeded",
  "StartDeadlineExceeded",
  "ExecutionDeleted",
  "ExecutionGone",
  "ExecutionEnded",
  "LockLost",
] as const;
/** Why this controller ended a run before its time. */
export type EndedBecause = typeof endedBecauseWords[number];

/** A PipelineRun as the rules see it. */
export interface PipelineRun extends ObjectIdentity {
  /** `namespace/name` of the execution that it was made for; empty when it is not one of ours. */
  readonly executionKey: string;
  readonly executionUid: string;
  /** The target as the execution gave it. */
  readonly target: string;
  readonly workflowId: string;
  /** Why this controller ended it; empty when it did not. */
  readonly endedBecause: EndedBecause | "";
  readonly endedAtMs: number | undefined;
  /** `spec.status`: `PipelineRunPending`, `Cancelled`, `CancelledRunFinally`, …; empty when it is to run. */
  readonly ordered: string;
  /** The condition Succeeded; undefined until Tekton has said anything. */
  readonly succeeded: {
    readonly status: "True" | "False" | "Unknown";
    readonly reason: string;
    readonly message: string;
  } | undefined;
  readonly startTimeMs: number | undefined;
  readonly completionTimeMs: number | undefined;
  /** TaskRuns (and CustomRuns) that Tekton has created for it. */
  readonly childCount: number;
  /** Digest of the bundle that really ran, `sha256:…`; empty when not known. */
  readonly digest: string;
  /** The W3C trace context that it was created with; empty when nobody traced it. */
  readonly traceparent: string;
}

/**
 * The name is a pure function of the execution's name and uid, so that a repeated creation finds what an earlier one made.
 * At most 63 characters, a DNS label: Tekton derives names and label values from it.
 */
export function pipelineRunName(execution: { name: string; uid: string }): string {
  const suffix = createHash("sha256").update(execution.uid).digest("hex").slice(0, 10);
  const readable = execution.name.replace(/[^a-z0-9-]/g, "-").slice(0, 63 - 1 - suffix.length).replace(/-+$/, "");
  return readable ? `${readable}-${suffix}` : suffix;
}

/** What a run gets besides what the execution says: from configuration. */
export interface PipelineRunDefaults {
  readonly serviceAccount: string;
  readonly timeoutMs: number;
  readonly rollbackGraceMs: number;
  /** The trace that it belongs to; empty: none. */
  readonly traceparent: string;
}

/** The PipelineRun of spec.md §3, born pending: it starts when an execution's status names it, and not before. */
export function newPipelineRun(
  execution: Execution,
  where: { namespace: string; name: string },
  defaults: PipelineRunDefaults,
): JSONObject {
  const { spec } = execution;
  const sameNamespace = where.namespace === execution.namespace;
  const parameters = Object.entries(spec.parameters)
    .filter(([name]) => name !== targetParameter)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => ({ name, value }));
  return {
    apiVersion: tektonApiVersion,
    kind: "PipelineRun",
    metadata: {
      name: where.name,
      namespace: where.namespace,
      labels: {
        [label.execution]: labelValue(execution.name),
        [label.workflowId]: labelValue(spec.workflowId),
        [label.sourceNamespace]: labelValue(execution.namespace),
        [label.executionUid]: labelValue(execution.uid),
        [label.managedBy]: managedBy,
      },
      annotations: {
        [annotation.targetResource]: spec.targetResource,
        [annotation.execution]: `${execution.namespace}/${execution.name}`,
        [annotation.correlationId]: execution.correlationId,
        ...traceAnnotation(defaults.traceparent),
      },
      ...(sameNamespace
        ? {
          ownerReferences: [{
            apiVersion,
            kind,
            name: execution.name,
            uid: execution.uid,
            controller: true,
            blockOwnerDeletion: true,
          }],
        }
        : {}),
    },
    spec: {
      status: pending,
      pipelineRef: {
        resolver: "bundles",
        params: [
          { name: "bundle", value: spec.containerImage },
          { name: "name", value: "workflow" },
          { name: "kind", value: "pipeline" },
        ],
      },
      params: [...parameters, { name: targetParameter, value: spec.targetResource }],
      taskRunTemplate: { serviceAccountName: spec.serviceAccountName ?? defaults.serviceAccount },
      // In whole seconds, and never 0: that would be no timeout at all.
      timeouts: { pipeline: formatDuration(Math.ceil((defaults.timeoutMs + defaults.rollbackGraceMs) / 1000) * 1000) },
    },
  };
}

/** `spec.status` of a run that must not start yet. */
export const pending = "PipelineRunPending";
const targetParameter = "TARGET_RESOURCE";

/** Starts a pending run, and only this one: anything else that has the name by now is refused. */
export function startPatch(run: PipelineRun): JSONObject[] {
  return [
    { op: "test", path: "/metadata/uid", value: run.uid },
    { op: "test", path: "/spec/status", value: pending },
    { op: "remove", path: "/spec/status" },
  ];
}

/** Ends a run; `mode` is Tekton's own word. Why stands in the same patch, for whoever reads the run afterwards. */
export function cancelPatch(
  run: PipelineRun,
  mode: "Cancelled" | "CancelledRunFinally",
  because: EndedBecause,
  nowMs: number,
): JSONObject {
  return {
    metadata: {
      uid: run.uid,
      resourceVersion: run.resourceVersion,
      annotations: { [annotation.endedBecause]: because, [annotation.endedAt]: new Date(nowMs).toISOString() },
    },
    spec: { status: mode },
  };
}

export function isFinished(run: PipelineRun): boolean {
  return run.succeeded !== undefined && run.succeeded.status !== "Unknown";
}

/** Born pending and never started; one that Tekton has given a verdict on is finished, not pending. */
export function isPending(run: PipelineRun): boolean {
  return run.ordered === pending && !isFinished(run);
}

/** Why a TaskRun does not go on, in Tekton's words. */
export interface Waiting {
  readonly reason: string;
  readonly message: string;
}

/** A pod that cannot be scheduled, or not be created for a quota: nothing moves until somebody makes room. */
export function isWaiting({ reason, message }: Waiting): boolean {
  return /exceeded|unschedulable|insufficient|quota/i.test(`${reason} ${message}`);
}

/** What to say when the bundle that really ran is not the one of spec.workflowRef.containerDigest; undefined when it is. */
export function digestMismatch({ spec }: Execution, run: PipelineRun): string | undefined {
  if (!spec.containerDigest || !run.digest || spec.containerDigest === run.digest) return undefined;
  return `${run.namespace}/${run.name} ran the bundle ${run.digest}, and ${spec.containerDigest} was asked for`;
}

/** Whether Tekton has begun to work on it: before that it may hang on something that is missing, for ever. */
export function hasBegun(run: PipelineRun): boolean {
  const waiting = ["", pending, "Pending", "Started", "ResolvingPipelineRef", "ResolvingTaskRef"];
  return run.childCount > 0 || !waiting.includes(run.succeeded?.reason ?? "");
}

/** The counts in the condition's message, which spare a watch on TaskRuns (specs: tekton-as-seen). */
export function progressOf(run: PipelineRun): { completedTasks: number; totalTasks: number } | undefined {
  const message = run.succeeded?.message ?? "";
  const completed = /Tasks Completed: (\d+)/.exec(message)?.[1];
  if (completed === undefined) return undefined;
  const incomplete = Number(/Incomplete: (\d+)/.exec(message)?.[1] ?? 0);
  const skipped = Number(/Skipped: (\d+)/.exec(message)?.[1] ?? 0);
  return { completedTasks: Number(completed), totalTasks: Number(completed) + incomplete + skipped };
}

/** Reads a PipelineRun, keeping what the rules need and no more. @throws {TypeError} naming the field */
export function pipelineRunFrom(json: JSONObject): PipelineRun {
  const metadata = objectAt(json, "metadata");
  const labels = textMapAt(metadata, "labels", "metadata.");
  const annotations = textMapAt(metadata, "annotations", "metadata.");
  const spec = objectAt(json, "spec");
  const status = objectAt(json, "status");
  const condition = listAt(status, "conditions", "status.").filter(isObject).find((each) => each.type === "Succeeded");
  const refSource = objectAt(objectAt(status, "provenance", "status."), "refSource", "status.provenance.");
  const digest = textMapAt(refSource, "digest", "status.provenance.refSource.").sha256;
  return {
    ...identityFrom(metadata),
    executionKey: annotations[annotation.execution] ?? "",
    executionUid: labels[label.executionUid] ?? "",
    target: annotations[annotation.targetResource] ?? "",
    workflowId: labels[label.workflowId] ?? "",
    endedBecause: endedBecauseWords.find((word) => word === annotations[annotation.endedBecause]) ?? "",
    endedAtMs: millisecondsOf(annotations[annotation.endedAt]),
    ordered: textAt(spec, "status", "spec.") ?? "",
    succeeded: condition && succeededFrom(condition),
    startTimeMs: timeAt(status, "startTime", "status."),
    completionTimeMs: timeAt(status, "completionTime", "status."),
    childCount: listAt(status, "childReferences", "status.").length,
    digest: digest ? `sha256:${digest}` : "",
    traceparent: traceparentOf(annotations),
  };
}

function millisecondsOf(text: string | undefined): number | undefined {
  const ms = text === undefined ? NaN : Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms;
}

function succeededFrom(condition: JSONObject): NonNullable<PipelineRun["succeeded"]> {
  const status = textAt(condition, "status", "status.conditions[Succeeded].");
  return {
    status: status === "True" || status === "False" ? status : "Unknown",
    reason: textAt(condition, "reason", "status.conditions[Succeeded].") ?? "",
    message: textAt(condition, "message", "status.conditions[Succeeded].") ?? "",
  };
}
