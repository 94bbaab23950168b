// Server-side apply: a manager's fields are merged in, those it no longer names and nobody else owns are removed, and those that
// another manager owns with a different value are a conflict unless forced. Ownership is managed_fields.ts's.
// Source: kubernetes.io "Server-Side Apply", sigs.k8s.io/structured-merge-diff merge/update.go.
import type { JSONObject, JSONValue } from "../kube/contract.ts";
import { toServed } from "./conversion.ts";
import { type FieldSet, sameSet, showPath, union, withAncestors, without } from "./field_set.ts";
import { lastAppliedFields, withLastApplied } from "./last_applied.ts";
import {
  decodeOwners,
  encodeOwners,
  isSame,
  ownable,
  ownableDifference,
  type Owner,
  wholeSchema,
} from "./managed_fields.ts";
import { asJSON, asObject, isJSONObject, type KubeObject, sameJSON, storageKey, textAt, timestamp } from "./objects.ts";
import { unnamed } from "./receive.ts";
import type { Registry } from "./registry.ts";
import type { RequestInfo } from "./request_info.ts";
import { apiVersionOf, type ResourceType } from "./resources.ts";
import { ApiError, badRequest, conflict, notFound, type StatusDetails } from "./status.ts";
import { typeFaults } from "./type_faults.ts";
import { fieldsOf, mergeApplied, removeFields } from "./typed_value.ts";
import type { RequestOptions } from "./write_options.ts";

/** Carries out an apply patch; the object is created when it is absent. */
export function applyPatch(
  registry: Registry,
  type: ResourceType,
  info: RequestInfo,
  patch: JSONValue,
  options: RequestOptions,
): { object: KubeObject; created: boolean } {
  const applied = appliedObject(type, info, patch);
  const namespace = type.namespaced ? info.namespace : "";
  const stored = registry.storage.get(type.storage, storageKey(namespace, info.name));
  const self: Owner = {
    manager: options.fieldManager ?? "",
    operation: "Apply",
    apiVersion: apiVersionOf(type),
    subresource: info.subresource,
    time: timestamp(registry.clock.now()),
    fields: ownable(type, fieldsOf(applied, wholeSchema(type)), info.subresource),
  };
  if (!stored) {
    if (info.subresource) throw notFound(type, info.name);
    if (!textAt(applied, "metadata", "name")) throw unnamed(info.name);
    const uid = textAt(applied, "metadata", "uid");
    if (uid) {
      const why = `uid mismatch: the provided object specified uid ${uid}, and no existing object was found`;
      throw conflict(type, info.name, why);
    }
    const object = asObject(applied);
    object.metadata = { ...object.metadata };
    delete object.metadata.resourceVersion;
    const owners = () => encodeOwners([self]);
    return { object: registry.create(type, namespace, object, { ...options, owners, applied: true }), created: true };
  }
  let left: JSONObject[] | undefined;
  const change = () => {
    const { object, owners } = applyTo(type, toServed(type, stored), applied, self, options.force);
    left = owners;
    return object;
  };
  const { name } = info;
  return registry.update(type, namespace, name, change, { ...options, owners: () => left, applied: true });
}

/** The configuration in the patch; throws BadRequest when it is none of this kind. */
function appliedObject(type: ResourceType, info: RequestInfo, patch: JSONValue): JSONObject {
  if (!isJSONObject(patch)) throw badRequest("error decoding YAML: the applied configuration is no object");
  const { apiVersion = "", kind = "" } = patch;
  const ownVersion = apiVersionOf(type);
  if (apiVersion !== ownVersion || kind !== type.kind) {
    throw badRequest(`invalid object type: ${String(apiVersion).includes("/") ? "" : "/"}${apiVersion}, Kind=${kind}`);
  }
  const metadata = isJSONObject(patch.metadata) ? patch.metadata : {};
  if (metadata.managedFields) throw badRequest("metadata.managedFields must be nil");
  if (metadata.name && metadata.name !== info.name) {
    throw badRequest(`the name of the object (${metadata.name}) does not match the name on the URL (${info.name})`);
  }
  refuseUntyped(type, { ...patch, metadata });
  return { ...patch, metadata };
}

