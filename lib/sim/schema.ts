// Validation by a structural schema, with the API server's messages. An unchanged part of an updated object is not held
// against it again (validation ratcheting). Source: k8s.io/apiextensions-apiserver pkg/apiserver/validation.
import type { JSONValue } from "../kube/contract.ts";
import { isRecord, type KubeObject, sameJSON } from "./objects.ts";
import { type FieldFault, invalidValue, notSupported, required, show } from "./status.ts";
import { formatFault } from "./formats.ts";

export interface ValidationRule {
  rule: string;
  message?: string;
  messageExpression?: string;
  reason?: string;
  fieldPath?: string;
  optionalOldSelf?: boolean;
}

export interface Schema {
  type?: string;
  format?: string;
  properties?: Record<string, Schema>;
  additionalProperties?: Schema | boolean;
  items?: Schema;
  required?: string[];
  enum?: JSONValue[];
  default?: JSONValue;
  nullable?: boolean;
  pattern?: string;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: boolean;
  exclusiveMaximum?: boolean;
  multipleOf?: number;
  minItems?: number;
  maxItems?: number;
  uniqueItems?: boolean;
  minProperties?: number;
  maxProperties?: number;
  allOf?: Schema[];
  anyOf?: Schema[];
  oneOf?: Schema[];
  not?: Schema;
  "x-kubernetes-preserve-unknown-fields"?: boolean;
  "x-kubernetes-embedded-resource"?: boolean;
  "x-kubernetes-int-or-string"?: boolean;
  "x-kubernetes-list-type"?: string;
  "x-kubernetes-list-map-keys"?: string[];
  "x-kubernetes-map-type"?: string;
  "x-kubernetes-validations"?: ValidationRule[];
}

/** Faults of the object against the schema; nothing in metadata, which has rules of its own. */
export function validate(object: KubeObject, schema: Schema, old?: KubeObject): FieldFault[] {
  const { metadata: _, ...value } = object;
  const { metadata: __, ...before } = old ?? { metadata: {} };
  const { metadata: ___, ...properties } = schema.properties ?? {};
  return faultsOf(value, { type: "object", ...schema, properties }, "", old ? before : undefined);
}

/** Faults of a value by itself, as a default is checked. */
export function valueFaults(value: unknown, schema: Schema): FieldFault[] {
  return faultsOf(value, schema, "", undefined);
}

function faultsOf(value: unknown, schema: Schema, path: string, old: unknown): FieldFault[] {
  if (old !== undefined && sameJSON(value, old)) return [];
  if (value === null && schema.nullable) return [];
  const actual = typeOf(value);
  // A scalar of another type is held against the other rules all the same; a list or map is not looked into.
  const faults = typeFaults(value, actual, schema, path);
  if (faults.length > 0 && (typeof value === "object" || value === undefined)) return faults;
  if (schema.enum && !schema.enum.some((allowed) => sameJSON(allowed, value))) {
    faults.push(notSupported(path, value, schema.enum));
  }
  if (typeof value === "string") faults.push(...textFaults(value, schema, path));
  else if (typeof value === "number") faults.push(...numberFaults(value, schema, path));
  else if (Array.isArray(value)) faults.push(...listFaults(value, schema, path, old));
  else if (isRecord(value)) faults.push(...objectFaults(value, schema, path, old));
  return [...faults, ...combinedFaults(value, schema, path)];
}

function typeOf(value: unknown): string {
  if (value === null || value === undefined) return "null";
  if (Array.isArray(value)) return "array";
  if (typeof value === "number") return Number.isInteger(value) && Math.abs(value) < 2 ** 63 ? "integer" : "number";
  return typeof value;
}

function typeFaults(value: unknown, actual: string, schema: Schema, path: string): FieldFault[] {
  if (schema["x-kubernetes-int-or-string"]) {
    return actual === "integer" || actual === "string" ? [] : [wrongType(path, "integer,string", actual)];
  }
  const wanted = schema.type;
  if (!wanted || wanted === actual || (wanted === "number" && actual === "integer")) {
    return typeof value === "number" && schema.format ? rangeFaults(value, schema.format, path) : [];
  }
  if (wanted !== "integer" || actual !== "number") return [wrongType(path, wanted, actual)];
  const { format } = schema;
  return [
    format ? wrongType(path, format, "float64") : wrongType(path, wanted, actual),
    unchecked(path, format ? `with format ${format}` : "(default format)"),
  ];
}

