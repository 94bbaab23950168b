// A WorkflowExecution read off the wire: what is kept, and what odd annotations come to.

import { assertEquals, assertThrows } from "@std/assert";
import type { JSONObject } from "../../lib/kube/contract.ts";
import { type Claim, executionFrom, isFinal, isOwed } from "../../lib/workflow/execution.ts";
import { finalizer } from "../../lib/workflow/names.ts";
import { execution, manifest, startMs } from "../support/builders.ts";

function stored(o: { metadata?: JSONObject; spec?: JSONObject; status?: JSONObject } = {}): JSONObject {
  const { metadata, spec, ...rest } = manifest();
  const base = { uid: "uid-fix", resourceVersion: "10", generation: 1, creationTimestamp: "2026-01-01T00:00:00Z" };
  return {
    ...rest,
    metadata: { ...metadata as JSONObject, ...base, ...o.metadata },
    spec: { ...spec as JSONObject, ...o.spec },
    status: o.status ?? { phase: "Pending" },
  };
}

Deno.test("executionFrom keeps what the rules need", () => {
  assertEquals(executionFrom(stored()), execution());
  const spec = {
    workflowRef: {
      workflowId: "restart",
      version: "2",
      containerImage: "i",
      containerDigest: `sha256:${"0".repeat(64)}`,
    },
    parameters: { A: "1" },
    confidence: 0.9,
    rationale: "why",
    executionConfig: { timeout: "10m", serviceAccountName: "runner" },
  };
  assertEquals(
    executionFrom(stored({ spec, metadata: { deletionTimestamp: "2026-01-01T00:00:01Z", finalizers: ["a", "b"] } })),
    execution({
      deletedAtMs: startMs + 1_000,
      finalizers: ["a", "b"],
      spec: {
        version: "2",
        containerImage: "i",
        containerDigest: `sha256:${"0".repeat(64)}`,
        parameters: { A: "1" },
        confidence: 0.9,
        rationale: "why",
        timeout: "10m",
        serviceAccountName: "runner",
      },
    }),
  );
});

const own: Claim = {
  uid: "uid-fix",
  lease: "wfe-1",
  pipelineRun: { namespace: "payment", name: "fix-run" },
  claimedAt: "2026-01-01T00:00:00Z",
};
const unreadable: Claim = { uid: "", lease: "", pipelineRun: { namespace: "", name: "" }, claimedAt: "" };
const claims: [sentence: string, text: string | undefined, claim: Claim | undefined][] = [
  ["no annotation is no claim", undefined, undefined],
  ["a claim is read whole", JSON.stringify(own), own],
  ["an empty annotation is somebody else's", "", unreadable],
  ["a text is somebody else's", "mine", unreadable],
  ["half a JSON is somebody else's", `{"uid":`, unreadable],
  ["a JSON text is somebody else's", `"uid-fix"`, unreadable],
  ["a list is somebody else's", `["uid-fix"]`, unreadable],
  ["null is somebody else's", "null", unreadable],
  ["a uid that is a number is somebody else's", `{"uid":5}`, unreadable],
  ["a run that is a text is somebody else's", `{"uid":"uid-fix","pipelineRun":"x"}`, unreadable],
  ["fields that are missing are empty", `{"uid":"uid-fix"}`, { ...unreadable, uid: "uid-fix" }],
];

for (const [sentence, text, claim] of claims) {
  Deno.test(`executionFrom: ${sentence}`, () => {
    const annotations: JSONObject = text === undefined ? {} : { "kubernaut.ai/claim": text };
    assertEquals(executionFrom(stored({ metadata: { annotations } })).claim, claim);
  });
}

const correlations: [sentence: string, name: string, labels: JSONObject, id: string][] = [
  ["the RemediationRequest's name", "rr-1", { "kubernaut.ai/correlation-id": "c" }, "rr-1"],
  ["else the label", "", { "kubernaut.ai/correlation-id": "c" }, "c"],
  ["else the execution's name", "", {}, "fix"],
  ["cut after 255 characters", "r".repeat(300), {}, "r".repeat(255)],
];
for (const [sentence, name, labels, id] of correlations) {
  Deno.test(`executionFrom: the correlation id is ${sentence}`, () => {
    const read = executionFrom(stored({ metadata: { labels }, spec: { remediationRequestRef: { name } } }));
    assertEquals(read.correlationId, id);
  });
}

Deno.test("executionFrom drops the parameters of a final execution once nothing is owed any more", () => {
  const spec = { parameters: { A: "1" }, rationale: "why" };
  const status = { phase: "Completed" };
  const owed = executionFrom(stored({ spec, status, metadata: { finalizers: [finalizer] } }));
  assertEquals([owed.spec.parameters, owed.spec.rationale, isFinal(owed), isOwed(owed)], [
    { A: "1" },
    "why",
    true,
    true,
  ]);
  const done = executionFrom(stored({ spec, status }));
  assertEquals([done.spec.parameters, done.spec.rationale, isFinal(done), isOwed(done)], [{}, undefined, true, false]);
});

const refused: [sentence: string, json: JSONObject, message: string][] = [
  ["no uid", stored({ metadata: { uid: "" } }), "metadata.uid is missing"],
  ["a list of parameters", stored({ spec: { parameters: [] } }), "spec.parameters must be an object, not []"],
  ["a number as a parameter", stored({ spec: { parameters: { A: 1 } } }), "spec.parameters.A must be a string, not 1"],
  ["a confidence in words", stored({ spec: { confidence: "high" } }), `spec.confidence must be a number, not "high"`],
  [
    "a time that is none",
    stored({ metadata: { creationTimestamp: "yesterday" } }),
    `metadata.creationTimestamp must be an RFC 3339 time, not "yesterday"`,
  ],
  [
    "a long value, shown in part",
    stored({ spec: { workflowRef: "x".repeat(100) } }),
    `spec.workflowRef must be an object, not "${"x".repeat(59)}…`,
  ],
];
for (const [sentence, json, message] of refused) {
  Deno.test(`executionFrom refuses ${sentence}, and names the place`, () => {
    assertThrows(() => executionFrom(json), TypeError, message);
  });
}

const finals: [phase: string | undefined, final: boolean][] = [
  [undefined, false],
  ["Pending", false],
  ["Running", false],
  ["Completed", true],
  ["Failed", true],
  ["Skipped", true],
];
for (const [phase, final] of finals) {
  Deno.test(`isFinal: ${phase ?? "no phase"} is ${final ? "" : "not "}final`, () => {
    assertEquals(isFinal(executionFrom(stored({ status: phase ? { phase } : {} }))), final);
  });
}
