// Writes on built-in resources: identity, conflicts, preconditions, Leases as a lock, patches, finalizers, deletion.
import { assert, assertEquals } from "@std/assert";
import type { JSONObject } from "../../../lib/kube/contract.ts";
import type { ConformanceCase } from "../harness.ts";

const merge = "application/merge-patch+json";
const json = "application/json-patch+json";
const meta = (object: JSONObject) => object.metadata as Record<string, string>;

export const writeCases: ConformanceCase[] = [];
function conformanceCase(name: string, run: ConformanceCase["run"]): void {
  writeCases.push({ name, run });
}

conformanceCase(
  "a created object has uid, resourceVersion and creationTimestamp",
  async ({ api, leases, namespace }) => {
    const answer = await api.call("POST", leases, { body: { metadata: { name: "a" }, spec: { holderIdentity: "x" } } });
    const { uid, resourceVersion, creationTimestamp } = meta(answer.body);
    assert(uid && resourceVersion && creationTimestamp?.endsWith("Z"));
    assertEquals([answer.code, answer.body.kind, answer.body.apiVersion, meta(answer.body).namespace], [
      201,
      "Lease",
      "coordination.k8s.io/v1",
      namespace,
    ]);
  },
);

conformanceCase("a second create is refused with AlreadyExists", async ({ api, leases }) => {
  await api.ok("POST", leases, { body: { metadata: { name: "a" } } });
  const { code, body } = await api.call("POST", leases, { body: { metadata: { name: "a" } } });
  assertEquals([code, body.reason, body.message], [
    409,
    "AlreadyExists",
    'leases.coordination.k8s.io "a" already exists',
  ]);
  assertEquals(body.details, { name: "a", group: "coordination.k8s.io", kind: "leases" });
});

conformanceCase("a missing object is NotFound and names kind and object", async ({ api, leases }) => {
  const { code, body } = await api.call("GET", `${leases}/none`);
  assertEquals([code, body.reason, body.message], [404, "NotFound", 'leases.coordination.k8s.io "none" not found']);
  assertEquals(body.details, { name: "none", group: "coordination.k8s.io", kind: "leases" });
});

conformanceCase("a missing namespace is NotFound of the namespace", async ({ api }) => {
  const path = "/apis/coordination.k8s.io/v1/namespaces/no-such-namespace/leases";
  const { code, body } = await api.call("POST", path, { body: { metadata: { name: "a" } } });
  assertEquals([code, body.message, body.details], [404, 'namespaces "no-such-namespace" not found', {
    name: "no-such-namespace",
    kind: "namespaces",
  }]);
});

conformanceCase("generateName makes a name of at most 63 characters", async ({ api, leases }) => {
  const { metadata } = await api.ok("POST", leases, { body: { metadata: { generateName: `${"x".repeat(70)}-` } } });
  const { name } = metadata as { name: string };
  assertEquals([name.length, name.slice(0, 58)], [63, "x".repeat(58)]);
});

conformanceCase("neither name nor generateName is Invalid", async ({ api, leases }) => {
  const { code, body } = await api.call("POST", leases, { body: { metadata: {} } });
  assertEquals([code, body.reason, body.message], [
    422,
    "Invalid",
    'Lease.coordination.k8s.io "" is invalid: metadata.name: Required value: name or generateName is required',
  ]);
});

conformanceCase("a create with a resourceVersion is refused", async ({ api, leases }) => {
  const { code, body } = await api.call("POST", leases, { body: { metadata: { name: "a", resourceVersion: "1" } } });
  assertEquals([code, body.message], [500, "resourceVersion should not be set on objects to be created"]);
});

conformanceCase("a replace with a stale resourceVersion is a Conflict", async ({ api, leases }) => {
  await api.ok("POST", leases, { body: { metadata: { name: "a" } } });
  const { code, body } = await api.call("PUT", `${leases}/a`, {
    body: { metadata: { name: "a", resourceVersion: "1" } },
  });
  assertEquals([code, body.reason], [409, "Conflict"]);
  assertEquals(
    body.message,
    'Operation cannot be fulfilled on leases.coordination.k8s.io "a": the object has been modified; please apply your changes to the latest version and try again',
  );
});