/** Ownership is kept by field, so what the schema does not know cannot be applied, whatever validation was asked for. */
function refuseUntyped(type: ResourceType, patch: JSONObject): void {
  const faults = typeFaults(patch, wholeSchema(type));
  if (faults.length === 0) return;
  const all = faults.length === 1 ? faults[0] : `errors:\n  ${faults.join("\n  ")}`;
  const { group, version, kind } = type;
  const which = `${textAt(patch, "metadata", "namespace")}/${textAt(patch, "metadata", "name")}; ${group}/${version}`;
  throw new ApiError(500, "", `failed to create typed patch object (${which}, Kind=${kind}): ${all}`);
}

/** The object after the apply, and its owners. Throws Conflict where others own what it would change. */
function applyTo(
  type: ResourceType,
  live: KubeObject,
  applied: JSONObject,
  self: Owner,
  force: boolean,
): { object: KubeObject; owners: JSONObject[] | undefined } {
  const schema = wholeSchema(type);
  const owners = ownersOf(type, live);
  const own = owners.find((owner) => isSame(owner, self));
  const others = owners.filter((owner) => owner !== own);
  const merged = mergeApplied(asJSON(live), applied, schema);
  // A place goes when its last owner has gone from everything in it.
  const held = union(fieldsOf(applied, schema), ...others.map(({ fields }) => fields));
  const forsaken = own ? without(withAncestors(own.fields), withAncestors(held)) : new Set<string>();
  const next = asObject(removeFields(merged, forsaken, schema) as JSONObject);
  const { added, modified, removed } = ownableDifference(type, live, next, self.subresource);
  const changed = union(added, modified);
  if (!force) refuseConflicts(others, changed, lastAppliedFields(type, live, self.manager));
  const changesObject = changed.size + removed.size > 0;
  const isUnchanged = own && sameSet(own.fields, self.fields) && !changesObject;
  const left = others.map((owner) => ({ ...owner, fields: without(owner.fields, changed, removed) }));
  // Whoever only shares what is there has written at no time.
  const after = encodeOwners([
    ...left,
    isUnchanged ? own : { ...self, time: changesObject ? self.time : own?.time ?? "" },
  ]);
  const object = withLastApplied(next, applied, self.manager);
  return { object, owners: sameJSON(after, live.metadata.managedFields) ? live.metadata.managedFields : after };
}

/** The entries of an object; one that was never tracked belonged to whoever wrote it before. */
function ownersOf(type: ResourceType, live: KubeObject): Owner[] {
  const entries = live.metadata.managedFields ?? [];
  if (entries.length > 0) return decodeOwners(entries);
  const { added } = ownableDifference(type, undefined, live, "");
  return [{
    manager: "before-first-apply",
    operation: "Update",
    apiVersion: apiVersionOf(type),
    subresource: "",
    time: live.metadata.creationTimestamp ?? "",
    fields: added,
  }];
}

function refuseConflicts(others: Owner[], changed: FieldSet, allowed: FieldSet): void {
  const refused = without(changed, allowed);
  const conflicts = others
    .map((owner) => ({ who: describe(owner), paths: [...owner.fields].filter((path) => refused.has(path)).sort() }))
    .filter(({ paths }) => paths.length > 0)
    .sort((a, b) => a.who < b.who ? -1 : 1);
  if (conflicts.length === 0) return;
  const causes = conflicts.flatMap(({ who, paths }): NonNullable<StatusDetails["causes"]> =>
    paths.map((path) => ({
      reason: "FieldManagerConflict",
      message: `conflict with ${who}`,
      field: showPath(path),
    }))
  );
  const lines = conflicts.flatMap(({ who, paths }) => [
    `conflicts with ${who}:`,
    ...paths.map((path) => `- ${showPath(path)}`),
  ]);
  const message = causes.length === 1
    ? `Apply failed with 1 conflict: ${causes[0]?.message}: ${causes[0]?.field}`
    : `Apply failed with ${causes.length} conflicts: ${lines.join("\n")}`;
  throw new ApiError(409, "Conflict", message, { causes });
}

function describe({ manager, operation, apiVersion, subresource }: Owner): string {
  const part = subresource ? ` with subresource ${JSON.stringify(subresource)}` : "";
  return `${JSON.stringify(manager)}${part}${operation === "Update" ? ` using ${apiVersion}` : ""}`;
}
