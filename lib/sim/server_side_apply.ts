// Server-side apply: a manager's fields are merged in, fields it no longer names are removed, and fields that another manager
// owns with a different value are a conflict unless forced. Ownership is kept in managedFields as the API defines it.
// Lists count as one value, except those that the schema keys (list-type map), which callers of this server do not rely on.
import type { JSONObject, JSONValue } from "../kube/contract.ts";
import {
  asJSON,
  asObject,
  at,
  isJSONObject,
  isRecord,
  type KubeObject,
  sameJSON,
  storageKey,
  timestamp,
} from "./objects.ts";
import type { Registry, WriteOptions } from "./registry.ts";
import type { RequestInfo } from "./request_info.ts";
import { apiVersionOf, type ResourceType } from "./resources.ts";
import { ApiError, badRequest, invalid, required } from "./status.ts";

/** Carries out an apply patch; the object is created when it is absent. */
export function applyPatch(
  registry: Registry,
  type: ResourceType,
  info: RequestInfo,
  patch: JSONValue,
  options: WriteOptions,
): { object: KubeObject; created: boolean } {
  if (!isJSONObject(patch)) throw badRequest("error decoding YAML: the applied configuration is no object");
  const manager = info.query.get("fieldManager") ?? "";
  const patchOptions = { group: "meta.k8s.io", resource: "patchoptions", kind: "PatchOptions" };
  if (!manager) throw invalid(patchOptions, "", [required("fieldManager", "is required for apply patch")]);
  if (isRecord(patch.metadata) && patch.metadata.managedFields) throw badRequest("metadata.managedFields must be nil");
  refuseUndeclared(type, info, patch);
  const applied = withoutIdentity(patch);
  const namespace = type.namespaced ? info.namespace : "";
  const current = registry.storage.get(type.storage, storageKey(namespace, info.name));
  const entry = { manager, subresource: info.subresource, apiVersion: apiVersionOf(type), atMs: registry.clock.now() };
  if (!current) {
    const object = asObject({ ...patch, metadata: { ...(patch.metadata as JSONObject), name: info.name } });
    object.metadata.managedFields = [managedEntry(entry, fieldsOf(applied))];
    return { object: registry.create(type, namespace, object, options), created: true };
  }
  const change = (served: KubeObject | undefined): KubeObject => {
    const live = asJSON(served ?? current);
    const managed = (current.metadata.managedFields ?? []).filter(isRecord) as JSONObject[];
    const isOwn = (each: JSONObject) =>
      each.manager === manager && each.operation === "Apply" && (each.subresource ?? "") === info.subresource;
    if (info.query.get("force") !== "true") refuseConflicts(live, applied, managed.filter((each) => !isOwn(each)));
    const own = managed.find(isOwn);
    const fields = fieldsOf(applied);
    const pruned = own && isJSONObject(own.fieldsV1) ? removeFields(live, own.fieldsV1, fields) : live;
    const next = asObject(overlay(pruned, applied) as JSONObject);
    const kept = managed.filter((each) => !isOwn(each)).map((each) => released(each, fields, live, applied))
      .filter((each) => Object.keys(each.fieldsV1 as JSONObject).length > 0);
    const same = own && sameJSON(own.fieldsV1, fields) &&
      sameJSON({ ...live, metadata: { ...(live.metadata as JSONObject) } }, asJSON(next));
    next.metadata = { ...next.metadata, managedFields: [...kept, same ? own : managedEntry(entry, fields)] };
    const { resourceVersion } = isRecord(patch.metadata) ? patch.metadata : {};
    if (typeof resourceVersion === "string") next.metadata.resourceVersion = resourceVersion;
    return next;
  };
  return registry.update(type, namespace, info.name, change, options);
}

/** Ownership is kept by field, so a field that the schema does not know cannot be applied, whatever the validation asked for. */
function refuseUndeclared(type: ResourceType, info: RequestInfo, patch: JSONObject): void {
  const unknown = type.custom?.normalize(asObject(patch)).unknown ?? [];
  if (unknown.length === 0) return;
  const faults = unknown.map((path) => `.${path}: field not declared in schema`);
  const all = faults.length === 1 ? faults[0] : `errors:\n  ${faults.join("\n  ")}`;
  const name = type.namespaced ? `${info.namespace}/${info.name}` : `/${info.name}`;
  const message = `failed to create typed patch object (${name}; ${apiVersionOf(type)}, Kind=${type.kind}): ${all}`;
  throw new ApiError(500, "", message);
}

