// managedFields: who owns what after creates, patches and applies, through the object and through its status; and what an apply
// removes, keeps and refuses.
import { assertEquals } from "@std/assert";
import type { JSONObject } from "../../../lib/kube/contract.ts";
import { type CaseContext, type ConformanceCase, execution, group } from "../harness.ts";

const merge = "application/merge-patch+json";
const json = "application/json-patch+json";
const yaml = "application/apply-patch+yaml";

export const ownershipCases: ConformanceCase[] = [];
function conformanceCase(name: string, run: ConformanceCase["run"]): void {
  ownershipCases.push({ name, run });
}

/** `manager operation subresource` and fields of each entry. */
function owners(object: JSONObject): Record<string, unknown> {
  const entries = ((object.metadata as JSONObject).managedFields ?? []) as JSONObject[];
  return Object.fromEntries(entries.map(({ manager, operation, subresource = "", fieldsV1 }) => [
    `${manager} ${operation} ${subresource}`.trim(),
    fieldsV1,
  ]));
}

/** Applies a ConfigMap as a manager. */
function apply(
  { api, configMaps }: CaseContext,
  manager: string,
  data: JSONObject | undefined,
  more: JSONObject = {},
  query = "",
) {
  const body = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a", ...more }, ...(data && { data }) };
  return api.call("PATCH", `${configMaps}/a?fieldManager=${manager}${query}`, { type: yaml, body });
}

function create({ api, configMaps }: CaseContext, data: JSONObject, more: JSONObject = {}) {
  return api.ok("POST", `${configMaps}?fieldManager=maker`, { body: { metadata: { name: "a", ...more }, data } });
}

conformanceCase("whoever creates an object owns its fields, items of lists and maps each", async (context) => {
  const owner = { apiVersion: "v1", kind: "ConfigMap", name: "x", uid: "u" };
  const more = { labels: { l: "1" }, finalizers: ["k.dev/f"], ownerReferences: [owner] };
  assertEquals(owners(await create(context, { k: "1", m: "2" }, more)), {
    "maker Update": {
      "f:data": { ".": {}, "f:k": {}, "f:m": {} },
      "f:metadata": {
        "f:finalizers": { ".": {}, 'v:"k.dev/f"': {} },
        "f:labels": { ".": {}, "f:l": {} },
        "f:ownerReferences": { ".": {}, 'k:{"uid":"u"}': {} },
      },
    },
  });
  await context.api.ok("PATCH", `${context.configMaps}/a`, { type: merge, body: { metadata: { finalizers: null } } });
});

conformanceCase("a client that names no manager is known by its user agent", async ({ api, configMaps }) => {
  const headers = { "user-agent": "remediator/v1.2 (linux/amd64)" };
  const created = await api.ok("POST", configMaps, { headers, body: { metadata: { name: "a" }, data: { k: "1" } } });
  assertEquals(Object.keys(owners(created)), ["remediator Update"]);
});

conformanceCase("a patch takes the fields that it changes, and those it removes are nobody's", async (context) => {
  const { api, configMaps } = context;
  await create(context, { k: "1", m: "2", n: "3" });
  const body = { data: { k: "2", n: null, o: "4" } };
  const patched = await api.ok("PATCH", `${configMaps}/a?fieldManager=other`, { type: merge, body });
  assertEquals(owners(patched), {
    "maker Update": { "f:data": { ".": {}, "f:m": {} } },
    "other Update": { "f:data": { "f:k": {}, "f:o": {} } },
  });
});

conformanceCase("one empty entry ends the tracking of an object", async (context) => {
  const { api, configMaps } = context;
  await create(context, { k: "1" });
  const patch = (body: JSONObject) => api.ok("PATCH", `${configMaps}/a`, { type: merge, body });
  assertEquals(owners(await patch({ metadata: { managedFields: [{}] } })), {});
  assertEquals(owners(await patch({ data: { l: "2" } })), {});
});

conformanceCase("the first apply finds what was there before it to be somebody else's", async (context) => {
  const { api, configMaps } = context;
  await create(context, { k: "1" });
  await api.ok("PATCH", `${configMaps}/a`, { type: merge, body: { metadata: { managedFields: [{}] } } });
  const { body } = await apply(context, "one", { l: "2" });
  assertEquals(owners(body), {
    "before-first-apply Update": { "f:data": { ".": {}, "f:k": {} } },
    "one Apply": { "f:data": { "f:l": {} } },
  });
});

