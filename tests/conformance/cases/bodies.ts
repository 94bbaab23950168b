// What a body may be: decoding into the kind's type, unknown and duplicate fields under each fieldValidation, media types, the
// options of writes, and names, labels, finalizers and owners that are refused.
import { assert, assertEquals } from "@std/assert";
import type { JSONObject } from "../../../lib/kube/contract.ts";
import type { Answer, Call } from "../backend.ts";
import type { ConformanceCase } from "../harness.ts";

const merge = "application/merge-patch+json";
const json = "application/json-patch+json";
const strategic = "application/strategic-merge-patch+json";
const meta = (object: JSONObject) => object.metadata as Record<string, unknown>;

export const bodyCases: ConformanceCase[] = [];
function conformanceCase(name: string, run: ConformanceCase["run"]): void {
  bodyCases.push({ name, run });
}

/** `field: message` of each cause. */
function causes({ body }: Answer): string[] {
  const found = (body.details as JSONObject | undefined)?.causes as { field: string; message: string }[] | undefined;
  return (found ?? []).map(({ field, message }) => `${field}: ${message}`);
}

const undecodable = 'ConfigMap in version "v1" cannot be handled as a ConfigMap: ';
const unreadable = "the object provided is unrecognized (must be of type ConfigMap): ";
const wrongTypes: [name: string, call: Call, message: string][] = [
  [
    "a name that is no text",
    { body: { metadata: { name: 1 } } },
    `${undecodable}json: cannot unmarshal number into Go struct field ObjectMeta.metadata.name of type string`,
  ],
  [
    "metadata that is no object",
    { body: { metadata: "x" } },
    `${undecodable}json: cannot unmarshal string into Go struct field ConfigMap.metadata of type v1.ObjectMeta`,
  ],
  [
    "labels that are a list",
    { body: { metadata: { name: "a", labels: [] } } },
    `${undecodable}json: cannot unmarshal array into Go struct field ObjectMeta.metadata.labels of type map[string]string`,
  ],
  [
    "a finalizer that is no text",
    { body: { metadata: { name: "a", finalizers: [1] } } },
    `${undecodable}json: cannot unmarshal number into Go struct field ObjectMeta.metadata.finalizers of type string`,
  ],
  [
    "data that is a list",
    { body: { metadata: { name: "a" }, data: ["x"] } },
    `${undecodable}json: cannot unmarshal array into Go struct field ConfigMap.data of type map[string]string`,
  ],
  [
    "a boolean that is text",
    { body: { metadata: { name: "a" }, immutable: "true" } },
    `${undecodable}json: cannot unmarshal string into Go struct field ConfigMap.immutable of type bool`,
  ],
  [
    "bytes that are no base64",
    { body: { metadata: { name: "a" }, binaryData: { k: "!!!!" } } },
    `${undecodable}illegal base64 data at input byte 0`,
  ],
  [
    "another kind",
    { body: { apiVersion: "v1", kind: "Secret", metadata: { name: "a" } } },
    'Secret in version "v1" cannot be handled as a ConfigMap: converting (v1.Secret) to (core.ConfigMap): unknown conversion',
  ],
  [
    "nothing at all",
    { raw: "" },
    `${unreadable}couldn't get version/kind; json parse error: unexpected end of JSON input (<empty>)`,
  ],
];
for (const [name, call, message] of wrongTypes) {
  conformanceCase(`a create refuses ${name}`, async ({ api, configMaps }) => {
    const { code, body } = await api.call("POST", configMaps, call);
    assertEquals([code, body.reason, body.message], [400, "BadRequest", message]);
  });
}

conformanceCase("a body that is no JSON, or no object, is refused", async ({ api, configMaps }) => {
  for (const raw of ["{", "[]", "1", '"x"']) {
    const { code, body } = await api.call("POST", configMaps, { raw });
    assertEquals([code, body.reason], [400, "BadRequest"]);
    assert(String(body.message).startsWith(`${unreadable}couldn't get version/kind; json parse error: `));
  }
});

conformanceCase(
  "times are decoded: to the second in metadata, to the microsecond in a Lease",
  async ({ api, leases }) => {
    const refused = async (acquireTime: string) => {
      const { code, body } = await api.call("POST", leases, {
        body: { metadata: { name: "a" }, spec: { acquireTime } },
      });
      return `${code} ${body.message}`;
    };
    const layout = '"2006-01-02T15:04:05.000000Z07:00"';
    const start = '400 Lease in version "v1" cannot be handled as a Lease: parsing time';
    assertEquals(await refused("x"), `${start} "x" as ${layout}: cannot parse "x" as "2006"`);
    assertEquals(
      await refused("2026-01-01T00:00:00Z"),
      `${start} "2026-01-01T00:00:00Z" as ${layout}: cannot parse "Z" as ".000000"`,
    );
  },
);

