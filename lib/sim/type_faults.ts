// What keeps an applied configuration from being taken apart by its schema: ownership is kept field by field, so what is not
// declared, of another type, or not to be told apart in its list cannot be owned. Pure.
// Source: sigs.k8s.io/structured-merge-diff typed/validate.go.
import type { JSONObject, JSONValue } from "../kube/contract.ts";
import { below, showPath } from "./field_set.ts";
import { isJSONObject } from "./objects.ts";
import type { Schema } from "./schema.ts";
import { elementOf } from "./typed_value.ts";

/** The faults of a value, each with its path. The first field of a map that is not declared ends the look at that map. */
export function typeFaults(value: JSONValue, schema: Schema, path = ""): string[] {
  if (value === null || schema["x-kubernetes-int-or-string"]) return [];
  const fault = typeFault(value, schema.type);
  if (fault) return [`${path}: ${fault}`];
  if (Array.isArray(value)) return listFaults(value, schema, path);
  return isJSONObject(value) ? mapFaults(value, schema, path) : [];
}

function typeFault(value: JSONValue, type: string | undefined): string | undefined {
  const found = Array.isArray(value) ? "array" : typeof value;
  if (!type || type === found || (type === "integer" && found === "number")) return undefined;
  switch (type) {
    case "integer":
    case "number":
      return `expected numeric (int or float), got ${goType(value)}`;
    case "string":
      return `expected string, got &value.valueUnstructured{Value:${goSyntax(value)}}`;
    default:
      return `expected ${{ array: "list", object: "map" }[type] ?? type}, got &{${goText(value)}}`;
  }
}

function listFaults(value: JSONValue[], schema: Schema, path: string): string[] {
  const { items = {}, "x-kubernetes-list-type": kind, "x-kubernetes-list-map-keys": keys = [] } = schema;
  if (kind !== "map" && kind !== "set") return value.flatMap((item, i) => typeFaults(item, items, `${path}[${i}]`));
  const seen = new Set<string>();
  const faults: string[] = [];
  for (const [i, item] of value.entries()) {
    const fault = kind === "map" ? unkeyed(item, keys) : undefined;
    if (fault) return [`${path}: element ${i}: ${fault}`];
    const element = showPath(below("", elementOf(item, schema)));
    if (seen.has(element)) faults.push(`${path}: duplicate entries for key ${element}`);
    seen.add(element);
    faults.push(...typeFaults(item, items, path + element));
  }
  return faults;
}

function unkeyed(item: JSONValue, keys: readonly string[]): string | undefined {
  if (!isJSONObject(item)) return "associative list with keys may not have non-map elements";
  if (keys.some((key) => key in item)) return undefined;
  const named = keys.map((key) => JSON.stringify(key)).join(" ");
  return `associative list with keys has an element that omits all key fields [${named}] ` +
    "(and doesn't have default values for any key fields)";
}

function mapFaults(value: JSONObject, schema: Schema, path: string): string[] {
  const { type, properties, additionalProperties: values } = schema;
  if (schema["x-kubernetes-preserve-unknown-fields"]) return [];
  const faults: string[] = [];
  for (const [key, inner] of Object.entries(value)) {
    const declared = properties?.[key] ?? (typeof values === "object" ? values : undefined);
    if (declared) faults.push(...typeFaults(inner, declared, `${path}.${key}`));
    else if (values !== true && type) return [...faults, `${path}.${key}: field not declared in schema`];
  }
  return faults;
}

/** As Go's %T. */
function goType(value: JSONValue): string {
  if (Array.isArray(value)) return "[]interface {}";
  if (isJSONObject(value)) return "map[string]interface {}";
  if (typeof value === "number") return Number.isInteger(value) ? "int64" : "float64";
  return value === null ? "<nil>" : { string: "string", boolean: "bool" }[typeof value as "string" | "boolean"];
}

/** As Go's %#v. */
function goSyntax(value: JSONValue): string {
  if (Array.isArray(value)) return `[]interface {}{${value.map(goSyntax).join(", ")}}`;
  if (!isJSONObject(value)) return value === null ? "interface {}(nil)" : JSON.stringify(value);
  const fields = Object.entries(value).map(([key, inner]) => `${JSON.stringify(key)}:${goSyntax(inner)}`);
  return `map[string]interface {}{${fields.join(", ")}}`;
}

/** As Go's %v. */
function goText(value: JSONValue): string {
  if (Array.isArray(value)) return `[${value.map(goText).join(" ")}]`;
  if (!isJSONObject(value)) return value === null ? "<nil>" : String(value);
  return `map[${Object.entries(value).map(([key, inner]) => `${key}:${goText(inner)}`).join(" ")}]`;
}
