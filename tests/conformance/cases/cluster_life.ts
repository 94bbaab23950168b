// How things end and are counted in a cluster: options of deletions, pods that stop gracefully, namespaces, quotas; and what
// discovery and the headers of every answer say.
import { assert, assertEquals } from "@std/assert";
import type { JSONObject } from "../../../lib/kube/contract.ts";
import { type CaseContext, type ConformanceCase, eventually, group } from "../harness.ts";

const merge = "application/merge-patch+json";
const meta = (object: JSONObject) => object.metadata as Record<string, unknown>;

export const lifeCases: ConformanceCase[] = [];
function conformanceCase(name: string, run: ConformanceCase["run"]): void {
  lifeCases.push({ name, run });
}

const options = '422 DeleteOptions.meta.k8s.io "" is invalid:';
const badDeletions: [name: string, query: string, body: JSONObject | undefined, answer: string][] = [
  [
    "an unknown policy",
    "?propagationPolicy=Odd",
    undefined,
    `${options} propagationPolicy: Unsupported value: "Odd": supported values: "Foreground", "Background", "Orphan", "nil"`,
  ],
  [
    "a policy said twice",
    "",
    { propagationPolicy: "Background", orphanDependents: true },
    `${options} propagationPolicy: Invalid value: "Background": orphanDependents and deletionPropagation cannot be both set`,
  ],
  [
    "an unknown dry run",
    "",
    { dryRun: ["Odd"] },
    `${options} dryRun: Unsupported value: ["Odd"]: supported values: "All"`,
  ],
];
for (const [name, query, body, expected] of badDeletions) {
  conformanceCase(`a deletion refuses ${name}`, async ({ api, configMaps }) => {
    await api.ok("POST", configMaps, { body: { metadata: { name: "a" } } });
    const answer = await api.call("DELETE", `${configMaps}/a${query}`, body ? { body } : {});
    assertEquals(`${answer.code} ${answer.body.message}`, expected);
    assertEquals((await api.call("GET", `${configMaps}/a`)).code, 200);
  });
}

conformanceCase("a dry run in the body of a deletion deletes nothing", async ({ api, configMaps }) => {
  await api.ok("POST", configMaps, { body: { metadata: { name: "a" } } });
  assertEquals((await api.call("DELETE", `${configMaps}/a`, { body: { dryRun: ["All"] } })).code, 200);
  assertEquals((await api.call("GET", `${configMaps}/a`)).code, 200);
});

conformanceCase("a foreground deletion keeps other finalizers", async ({ api, configMaps }) => {
  await api.ok("POST", configMaps, { body: { metadata: { name: "a", finalizers: ["k.dev/held"] } } });
  await api.ok("DELETE", `${configMaps}/a`, { body: { propagationPolicy: "Foreground" } });
  await eventually(async () => {
    const { finalizers } = meta(await api.ok("GET", `${configMaps}/a`));
    return JSON.stringify(finalizers) === '["k.dev/held"]';
  });
  await api.ok("PATCH", `${configMaps}/a`, { type: merge, body: { metadata: { finalizers: null } } });
  assertEquals((await api.call("GET", `${configMaps}/a`)).code, 404);
});

/** Creates a pod that hangs; the service account that it needs is waited for. */
async function pod({ api, namespace }: CaseContext, name: string, spec: JSONObject): Promise<string> {
  const pods = `/api/v1/namespaces/${namespace}/pods`;
  await eventually(async () =>
    (await api.call("GET", `/api/v1/namespaces/${namespace}/serviceaccounts/default`)).code === 200
  );
  const containers = [{ name: "c", image: "sim.local/hang" }];
  await api.ok("POST", pods, { body: { metadata: { name }, spec: { containers, ...spec } } });
  return `${pods}/${name}`;
}

conformanceCase("a pod that runs nowhere is gone at once, and shown", async (context) => {
  const path = await pod(context, "a", {});
  const { code, body } = await context.api.call("DELETE", path);
  assertEquals([code, body.kind, meta(body).deletionGracePeriodSeconds], [200, "Pod", 0]);
  assertEquals((await context.api.call("GET", path)).code, 404);
});