conformanceCase("what a plain writer owns is a conflict too, and forcing takes it", async (context) => {
  await create(context, { k: "1", m: "2" });
  const one = await apply(context, "one", { k: "9" });
  assertEquals([one.code, one.body.message], [
    409,
    'Apply failed with 1 conflict: conflict with "maker" using v1: .data.k',
  ]);
  const two = await apply(context, "one", { k: "9", m: "9" });
  assertEquals(
    two.body.message,
    'Apply failed with 2 conflicts: conflicts with "maker" using v1:\n- .data.k\n- .data.m',
  );
  const forced = await apply(context, "one", { k: "9" }, {}, "&force=true");
  assertEquals(owners(forced.body), {
    "one Apply": { "f:data": { "f:k": {} } },
    "maker Update": { "f:data": { ".": {}, "f:m": {} } },
  });
});

conformanceCase("a field applied with the value that it has is shared", async (context) => {
  await create(context, { k: "1" });
  const { code, body } = await apply(context, "one", { k: "1" });
  assertEquals([code, owners(body)], [200, {
    "one Apply": { "f:data": { "f:k": {} } },
    "maker Update": { "f:data": { ".": {}, "f:k": {} } },
  }]);
});

conformanceCase("a field that another manager applies as well is not removed", async (context) => {
  await apply(context, "one", { k: "1", l: "2" });
  await apply(context, "two", { k: "1" });
  const { body } = await apply(context, "one", { l: "2" });
  assertEquals([body.data, owners(body)], [{ k: "1", l: "2" }, {
    "one Apply": { "f:data": { "f:l": {} } },
    "two Apply": { "f:data": { "f:k": {} } },
  }]);
});

conformanceCase("items of finalizers and owner references are applied one by one", async (context) => {
  const { api, configMaps } = context;
  const owner = async (name: string) => {
    const { uid = "" } = (await api.ok("POST", configMaps, { body: { metadata: { name } } })).metadata as JSONObject;
    return { apiVersion: "v1", kind: "ConfigMap", name, uid };
  };
  const [first, second] = [await owner("first"), await owner("second")];
  await apply(context, "one", undefined, { finalizers: ["k.dev/1"], ownerReferences: [first] });
  const { body } = await apply(context, "two", undefined, { finalizers: ["k.dev/2"], ownerReferences: [second] });
  const { finalizers, ownerReferences } = body.metadata as JSONObject;
  assertEquals([finalizers, ownerReferences], [["k.dev/1", "k.dev/2"], [first, second]]);
  const { body: left } = await apply(context, "one", undefined);
  assertEquals((left.metadata as JSONObject).finalizers, ["k.dev/2"]);
  await apply(context, "two", undefined);
});

conformanceCase("an apply may insist on the version and the uid that it saw", async (context) => {
  await create(context, { k: "1" });
  const stale = await apply(context, "one", { l: "1" }, { resourceVersion: "1" });
  assertEquals([stale.code, stale.body.reason], [409, "Conflict"]);
  const other = await apply(context, "one", { l: "1" }, { uid: "f00" });
  assertEquals([other.code, other.body.reason], [422, "Invalid"]);
});

conformanceCase("an apply with a uid creates nothing", async (context) => {
  const { code, body } = await apply(context, "one", {}, { uid: "f00" });
  assertEquals([code, body.message], [
    409,
    'Operation cannot be fulfilled on configmaps "a": uid mismatch: the provided object specified uid f00, and no existing object was found',
  ]);
});

conformanceCase("an applied field that the type does not have is refused, and so is a wrong type", async (context) => {
  const { api, configMaps } = context;
  const refused = async (more: JSONObject) => {
    const body = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a" }, ...more };
    const { code, body: { message } } = await api.call("PATCH", `${configMaps}/a?fieldManager=one`, {
      type: yaml,
      body,
    });
    return `${code} ${message}`;
  };
  const which = "500 failed to create typed patch object (/a; /v1, Kind=ConfigMap):";
  assertEquals(await refused({ foo: 1 }), `${which} .foo: field not declared in schema`);
  assertEquals(
    await refused({ data: { k: 5 } }),
    `${which} .data.k: expected string, got &value.valueUnstructured{Value:5}`,
  );
});

