// What an apply makes of lists, of places that it gives up, and of what cannot be owned field by field.
import { assertEquals } from "@std/assert";
import type { JSONObject, JSONValue } from "../../../lib/kube/contract.ts";
import { type CaseContext, type ConformanceCase, execution, group } from "../harness.ts";
import { widgetsPath, widgetsVersion } from "../widgets.ts";

const merge = "application/merge-patch+json";
const json = "application/json-patch+json";
const yaml = "application/apply-patch+yaml";

export const appliesCases: ConformanceCase[] = [];
function conformanceCase(name: string, run: ConformanceCase["run"]): void {
  appliesCases.push({ name, run });
}

const meta = (object: JSONObject) => object.metadata as Record<string, JSONValue | undefined>;
const entries = (object: JSONObject) => (meta(object).managedFields ?? []) as JSONObject[];

function applyStatus({ api, executions }: CaseContext, name: string, status: JSONObject | undefined) {
  const body = {
    apiVersion: `${group}/v1alpha1`,
    kind: "WorkflowExecution",
    metadata: { name },
    ...(status && { status }),
  };
  return api.call("PATCH", `${executions}/${name}/status?fieldManager=one`, { type: yaml, body });
}

conformanceCase("an apply that gives up a place keeps what it goes on to apply in it", async (context) => {
  const { api, executions } = context;
  const apply = () => api.call("PATCH", `${executions}/a?fieldManager=kubectl`, { type: yaml, body: execution("a") });
  await api.ok("POST", `${executions}?fieldManager=client-side`, { body: execution("a") });
  await apply();
  // As kubectl moves an object from client-side apply to server-side apply: the places themselves come along.
  const fieldsV1 = {
    "f:spec": {
      ".": {},
      "f:remediationRequestRef": {},
      "f:targetResource": {},
      "f:workflowRef": { ".": {}, "f:containerImage": {}, "f:version": {}, "f:workflowId": {} },
    },
  };
  const apiVersion = `${group}/v1alpha1`;
  const owner = { manager: "kubectl", operation: "Apply", apiVersion, fieldsType: "FieldsV1", fieldsV1 };
  const moved = [{ op: "replace", path: "/metadata/managedFields", value: [owner] }];
  await api.ok("PATCH", `${executions}/a?fieldManager=kubectl`, { type: json, body: moved });
  const { code, body } = await apply();
  assertEquals([code, body.spec], [200, (execution("a") as JSONObject).spec]);
});

