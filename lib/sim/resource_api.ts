// The HTTP verbs on resources: reads the request, calls the registry, lists or watches, and shapes the answer.
import type { Clock } from "../clock.ts";
import type { JSONObject, JSONValue } from "../kube/contract.ts";
import { type Audience, showList, showObject } from "./answers.ts";
import { addWarnings, errorResponse, jsonResponse, mediaType, readBody, success, unreadable } from "./http_body.ts";
import { checkReadVersion, list } from "./lists.ts";
import { negotiate } from "./negotiation.ts";
import { asJSON, asObject, isJSONObject, type KubeObject, storageKey, timestamp } from "./objects.ts";
import { jsonPatch, mergePatch } from "./patch.ts";
import type { Registry } from "./registry.ts";
import type { RequestInfo } from "./request_info.ts";
import type { ResourceType } from "./resources.ts";
import { applyPatch } from "./server_side_apply.ts";
import {
  ApiError,
  badRequest,
  goKind,
  methodNotAllowed,
  notFound,
  unknownResource,
  unroutedMediaType,
  unsupportedMediaType,
  unsupportedVerb,
} from "./status.ts";
import { strategicMerge } from "./strategic_merge.ts";
import { openWatch } from "./watch_api.ts";
import type { WatchHub } from "./watch_hub.ts";
import { readDeletion, readWriteOptions, type RequestOptions } from "./write_options.ts";
import type { WriteOptions } from "./writes.ts";

const jsonType = "application/json-patch+json";
const mergeType = "application/merge-patch+json";
const strategicType = "application/strategic-merge-patch+json";
const applyType = "application/apply-patch+yaml";
const patchTypes = [jsonType, mergeType, strategicType, applyType];

type Admit = NonNullable<WriteOptions["admit"]>;

export class ResourceApi {
  constructor(readonly registry: Registry, readonly watches: WatchHub, readonly clock: Clock) {}

  /** Answers a request on a known resource; `admit` judges what is written. Throws ApiError for what is refused. */
  answer(type: ResourceType, info: RequestInfo, request: Request, admit: Admit): Response | Promise<Response> {
    if (!type.verbs.includes(info.verb) || (info.method === "HEAD" && !type.custom)) throw methodNotAllowed();
    const form = negotiate(request, { custom: type.custom !== undefined, verb: info.verb });
    const audience: Audience = { form, query: info.query, type, clock: this.clock };
    if (type.storage === "/pods" && info.subresource === "log" && info.verb === "get") {
      this.registry.get(type, info.namespace, info.name);
      throw badRequest(`pod ${info.name} does not have a host assigned`);
    }
    const isFinalize = type.storage === "/namespaces" && info.subresource === "finalize" && info.verb === "update";
    const isStatus = info.subresource === "status" && type.hasStatus;
    if (info.subresource && !isStatus && !isFinalize) {
      throw type.custom ? notFound(type, info.name) : unknownResource();
    }
    if (isStatus && !["get", "update", "patch"].includes(info.verb)) throw unsupportedVerb(type, info.verb);
    // What is created has no name in the path yet, what is changed has; a namespaced object needs its namespace.
    const named = ["update", "patch"].includes(info.verb);
    const alone = info.verb === "create";
    if ((named && !info.name) || (alone && info.name) || (type.namespaced && !info.namespace && (named || alone))) {
      throw methodNotAllowed();
    }
    switch (info.verb) {
      case "get":
        return this.#get(audience, info);
      case "list":
        return this.#list(audience, info);
      case "watch":
        return openWatch(this.watches, audience, info);
      case "create":
        return this.#create(audience, info, request, admit);
      case "update":
        return this.#replace(audience, info, request, admit);
      case "patch":
        return this.#patch(audience, info, request, admit);
      case "delete":
        return this.#delete(audience, info, request);
      default:
        return this.#deleteCollection(audience, info, request);
    }
  }

