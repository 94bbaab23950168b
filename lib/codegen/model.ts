// What stands between schemas and TypeScript: one module a group and version, its types, and the resources its client serves.
// The readers of schemas fill it, the emitters print it; it knows neither YAML nor TypeScript.

/** The type of one value. */
export type Shape =
  | { is: "string" | "number" | "boolean" | "json" }
  | { is: "Time" | "MicroTime" | "Duration" | "Quantity" | "IntOrString" }
  | { is: "list" | "map"; of: Shape }
  /** A union of words that the module declares. */
  | { is: "enum"; name: string }
  /** A struct, of this module or (`from`) of another. */
  | { is: "struct"; name: string; from?: ModuleName };

export interface Field {
  name: string;
  required: boolean;
  shape: Shape;
  description: string;
}

export interface Struct {
  name: string;
  description: string;
  fields: Field[];
  /** For a kind: `group/version`, or the version alone for the core group. */
  apiVersion?: string;
}

export interface EnumType {
  name: string;
  values: string[];
}

/** Where a type lives: group (`core` and `meta` for those without one) and version. */
export interface ModuleName {
  group: string;
  version: string;
}

/** What can be done with the objects of one path. */
export type Verb = "list" | "create" | "deletecollection" | "get" | "replace" | "patch" | "delete";

export interface Resource {
  kind: string;
  plural: string;
  namespaced: boolean;
  verbs: ReadonlySet<Verb>;
  /** True for lists over all namespaces. */
  listedForAllNamespaces: boolean;
  /** Verbs of the status subresource. */
  statusVerbs: ReadonlySet<Verb>;
}

export interface Module {
  name: ModuleName;
  structs: Struct[];
  enums: EnumType[];
  resources: Resource[];
}

/** A schema that the generator cannot turn into types. */
export class SchemaError extends Error {
  override readonly name = "SchemaError";
  constructor(
    /** File, then the path in it: `crd.yaml: spec.versions[0].schema…`. */
    readonly place: string,
    problem: string,
  ) {
    super(`${place}: ${problem}`);
  }
}

/** `coordination.k8s.io/v1`; also the module's path under generated/ and in the package. */
export function modulePath(name: ModuleName): string {
  return `${name.group}/${name.version}`;
}

/** The name that code calls a module by: `CoordinationV1`. */
export function moduleAlias(name: ModuleName): string {
  return pascal(name.group.split(".")[0] ?? "") + pascal(name.version);
}

/** apiVersion as objects carry it. */
export function apiVersionOf(name: ModuleName): string {
  return name.group === "core" || name.group === "meta" ? name.version : modulePath(name);
}

/** `container-image` → `ContainerImage`; letters that are no part of an identifier are dropped. */
export function pascal(text: string): string {
  return text.split(/[^A-Za-z0-9]+/).filter(Boolean).map((part) => part.charAt(0).toUpperCase() + part.slice(1)).join(
    "",
  );
}

/** One of a list's items: `childReferences` → `childReference`. */
export function singular(plural: string): string {
  if (/[^aeiou]ies$/i.test(plural)) return plural.replace(/ies$/i, "y");
  if (/(ss|x|ch|sh)es$/i.test(plural)) return plural.slice(0, -2);
  return /[^su]s$/i.test(plural) && !/is$/i.test(plural) ? plural.slice(0, -1) : plural;
}