/** The applied configuration without what says only which object is meant. */
function withoutIdentity(patch: JSONObject): JSONObject {
  const { apiVersion: _, kind: __, ...rest } = patch;
  if (!isJSONObject(rest.metadata)) return rest;
  const { name: ___, namespace: ____, resourceVersion: _____, uid: ______, creationTimestamp: _______, ...metadata } =
    rest.metadata;
  if (Object.keys(metadata).length > 0) return { ...rest, metadata };
  const { metadata: ________, ...others } = rest;
  return others;
}

/** FieldsV1 of a value: `f:` for each field, `.` where the object itself was named and is empty. */
function fieldsOf(value: JSONObject): JSONObject {
  return Object.fromEntries(
    Object.entries(value).map((
      [key, child],
    ) => [`f:${key}`, isJSONObject(child) && Object.keys(child).length > 0 ? fieldsOf(child) : {}]),
  );
}

function managedEntry(
  of: { manager: string; subresource: string; apiVersion: string; atMs: number },
  fields: JSONObject,
): JSONObject {
  return {
    manager: of.manager,
    operation: "Apply",
    apiVersion: of.apiVersion,
    time: timestamp(of.atMs),
    fieldsType: "FieldsV1",
    fieldsV1: fields,
    ...(of.subresource && { subresource: of.subresource }),
  };
}

function overlay(target: JSONValue | undefined, applied: JSONValue): JSONValue {
  if (!isJSONObject(applied) || !isJSONObject(target)) return applied;
  const merged = { ...target };
  for (const [key, value] of Object.entries(applied)) merged[key] = overlay(merged[key], value);
  return merged;
}

/** The object without the fields that were owned and are not named any more. */
function removeFields(object: JSONObject, owned: JSONObject, named: JSONObject): JSONObject {
  const left = { ...object };
  for (const [field, inner] of Object.entries(owned)) {
    const key = field.slice(2);
    const value = left[key];
    const again = named[field];
    const isLeaf = !isJSONObject(inner) || Object.keys(inner).length === 0;
    if (isLeaf && again === undefined) delete left[key];
    else if (!isLeaf && isJSONObject(value)) {
      const rest = removeFields(value, inner, isJSONObject(again) ? again : {});
      if (Object.keys(rest).length === 0 && again === undefined) delete left[key];
      else left[key] = rest;
    }
  }
  return left;
}

/** Fields named by both, as dotted paths, with the values they are to have. */
function sharedLeaves(fields: JSONObject, others: JSONObject, path: string[] = []): string[][] {
  return Object.entries(fields).flatMap(([field, inner]) => {
    const other = others[field];
    if (!isJSONObject(other) || !isJSONObject(inner)) return [];
    const here = [...path, field.slice(2)];
    if (Object.keys(inner).length === 0 || Object.keys(other).length === 0) return [here];
    return sharedLeaves(inner, other, here);
  });
}

function refuseConflicts(live: JSONObject, applied: JSONObject, others: JSONObject[]): void {
  const fields = fieldsOf(applied);
  const causes = others.flatMap((entry) =>
    sharedLeaves(fields, isJSONObject(entry.fieldsV1) ? entry.fieldsV1 : {})
      .filter((path) => !sameJSON(at(live, ...path), at(applied, ...path)))
      .map((path) => ({
        reason: "FieldManagerConflict",
        message: `conflict with "${entry.manager}"`,
        field: `.${path.join(".")}`,
      }))
  );
  if (causes.length === 0) return;
  const first = causes[0];
  const message = causes.length === 1
    ? `Apply failed with 1 conflict: ${first?.message}: ${first?.field}`
    : `Apply failed with ${causes.length} conflicts: ${
      causes.map((cause) => `${cause.message}: ${cause.field}`).join("; ")
    }`;
  throw new ApiError(409, "Conflict", message, { causes });
}

/** Another manager's entry without the fields that this apply took over with another value. */
function released(entry: JSONObject, fields: JSONObject, live: JSONObject, applied: JSONObject): JSONObject {
  const owned = isJSONObject(entry.fieldsV1) ? structuredClone(entry.fieldsV1) : {};
  for (const path of sharedLeaves(fields, owned)) {
    if (!sameJSON(at(live, ...path), at(applied, ...path))) drop(owned, path);
  }
  return { ...entry, fieldsV1: owned };
}

function drop(fields: JSONObject, path: string[]): void {
  const [first = "", ...rest] = path;
  const inner = fields[`f:${first}`];
  if (rest.length > 0 && isJSONObject(inner)) {
    drop(inner, rest);
    if (Object.keys(inner).length > 0) return;
  }
  delete fields[`f:${first}`];
}
