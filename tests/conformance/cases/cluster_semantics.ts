// What the cluster does around an object: garbage collection, quota, events' rules, access reviews, discovery.
import { assert, assertEquals } from "@std/assert";
import type { JSONObject } from "../../../lib/kube/contract.ts";
import { type ConformanceCase, eventually, group } from "../harness.ts";

const merge = "application/merge-patch+json";
const meta = (object: JSONObject) => object.metadata as Record<string, string>;

export const clusterCases: ConformanceCase[] = [];
function conformanceCase(name: string, run: ConformanceCase["run"]): void {
  clusterCases.push({ name, run });
}

/** A ConfigMap owned by another, as an owner reference says it. */
function owned(name: string, owner: JSONObject, blockOwnerDeletion: boolean, finalizers: string[] = []): JSONObject {
  const { name: ownerName = "", uid = "" } = meta(owner);
  const reference = { apiVersion: "v1", kind: "ConfigMap", name: ownerName, uid, controller: true, blockOwnerDeletion };
  return { metadata: { name, ownerReferences: [reference], finalizers } };
}

conformanceCase("a dependent goes after its owner", async ({ api, configMaps }) => {
  const owner = await api.ok("POST", configMaps, { body: { metadata: { name: "owner" } } });
  await api.ok("POST", configMaps, { body: owned("dependent", owner, true) });
  await api.ok("DELETE", `${configMaps}/owner`, { body: { propagationPolicy: "Background" } });
  await eventually(async () => (await api.call("GET", `${configMaps}/dependent`)).code === 404);
});

conformanceCase("a foreground deletion waits for blocking dependents", async ({ api, configMaps }) => {
  const owner = await api.ok("POST", configMaps, { body: { metadata: { name: "owner" } } });
  await api.ok("POST", configMaps, { body: owned("dependent", owner, true, ["k.dev/held"]) });
  const { metadata } = await api.ok("DELETE", `${configMaps}/owner`, { body: { propagationPolicy: "Foreground" } });
  assertEquals((metadata as JSONObject).finalizers, ["foregroundDeletion"]);
  await eventually(async () => meta(await api.ok("GET", `${configMaps}/dependent`)).deletionTimestamp !== undefined);
  assertEquals((await api.call("GET", `${configMaps}/owner`)).code, 200);
  await api.ok("PATCH", `${configMaps}/dependent`, { type: merge, body: { metadata: { finalizers: null } } });
  await eventually(async () => (await api.call("GET", `${configMaps}/owner`)).code === 404);
});

conformanceCase("orphans lose their owner reference and stay", async ({ api, configMaps }) => {
  const owner = await api.ok("POST", configMaps, { body: { metadata: { name: "owner" } } });
  await api.ok("POST", configMaps, { body: owned("dependent", owner, true) });
  await api.ok("DELETE", `${configMaps}/owner`, { body: { propagationPolicy: "Orphan" } });
  await eventually(async () => (await api.call("GET", `${configMaps}/owner`)).code === 404);
  assertEquals(meta(await api.ok("GET", `${configMaps}/dependent`)).ownerReferences, undefined);
});

conformanceCase("an owner of another uid counts as gone", async ({ api, configMaps }) => {
  await api.ok("POST", configMaps, { body: { metadata: { name: "owner" } } });
  const stranger = { metadata: { name: "owner", uid: "00000000-0000-4000-8000-000000000000" } };
  await api.ok("POST", configMaps, { body: owned("dependent", stranger, false) });
  await eventually(async () => (await api.call("GET", `${configMaps}/dependent`)).code === 404);
});

conformanceCase("an owner reference without name and uid is Invalid", async ({ api, configMaps }) => {
  const { code, body } = await api.call("POST", configMaps, { body: owned("dependent", { metadata: {} }, false) });
  const fields = ((body.details as JSONObject).causes as { field: string }[]).map((cause) => cause.field).sort();
  assertEquals([code, fields], [422, ["metadata.ownerReferences.name", "metadata.ownerReferences.uid"]]);
});

conformanceCase("a used-up quota forbids", async ({ api, namespace, leases }) => {
  const quotas = `/api/v1/namespaces/${namespace}/resourcequotas`;
  await api.ok("POST", quotas, {
    body: { metadata: { name: "q" }, spec: { hard: { "count/leases.coordination.k8s.io": "0" } } },
  });
  await eventually(async () =>
    (await api.call("POST", `${leases}?dryRun=All`, { body: { metadata: { name: "a" } } })).code === 403
  );
  const { body } = await api.call("POST", leases, { body: { metadata: { name: "a" } } });
  const key = "count/leases.coordination.k8s.io";
  assertEquals([body.reason, body.message], [
    "Forbidden",
    `leases.coordination.k8s.io "a" is forbidden: exceeded quota: q, requested: ${key}=1, used: ${key}=0, limited: ${key}=0`,
  ]);
});

