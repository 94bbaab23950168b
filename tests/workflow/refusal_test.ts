// What the API server's refusals of a PipelineRun mean, each with the message as a real API server words it.

import { assertEquals } from "@std/assert";
import { judgeRefusal, type Refusal, type Verdict } from "../../lib/workflow/refusal.ts";

const again: Verdict = { final: false };
const runs = `pipelineruns.tekton.dev "fix-1a2b3c4d5e"`;

const table: [sentence: string, refusal: Partial<Refusal>, verdict: [reason: string, says: string] | undefined][] = [
  [
    "a quota that is used up: ResourceExhausted",
    {
      httpCode: 403,
      reason: "Forbidden",
      message:
        `${runs} is forbidden: exceeded quota: runs, requested: count/pipelineruns.tekton.dev=1, used: count/pipelineruns.tekton.dev=5, limited: count/pipelineruns.tekton.dev=5`,
    },
    ["ResourceExhausted", "a resource quota refuses the PipelineRun"],
  ],
  [
    "a namespace that is terminating: ConfigurationError",
    {
      httpCode: 403,
      reason: "Forbidden",
      message: `${runs} is forbidden: unable to create new content in namespace payment because it is being terminated`,
    },
    ["ConfigurationError", "the namespace is being deleted"],
  ],
  [
    "a role that is missing: Forbidden",
    {
      httpCode: 403,
      reason: "Forbidden",
      message:
        `pipelineruns.tekton.dev is forbidden: User "system:serviceaccount:kubernaut-system:we" cannot create resource "pipelineruns" in API group "tekton.dev" in the namespace "payment"`,
    },
    ["Forbidden", "the PipelineRun may not be created"],
  ],
  [
    "an object that is invalid: ConfigurationError",
    {
      httpCode: 422,
      reason: "Invalid",
      message: `PipelineRun.tekton.dev "fix" is invalid: spec.timeouts: Invalid value`,
    },
    ["ConfigurationError", "the PipelineRun is refused as invalid"],
  ],
  [
    "what Tekton's webhook denies: ConfigurationError",
    {
      httpCode: 400,
      reason: "BadRequest",
      message:
        `admission webhook "validation.webhook.pipeline.tekton.dev" denied the request: validation failed: expected at least one, got neither: spec.pipelineRef`,
    },
    ["ConfigurationError", "the PipelineRun is refused as invalid"],
  ],
  [
    "a namespace that does not exist: ConfigurationError",
    { httpCode: 404, reason: "NotFound", kind: "namespaces", message: `namespaces "tekton-runs" not found` },
    ["ConfigurationError", "the namespace of the PipelineRun does not exist"],
  ],
  [
    "a bare 404, for Tekton's CRD is missing: ConfigurationError",
    { httpCode: 404, message: "404 page not found" },
    ["ConfigurationError", "the cluster serves no PipelineRuns: Tekton is not installed"],
  ],
  [
    "a body that is too large for the API server: ConfigurationError",
    { httpCode: 413, reason: "RequestEntityTooLarge", message: "Request entity too large: limit is 3145728" },
    ["ConfigurationError", "the PipelineRun is too large"],
  ],
  [
    "an object that is too large for etcd: ConfigurationError",
    { httpCode: 500, message: "etcdserver: request is too large" },
    ["ConfigurationError", "the PipelineRun is too large"],
  ],
  ["a name that is taken: read live, and tried again", { httpCode: 409, reason: "AlreadyExists" }, undefined],
  ["a conflict: tried again", { httpCode: 409, reason: "Conflict" }, undefined],
  ["too many requests: tried again", { httpCode: 429, reason: "TooManyRequests", retryAfterMs: 7_000 }, undefined],
  [
    "a webhook that does not answer: tried again",
    { httpCode: 500, reason: "InternalError", message: `failed calling webhook "webhook.pipeline.tekton.dev": Post …` },
    undefined,
  ],
  ["an API server that is starting: tried again", { httpCode: 503, reason: "ServiceUnavailable" }, undefined],
  ["a gateway in between: tried again", { httpCode: 502 }, undefined],
  ["a token that has expired: tried again", { httpCode: 401, reason: "Unauthorized" }, undefined],
  ["no answer: tried again", { httpCode: 0, message: "connection refused" }, undefined],
  [
    "a quota is a quota also where the namespace is terminating",
    { httpCode: 403, message: "exceeded quota: x, in namespace y because it is being terminated" },
    ["ResourceExhausted", "a resource quota refuses the PipelineRun"],
  ],
];

for (const [sentence, o, expected] of table) {
  Deno.test(`judgeRefusal: ${sentence}`, () => {
    const refusal = { httpCode: 500, reason: "", message: "", kind: "", retryAfterMs: undefined, ...o };
    const verdict = expected && { final: true, reason: expected[0], message: `${expected[1]}: ${refusal.message}` };
    assertEquals(judgeRefusal(refusal), (verdict ?? again) as Verdict);
  });
}