conformanceCase("a pod on a node gets its grace period, and none when it is deleted now", async (context) => {
  const { api } = context;
  const graceful = await pod(context, "a", { nodeName: "no-such-node", terminationGracePeriodSeconds: 7 });
  const { code, body } = await api.call("DELETE", graceful);
  assertEquals([code, body.kind, meta(body).deletionGracePeriodSeconds], [200, "Pod", 7]);
  const now = await pod(context, "b", { nodeName: "no-such-node" });
  await api.ok("DELETE", `${now}?gracePeriodSeconds=0`);
  assertEquals((await api.call("GET", now)).code, 404);
});

conformanceCase("some namespaces are there for good", async ({ api }) => {
  for (const name of ["default", "kube-system"]) {
    const { code, body } = await api.call("DELETE", `/api/v1/namespaces/${name}`);
    assertEquals([code, body.message], [403, `namespaces "${name}" is forbidden: this namespace may not be deleted`]);
  }
});

conformanceCase("a namespace keeps its label and its finalizer", async ({ api, namespace }) => {
  const body = { metadata: { labels: { "kubernetes.io/metadata.name": "x", mine: "y" } }, spec: { finalizers: [] } };
  const { metadata, spec } = await api.ok("PATCH", `/api/v1/namespaces/${namespace}`, { type: merge, body });
  assertEquals([(metadata as JSONObject).labels, spec], [
    { "kubernetes.io/metadata.name": namespace, mine: "y" },
    { finalizers: ["kubernetes"] },
  ]);
});

conformanceCase(
  "a terminating namespace refuses an apply of what is absent, and changes to what is there go on",
  async (context) => {
    const { api, configMaps, namespace } = context;
    await api.ok("POST", configMaps, { body: { metadata: { name: "held", finalizers: ["k.dev/held"] } } });
    await api.ok("DELETE", `/api/v1/namespaces/${namespace}`);
    const body = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "late" } };
    const late = await api.call("PATCH", `${configMaps}/late?fieldManager=m`, {
      type: "application/apply-patch+yaml",
      body,
    });
    assertEquals([late.code, late.body.message], [
      403,
      `configmaps "late" is forbidden: unable to create new content in namespace ${namespace} because it is being terminated`,
    ]);
    await api.ok("PATCH", `${configMaps}/held`, { type: merge, body: { data: { k: "v" } } });
    await api.ok("PATCH", `${configMaps}/held`, { type: merge, body: { metadata: { finalizers: null } } });
    await eventually(async () => (await api.call("GET", `/api/v1/namespaces/${namespace}`)).code === 404);
  },
);

conformanceCase("a quota counts what is there, down and up", async ({ api, namespace, leases }) => {
  const quota = `/api/v1/namespaces/${namespace}/resourcequotas`;
  const key = "count/leases.coordination.k8s.io";
  const { spec } = await api.ok("POST", quota, { body: { metadata: { name: "q" }, spec: { hard: { [key]: 1 } } } });
  assertEquals(spec, { hard: { [key]: "1" } });
  const used = async () =>
    ((await api.ok("GET", `${quota}/q`)).status as { used?: JSONObject } | undefined)?.used?.[key];
  // Whoever admits looks at the quota in a cache of its own, which may be behind what is read here.
  const created = async (name: string) =>
    await eventually(async () => (await api.call("POST", leases, { body: { metadata: { name } } })).code === 201);
  await eventually(async () => await used() === "0");
  await created("a");
  await eventually(async () => await used() === "1");
  const exceeded =
    `leases.coordination.k8s.io "b" is forbidden: exceeded quota: q, requested: ${key}=1, used: ${key}=1, limited: ${key}=1`;
  await eventually(async () => {
    const put = { body: { metadata: { name: "b", resourceVersion: "1" } } };
    const { code, body } = await api.call("PUT", `${leases}/b`, put);
    assertEquals(code, 403);
    return body.message === exceeded;
  });
  const invalid = await api.call("POST", leases, { body: { metadata: { name: "B" } } });
  assertEquals([invalid.code, invalid.body.reason], [422, "Invalid"]);
  await api.ok("DELETE", `${leases}/a`);
  await eventually(async () => await used() === "0");
  await created("b");
});

