// Between the version an object is stored in and the one it is asked for. Versions of a custom resource differ by their
// apiVersion only (conversion strategy None); events have two groups with different field names.
import { isRecord, type KubeObject } from "./objects.ts";
import { apiVersionOf, type Resources, type ResourceType } from "./resources.ts";

/** The object as the resource type serves it. */
export function toServed(type: ResourceType, object: KubeObject): KubeObject {
  const apiVersion = apiVersionOf(type);
  if (object.apiVersion === apiVersion) return object;
  if (type.group === "" && type.resource === "events") return rename(object, apiVersion, false);
  return { ...object, apiVersion };
}

/** The object, given in the type's version, as it is stored. */
export function toStored(resources: Resources, type: ResourceType, object: KubeObject): KubeObject {
  const stored = resources.stored(type.storage) ?? type;
  const apiVersion = apiVersionOf(stored);
  if (type.group === "" && type.resource === "events") return rename(object, apiVersion, true);
  if (type.resource === "customresourcedefinitions") return withDefinitionDefaults(object);
  if (type.storage === "/secrets") return toStoredSecret(object, apiVersion);
  const { apiVersion: _, kind: __, ...rest } = object;
  return { apiVersion, kind: stored.kind, ...rest } as KubeObject;
}

/** Names that follow from others, and no conversion. */
function withDefinitionDefaults(object: KubeObject): KubeObject {
  const spec = isRecord(object.spec) ? object.spec : {};
  const names = isRecord(spec.names) ? spec.names : {};
  const kind = typeof names.kind === "string" ? names.kind : "";
  const derived = kind ? { singular: kind.toLowerCase(), listKind: `${kind}List` } : {};
  return {
    ...object,
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    spec: { conversion: { strategy: "None" }, ...spec, names: { ...derived, ...names } },
  };
}

/** Text given as it is joins the data, which is kept in base64. */
function toStoredSecret(object: KubeObject, apiVersion: string): KubeObject {
  const { apiVersion: _, kind, stringData, data, type, ...rest } = object;
  const encoded = Object.entries(isRecord(stringData) ? stringData : {}).map(([key, text]) => [
    key,
    btoa(String.fromCharCode(...new TextEncoder().encode(String(text)))),
  ]);
  const all = { ...(isRecord(data) ? data : {}), ...Object.fromEntries(encoded) };
  return {
    apiVersion,
    kind: kind || "Secret",
    ...rest,
    ...(data || encoded.length > 0 ? { data: all } : {}),
    type: type || "Opaque",
  };
}

/** Fields of a core event and what they are called in events.k8s.io/v1. */
const eventFields: [core: string, current: string][] = [
  ["involvedObject", "regarding"],
  ["message", "note"],
  ["firstTimestamp", "deprecatedFirstTimestamp"],
  ["lastTimestamp", "deprecatedLastTimestamp"],
  ["count", "deprecatedCount"],
  ["source", "deprecatedSource"],
  ["reportingComponent", "reportingController"],
];

function rename(object: KubeObject, apiVersion: string, toCurrent: boolean): KubeObject {
  const names = new Map(eventFields.map(([core, current]) => toCurrent ? [core, current] : [current, core]));
  const fields = Object.entries(object).map(([field, value]) => [names.get(field) ?? field, value]);
  return { ...Object.fromEntries(fields), apiVersion, kind: "Event" } as KubeObject;
}
