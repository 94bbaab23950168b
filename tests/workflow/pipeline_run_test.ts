// The PipelineRun of an execution: its name, its exact manifest, and how Tekton's answers are read.

import { assertEquals, assertMatch } from "@std/assert";
import type { JSONObject } from "../../lib/kube/contract.ts";
import { labelValue } from "../../lib/workflow/names.ts";
import {
  cancelPatch,
  hasBegun,
  isFinished,
  isPending,
  newPipelineRun,
  type PipelineRun,
  pipelineRunFrom,
  pipelineRunName,
  progressOf,
  startPatch,
} from "../../lib/workflow/pipeline_run.ts";
import { traceparentOf } from "../../lib/workflow/trace_context.ts";
import { execution, pipelineRun, startMs } from "../support/builders.ts";

const defaults = {
  serviceAccount: "kubernaut-workflow-runner",
  timeoutMs: 1_800_000,
  rollbackGraceMs: 300_000,
  traceparent: "",
};
const here = { namespace: "payment", name: "fix-run" };

Deno.test("newPipelineRun makes the manifest of the specification, pending", () => {
  const parameters = { REPLICAS: "3", A: "x=y\n$(params.z) ü", TARGET_RESOURCE: "mine", B: "" };
  assertEquals(newPipelineRun(execution({ spec: { parameters } }), here, defaults), {
    apiVersion: "tekton.dev/v1",
    kind: "PipelineRun",
    metadata: {
      name: "fix-run",
      namespace: "payment",
      labels: {
        "kubernaut.ai/workflow-execution": "fix",
        "kubernaut.ai/workflow-id": "restart",
        "kubernaut.ai/source-namespace": "payment",
        "kubernaut.ai/workflow-execution-uid": "uid-fix",
        "app.kubernetes.io/managed-by": "kubernaut-workflowexecution",
      },
      annotations: {
        "kubernaut.ai/target-resource": "payment/deployment/api",
        "kubernaut.ai/workflow-execution": "payment/fix",
        "kubernaut.ai/correlation-id": "rr-fix",
      },
      ownerReferences: [{
        apiVersion: "workflowexecution.kubernaut.ai/v1alpha1",
        kind: "WorkflowExecution",
        name: "fix",
        uid: "uid-fix",
        controller: true,
        blockOwnerDeletion: true,
      }],
    },
    spec: {
      status: "PipelineRunPending",
      pipelineRef: {
        resolver: "bundles",
        params: [
          { name: "bundle", value: "registry.example/ok:v1" },
          { name: "name", value: "workflow" },
          { name: "kind", value: "pipeline" },
        ],
      },
      params: [
        { name: "A", value: "x=y\n$(params.z) ü" },
        { name: "B", value: "" },
        { name: "REPLICAS", value: "3" },
        { name: "TARGET_RESOURCE", value: "payment/deployment/api" },
      ],
      taskRunTemplate: { serviceAccountName: "kubernaut-workflow-runner" },
      timeouts: { pipeline: "35m0s" },
    },
  });
});

Deno.test("newPipelineRun in a dedicated namespace has no owner reference", () => {
  const { metadata } = newPipelineRun(execution(), { namespace: "runs", name: "fix-run" }, defaults);
  assertEquals(Object.keys(metadata as JSONObject), ["name", "namespace", "labels", "annotations"]);
});

Deno.test("newPipelineRun keeps labels valid and annotations whole", () => {
  const name = `${"n".repeat(199)}.x`;
  const targetResource = `payment/deployment/${"t".repeat(253)}`;
  const made = newPipelineRun(
    execution({ name, correlationId: "c".repeat(255), spec: { workflowId: "-restart pods/ü!", targetResource } }),
    here,
    defaults,
  );
  const { labels, annotations } = made.metadata as { labels: JSONObject; annotations: JSONObject };
  assertEquals(labels["kubernaut.ai/workflow-execution"], "n".repeat(63));
  assertEquals(labels["kubernaut.ai/workflow-id"], "restart_pods");
  assertEquals(annotations, {
    "kubernaut.ai/target-resource": targetResource,
    "kubernaut.ai/workflow-execution": `payment/${name}`,
    "kubernaut.ai/correlation-id": "c".repeat(255),
  });
});

const timeouts: [sentence: string, timeoutMs: number, rollbackGraceMs: number, text: string][] = [
  ["the timeout plus the rollback's grace", 600_000, 300_000, "15m0s"],
  ["without a grace the timeout alone", 600_000, 0, "10m0s"],
  ["a fraction of a second rounds up, for 0 would mean none at all", 500, 0, "1s"],
  ["a fraction above a second rounds up as well", 1_500, 0, "2s"],
  ["a day", 86_400_000, 300_000, "24h5m0s"],
];
for (const [sentence, timeoutMs, rollbackGraceMs, text] of timeouts) {
  Deno.test(`newPipelineRun, timeouts.pipeline: ${sentence}`, () => {
    const { spec } = newPipelineRun(execution(), here, { ...defaults, timeoutMs, rollbackGraceMs });
    assertEquals((spec as JSONObject).timeouts as JSONObject, { pipeline: text });
  });
}

