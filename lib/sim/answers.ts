// How objects are shown in an answer: as they are, as metadata alone, or as rows of a Table, as the Accept header asks.
import type { Clock } from "../clock.ts";
import type { JSONObject, JSONValue } from "../kube/contract.ts";
import { toServed } from "./conversion.ts";
import { jsonResponse } from "./http_body.ts";
import type { Form } from "./negotiation.ts";
import { asJSON, type KubeObject } from "./objects.ts";
import { apiVersionOf, type ResourceType } from "./resources.ts";
import { ApiError, badRequest } from "./status.ts";
import { table } from "./table.ts";
import type { EventType } from "./watch_hub.ts";

/** What the answers to one request have in common. */
export interface Audience {
  form: Form;
  query: URLSearchParams;
  type: ResourceType;
  clock: Clock;
}

/** One object. */
export function showObject({ form, query, type, clock }: Audience, object: KubeObject, code = 200): Response {
  const { as, version } = form;
  if (as === "Table") {
    const listMeta = { resourceVersion: object.metadata.resourceVersion ?? "" };
    const options = { version, listMeta, includeObject: includeObject(query) };
    return jsonResponse(code, table([object], type.columns, clock.now(), options));
  }
  if (as === "PartialObjectMetadataList") throw unlike(as, "is not a list");
  const served = toServed(type, object);
  return jsonResponse(code, as === "object" ? asJSON(served) : partial(served, version));
}

/** A list; its metadata says version and continuation. */
export function showList(audience: Audience, objects: KubeObject[], metadata: JSONObject): Response {
  const { form: { as, version }, query, type, clock } = audience;
  if (as === "Table") {
    const options = { version, listMeta: metadata, includeObject: includeObject(query) };
    return jsonResponse(200, table(objects, type.columns, clock.now(), options));
  }
  if (as === "PartialObjectMetadata") throw unlike(as, "is a list");
  if (as !== "object") {
    const items = objects.map((object) => partial(toServed(type, object), version));
    return jsonResponse(200, { kind: as, apiVersion: `meta.k8s.io/${version}`, metadata, items });
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
  const { form: { as, version }, query, type, clock } = audience;
  let first = true;
  return (_, object) => {
    const served = toServed(type, object);
    if (as === "object") return asJSON(served);
    if (as !== "Table") return partial(served, version);
    const listMeta = { resourceVersion: object.metadata.resourceVersion ?? "" };
    const options = { version, listMeta, includeObject: includeObject(query), headers: first };
    first = false;
    return table([object], type.columns, clock.now(), options);
  };
}

/** A bookmark's object: nothing but a version, and what its Go type writes of nothing. */
export function bookmark(type: ResourceType, revision: number, initialEventsEnd: boolean): KubeObject {
  const metadata: KubeObject["metadata"] = { resourceVersion: String(revision) };
  if (initialEventsEnd) metadata.annotations = { "k8s.io/initial-events-end": "true" };
  return { kind: type.kind, apiVersion: apiVersionOf(type), metadata, ...type.zero };
}

function includeObject(query: URLSearchParams): string {
  const include = query.get("includeObject") || "Metadata";
  if (["Metadata", "Object", "None"].includes(include)) return include;
  const why = `Invalid value: ${JSON.stringify(include)}: must be 'Metadata', 'Object', 'None', or empty`;
  throw badRequest(`Unable to convert to Table as requested: includeObject: ${why}`);
}

function unlike(as: string, what: string): ApiError {
  return new ApiError(406, "NotAcceptable", `you requested ${as}, but the requested object ${what}`);
}

function partial(object: KubeObject, version: string): JSONObject {
  return {
    kind: "PartialObjectMetadata",
    apiVersion: `meta.k8s.io/${version}`,
    metadata: object.metadata as unknown as JSONObject,
  };
}
