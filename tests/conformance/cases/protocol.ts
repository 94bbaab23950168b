// Fine points of the protocol: what a client may ask for in which form, which verbs a place has, and what of a query or of
// deletion options is refused.
import { assertEquals } from "@std/assert";
import { yaml as YAML } from "../../../deps.ts";
import type { JSONObject, JSONValue } from "../../../lib/kube/contract.ts";
import type { Answer } from "../backend.ts";
import { type CaseContext, type ConformanceCase, execution, group } from "../harness.ts";

const merge = "application/merge-patch+json";
const rows = "application/json;as=Table;g=meta.k8s.io;v=v1";

export const protocolCases: ConformanceCase[] = [];
function conformanceCase(name: string, run: ConformanceCase["run"]): void {
  protocolCases.push({ name, run });
}

const told = ({ code, body }: Answer) => `${code} ${body.reason ?? ""}: ${body.message}`;
const makeLease = ({ api, leases }: CaseContext) => api.ok("POST", leases, { body: { metadata: { name: "a" } } });

conformanceCase("objects, lists and errors may be read as YAML", async (context) => {
  const { api, leases } = context;
  const made = await makeLease(context);
  const read = async (path: string) => {
    const { headers, text } = await api.call("GET", path, { accept: "application/json;q=0.5,application/yaml" });
    assertEquals(headers.get("content-type"), "application/yaml");
    return YAML.parse(text, { version: "1.1" });
  };
  assertEquals(await read(`${leases}/a`), made);
  assertEquals((await read(leases)).items[0].metadata, made.metadata);
  assertEquals((await read(`${leases}/none`)).reason, "NotFound");
});

const types = "application/json, application/yaml, application/vnd.kubernetes.protobuf";
const only = `only the following media types are accepted: ${types}`;

conformanceCase(
  "a form that there is not is refused before anything is looked for",
  async ({ api, leases, executions }) => {
    for (const path of [`${leases}/none`, `${executions}/none`]) {
      for (
        const accept of ["application/json;as=Table;g=meta.k8s.io;v=v2", "application/json;as=Odd;g=meta.k8s.io;v=v1"]
      ) {
        assertEquals(told(await api.call("GET", path, { accept })), `406 NotAcceptable: ${only}`);
        assertEquals(told(await api.call("DELETE", path, { accept })), `406 NotAcceptable: ${only}`);
      }
    }
    const html = { accept: "text/html" };
    const router = `406 NotAcceptable: 406: Not Acceptable\n\nAvailable representations: ${types}`;
    assertEquals(told(await api.call("GET", `${leases}/none`, html)), router);
    assertEquals(told(await api.call("GET", `${executions}/none`, html)), `406 NotAcceptable: ${only}`);
    assertEquals(told(await api.call("GET", "/apis/coordination.k8s.io/v1", html)), router);
  },
);

conformanceCase("of several forms the first that there is counts", async (context) => {
  const { api, leases } = context;
  await makeLease(context);
  const kindOf = async (accept: string) => (await api.ok("GET", `${leases}/a`, { accept })).kind;
  assertEquals(await kindOf("application/json;as=Table;g=meta.k8s.io;v=v2,application/json"), "Lease");
  assertEquals(await kindOf("text/html,application/json;as=Table;g=meta.k8s.io;v=v1"), "Table");
  const old = await api.ok("GET", `${leases}/a`, { accept: "application/json;as=Table;g=meta.k8s.io;v=v1beta1" });
  assertEquals([old.kind, old.apiVersion], ["Table", "meta.k8s.io/v1beta1"]);
});

conformanceCase(
  "a list is no single object's metadata, and a watch is no YAML",
  async ({ api, leases, executions }) => {
    for (const path of [leases, executions]) {
      const list = await api.call("GET", path, {
        accept: "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1",
      });
      const why = "406 NotAcceptable: you requested PartialObjectMetadata, but the requested object is a list";
      assertEquals(told(list).slice(0, why.length), why);
      const watch = await api.call("GET", `${path}?watch=true&timeoutSeconds=1`, { accept: "application/yaml" });
      assertEquals(watch.code, 406);
    }
  },
);

conformanceCase("rows come with metadata, the object or nothing, as includeObject says", async (context) => {
  const { api, leases } = context;
  await makeLease(context);
  const kindOf = async (include: string) => {
    const { body } = await api.call("GET", `${leases}/a?includeObject=${include}`, { accept: rows });
    const [row] = (body.rows ?? []) as { object: JSONObject | null }[];
    return row ? row.object && row.object.kind : body.message;
  };
  assertEquals(await Promise.all(["", "Metadata", "Object", "None", "Odd"].map(kindOf)), [
    "PartialObjectMetadata",
    "PartialObjectMetadata",
    "Lease",
    null,
    "Unable to convert to Table as requested: includeObject: Invalid value: \"Odd\": must be 'Metadata', 'Object', 'None', or empty",
  ]);
});

conformanceCase("a built-in resource has no HEAD, and a custom one has", async (context) => {
  await makeLease(context);
  const head = async (path: string) => (await context.api.send("HEAD", path, { method: "HEAD" })).status;
  const { leases, executions } = context;
  assertEquals(await Promise.all([leases, `${leases}/a`, executions].map(head)), [405, 405, 200]);
});