conformanceCase("a Lease is not replaced without a resourceVersion", async ({ api, leases }) => {
  await api.ok("POST", leases, { body: { metadata: { name: "a" } } });
  const { code, body } = await api.call("PUT", `${leases}/a`, { body: { metadata: { name: "a" } } });
  assertEquals([code, body.message], [
    422,
    'leases.coordination.k8s.io "a" is invalid: metadata.resourceVersion: Invalid value: 0: must be specified for an update',
  ]);
});

conformanceCase("a ConfigMap is replaced without a resourceVersion", async ({ api, configMaps }) => {
  await api.ok("POST", configMaps, { body: { metadata: { name: "a" }, data: { k: "1" } } });
  const { data } = await api.ok("PUT", `${configMaps}/a`, { body: { metadata: { name: "a" }, data: { k: "2" } } });
  assertEquals(data, { k: "2" });
});

conformanceCase("a replace with a resourceVersion creates an absent Lease", async ({ api, leases }) => {
  const { code, body } = await api.call("PUT", `${leases}/a`, {
    body: { metadata: { name: "a", resourceVersion: "1" } },
  });
  assertEquals([code, body.kind], [201, "Lease"]);
});

conformanceCase("a replace with a uid does not create an absent Lease", async ({ api, leases }) => {
  const body = { metadata: { name: "a", resourceVersion: "1", uid: "f00" } };
  const answer = await api.call("PUT", `${leases}/a`, { body });
  assertEquals([answer.code, answer.body.reason], [409, "Conflict"]);
  assert(String(answer.body.message).includes("Precondition failed: UID in precondition: f00, UID in object meta: "));
  assertEquals((await api.call("GET", `${leases}/a`)).code, 404);
});

conformanceCase("a replace with another uid is a Conflict", async ({ api, leases }) => {
  const created = await api.ok("POST", leases, { body: { metadata: { name: "a" } } });
  const { resourceVersion = "" } = meta(created);
  const { code, body } = await api.call("PUT", `${leases}/a`, {
    body: { metadata: { name: "a", resourceVersion, uid: "f00" } },
  });
  assertEquals([code, body.reason], [409, "Conflict"]);
});

conformanceCase("of two swaps from one version one wins", async ({ api, leases }) => {
  const { resourceVersion = "", uid = "" } = meta(await api.ok("POST", leases, { body: { metadata: { name: "a" } } }));
  const swap = (holderIdentity: string) =>
    api.call("PUT", `${leases}/a`, {
      body: { metadata: { name: "a", resourceVersion, uid }, spec: { holderIdentity } },
    });
  const codes = (await Promise.all([swap("x"), swap("y")])).map((answer) => answer.code).sort();
  assertEquals(codes, [200, 409]);
});

conformanceCase("a write that changes nothing keeps the resourceVersion", async ({ api, leases }) => {
  const created = await api.ok("POST", leases, { body: { metadata: { name: "a", labels: { k: "v" } } } });
  const patched = await api.ok("PATCH", `${leases}/a`, { type: merge, body: { metadata: { labels: { k: "v" } } } });
  assertEquals(meta(patched).resourceVersion, meta(created).resourceVersion);
});

conformanceCase("a merge patch with a stale resourceVersion is a Conflict", async ({ api, leases }) => {
  await api.ok("POST", leases, { body: { metadata: { name: "a" } } });
  const body = { metadata: { resourceVersion: "1", labels: { k: "v" } } };
  const answer = await api.call("PATCH", `${leases}/a`, { type: merge, body });
  assertEquals([answer.code, answer.body.reason], [409, "Conflict"]);
});

conformanceCase("null in a merge patch removes", async ({ api, leases }) => {
  await api.ok("POST", leases, { body: { metadata: { name: "a", labels: { k: "v", l: "w" } } } });
  const { metadata } = await api.ok("PATCH", `${leases}/a`, {
    type: merge,
    body: { metadata: { labels: { k: null } } },
  });
  assertEquals((metadata as JSONObject).labels, { l: "w" });
});