Deno.test("newPipelineRun takes the execution's service account before the default", () => {
  const { spec } = newPipelineRun(execution({ spec: { serviceAccountName: "mine" } }), here, defaults);
  assertEquals((spec as JSONObject).taskRunTemplate as JSONObject, { serviceAccountName: "mine" });
});

const names: [sentence: string, name: string, uid: string, expected: string][] = [
  ["the execution's name and a digest of its uid", "fix", "uid-fix", "fix-2a9b8c6aa1"],
  ["dots become dashes", "a.b.c", "uid-fix", "a-b-c-2a9b8c6aa1"],
  ["a long name is cut to 63 characters", "n".repeat(200), "uid-fix", `${"n".repeat(52)}-2a9b8c6aa1`],
  ["no dash is doubled at the cut", `${"n".repeat(51)}.${"n".repeat(9)}`, "uid-fix", `${"n".repeat(51)}-2a9b8c6aa1`],
];
for (const [sentence, name, uid, expected] of names) {
  Deno.test(`pipelineRunName: ${sentence}`, () => {
    const made = pipelineRunName({ name, uid });
    assertEquals(made.replace(/[0-9a-f]{10}$/, "2a9b8c6aa1"), expected);
    assertMatch(made, /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/);
    assertEquals(made, pipelineRunName({ name, uid }));
  });
}

Deno.test("pipelineRunName: the same name with another uid is another run", () => {
  assertEquals(pipelineRunName({ name: "fix", uid: "a" }) === pipelineRunName({ name: "fix", uid: "b" }), false);
});

const labelValues: [text: string, value: string][] = [
  ["restart", "restart"],
  ["a/b c", "a_b_c"],
  ["--a--", "a"],
  ["___", ""],
  ["", ""],
  ["ünïcödé", "n_c_d"],
  [`${"a".repeat(62)}--b`, "a".repeat(62)],
  ["v1.2.3", "v1.2.3"],
];
for (const [text, value] of labelValues) {
  Deno.test(`labelValue of ${JSON.stringify(text)} is ${JSON.stringify(value)}`, () => {
    assertEquals(labelValue(text), value);
  });
}

Deno.test("startPatch touches this very run, and only while it is pending", () => {
  assertEquals(startPatch(pipelineRun()), [
    { op: "test", path: "/metadata/uid", value: "uid-run" },
    { op: "test", path: "/spec/status", value: "PipelineRunPending" },
    { op: "remove", path: "/spec/status" },
  ]);
});

Deno.test("cancelPatch carries the cause and the time in the same patch", () => {
  assertEquals(cancelPatch(pipelineRun(), "CancelledRunFinally", "DeadlineExceeded", startMs), {
    metadata: {
      uid: "uid-run",
      resourceVersion: "20",
      annotations: {
        "kubernaut.ai/ended-because": "DeadlineExceeded",
        "kubernaut.ai/ended-at": "2026-01-01T00:00:00.000Z",
      },
    },
    spec: { status: "CancelledRunFinally" },
  });
});

const said = (status: "True" | "False" | "Unknown", reason: string): Partial<PipelineRun> => ({
  succeeded: { status, reason, message: "" },
});
const states: [sentence: string, run: Partial<PipelineRun>, { finished: boolean; pending: boolean; begun: boolean }][] =
  [
    ["created pending", { ordered: "PipelineRunPending" }, { finished: false, pending: true, begun: false }],
    ["pending, and Tekton says so", { ordered: "PipelineRunPending", ...said("Unknown", "PipelineRunPending") }, {
      finished: false,
      pending: true,
      begun: false,
    }],
    ["started, and Tekton has said nothing", {}, { finished: false, pending: false, begun: false }],
    ["resolving its bundle", said("Unknown", "ResolvingPipelineRef"), {
      finished: false,
      pending: false,
      begun: false,
    }],
    ["resolving a task", said("Unknown", "ResolvingTaskRef"), { finished: false, pending: false, begun: false }],
    ["just started", said("Unknown", "Started"), { finished: false, pending: false, begun: false }],
    ["with a TaskRun", { ...said("Unknown", "Started"), childCount: 1 }, {
      finished: false,
      pending: false,
      begun: true,
    }],
    ["running", said("Unknown", "Running"), { finished: false, pending: false, begun: true }],
    ["being stopped", said("Unknown", "CancelledRunningFinally"), { finished: false, pending: false, begun: true }],
    ["succeeded", said("True", "Succeeded"), { finished: true, pending: false, begun: true }],
    ["failed", said("False", "Failed"), { finished: true, pending: false, begun: true }],
    ["refused while pending", { ordered: "PipelineRunPending", ...said("False", "ParameterMissing") }, {
      finished: true,
      pending: false,
      begun: true,
    }],
  ];
