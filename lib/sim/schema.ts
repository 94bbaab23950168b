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

function faultsOf(value: unknown, schema: Schema, path: string, old: unknown): FieldFault[] {
  if (old !== undefined && sameJSON(value, old)) return [];
  if (value === null && schema.nullable) return [];
  const actual = typeOf(value);
  const typed = typeFault(value, actual, schema, path);
  if (typed) return [typed];
  const faults: FieldFault[] = [];
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
  if (typeof value === "number") return Number.isInteger(value) ? "integer" : "number";
  return typeof value;
}

function typeFault(value: unknown, actual: string, schema: Schema, path: string): FieldFault | undefined {
  if (schema["x-kubernetes-int-or-string"]) {
    return actual === "integer" || actual === "string" ? undefined : wrongType(path, "integer,string", actual);
  }
  const wanted = schema.type;
  if (!wanted || wanted === actual || (wanted === "number" && actual === "integer")) {
    return typeof value === "number" && schema.format ? integerRange(value, schema.format, path) : undefined;
  }
  return wrongType(path, wanted, actual);
}

function wrongType(path: string, wanted: string, actual: string): FieldFault {
  const message = `Invalid value: ${show(actual)}: ${path} in body must be of type ${wanted}: ${show(actual)}`;
  return { reason: "FieldValueTypeInvalid", field: path, message };
}

function integerRange(value: number, format: string, path: string): FieldFault | undefined {
  const limit = format === "int32" ? 2 ** 31 : format === "int64" ? 2 ** 63 : Infinity;
  if (value >= -limit && value < limit) return undefined;
  return invalidValue(path, value, `Checked value must be of type integer with format ${format} in ${path}`);
}

function textFaults(value: string, schema: Schema, path: string): FieldFault[] {
  const faults: FieldFault[] = [];
  const length = [...value].length;
  if (schema.maxLength !== undefined && length > schema.maxLength) {
    faults.push({
      reason: "FieldValueTooLong",
      field: path,
      message: `Too long: may not be more than ${schema.maxLength} bytes`,
    });
  }
  if (schema.minLength !== undefined && length < schema.minLength) {
    faults.push(invalidValue(path, value, `${path} in body should be at least ${schema.minLength} chars long`));
  }
  if (schema.pattern !== undefined && !new RegExp(schema.pattern, "u").test(value)) {
    faults.push(invalidValue(path, value, `${path} in body should match '${schema.pattern}'`));
  }
  const badFormat = schema.format ? formatFault(schema.format, value) : undefined;
  if (badFormat) {
    const field = path.slice(path.indexOf(".") + 1);
    const detail = `${field} in body must be of type ${badFormat}: ${show(value)}`;
    faults.push({ ...invalidValue(path, value, detail), reason: "FieldValueTypeInvalid" });
  }
  return faults;
}

function numberFaults(value: number, schema: Schema, path: string): FieldFault[] {
  const { minimum, maximum, multipleOf } = schema;
  const faults: FieldFault[] = [];
  if (minimum !== undefined && (schema.exclusiveMinimum ? value <= minimum : value < minimum)) {
    faults.push(
      invalidValue(
        path,
        value,
        `${path} in body should be greater than${schema.exclusiveMinimum ? "" : " or equal to"} ${minimum}`,
      ),
    );
  }
  if (maximum !== undefined && (schema.exclusiveMaximum ? value >= maximum : value > maximum)) {
    faults.push(
      invalidValue(
        path,
        value,
        `${path} in body should be less than${schema.exclusiveMaximum ? "" : " or equal to"} ${maximum}`,
      ),
    );
  }
  if (multipleOf !== undefined && value % multipleOf !== 0) {
    faults.push(invalidValue(path, value, `${path} in body should be a multiple of ${multipleOf}`));
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
    faults.push(invalidValue(path, value.length, `${path} in body should have at least ${schema.minItems} items`));
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
    faults.push(invalidValue(path, count, `${path} in body should have at least ${schema.minProperties} properties`));
  }
  for (const key of schema.required ?? []) {
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

function combinedFaults(value: unknown, schema: Schema, path: string): FieldFault[] {
  const passes = (each: Schema) => faultsOf(value, each, path, undefined).length === 0;
  const faults = (schema.allOf ?? []).flatMap((each) => faultsOf(value, each, path, undefined));
  const shown = isRecord(value) || Array.isArray(value) ? typeOf(value) : value;
  if (schema.anyOf && !schema.anyOf.some(passes)) {
    faults.push(invalidValue(path, shown, `${path} in body must validate at least one schema (anyOf)`));
  }
  if (schema.oneOf && schema.oneOf.filter(passes).length !== 1) {
    faults.push(invalidValue(path, shown, `${path} in body must validate one and only one schema (oneOf)`));
  }
  if (schema.not && passes(schema.not)) {
    faults.push(invalidValue(path, shown, `${path} in body must not validate the schema (not)`));
  }
  return faults;
}
