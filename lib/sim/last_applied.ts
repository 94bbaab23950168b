// The annotation of client-side apply, as a server-side apply by kubectl treats it: what it says was applied is kubectl's to
// change, and it is kept up to date. Any other manager is left alone with it.
// Source: k8s.io/apimachinery pkg/util/managedfields/internal, lastappliedmanager.go and lastappliedupdater.go.
import type { JSONObject } from "../kube/contract.ts";
import { type FieldSet, without } from "./field_set.ts";
import { wholeSchema } from "./managed_fields.ts";
import { asJSON, asObject, isJSONObject, type KubeObject } from "./objects.ts";
import { apiVersionOf, type ResourceType } from "./resources.ts";
import { difference, fieldsOf } from "./typed_value.ts";

const annotation = "kubectl.kubernetes.io/last-applied-configuration";
const kubectl = "kubectl";

/** The fields that the manager may take without force: those that client-side apply set and nobody has changed since. */
export function lastAppliedFields(type: ResourceType, live: KubeObject, manager: string): FieldSet {
  const text = live.metadata.annotations?.[annotation];
  const applied = manager === kubectl && text ? parsed(text) : undefined;
  if (!applied || applied.apiVersion !== apiVersionOf(type)) return new Set();
  const schema = wholeSchema(type);
  const { added, modified, removed } = difference(applied, asJSON(live), schema);
  return without(fieldsOf(applied, schema), added, modified, removed);
}

/** The object whose annotation says what the manager has applied now; one without it gets none. */
export function withLastApplied(object: KubeObject, applied: JSONObject, manager: string): KubeObject {
  if (manager !== kubectl || !object.metadata.annotations?.[annotation]) return object;
  const { [annotation]: _, ...annotations } = asObject(applied).metadata.annotations ?? {};
  const metadata = { ...asObject(applied).metadata, annotations };
  if (Object.keys(annotations).length === 0) delete (metadata as { annotations?: unknown }).annotations;
  const text = `${JSON.stringify(sorted({ ...applied, metadata: metadata as unknown as JSONObject }))}\n`;
  return {
    ...object,
    metadata: { ...object.metadata, annotations: { ...object.metadata.annotations, [annotation]: text } },
  };
}

function parsed(text: string): JSONObject | undefined {
  try {
    const value = JSON.parse(text);
    return isJSONObject(value) ? value : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** As Go writes maps: by key. */
function sorted<T>(value: T): T {
  if (Array.isArray(value)) return value.map(sorted) as T;
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => a < b ? -1 : 1);
  return Object.fromEntries(entries.map(([key, inner]) => [key, sorted(inner)])) as T;
}