conformanceCase("null in a map of text is an empty text", async ({ api, configMaps }) => {
  const { data } = await api.ok("POST", configMaps, { body: { metadata: { name: "a" }, data: { k: null, l: "v" } } });
  assertEquals(data, { k: "", l: "v" });
});

conformanceCase("a Secret's text joins its data, and its type has a default", async ({ api, namespace }) => {
  const secrets = `/api/v1/namespaces/${namespace}/secrets`;
  const created = await api.ok("POST", secrets, { body: { metadata: { name: "a" }, stringData: { k: "v" } } });
  assertEquals([created.data, created.stringData, created.type], [{ k: "dg==" }, undefined, "Opaque"]);
  const patched = await api.ok("PATCH", `${secrets}/a`, { type: merge, body: { stringData: { l: "w" } } });
  assertEquals(patched.data, { k: "dg==", l: "dw==" });
});

const doubled = '{"metadata":{"name":"a","name":"b"},"data":{"k":"1","k":"2"},"odd":1}';
conformanceCase("unknown and duplicate fields are told, and the last of them wins", async ({ api, configMaps }) => {
  const { code, body, headers } = await api.call("POST", configMaps, { raw: doubled });
  assertEquals([code, meta(body).name, body.data, body.odd], [201, "b", { k: "2" }, undefined]);
  assertEquals(
    headers.get("warning"),
    '299 - "duplicate field \\"metadata.name\\"", 299 - "duplicate field \\"data.k\\"", 299 - "unknown field \\"odd\\""',
  );
});

conformanceCase("fieldValidation=Ignore tells nothing", async ({ api, configMaps }) => {
  const { code, headers } = await api.call("POST", `${configMaps}?fieldValidation=Ignore`, { raw: doubled });
  assertEquals([code, headers.get("warning")], [201, null]);
});

conformanceCase("fieldValidation=Strict refuses them all at once", async ({ api, configMaps }) => {
  const { code, body } = await api.call("POST", `${configMaps}?fieldValidation=Strict`, { raw: doubled });
  assertEquals([code, body.message], [
    400,
    `${undecodable}strict decoding error: duplicate field "metadata.name", duplicate field "data.k", unknown field "odd"`,
  ]);
});

conformanceCase("a refusal tells unknown fields too", async ({ api, leases }) => {
  const body = { metadata: { name: "a" }, spec: { odd: 1, leaseDurationSeconds: -1 } };
  const { code, headers } = await api.call("POST", leases, { body });
  assertEquals([code, headers.get("warning")], [422, '299 - "unknown field \\"spec.odd\\""']);
});

conformanceCase("a patch that makes an unknown or ill-typed field is told or refused", async ({ api, configMaps }) => {
  await api.ok("POST", configMaps, { body: { metadata: { name: "a" }, data: { k: "v" } } });
  const patch = (body: JSONObject, query = "") => api.call("PATCH", `${configMaps}/a${query}`, { type: merge, body });
  const told = await patch({ odd: 1 });
  assertEquals([told.code, told.headers.get("warning")], [200, '299 - "unknown field \\"odd\\""']);
  const strict = await patch({ odd: 1 }, "?fieldValidation=Strict");
  assertEquals([strict.code, strict.body.reason, String(strict.body.message).endsWith('unknown field "odd"')], [
    422,
    "Invalid",
    true,
  ]);
  const wrong = await patch({ data: { k: 1 } });
  assertEquals([wrong.code, wrong.body.reason, causes(wrong)[0]?.startsWith("patch: Invalid value: ")], [
    422,
    "Invalid",
    true,
  ]);
});

conformanceCase("a body may be YAML", async ({ api, configMaps }) => {
  const { code, body } = await api.call("POST", configMaps, {
    type: "application/yaml",
    raw: "metadata: {name: a}\ndata:\n  k: v\n",
  });
  assertEquals([code, body.data], [201, { k: "v" }]);
});

