// Custom resources: our own definition's schema, CEL rules and messages, defaulting and pruning, status and generation.
import { assert, assertEquals } from "@std/assert";
import type { JSONObject } from "../../../lib/kube/contract.ts";
import { type ConformanceCase, execution } from "../harness.ts";

const merge = "application/merge-patch+json";
const meta = (object: JSONObject) => object.metadata as Record<string, string>;

/** Field and message of each cause, in the order of fields. */
function causes(body: JSONObject): string[] {
  const found = (body.details as JSONObject | undefined)?.causes as { field: string; message: string }[] | undefined;
  return (found ?? []).map((cause) => `${cause.field}: ${cause.message}`).sort();
}

const unchecked =
  "<nil>: Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation";
const targetMessage =
  "must be namespace/kind/name or kind/name: namespace a DNS label, kind in lower case (optionally kind.group), name a DNS subdomain; for example payment/deployment/payment-api or node/worker-1";

export const customResourceCases: ConformanceCase[] = [];
function conformanceCase(name: string, run: ConformanceCase["run"]): void {
  customResourceCases.push({ name, run });
}

/** A case that only asks why one object is refused. */
function refused(name: string, spec: Record<string, unknown>, expected: string[]): void {
  conformanceCase(name, async ({ api, executions }) => {
    const { code, body } = await api.call("POST", executions, { body: execution("bad", spec) });
    assertEquals([code, body.reason, causes(body)], [422, "Invalid", expected]);
  });
}

conformanceCase("a created execution has generation 1 and the default status", async ({ api, executions }) => {
  const created = await api.ok("POST", executions, { body: execution("a") });
  assertEquals([meta(created).generation as unknown, created.status], [1, { phase: "Pending" }]);
});

conformanceCase("status given on create is dropped", async ({ api, executions }) => {
  const created = await api.ok("POST", executions, {
    body: { ...execution("a") as JSONObject, status: { phase: "Failed" } },
  });
  assertEquals(created.status, { phase: "Pending" });
});

refused("a target of one part is refused by its rule", { targetResource: "x" }, [
  `spec.targetResource: Invalid value: "x": ${targetMessage}`,
]);
refused("a target with an empty part is refused", { targetResource: "a//b" }, [
  `spec.targetResource: Invalid value: "a//b": ${targetMessage}`,
]);
refused("missing fields are Required, and rules are left unchecked", { workflowRef: {} }, [
  unchecked,
  "spec.workflowRef.containerImage: Required value",
  "spec.workflowRef.version: Required value",
  "spec.workflowRef.workflowId: Required value",
]);
refused("a value of another type is refused", { confidence: "x", parameters: { A: 1 } }, [
  unchecked,
  'spec.confidence: Invalid value: "string": spec.confidence in body must be of type number: "string"',
  'spec.parameters.A: Invalid value: "integer": spec.parameters.A in body must be of type string: "integer"',
]);
refused("a number outside its range is refused", { confidence: 1.5 }, [
  "spec.confidence: Invalid value: 1.5: spec.confidence in body should be less than or equal to 1",
]);
refused("too short, too long and ill-formed text is refused", {
  workflowRef: { workflowId: "", version: "v".repeat(254), containerImage: "i", containerDigest: "x" },
}, [
  unchecked,
  "spec.workflowRef.containerDigest: Invalid value: \"x\": spec.workflowRef.containerDigest in body should match '^sha256:[0-9a-f]{64}$'",
  "spec.workflowRef.version: Too long: may not be more than 253 bytes",
  'spec.workflowRef.workflowId: Invalid value: "": spec.workflowRef.workflowId in body should be at least 1 chars long',
]);
refused("too many parameters are refused", {
  parameters: Object.fromEntries(Array.from({ length: 129 }, (_, i) => [`P${i}`, ""])),
}, [
  unchecked,
  "spec.parameters: Too many: 129: must have at most 128 items",
]);
refused("parameters too large together are refused by their rule, which shows no value", {
  parameters: Object.fromEntries(Array.from({ length: 5 }, (_, i) => [`P${i}`, "v".repeat(131_072)])),
}, ["spec.parameters: Invalid value: names and values together are at most 512 KiB"]);
refused("a required null counts as absent", { targetResource: null }, [
  unchecked,
  "spec.targetResource: Required value",
]);

conformanceCase("a null that is not allowed is dropped", async ({ api, executions }) => {
  const { spec } = await api.ok("POST", executions, { body: execution("a", { confidence: null }) });
  assertEquals((spec as JSONObject).confidence, undefined);
});

conformanceCase("unknown fields are pruned with a warning each", async ({ api, executions }) => {
  const { body, headers } = await api.call("POST", executions, { body: execution("a", { foo: 1, bar: { x: 1 } }) });
  assertEquals([(body.spec as JSONObject).foo, (body.spec as JSONObject).bar], [undefined, undefined]);
  assertEquals(headers.get("warning"), '299 - "unknown field \\"spec.bar\\"", 299 - "unknown field \\"spec.foo\\""');
});

