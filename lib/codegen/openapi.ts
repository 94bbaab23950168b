// An OpenAPI v3 document, as an API server serves it under /openapi/v3, → the module of its group and version: the schemas it
// holds and the operations of its paths. Types of the API machinery, and of other groups that are known, are imported.
import type { JSONObject, JSONValue } from "../kube/contract.ts";
import { addKind, addList, describesKind } from "./kinds.ts";
import {
  apiVersionOf,
  type Module,
  type ModuleName,
  modulePath,
  type Resource,
  SchemaError,
  type Shape,
  type Verb,
} from "./model.ts";
import { objectAt, SchemaReader, text } from "./schema.ts";

/** Names of the types that other modules are known to export, by module path. */
export type KnownTypes = ReadonlyMap<string, ReadonlySet<string>>;

const schemaPrefix = "#/components/schemas/";

/** Types that JSON Schema says too little about. */
const special: Record<string, Shape> = {
  "io.k8s.apimachinery.pkg.apis.meta.v1.Time": { is: "Time" },
  "io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime": { is: "MicroTime" },
  "io.k8s.apimachinery.pkg.apis.meta.v1.Duration": { is: "Duration" },
  "io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1": { is: "json" },
  "io.k8s.apimachinery.pkg.api.resource.Quantity": { is: "Quantity" },
  "io.k8s.apimachinery.pkg.util.intstr.IntOrString": { is: "IntOrString" },
  "io.k8s.apimachinery.pkg.runtime.RawExtension": { is: "json" },
};

/** Reads one document. `file` names it in errors. */
export function moduleOfOpenApi(document: JSONObject, file: string, known: KnownTypes): Module {
  if (!text(document["openapi"]).startsWith("3.")) throw new SchemaError(`${file}: openapi`, "must be a 3.x version");
  const paths = objectAt(document["paths"] ?? {}, `${file}: paths`);
  const name = moduleName(document, paths, file);
  const components = objectAt(document["components"] ?? {}, `${file}: components`);
  const schemas = objectAt(components["schemas"] ?? {}, `${file}: components.schemas`);
  const resources = readPaths(paths, name, file);

  const queue: string[] = [];
  const reader = new SchemaReader((ref, place) => {
    const schemaName = ref.startsWith(schemaPrefix) ? ref.slice(schemaPrefix.length) : "";
    if (!schemaName || !(schemaName in schemas) && !(schemaName in special) && !importable(schemaName, name, known)) {
      throw new SchemaError(place, `$ref ${JSON.stringify(ref)} names no schema of this document`);
    }
    return resolve(schemaName);
  });
  const resolved = new Map<string, Shape>(Object.entries(special));
  const resolve = (schemaName: string): Shape => {
    const before = resolved.get(schemaName);
    if (before) return before;
    const shape = firstResolve(schemaName);
    resolved.set(schemaName, shape);
    return shape;
  };
  const firstResolve = (schemaName: string): Shape => {
    const type = lastPart(schemaName);
    const from = importable(schemaName, name, known);
    if (from) return { is: "struct", name: type, from };
    const schema = objectAt(schemas[schemaName], `${file}: components.schemas["${schemaName}"]`);
    if (schema["properties"] === undefined) {
      return reader.shape(schema, type, `${file}: components.schemas["${schemaName}"]`);
    }
    queue.push(schemaName);
    return { is: "struct", name: type };
  };

  queue.push(
    ...Object.keys(schemas).filter((schemaName) =>
      !(schemaName in special) && !importable(schemaName, name, known) &&
      objectAt(schemas[schemaName], `${file}: components.schemas["${schemaName}"]`)["properties"] !== undefined
    ),
  );
  const done = new Set<string>();
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    if (done.has(next)) continue;
    done.add(next);
    declare(reader, name, lastPart(next), objectAt(schemas[next], file), `${file}: components.schemas["${next}"]`);
  }
  for (const { kind, verbs } of resources) {
    if (!reader.structs.some((struct) => struct.name === kind)) {
      throw new SchemaError(`${file}: paths`, `speak of kind ${kind}, which has no schema in the document`);
    }
    if (verbs.has("list")) addList(reader, name, kind);
  }
  return { name, structs: reader.structs, enums: reader.enums, resources };
}

