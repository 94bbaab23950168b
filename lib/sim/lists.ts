// The collection requests: lists, in chunks and at a resourceVersion, and the opening of watches.
// Source: kubernetes.io/docs/reference/using-api/api-concepts, k8s.io/apimachinery's ListOptions validation.
import type { JSONObject } from "../kube/contract.ts";
import { type KubeObject, storageKey } from "./objects.ts";
import type { RequestInfo } from "./request_info.ts";
import type { ResourceType } from "./resources.ts";
import { fieldSelector, labelSelector, type Predicate } from "./selectors.ts";
import { ApiError, badRequest, type FieldFault, forbiddenField, gone, invalid } from "./status.ts";
import type { Storage } from "./storage.ts";

export interface ListResult {
  objects: KubeObject[];
  metadata: JSONObject;
}

const listOptions = { group: "meta.k8s.io", resource: "listoptions", kind: "ListOptions" };

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
  const { query } = info;
  const selects = selection(type, info);
  const namespace = type.namespaced && info.namespace ? info.namespace : undefined;
  const token = query.get("continue");
  const match = query.get("resourceVersionMatch") ?? "";
  const wanted = query.get("resourceVersion") ?? "";
  checkVersionMatch(match, wanted, token, query.get("sendInitialEvents"));
  let revision = storage.revision;
  let start = "";
  if (token) {
    const decoded = decodeContinue(token);
    start = decoded.start;
    if (decoded.rv > 0) revision = decoded.rv;
  } else if (match === "Exact" || (wanted && wanted !== "0" && !match && query.get("limit"))) {
    revision = parseRevision(wanted);
  }
  requireReached(storage, token ? 0 : parseRevision(wanted || "0"));
  const all = storage.listAt(type.storage, revision, namespace);
  if (!all) throw token ? expiredContinue(start) : gone("The resourceVersion for the provided list is too old.");
  const found = all.filter((object) => keyOf(object) > start && selects(object));
  const limit = Number(query.get("limit") ?? 0);
  const metadata: JSONObject = { resourceVersion: String(revision) };
  if (!(limit > 0 && found.length > limit)) return { objects: found, metadata };
  const objects = found.slice(0, limit);
  const last = objects.at(-1);
  metadata.continue = encodeContinue(revision, last ? keyOf(last) : "");
  if (!query.get("labelSelector") && !query.get("fieldSelector")) metadata.remainingItemCount = found.length - limit;
  return { objects, metadata };
}

function keyOf(object: KubeObject): string {
  return storageKey(object.metadata.namespace ?? "", object.metadata.name ?? "");
}

function checkVersionMatch(match: string, wanted: string, token: string | null, initialEvents: string | null): void {
  const faults: FieldFault[] = [];
  const field = "resourceVersionMatch";
  if (match && token) faults.push(forbiddenField(field, "resourceVersionMatch is forbidden when continue is provided"));
  else if (match && !wanted) {
    faults.push(forbiddenField(field, "resourceVersionMatch is forbidden unless resourceVersion is provided"));
  } else if (match && match !== "Exact" && match !== "NotOlderThan") {
    faults.push({
      reason: "FieldValueNotSupported",
      field,
      message: `Unsupported value: ${JSON.stringify(match)}: supported values: "Exact", "NotOlderThan", ""`,
    });
  } else if (match === "Exact" && wanted === "0") {
    faults.push(forbiddenField(field, 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'));
  }
  if (initialEvents !== null) {
    faults.push(forbiddenField("sendInitialEvents", "sendInitialEvents is forbidden for list"));
  }
  if (faults.length > 0) throw invalid(listOptions, "", faults);
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

/** Refuses a version of the future, as a server does that waited for it in vain. */
function requireReached(storage: Storage, revision: number): void {
  if (revision <= storage.revision) return;
  throw new ApiError(504, "Timeout", `Timeout: Too large resource version: ${revision}, current: ${storage.revision}`, {
    causes: [{ reason: "ResourceVersionTooLarge", message: "Too large resource version" }],
    retryAfterSeconds: 1,
  });
}

function encodeContinue(rv: number, start: string): string {
  return btoa(encodeURIComponent(JSON.stringify({ v: "meta.k8s.io/v1", rv, start }))).replaceAll("=", "");
}

function decodeContinue(token: string): { rv: number; start: string } {
  try {
    const decoded = JSON.parse(decodeURIComponent(atob(token)));
    if (typeof decoded.rv === "number" && typeof decoded.start === "string") return decoded;
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof URIError || error instanceof DOMException)) throw error;
  }
  throw badRequest("invalid continue token: continue key is not valid: illegal base64 data");
}

function expiredContinue(start: string): ApiError {
  const message =
    "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.";
  return gone(message, { continue: encodeContinue(-1, start) });
}
