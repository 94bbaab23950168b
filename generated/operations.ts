// The verbs of the API server, once: what a generated client's methods call. A path and options → one request through the
// RestClient → the decoded answer. Nothing is retried here.
import {
  getPatchContentType,
  type JsonPatch,
  type JSONValue,
  type PatchType,
  type RestClient,
  type WatchEvent,
  WatchEventTransformer,
} from "@cloudydeno/kubernetes-apis/common.ts";

export interface CallOpts {
  abortSignal?: AbortSignal;
}

export interface ListOpts extends CallOpts {
  continue?: string;
  fieldSelector?: string;
  labelSelector?: string;
  limit?: number;
  resourceVersion?: string;
  resourceVersionMatch?: string;
  sendInitialEvents?: boolean;
  timeoutSeconds?: number;
}

export interface WatchOpts extends CallOpts {
  allowWatchBookmarks?: boolean;
  fieldSelector?: string;
  labelSelector?: string;
  resourceVersion?: string;
  resourceVersionMatch?: string;
  sendInitialEvents?: boolean;
  timeoutSeconds?: number;
}

export interface GetOpts extends CallOpts {
  resourceVersion?: string;
}

export interface PutOpts extends CallOpts {
  dryRun?: string;
  fieldManager?: string;
  fieldValidation?: string;
}

export interface PatchOpts extends PutOpts {
  force?: boolean;
}

export interface DeleteOpts extends CallOpts {
  dryRun?: string;
  gracePeriodSeconds?: number;
  orphanDependents?: boolean;
  propagationPolicy?: string;
}

export interface DeleteListOpts extends ListOpts, DeleteOpts {}

type Reader<T> = (raw: JSONValue) => T;

/** A path below `root`, which ends in a slash. */
export interface Target {
  client: RestClient;
  root: string;
}

export function clusterWide(client: RestClient, root: string): Target {
  return { client, root };
}

export function inNamespace(client: RestClient, root: string, namespace: string): Target {
  return { client, root: `${root}namespaces/${segment(namespace)}/` };
}

/** One segment of a path: whatever a name holds, it reaches no other path. */
export function segment(name: string): string {
  if (name === "" || name === "." || name === "..") {
    throw new TypeError(`Cannot address an object named ${JSON.stringify(name)}`);
  }
  return encodeURIComponent(name);
}

export async function get<T>(target: Target, path: string[], opts: CallOpts, read: Reader<T>): Promise<T> {
  return read(
    await target.client.performRequest({
      method: "GET",
      path: pathOf(target, path),
      expectJson: true,
      ...options(opts),
    }),
  );
}

/** The stream ends when the server ends it; an event that does not fit its type fails it. */
export async function watch<T, S>(
  target: Target,
  path: string[],
  opts: WatchOpts,
  readObject: Reader<T>,
  readStatus: Reader<S>,
): Promise<ReadableStream<WatchEvent<T, S>>> {
  const { abortSignal, querystring } = options(opts);
  querystring.set("watch", "1");
  const events = await target.client.performRequest({
    method: "GET",
    path: pathOf(target, path),
    expectStream: true,
    expectJson: true,
    querystring,
    ...(abortSignal ? { abortSignal } : {}),
  });
  return events.pipeThrough(new WatchEventTransformer(readObject, readStatus));
}

export async function send<T>(
  target: Target,
  method: "POST" | "PUT",
  path: string[],
  bodyJson: JSONValue,
  opts: PutOpts,
  read: Reader<T>,
): Promise<T> {
  return read(
    await target.client.performRequest({
      method,
      path: pathOf(target, path),
      bodyJson,
      expectJson: true,
      ...options(opts),
    }),
  );
}

/** A JSON patch is sent as it is; any other patch is part of an object, which `write` puts on the wire. */
export async function patch<T extends object, R>(
  target: Target,
  path: string[],
  type: PatchType,
  body: Partial<T> | JsonPatch,
  opts: PatchOpts,
  write: (value: T) => JSONValue,
  read: Reader<R>,
): Promise<R> {
  const bodyJson = Array.isArray(body) ? body : write(body as T);
  const contentType = getPatchContentType(type);
  const call = { method: "PATCH", path: pathOf(target, path), contentType, bodyJson, expectJson: true } as const;
  return read(await target.client.performRequest({ ...call, ...options(opts) }));
}

export async function remove<T>(target: Target, path: string[], opts: DeleteOpts, read: Reader<T>): Promise<T> {
  return read(
    await target.client.performRequest({
      method: "DELETE",
      path: pathOf(target, path),
      expectJson: true,
      ...options(opts),
    }),
  );
}

/** The answer to a deletion: a Status when the object is gone, the object itself while it still waits for something. */
export function statusOr<S, T>(readStatus: Reader<S>, readObject: Reader<T>): Reader<S | T> {
  return (raw) => {
    const isStatus = typeof raw === "object" && raw !== null && !Array.isArray(raw) && raw["kind"] === "Status";
    return isStatus ? readStatus(raw) : readObject(raw);
  };
}

function pathOf(target: Target, path: string[]): string {
  return target.root + path.map(segment).join("/");
}

function options(opts: CallOpts): { querystring: URLSearchParams; abortSignal?: AbortSignal } {
  const { abortSignal, ...rest } = opts;
  const querystring = new URLSearchParams();
  for (const [name, value] of Object.entries(rest)) {
    if (value !== undefined) querystring.set(name, String(value));
  }
  return abortSignal ? { querystring, abortSignal } : { querystring };
}
