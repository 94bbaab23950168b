// The HTTP verbs on resources: reads the request, calls the registry, lists or watches, and shapes the answer.
import type { Clock } from "../clock.ts";
import type { JSONObject, JSONValue } from "../kube/contract.ts";
import { toServed } from "./conversion.ts";
import { accepted, addWarnings, bareNotFound, jsonResponse, mediaType, readBody, success } from "./http_body.ts";
import { list, notANumber, selection } from "./lists.ts";
import { asJSON, asObject, isJSONObject, isRecord, type KubeObject, storageKey } from "./objects.ts";
import { jsonPatch, mergePatch } from "./patch.ts";
import type { Deletion } from "./deletion.ts";
import type { Registry, WriteOptions } from "./registry.ts";
import type { RequestInfo } from "./request_info.ts";
import { apiVersionOf, type ResourceType } from "./resources.ts";
import { applyPatch } from "./server_side_apply.ts";
import {
  ApiError,
  badRequest,
  forbiddenField,
  gone,
  invalid,
  methodNotAllowed,
  notFound,
  unsupportedMediaType,
} from "./status.ts";
import { strategicMerge } from "./strategic_merge.ts";
import { table } from "./table.ts";
import type { EventType, WatchHub } from "./watch_hub.ts";

const patchTypes = [
  "application/json-patch+json",
  "application/merge-patch+json",
  "application/strategic-merge-patch+json",
  "application/apply-patch+yaml",
];

export class ResourceApi {
  constructor(readonly registry: Registry, readonly watches: WatchHub, readonly clock: Clock) {}

  /** Answers a request on a known resource. Throws ApiError for what is refused. */
  answer(type: ResourceType, info: RequestInfo, request: Request): Response | Promise<Response> {
    if (!type.verbs.includes(info.verb)) throw methodNotAllowed();
    if (type.storage === "/pods" && info.subresource === "log" && info.verb === "get") {
      this.registry.get(type, info.namespace, info.name);
      throw badRequest(`pod ${info.name} does not have a host assigned`);
    }
    if (info.subresource && !(info.subresource === "status" && type.hasStatus)) throw notFound(type, info.name);
    if (!info.name && (info.verb === "update" || info.verb === "patch")) throw badRequest("name must be provided");
    if (type.namespaced && !info.namespace && info.verb === "create") {
      return bareNotFound();
    }
    switch (info.verb) {
      case "get":
        return this.#show(request, info, type, this.registry.get(type, spaceOf(type, info), info.name));
      case "list":
        return this.#list(type, info, request);
      case "watch":
        return this.#watch(type, info, request);
      case "create":
        return this.#create(type, info, request);
      case "update":
        return this.#replace(type, info, request);
      case "patch":
        return this.#patch(type, info, request);
      case "delete":
        return this.#delete(type, info, request);
      default:
        return this.#deleteCollection(type, info, request);
    }
  }

  async #create(type: ResourceType, info: RequestInfo, request: Request): Promise<Response> {
    const body = objectOf(await readBody(request), type);
    const options = writeOptions(info);
    const created = this.registry.create(type, spaceOf(type, info), body, options);
    return addWarnings(this.#show(request, info, type, created, 201), options.warnings ?? []);
  }

  async #replace(type: ResourceType, info: RequestInfo, request: Request): Promise<Response> {
    const body = objectOf(await readBody(request), type);
    const options = { ...writeOptions(info), mayCreate: true, conditional: true };
    const { object, created } = this.registry.update(type, spaceOf(type, info), info.name, () => body, options);
    return addWarnings(this.#show(request, info, type, object, created ? 201 : 200), options.warnings);
  }

