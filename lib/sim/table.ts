// `meta.k8s.io/v1` Table: what kubectl prints. Columns are simple JSON paths, as a CustomResourceDefinition declares them,
// or functions for built-in kinds.
import type { JSONObject, JSONValue } from "../kube/contract.ts";
import { asJSON, isRecord, type KubeObject } from "./objects.ts";

export interface Column {
  name: string;
  type: string;
  format?: string;
  description?: string;
  priority?: number;
  /** The cell's value; undefined prints as `<none>` or nothing, as kubectl decides. */
  value(object: KubeObject, nowMs: number): JSONValue | undefined;
}

/** A Table of the objects, with the metadata of each row or the object itself, as `includeObject` says. */
export function table(
  objects: KubeObject[],
  columns: Column[],
  nowMs: number,
  options: { version?: string; listMeta?: JSONObject; includeObject?: string; headers?: boolean } = {},
): JSONObject {
  const { version = "v1", includeObject = "Metadata" } = options;
  const rows = objects.map((object): JSONObject => ({
    cells: columns.map((column) => column.value(object, nowMs) ?? null),
    object: includeObject === "None" ? null : rowObject(object, includeObject, version),
  }));
  return {
    kind: "Table",
    apiVersion: `meta.k8s.io/${version}`,
    metadata: options.listMeta ?? {},
    columnDefinitions: options.headers === false ? null : columns.map((column): JSONObject => ({
      name: column.name,
      type: column.type,
      format: column.format ?? "",
      description: column.description ?? "",
      priority: column.priority ?? 0,
    })),
    rows,
  };
}

function rowObject(object: KubeObject, include: string, version: string): JSONObject {
  if (include === "Object") return asJSON(object);
  return {
    kind: "PartialObjectMetadata",
    apiVersion: `meta.k8s.io/${version}`,
    metadata: object.metadata as unknown as JSONObject,
  };
}

/** Name, then the object's age: what a resource without columns of its own shows. */
export function nameColumn(): Column {
  return { name: "Name", type: "string", format: "name", value: (object) => object.metadata.name ?? "" };
}

export function ageColumn(name = "Age", path = ".metadata.creationTimestamp"): Column {
  const read = jsonPath(path);
  return { name, type: "date", value: (object, nowMs) => age(read(object)[0], nowMs) };
}

/** A column of a CustomResourceDefinition. Dates are shown as an age, other values as they are. */
export function declaredColumn(declared: Record<string, unknown>): Column {
  const type = String(declared.type ?? "string");
  const read = jsonPath(String(declared.jsonPath ?? ""));
  return {
    name: String(declared.name ?? ""),
    type,
    ...(typeof declared.format === "string" && { format: declared.format }),
    description: typeof declared.description === "string" ? declared.description : "",
    ...(typeof declared.priority === "number" && { priority: declared.priority }),
    value(object, nowMs) {
      const found = read(object);
      if (found.length === 0) return undefined;
      if (type === "date") return age(found[0], nowMs);
      if (type === "string") {
        return found.map((value) => typeof value === "string" ? value : JSON.stringify(value)).join(",");
      }
      return found[0];
    },
  };
}

/** The age that a timestamp shows, as kubectl's HumanDuration words it. */
export function age(value: unknown, nowMs: number): string | undefined {
  if (value === undefined || value === null || value === "") return "<unknown>";
  const thenMs = Date.parse(String(value));
  return Number.isNaN(thenMs) ? "<invalid>" : humanDuration(nowMs - thenMs);
}

function humanDuration(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  if (seconds < -1) return "<invalid>";
  if (seconds < 0) return "0s";
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  const both = (big: number, unit: string, small: number, smallUnit: string) =>
    `${big}${unit}${small ? `${small}${smallUnit}` : ""}`;
  if (minutes < 10) return both(minutes, "m", seconds % 60, "s");
  if (minutes < 180) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  if (hours < 8) return both(hours, "h", minutes % 60, "m");
  if (hours < 48) return `${hours}h`;
  const days = Math.floor(hours / 24);
  if (hours < 192) return both(days, "d", hours % 24, "h");
  if (days < 730) return `${days}d`;
  return both(Math.floor(days / 365), "y", days % 365, "d");
}

/**
 * The values that a simple JSON path selects: `.a.b`, `['a.b']`, `['a','b']`, `[0]`, `[*]`, `[?(@.type=="Ready")]`.
 * Source: the JSON path of printer columns, kubernetes.io/docs/reference/kubectl/jsonpath.
 */
export function jsonPath(path: string): (object: unknown) => JSONValue[] {
  const step = /\.([A-Za-z0-9_$\\.-]*?[A-Za-z0-9_$-])(?=[.[]|$)|\[([^\]]*)\]/y;
  const steps: ((value: unknown) => unknown[])[] = [];
  for (let index = 0; index < path.length; index = step.lastIndex) {
    step.lastIndex = index;
    const found = step.exec(path);
    if (!found) return () => [];
    steps.push(found[1] !== undefined ? child(found[1]) : bracket(found[2] ?? ""));
  }
  return (object) => steps.reduce<unknown[]>((values, select) => values.flatMap(select), [object]) as JSONValue[];
}

function child(key: string): (value: unknown) => unknown[] {
  return (value) => isRecord(value) && value[key] !== undefined && value[key] !== null ? [value[key]] : [];
}

function bracket(inside: string): (value: unknown) => unknown[] {
  const filter = /^\?\(\s*@\.([\w.-]+)\s*==\s*["']([^"']*)["']\s*\)$/.exec(inside);
  if (filter) {
    const read = jsonPath(`.${filter[1]}`);
    return (value) => Array.isArray(value) ? value.filter((item) => String(read(item)[0]) === filter[2]) : [];
  }
  if (inside === "*") return (value) => Array.isArray(value) ? value : isRecord(value) ? Object.values(value) : [];
  if (/^-?\d+$/.test(inside)) {
    return (value) => Array.isArray(value) ? [value.at(Number(inside))].filter((v) => v !== undefined) : [];
  }
  const keys = [...inside.matchAll(/'([^']*)'|"([^"]*)"/g)].map((match) => match[1] ?? match[2] ?? "");
  return (value) => keys.flatMap((key) => child(key)(value));
}