conformanceCase("a quota's quantity is one, and not below 0", async ({ api, namespace }) => {
  const quota = `/api/v1/namespaces/${namespace}/resourcequotas`;
  const refused = async (quantity: string) => {
    const body = { metadata: { name: "q" }, spec: { hard: { "count/x": quantity } } };
    const answer = await api.call("POST", quota, { body });
    return `${answer.code} ${answer.body.reason}`;
  };
  assertEquals([await refused("abc"), await refused("-1")], ["400 BadRequest", "422 Invalid"]);
  assertEquals([await refused("1500m"), await refused("0.5")], ["422 Invalid", "422 Invalid"]);
});

conformanceCase("a quota's quantity may have a unit, and allows as many as it says", async ({ api, namespace }) => {
  const hard = { configmaps: "1k", secrets: "2000m", services: "1e3", pods: "1Ki" };
  await api.ok("POST", `/api/v1/namespaces/${namespace}/resourcequotas`, {
    body: { metadata: { name: "q" }, spec: { hard } },
  });
  await eventually(async () => {
    const { code } = await api.call("POST", `/api/v1/namespaces/${namespace}/configmaps`, {
      body: { metadata: { generateName: "c-" } },
    });
    return code === 201;
  });
});

const aggregated = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json";
conformanceCase("discovery comes in one answer to whoever asks for it", async ({ api }) => {
  const { body, headers } = await api.call("GET", "/apis", { accept: aggregated });
  assertEquals(headers.get("content-type"), "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList");
  assertEquals([body.kind, body.apiVersion], ["APIGroupDiscoveryList", "apidiscovery.k8s.io/v2"]);
  const found = (body.items as JSONObject[]).find((item) => meta(item).name === group);
  const responseKind = { group, version: "v1alpha1", kind: "WorkflowExecution" };
  assertEquals(found?.versions, [{
    version: "v1alpha1",
    resources: [{
      resource: "workflowexecutions",
      responseKind,
      scope: "Namespaced",
      singularResource: "workflowexecution",
      verbs: ["delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"],
      shortNames: ["cwfe"],
      subresources: [{ subresource: "status", responseKind, verbs: ["get", "patch", "update"] }],
    }],
    freshness: "Current",
  }]);
});

conformanceCase("discovery of the core group comes in one answer too", async ({ api }) => {
  const { body } = await api.call("GET", "/api", { accept: aggregated });
  const [core] = body.items as { versions: { resources: JSONObject[] }[] }[];
  const found = core?.versions[0]?.resources.find(({ resource }) => resource === "configmaps");
  assertEquals(found, {
    resource: "configmaps",
    responseKind: { group: "", version: "", kind: "ConfigMap" },
    scope: "Namespaced",
    singularResource: "configmap",
    verbs: ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"],
    shortNames: ["cm"],
  });
});

conformanceCase(
  "every answer names its request, its flow and its level, and is not to be kept",
  async ({ api, leases }) => {
    for (const [method, path] of [["GET", leases], ["GET", `${leases}/none`], ["POST", leases]] as const) {
      const { headers } = await api.call(method, path, method === "POST" ? { body: { metadata: { name: "a" } } } : {});
      assertEquals(headers.get("cache-control"), "no-cache, private");
      for (const name of ["audit-id", "x-kubernetes-pf-flowschema-uid", "x-kubernetes-pf-prioritylevel-uid"]) {
        assert(/^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/.test(headers.get(name) ?? ""), name);
      }
    }
  },
);

conformanceCase("the version is only to be read", async ({ api }) => {
  const { code, body } = await api.call("POST", "/version", { body: {} });
  assertEquals([code, body.reason], [405, "MethodNotAllowed"]);
});
