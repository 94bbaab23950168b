// Strategic merge patch for built-in kinds, as far as their lists have merge keys that clients patch by.
import type { JSONObject, JSONValue } from "../kube/contract.ts";
import { isJSONObject } from "./objects.ts";

/** Lists that are merged by a key instead of being replaced; `` means a set of plain values. */
const mergeKeys: Record<string, string> = {
  finalizers: "",
  ownerReferences: "uid",
  conditions: "type",
  containers: "name",
  initContainers: "name",
  volumes: "name",
  env: "name",
  ports: "containerPort",
  volumeMounts: "mountPath",
  imagePullSecrets: "name",
  secrets: "name",
};

/** The target with the patch merged in; `$patch: delete` and `$patch: replace` are understood. */
export function strategicMerge(target: JSONObject, patch: JSONObject): JSONObject {
  if (patch.$patch === "replace") return withoutDirectives(patch);
  const merged: JSONObject = { ...target };
  for (const [key, value] of Object.entries(patch)) {
    if (key.startsWith("$deleteFromPrimitiveList/") && Array.isArray(value)) {
      const list = key.slice("$deleteFromPrimitiveList/".length);
      const present = merged[list];
      if (Array.isArray(present)) merged[list] = present.filter((item) => !value.includes(item));
    } else if (key.startsWith("$")) continue;
    else if (value === null) delete merged[key];
    else if (isJSONObject(value)) merged[key] = mergeObject(merged[key], value);
    else if (Array.isArray(value)) merged[key] = mergeList(key, merged[key], value);
    else merged[key] = value;
  }
  return merged;
}

function mergeObject(target: JSONValue | undefined, patch: JSONObject): JSONValue {
  return strategicMerge(isJSONObject(target) ? target : {}, patch);
}

function mergeList(field: string, target: JSONValue | undefined, patch: JSONValue[]): JSONValue[] {
  const key = mergeKeys[field];
  if (key === undefined || !Array.isArray(target)) return patch.filter((item) => !isDeletion(item));
  if (key === "") return [...target, ...patch.filter((item) => !target.includes(item))];
  let merged = [...target];
  for (const item of patch) {
    if (!isJSONObject(item)) continue;
    const index = merged.findIndex((present) => isJSONObject(present) && present[key] === item[key]);
    if (isDeletion(item)) merged = merged.filter((_, i) => i !== index);
    else if (index < 0) merged.push(withoutDirectives(item));
    else merged[index] = mergeObject(merged[index], item);
  }
  return merged;
}

function isDeletion(item: JSONValue): boolean {
  return isJSONObject(item) && item.$patch === "delete";
}

function withoutDirectives(patch: JSONObject): JSONObject {
  return Object.fromEntries(Object.entries(patch).filter(([key]) => !key.startsWith("$")));
}