  #get(audience: Audience, info: RequestInfo): Response {
    const { type } = audience;
    checkReadVersion(this.registry.storage, info.query.get("resourceVersion") ?? "");
    const object = this.registry.get(type, spaceOf(type, info), info.name);
    return showObject(audience, object);
  }

  #list(audience: Audience, info: RequestInfo): Response {
    const { objects, metadata } = list(this.registry.storage, audience.type, info);
    return showList(audience, objects, metadata);
  }

  async #create(audience: Audience, info: RequestInfo, request: Request, admit: Admit): Promise<Response> {
    const { type } = audience;
    const options = { ...readWriteOptions(info, this.clock.now(), "CreateOptions"), admit };
    return await warned(options, async () => {
      const body = await this.#object(type, request, options);
      const created = this.registry.create(type, spaceOf(type, info), body, options);
      return showObject(audience, created, 201);
    });
  }

  async #replace(audience: Audience, info: RequestInfo, request: Request, admit: Admit): Promise<Response> {
    const { type } = audience;
    const options = {
      ...readWriteOptions(info, this.clock.now(), "UpdateOptions"),
      admit,
      mayCreate: true,
      conditional: true,
    };
    return await warned(options, async () => {
      const body = await this.#object(type, request, options);
      const { object, created } = this.registry.update(type, spaceOf(type, info), info.name, () => body, options);
      return showObject(audience, object, created ? 201 : 200);
    });
  }

  async #patch(audience: Audience, info: RequestInfo, request: Request, admit: Admit): Promise<Response> {
    const { type } = audience;
    const kind = mediaType(request);
    const types = type.custom ? patchTypes.filter((each) => each !== strategicType) : patchTypes;
    if (!types.includes(kind)) throw type.custom ? unsupportedMediaType(types) : unroutedMediaType();
    const options = { ...readWriteOptions(info, this.clock.now(), "PatchOptions", kind), admit };
    const { value: patch = null, duplicates } = await readBody(request);
    if (kind !== applyType) tellDuplicates(options, duplicates);
    return await warned(options, () => {
      const change = (current: KubeObject | undefined) => patched(current, patch, kind);
      const { object, created } = kind === applyType
        ? applyPatch(this.registry, type, info, patch, options)
        : this.registry.update(type, spaceOf(type, info), info.name, change, { ...options, patched: true });
      return showObject(audience, object, created ? 201 : 200);
    });
  }

  async #delete(audience: Audience, info: RequestInfo, request: Request): Promise<Response> {
    const { type } = audience;
    const options = readDeletion(info, (await readBody(request)).value);
    const { object, gone } = this.registry.delete(type, spaceOf(type, info), info.name, options);
    const { name = "", uid = "" } = object.metadata;
    // A pod that is gone at once is shown as it was marked.
    if (gone && type.storage === "/pods" && !options.dryRun) {
      const deletionTimestamp = timestamp(this.clock.now());
      const metadata = { ...object.metadata, deletionTimestamp, deletionGracePeriodSeconds: 0 };
      return showObject(audience, { ...object, metadata });
    }
    if (!gone) {
      return showObject(audience, object, options.orphanDependents === false ? 202 : 200);
    }
    return jsonResponse(200, success({ name, ...(type.group && { group: type.group }), kind: type.resource, uid }));
  }

  async #deleteCollection(audience: Audience, info: RequestInfo, request: Request): Promise<Response> {
    const { type } = audience;
    const options = readDeletion(info, (await readBody(request)).value);
    const { objects, metadata } = list(this.registry.storage, type, info);
    for (const { metadata: { namespace = "", name = "" } } of objects) {
      const present = this.registry.storage.get(type.storage, storageKey(namespace, name));
      if (present) this.registry.delete(type, namespace, name, options);
    }
    return showList(audience, objects, metadata);
  }

  /** The object in the body. */
  async #object(type: ResourceType, request: Request, options: RequestOptions): Promise<KubeObject> {
    const { value, duplicates } = await readBody(request, type.kind);
    const object = objectOf(value, type);
    if (!isJSONObject(object.metadata) && object.metadata) throw notMetadata(type, object.metadata);
    tellDuplicates(options, duplicates);
    return asObject(object);
  }
}

/** The answer with what the client is to be warned of, a refusal too. */
async function warned(options: RequestOptions, answer: () => Response | Promise<Response>): Promise<Response> {
  try {
    return addWarnings(await answer(), options.warnings);
  } catch (error) {
    if (error instanceof ApiError) return addWarnings(errorResponse(error), options.warnings);
    throw error;
  }
}

/** The namespace an object is kept in: a Namespace itself is in none. */
function spaceOf(type: ResourceType, info: RequestInfo): string {
  return type.namespaced ? info.namespace : "";
}

function objectOf(body: JSONValue | undefined, type: ResourceType): JSONObject {
  if (body === undefined) {
    throw unreadable(type.kind, "couldn't get version/kind; json parse error: unexpected end of JSON input (<empty>)");
  }
  if (body === null && !type.custom) return {};
  if (!isJSONObject(body)) {
    const why = `json: cannot unmarshal ${goKind(body)} into Go value of type struct`;
    throw unreadable(type.kind, `couldn't get version/kind; json parse error: ${why}`);
  }
  if (type.custom && typeof body.kind !== "string") {
    const text = JSON.stringify(body);
    throw unreadable(type.kind, `Object 'Kind' is missing in '${text}' (${text})`);
  }
  return body;
}

function notMetadata(type: ResourceType, metadata: JSONValue): ApiError {
  const why = `json: cannot unmarshal ${
    goKind(metadata)
  } into Go struct field ${type.kind}.metadata of type v1.ObjectMeta`;
  const version = JSON.stringify(type.version);
  return badRequest(`${type.kind} in version ${version} cannot be handled as a ${type.kind}: ${why}`);
}

/** Leaves what was named twice to whoever tells unknown fields: they are refused or told together. */
function tellDuplicates(options: RequestOptions, duplicates: () => string[]): void {
  if (options.fieldValidation !== "Ignore") options.duplicates = duplicates();
}

function patched(current: KubeObject | undefined, patch: JSONValue, kind: string): KubeObject {
  const target = current ? asJSON(current) : {};
  if (kind === jsonType) return asObject(jsonPatch(target, patch));
  if (!isJSONObject(patch)) throw badRequest(noPatch(patch, kind));
  return asObject((kind === mergeType ? mergePatch : strategicMerge)(target, patch) as JSONObject);
}

function noPatch(patch: JSONValue, kind: string): string {
  if (patch === null) return "Invalid JSON Patch";
  const why = `json: cannot unmarshal ${goKind(patch)} into Go value of type map[string]interface {}`;
  return kind === mergeType ? `error decoding patch: ${why}` : why;
}