conformanceCase("a body of another media type is refused, and so is a wish for one", async ({ api, configMaps }) => {
  const sent = await api.call("POST", configMaps, { raw: "{}", type: "text/plain" });
  const types = "application/json, application/yaml, application/vnd.kubernetes.protobuf";
  assertEquals([sent.code, sent.body.reason, sent.body.message], [
    415,
    "UnsupportedMediaType",
    `the body of the request was in an unknown format - accepted media types include: ${types}`,
  ]);
  const wanted = await api.call("GET", configMaps, { accept: "application/xml" });
  assertEquals([wanted.code, wanted.body.reason], [406, "NotAcceptable"]);
});

const options = 'PatchOptions.meta.k8s.io "" is invalid:';
const badOptions: [name: string, query: string, message: string][] = [
  [
    "a field validation",
    "fieldValidation=Odd",
    'fieldValidation: Unsupported value: "Odd": supported values: "", "Ignore", "Strict", "Warn"',
  ],
  ["a dry run", "dryRun=Odd", 'dryRun: Unsupported value: ["Odd"]: supported values: "All"'],
  ["force without apply", "force=true", "force: Forbidden: may not be specified for non-apply patch"],
  ["a manager too long", `fieldManager=${"m".repeat(129)}`, "fieldManager: Too long: may not be more than 128 bytes"],
];
for (const [name, query, message] of badOptions) {
  conformanceCase(`a patch refuses ${name} that it does not know`, async ({ api, configMaps }) => {
    const { code, body } = await api.call("PATCH", `${configMaps}/a?${query}`, { type: merge, body: {} });
    assertEquals([code, body.message], [422, `${options} ${message}`]);
  });
}

const notPatches: [name: string, type: string, raw: string, message: string][] = [
  [
    "a list is no merge patch",
    merge,
    "[]",
    "error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}",
  ],
  [
    "a number is no strategic merge patch",
    strategic,
    "1",
    "json: cannot unmarshal number into Go value of type map[string]interface {}",
  ],
  [
    "an object is no JSON patch",
    json,
    "{}",
    "error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp",
  ],
  [
    "a number is no operation of a JSON patch",
    json,
    "[1]",
    "error decoding patch: json: cannot unmarshal number into Go value of type handlers.jsonPatchOp",
  ],
];
for (const [name, type, raw, message] of notPatches) {
  conformanceCase(name, async ({ api, configMaps }) => {
    await api.ok("POST", configMaps, { body: { metadata: { name: "a" } } });
    const { code, body } = await api.call("PATCH", `${configMaps}/a`, { type, raw });
    assertEquals([code, body.message], [400, message]);
  });
}

conformanceCase("a JSON patch reads lists from the end, and copies nothing as null", async ({ api, configMaps }) => {
  await api.ok("POST", configMaps, { body: { metadata: { name: "a", finalizers: ["k.dev/1", "k.dev/2"] }, data: {} } });
  const patch = (...body: JSONObject[]) => api.call("PATCH", `${configMaps}/a`, { type: json, body });
  const { body } = await patch(
    { op: "add", path: "/metadata/finalizers/-1", value: "k.dev/3" },
    { op: "remove", path: "/metadata/finalizers/0" },
    { op: "add", path: "/data", value: { k: "v" } },
    { op: "copy", from: "/data/none", path: "/data/l" },
    { op: "move", from: "/data/k", path: "/data/m" },
  );
  assertEquals([meta(body).finalizers, body.data], [["k.dev/2", "k.dev/3"], { l: "", m: "v" }]);
  for (
    const operation of [
      { op: "add", path: "/metadata/finalizers/9", value: "k.dev/9" },
      { op: "replace", path: "/metadata/finalizers/9", value: "k.dev/9" },
      { op: "remove", path: "/metadata/finalizers/x" },
      { op: "move", from: "/data/none", path: "/data/x" },
      { op: "odd", path: "/data" },
      { op: "add", value: "x" },
    ]
  ) assertEquals([(await patch(operation)).code, operation.op], [422, operation.op]);
  await api.ok("PATCH", `${configMaps}/a`, { type: merge, body: { metadata: { finalizers: null } } });
});

conformanceCase("an immutable ConfigMap stays so, data and all", async ({ api, configMaps }) => {
  await api.ok("POST", configMaps, { body: { metadata: { name: "a" }, data: { k: "v" }, immutable: true } });
  const refused = async (body: JSONObject) => causes(await api.call("PATCH", `${configMaps}/a`, { type: merge, body }));
  const why = "Forbidden: field is immutable when `immutable` is set";
  assertEquals(await refused({ data: { k: "w" } }), [`data: ${why}`]);
  assertEquals(await refused({ immutable: false }), [`immutable: ${why}`]);
  assertEquals(await refused({ binaryData: { b: "eA==" } }), [`binaryData: ${why}`]);
});