function declare(reader: SchemaReader, module: ModuleName, type: string, schema: JSONObject, place: string): void {
  const isKind = describesKind(schema, module, type);
  const properties = objectAt(schema["properties"], `${place}.properties`);
  if (isKind && properties["items"] === undefined && module.group !== "meta") {
    addKind(reader, module, type, schema, place, false);
    return;
  }
  const struct = reader.struct(schema, type, place, isKind ? ["apiVersion", "kind"] : []);
  if (!isKind) return;
  struct.apiVersion = apiVersionOf(module);
  for (const field of struct.fields) {
    if (field.name === "metadata" && properties["items"] !== undefined) field.required = true;
  }
}

/** The other module that exports a schema's type, if one is known to. */
function importable(schemaName: string, self: ModuleName, known: KnownTypes): ModuleName | undefined {
  const parts = schemaName.split(".");
  const [label, version, type] = parts.slice(-3);
  for (const [path, types] of known) {
    const [group, moduleVersion] = path.split("/");
    if (
      !group || !type || !moduleVersion || moduleVersion !== version || group.split(".")[0] !== label ||
      !types.has(type)
    ) continue;
    return path === modulePath(self) ? undefined : { group, version: moduleVersion };
  }
  return undefined;
}

/** Group and version of a document: of its paths, or of an extension where it has none. */
function moduleName(document: JSONObject, paths: JSONObject, file: string): ModuleName {
  for (const path of Object.keys(paths)) {
    const match = /^\/(?:api|apis\/([^/]+))\/(v[^/]+)\//.exec(path);
    if (match?.[2]) return { group: match[1] ?? "core", version: match[2] };
  }
  const [group, version] = text(document["x-kubernetes-group-version"]).split("/");
  if (group && version) return { group, version };
  throw new SchemaError(`${file}: paths`, "has no path of an API group, so the group and version are not known");
}

const verbsOfCollection: Record<string, Verb> = { get: "list", post: "create", delete: "deletecollection" };
const verbsOfObject: Record<string, Verb> = { get: "get", put: "replace", patch: "patch", delete: "delete" };

function readPaths(paths: JSONObject, module: ModuleName, file: string): Resource[] {
  const found = new Map<
    string,
    { kind: string; plural: string; namespaced: boolean; all: boolean; verbs: Set<Verb>; status: Set<Verb> }
  >();
  for (const [path, item] of Object.entries(paths)) {
    const match =
      /^\/(?:api|apis\/[^/]+)\/[^/]+\/(?:(namespaces)\/\{namespace\}\/)?([a-z0-9-]+)(?:\/(\{name\})(?:\/(status))?)?\/?$/
        .exec(path);
    if (!match?.[2]) continue;
    const [, inNamespace, plural, ofObject, status] = match;
    const place = `${file}: paths[${JSON.stringify(path)}]`;
    for (const [method, operation] of Object.entries(objectAt(item, place))) {
      const verb = (ofObject ? verbsOfObject : verbsOfCollection)[method];
      const kind = verb && kindOf(operation, module);
      if (!verb || !kind) continue;
      const entry = found.get(plural) ??
        { kind, plural, namespaced: false, all: false, verbs: new Set(), status: new Set() };
      found.set(plural, entry);
      if (inNamespace) entry.namespaced = true;
      if (verb === "list" && !inNamespace) entry.all = true;
      if (inNamespace || verb !== "list") (status ? entry.status : entry.verbs).add(verb);
    }
  }
  return [...found.values()].map(({ all, status, ...entry }) => {
    if (all && !entry.namespaced) entry.verbs.add("list");
    return { ...entry, listedForAllNamespaces: all && entry.namespaced, statusVerbs: status };
  });
}

function kindOf(operation: JSONValue, module: ModuleName): string | undefined {
  if (typeof operation !== "object" || operation === null || Array.isArray(operation)) return undefined;
  const gvk = operation["x-kubernetes-group-version-kind"];
  if (typeof gvk !== "object" || gvk === null || Array.isArray(gvk)) return undefined;
  const ours = text(gvk["group"]) === (module.group === "core" ? "" : module.group) &&
    text(gvk["version"]) === module.version;
  return ours ? text(gvk["kind"]) || undefined : undefined;
}

function lastPart(schemaName: string): string {
  return schemaName.slice(schemaName.lastIndexOf(".") + 1);
}
