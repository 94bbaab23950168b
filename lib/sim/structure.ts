// Pruning and defaulting by a structural schema: unknown fields go, declared defaults come. Pure: a new object is made.
// Source: kubernetes.io, "Structural schemas", "Pruning" and "Defaulting" of CustomResourceDefinitions.
import { isRecord, type KubeObject, type ObjectMeta } from "./objects.ts";
import type { Schema } from "./schema.ts";

/**
 * The object as it is stored, and the paths of the fields that were unknown. A null that is not allowed counts as absent; where
 * it was applied and no default takes its place, it is kept for validation to refuse.
 */
export function normalize(
  object: KubeObject,
  schema: Schema,
  isApplied = false,
): { object: KubeObject; unknown: string[] } {
  const { apiVersion, kind, metadata, ...rest } = object;
  const unknown: string[] = [];
  const properties = { ...schema.properties };
  for (const field of ["apiVersion", "kind", "metadata"]) delete properties[field];
  const root: Schema = { ...schema, properties };
  const pruned = prune(withoutNulls(rest, root, isApplied), root, "", unknown);
  return {
    object: { apiVersion, kind, metadata: knownMetadata(metadata, unknown), ...(withDefaults(pruned, root) as object) },
    unknown: unknown.sort(),
  };
}

const metadataFields = new Set([
  "name",
  "generateName",
  "namespace",
  "selfLink",
  "uid",
  "resourceVersion",
  "generation",
  "creationTimestamp",
  "deletionTimestamp",
  "deletionGracePeriodSeconds",
  "labels",
  "annotations",
  "ownerReferences",
  "finalizers",
  "managedFields",
]);

function knownMetadata(metadata: ObjectMeta, unknown: string[]): ObjectMeta {
  const entries = Object.entries(metadata).filter(([field, value]) => {
    if (metadataFields.has(field)) return value !== null && value !== undefined;
    unknown.push(`metadata.${field}`);
    return false;
  });
  return Object.fromEntries(entries);
}

function prune(value: unknown, schema: Schema, path: string, unknown: string[]): unknown {
  if (Array.isArray(value)) {
    const { items } = schema;
    return items ? value.map((item, i) => prune(item, items, `${path}[${i}]`, unknown)) : value;
  }
  if (!isRecord(value)) return value;
  const kept: Record<string, unknown> = {};
  for (const [key, inner] of Object.entries(value)) {
    const where = path ? `${path}.${key}` : key;
    const property = schema.properties?.[key];
    const additional = schema.additionalProperties;
    if (property) kept[key] = prune(inner, property, where, unknown);
    else if (isRecord(additional)) kept[key] = prune(inner, additional as Schema, where, unknown);
    else if (additional === true || schema["x-kubernetes-preserve-unknown-fields"] || isIdentity(schema, key)) {
      kept[key] = inner;
    } else unknown.push(where);
  }
  return kept;
}

function withoutNulls(value: unknown, schema: Schema, isApplied: boolean): unknown {
  if (Array.isArray(value)) {
    const { items } = schema;
    return items ? value.map((item) => withoutNulls(item, items, isApplied)) : value;
  }
  if (!isRecord(value)) return value;
  const kept: Record<string, unknown> = {};
  for (const [key, inner] of Object.entries(value)) {
    const declared = fieldOf(schema, key);
    const isAbsent = inner === null && declared && !declared.nullable && (!isApplied || declared.default !== undefined);
    if (!isAbsent) kept[key] = declared ? withoutNulls(inner, declared, isApplied) : inner;
  }
  return kept;
}

/** The schema of a declared field, or of what a map holds. */
function fieldOf({ properties, additionalProperties }: Schema, key: string): Schema | undefined {
  return properties?.[key] ?? (isRecord(additionalProperties) ? additionalProperties as Schema : undefined);
}

function isIdentity(schema: Schema, key: string): boolean {
  return schema["x-kubernetes-embedded-resource"] === true && ["apiVersion", "kind", "metadata"].includes(key);
}

function withDefaults(value: unknown, schema: Schema): unknown {
  if (Array.isArray(value)) {
    const { items } = schema;
    return items ? value.map((item) => withDefaults(item, items)) : value;
  }
  if (!isRecord(value)) return value;
  const filled: Record<string, unknown> = {};
  for (const [key, inner] of Object.entries(value)) {
    const property = fieldOf(schema, key);
    filled[key] = property ? withDefaults(inner, property) : inner;
  }
  for (const [key, property] of Object.entries(schema.properties ?? {})) {
    if (filled[key] === undefined && property.default !== undefined) {
      filled[key] = withDefaults(structuredClone(property.default), property);
    }
  }
  return filled;
}
