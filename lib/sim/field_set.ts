// Sets of fields, as managedFields keeps them: which paths a manager owns. In memory a set of path texts, on the wire a tree of
// `f:` (a field), `k:` (an item by its keys), `v:` (an item by its value) and `.` (the place itself).
// Source: sigs.k8s.io/structured-merge-diff fieldpath/serialize.go.
import type { JSONObject } from "../kube/contract.ts";
import { isJSONObject } from "./objects.ts";

/** Paths of elements, each a text of elements ended by a NUL. */
export type FieldSet = ReadonlySet<string>;

const separator = "\0";

/** The path of an element below another. */
export function below(path: string, element: string): string {
  return `${path}${element}${separator}`;
}

export function union(...sets: FieldSet[]): Set<string> {
  return new Set(sets.flatMap((set) => [...set]));
}

export function without(set: FieldSet, ...others: FieldSet[]): Set<string> {
  return new Set([...set].filter((path) => !others.some((other) => other.has(path))));
}

/** The set with every place that one of its members lies in. */
export function withAncestors(set: FieldSet): Set<string> {
  const all = new Set<string>();
  for (const path of set) {
    for (let end = path.indexOf(separator); end >= 0; end = path.indexOf(separator, end + 1)) {
      all.add(path.slice(0, end + 1));
    }
  }
  return all;
}

export function sameSet(a: FieldSet, b: FieldSet): boolean {
  return a.size === b.size && [...a].every((path) => b.has(path));
}

/** The set as fieldsV1. */
export function encodeFields(set: FieldSet): JSONObject {
  const root: JSONObject = {};
  const inner = new Map<JSONObject, string>();
  for (const path of [...set].sort()) {
    let node = root;
    for (const element of path.split(separator).slice(0, -1)) {
      const next = node[element];
      if (isJSONObject(next)) node = next;
      else node[element] = node = {};
    }
    inner.set(node, path);
  }
  // A place that has children says so when it is a member itself.
  for (const node of inner.keys()) {
    if (node === root || Object.keys(node).length === 0) continue;
    const children = { ...node };
    for (const key of Object.keys(node)) delete node[key];
    Object.assign(node, { ".": {}, ...children });
  }
  return root;
}

/** The set that fieldsV1 stands for. */
export function decodeFields(tree: JSONObject, path = ""): Set<string> {
  const set = new Set<string>();
  for (const [element, node] of Object.entries(tree)) {
    if (element === ".") set.add(path);
    else {
      const place = below(path, element);
      if (!isJSONObject(node) || Object.keys(node).length === 0) set.add(place);
      else for (const each of decodeFields(node, place)) set.add(each);
    }
  }
  return set;
}

/** The path as a person reads it: `.status.conditions[type="Ready"].status`. */
export function showPath(path: string): string {
  return path.split(separator).slice(0, -1).map((element) => {
    const text = element.slice(2);
    if (element.startsWith("f:")) return `.${text}`;
    if (element.startsWith("v:")) return `[=${text}]`;
    const keys = Object.entries(JSON.parse(text) as JSONObject);
    return `[${keys.map(([key, value]) => `${key}=${JSON.stringify(value)}`).join(",")}]`;
  }).join("");
}

/** Whether the path is one of the given places or below one. */
export function isWithin(path: string, places: readonly string[]): boolean {
  return places.some((place) => path.startsWith(place));
}