  async #patch(type: ResourceType, info: RequestInfo, request: Request): Promise<Response> {
    const kind = mediaType(request);
    const strategic = "application/strategic-merge-patch+json";
    const types = type.custom ? patchTypes.filter((each) => each !== strategic) : patchTypes;
    if (!types.includes(kind)) throw unsupportedMediaType(types);
    const patch = await readBody(request) ?? null;
    const options = writeOptions(info);
    if (kind === "application/apply-patch+yaml") {
      const { object, created } = applyPatch(this.registry, type, info, patch, options);
      return addWarnings(this.#show(request, info, type, object, created ? 201 : 200), options.warnings);
    }
    const change = (current: KubeObject | undefined): KubeObject => {
      const target = current ? asJSON(current) : {};
      if (kind === "application/json-patch+json") return asObject(jsonPatch(target, patch));
      if (!isJSONObject(patch)) throw badRequest("error decoding patch: json: cannot unmarshal into an object");
      return asObject(
        (kind === "application/merge-patch+json" ? mergePatch : strategicMerge)(target, patch) as JSONObject,
      );
    };
    const { object } = this.registry.update(type, spaceOf(type, info), info.name, change, options);
    return addWarnings(this.#show(request, info, type, object), options.warnings);
  }

  async #delete(type: ResourceType, info: RequestInfo, request: Request): Promise<Response> {
    const options = await deleteOptions(info, request);
    const { object, gone } = this.registry.delete(type, spaceOf(type, info), info.name, options);
    const { name = "", uid = "" } = object.metadata;
    if (!gone) return this.#show(request, info, type, object, options.orphanDependents === false ? 202 : 200);
    return jsonResponse(200, success({ name, ...(type.group && { group: type.group }), kind: type.resource, uid }));
  }

  async #deleteCollection(type: ResourceType, info: RequestInfo, request: Request): Promise<Response> {
    const options = await deleteOptions(info, request);
    const { objects, metadata } = list(this.registry.storage, type, info);
    for (const { metadata: { namespace = "", name = "" } } of objects) {
      const present = this.registry.storage.get(type.storage, storageKey(namespace, name));
      if (present) this.registry.delete(type, namespace, name, options);
    }
    return this.#showList(request, info, type, objects, metadata);
  }

  #list(type: ResourceType, info: RequestInfo, request: Request): Response {
    const { objects, metadata } = list(this.registry.storage, type, info);
    return this.#showList(request, info, type, objects, metadata);
  }

  #watch(type: ResourceType, info: RequestInfo, request: Request): Response {
    const { query } = info;
    const { storage } = this.registry;
    const streaming = query.get("sendInitialEvents") === "true";
    checkStreaming(query);
    const wanted = query.get("resourceVersion") ?? "";
    if (!/^\d*$/.test(wanted)) throw new ApiError(500, "", notANumber(wanted));
    const from = Number(wanted);
    const selects = selection(type, info);
    const fromNow = streaming || (from === 0 && query.get("sendInitialEvents") !== "false");
    const missed = fromNow || from === 0 ? [] : storage.changesAfter(type.storage, from);
    const headers = { "content-type": "application/json", "cache-control": "no-cache, private" };
    if (!missed) {
      const status = gone(`too old resource version: ${from} (${storage.oldestRevision(type.storage)})`).body();
      return new Response(this.watches.refuse(status), { headers });
    }
    const encode = this.#encoder(request, type);
    const seconds = Number(query.get("timeoutSeconds") ?? 0);
    const stream = this.watches.open({
      info,
      resource: type.storage,
      selects,
      initial: fromNow ? storage.list(type.storage).filter(selects) : [],
      initialBookmark: streaming,
      missed,
      bookmarks: query.get("allowWatchBookmarks") === "true",
      timeoutMs: seconds > 0 ? seconds * 1000 : 1_800_000 * (1 + this.clock.random()),
      encode,
      bookmark: (revision, initialEventsEnd) => bookmark(type, revision, initialEventsEnd),
    });
    return new Response(stream, { headers });
  }

  /** How events of a watch show their objects; the columns of a Table are sent with the first row only. */
  #encoder(request: Request, type: ResourceType): (event: EventType, object: KubeObject) => JSONObject {
    const as = accepted(request);
    const includeObject = new URL(request.url).searchParams.get("includeObject") ?? "Metadata";
    let first = true;
    return (_, object) => {
      const served = toServed(type, object);
      if (as === "object") return asJSON(served);
      if (as !== "Table") return partial(served);
      const row = table([object], type.columns, this.clock.now(), { includeObject, headers: first });
      first = false;
      return row;
    };
  }

  #show(request: Request, info: RequestInfo, type: ResourceType, object: KubeObject, code = 200): Response {
    const as = accepted(request);
    if (as === "Table") {
      const listMeta = { resourceVersion: object.metadata.resourceVersion ?? "" };
      const includeObject = info.query.get("includeObject") ?? "Metadata";
      return jsonResponse(code, table([object], type.columns, this.clock.now(), { listMeta, includeObject }));
    }
    const served = toServed(type, object);
    return jsonResponse(code, as === "object" ? asJSON(served) : partial(served));
  }

  #showList(
    request: Request,
    info: RequestInfo,
    type: ResourceType,
    objects: KubeObject[],
    metadata: JSONObject,
  ): Response {
    const as = accepted(request);
    if (as === "Table") {
      const includeObject = info.query.get("includeObject") ?? "Metadata";
      return jsonResponse(200, table(objects, type.columns, this.clock.now(), { listMeta: metadata, includeObject }));
    }
    if (as !== "object") {
      const items = objects.map((object) => partial(toServed(type, object)));
      return jsonResponse(200, { kind: "PartialObjectMetadataList", apiVersion: "meta.k8s.io/v1", metadata, items });
    }
    const items = objects.map((object): JSONValue => {
      const served = asJSON(toServed(type, object));
      if (type.custom) return served;
      const { kind: _, apiVersion: __, ...rest } = served;
      return rest;
    });
    // Lists of custom resources are built without Go types, and show an empty token too.
    const listMeta = type.custom ? { continue: "", ...metadata } : metadata;
    return jsonResponse(200, { kind: type.listKind, apiVersion: apiVersionOf(type), metadata: listMeta, items });
  }
}