/** An Event that is accepted, with parts replaced. */
function event(namespace: string, parts: JSONObject = {}): JSONObject {
  return {
    metadata: { name: "e" },
    eventTime: "2026-01-01T00:00:00.000000Z",
    reportingController: "workflowexecution-controller",
    reportingInstance: "pod-1",
    action: "Create",
    reason: "Created",
    type: "Normal",
    note: "a note",
    regarding: { kind: "WorkflowExecution", namespace, name: "w", uid: "u" },
    ...parts,
  };
}

conformanceCase("an event is served by both groups", async ({ api, events, namespace }) => {
  await api.ok("POST", events, { body: event(namespace) });
  const core = await api.ok("GET", `/api/v1/namespaces/${namespace}/events/e`);
  assertEquals([core.apiVersion, core.message, (core.involvedObject as JSONObject).name, core.reportingComponent], [
    "v1",
    "a note",
    "w",
    "workflowexecution-controller",
  ]);
});

conformanceCase(
  "an event needs its instance, action, reason and type, and a short note",
  async ({ api, events, namespace }) => {
    const parts = { reportingInstance: "", action: "", reason: "", type: "Odd", note: "n".repeat(1025) };
    const { code, body } = await api.call("POST", events, { body: event(namespace, parts) });
    const fields = ((body.details as JSONObject).causes as { field: string }[]).map((cause) => cause.field).sort();
    assertEquals([code, fields], [422, ["action", "message", "reason", "reportingInstance", "type"]]);
  },
);

conformanceCase(
  "an event about something cluster-scoped stands in the namespace default",
  async ({ api, events, namespace }) => {
    const regarding = { kind: "Node", name: "worker-1", uid: "u" };
    const { code, body } = await api.call("POST", events, { body: event(namespace, { regarding }) });
    assertEquals([code, body.message], [
      422,
      'Event "e" is invalid: involvedObject.namespace: Invalid value: "": does not match event.namespace',
    ]);
  },
);

conformanceCase("of an event only its series may change", async ({ api, events, namespace }) => {
  await api.ok("POST", events, { body: event(namespace) });
  const { code } = await api.call("PATCH", `${events}/e`, { type: merge, body: { note: "another" } });
  assertEquals(code, 422);
  const series = { count: 2, lastObservedTime: "2026-01-01T00:00:01.000000Z" };
  assertEquals((await api.ok("PATCH", `${events}/e`, { type: merge, body: { series } })).series, series);
});

conformanceCase("a token review of nobody's token is not authenticated", async ({ api }) => {
  const body = { apiVersion: "authentication.k8s.io/v1", kind: "TokenReview", spec: { token: "nobody" } };
  const { code, body: answer } = await api.call("POST", "/apis/authentication.k8s.io/v1/tokenreviews", { body });
  assertEquals([code, answer.status], [201, { user: {}, error: "invalid bearer token" }]);
});

conformanceCase("a service account's token names it in a review", async ({ api, namespace }) => {
  const accounts = `/api/v1/namespaces/${namespace}/serviceaccounts`;
  await api.ok("POST", accounts, { body: { metadata: { name: "runner" } } });
  const { status } = await api.ok("POST", `${accounts}/runner/token`, { body: { spec: { audiences: ["metrics"] } } });
  const review = async (audiences: string[]) => {
    const body = { spec: { token: (status as JSONObject).token ?? "", audiences } };
    const answer = await api.ok("POST", "/apis/authentication.k8s.io/v1/tokenreviews", { body });
    return answer.status as { authenticated?: boolean; user: { username?: string }; audiences?: string[] };
  };
  const { authenticated, user, audiences } = await review(["metrics"]);
  assertEquals([authenticated, user.username, audiences], [true, `system:serviceaccount:${namespace}:runner`, [
    "metrics",
  ]]);
  assertEquals((await review(["other"])).authenticated, undefined);
});

conformanceCase("discovery lists the resource with its short name and status", async ({ api }) => {
  const { resources } = await api.ok("GET", `/apis/${group}/v1alpha1`);
  const found = (resources as { name: string; shortNames?: string[]; namespaced: boolean }[]).map((
    { name, shortNames, namespaced },
  ) => [name, shortNames, namespaced]);
  assertEquals(found, [["workflowexecutions", ["cwfe"], true], ["workflowexecutions/status", undefined, true]]);
  const version = await api.ok("GET", "/version");
  assert(Number(version.minor) >= 31);
});
