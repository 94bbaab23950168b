// Schema documents → the files of a generated folder. Pure: the same documents give the same bytes, in whatever order they come.
import { yaml } from "../../deps.ts";
import type { JSONObject, JSONValue } from "../kube/contract.ts";
import { apiGroupSources, customResourceSources, type Source } from "./builtin.ts";
import { modulesOfCrd } from "./crd.ts";
import { emitModule } from "./emit.ts";
import { type Module, modulePath, SchemaError } from "./model.ts";
import { type KnownTypes, moduleOfOpenApi } from "./openapi.ts";
import { commonFiles, runtimeFiles } from "./runtime_files.ts";
import { text } from "./schema.ts";

/** Path below the output folder → text. */
export type Files = Map<string, string>;

/** What this repository's generated/ holds. */
export function builtinFiles(): Files {
  const groups = readModules(apiGroupSources);
  const custom = readModules(customResourceSources);
  return toFiles([...groups, ...custom], { ...commonFiles, ...runtimeFiles });
}

/** Clients for other documents. They import what `@cloudydeno/kubernetes-apis` has, and carry the rest. */
export function filesOf(sources: readonly Source[]): Files {
  return toFiles(readModules(sources), runtimeFiles);
}

/** The types of the API groups in this program, by module path. */
function knownTypes(): KnownTypes {
  const known = new Map<string, ReadonlySet<string>>();
  for (const source of apiGroupSources) {
    for (const { document } of documents(source)) {
      const schemas = object(object(document["components"])["schemas"]);
      const path = source.file.replace(/^.*\/(.+)\.(v[^.]+)\.yaml$/, "$1/$2");
      known.set(path, new Set(Object.keys(schemas).map((name) => name.slice(name.lastIndexOf(".") + 1))));
    }
  }
  return known;
}

/** Reads every document. CustomResourceDefinitions of one group and version share a module. */
function readModules(sources: readonly Source[]): Module[] {
  let known: KnownTypes | undefined;
  const knowing = () => known ??= knownTypes();
  const modules = new Map<string, Module>();
  for (const source of sources) {
    for (const { document, place } of documents(source)) {
      for (const module of modulesOf(document, place, knowing)) {
        const path = modulePath(module.name);
        const before = modules.get(path);
        modules.set(path, before ? joined(before, module, place) : module);
      }
    }
  }
  return [...modules.values()];
}

function modulesOf(document: JSONObject, place: string, known: () => KnownTypes): Module[] {
  if (document["openapi"] !== undefined) return [moduleOfOpenApi(document, place, known())];
  const kind = text(document["kind"]);
  if (kind === "CustomResourceDefinition") return modulesOfCrd(document, place);
  if (kind === "List" || kind === "CustomResourceDefinitionList") {
    const items = Array.isArray(document["items"]) ? document["items"] : [];
    return items.flatMap((item, i) => {
      const entry = object(item);
      const inList = text(entry["kind"]) || (kind === "List" ? "" : "CustomResourceDefinition");
      return modulesOf({ ...entry, kind: inList }, `${place}: items[${i}]`, known);
    });
  }
  throw new SchemaError(
    place,
    `is ${kind ? `a ${kind}` : "no Kubernetes object"}, must be a CustomResourceDefinition or an OpenAPI v3 document`,
  );
}

function joined(a: Module, b: Module, place: string): Module {
  const names = new Set([...a.structs, ...a.enums].map((type) => type.name));
  const twice = [...b.structs, ...b.enums].find((type) => names.has(type.name));
  if (twice) {
    throw new SchemaError(place, `declares ${twice.name} of ${modulePath(a.name)}, which another document did already`);
  }
  return {
    name: a.name,
    structs: [...a.structs, ...b.structs],
    enums: [...a.enums, ...b.enums],
    resources: [...a.resources, ...b.resources],
  };
}

function documents(source: Source): { document: JSONObject; place: string }[] {
  const parsed = yaml.parseAllDocuments(source.text);
  const all = (Array.isArray(parsed) ? parsed : []).filter((one) => one.contents !== null);
  return all.map((one, i) => {
    const place = all.length > 1 ? `${source.file} (document ${i + 1})` : source.file;
    const fault = one.errors[0];
    if (fault) throw new SchemaError(place, fault.message);
    const json: JSONValue = one.toJS({ maxAliasCount: -1 });
    return { document: object(json, place), place };
  });
}

function object(value: JSONValue | undefined, place = "document"): JSONObject {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  throw new SchemaError(place, "must be an object");
}

function toFiles(modules: readonly Module[], fixed: Readonly<Record<string, string>>): Files {
  const entries = [
    ...Object.entries(fixed),
    ...modules.map((module): [string, string] => [`${modulePath(module.name)}.ts`, emitModule(module)]),
  ];
  return new Map(entries.sort(([a], [b]) => a < b ? -1 : 1));
}