function wrongType(path: string, wanted: string, actual: string): FieldFault {
  const message = `Invalid value: ${show(actual)}: ${inBody(path)} must be of type ${wanted}: ${show(actual)}`;
  return { reason: "FieldValueTypeInvalid", field: path, message };
}

function rangeFaults(value: number, format: string, path: string): FieldFault[] {
  const limit = format === "int32" ? 2 ** 31 : format === "int64" ? 2 ** 63 : Infinity;
  return value >= -limit && value < limit ? [] : [unchecked(path, `with format ${format}`)];
}

function unchecked(path: string, format: string): FieldFault {
  return nameless(path, `Checked value must be of type integer ${format} in ${named(path)}`);
}

/** A fault that the server cannot tell the field of. */
function nameless(path: string, why: string): FieldFault {
  const field = isOfStatus.test(path) ? "status" : "<nil>";
  return { reason: "FieldValueInvalid", field, message: `Invalid value: "": ${why}` };
}

const isOfStatus = /^status(\.|$)/;

/** The place as messages name it: status is validated by itself, and so without that root. */
function named(path: string): string {
  return path.replace(isOfStatus, "");
}

function inBody(path: string): string {
  return `${named(path)} in body`;
}

/** The first rule that a text breaks, and its format beside. */
function textFaults(value: string, schema: Schema, path: string): FieldFault[] {
  const badFormat = schema.format ? formatFault(schema.format, value) : undefined;
  const rule = textFault(value, schema, path);
  return [
    ...(rule ? [rule] : []),
    ...(badFormat ? [ofFormat(path, value, badFormat)] : []),
  ];
}

function textFault(value: string, schema: Schema, path: string): FieldFault | undefined {
  const length = [...value].length;
  if (schema.maxLength !== undefined && length > schema.maxLength) {
    const message = `Too long: may not be more than ${schema.maxLength} bytes`;
    return { reason: "FieldValueTooLong", field: path, message };
  }
  if (schema.minLength !== undefined && length < schema.minLength) {
    return invalidValue(path, value, `${inBody(path)} should be at least ${schema.minLength} chars long`);
  }
  if (schema.pattern !== undefined && !new RegExp(schema.pattern, "u").test(value)) {
    return invalidValue(path, value, `${inBody(path)} should match '${schema.pattern}'`);
  }
  return undefined;
}

function ofFormat(path: string, value: string, format: string): FieldFault {
  const fault = invalidValue(path, value, `${inBody(path)} must be of type ${format}: ${show(value)}`);
  return { ...fault, reason: "FieldValueTypeInvalid" };
}

function numberFaults(value: number, schema: Schema, path: string): FieldFault[] {
  const { minimum, maximum, multipleOf } = schema;
  const faults: FieldFault[] = [];
  const broken = (why: string) => faults.push(invalidValue(path, value, `${inBody(path)} should be ${why}`));
  if (multipleOf !== undefined && value % multipleOf !== 0) broken(`a multiple of ${multipleOf}`);
  if (maximum !== undefined && (schema.exclusiveMaximum ? value >= maximum : value > maximum)) {
    broken(`less than${schema.exclusiveMaximum ? "" : " or equal to"} ${maximum}`);
  }
  if (minimum !== undefined && (schema.exclusiveMinimum ? value <= minimum : value < minimum)) {
    broken(`greater than${schema.exclusiveMinimum ? "" : " or equal to"} ${minimum}`);
  }
  return faults;
}

function tooMany(path: string, count: number, most: number): FieldFault {
  return { reason: "FieldValueTooMany", field: path, message: `Too many: ${count}: must have at most ${most} items` };
}

