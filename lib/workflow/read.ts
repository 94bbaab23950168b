// Reads fields off raw JSON for the views that the rules work on. Wrong types are named by their place; an absent field is
// absent, never guessed.

import type { JSONObject, JSONValue } from "@cloudydeno/kubernetes-apis/common.ts";

export function isObject(value: JSONValue | undefined): value is JSONObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** @throws {TypeError} naming the place */
export function objectAt(from: JSONObject, key: string, place = ""): JSONObject {
  const value = from[key];
  if (value === undefined || value === null) return {};
  if (!isObject(value)) throw wrong(place, key, "an object", value);
  return value;
}

/** @throws {TypeError} naming the place */
export function listAt(from: JSONObject, key: string, place = ""): JSONValue[] {
  const value = from[key];
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw wrong(place, key, "a list", value);
  return value;
}

/** @throws {TypeError} naming the place */
export function textAt(from: JSONObject, key: string, place = ""): string | undefined {
  const value = from[key];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "string") throw wrong(place, key, "a string", value);
  return value;
}

/** @throws {TypeError} naming the place */
export function numberAt(from: JSONObject, key: string, place = ""): number | undefined {
  const value = from[key];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "number") throw wrong(place, key, "a number", value);
  return value;
}

/** An RFC 3339 time in milliseconds since the epoch. @throws {TypeError} naming the place */
export function timeAt(from: JSONObject, key: string, place = ""): number | undefined {
  const text = textAt(from, key, place);
  if (text === undefined) return undefined;
  const ms = Date.parse(text);
  if (Number.isNaN(ms)) throw wrong(place, key, "an RFC 3339 time", text);
  return ms;
}

/** A map of strings, such as labels and annotations. @throws {TypeError} naming the place */
export function textMapAt(from: JSONObject, key: string, place = ""): Readonly<Record<string, string>> {
  const map = objectAt(from, key, place);
  for (const [name, value] of Object.entries(map)) {
    if (typeof value !== "string") throw wrong(`${place}${key}.`, name, "a string", value);
  }
  return map as Record<string, string>;
}

function wrong(place: string, key: string, expected: string, value: JSONValue): TypeError {
  const shown = JSON.stringify(value);
  return new TypeError(
    `${place}${key} must be ${expected}, not ${shown.length > 60 ? `${shown.slice(0, 60)}…` : shown}`,
  );
}

/** What every Kubernetes object has. */
export interface ObjectIdentity {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly createdAtMs: number;
  readonly deletedAtMs: number | undefined;
  readonly finalizers: readonly string[];
}

/** @throws {TypeError} naming the field, when name, uid or resourceVersion is missing or of a wrong type */
export function identityFrom(metadata: JSONObject): ObjectIdentity {
  const required = (key: string) => {
    const value = textAt(metadata, key, "metadata.");
    if (!value) throw new TypeError(`metadata.${key} is missing`);
    return value;
  };
  return {
    namespace: textAt(metadata, "namespace", "metadata.") ?? "",
    name: required("name"),
    uid: required("uid"),
    resourceVersion: required("resourceVersion"),
    createdAtMs: timeAt(metadata, "creationTimestamp", "metadata.") ?? 0,
    deletedAtMs: timeAt(metadata, "deletionTimestamp", "metadata."),
    finalizers: listAt(metadata, "finalizers", "metadata.").filter((value) => typeof value === "string"),
  };
}
