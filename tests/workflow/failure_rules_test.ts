// Kinds of failure that the recordings do not have, made from Tekton's source, and texts that look like a kind and are none.

import type { JSONObject } from "@cloudydeno/kubernetes-apis/common.ts";
import { assertEquals, assertStringIncludes } from "@std/assert";
import type { FailureReason } from "../../lib/workflow/execution.ts";
import { detailsOf, execution, failedRun, failedTaskRun, step } from "./failure_builders.ts";

type TaskRunParts = Parameters<typeof failedTaskRun>[0];

const podRefused = (cause: string) =>
  `failed to create task run pod "run-first": ${cause}. Maybe missing or invalid Task apps/first`;

const ofTaskRuns: [string, FailureReason, TaskRunParts][] = [
  ["a room is no OOM", "Unknown", { message: "no room in the mushroom" }],
  ["OOMKilled in a message of an older Tekton", "OOMKilled", {
    reason: "Failed",
    message: '"step-apply" exited with code 137 (image: "x"): OOMKilled; for logs run: kubectl logs',
  }],
  ["a step whose container was killed for its memory", "OOMKilled", {
    steps: [step("apply", 137, {}, { reason: "OOMKilled" })],
  }],
  ["a continued step that was killed for its memory is not the failed one", "Unknown", {
    steps: [step("probe", 137, { terminationReason: "Continued" }, { reason: "OOMKilled" }), step("apply", 2)],
  }],
  ["an init container killed for its memory", "OOMKilled", { reason: "InitContainerOOM", steps: [] }],
  ["a step out of its own time", "DeadlineExceeded", {
    steps: [step("apply", 1, { terminationReason: "TimeoutExceeded" })],
  }],
  ["a pod out of kubelet's time", "DeadlineExceeded", {
    message: "Pod was active on the node longer than the specified deadline",
  }],
  ["an image whose entrypoint cannot be looked up", "ImagePullBackOff", {
    reason: "PodCreationFailed",
    message: podRefused(
      "translating TaskSpec to Pod: GET https://index.docker.io/v2/library/x/manifests/1: MANIFEST_UNKNOWN",
    ),
    steps: [],
  }],
  ["a pod that a quota refuses", "ResourceExhausted", {
    reason: "PodCreationFailed",
    message: podRefused('pods "run-first-pod" is forbidden: exceeded quota: small, requested: pods=1, used: pods=3'),
    steps: [],
  }],
  ["a node without room for the pod", "ResourceExhausted", {
    reason: "Failed",
    message: "0/3 nodes: 3 Insufficient memory.",
  }],
  ["a pod that may not be created", "Forbidden", {
    reason: "PodCreationFailed",
    message: podRefused('pods is forbidden: User "system:serviceaccount:t:c" cannot create resource "pods"'),
    steps: [],
  }],
  ["RBAC in a step's own words", "Forbidden", { steps: [step("apply", 1, {}, { message: "RBAC: access denied" })] }],
  ["a file that may not be run", "Forbidden", {
    steps: [step("apply", 126, {}, { message: "sh: /x: Permission denied" })],
  }],
  ["a task called forbidden", "Unknown", { message: 'TaskRun "forbidden" ended; see apps/rbac-forbidden' }],
  ["a result with the word forbidden is no error", "Unknown", {
    steps: [step("apply", 1, {}, { message: '[{"key":"city","value":"forbidden","type":1}]' })],
  }],
  ["a volume that cannot be mounted", "ConfigurationError", {
    reason: "TaskRunValidationFailed",
    message: "invalid input params",
    steps: [],
  }],
  ["a task that cannot be resolved", "ConfigurationError", {
    reason: "TaskRunResolutionFailed",
    message: "x",
    steps: [],
  }],
  ["a program that is not in the image", "ConfigurationError", {
    steps: [
      step("apply", 127, {}, { reason: "StartError", message: 'exec: "kubectl": executable file not found in $PATH' }),
    ],
  }],
  ["a pod that the API server could not create is nobody's mistake", "Unknown", {
    reason: "PodCreationFailed",
    message: podRefused("etcdserver: request timed out"),
    steps: [],
  }],
  ["results that are too large are of no kind met before", "Unknown", {
    reason: "TaskRunResultLargerThanAllowedLimit",
  }],
  ["a step that did not find its target", "Unknown", {
    steps: [step("apply", 1, {}, { message: 'deployments "web" not found' })],
  }],
];

for (const [sentence, reason, taskRun] of ofTaskRuns) {
  Deno.test(`failureDetails.reason, ${sentence}: ${reason}`, () => {
    assertEquals(detailsOf({ pipelineRun: failedRun(), taskRuns: [failedTaskRun(taskRun)] }).reason, reason);
  });
}

