// The OpenAPI v3 documents that kubectl reads, as far as `explain` and client-side validation need them: one a group version,
// with the schemas of custom resources as their definitions give them.
import type { JSONObject } from "../kube/contract.ts";
import type { BuiltinSchema } from "./builtin_schemas.ts";
import { at, isJSONObject, isRecord } from "./objects.ts";
import { apiVersionOf, type Resources, type ResourceType } from "./resources.ts";
import type { Storage } from "./storage.ts";

/** The document of an `/openapi/…` path; undefined when there is none. */
export function openApi(resources: Resources, storage: Storage, path: string): JSONObject | undefined {
  if (path === "/openapi/v3") {
    const paths = [...new Set(resources.all().map((type) => type.group ? `apis/${apiVersionOf(type)}` : "api/v1"))];
    return { paths: Object.fromEntries(paths.map((each) => [each, { serverRelativeURL: `/openapi/v3/${each}` }])) };
  }
  const found = /^\/openapi\/v3\/(?:apis\/([^/]+)\/([^/]+)|api\/(v1))$/.exec(path);
  if (!found) return undefined;
  const [, group = "", version = found[3] ?? ""] = found;
  const types = resources.all().filter((type) => type.group === group && type.version === version);
  if (types.length === 0) return undefined;
  const schemas = Object.fromEntries(types.map((type) => [schemaName(type), schemaOf(type, storage)]));
  const paths = Object.fromEntries(types.flatMap((type) => {
    const path = collectionPath(type);
    return [[path, { post: operation(type, "post") }], [`${path}/{name}`, { patch: operation(type, "patch") }]];
  }));
  const components = { schemas: { [metaName]: metaSchema(), ...schemas } };
  return { openapi: "3.0.0", info: { title: "Kubernetes", version: "v1.36.3" }, paths, components };
}

function schemaName(type: ResourceType): string {
  const reversed = (type.group || "core").split(".").reverse().join(".");
  return `${reversed}.${type.version}.${type.kind}`;
}

function identity(type: ResourceType): JSONObject {
  return { group: type.group, version: type.version, kind: type.kind };
}

function schemaOf(type: ResourceType, storage: Storage): JSONObject {
  const kind: JSONObject = { "x-kubernetes-group-version-kind": [identity(type)] };
  const definition = type.custom &&
    storage.get("apiextensions.k8s.io/customresourcedefinitions", `/${type.custom.definition}`);
  const versions = at(definition, "spec", "versions");
  const version = Array.isArray(versions)
    ? versions.find((each) => isRecord(each) && each.name === type.version)
    : undefined;
  const schema = (type.schema ? published(type.schema) : at(version, "schema", "openAPIV3Schema")) as
    | JSONObject
    | undefined;
  if (!schema) return { type: "object", "x-kubernetes-preserve-unknown-fields": true, ...kind };
  const declared = isJSONObject(schema.properties) ? schema.properties : {};
  const text: JSONObject = { type: "string" };
  return {
    ...schema,
    properties: { apiVersion: text, kind: text, ...declared, metadata: objectMeta },
    ...kind,
  };
}

/** The schema of a built-in kind without the words that only this server knows. */
function published(schema: BuiltinSchema): JSONObject {
  const { struct: _, keepsEmpty: __, goType: ___, properties, items, additionalProperties: values, ...rest } = schema;
  const fields = Object.entries(properties ?? {}).map(([name, field]) => [name, published(field)]);
  return {
    ...rest as JSONObject,
    ...(properties && { properties: Object.fromEntries(fields) }),
    ...(items && { items: published(items) }),
    ...(values !== undefined && { additionalProperties: typeof values === "boolean" ? values : published(values) }),
  };
}

const metaName = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";
const objectMeta: JSONObject = {
  description: "Standard object's metadata. More info: " +
    "https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata",
  allOf: [{ $ref: `#/components/schemas/${metaName}` }],
  default: {},
};

/** The fields of metadata that a person writes or reads, in the API's own types. */
function metaSchema(): JSONObject {
  const text = (description: string): JSONObject => ({ description, type: "string" });
  const map = (description: string): JSONObject => ({
    description,
    type: "object",
    additionalProperties: { type: "string", default: "" },
  });
  const time = (description: string): JSONObject => ({ description, type: "string", format: "date-time" });
  return {
    description:
      "ObjectMeta is metadata that all persisted resources must have, which includes all objects users must create.",
    type: "object",
    properties: {
      annotations: map("Text that tools keep with the object; it cannot be selected by."),
      creationTimestamp: time("When the server created the object. Read-only."),
      deletionTimestamp: time("When the object's deletion was asked for. Read-only."),
      finalizers: {
        description: "The object stays until this list is empty.",
        type: "array",
        items: { type: "string", default: "" },
      },
      generateName: text("Prefix of a name that the server makes unique, where name is not given."),
      generation: { description: "Counts changes of the desired state. Read-only.", type: "integer", format: "int64" },
      labels: map("Text that the object can be selected by."),
      managedFields: { description: "Who wrote which fields.", type: "array", items: { type: "object" } },
      name: text("Unique in the namespace. It cannot be changed."),
      namespace: text("The space within which the name is unique. It cannot be changed."),
      ownerReferences: {
        description: "Objects that this one depends on: when all are gone, it is deleted.",
        type: "array",
        items: { type: "object" },
      },
      resourceVersion: text("The version of the object that this is, opaque to clients."),
      uid: text("Unique in time and space. Read-only."),
    },
  };
}

function collectionPath(type: ResourceType): string {
  const root = type.group ? `/apis/${apiVersionOf(type)}` : "/api/v1";
  return `${root}/${type.namespaced ? "namespaces/{namespace}/" : ""}${type.resource}`;
}

/** A write, with the parameters that kubectl looks for before it leaves validation to the server. */
function operation(type: ResourceType, action: string): JSONObject {
  const content = { "application/json": { schema: { $ref: `#/components/schemas/${schemaName(type)}` } } };
  const parameter = (name: string): JSONObject => ({ name, in: "query", schema: { type: "string" } });
  return {
    "x-kubernetes-action": action,
    "x-kubernetes-group-version-kind": identity(type),
    parameters: ["dryRun", "fieldManager", "fieldValidation"].map(parameter),
    requestBody: { content },
    responses: { "200": { description: "OK", content } },
  };
}