const subdomain =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const label =
  "a valid label key must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]') with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')";
const owner = { apiVersion: "v1", kind: "ConfigMap", name: "x", uid: "u" };
const badMetadata: [name: string, metadata: JSONObject, causes: string[]][] = [
  ["a name with two dots", { name: "a..b" }, [`metadata.name: Invalid value: "a..b": ${subdomain}`]],
  ["a name too long", { name: "a".repeat(254) }, [
    `metadata.name: Invalid value: "${"a".repeat(254)}": must be no more than 253 characters`,
  ]],
  ["a label key of three parts", { name: "a", labels: { "a/b/c": "x" } }, [
    `metadata.labels: Invalid value: "a/b/c": ${label}`,
  ]],
  ["an annotation key of three parts", { name: "a", annotations: { "a/b/c": "x" } }, [
    `metadata.annotations: Invalid value: "a/b/c": ${label}`,
  ]],
  ["a finalizer without a domain", { name: "a", finalizers: ["x"] }, [
    'metadata.finalizers[0]: Invalid value: "x": name is neither a standard finalizer name nor is it fully qualified',
  ]],
  ["orphan and foregroundDeletion together", { name: "a", finalizers: ["orphan", "foregroundDeletion"] }, [
    'metadata.finalizers: Invalid value: ["orphan","foregroundDeletion"]: finalizer orphan and foregroundDeletion cannot be both set',
  ]],
  ["an Event as owner", { name: "a", ownerReferences: [{ ...owner, kind: "Event" }] }, [
    'metadata.ownerReferences: Invalid value: {"apiVersion":"v1","kind":"Event","name":"x","uid":"u"}: /v1, Kind=Event is disallowed from being an owner',
  ]],
  ["an owner of no version", { name: "a", ownerReferences: [{ ...owner, apiVersion: "a/b/c" }] }, [
    'metadata.ownerReferences.apiVersion: Invalid value: "a/b/c": version must not be empty',
  ]],
];
for (const [name, metadata, expected] of badMetadata) {
  conformanceCase(`a create refuses ${name} in its metadata`, async ({ api, configMaps }) => {
    const answer = await api.call("POST", configMaps, { body: { metadata } });
    assertEquals([answer.code, causes(answer)], [422, expected]);
  });
}

conformanceCase("the name of a namespace has no dots", async ({ api }) => {
  const answer = await api.call("POST", "/api/v1/namespaces", { body: { metadata: { name: "a.b" } } });
  assertEquals([answer.code, causes(answer)], [422, ['metadata.name: Invalid value: "a.b": must not contain dots']]);
});

conformanceCase("generateName has to begin a name, and gives way to one", async ({ api, configMaps }) => {
  const refused = await api.call("POST", configMaps, { body: { metadata: { generateName: "UP-" } } });
  assertEquals([refused.code, causes(refused)[0]], [422, `metadata.generateName: Invalid value: "UP-": ${subdomain}`]);
  const { metadata } = await api.ok("POST", configMaps, { body: { metadata: { generateName: "x-", name: "given" } } });
  assertEquals([(metadata as JSONObject).name, (metadata as JSONObject).generateName], ["given", "x-"]);
});

const notServed: [method: string, path: (namespace: string) => string, code: number][] = [
  ["PUT", (namespace) => `/api/v1/namespaces/${namespace}/configmaps`, 405],
  ["POST", (namespace) => `/api/v1/namespaces/${namespace}/configmaps/x`, 405],
  ["POST", () => "/api/v1/configmaps", 405],
  ["GET", (namespace) => `/api/v1/namespaces/${namespace}/configmaps/x/status`, 404],
  ["GET", () => "/api/v1/foos", 404],
];
for (const [method, path, code] of notServed) {
  conformanceCase(`${method} ${path("NAMESPACE")} is ${code} with a Status`, async ({ api, namespace }) => {
    const answer = await api.call(
      method,
      path(namespace),
      method === "GET" ? {} : { body: { metadata: { name: "x" } } },
    );
    const messages: Record<number, string> = {
      404: "the server could not find the requested resource",
      405: "the server does not allow this method on the requested resource",
    };
    assertEquals([answer.code, answer.body.message, answer.body.details], [code, messages[code], {}]);
  });
}