const ofRuns: [string, FailureReason, string, Parameters<typeof failedRun>[0]][] = [
  ["its pipeline cannot be had", "ConfigurationError", "CouldntGetPipeline: Error", {
    reason: "CouldntGetPipeline",
    message:
      "Error retrieving pipeline for pipelinerun apps/run: resolution took longer than global timeout of 1 minute",
  }],
  ["its service account may not read the bundle", "Forbidden", "CouldntGetPipeline: ", {
    reason: "CouldntGetPipeline",
    message: 'pipelines.tekton.dev is forbidden: User "x" cannot get resource',
  }],
  ["Tekton says nothing", "Unknown", "none of its TaskRuns tells why", { reason: "", message: "" }],
  ["a reason that no rule knows", "Unknown", "PipelineRunCouldntCancel: no", {
    reason: "PipelineRunCouldntCancel",
    message: "no",
  }],
  ["cancelled before it began", "Unknown", "was cancelled by someone", {
    reason: "Cancelled",
    message: 'PipelineRun "run" was cancelled',
  }],
  ["our start deadline was up", "ConfigurationError", "registry.example.com/restart-pods:v1", {
    reason: "Cancelled",
    message: 'PipelineRun "run" was cancelled',
    endedBecause: "StartDeadlineExceeded",
  }],
  ["we lost the lock", "Unknown", "cancelled, because the lock on apps/deployment/web was lost", {
    reason: "Cancelled",
    endedBecause: "LockLost",
  }],
  ["its execution was deleted", "Unknown", "cancelled, because the execution was deleted", {
    reason: "Cancelled",
    endedBecause: "ExecutionDeleted",
  }],
];

for (const [sentence, reason, message, run] of ofRuns) {
  Deno.test(`failureDetails of a run without TaskRuns, ${sentence}: ${reason}`, () => {
    const details = detailsOf({ pipelineRun: failedRun({ children: [], ...run }), taskRuns: [] });
    assertEquals([details.reason, details.failedTaskIndex, details.wasExecutionFailure], [reason, -1, false]);
    assertStringIncludes(details.message, message);
  });
}

Deno.test("failureDetails: a task whose TaskRun was pruned is named when it alone can have failed", () => {
  const details = detailsOf({ pipelineRun: failedRun(), taskRuns: [] });
  assertEquals([details.failedTaskName, details.failedTaskIndex, details.wasExecutionFailure], ["first", 0, true]);
  assertStringIncludes(details.message, "its TaskRun run-first is gone");
});

Deno.test("failureDetails: the task that failed first counts, a cancelled one only if no other failed", () => {
  const children: JSONObject[] = ["first", "second"].map((task) => ({
    kind: "TaskRun",
    name: `run-${task}`,
    pipelineTaskName: task,
  }));
  const taskRuns = [
    failedTaskRun({ task: "first", reason: "TaskRunCancelled", at: "2026-11-23T06:01:00Z" }),
    failedTaskRun({ task: "second", at: "2026-11-23T06:01:20Z" }),
  ];
  assertEquals(detailsOf({ pipelineRun: failedRun({ children }), taskRuns }).failedTaskName, "second");
});

Deno.test("failureDetails: our deadline names the timeout, and how long it was where the execution names none", () => {
  const pipelineRun = failedRun({ endedBecause: "DeadlineExceeded", reason: "Cancelled" });
  const taskRuns = [failedTaskRun({ reason: "TaskRunCancelled", message: 'TaskRun "run-first" was cancelled.' })];
  assertStringIncludes(
    detailsOf({ pipelineRun, taskRuns }).message,
    'the timeout of 10m was up; task "first" was cancelled',
  );
  const withDefault = detailsOf({ pipelineRun, taskRuns }, execution({ executionConfig: {} }));
  assertEquals(
    [withDefault.reason, withDefault.message],
    [
      "DeadlineExceeded",
      'the execution\'s time was up; task "first" was cancelled; finally task "rollback" did not run',
    ],
  );
});

Deno.test("failureDetails.wasExecutionFailure: an attempt that ran counts, though the last one got no pod", () => {
  const taskRun = failedTaskRun({
    reason: "PodCreationFailed",
    steps: [{ name: "apply" }],
    status: { podName: "", retriesStatus: [{ podName: "p", steps: [step("apply", 1)] }] },
  });
  assertEquals(detailsOf({ pipelineRun: failedRun(), taskRuns: [taskRun] }).wasExecutionFailure, true);
});

Deno.test("failureDetails.wasExecutionFailure: a step before an image that is missing waited for it, unless pods start at once", () => {
  const pulling = (injected: boolean) =>
    detailsOf({
      pipelineRun: failedRun(),
      taskRuns: [failedTaskRun({
        reason: "TaskRunImagePullFailed",
        message: 'the step "second" in TaskRun "run-first" failed to pull the image "x".',
        steps: [
          step("first", 1, {}, { reason: "TaskRunImagePullFailed" }),
          step("second", 1, {}, { reason: "TaskRunImagePullFailed" }),
        ],
        status: { provenance: { featureFlags: { runningInEnvWithInjectedSidecars: injected } } },
      })],
    });
  assertEquals([pulling(true).wasExecutionFailure, pulling(true).failedStepName], [false, "second"]);
  assertEquals(pulling(false).wasExecutionFailure, true);
});
