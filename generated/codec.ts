// What the generated readers and writers share: a table of fields → a struct, and back. A reader keeps only the fields it
// knows, and a bad one fails with a FieldError that names its path; a writer passes null on, which in a merge patch removes.
import type { ApiKind, JSONValue } from "@cloudydeno/kubernetes-apis/common.ts";

type JSONObject = { [key: string]: JSONValue };
type Reader<T> = (raw: JSONValue) => T;
type Writer<T> = (value: T) => JSONValue;
// deno-lint-ignore ban-types -- `{}` is how TypeScript asks whether a field may be left out
type RequiredKeys<T> = { [K in keyof T]-?: {} extends Pick<T, K> ? never : K }[keyof T];
type OptionalKeys<T> = Exclude<keyof T, RequiredKeys<T>>;

/** Readers by field. The two parts together must name every field of T. */
export interface FieldReaders<T> {
  required: { [K in RequiredKeys<T>]: Reader<T[K]> };
  optional: { [K in OptionalKeys<T>]-?: Reader<Exclude<T[K], undefined>> };
}

/** Writers of those fields that are not JSON already. */
export type FieldWriters<T> = { [K in keyof T]?: Writer<NonNullable<T[K]>> };

/** A field that does not fit the schema. */
export class FieldError extends TypeError {
  override readonly name = "FieldError";
  constructor(
    /** From the object that was read: `spec.tasks[2].name`. */
    readonly path: string,
    /** What is there and what should be. */
    readonly problem: string,
    options?: ErrorOptions,
  ) {
    super(path ? `${path} ${problem}` : problem, options);
  }
}

/** Reads an object. A missing required list or map is an empty one, as Go writes nil for it. */
export function readStruct<T>(input: JSONValue, fields: FieldReaders<T>): T {
  const object = asObject(input);
  const read: Record<string, unknown> = {};
  for (const [name, reader] of Object.entries(fields.required) as [string, Reader<unknown>][]) {
    read[name] = within(name, object[name] as JSONValue, reader);
  }
  for (const [name, reader] of Object.entries(fields.optional) as [string, Reader<unknown>][]) {
    const value = object[name];
    if (value !== undefined) read[name] = value === null ? null : within(name, value, reader);
  }
  return read as T;
}

/** Reads an object of a known kind: what carries another apiVersion or kind, such as a Status, is refused. */
export function readKind<T>(
  apiVersion: string,
  kind: string,
  input: JSONValue,
  fields: FieldReaders<Omit<T, "apiVersion" | "kind">>,
): T & ApiKind {
  const object = asObject(input);
  const given = { apiVersion: object["apiVersion"] ?? apiVersion, kind: object["kind"] ?? kind };
  if (given.apiVersion !== apiVersion || given.kind !== kind) {
    const said = given.kind === "Status" && typeof object["message"] === "string" ? `: ${object["message"]}` : "";
    throw new FieldError("", `is ${given.apiVersion} ${given.kind}, must be ${apiVersion} ${kind}${said}`);
  }
  return { apiVersion, kind, ...within(kind, input, (raw) => readStruct(raw, fields)) } as T & ApiKind;
}

/** An object to the wire: fields that are undefined are left out. */
export function writeStruct<T extends object>(input: T, writers: FieldWriters<T>): JSONObject {
  const written: JSONObject = {};
  for (const [name, value] of Object.entries(input)) {
    if (value === undefined) continue;
    const writer = (writers as Record<string, Writer<unknown>>)[name];
    written[name] = value === null || !writer ? value : writer(value);
  }
  return written;
}

export function writeKind<T extends object>(
  apiVersion: string,
  kind: string,
  input: T,
  writers: FieldWriters<T>,
): JSONObject {
  return { ...writeStruct(input, writers), apiVersion, kind };
}

/** A list; null is an empty one. */
export function list<T>(read: Reader<T>): Reader<T[]> {
  return (input) => {
    if (input === null || input === undefined) return [];
    if (!Array.isArray(input)) throw new FieldError("", `is ${describe(input)}, must be a list`);
    return input.map((item, i) => within(`[${i}]`, item, read));
  };
}

/** A map; null is an empty one. */
export function map<T>(read: Reader<T>): Reader<Record<string, T>> {
  return (input) => {
    if (input === null || input === undefined) return {};
    const entries = Object.entries(asObject(input));
    return Object.fromEntries(entries.map(([key, value]) => [key, within(`[${JSON.stringify(key)}]`, value, read)]));
  };
}

/** Any JSON, as it is. */
export function json(input: JSONValue): Exclude<JSONValue, undefined> {
  if (input === undefined) throw new FieldError("", "is missing");
  return input;
}

/** One of a closed set of words. */
export function oneOf<T extends string>(input: JSONValue, values: readonly T[]): T {
  const found = values.find((value) => value === input);
  if (found === undefined) throw new FieldError("", `is ${describe(input)}, must be one of ${values.join(", ")}`);
  return found;
}

export function writeList<T>(write: Writer<T>): Writer<T[]> {
  return (values) => values.map(write);
}

export function writeMap<T>(write: Writer<T>): Writer<Record<string, T>> {
  return (values) =>
    Object.fromEntries(Object.entries(values).map(([key, value]) => [key, value === null ? null : write(value)]));
}

function asObject(input: JSONValue): JSONObject {
  if (typeof input !== "object" || input === null || Array.isArray(input)) {
    throw new FieldError("", `is ${describe(input)}, must be an object`);
  }
  return input as JSONObject;
}

function within<T>(place: string, value: JSONValue, read: Reader<T>): T {
  try {
    return read(value);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    if (!(error instanceof FieldError)) throw new FieldError(place, error.message, { cause: error });
    const joint = error.path === "" || error.path.startsWith("[") ? "" : ".";
    throw new FieldError(`${place}${joint}${error.path}`, error.problem, { cause: error.cause });
  }
}

function describe(input: JSONValue): string {
  if (input === undefined) return "missing";
  if (Array.isArray(input)) return "a list";
  if (typeof input === "object" && input !== null) return "an object";
  const text = JSON.stringify(input);
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}
