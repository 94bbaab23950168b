// Who owns which fields of an object. Every write takes the fields that it changes from whoever owned them; an apply shares
// those that it leaves as they are. Source: kubernetes.io "Server-Side Apply", k8s.io/apimachinery pkg/util/managedfields.
import type { JSONObject, JSONValue } from "../kube/contract.ts";
import { objectMeta } from "./builtin_schemas.ts";
import { below, decodeFields, encodeFields, type FieldSet, isWithin, union, without } from "./field_set.ts";
import { asJSON, isJSONObject, type KubeObject, textAt, timestamp } from "./objects.ts";
import { apiVersionOf, type ResourceType } from "./resources.ts";
import type { Schema } from "./schema.ts";
import { type Difference, difference } from "./typed_value.ts";

/** One entry of managedFields. */
export interface Owner {
  manager: string;
  operation: "Apply" | "Update";
  apiVersion: string;
  subresource: string;
  time: string;
  fields: FieldSet;
}

/** Who writes, through which part of the object, and when. */
export interface Writer {
  manager: string;
  subresource: string;
  nowMs: number;
}

const field = (...names: string[]) => names.reduce((path, name) => below(path, `f:${name}`), "");
/** Identity and bookkeeping belong to nobody. */
const nobodys = ["apiVersion", "kind", "metadata"].map((name) => field(name)).concat(
  ["name", "namespace", "creationTimestamp", "selfLink", "uid", "generation", "managedFields", "resourceVersion"]
    .map((name) => field("metadata", name)),
);

/** The schema of the whole object, metadata included. */
export function wholeSchema(type: ResourceType): Schema {
  const schema = type.custom?.schema ?? type.schema ?? {};
  const text: Schema = { type: "string" };
  return { ...schema, properties: { apiVersion: text, kind: text, ...schema.properties, metadata: objectMeta } };
}

/** The part of a set that a write through the object or one of its subresources can own. */
export function ownable(type: ResourceType, set: FieldSet, subresource: string): Set<string> {
  const status = [field("status")];
  return new Set([...set].filter((path) => {
    if (nobodys.includes(path) || isWithin(path, [field("metadata", "managedFields")])) return false;
    return !type.hasStatus || isWithin(path, status) === (subresource === "status");
  }));
}

/** How two states of an object differ, in what can be owned. */
export function ownableDifference(
  type: ResourceType,
  before: KubeObject | undefined,
  after: KubeObject,
  subresource: string,
): Difference {
  // What the Go type of an empty object writes is there before anybody wrote it.
  const empty: JSONObject = { metadata: {}, ...(type.custom ? {} : type.zero) };
  const { added, modified, removed } = difference(before ? asJSON(before) : empty, asJSON(after), wholeSchema(type));
  const own = (set: FieldSet) => ownable(type, set, subresource);
  return { added: own(added), modified: own(modified), removed: own(removed) };
}

/** managedFields after a create, replace or patch; undefined when the object is not tracked. */
export function afterUpdate(
  type: ResourceType,
  before: KubeObject | undefined,
  after: KubeObject,
  writer: Writer,
): JSONObject[] | undefined {
  const given = after.metadata.managedFields ?? [];
  // A list of one empty entry is how a client asks for the end of tracking, which only an apply begins again.
  const isReset = given.length === 1 && Object.keys(given[0] ?? {}).length === 0;
  if (isReset || (before && !before.metadata.managedFields?.length)) return undefined;
  const { added, modified, removed } = ownableDifference(type, before, after, writer.subresource);
  const known = given.length > 0 && before ? given : before?.metadata.managedFields ?? [];
  if (added.size + modified.size + removed.size === 0) return known.length > 0 ? known : undefined;
  const owners = decodeOwners(known).map((owner) => ({ ...owner, fields: without(owner.fields, modified, removed) }));
  const taken = union(added, modified);
  const self: Owner = {
    manager: writer.manager,
    operation: "Update",
    apiVersion: apiVersionOf(type),
    subresource: writer.subresource,
    time: timestamp(writer.nowMs),
    fields: taken,
  };
  if (taken.size === 0) return encodeOwners(owners);
  const own = owners.find((owner) => isSame(owner, self));
  const others = owners.filter((owner) => owner !== own);
  return encodeOwners([...others, { ...self, fields: own ? union(own.fields, taken) : taken }]);
}

/** Whether two entries are of one manager, writing in one way. */
export function isSame(a: Owner, b: Owner): boolean {
  return a.manager === b.manager && a.operation === b.operation && a.subresource === b.subresource &&
    (a.operation === "Apply" || a.apiVersion === b.apiVersion);
}

export function decodeOwners(entries: readonly JSONValue[]): Owner[] {
  return entries.filter(isJSONObject).map((entry) => ({
    manager: textAt(entry, "manager"),
    operation: entry.operation === "Apply" ? "Apply" : "Update",
    apiVersion: textAt(entry, "apiVersion"),
    subresource: textAt(entry, "subresource"),
    time: textAt(entry, "time"),
    fields: decodeFields(isJSONObject(entry.fieldsV1) ? entry.fieldsV1 : {}),
  }));
}

/** The entries as they are stored, those that own nothing left out; undefined when none is left. */
export function encodeOwners(owners: Owner[]): JSONObject[] | undefined {
  const order = ({ operation, time, manager, subresource }: Owner) => [operation, time, manager, subresource].join(" ");
  const left = owners.filter(({ fields }) => fields.size > 0).sort((a, b) => order(a) < order(b) ? -1 : 1);
  if (left.length === 0) return undefined;
  return left.map(({ manager, operation, apiVersion, subresource, time, fields }): JSONObject => ({
    manager,
    operation,
    apiVersion,
    ...(time && { time }),
    fieldsType: "FieldsV1",
    fieldsV1: encodeFields(fields),
    ...(subresource && { subresource }),
  }));
}
