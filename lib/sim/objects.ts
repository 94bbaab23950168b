// What the simulated API server stores: JSON objects with Kubernetes metadata. Stored objects are never changed in place;
// every write makes a new one, so that watches, snapshots and caches may share them.
import type { JSONObject, JSONValue } from "../kube/contract.ts";

export interface OwnerReference {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
  blockOwnerDeletion?: boolean;
}

export interface ObjectMeta {
  name?: string;
  generateName?: string;
  namespace?: string;
  selfLink?: string;
  uid?: string;
  resourceVersion?: string;
  generation?: number;
  creationTimestamp?: string | null;
  deletionTimestamp?: string;
  deletionGracePeriodSeconds?: number;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  ownerReferences?: OwnerReference[];
  finalizers?: string[];
  managedFields?: JSONObject[];
}

export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  [field: string]: unknown;
}

/** The object as plain JSON: the same value, seen without its metadata's types. */
export function asJSON(object: KubeObject): JSONObject {
  return object as unknown as JSONObject;
}

/** Plain JSON as an object; its metadata becomes an object when there was none. */
export function asObject(json: JSONObject): KubeObject {
  return (isRecord(json.metadata) ? json : { ...json, metadata: {} }) as unknown as KubeObject;
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isJSONObject(value: JSONValue | undefined): value is JSONObject {
  return isRecord(value);
}

/** Equality of JSON values, whatever the order of keys. */
export function sameJSON(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((item, i) => sameJSON(item, b[i]));
  }
  if (!isRecord(a) || !isRecord(b)) return false;
  const keys = Object.keys(a).filter((key) => a[key] !== undefined);
  if (keys.length !== Object.keys(b).filter((key) => b[key] !== undefined).length) return false;
  return keys.every((key) => sameJSON(a[key], b[key]));
}

/** `namespace/name`; a cluster-scoped object has an empty namespace. The order of these keys is the order of a list. */
export function storageKey(namespace: string, name: string): string {
  return `${namespace}/${name}`;
}

/** RFC 3339 in whole seconds, as metadata carries it. */
export function timestamp(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d{3}Z$/, "Z");
}

/** The value at a path of keys, or undefined. */
export function at(value: unknown, ...path: string[]): unknown {
  let here: unknown = value;
  for (const key of path) here = isRecord(here) ? here[key] : undefined;
  return here;
}

/** The string at a path of keys, or an empty one. */
export function textAt(value: unknown, ...path: string[]): string {
  const found = at(value, ...path);
  return typeof found === "string" ? found : "";
}

/** A version 4 UUID from the given source of chance. */
export function uuid(random: () => number): string {
  const hex = Array.from({ length: 32 }, () => Math.floor(random() * 16).toString(16));
  hex[12] = "4";
  hex[16] = "89ab"[Math.floor(random() * 4)] ?? "8";
  const text = hex.join("");
  return [text.slice(0, 8), text.slice(8, 12), text.slice(12, 16), text.slice(16, 20), text.slice(20)].join("-");
}
