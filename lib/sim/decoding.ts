// From JSON to a built-in kind, as its Go type decodes it: a value of another type is refused before anything else looks at
// it, nulls are zero, and fields that the type does not have are dropped and told. Source: sigs.k8s.io/json.
import type { JSONObject } from "../kube/contract.ts";
import { type BuiltinSchema, objectMeta } from "./builtin_schemas.ts";
import { isRecord, type KubeObject } from "./objects.ts";
import { goKind } from "./status.ts";

/** What decoding makes of an object, or why it cannot be decoded. */
export type Decoded =
  | { object: KubeObject; unknown: string[]; fault?: undefined }
  | { fault: string };

class Undecodable extends Error {}

/** The object with the fields that its type has, and the paths of those that it has not. */
export function decode(object: KubeObject, schema: BuiltinSchema): Decoded {
  const unknown: string[] = [];
  try {
    const decoded = value(object, schema, "", "", unknown) as JSONObject;
    return { object: { ...decoded, metadata: decoded.metadata ?? {} } as unknown as KubeObject, unknown };
  } catch (error) {
    if (error instanceof Undecodable) return { fault: error.message };
    throw error;
  }
}

/** Why the metadata of a custom resource cannot be decoded; its other fields have a schema of their own. */
export function metadataFault(metadata: unknown): string | undefined {
  try {
    value(metadata, objectMeta, "", "", []);
    return undefined;
  } catch (error) {
    if (error instanceof Undecodable) return error.message;
    throw error;
  }
}

/** `owner` is the Go struct that has the field at `path`. */
function value(given: unknown, schema: BuiltinSchema, path: string, owner: string, unknown: string[]): unknown {
  if (given === undefined || schema["x-kubernetes-preserve-unknown-fields"]) return withoutUndefined(given);
  if (given === null) return undefined;
  if (schema.format === "quantity") return quantity(given);
  const type = Array.isArray(given) ? "array" : typeof given;
  const fits = schema.type === "integer" ? Number.isInteger(given) : schema.type === type;
  if (!fits) throw mismatch(given, schema, path, owner);
  if (typeof given === "string") checkText(given, schema.format);
  const struct = schema.struct ?? owner;
  if (Array.isArray(given)) {
    const { items = {} } = schema;
    return given.map((item, i) => value(item, items, `${path}[${i}]`, struct, unknown) ?? zero(items));
  }
  if (!isRecord(given)) return given;
  const decoded: Record<string, unknown> = {};
  for (const [key, inner] of Object.entries(given)) {
    const { properties, additionalProperties } = schema;
    const each = properties ? properties[key] : additionalProperties;
    const where = path ? `${path}.${key}` : key;
    if (each === undefined || typeof each === "boolean") {
      if (inner !== undefined) unknown.push(where);
      continue;
    }
    // What a map holds is told by the map's own name, and null in it is the zero value.
    const kept = properties
      ? value(inner, each, where, struct, unknown)
      : value(inner, each, path, struct, unknown) ?? (inner === null ? zero(each) : undefined);
    if (kept !== undefined && !(properties && isLeftOut(kept, each))) decoded[key] = kept;
  }
  return decoded;
}

/** Most empty lists and maps are not written by their Go type. */
function isLeftOut(kept: unknown, { keepsEmpty, struct }: BuiltinSchema): boolean {
  if (keepsEmpty || struct) return false;
  return Array.isArray(kept) ? kept.length === 0 : isRecord(kept) && Object.keys(kept).length === 0;
}

function checkText(text: string, format: string | undefined): void {
  if (format === "byte") checkBase64(text);
  else if (format === "date-time") checkTime(text, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/, "");
  else if (format === "micro-time") {
    checkTime(text, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}(Z|[+-]\d\d:\d\d)$/, ".000000");
  }
}

function checkTime(text: string, form: RegExp, decimals: string): void {
  if (form.test(text) && !Number.isNaN(Date.parse(text))) return;
  const layout = `2006-01-02T15:04:05${decimals}Z07:00`;
  const rest = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/.test(text)
    ? `${JSON.stringify(text.slice(19))} as ${JSON.stringify(decimals || "Z07:00")}`
    : `${JSON.stringify(text)} as "2006"`;
  throw new Undecodable(`parsing time ${JSON.stringify(text)} as ${JSON.stringify(layout)}: cannot parse ${rest}`);
}

function quantity(given: unknown): string {
  const text = String(given);
  if (/^[+-]?[0-9.]+[eEinumkKMGTP]*[-+]?[0-9]*$/.test(text)) return text;
  const form = "^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$";
  throw new Undecodable(`quantities must match the regular expression '${form}'`);
}

function checkBase64(text: string): void {
  const at = text.search(/[^A-Za-z0-9+/=\r\n]/);
  const length = text.replaceAll(/[\r\n]/g, "").length;
  if (at >= 0 || length % 4 !== 0) throw new Undecodable(`illegal base64 data at input byte ${at < 0 ? length : at}`);
}

/** A patched object may hold keys without a value: as in JSON, they are not there. */
function withoutUndefined(given: unknown): unknown {
  if (Array.isArray(given)) return given.map(withoutUndefined);
  if (!isRecord(given)) return given;
  const kept: Record<string, unknown> = {};
  for (const [key, inner] of Object.entries(given)) if (inner !== undefined) kept[key] = withoutUndefined(inner);
  return kept;
}

/** What Go makes of null in a list or a map. */
function zero(schema: BuiltinSchema): unknown {
  return schema.type === "string" ? "" : schema.type === "integer" ? 0 : schema.type === "boolean" ? false : {};
}

function mismatch(given: unknown, schema: BuiltinSchema, path: string, owner: string): Undecodable {
  const field = owner ? `Go struct field ${owner}.${path.replaceAll(/\[\d+\]/g, "")}` : "Go value";
  return new Undecodable(`json: cannot unmarshal ${goKind(given)} into ${field} of type ${goType(schema)}`);
}

function goType(schema: BuiltinSchema): string {
  if (schema.goType) return schema.goType;
  if (schema.struct) return `v1.${schema.struct}`;
  switch (schema.type) {
    case "array":
      return `[]${schema.items ? goType(schema.items) : "interface {}"}`;
    case "object":
      return `map[string]${
        isRecord(schema.additionalProperties) ? goType(schema.additionalProperties) : "interface {}"
      }`;
    case "integer":
      return schema.format ?? "int64";
    case "boolean":
      return "bool";
    default:
      return schema.format === "byte" ? "[]uint8" : "string";
  }
}
