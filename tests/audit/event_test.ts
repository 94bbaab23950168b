// Which events an execution's life has produced, and what they say: derived from the object alone.

import { assert, assertEquals, assertMatch } from "@std/assert";
import { type AuditEvent, eventIdNamespace, eventsOf, isTerminal, nameOf, uuid5 } from "../../lib/audit/event.ts";
import type { Execution } from "../../lib/workflow/execution.ts";
import { execution, startMs } from "../support/builders.ts";
import { completed, failed, skipped } from "./harness.ts";

const running = execution({
  status: {
    phase: "Running",
    startTime: "2026-01-01T00:00:00Z",
    pipelineRunRef: { name: "run-fix", namespace: "payment", uid: "run-uid" },
  },
});

const lives: Record<string, [Execution, string[]]> = {
  "a new execution has none": [execution(), []],
  "a running one has started": [running, ["started"]],
  "a completed one has started and completed": [completed(), ["started", "completed"]],
  "a failed one that ran has started and failed": [failed(), ["started", "failed"]],
  "one that failed before anything was created never started": [
    execution({ status: { phase: "Failed", completionTime: "2026-01-01T00:00:01Z", outcome: "Failure" } }),
    ["failed"],
  ],
  "a skipped one was skipped, and nothing else": [skipped(), ["skipped"]],
  "one deleted before it started was deleted": [execution({ deletedAtMs: startMs + 1000 }), ["deleted"]],
  "one deleted while it ran has started and was deleted": [
    { ...running, deletedAtMs: startMs + 1000 },
    ["started", "deleted"],
  ],
  "one deleted after its end has its end, and no deletion": [
    { ...completed(), deletedAtMs: startMs + 1e6 },
    ["started", "completed"],
  ],
};
for (const [sentence, [life, names]] of Object.entries(lives)) {
  Deno.test(`eventsOf: ${sentence}`, () => assertEquals(eventsOf(life).map(nameOf), names));
}

Deno.test("eventsOf: the whole of a completed event", () => {
  const life = completed("fix", {
    spec: {
      containerDigest: `sha256:${"a".repeat(64)}`,
      confidence: 0.9,
      rationale: "because",
      parameters: { REPLICAS: "3", DB_PASSWORD: "hunter22" },
    },
  });
  const [, event] = eventsOf(life);
  const id = "43efd094-b610-5eae-a820-6cca43d6bfbd";
  assertEquals(event, {
    version: "1.0",
    event_id: id,
    event_type: "workflowexecution.workflow.completed",
    event_timestamp: "2026-01-01T00:03:30Z",
    event_category: "workflowexecution",
    event_action: "workflow.completed",
    event_outcome: "success",
    actor_type: "service",
    actor_id: "workflowexecution-controller",
    resource_type: "WorkflowExecution",
    resource_id: "fix",
    correlation_id: "rr-fix",
    namespace: "payment",
    duration_ms: 210_000,
    event_data: {
      event_id: id,
      event_type: "workflowexecution.workflow.completed",
      execution_name: "fix",
      execution_namespace: "payment",
      execution_uid: "uid-fix",
      workflow_id: "restart",
      workflow_version: "1.0.0",
      target_resource: "payment/deployment/api",
      phase: "Completed",
      container_image: "registry.example/ok:v1",
      container_digest: `sha256:${"a".repeat(64)}`,
      confidence: 0.9,
      rationale: "because",
      parameters: { REPLICAS: "3", DB_PASSWORD: "[REDACTED]" },
      started_at: "2026-01-01T00:00:00Z",
      pipelinerun_name: "run-fix",
      pipelinerun_namespace: "payment",
      completed_at: "2026-01-01T00:03:30Z",
      duration: "3m30s",
    },
  });
});

Deno.test("eventsOf: a failure tells its details, a skip its cause", () => {
  const [, failure] = eventsOf(failed());
  assertEquals(pick(failure, "failure_reason", "failure_message", "failed_task_name", "exit_code", "phase"), {
    failure_reason: "OOMKilled",
    failure_message: '"step-apply" exited with code 137',
    failed_task_name: "apply",
    exit_code: 137,
    phase: "Failed",
  });
  assertEquals([failure?.event_outcome, failure?.duration_ms], ["failure", 7000]);
  const [skip] = eventsOf(skipped());
  assertEquals(pick(skip, "skip_reason", "skip_message", "conflicting_workflow", "phase"), {
    skip_reason: "ResourceBusy",
    skip_message: "target is being remediated by payment/other",
    conflicting_workflow: {
      name: "other",
      workflow_id: "restart",
      started_at: "2026-01-01T00:00:00Z",
      target_resource: "payment/deployment/api",
    },
    phase: "Skipped",
  });
  assertEquals([skip?.event_outcome, skip?.duration_ms], ["success", 0]);
});

Deno.test("eventsOf: an execution whose details did not fit into its status failed for an unknown reason", () => {
  const life = execution({ status: { phase: "Failed", completionTime: "2026-01-01T00:00:01Z", message: "too large" } });
  const [event] = eventsOf(life);
  assertEquals(pick(event, "failure_reason", "failure_message"), {
    failure_reason: "Unknown",
    failure_message: "too large",
  });
  assertEquals(event?.duration_ms, undefined);
});

Deno.test("eventsOf: the started event is the same before and after the end, so that a repeat is recognised", () => {
  const before = eventsOf({ ...running, uid: "uid-fix" })[0];
  const after = eventsOf(
    completed("fix", { status: { ...completed().status, ...running.status, phase: "Completed" } }),
  );
  assertEquals(after[0], before);
  const conditions = [{
    type: "AuditRecorded",
    status: "False",
    reason: "DeliveryLate",
    message: "",
    lastTransitionTime: "",
  }] as const;
  const noted = completed("fix", { resourceVersion: "99", status: { ...completed().status, conditions } });
  assertEquals(JSON.stringify(eventsOf(noted)), JSON.stringify(eventsOf(completed())));
});

Deno.test("eventsOf: the duration is never below 0, however clocks differ", () => {
  const life = completed("fix", { status: { ...completed().status, completionTime: "2025-12-31T23:59:59Z" } });
  assertEquals(eventsOf(life)[1]?.duration_ms, 0);
});

Deno.test("eventsOf: a parameter's value is cut at 4 KB, and a secret one does not come back in another text", () => {
  const life = completed("fix", {
    spec: { parameters: { NOTE: "é".repeat(5000), API_TOKEN: "s3cr3t-value" }, rationale: "with s3cr3t-value" },
  });
  const [event] = eventsOf(life);
  const { NOTE = "" } = event?.event_data["parameters"] as Record<string, string>;
  assert(new TextEncoder().encode(NOTE).length <= 4096);
  assert(!JSON.stringify(eventsOf(life)).includes("s3cr3t"), "the token's value is nowhere");
});

Deno.test("isTerminal: every event but started ends the story", () => {
  const all = Object.values(lives).flatMap(([life]) => eventsOf(life));
  assertEquals(new Set(all.filter((event) => !isTerminal(event)).map(nameOf)), new Set(["started"]));
});

Deno.test("uuid5: the vector of RFC 9562", () => {
  assertEquals(
    uuid5("6ba7b810-9dad-11d1-80b4-00c04fd430c8", "www.example.com"),
    "2ed6657d-e927-568b-95e1-2665a8aea6a2",
  );
  assertMatch(eventIdNamespace, /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/);
});

function pick(event: AuditEvent | undefined, ...keys: string[]): Record<string, unknown> {
  return Object.fromEntries(keys.map((key) => [key, event?.event_data[key]]));
}
