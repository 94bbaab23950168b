// The tiny waist between generated clients and a transport, in the shape of `@cloudydeno/kubernetes-apis/common.ts`, so that
// the import map may put that package in this one's place. It knows JSON and HTTP verbs, and no kind of object.

export type JSONValue = string | number | boolean | null | JSONValue[] | { [key: string]: JSONValue };
export type JSONObject = { [key: string]: JSONValue };

export type HttpMethods = "GET" | "POST" | "DELETE" | "PUT" | "PATCH" | "OPTIONS" | "HEAD";

export interface RequestOptions {
  method: HttpMethods;
  path: string;
  querystring?: URLSearchParams;
  abortSignal?: AbortSignal;
  contentType?: string;
  bodyRaw?: Uint8Array;
  bodyJson?: JSONValue;
  bodyStream?: ReadableStream<Uint8Array>;
  accept?: string;
  expectTunnel?: string[];
  expectStream?: boolean;
  expectJson?: boolean;
}

/** What a transport implements. A status other than 2xx rejects with an error that carries the `Status` object. */
export interface RestClient extends Disposable {
  performRequest(opts: RequestOptions & { expectStream: true; expectJson: true }): Promise<ReadableStream<JSONValue>>;
  performRequest(opts: RequestOptions & { expectStream: true }): Promise<ReadableStream<Uint8Array>>;
  performRequest(opts: RequestOptions & { expectJson: true }): Promise<JSONValue>;
  performRequest(opts: RequestOptions): Promise<Uint8Array>;
  defaultNamespace?: string;
  close?(): void;
}

// ---- Kinds, patches and watch events

/** Where apiVersion and kind are sure to be present. */
export type ApiKind = { apiVersion: string; kind: string };

export type PatchType = "strategic-merge" | "json-merge" | "json-patch" | "apply-patch";

/** One operation of RFC 6902. */
export type JsonPatchOp =
  | { op: "add" | "replace" | "test"; path: string; value: JSONValue }
  | { op: "remove"; path: string }
  | { op: "move" | "copy"; from: string; path: string };
export type JsonPatch = JsonPatchOp[];

/** The media type that tells the API server how to read a patch. */
export function getPatchContentType(type: PatchType): string {
  switch (type) {
    case "strategic-merge":
      return "application/strategic-merge-patch+json";
    case "json-merge":
      return "application/merge-patch+json";
    case "json-patch":
      return "application/json-patch+json";
    case "apply-patch":
      return "application/apply-patch+yaml"; // JSON is YAML
  }
}

export type WatchEventObject<T> = { type: "ADDED" | "MODIFIED" | "DELETED"; object: T };
export type WatchEventError<S> = { type: "ERROR"; object: S };
export type WatchEventBookmark = { type: "BOOKMARK"; object: { metadata: { resourceVersion: string } } };
export type WatchEvent<T, S> = WatchEventObject<T> | WatchEventError<S> | WatchEventBookmark;

/** The fields of metav1.Status, structurally the same as the generated type; kept here so that the waist imports nothing. */
export interface WatchStatus {
  apiVersion?: "v1";
  kind?: "Status";
  code?: number | null;
  details?: {
    causes?: { field?: string | null; message?: string | null; reason?: string | null }[] | null;
    group?: string | null;
    kind?: string | null;
    name?: string | null;
    retryAfterSeconds?: number | null;
    uid?: string | null;
  } | null;
  message?: string | null;
  metadata?: {
    continue?: string | null;
    remainingItemCount?: number | null;
    resourceVersion?: string | null;
    selfLink?: string | null;
  } | null;
  reason?: string | null;
  status?: string | null;
}

/** What a typed watch yields. */
export type WatchEventStream<T> = ReadableStream<WatchEvent<T & ApiKind, WatchStatus & ApiKind>>;

