// What a spec must have before anything is done for it: each fault, and what is just right.

import { assertEquals, assertStringIncludes } from "@std/assert";
import type { Execution } from "../../lib/workflow/execution.ts";
import type { Rules } from "../../lib/workflow/snapshot.ts";
import { timeoutMsOf, validate } from "../../lib/workflow/validate.ts";
import { defaultRules, execution, runningExecution } from "../support/builders.ts";

const digest = `sha256:${"0".repeat(64)}`;
type Spec = Partial<Execution["spec"]>;
const many = (count: number, length: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`P${String(i).padStart(3, "0")}`, "v".repeat(length)]));

const right: [sentence: string, spec: Spec, rules: Partial<Rules>][] = [
  ["the smallest spec", {}, {}],
  ["a digest of the bundle", { containerDigest: digest }, {}],
  ["a timeout of exactly maxTimeout", { timeout: "24h" }, {}],
  ["the shortest timeout", { timeout: "1ns" }, {}],
  ["128 parameters", { parameters: many(128, 1) }, {}],
  ["a parameter of 128 KiB", { parameters: { A: "v".repeat(131_072) } }, {}],
  ["parameters of 512 KiB together", { parameters: { ...many(3, 131_072), X: "v".repeat(131_072 - 13) } }, {}],
  ["any service account, where none is named as allowed", { serviceAccountName: "root" }, {}],
  ["a service account that is allowed", { serviceAccountName: "b" }, { allowedServiceAccounts: ["a", "b"] }],
  ["the default service account, which need not be listed", { serviceAccountName: "kubernaut-workflow-runner" }, {
    allowedServiceAccounts: ["a"],
  }],
  ["an image under an allowed prefix", {}, { allowedImages: ["other/", "registry.example/"] }],
  ["an image with a digest, where one is required", { containerImage: `r/x:v1@${digest}` }, { requireDigest: true }],
];

for (const [sentence, spec, rules] of right) {
  Deno.test(`validate accepts ${sentence}`, () => {
    assertEquals(validate(execution({ spec }), { ...defaultRules, ...rules }), undefined);
  });
}

Deno.test("validate accepts a claim of the execution's own", () => {
  assertEquals(validate(runningExecution(), defaultRules), undefined);
});

const wrong: [sentence: string, spec: Spec, rules: Partial<Rules>, reason: string, says: string][] = [
  [
    "no RemediationRequest",
    { remediationRequest: "" },
    {},
    "ConfigurationError",
    "spec.remediationRequestRef.name must be set",
  ],
  [
    "several fields missing, all named",
    { workflowId: "", version: "", containerImage: "" },
    {},
    "ConfigurationError",
    "spec.workflowRef.workflowId, spec.workflowRef.version, spec.workflowRef.containerImage must be set",
  ],
  ["no target", { targetResource: "" }, {}, "ConfigurationError", `spec.targetResource "" must be namespace/kind/name`],
  ["a malformed target", { targetResource: "api" }, {}, "ConfigurationError", `spec.targetResource "api" must be`],
  [
    "a digest that is none",
    { containerDigest: "sha256:12" },
    {},
    "ConfigurationError",
    `is "sha256:12", must be sha256: and 64`,
  ],
  [
    "a digest in upper case",
    { containerDigest: digest.replaceAll("0", "A") },
    {},
    "ConfigurationError",
    "containerDigest",
  ],
  [
    "a timeout in words",
    { timeout: "soon" },
    {},
    "ConfigurationError",
    `timeout is "soon", must be a Go duration, for example`,
  ],
  ["a timeout without a unit", { timeout: "30" }, {}, "ConfigurationError", `timeout is "30"`],
  ["a timeout of 0", { timeout: "0s" }, {}, "ConfigurationError", "above 0 and at most 86400 s (maxTimeout)"],
  ["a timeout below 0", { timeout: "-5m" }, {}, "ConfigurationError", "above 0"],
  [
    "a timeout above maxTimeout",
    { timeout: "1h0m1s" },
    { maxTimeoutMs: 3_600_000 },
    "ConfigurationError",
    "at most 3600 s",
  ],
  ["129 parameters", { parameters: many(129, 1) }, {}, "ConfigurationError", "has 129 entries, must have at most 128"],
  [
    "a parameter of more than 128 KiB",
    { parameters: { A: "v".repeat(131_073) } },
    {},
    "ConfigurationError",
    "spec.parameters.A must have at most 128 KiB",
  ],
  [
    "parameters of more than 512 KiB together",
    { parameters: { ...many(3, 131_072), X: "v".repeat(131_072 - 12) } },
    {},
    "ConfigurationError",
    "has 524289 bytes, must have at most 512 KiB",
  ],
  [
    "a service account that is not allowed",
    { serviceAccountName: "root" },
    { allowedServiceAccounts: ["a", "b"] },
    "Forbidden",
    `serviceAccountName is "root", allowed are: a, b`,
  ],
  [
    "an image elsewhere",
    {},
    { allowedImages: ["good/"] },
    "Forbidden",
    `is "registry.example/ok:v1", must begin with one of: good/`,
  ],
  [
    "an image without a digest, where one is required",
    {},
    { requireDigest: true },
    "ConfigurationError",
    "(requireDigest)",
  ],
  [
    "a digest that is not at the end",
    { containerImage: `r/x@${digest}:v1` },
    { requireDigest: true },
    "ConfigurationError",
    "(requireDigest)",
  ],
  [
    "of two faults the first in order",
    { timeout: "x", targetResource: "x" },
    {},
    "ConfigurationError",
    "spec.targetResource",
  ],
];

for (const [sentence, spec, rules, reason, says] of wrong) {
  Deno.test(`validate refuses ${sentence}`, () => {
    const fault = validate(execution({ spec }), { ...defaultRules, ...rules });
    assertEquals(fault?.reason, reason);
    assertStringIncludes(fault?.message ?? "", says);
  });
}

for (const uid of ["uid-of-another", ""]) {
  Deno.test(`validate refuses a copy, known by a claim of ${uid ? "another uid" : "nobody"}`, () => {
    const { claim } = runningExecution();
    const fault = validate(execution({ claim: claim && { ...claim, uid } }), defaultRules);
    assertEquals(fault?.reason, "ConfigurationError");
    assertStringIncludes(fault?.message ?? "", `a copy of another execution (uid ${uid || "unreadable"} `);
  });
}

const timeouts: [sentence: string, timeout: string | undefined, ms: number][] = [
  ["the execution's own", "10m", 600_000],
  ["else the default", undefined, 1_800_000],
  ["of an execution whose text is none (an older schema let it in), the default", "soon", 1_800_000],
  ["of one that has none above 0, the default", "-5m", 1_800_000],
];
for (const [sentence, timeout, ms] of timeouts) {
  Deno.test(`timeoutMsOf is ${sentence}`, () => {
    assertEquals(timeoutMsOf(execution({ spec: { timeout } }), defaultRules), ms);
  });
}
