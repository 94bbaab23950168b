// Values as their schema sees them: which lists and maps are merged item by item and which count as one value. On that rest
// ownership of fields, the comparison of two objects, and the merge of server-side apply. Pure.
// Source: kubernetes.io "Merge strategy", sigs.k8s.io/structured-merge-diff typed.
import type { JSONObject, JSONValue } from "../kube/contract.ts";
import { below, type FieldSet } from "./field_set.ts";
import { isJSONObject, sameJSON } from "./objects.ts";
import type { Schema } from "./schema.ts";

/** What is known of a place without a schema: maps are merged, lists are one value. */
const unknown: Schema = { "x-kubernetes-preserve-unknown-fields": true };

export interface Difference {
  added: Set<string>;
  modified: Set<string>;
  removed: Set<string>;
}

/** The fields that a value names: what an apply owns. */
export function fieldsOf(value: JSONValue, schema: Schema): Set<string> {
  const set = new Set<string>();
  collect(value, schema, "", set);
  return set;
}

/** How `after` differs from `before`, each place with everything below it. */
export function difference(before: JSONValue, after: JSONValue, schema: Schema): Difference {
  const found: Difference = { added: new Set(), modified: new Set(), removed: new Set() };
  compare(before, after, schema, "", found);
  return found;
}

/** The target with what is applied merged in. */
export function mergeApplied(target: JSONValue | undefined, applied: JSONValue, schema: Schema): JSONValue {
  if (target === undefined || target === null || isOneValue(applied, schema)) return applied;
  if (isJSONObject(applied)) {
    const merged: JSONObject = isJSONObject(target) ? { ...target } : {};
    for (const [key, value] of Object.entries(applied)) {
      merged[key] = mergeApplied(merged[key], value, childOf(schema, key).schema);
    }
    return merged;
  }
  if (!Array.isArray(applied) || !Array.isArray(target)) return applied;
  return mergeItems(target, applied, schema);
}

/** Items of both lists: those that are applied in their order, and each of the others before what it stood before. */
function mergeItems(target: JSONValue[], applied: JSONValue[], schema: Schema): JSONValue[] {
  const keyed = (list: JSONValue[]) => list.map((item) => ({ element: elementOf(item, schema), item }));
  const [left, right] = [keyed(target), keyed(applied)];
  const old = new Map(left.map(({ element, item }) => [element, item]));
  const wanted = new Set(right.map(({ element }) => element));
  const shared = right.filter(({ element }) => old.has(element)).map(({ element }) => element);
  const merged: JSONValue[] = [];
  const done = new Set<string>();
  let next = 0;
  for (const { element, item } of right) {
    for (let here = left[next]; here && here.element !== element; here = left[next]) {
      const isShared = wanted.has(here.element);
      if (!isShared) merged.push(here.item);
      // An item of both that is not the next one of both was moved: it comes where it is applied.
      const stays = isShared && (shared.length === 0 || shared[0] === here.element);
      if (!stays || done.has(here.element)) next++;
      if (stays) break;
    }
    if (left[next]?.element === element) next++;
    if (shared[0] === element) shared.shift();
    done.add(element);
    merged.push(mergeApplied(old.get(element), item, schema.items ?? unknown));
  }
  for (const { element, item } of left.slice(next)) if (!wanted.has(element)) merged.push(item);
  return merged;
}

/** The value without the given fields; what became empty by that stays. */
export function removeFields(value: JSONValue, gone: FieldSet, schema: Schema, path = ""): JSONValue {
  if (gone.size === 0 || isOneValue(value, schema)) return value;
  if (Array.isArray(value)) {
    return value.flatMap((item) => {
      const place = below(path, elementOf(item, schema));
      return gone.has(place) ? [] : [removeFields(item, gone, schema.items ?? unknown, place)];
    });
  }
  if (!isJSONObject(value)) return value;
  const kept: JSONObject = {};
  for (const [key, inner] of Object.entries(value)) {
    const place = below(path, `f:${key}`);
    if (!gone.has(place)) kept[key] = removeFields(inner, gone, childOf(schema, key).schema, place);
  }
  return kept;
}

/** Scalars, and lists and maps that are replaced whole. */
function isOneValue(value: JSONValue, schema: Schema): boolean {
  if (Array.isArray(value)) return !["set", "map"].includes(schema["x-kubernetes-list-type"] ?? "");
  return !isJSONObject(value) || schema["x-kubernetes-map-type"] === "atomic";
}

/** The schema of a field or of a map's value. */
function childOf(schema: Schema, key: string): { schema: Schema; isField: boolean } {
  const field = schema.properties?.[key];
  if (field) return { schema: field, isField: true };
  const { additionalProperties: values } = schema;
  return { schema: typeof values === "object" ? values : unknown, isField: false };
}

/** How a list that is merged tells its items apart. */
export function elementOf(item: JSONValue, schema: Schema): string {
  if (schema["x-kubernetes-list-type"] !== "map" || !isJSONObject(item)) return `v:${JSON.stringify(item)}`;
  const keys = (schema["x-kubernetes-list-map-keys"] ?? []).toSorted();
  return `k:${JSON.stringify(Object.fromEntries(keys.map((key) => [key, item[key] ?? null])))}`;
}

function collect(value: JSONValue, schema: Schema, path: string, set: Set<string>): void {
  if (isOneValue(value, schema)) set.add(path);
  else if (Array.isArray(value)) {
    for (const item of value) {
      const place = below(path, elementOf(item, schema));
      collect(item, schema.items ?? unknown, place, set);
      set.add(place);
    }
  } else if (isJSONObject(value)) {
    for (const [key, inner] of Object.entries(value)) {
      const place = below(path, `f:${key}`);
      const child = childOf(schema, key);
      collect(inner, child.schema, place, set);
      const isEmpty = isJSONObject(inner) && Object.keys(inner).length === 0;
      if (isEmpty || !child.isField) set.add(place);
    }
  }
}

function compare(
  before: JSONValue | undefined,
  after: JSONValue | undefined,
  schema: Schema,
  path: string,
  found: Difference,
): void {
  if (before === undefined || after === undefined) {
    const whole = before ?? after;
    if (whole !== undefined) everything(whole, schema, path, before === undefined ? found.added : found.removed);
  } else if (isOneValue(before, schema) || isOneValue(after, schema)) {
    if (!sameJSON(before, after)) found.modified.add(path);
  } else if (Array.isArray(before) && Array.isArray(after)) {
    const items = (list: JSONValue[]) => new Map(list.map((item) => [elementOf(item, schema), item]));
    const [old, now] = [items(before), items(after)];
    for (const element of new Set([...old.keys(), ...now.keys()])) {
      compare(old.get(element), now.get(element), schema.items ?? unknown, below(path, element), found);
    }
  } else if (isJSONObject(before) && isJSONObject(after)) {
    if (before === after) return;
    for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
      compare(before[key], after[key], childOf(schema, key).schema, below(path, `f:${key}`), found);
    }
  } else found.modified.add(path);
}

/** The place and all that is below it. */
function everything(value: JSONValue, schema: Schema, path: string, set: Set<string>): void {
  set.add(path);
  if (isOneValue(value, schema)) return;
  if (Array.isArray(value)) {
    for (const item of value) everything(item, schema.items ?? unknown, below(path, elementOf(item, schema)), set);
  } else if (isJSONObject(value)) {
    for (const [key, inner] of Object.entries(value)) {
      if (inner !== undefined) everything(inner, childOf(schema, key).schema, below(path, `f:${key}`), set);
    }
  }
}