for (const [sentence, o, expected] of states) {
  Deno.test(`a PipelineRun ${sentence}`, () => {
    const run = pipelineRun(o);
    assertEquals({ finished: isFinished(run), pending: isPending(run), begun: hasBegun(run) }, expected);
  });
}

const progresses: [message: string, progress: { completedTasks: number; totalTasks: number } | undefined][] = [
  ["Tasks Completed: 2 (Failed: 0, Cancelled 0), Skipped: 0", { completedTasks: 2, totalTasks: 2 }],
  ["Tasks Completed: 1 (Failed: 0, Cancelled 0), Incomplete: 2, Skipped: 1", { completedTasks: 1, totalTasks: 4 }],
  ["PipelineRun payment/fix was cancelled", undefined],
  ["", undefined],
];
for (const [message, progress] of progresses) {
  Deno.test(`progressOf ${JSON.stringify(message)}`, () => {
    assertEquals(progressOf(pipelineRun({ succeeded: { status: "Unknown", reason: "", message } })), progress);
  });
}

const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

Deno.test("newPipelineRun hands the trace on to Tekton, and pipelineRunFrom finds it again", () => {
  const body = newPipelineRun(execution(), here, { ...defaults, traceparent });
  const { annotations } = body.metadata as { annotations: JSONObject };
  assertEquals(annotations["tekton.dev/pipelinerunSpanContext"], JSON.stringify({ traceparent }));
  const metadata = { ...body.metadata as JSONObject, uid: "uid-run", resourceVersion: "20" };
  assertEquals(pipelineRunFrom({ ...body, metadata }).traceparent, traceparent);
});

const contexts: [sentence: string, text: string, traceparent: string][] = [
  ["of Tekton's own, with a tracestate", `{"traceparent":"${traceparent}","tracestate":"a=b"}`, traceparent],
  ["with spaces", `{ "traceparent" : "${traceparent}" }`, traceparent],
  ["of another version", `{"traceparent":"${traceparent.replace("00-", "cc-")}"}`, ""],
  ["that is no JSON", "oops", ""],
];
for (const [sentence, text, expected] of contexts) {
  Deno.test(`traceparentOf: a trace context ${sentence}`, () => {
    assertEquals(traceparentOf({ "tekton.dev/pipelinerunSpanContext": text }), expected);
  });
}

const bare: JSONObject = { metadata: { name: "fix-run", namespace: "payment", uid: "uid-run", resourceVersion: "20" } };
const nothing = pipelineRun({ createdAtMs: 0, executionKey: "", executionUid: "", target: "", workflowId: "" });

Deno.test("pipelineRunFrom: somebody else's run has no execution", () => assertEquals(pipelineRunFrom(bare), nothing));

Deno.test("pipelineRunFrom keeps what the rules need", () => {
  const json = {
    metadata: {
      ...bare.metadata as JSONObject,
      labels: { "kubernaut.ai/workflow-execution-uid": "uid-fix", "kubernaut.ai/workflow-id": "restart" },
      annotations: {
        "kubernaut.ai/workflow-execution": "payment/fix",
        "kubernaut.ai/target-resource": "payment/deployment/api",
        "kubernaut.ai/ended-because": "DeadlineExceeded",
        "kubernaut.ai/ended-at": "2026-01-01T00:00:01.500Z",
      },
      creationTimestamp: "2026-01-01T00:00:00Z",
      finalizers: ["x"],
    },
    spec: { status: "CancelledRunFinally" },
    status: {
      startTime: "2026-01-01T00:00:00Z",
      completionTime: "2026-01-01T00:01:00Z",
      childReferences: [{}, {}],
      conditions: [
        { type: "Other", status: "True" },
        { type: "Succeeded", status: "False", reason: "Cancelled", message: "m" },
      ],
      provenance: { refSource: { digest: { sha256: "ab" } } },
    },
  };
  assertEquals(
    pipelineRunFrom(json),
    pipelineRun({
      finalizers: ["x"],
      endedBecause: "DeadlineExceeded",
      endedAtMs: startMs + 1_500,
      ordered: "CancelledRunFinally",
      succeeded: { status: "False", reason: "Cancelled", message: "m" },
      startTimeMs: startMs,
      completionTimeMs: startMs + 60_000,
      childCount: 2,
      digest: "sha256:ab",
    }),
  );
});

Deno.test("pipelineRunFrom: a cause and a time that nobody of ours wrote are none", () => {
  const annotations = { "kubernaut.ai/ended-because": "boredom", "kubernaut.ai/ended-at": "soon" };
  assertEquals(pipelineRunFrom({ ...bare, metadata: { ...bare.metadata as JSONObject, annotations } }), nothing);
});