function listFaults(value: unknown[], schema: Schema, path: string, old: unknown): FieldFault[] {
  const faults: FieldFault[] = [];
  if (schema.maxItems !== undefined && value.length > schema.maxItems) {
    faults.push(tooMany(path, value.length, schema.maxItems));
  }
  if (schema.minItems !== undefined && value.length < schema.minItems) {
    faults.push(invalidValue(path, value.length, `${inBody(path)} should have at least ${schema.minItems} items`));
  }
  const keys = schema["x-kubernetes-list-map-keys"] ?? [];
  const identity = (item: unknown) =>
    keys.length > 0 && isRecord(item) ? Object.fromEntries(keys.map((key) => [key, item[key]])) : item;
  const unique = schema.uniqueItems || ["set", "map"].includes(schema["x-kubernetes-list-type"] ?? "");
  const before = Array.isArray(old) && keys.length > 0 ? old : [];
  for (const [i, item] of value.entries()) {
    if (unique && value.slice(0, i).some((earlier) => sameJSON(identity(earlier), identity(item)))) {
      faults.push({
        reason: "FieldValueDuplicate",
        field: `${path}[${i}]`,
        message: `Duplicate value: ${show(identity(item))}`,
      });
    }
    const earlier = before.find((each) => sameJSON(identity(each), identity(item)));
    if (schema.items) faults.push(...faultsOf(item, schema.items, `${path}[${i}]`, earlier));
  }
  return faults;
}

function objectFaults(value: Record<string, unknown>, schema: Schema, path: string, old: unknown): FieldFault[] {
  const faults: FieldFault[] = [];
  const count = Object.keys(value).length;
  if (schema.maxProperties !== undefined && count > schema.maxProperties) {
    faults.push(tooMany(path, count, schema.maxProperties));
  }
  if (schema.minProperties !== undefined && count < schema.minProperties) {
    faults.push(invalidValue(path, count, `${inBody(path)} should have at least ${schema.minProperties} properties`));
  }
  const needed = [
    ...(schema["x-kubernetes-embedded-resource"] ? ["apiVersion", "kind"] : []),
    ...schema.required ?? [],
  ];
  for (const key of needed) {
    if (value[key] === undefined) faults.push(required(path ? `${path}.${key}` : key));
  }
  for (const [key, inner] of Object.entries(value)) {
    const where = path ? `${path}.${key}` : key;
    const before = isRecord(old) ? old[key] : undefined;
    const property = schema.properties?.[key];
    if (property) faults.push(...faultsOf(inner, property, where, before));
    else if (isRecord(schema.additionalProperties)) {
      faults.push(...faultsOf(inner, schema.additionalProperties as Schema, where, before));
    }
  }
  return faults;
}

/** Where none of several schemas fits, the faults of the first are told too. */
function combinedFaults(value: unknown, schema: Schema, path: string): FieldFault[] {
  const of = (each: Schema) => faultsOf(value, each, path, undefined);
  const faults: FieldFault[] = [];
  const where = JSON.stringify(named(path));
  const all = (schema.allOf ?? []).map(of);
  if (all.some((each) => each.length > 0)) {
    const none = all.every((each) => each.length > 0) ? ". None validated" : "";
    faults.push(nameless(path, `${where} must validate all the schemas (allOf)${none}`), ...all.flat());
  }
  const any = (schema.anyOf ?? []).map(of);
  if (schema.anyOf && any.every((each) => each.length > 0)) {
    faults.push(nameless(path, `${where} must validate at least one schema (anyOf)`), ...any[0] ?? []);
  }
  const one = (schema.oneOf ?? []).map(of);
  const fitting = one.filter((each) => each.length === 0).length;
  if (schema.oneOf && fitting !== 1) {
    const found = fitting === 0 ? "Found none valid" : `Found ${fitting} valid alternatives`;
    faults.push(nameless(path, `${where} must validate one and only one schema (oneOf). ${found}`));
    if (fitting === 0) faults.push(...one[0] ?? []);
  }
  if (schema.not && of(schema.not).length === 0) {
    faults.push(nameless(path, `${where} must not validate the schema (not)`));
  }
  return faults;
}
