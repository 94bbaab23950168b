// Lists: of now, of a version of the past, and in chunks of one version. Source: kubernetes.io "API concepts".
import type { JSONObject } from "../kube/contract.ts";
import { decodeContinue, encodeContinue, expiredContinue } from "./continue_token.ts";
import { checkList, type ListOptions, readListOptions } from "./list_options.ts";
import { type KubeObject, storageKey } from "./objects.ts";
import type { RequestInfo } from "./request_info.ts";
import type { ResourceType } from "./resources.ts";
import { fieldSelector, labelSelector, type Predicate } from "./selectors.ts";
import { ApiError, badRequest, gone } from "./status.ts";
import type { Storage } from "./storage.ts";

export interface ListResult {
  objects: KubeObject[];
  metadata: JSONObject;
}

/** What a request's namespace, label selector and field selector let through. */
export function selection(type: ResourceType, info: RequestInfo): Predicate {
  const labels = info.query.get("labelSelector");
  const fields = info.query.get("fieldSelector");
  const tests: Predicate[] = [];
  if (labels) tests.push(labelSelector(labels));
  if (fields) tests.push(fieldSelector(fields, type.selectable, type.custom !== undefined));
  if (type.namespaced && info.namespace) tests.push((object) => object.metadata.namespace === info.namespace);
  return (object) => tests.every((test) => test(object));
}

/** The objects of a list request, and the list's metadata. */
export function list(storage: Storage, type: ResourceType, info: RequestInfo): ListResult {
  const options = readListOptions(info.query);
  checkList(options);
  const selects = selection(type, info);
  const namespace = type.namespaced && info.namespace ? info.namespace : undefined;
  const { revision, after } = where(storage, options);
  const all = storage.listAt(type.storage, revision, namespace);
  if (!all) {
    throw options.continueToken
      ? expiredContinue(after)
      : gone("The resourceVersion for the provided list is too old.");
  }
  const within = namespace ? storageKey(namespace, "").length - 1 : type.namespaced ? 0 : 1;
  const keyOf = ({ metadata: { namespace = "", name = "" } }: KubeObject) => storageKey(namespace, name).slice(within);
  const found = all.filter((object) => (after === "" || keyOf(object) > after) && selects(object));
  const metadata: JSONObject = { resourceVersion: String(revision) };
  // A list of version 0 is read from a cache, which knows no chunks.
  const limit = options.resourceVersion === "0" ? 0 : options.limit;
  if (!(limit > 0 && found.length > limit)) return { objects: found, metadata };
  const objects = found.slice(0, limit);
  const last = objects.at(-1);
  metadata.continue = encodeContinue({ revision, after: last ? keyOf(last) : "" });
  if (!options.labelSelector && !options.fieldSelector) metadata.remainingItemCount = found.length - limit;
  return { objects, metadata };
}

/** Which version a list shows, and after which key it goes on. */
function where(storage: Storage, options: ListOptions): { revision: number; after: string } {
  const { resourceVersion, resourceVersionMatch, continueToken, limit } = options;
  if (continueToken) {
    const { revision, after } = decodeContinue(continueToken);
    if (resourceVersion && resourceVersion !== "0") {
      throw badRequest("specifying resource version is not allowed when using continue");
    }
    return { revision: revision > 0 ? revision : storage.revision, after };
  }
  const wanted = parseRevision(resourceVersion || "0");
  requireReached(storage, wanted);
  const exact = resourceVersionMatch === "Exact" || (wanted > 0 && !resourceVersionMatch && limit > 0);
  return { revision: exact ? wanted : storage.revision, after: "" };
}

/** A resourceVersion as a number; BadRequest when it is none. */
function parseRevision(text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw badRequest(`invalid resource version: ${notANumber(text)}`);
}

/** What is wrong with a resourceVersion that is no number. */
export function notANumber(text: string): string {
  const shown = JSON.stringify(text);
  return `resourceVersion: Invalid value: ${shown}: strconv.ParseUint: parsing ${shown}: invalid syntax`;
}

/** Refuses a read of one object at a version that is none, or of the future. */
export function checkReadVersion(storage: Storage, resourceVersion: string): void {
  if (!/^\d*$/.test(resourceVersion)) throw new ApiError(500, "", notANumber(resourceVersion));
  requireReached(storage, Number(resourceVersion));
}

/** Refuses a version of the future, as a server does that waited for it in vain. */
function requireReached(storage: Storage, revision: number): void {
  if (revision > storage.revision) throw tooLargeVersion(storage, revision);
}

/** The Timeout of a request for a version that the server has not reached. */
export function tooLargeVersion(storage: Storage, revision: number): ApiError {
  const message = `Timeout: Too large resource version: ${revision}, current: ${storage.revision}`;
  return new ApiError(504, "Timeout", message, {
    causes: [{ reason: "ResourceVersionTooLarge", message: "Too large resource version" }],
    retryAfterSeconds: 1,
  });
}
