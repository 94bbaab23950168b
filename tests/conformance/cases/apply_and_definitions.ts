// Server-side apply between managers, deletion of collections, and the life of a CustomResourceDefinition.
import { assertEquals } from "@std/assert";
import type { JSONObject } from "../../../lib/kube/contract.ts";
import { permissiveDefinition } from "../../../lib/sim/permissive_definitions.ts";
import { type CaseContext, type ConformanceCase, eventually, execution, executionsCrd } from "../harness.ts";

const merge = "application/merge-patch+json";
const meta = (object: JSONObject) => object.metadata as Record<string, string>;

export const applyCases: ConformanceCase[] = [];
function conformanceCase(name: string, run: ConformanceCase["run"]): void {
  applyCases.push({ name, run });
}

/** Applies a ConfigMap's data as a manager. */
function apply({ api, configMaps, namespace }: CaseContext, manager: string, data: JSONObject, query = "") {
  const body = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a", namespace }, data };
  const path = `${configMaps}/a?fieldManager=${manager}${query}`;
  return api.call("PATCH", path, { type: "application/apply-patch+yaml", body });
}

conformanceCase("apply creates what is absent, and names the manager", async (context) => {
  const { code, body } = await apply(context, "one", { k: "1" });
  const [entry] = (body.metadata as JSONObject).managedFields as JSONObject[];
  assertEquals([code, entry?.manager, entry?.operation, entry?.fieldsV1], [201, "one", "Apply", {
    "f:data": { "f:k": {} },
  }]);
});

conformanceCase("applying the same again writes nothing", async (context) => {
  const { body: first } = await apply(context, "one", { k: "1" });
  const { code, body: second } = await apply(context, "one", { k: "1" });
  assertEquals([code, meta(second).resourceVersion], [200, meta(first).resourceVersion]);
});

conformanceCase("a field that is not applied any more is removed", async (context) => {
  await apply(context, "one", { k: "1", l: "2" });
  const { body } = await apply(context, "one", { l: "2" });
  assertEquals(body.data, { l: "2" });
});

conformanceCase("a field of another manager is a conflict unless forced", async (context) => {
  await apply(context, "one", { k: "1" });
  const refused = await apply(context, "two", { k: "2" });
  assertEquals([refused.code, refused.body.reason, refused.body.message], [
    409,
    "Conflict",
    'Apply failed with 1 conflict: conflict with "one": .data.k',
  ]);
  assertEquals((refused.body.details as JSONObject).causes, [{
    reason: "FieldManagerConflict",
    message: 'conflict with "one"',
    field: ".data.k",
  }]);
  const forced = await apply(context, "two", { k: "2" }, "&force=true");
  assertEquals([forced.code, forced.body.data], [200, { k: "2" }]);
});

conformanceCase("apply needs a manager", async ({ api, configMaps }) => {
  const body = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a" } };
  const answer = await api.call("PATCH", `${configMaps}/a`, { type: "application/apply-patch+yaml", body });
  assertEquals([answer.code, answer.body.message], [
    422,
    'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch',
  ]);
});

conformanceCase("an execution is applied, and its rules hold", async ({ api, executions }) => {
  const send = (spec: Record<string, unknown>) =>
    api.call("PATCH", `${executions}/a?fieldManager=one`, {
      type: "application/apply-patch+yaml",
      body: execution("a", spec),
    });
  assertEquals([(await send({})).code, (await send({})).code, (await send({ targetResource: "x" })).code], [
    201,
    200,
    422,
  ]);
});

conformanceCase("a collection is deleted by its labels", async ({ api, leases }) => {
  for (const [name = "", k = ""] of [["a", "v"], ["b", "w"], ["c", "v"]]) {
    await api.ok("POST", leases, { body: { metadata: { name, labels: { k } } } });
  }
  await api.ok("DELETE", `${leases}?labelSelector=k%3Dv`);
  const left = (await api.ok("GET", leases)).items as JSONObject[];
  assertEquals(left.map((item) => meta(item).name), ["b"]);
});

conformanceCase("a dry run of a deletion deletes nothing", async ({ api, leases }) => {
  await api.ok("POST", leases, { body: { metadata: { name: "a" } } });
  assertEquals((await api.call("DELETE", `${leases}/a?dryRun=All`)).code, 200);
  assertEquals((await api.call("GET", `${leases}/a`)).code, 200);
});

conformanceCase("a strategic merge patch merges owner references by uid", async ({ api, configMaps }) => {
  const owner = await api.ok("POST", configMaps, { body: { metadata: { name: "owner" } } });
  await api.ok("POST", configMaps, { body: { metadata: { name: "a", finalizers: ["k.dev/one"] } } });
  const reference = { apiVersion: "v1", kind: "ConfigMap", name: "owner", uid: meta(owner).uid ?? "" };
  const body = { metadata: { finalizers: ["k.dev/two"], ownerReferences: [reference] } };
  const patched = await api.ok("PATCH", `${configMaps}/a`, { type: "application/strategic-merge-patch+json", body });
  const { finalizers, ownerReferences } = patched.metadata as { finalizers: string[]; ownerReferences: JSONObject[] };
  assertEquals([finalizers.toSorted(), ownerReferences], [["k.dev/one", "k.dev/two"], [reference]]);
  await api.ok("PATCH", `${configMaps}/a`, { type: merge, body: { metadata: { finalizers: null } } });
});

conformanceCase(
  "a definition is established, served, and takes its objects along when it goes",
  async ({ api, namespace }) => {
    const plural = `things${namespace.replaceAll("-", "")}`;
    const group = "things.kubernaut.ai";
    const definition = permissiveDefinition({ group, version: "v1", kind: `K${plural}`, plural });
    const path = `/apis/${group}/v1/namespaces/${namespace}/${plural}`;
    assertEquals((await api.call("GET", path)).text, "404 page not found\n");
    await api.ok("POST", executionsCrd, { body: definition });
    await eventually(async () => {
      const { status } = await api.ok("GET", `${executionsCrd}/${plural}.${group}`);
      const conditions = ((status as JSONObject | undefined)?.conditions ?? []) as JSONObject[];
      return conditions.some((each) => each.type === "Established" && each.status === "True");
    });
    await eventually(async () => (await api.call("GET", path)).code === 200);
    const body = {
      apiVersion: `${group}/v1`,
      kind: `K${plural}`,
      metadata: { name: "a" },
      spec: { any: { thing: 1 } },
    };
    const created = await api.ok("POST", path, { body });
    assertEquals(created.spec, { any: { thing: 1 } });
    await api.ok("DELETE", `${executionsCrd}/${plural}.${group}`);
    await eventually(async () => (await api.call("GET", path)).text === "404 page not found\n");
  },
);