conformanceCase("a patch of a missing object is NotFound", async ({ api, leases }) => {
  const { code, body } = await api.call("PATCH", `${leases}/none`, { type: merge, body: {} });
  assertEquals([code, body.reason], [404, "NotFound"]);
});

conformanceCase(
  "a failed test of a JSON patch is Invalid, says nothing more, and changes nothing",
  async ({ api, leases }) => {
    const created = await api.ok("POST", leases, { body: { metadata: { name: "a" } } });
    const body = [{ op: "add", path: "/metadata/labels", value: { k: "v" } }, {
      op: "test",
      path: "/metadata/uid",
      value: "f00",
    }];
    const answer = await api.call("PATCH", `${leases}/a`, { type: json, body });
    assertEquals([answer.code, answer.body.reason, answer.body.details], [422, "Invalid", {}]);
    assertEquals(answer.body.message, "the server rejected our request due to an error in our request");
    assertEquals(meta(await api.ok("GET", `${leases}/a`)).resourceVersion, meta(created).resourceVersion);
  },
);

conformanceCase("a JSON patch whose tests hold is carried out in order", async ({ api, leases }) => {
  const created = await api.ok("POST", leases, { body: { metadata: { name: "a", annotations: { "k.dev/x": "1" } } } });
  const body = [
    { op: "test", path: "/metadata/uid", value: meta(created).uid ?? "" },
    { op: "test", path: "/metadata/annotations/k.dev~1x", value: "1" },
    { op: "remove", path: "/metadata/annotations/k.dev~1x" },
    { op: "add", path: "/metadata/finalizers", value: ["k.dev/held"] },
    { op: "replace", path: "/metadata/finalizers/0", value: "k.dev/kept" },
  ];
  const { metadata } = await api.ok("PATCH", `${leases}/a`, { type: json, body });
  const { annotations, finalizers } = metadata as JSONObject;
  assertEquals([annotations, finalizers], [undefined, ["k.dev/kept"]]);
  await api.ok("PATCH", `${leases}/a`, { type: merge, body: { metadata: { finalizers: null } } });
});

conformanceCase("removing what is absent by JSON patch is Invalid", async ({ api, leases }) => {
  await api.ok("POST", leases, { body: { metadata: { name: "a" } } });
  const { code } = await api.call("PATCH", `${leases}/a`, {
    type: json,
    body: [{ op: "remove", path: "/metadata/labels" }],
  });
  assertEquals(code, 422);
});

conformanceCase("a patch of an unknown media type is refused", async ({ api, leases }) => {
  await api.ok("POST", leases, { body: { metadata: { name: "a" } } });
  const { code, body } = await api.call("PATCH", `${leases}/a`, { body: {} });
  assertEquals([code, body.reason], [415, "UnsupportedMediaType"]);
});

conformanceCase("a deletion with another uid is a Conflict", async ({ api, leases }) => {
  await api.ok("POST", leases, { body: { metadata: { name: "a" } } });
  const { code, body } = await api.call("DELETE", `${leases}/a`, { body: { preconditions: { uid: "f00" } } });
  assertEquals([code, body.reason], [409, "Conflict"]);
  assert(String(body.message).includes("the UID in the precondition (f00) does not match the UID in record ("));
});

conformanceCase("a deletion with a stale resourceVersion is a Conflict", async ({ api, leases }) => {
  await api.ok("POST", leases, { body: { metadata: { name: "a" } } });
  const { code, body } = await api.call("DELETE", `${leases}/a`, { body: { preconditions: { resourceVersion: "1" } } });
  assertEquals([code, body.reason], [409, "Conflict"]);
});

conformanceCase("a deletion answers a Status with the uid", async ({ api, leases }) => {
  const { uid = "" } = meta(await api.ok("POST", leases, { body: { metadata: { name: "a" } } }));
  const { code, body } = await api.call("DELETE", `${leases}/a`);
  assertEquals([code, body.kind, body.status, body.details], [200, "Status", "Success", {
    name: "a",
    group: "coordination.k8s.io",
    kind: "leases",
    uid,
  }]);
});