/** The namespace an object is kept in: a Namespace itself is in none. */
function spaceOf(type: ResourceType, info: RequestInfo): string {
  return type.namespaced ? info.namespace : "";
}

function partial(object: KubeObject): JSONObject {
  return {
    kind: "PartialObjectMetadata",
    apiVersion: "meta.k8s.io/v1",
    metadata: object.metadata as unknown as JSONObject,
  };
}

function bookmark(type: ResourceType, revision: number, initialEventsEnd: boolean): JSONObject {
  const metadata: JSONObject = { resourceVersion: String(revision) };
  if (initialEventsEnd) metadata.annotations = { "k8s.io/initial-events-end": "true" };
  return { kind: type.kind, apiVersion: apiVersionOf(type), metadata };
}

function checkStreaming(query: URLSearchParams): void {
  if (!query.get("sendInitialEvents")) return;
  const subject = { group: "meta.k8s.io", resource: "listoptions", kind: "ListOptions" };
  if (query.get("resourceVersionMatch") !== "NotOlderThan") {
    throw invalid(subject, "", [
      forbiddenField("resourceVersionMatch", "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"),
    ]);
  }
}

function objectOf(body: JSONValue | undefined, type: ResourceType): KubeObject {
  if (!isJSONObject(body)) {
    throw badRequest(`the object provided is unrecognized (must be of type ${type.kind}): it is no object`);
  }
  for (const [field, name] of [["kind", "Kind"], ["apiVersion", "apiVersion"]] as const) {
    if (!type.custom || typeof body[field] === "string") continue;
    const text = JSON.stringify(body);
    throw badRequest(
      `the object provided is unrecognized (must be of type ${type.kind}): Object '${name}' is missing in '${text}' (${text})`,
    );
  }
  return asObject(body);
}

function writeOptions(info: RequestInfo): WriteOptions & { warnings: string[] } {
  const validation = info.query.get("fieldValidation");
  return {
    dryRun: info.query.get("dryRun") === "All",
    fieldValidation: validation === "Strict" || validation === "Ignore" ? validation : "Warn",
    subresource: info.subresource,
    warnings: [],
  };
}

async function deleteOptions(info: RequestInfo, request: Request): Promise<Deletion> {
  const body = await readBody(request);
  const given: JSONObject = isJSONObject(body) ? body : {};
  const policy = given.propagationPolicy ?? info.query.get("propagationPolicy") ??
    (given.orphanDependents === true ? "Orphan" : undefined);
  const dryRun = info.query.get("dryRun") === "All" || (Array.isArray(given.dryRun) && given.dryRun.includes("All"));
  const options: Deletion = { dryRun };
  if (typeof given.orphanDependents === "boolean") options.orphanDependents = given.orphanDependents;
  if (policy === "Foreground" || policy === "Background" || policy === "Orphan") options.propagationPolicy = policy;
  if (isRecord(given.preconditions)) {
    const { uid, resourceVersion } = given.preconditions;
    options.preconditions = {
      ...(typeof uid === "string" && { uid }),
      ...(typeof resourceVersion === "string" && { resourceVersion }),
    };
  }
  return options;
}