conformanceCase("a place goes with its last owner, and so does the last entry of managedFields", async (context) => {
  const { api, configMaps } = context;
  const apply = (data?: JSONObject) =>
    api.ok("PATCH", `${configMaps}/a?fieldManager=one`, {
      type: yaml,
      body: { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a" }, ...(data && { data }) },
    });
  await apply({ k: "1" });
  const left = await apply();
  assertEquals([left.data, meta(left).managedFields], [undefined, undefined]);
});

conformanceCase("a list whose items have all been given up is gone", async (context) => {
  const { api, executions } = context;
  await api.ok("POST", executions, { body: execution("a") });
  const condition = { type: "A", status: "True", reason: "R", message: "", lastTransitionTime: "2026-01-01T00:00:00Z" };
  await applyStatus(context, "a", { phase: "Running", conditions: [condition] });
  const { body } = await applyStatus(context, "a", { phase: "Running" });
  assertEquals(body.status, { phase: "Running" });
});

conformanceCase("an apply to the status of what is absent creates nothing", async (context) => {
  const { code, body } = await applyStatus(context, "none", { phase: "Running" });
  assertEquals([code, body.message], [404, `workflowexecutions.${group} "none" not found`]);
});

conformanceCase("whoever applies what is there already wrote at no time", async ({ api, configMaps }) => {
  const body = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a" }, data: { k: "1" } };
  await api.ok("POST", `${configMaps}?fieldManager=maker`, { body });
  const shared = await api.ok("PATCH", `${configMaps}/a?fieldManager=one`, { type: yaml, body });
  assertEquals(entries(shared).map(({ manager, time }) => [manager, typeof time]), [
    ["one", "undefined"],
    ["maker", "string"],
  ]);
});

conformanceCase("an object without a field of its own is nobody's", async ({ api, configMaps }) => {
  assertEquals(meta(await api.ok("POST", configMaps, { body: { metadata: { name: "a" } } })).managedFields, undefined);
});

async function applyWidget(context: CaseContext, spec: JSONObject, manager = "one") {
  const path = `${await widgetsPath(context)}/w?fieldManager=${manager}`;
  const body = { apiVersion: widgetsVersion, kind: "Widget", metadata: { name: "w" }, spec: { size: 2, ...spec } };
  return await context.api.call("PATCH", path, { type: yaml, body });
}

conformanceCase("items of several appliers stand in the order of the last of them", async (context) => {
  await applyWidget(context, { set: ["a"] });
  const { body } = await applyWidget(context, { set: ["b", "a"] }, "two");
  assertEquals((body.spec as JSONObject).set, ["b", "a"]);
});

const untyped: [name: string, spec: JSONObject, fault: string][] = [
  ["a text for a number", { size: "x" }, ".spec.size: expected numeric (int or float), got string"],
  ["a map for a number", { size: {} }, ".spec.size: expected numeric (int or float), got map[string]interface {}"],
  ["a text for a boolean", { flag: "x" }, ".spec.flag: expected boolean, got &{x}"],
  ["a number for a text", { name: 1 }, ".spec.name: expected string, got &value.valueUnstructured{Value:1}"],
  [
    "a map for a text",
    { name: {} },
    ".spec.name: expected string, got &value.valueUnstructured{Value:map[string]interface {}{}}",
  ],
  ["a list for a map", { numbers: [1] }, ".spec.numbers: expected map, got &{[1]}"],
  ["a map for a list", { list: {} }, ".spec.list: expected list, got &{map[]}"],
  ["an item of another type", { set: [1] }, ".spec.set[=1]: expected string, got &value.valueUnstructured{Value:1}"],
  ["an item twice", { set: ["x", "x"] }, '.spec.set: duplicate entries for key [="x"]'],
  ["a key twice", { map: [{ k: "1" }, { k: "1" }] }, '.spec.map: duplicate entries for key [k="1"]'],
  [
    "an item without its key",
    { map: [{ v: "1" }] },
    '.spec.map: element 0: associative list with keys has an element that omits all key fields ["k"] ' +
    "(and doesn't have default values for any key fields)",
  ],
  [
    "a keyed item that is no map",
    { map: ["x"] },
    ".spec.map: element 0: associative list with keys may not have non-map elements",
  ],
  [
    "a field of an item that is not declared",
    { map: [{ k: "1", z: 1 }] },
    '.spec.map[k="1"].z: field not declared in schema',
  ],
];
for (const [name, spec, fault] of untyped) {
  conformanceCase(`what cannot be owned is not applied: ${name}`, async (context) => {
    const { code, body } = await applyWidget(context, spec);
    const which = `failed to create typed patch object (/w; ${widgetsVersion}, Kind=Widget)`;
    assertEquals([code, body.message], [500, `${which}: ${fault}`]);
  });
}

conformanceCase("a null that is applied is no absent field, as one that is created or patched is", async (context) => {
  const { api, executions } = context;
  const nothing = execution("a", { parameters: null });
  const { code, body } = await api.call("PATCH", `${executions}/a?fieldManager=one`, { type: yaml, body: nothing });
  const fault = 'spec.parameters: Invalid value: "null": spec.parameters in body must be of type object: "null"';
  assertEquals([code, String(body.message).split("is invalid: ")[1]?.includes(fault)], [422, true]);
  await api.ok("POST", executions, { body: nothing });
  const patched = await api.ok("PATCH", `${executions}/a`, { type: merge, body: { spec: { parameters: null } } });
  assertEquals((patched.spec as JSONObject).parameters, undefined);
  const again = await api.call("PATCH", `${executions}/a?fieldManager=one`, { type: yaml, body: nothing });
  assertEquals([again.code, again.body.reason], [422, "Invalid"]);
});

conformanceCase("the default takes the place of an applied null", async (context) => {
  const { code, body } = await applyWidget(context, { mode: null });
  assertEquals([code, (body.spec as JSONObject).mode], [201, "A"]);
});

const lastApplied = "kubectl.kubernetes.io/last-applied-configuration";

/** A ConfigMap as `kubectl apply` leaves it, with `data.k` as it was applied, and `live` as it is. */
async function clientApplied({ api, configMaps, namespace }: CaseContext, live = "1"): Promise<void> {
  const applied = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a", namespace }, data: { k: "1" } };
  const annotations = { [lastApplied]: JSON.stringify(applied) };
  const body = { metadata: { name: "a", annotations }, data: { k: live } };
  await api.ok("POST", `${configMaps}?fieldManager=kubectl-client-side-apply`, { body });
}

function applyAs({ api, configMaps, namespace }: CaseContext, manager: string) {
  const body = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a", namespace }, data: { k: "2" } };
  return api.call("PATCH", `${configMaps}/a?fieldManager=${manager}`, { type: yaml, body });
}

conformanceCase(
  "kubectl may change what it applied from the client, and keeps the annotation of that",
  async (context) => {
    await clientApplied(context);
    const { code, body } = await applyAs(context, "kubectl");
    const { annotations } = meta(body) as { annotations: Record<string, string> };
    const now = `{"apiVersion":"v1","data":{"k":"2"},"kind":"ConfigMap","metadata":{"name":"a","namespace":"NS"}}\n`;
    assertEquals([code, body.data, annotations[lastApplied]], [200, { k: "2" }, now.replace("NS", context.namespace)]);
  },
);

conformanceCase(
  "what was applied from the client is a conflict for others, and so is what changed since",
  async (context) => {
    await clientApplied(context);
    assertEquals((await applyAs(context, "other")).code, 409);
    await context.api.ok("DELETE", `${context.configMaps}/a`);
    await clientApplied(context, "3");
    assertEquals((await applyAs(context, "kubectl")).code, 409);
  },
);