conformanceCase("labels, names and annotations are checked", async ({ api, leases }) => {
  const causes = async (metadata: JSONObject) => {
    const { code, body } = await api.call("POST", leases, { body: { metadata } });
    const found = ((body.details as JSONObject).causes as { field: string; reason: string }[]).map((cause) =>
      `${cause.field} ${cause.reason}`
    );
    return [code, ...found];
  };
  assertEquals(await causes({ name: "Upper_Case" }), [422, "metadata.name FieldValueInvalid"]);
  assertEquals(await causes({ name: "a", labels: { k: "x".repeat(64) } }), [422, "metadata.labels FieldValueInvalid"]);
  assertEquals(await causes({ name: "a", labels: { k: "a/b" } }), [422, "metadata.labels FieldValueInvalid"]);
  assertEquals(await causes({ name: "a", annotations: { k: "x".repeat(262145) } }), [
    422,
    "metadata.annotations FieldValueTooLong",
  ]);
});

conformanceCase("a label that is no text cannot be decoded", async ({ api, leases }) => {
  const { code, body } = await api.call("POST", leases, { body: { metadata: { name: "a", labels: { k: 1 } } } });
  assertEquals([code, body.reason], [400, "BadRequest"]);
});

conformanceCase("a body of another namespace or name is refused", async ({ api, leases }) => {
  const other = await api.call("POST", leases, { body: { metadata: { name: "a", namespace: "default" } } });
  assertEquals([other.code, other.body.message], [
    400,
    "the namespace of the provided object does not match the namespace sent on the request",
  ]);
  await api.ok("POST", leases, { body: { metadata: { name: "a" } } });
  const renamed = await api.call("PUT", `${leases}/a`, { body: { metadata: { name: "b" } } });
  assertEquals([renamed.code, renamed.body.message], [
    400,
    "the name of the object (b) does not match the name on the URL (a)",
  ]);
});

conformanceCase("a dry run stores nothing", async ({ api, leases }) => {
  assertEquals((await api.call("POST", `${leases}?dryRun=All`, { body: { metadata: { name: "a" } } })).code, 201);
  assertEquals((await api.call("GET", `${leases}/a`)).code, 404);
});

conformanceCase("a body beyond 3 MiB is refused", async ({ api, configMaps }) => {
  const { code, body } = await api.call("POST", configMaps, {
    body: { metadata: { name: "a" }, data: { k: "x".repeat(3_200_000) } },
  });
  assertEquals([code, body.reason, body.message], [
    413,
    "RequestEntityTooLarge",
    "Request entity too large: limit is 3145728",
  ]);
});

conformanceCase("a ConfigMap beyond 1 MiB is Invalid", async ({ api, configMaps }) => {
  const { code, body } = await api.call("POST", configMaps, {
    body: { metadata: { name: "a" }, data: { k: "x".repeat(1_048_577) } },
  });
  assertEquals([code, body.message], [
    422,
    'ConfigMap "a" is invalid: []: Too long: may not be more than 1048576 bytes',
  ]);
});

conformanceCase("nothing is created in a terminating namespace", async ({ api, namespace, leases }) => {
  await api.ok("POST", leases, { body: { metadata: { name: "held", finalizers: ["k.dev/held"] } } });
  await api.ok("DELETE", `/api/v1/namespaces/${namespace}`);
  const { code, body } = await api.call("POST", leases, { body: { metadata: { name: "late" } } });
  assertEquals([code, body.reason, (body.details as JSONObject).causes], [403, "Forbidden", [{
    reason: "NamespaceTerminating",
    message: `namespace ${namespace} is being terminated`,
    field: "metadata.namespace",
  }]]);
  await api.ok("PATCH", `${leases}/held`, { type: merge, body: { metadata: { finalizers: null } } }).catch(() =>
    undefined
  );
});