const mismatches: [name: string, body: JSONObject, message: string][] = [
  ["of another kind", { apiVersion: "v1", kind: "Secret" }, "invalid object type: /v1, Kind=Secret"],
  ["without a version", { kind: "ConfigMap" }, "invalid object type: /, Kind=ConfigMap"],
  [
    "of another name",
    { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "b" } },
    "the name of the object (b) does not match the name on the URL (a)",
  ],
  [
    "without a name",
    { apiVersion: "v1", kind: "ConfigMap" },
    "the name of the object (a based on URL) was undeterminable: name must be provided",
  ],
  [
    "with owners of its own",
    { apiVersion: "v1", kind: "ConfigMap", metadata: { managedFields: [{ manager: "x" }] } },
    "metadata.managedFields must be nil",
  ],
];
for (const [name, body, message] of mismatches) {
  conformanceCase(`an apply ${name} is refused`, async ({ api, configMaps }) => {
    const answer = await api.call("PATCH", `${configMaps}/a?fieldManager=one`, { type: yaml, body });
    assertEquals([answer.code, answer.body.message], [400, message]);
  });
}

conformanceCase("a dry run of an apply shows the result and keeps nothing", async (context) => {
  await apply(context, "one", { k: "1" });
  const { code, body } = await apply(context, "two", { k: "2" }, {}, "&force=true&dryRun=All");
  assertEquals([code, body.data, Object.keys(owners(body))], [200, { k: "2" }, ["two Apply"]]);
  assertEquals((await context.api.ok("GET", `${context.configMaps}/a`)).data, { k: "1" });
});

const condition = (type: string, status: string) => ({
  type,
  status,
  reason: "R",
  message: "",
  lastTransitionTime: "2026-01-01T00:00:00Z",
});
const conditionFields = {
  ".": {},
  "f:lastTransitionTime": {},
  "f:message": {},
  "f:reason": {},
  "f:status": {},
  "f:type": {},
};

conformanceCase("status belongs to who writes it through its subresource, conditions one by one", async (context) => {
  const { api, executions } = context;
  await api.ok("POST", `${executions}?fieldManager=maker`, { body: execution("a") });
  const status = { phase: "Running", conditions: [condition("A", "True")] };
  await api.ok("PATCH", `${executions}/a/status?fieldManager=controller`, { type: merge, body: { status } });
  const body = {
    apiVersion: `${group}/v1alpha1`,
    kind: "WorkflowExecution",
    metadata: { name: "a" },
    status: { conditions: [condition("B", "True")] },
  };
  const applied = await api.ok("PATCH", `${executions}/a/status?fieldManager=other`, { type: yaml, body });
  assertEquals(owners(applied), {
    "other Apply status": { "f:status": { "f:conditions": { 'k:{"type":"B"}': conditionFields } } },
    "controller Update status": {
      "f:status": { "f:conditions": { ".": {}, 'k:{"type":"A"}': conditionFields }, "f:phase": {} },
    },
    "maker Update": {
      "f:spec": {
        ".": {},
        "f:remediationRequestRef": {},
        "f:targetResource": {},
        "f:workflowRef": { ".": {}, "f:containerImage": {}, "f:version": {}, "f:workflowId": {} },
      },
    },
  });
  const types = ((applied.status as JSONObject).conditions as { type: string }[]).map(({ type }) => type);
  assertEquals(types, ["A", "B"]);
});

conformanceCase("finalizers added and taken by JSON patch leave no owner behind", async ({ api, executions }) => {
  await api.ok("POST", `${executions}?fieldManager=maker`, { body: execution("a") });
  const patch = (operation: JSONObject) =>
    api.ok("PATCH", `${executions}/a?fieldManager=controller`, { type: json, body: [operation] });
  const added = await patch({ op: "add", path: "/metadata/finalizers", value: ["k.dev/f"] });
  assertEquals(owners(added)["controller Update"], {
    "f:metadata": { "f:finalizers": { ".": {}, 'v:"k.dev/f"': {} } },
  });
  const taken = await patch({ op: "remove", path: "/metadata/finalizers" });
  assertEquals(Object.keys(owners(taken)), ["maker Update"]);
});
