// Any evidence at all gives details that the CustomResourceDefinition accepts, without an exception and without a secret.

import { assert, assertEquals } from "@std/assert";
import type { JSONObject, JSONValue } from "@cloudydeno/kubernetes-apis/common.ts";
import fc from "fast-check";
import { isObject } from "../../lib/workflow/read.ts";
import { failureDetails } from "../../lib/workflow/failure.ts";
import { pipelineRunFrom } from "../../lib/workflow/pipeline_run.ts";
import { timeline } from "../../lib/workflow/failure_timeline.ts";
import { detailsOf, execution, failedRun, failedTaskRun, nowMs, recorded, step } from "./failure_builders.ts";

const reasons = [
  "OOMKilled",
  "DeadlineExceeded",
  "Forbidden",
  "ResourceExhausted",
  "ConfigurationError",
  "ImagePullBackOff",
  "Unknown",
];

/** What a secret looks like in a text, and the part of it that must not be seen. */
const secrets: [text: string, secret: string][] = [
  ["DB_PASSWORD=hunter2-and-more", "hunter2-and-more"],
  ["--token s3cr3t-flag-value --yes", "s3cr3t-flag-value"],
  ['{"apiKey": "k-1 with blanks"}', "k-1 with blanks"],
  ["Authorization: Basic dXNlcjpwYXNzd29yZA==", "dXNlcjpwYXNzd29yZA"],
  ["bearer abcdef0123456789", "abcdef0123456789"],
  ["eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl", "eyJzdWIiOiIxMjM0In0"],
  ["AKIAIOSFODNN7EXAMPLE", "AKIAIOSFODNN7EXAMPLE"],
  ["aws: wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "wJalrXUtnFEMI"],
  ["-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIGlx\nyUwc\n-----END EC PRIVATE KEY-----", "MHcCAQEEIGlx"],
  ["-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBg", "MIIEvQIBADANBg"],
  ["postgres://app:pa55w0rd@db:5432/x", "pa55w0rd"],
  ["login as known-by-parameter failed", "known-by-parameter"],
];

const of = execution({ parameters: { DB_PASSWORD: "known-by-parameter", REPLICAS: "3" } });

function assertValid(details: ReturnType<typeof detailsOf>): void {
  const { failedStepName, exitCode, ...required } = details;
  assertEquals(
    Object.entries(required).map(([key, value]) => `${key} ${typeof value}`),
    [
      "failedTaskIndex number",
      "failedTaskName string",
      "reason string",
      "message string",
      "failedAt string",
      "executionTimeBeforeFailure string",
      "naturalLanguageSummary string",
      "wasExecutionFailure boolean",
      "requiresManualReview boolean",
    ],
  );
  assert(reasons.includes(details.reason), details.reason);
  assert(Number.isInteger(details.failedTaskIndex) && details.failedTaskIndex >= -1);
  assert(exitCode === undefined || Number.isInteger(exitCode));
  assert(failedStepName === undefined || failedStepName !== "");
  assert(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(details.failedAt), details.failedAt);
  assert(/^(\d+h)?(\d+m)?\d+s$/.test(details.executionTimeBeforeFailure), details.executionTimeBeforeFailure);
  for (const value of Object.values(details)) {
    if (typeof value === "string") assert(new TextEncoder().encode(value).length <= 4096);
  }
}

/** Some places of the object, by a number each, replaced by something else. */
function withSwaps(object: JSONValue, swaps: readonly { at: number; value: JSONValue }[]): JSONValue {
  let place = 0;
  const walk = (value: JSONValue): JSONValue => {
    const swap = swaps.find((each) => each.at === place);
    place++;
    if (swap) return swap.value;
    if (Array.isArray(value)) return value.map(walk);
    if (!isObject(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, walk(each)]));
  };
  return walk(object);
}

const anyJson = fc.jsonValue().map((value) => value as JSONValue);

Deno.test("failureDetails is valid for TaskRuns of any JSON", () => {
  fc.assert(fc.property(fc.array(anyJson), fc.array(anyJson), (taskRuns, children) => {
    const pipelineRun = failedRun({ children: children.filter(isObject) });
    const evidence = { pipelineRun, taskRuns: taskRuns as JSONObject[] };
    assertValid(detailsOf(evidence, of));
    timeline(evidence);
  }));
});

Deno.test("failureDetails is valid for recorded evidence with anything in any place", async () => {
  const originals = await Promise.all(["exit-code", "image-pull", "retries", "on-error-continue"].map(recorded));
  const swap = fc.record({
    at: fc.nat(600),
    value: fc.oneof(anyJson, fc.string({ unit: "grapheme", maxLength: 9000 })),
  });
  fc.assert(fc.property(fc.constantFrom(...originals), fc.array(swap, { maxLength: 8 }), (original, swaps) => {
    const taskRuns = withSwaps([...original.taskRuns], swaps);
    const status = withSwaps(original.pipelineRun.status ?? {}, swaps);
    const pipelineRun = isObject(status) ? { ...original.pipelineRun, status } : original.pipelineRun;
    const evidence = { pipelineRun, taskRuns: taskRuns as JSONObject[] };
    const run = pipelineRunFrom(original.pipelineRun);
    assertValid(failureDetails({ execution: of, run, evidence, nowMs }));
    timeline(evidence);
  }));
});

Deno.test("failureDetails shows no secret, wherever it stands and whatever stands around it", () => {
  const around = fc.string({ maxLength: 60 }).map((text) => text.replace(/["'`\\]/g, ""));
  const place = fc.constantFrom(
    "task message",
    "step message",
    "run message",
    "reason",
    "task name",
    "step name",
    "finally",
  );
  fc.assert(
    fc.property(fc.constantFrom(...secrets), around, around, place, ([text, secret], before, after, where) => {
      const said = `${before} ${text}\n${after}`;
      const at = (here: string) => where === here ? said : "plain";
      const taskRun = failedTaskRun({
        message: at("task message"),
        reason: where === "reason" ? said : "StepFailed",
        steps: [step(at("step name"), 1, {}, { message: at("step message") })],
      });
      const rollback = failedTaskRun({ task: "rollback", message: at("finally") });
      const children = [
        { kind: "TaskRun", name: "run-first", pipelineTaskName: at("task name") },
        { kind: "TaskRun", name: "run-rollback", pipelineTaskName: "rollback" },
      ];
      const ofTasks = detailsOf({ pipelineRun: failedRun({ children }), taskRuns: [taskRun, rollback] }, of);
      const ofRun = detailsOf(
        { pipelineRun: failedRun({ message: at("run message"), children: [] }), taskRuns: [] },
        of,
      );
      for (const details of [ofTasks, ofRun]) {
        assertValid(details);
        assert(!JSON.stringify(details).includes(secret), `${secret} in ${JSON.stringify(details)}`);
      }
    }),
    { numRuns: 400 },
  );
});
