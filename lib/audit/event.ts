// Audit events, derived from the execution alone: what its life so far has produced. Pure, and built only from the spec and
// from status fields that are frozen at their transition, so that a repeat is identical to the byte. How a service wants
// them worded is left to the sinks; that they arrive is the outbox's affair.

import { createHash } from "node:crypto";
import type { JSONObject, JSONValue } from "@cloudydeno/kubernetes-apis/common.ts";
import type { Execution, FailureDetails } from "../workflow/execution.ts";
import { controllerName, kind } from "../workflow/names.ts";
import { excerpt, excerptParameters } from "../workflow/excerpt.ts";

export type AuditEventName = "started" | "completed" | "failed" | "skipped" | "deleted";

/** The project's own full form; the file sink and stdout write it as it is. Times are RFC 3339. */
export interface AuditEvent {
  readonly version: "1.0";
  /** UUIDv5 of the execution's uid and the event type: a repeat is recognisable. */
  readonly event_id: string;
  readonly event_type: `workflowexecution.workflow.${AuditEventName}`;
  /** When it happened, not when it was written. */
  readonly event_timestamp: string;
  readonly event_category: "workflowexecution";
  readonly event_action: `workflow.${AuditEventName}`;
  readonly event_outcome: "success" | "failure";
  readonly actor_type: "service";
  readonly actor_id: typeof controllerName;
  readonly resource_type: typeof kind;
  /** The execution's name. */
  readonly resource_id: string;
  readonly correlation_id: string;
  readonly namespace: string;
  /** Whole milliseconds from start to end; absent where there is none. */
  readonly duration_ms?: number;
  readonly event_data: AuditEventData;
}

/** The payload: the Data Storage Service's WorkflowExecutionAuditPayload, and what it leaves out. */
export interface AuditEventData {
  readonly event_id: string;
  readonly event_type: AuditEvent["event_type"];
  readonly execution_name: string;
  readonly execution_namespace: string;
  readonly execution_uid: string;
  readonly workflow_id: string;
  readonly workflow_version: string;
  readonly target_resource: string;
  readonly phase: string;
  readonly container_image: string;
  readonly [key: string]: JSONValue;
}

/** UUIDv5 namespace of this project's audit events (RFC 9562, 5.5). Never to be changed: consumers recognise repeats by it. */
export const eventIdNamespace = "6f1b0f0a-6a52-4c7e-9d0b-2f6f3c1f7a54";

/** Of each parameter's value, in bytes. */
const parameterLimitBytes = 4096;
const textLimitBytes = 4096;

/** Events that end an execution's story. */
export function isTerminal(event: AuditEvent): boolean {
  return nameOf(event) !== "started";
}

export function nameOf(event: AuditEvent): AuditEventName {
  return event.event_action.slice("workflow.".length) as AuditEventName;
}

/** An event that is owed. Its text is made only where it is not known yet: half a megabyte of parameters takes its time. */
export interface OwedEvent {
  readonly event_id: string;
  build(): AuditEvent;
}

/**
 * Every event that the execution's life so far has produced, in the order in which they happened: `started` once it has a
 * startTime; `completed`, `failed` or `skipped` by its final phase; `deleted` when it is being deleted and is not final.
 */
export function eventsOf(execution: Execution): AuditEvent[] {
  return owedEventsOf(execution).map((owed) => owed.build());
}

/** `eventsOf`, with the events yet to be built: cheap enough for every pass. */
export function owedEventsOf(execution: Execution): OwedEvent[] {
  const { status, deletedAtMs } = execution;
  const owed: OwedEvent[] = [];
  const add = (name: AuditEventName, build: () => AuditEvent) => owed.push({ event_id: idOf(execution, name), build });
  const { startTime, phase } = status;
  if (startTime) add("started", () => started(execution, startTime));
  switch (phase) {
    case "Completed":
    case "Failed":
    case "Skipped":
      add(endNames[phase], () => ended(execution, phase));
      break;
    default:
      if (deletedAtMs !== undefined) add("deleted", () => deleted(execution, deletedAtMs));
  }
  return owed;
}

const endNames = { Completed: "completed", Failed: "failed", Skipped: "skipped" } as const;

function typeOf(name: AuditEventName): AuditEvent["event_type"] {
  return `workflowexecution.workflow.${name}`;
}

function idOf(execution: Execution, name: AuditEventName): string {
  return uuid5(eventIdNamespace, `${execution.uid}/${typeOf(name)}`);
}

function started(execution: Execution, startTime: string): AuditEvent {
  return event(execution, "started", "success", startTime, "Running", {});
}

function ended(execution: Execution, phase: "Completed" | "Failed" | "Skipped"): AuditEvent {
  const { status } = execution;
  const endedAt = status.completionTime ?? status.failureDetails?.failedAt ?? status.skipDetails?.skippedAt ??
    iso(execution.createdAtMs);
  const data = {
    completed_at: endedAt,
    duration: status.duration,
    ...(phase === "Failed" ? failure(execution) : phase === "Skipped" ? skip(execution) : {}),
  };
  return event(execution, endNames[phase], phase === "Failed" ? "failure" : "success", endedAt, phase, data);
}