conformanceCase(
  "a status is read, replaced and patched, and neither created nor deleted",
  async ({ api, executions }) => {
    await api.ok("POST", executions, { body: execution("a") });
    for (const [method, verb] of [["DELETE", "delete"], ["POST", "create"]]) {
      const call = method === "POST" ? { body: execution("a") } : {};
      assertEquals(
        told(await api.call(method ?? "", `${executions}/a/status`, call)),
        `405 MethodNotAllowed: ${verb} is not supported on resources of kind "workflowexecutions.${group}"`,
      );
    }
    assertEquals((await api.call("DELETE", "/api/v1/namespaces/default/status")).code, 405);
    assertEquals((await api.call("GET", `${executions}/a/status`)).code, 200);
  },
);

conformanceCase("one object may be read not older than a version, and at none that is none", async (context) => {
  const { api, leases } = context;
  const { resourceVersion } = (await makeLease(context)).metadata as JSONObject;
  const read = async (name: string, version: JSONValue | undefined) =>
    told(await api.call("GET", `${leases}/${name}?resourceVersion=${version}`)).replace(/: \d+/g, ": N");
  for (const version of ["0", resourceVersion]) assertEquals((await read("a", version)).slice(0, 3), "200");
  for (const name of ["a", "none"]) {
    assertEquals(
      await read(name, "abc"),
      '500 : resourceVersion: Invalid value: "abc": strconv.ParseUint: parsing "abc": invalid syntax',
    );
  }
});

conformanceCase("numbers of a query have an end, and a watch takes no continue token", async ({ api, leases }) => {
  const tooLong = "9".repeat(20);
  assertEquals(
    told(await api.call("GET", `${leases}?limit=${tooLong}`)),
    `400 BadRequest: strconv.ParseInt: parsing "${tooLong}": value out of range`,
  );
  const watch = await api.call("GET", `${leases}?watch=true&timeoutSeconds=1&continue=x`);
  assertEquals([watch.code, JSON.parse(watch.text).message], [
    422,
    'ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: ' +
    "resourceVersionMatch is forbidden when continue is provided",
  ]);
});

const wrongOptions: [name: string, raw: string, why: string][] = [
  [
    "of another kind",
    '{"kind":"ConfigMap","apiVersion":"v1"}',
    'no kind "ConfigMap" is registered for version "v1" in scheme "pkg/runtime/scheme.go:111"',
  ],
  [
    "with a grace period that is no number",
    '{"gracePeriodSeconds":"x"}',
    "json: cannot unmarshal string into Go struct field DeleteOptions.gracePeriodSeconds of type int64",
  ],
  [
    "that are a list",
    "[]",
    "couldn't get version/kind; json parse error: json: cannot unmarshal array into Go value of type " +
    'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }',
  ],
];
for (const [name, raw, why] of wrongOptions) {
  conformanceCase(`a deletion with options ${name} deletes nothing`, async (context) => {
    const { api, leases } = context;
    await makeLease(context);
    assertEquals(told(await api.call("DELETE", `${leases}/a`, { raw })), `400 BadRequest: ${why}`);
    assertEquals((await api.call("GET", `${leases}/a`)).code, 200);
  });
}

conformanceCase("a replacement at a version that is none is refused", async (context) => {
  const { api, leases } = context;
  await makeLease(context);
  const body = { metadata: { name: "a", resourceVersion: "abc" } };
  assertEquals(
    told(await api.call("PUT", `${leases}/a`, { body })),
    '500 : strconv.ParseUint: parsing "abc": invalid syntax',
  );
});

conformanceCase("a patch of another media type is refused, in the words of who refuses it", async (context) => {
  const { api, leases, executions } = context;
  const patch = async (path: string) => told(await api.call("PATCH", `${path}/none`, { type: "text/plain", body: {} }));
  assertEquals(await patch(leases), "415 UnsupportedMediaType: 415: Unsupported Media Type");
  assertEquals(
    (await patch(executions)).slice(0, 92),
    "415 UnsupportedMediaType: the body of the request was in an unknown format - accepted media ",
  );
});

conformanceCase(
  "an execution says its version, and is told it by the one it should say",
  async ({ api, executions }) => {
    const { apiVersion: _, ...body } = execution("a") as JSONObject;
    assertEquals(
      told(await api.call("POST", executions, { body })),
      `400 BadRequest: the API version in the data () does not match the expected API version (${group}/v1alpha1)`,
    );
  },
);

conformanceCase("a fraction for a sized integer is told by the size", async ({ api, executions }) => {
  await api.ok("POST", executions, { body: execution("a") });
  const body = { status: { observedGeneration: 1.5 } };
  const { body: refusal } = await api.call("PATCH", `${executions}/a/status`, { type: merge, body });
  const causes = (refusal.details as JSONObject).causes as { field: string; message: string }[];
  assertEquals(causes.slice(0, 2).map(({ field, message }) => `${field}: ${message}`), [
    'status.observedGeneration: Invalid value: "float64": observedGeneration in body must be of type int64: "float64"',
    'status: Invalid value: "": Checked value must be of type integer with format int64 in observedGeneration',
  ]);
});

conformanceCase("a review's answer says what it is, though the question did not", async ({ api }) => {
  const path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
  const body = { spec: { resourceAttributes: { verb: "get", resource: "pods" } } };
  const { kind, apiVersion } = await api.ok("POST", path, { body });
  assertEquals([kind, apiVersion], ["SelfSubjectAccessReview", "authorization.k8s.io/v1"]);
});

conformanceCase("an execution has no scale", async ({ api, executions }) => {
  assertEquals(
    told(await api.call("GET", `${executions}/a/scale`)),
    `404 NotFound: workflowexecutions.${group} "a" not found`,
  );
});