conformanceCase("unknown fields are refused with fieldValidation=Strict", async ({ api, executions }) => {
  const { code, body } = await api.call("POST", `${executions}?fieldValidation=Strict`, {
    body: execution("a", { foo: 1 }),
  });
  assertEquals([code, body.reason, body.message], [
    400,
    "BadRequest",
    'WorkflowExecution in version "v1alpha1" cannot be handled as a WorkflowExecution: strict decoding error: unknown field "spec.foo"',
  ]);
});

conformanceCase("a body without kind, or of another kind, is refused", async ({ api, executions }) => {
  const without = await api.call("POST", executions, { body: { metadata: { name: "a" } } });
  assertEquals([without.code, without.body.reason], [400, "BadRequest"]);
  const other = await api.call("POST", executions, { body: { ...execution("a") as JSONObject, kind: "Foo" } });
  assertEquals([other.code, causes(other.body)], [422, ['kind: Invalid value: "Foo": must be WorkflowExecution']]);
});

conformanceCase("the spec is immutable by its transition rule", async ({ api, executions }) => {
  await api.ok("POST", executions, { body: execution("a") });
  const { code, body } = await api.call("PATCH", `${executions}/a`, {
    type: merge,
    body: { spec: { targetResource: "a/pod/b" } },
  });
  assertEquals([code, causes(body)], [422, [
    "spec: Forbidden: spec is immutable: create a new WorkflowExecution instead",
  ]]);
});

conformanceCase("status is not written through the object itself", async ({ api, executions }) => {
  await api.ok("POST", executions, { body: execution("a") });
  const patched = await api.ok("PATCH", `${executions}/a`, { type: merge, body: { status: { phase: "Running" } } });
  assertEquals(patched.status, { phase: "Pending" });
});

conformanceCase(
  "the default of a status is written by the first update, even one of nothing",
  async ({ api, executions }) => {
    const created = await api.ok("POST", executions, { body: execution("a") });
    const nothing = () => api.ok("PATCH", `${executions}/a`, { type: merge, body: { metadata: {} } });
    const first = await nothing();
    const second = await nothing();
    assert(meta(first).resourceVersion !== meta(created).resourceVersion);
    assertEquals(meta(second).resourceVersion, meta(first).resourceVersion);
  },
);

conformanceCase("the status subresource writes status alone", async ({ api, executions }) => {
  await api.ok("POST", executions, { body: execution("a") });
  const body = { metadata: { labels: { k: "v" } }, spec: { targetResource: "zz" }, status: { phase: "Running" } };
  const patched = await api.ok("PATCH", `${executions}/a/status`, { type: merge, body });
  assertEquals([
    meta(patched).labels,
    (patched.spec as JSONObject).targetResource,
    patched.status,
    meta(patched).generation as unknown,
  ], [
    undefined,
    "payment/deployment/payment-api",
    { phase: "Running" },
    1,
  ]);
});

conformanceCase("a phase outside the enum is refused", async ({ api, executions }) => {
  await api.ok("POST", executions, { body: execution("a") });
  const { code, body } = await api.call("PATCH", `${executions}/a/status`, {
    type: merge,
    body: { status: { phase: "Nope" } },
  });
  assertEquals([code, causes(body)], [422, [
    unchecked,
    'status.phase: Unsupported value: "Nope": supported values: "Pending", "Running", "Completed", "Failed", "Skipped"',
  ]]);
});

conformanceCase(
  "a failure reason outside the enum is refused, missing details are Required",
  async ({ api, executions }) => {
    await api.ok("POST", executions, { body: execution("a") });
    const body = { status: { phase: "Failed", failureDetails: { reason: "TaskFailed" } } };
    const answer = await api.call("PATCH", `${executions}/a/status`, { type: merge, body });
    assertEquals(answer.code, 422);
    assert(
      causes(answer.body).some((cause) =>
        cause.startsWith('status.failureDetails.reason: Unsupported value: "TaskFailed"')
      ),
    );
    assert(causes(answer.body).includes("status.failureDetails.failedTaskName: Required value"));
  },
);

conformanceCase("a time that is none is refused, and named without its root", async ({ api, executions }) => {
  await api.ok("POST", executions, { body: execution("a") });
  const { code, body } = await api.call("PATCH", `${executions}/a/status`, {
    type: merge,
    body: { status: { startTime: "x" } },
  });
  assertEquals([code, causes(body)], [422, [
    unchecked,
    'status.startTime: Invalid value: "x": startTime in body must be of type date-time: "x"',
  ]]);
});

