// The simulated API server's front door without HTTP objects: a request in, an answer out, both plain JSON. It asks the same
// registry, lists and watches as the HTTP door does, which the other tests use; here a thousand worlds a minute go through.

import type { JSONObject, JSONValue } from "../../lib/kube/contract.ts";
import type { ApiServer } from "../../lib/sim/api_server.ts";
import { list, selection } from "../../lib/sim/lists.ts";
import { asJSON, asObject, isJSONObject, isRecord, type KubeObject } from "../../lib/sim/objects.ts";
import { jsonPatch, mergePatch } from "../../lib/sim/patch.ts";
import { type RequestInfo, requestInfo } from "../../lib/sim/request_info.ts";
import type { Deletion } from "../../lib/sim/deletion.ts";
import { apiVersionOf, type ResourceType } from "../../lib/sim/resources.ts";
import { ApiError, gone } from "../../lib/sim/status.ts";
import type { Change } from "../../lib/sim/storage.ts";

export interface Call {
  readonly info: RequestInfo;
  readonly contentType: string;
  readonly body: JSONValue | undefined;
}

/** `body` undefined: plain text, as of a path that is not served. */
export interface Answer {
  readonly code: number;
  readonly body: JSONObject | undefined;
}

export const pathNotServed: Answer = { code: 404, body: undefined };

export function callOf(
  method: string,
  path: string,
  query: URLSearchParams | undefined,
): Omit<Call, "contentType" | "body"> {
  const url = { pathname: path, searchParams: query ?? new URLSearchParams() } as URL;
  return { info: requestInfo(method, url) };
}

/** Carries a request out, at once and whole. */
export function carryOut(server: ApiServer, call: Call): Answer {
  try {
    return route(server, call);
  } catch (error) {
    if (error instanceof ApiError) return { code: error.code, body: error.body() };
    throw error;
  }
}

function route(server: ApiServer, { info, contentType, body }: Call): Answer {
  const { registry, resources, storage } = server;
  const type = resources.get(info.group, info.version, info.resource);
  if (!type) return pathNotServed;
  const namespace = type.namespaced ? info.namespace : "";
  switch (info.verb) {
    case "get":
      return shown(200, registry.get(type, namespace, info.name));
    case "list": {
      const { objects, metadata } = list(storage, type, info);
      const items = objects.map(asJSON);
      return { code: 200, body: { kind: type.listKind, apiVersion: apiVersionOf(type), metadata, items } };
    }
    case "create":
      return shown(201, registry.create(type, namespace, asObject(copy(body) as JSONObject)));
    case "update": {
      const wanted = asObject(copy(body) as JSONObject);
      const options = { subresource: info.subresource, conditional: true };
      return shown(200, registry.update(type, namespace, info.name, () => wanted, options).object);
    }
    case "patch": {
      const patch = copy(body) ?? null;
      const change = (current: KubeObject | undefined) => {
        const target = current ? asJSON(current) : {};
        return asObject((contentType.includes("json-patch") ? jsonPatch : mergePatch)(target, patch) as JSONObject);
      };
      return shown(200, registry.update(type, namespace, info.name, change, { subresource: info.subresource }).object);
    }
    case "delete": {
      const { object, gone } = registry.delete(type, namespace, info.name, deleteOptions(body));
      return gone ? { code: 200, body: { kind: "Status", apiVersion: "v1", status: "Success" } } : shown(200, object);
    }
    default:
      throw new ApiError(405, "MethodNotAllowed", `${info.verb} is not simulated here`);
  }
}

function deleteOptions(body: JSONValue | undefined): Deletion {
  if (!isJSONObject(body)) return {};
  const { propagationPolicy: policy, preconditions } = body;
  const { uid, resourceVersion } = isRecord(preconditions) ? preconditions : {};
  return {
    ...(policy === "Foreground" || policy === "Background" || policy === "Orphan" ? { propagationPolicy: policy } : {}),
    preconditions: {
      ...(typeof uid === "string" && { uid }),
      ...(typeof resourceVersion === "string" && { resourceVersion }),
    },
  };
}

function shown(code: number, object: KubeObject): Answer {
  return { code, body: asJSON(object) };
}

/** Whoever sent it may go on changing it. */
function copy(body: JSONValue | undefined): JSONValue | undefined {
  return body === undefined ? undefined : JSON.parse(JSON.stringify(body));
}

/** Where the lines of a watch go. */
export interface WatchSink {
  line(text: string): void;
  end(): void;
}

/** Opens a watch; what it has to say first is said at once. Disposing it ends it without a word. */
export function openWatch(server: ApiServer, call: Call, sink: WatchSink, texts: ObjectTexts): Disposable | Answer {
  const { storage, resources, clock } = server;
  const { info } = call;
  const type = resources.get(info.group, info.version, info.resource);
  if (!type) return pathNotServed;
  const selects = selection(type, info);
  const streaming = info.query.get("sendInitialEvents") === "true";
  const from = Number(info.query.get("resourceVersion") ?? 0);
  const send = (kind: string, object: KubeObject) => sink.line(`{"type":"${kind}","object":${texts.of(object)}}\n`);
  const missed = streaming ? [] : storage.changesAfter(type.storage, from);
  if (!missed) {
    sink.line(JSON.stringify({ type: "ERROR", object: gone(`too old resource version: ${from}`).body() }) + "\n");
    sink.end();
    return { [Symbol.dispose]() {} };
  }
  const bookmark = (initial = false) => {
    const annotations = initial ? { annotations: { "k8s.io/initial-events-end": "true" } } : {};
    const metadata = { resourceVersion: String(storage.revision), ...annotations };
    sink.line(JSON.stringify({ type: "BOOKMARK", object: { ...named(type), metadata } }) + "\n");
  };
  const take = (change: Change) => {
    const was = change.previous !== undefined && selects(change.previous);
    const is = change.type !== "DELETED" && selects(change.object);
    if (is) send(was ? "MODIFIED" : "ADDED", change.object);
    else if (was) send("DELETED", change.object);
  };
  if (streaming) {
    for (const object of storage.list(type.storage)) if (selects(object)) send("ADDED", object);
    bookmark(true);
  }
  for (const change of missed) take(change);
  const listening = storage.listen((change) => {
    if (change.resource === type.storage) take(change);
  });
  const timers: Disposable[] = [];
  const everyMinute = () => {
    bookmark();
    timers[0] = clock.timer(60_000, everyMinute);
  };
  const close = () => {
    listening[Symbol.dispose]();
    for (const timer of timers) timer[Symbol.dispose]();
  };
  timers[0] = clock.timer(60_000, everyMinute);
  timers[1] = clock.timer(Number(info.query.get("timeoutSeconds") ?? 300) * 1000, () => {
    close();
    sink.end();
  });
  return { [Symbol.dispose]: close };
}

function named(type: ResourceType): JSONObject {
  return { kind: type.kind, apiVersion: apiVersionOf(type) };
}

/** Stored objects never change, so that each is written out once, however many watches send it. */
export class ObjectTexts {
  readonly #texts = new WeakMap<KubeObject, string>();

  of(object: KubeObject): string {
    let text = this.#texts.get(object);
    if (text === undefined) this.#texts.set(object, text = JSON.stringify(object));
    return text;
  }
}
