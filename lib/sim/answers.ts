// How objects are shown in an answer: as they are, as metadata alone, or as rows of a Table, as the Accept header asks.
import type { JSONObject, JSONValue } from "../kube/contract.ts";
import { toServed } from "./conversion.ts";
import { accepted, jsonResponse } from "./http_body.ts";
import { asJSON, type KubeObject } from "./objects.ts";
import { apiVersionOf, type ResourceType } from "./resources.ts";
import { table } from "./table.ts";
import type { EventType } from "./watch_hub.ts";

/** What the answers to one request have in common. */
export interface Audience {
  request: Request;
  query: URLSearchParams;
  type: ResourceType;
  nowMs: number;
}

/** One object. */
export function showObject({ request, query, type, nowMs }: Audience, object: KubeObject, code = 200): Response {
  const as = accepted(request);
  if (as === "Table") {
    const listMeta = { resourceVersion: object.metadata.resourceVersion ?? "" };
    return jsonResponse(code, table([object], type.columns, nowMs, { listMeta, includeObject: includeObject(query) }));
  }
  const served = toServed(type, object);
  return jsonResponse(code, as === "object" ? asJSON(served) : partial(served));
}

/** A list; its metadata says version and continuation. */
export function showList(audience: Audience, objects: KubeObject[], metadata: JSONObject): Response {
  const { request, query, type, nowMs } = audience;
  const as = accepted(request);
  if (as === "Table") {
    const options = { listMeta: metadata, includeObject: includeObject(query) };
    return jsonResponse(200, table(objects, type.columns, nowMs, options));
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

/** How events of a watch show their objects; the columns of a Table are sent with the first row only. */
export function eventEncoder(audience: Audience): (event: EventType, object: KubeObject) => JSONObject {
  const { request, query, type } = audience;
  const as = accepted(request);
  let first = true;
  return (_, object) => {
    const served = toServed(type, object);
    if (as === "object") return asJSON(served);
    if (as !== "Table") return partial(served);
    const listMeta = { resourceVersion: object.metadata.resourceVersion ?? "" };
    const options = { listMeta, includeObject: includeObject(query), headers: first };
    first = false;
    return table([object], type.columns, audience.nowMs, options);
  };
}

/** A bookmark's object: nothing but a version, and what its Go type writes of nothing. */
export function bookmark(type: ResourceType, revision: number, initialEventsEnd: boolean): KubeObject {
  const metadata: KubeObject["metadata"] = { resourceVersion: String(revision) };
  if (initialEventsEnd) metadata.annotations = { "k8s.io/initial-events-end": "true" };
  return { kind: type.kind, apiVersion: apiVersionOf(type), metadata, ...type.zero };
}

function includeObject(query: URLSearchParams): string {
  return query.get("includeObject") ?? "Metadata";
}

function partial(object: KubeObject): JSONObject {
  return {
    kind: "PartialObjectMetadata",
    apiVersion: "meta.k8s.io/v1",
    metadata: object.metadata as unknown as JSONObject,
  };
}