conformanceCase("conditions of one type twice are a duplicate", async ({ api, executions }) => {
  await api.ok("POST", executions, { body: execution("a") });
  const condition = { type: "A", status: "True", reason: "R", message: "", lastTransitionTime: "2026-01-01T00:00:00Z" };
  const body = { status: { conditions: [condition, { ...condition, status: "False" }] } };
  const answer = await api.call("PATCH", `${executions}/a/status`, { type: merge, body });
  assertEquals(answer.code, 422);
  assert(causes(answer.body).includes('status.conditions[1]: Duplicate value: {"type":"A"}'));
});

conformanceCase("a final phase is never left", async ({ api, executions }) => {
  await api.ok("POST", executions, { body: execution("a") });
  await api.ok("PATCH", `${executions}/a/status`, { type: merge, body: { status: { phase: "Completed" } } });
  const { code, body } = await api.call("PATCH", `${executions}/a/status`, {
    type: merge,
    body: { status: { phase: "Running" } },
  });
  assertEquals([code, causes(body)], [422, ["status: Invalid value: a final phase is never left"]]);
  await api.ok("PATCH", `${executions}/a/status`, { type: merge, body: { status: { message: "still allowed" } } });
});

conformanceCase("a replace needs a resourceVersion, and creates nothing", async ({ api, executions }) => {
  await api.ok("POST", executions, { body: execution("a") });
  assertEquals((await api.call("PUT", `${executions}/a`, { body: execution("a") })).code, 422);
  const absent = await api.call("PUT", `${executions}/b`, { body: execution("b", {}, { resourceVersion: "1" }) });
  assertEquals([absent.code, absent.body.reason], [404, "NotFound"]);
});

conformanceCase("a patch of the uid is Invalid, a replace with another is a Conflict", async ({ api, executions }) => {
  const { resourceVersion = "" } = meta(await api.ok("POST", executions, { body: execution("a") }));
  const patched = await api.call("PATCH", `${executions}/a`, { type: merge, body: { metadata: { uid: "f00" } } });
  assertEquals([patched.code, causes(patched.body)[0]], [
    422,
    'metadata.uid: Invalid value: "f00": field is immutable',
  ]);
  const replaced = await api.call("PUT", `${executions}/a`, {
    body: execution("a", {}, { uid: "f00", resourceVersion }),
  });
  assertEquals([replaced.code, replaced.body.reason], [409, "Conflict"]);
});

conformanceCase("a finalizer holds a deleted object until it is removed", async ({ api, executions }) => {
  await api.ok("POST", executions, { body: execution("a", {}, { finalizers: ["k.dev/held"] }) });
  const deleted = await api.call("DELETE", `${executions}/a`);
  const { deletionTimestamp, generation, deletionGracePeriodSeconds } = deleted.body.metadata as JSONObject;
  assert(deletionTimestamp);
  assertEquals([deleted.code, deleted.body.kind, generation, deletionGracePeriodSeconds], [
    200,
    "WorkflowExecution",
    2,
    0,
  ]);
  const again = await api.ok("DELETE", `${executions}/a`);
  assertEquals(meta(again).resourceVersion, meta(deleted.body).resourceVersion);
  const more = await api.call("PATCH", `${executions}/a`, {
    type: merge,
    body: { metadata: { finalizers: ["k.dev/held", "k.dev/new"] } },
  });
  assertEquals(more.code, 422);
  assert(
    causes(more.body)[0]?.includes(
      'no new finalizers can be added if the object is being deleted, found new finalizers []string{"k.dev/new"}',
    ),
  );
  await api.ok("PATCH", `${executions}/a`, { type: merge, body: { metadata: { finalizers: null } } });
  assertEquals((await api.call("GET", `${executions}/a`)).code, 404);
});

conformanceCase("a resource that is not served is a bare 404", async ({ api, namespace }) => {
  const { code, text, headers } = await api.call("GET", `/apis/no-such-group.dev/v1/namespaces/${namespace}/things/x`);
  assertEquals([code, text, headers.get("content-type")?.split(";")[0]], [404, "404 page not found\n", "text/plain"]);
});

conformanceCase("a table has the definition's columns", async ({ api, executions }) => {
  await api.ok("POST", executions, { body: execution("a") });
  const table = await api.ok("GET", executions, { accept: "application/json;as=Table;v=v1;g=meta.k8s.io" });
  const columns = (table.columnDefinitions as { name: string; priority: number }[]).map(({ name, priority }) =>
    `${name} ${priority}`
  );
  assertEquals(columns, ["Name 0", "Phase 0", "WorkflowID 0", "Target 0", "Duration 0", "Reason 1", "Age 0"]);
  const [row] = table.rows as { cells: unknown[]; object: JSONObject }[];
  assertEquals(row?.cells.slice(0, 6), ["a", "Pending", "restart", "payment/deployment/payment-api", null, null]);
  assertEquals(row?.object.kind, "PartialObjectMetadata");
});