/** Its phase is what it had reached: a deletion writes none. */
function deleted(execution: Execution, deletedAtMs: number): AuditEvent {
  const at = iso(deletedAtMs);
  return event(execution, "deleted", "failure", at, execution.status.phase ?? "Pending", { deleted_at: at });
}

function event(
  execution: Execution,
  name: AuditEventName,
  outcome: AuditEvent["event_outcome"],
  timestamp: string,
  phase: string,
  data: Record<string, JSONValue | undefined>,
): AuditEvent {
  const { spec, status } = execution;
  const type = typeOf(name);
  const id = idOf(execution, name);
  const durationMs = name === "started" ? undefined : durationOf(execution, timestamp);
  return {
    version: "1.0",
    event_id: id,
    event_type: type,
    event_timestamp: timestamp,
    event_category: "workflowexecution",
    event_action: `workflow.${name}`,
    event_outcome: outcome,
    actor_type: "service",
    actor_id: controllerName,
    resource_type: kind,
    resource_id: execution.name,
    correlation_id: execution.correlationId,
    namespace: execution.namespace,
    ...(durationMs === undefined ? {} : { duration_ms: durationMs }),
    event_data: {
      event_id: id,
      event_type: type,
      execution_name: execution.name,
      execution_namespace: execution.namespace,
      execution_uid: execution.uid,
      workflow_id: spec.workflowId,
      workflow_version: spec.version,
      target_resource: spec.targetResource,
      phase,
      container_image: spec.containerImage,
      ...present({
        container_digest: spec.containerDigest,
        confidence: spec.confidence,
        rationale: spec.rationale === undefined ? undefined : text(execution, spec.rationale),
        parameters: parametersOf(execution),
        started_at: status.startTime,
        pipelinerun_name: status.pipelineRunRef?.name,
        pipelinerun_namespace: status.pipelineRunRef?.namespace,
        // Of the end alone: a condition of today must not change what was told of the start.
        digest_mismatch: name === "started"
          ? undefined
          : status.conditions?.find(({ reason }) => reason === "DigestMismatch")?.message,
        ...data,
      }),
    },
  };
}

/** Of a skip 0; of what never started nothing; else from start to end, never below 0 however clocks differ. */
function durationOf({ status }: Execution, endedAt: string): number | undefined {
  if (status.phase === "Skipped") return 0;
  const ms = Date.parse(endedAt) - Date.parse(status.startTime ?? "");
  return Number.isNaN(ms) ? undefined : Math.max(0, Math.round(ms));
}

/** failureDetails is missing when the API server refused a status that was too large: the reason is then unknown. */
function failure(execution: Execution): Record<string, JSONValue | undefined> {
  const { status } = execution;
  const details: Partial<FailureDetails> = status.failureDetails ?? {};
  return {
    failure_reason: details.reason ?? "Unknown",
    failure_message: text(execution, details.message || status.message || ""),
    failed_task_name: details.failedTaskName || undefined,
    failed_task_index: details.failedTaskIndex,
    failed_step_name: details.failedStepName,
    exit_code: details.exitCode,
    failed_at: details.failedAt,
    execution_time_before_failure: details.executionTimeBeforeFailure,
    natural_language_summary: details.naturalLanguageSummary
      ? text(execution, details.naturalLanguageSummary)
      : undefined,
    was_execution_failure: details.wasExecutionFailure,
    requires_manual_review: details.requiresManualReview,
  };
}

function skip(execution: Execution): Record<string, JSONValue | undefined> {
  const { skipDetails: details, message } = execution.status;
  return {
    skip_reason: details?.reason,
    skip_message: text(execution, details?.message || message || ""),
    conflicting_workflow: details?.conflictingWorkflow && snakeCased(details.conflictingWorkflow),
    recent_remediation: details?.recentRemediation && snakeCased(details.recentRemediation),
  };
}

function parametersOf({ spec }: Execution): JSONObject | undefined {
  const entries = Object.entries(excerptParameters(spec.parameters, parameterLimitBytes));
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

/** Text that somebody wrote: a secret parameter's value may stand in it, too. */
function text({ spec }: Execution, value: string): string {
  return excerpt(value, textLimitBytes, spec.parameters);
}

function snakeCased(from: Readonly<Record<string, string>>): JSONObject {
  return Object.fromEntries(
    Object.entries(from).map(([key, value]) => [key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`), value]),
  );
}

function present(fields: Record<string, JSONValue | undefined>): JSONObject {
  const found: JSONObject = {};
  for (const [key, value] of Object.entries(fields)) if (value !== undefined) found[key] = value;
  return found;
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

/** RFC 9562, 5.5: SHA-1 of namespace and name, with the version and variant bits set. */
export function uuid5(namespace: string, name: string): string {
  const bytes = createHash("sha1").update(namespace.replaceAll("-", ""), "hex").update(name).digest().subarray(0, 16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x50;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
