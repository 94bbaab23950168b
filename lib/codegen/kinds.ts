// Kinds: the structs that carry apiVersion and kind, and the lists of them.
import type { JSONObject } from "../kube/contract.ts";
import { apiVersionOf, type Field, type ModuleName } from "./model.ts";
import { type SchemaReader, text } from "./schema.ts";

const meta: ModuleName = { group: "meta", version: "v1" };

/** Declares a kind with ObjectMeta for its metadata, whatever its schema says of it, and its list. */
export function addKind(
  reader: SchemaReader,
  module: ModuleName,
  kind: string,
  schema: JSONObject,
  place: string,
  withList = true,
): void {
  const struct = reader.struct(schema, kind, place, ["apiVersion", "kind", "metadata"]);
  struct.apiVersion = apiVersionOf(module);
  const metadata: Field = {
    name: "metadata",
    required: false,
    shape: { is: "struct", name: "ObjectMeta", from: meta },
    description: "",
  };
  struct.fields = [...struct.fields, metadata].sort((a, b) => a.name < b.name ? -1 : 1);
  if (withList) addList(reader, module, kind);
}

/** Declares `XList`, unless the document did. */
export function addList(reader: SchemaReader, module: ModuleName, kind: string): void {
  const name = `${kind}List`;
  if (reader.structs.some((struct) => struct.name === name)) return;
  reader.structs.push({
    name,
    description: `${name} is a list of ${kind}.`,
    apiVersion: apiVersionOf(module),
    fields: [
      { name: "items", required: true, shape: { is: "list", of: { is: "struct", name: kind } }, description: "" },
      { name: "metadata", required: true, shape: { is: "struct", name: "ListMeta", from: meta }, description: "" },
    ],
  });
}

/** True where a schema describes a kind: its objects carry apiVersion and kind. */
export function describesKind(schema: JSONObject, module: ModuleName, name: string): boolean {
  const kinds = schema["x-kubernetes-group-version-kind"];
  const group = module.group === "core" || module.group === "meta" ? "" : module.group;
  return Array.isArray(kinds) &&
    kinds.some((entry) =>
      typeof entry === "object" && entry !== null && !Array.isArray(entry) && text(entry["kind"]) === name &&
      text(entry["group"]) === group && text(entry["version"]) === module.version
    );
}