/** JSON of a watch → typed events. An event that does not fit fails the stream, naming the event and the field. */
export class WatchEventTransformer<T, S> extends TransformStream<JSONValue, WatchEvent<T, S>> {
  constructor(readObject: (raw: JSONValue) => T, readStatus: (raw: JSONValue) => S) {
    let count = 0;
    super({
      transform(raw, controller) {
        count++;
        try {
          controller.enqueue(readWatchEvent(raw, readObject, readStatus));
        } catch (error) {
          if (!(error instanceof Error)) throw error;
          throw new TypeError(`watch event ${count}: ${error.message}`, { cause: error });
        }
      },
    });
  }
}

function readWatchEvent<T, S>(
  raw: JSONValue,
  readObject: (raw: JSONValue) => T,
  readStatus: (raw: JSONValue) => S,
): WatchEvent<T, S> {
  const event = checkObj(raw);
  const object = event["object"] ?? null;
  switch (event["type"]) {
    case "ADDED":
    case "MODIFIED":
    case "DELETED":
      return { type: event["type"], object: readObject(object) };
    case "ERROR":
      return { type: "ERROR", object: readStatus(object) };
    case "BOOKMARK": {
      const metadata = checkObj(checkObj(object)["metadata"]);
      return { type: "BOOKMARK", object: { metadata: { resourceVersion: checkStr(metadata["resourceVersion"]) } } };
    }
    default:
      throw new TypeError(
        `type is ${describeJson(event["type"])}, must be ADDED, MODIFIED, DELETED, BOOKMARK or ERROR`,
      );
  }
}

/** True for a metav1.Status, the answer in place of an object when something failed. */
export function isStatusKind(input: JSONValue): boolean {
  return typeof input === "object" && input !== null && !Array.isArray(input) &&
    input["apiVersion"] === "v1" && input["kind"] === "Status";
}

// ---- Readers: JSON of unknown shape → a value of a known type, or a TypeError that says what is there and what should be

/** Any JSON, as it is. */
export function identity(input: JSONValue): JSONValue {
  return input;
}

export function checkStr(input: JSONValue | undefined): string {
  if (typeof input !== "string") throw mismatch(input, "a string");
  return input;
}

export function checkNum(input: JSONValue | undefined): number {
  if (typeof input !== "number") throw mismatch(input, "a number");
  return input;
}

export function checkBool(input: JSONValue | undefined): boolean {
  if (typeof input !== "boolean") throw mismatch(input, "true or false");
  return input;
}

export function checkObj(input: JSONValue | undefined): JSONObject {
  if (typeof input !== "object" || input === null || Array.isArray(input)) throw mismatch(input, "an object");
  return input;
}

/** Absent and null pass; everything else is read. */
export function readOpt<T>(input: JSONValue | undefined, read: (raw: JSONValue) => T): T | null | undefined {
  return input === undefined || input === null ? input : read(input);
}

/** Every item read; a bad one is named by its index. */
export function readList<T>(input: JSONValue | undefined, read: (raw: JSONValue) => T): T[] {
  if (!Array.isArray(input)) throw mismatch(input, "a list");
  return input.map((item, i) => within(`[${i}]`, () => read(item)));
}

/** Every value read; a bad one is named by its key. */
export function readMap<T>(input: JSONValue | undefined, read: (raw: JSONValue) => T): Record<string, T> {
  const entries = Object.entries(checkObj(input));
  return Object.fromEntries(
    entries.map(([key, value]) => [key, within(`[${JSON.stringify(key)}]`, () => read(value))]),
  );
}

function within<T>(place: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new TypeError(`${place} ${error.message}`, { cause: error });
  }
}

function mismatch(input: JSONValue | undefined, wanted: string): TypeError {
  return new TypeError(`is ${describeJson(input)}, must be ${wanted}`);
}

/** One word or a short text for a message: what kind of JSON it is, or the scalar itself. */
export function describeJson(input: JSONValue | undefined): string {
  if (input === undefined) return "missing";
  if (Array.isArray(input)) return "a list";
  if (typeof input === "object" && input !== null) return "an object";
  const text = JSON.stringify(input);
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}
