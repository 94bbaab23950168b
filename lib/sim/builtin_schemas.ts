// Structural schemas of the built-in kinds, as far as this server knows them: which fields there are, of which type, and which
// lists are merged by key. Decoding, unknown fields, server-side apply and OpenAPI read them. A part marked `any` is kept as it
// comes. Source: k8s.io/api types of v1.36.
import type { Schema } from "./schema.ts";

/** A schema that knows the name of its Go struct, which decoding errors tell. */
export interface BuiltinSchema extends Schema {
  struct?: string;
  /** Written even when it is empty, as few lists and maps are. */
  keepsEmpty?: boolean;
  /** The Go type where it is not the plain one of the JSON type. */
  goType?: string;
  properties?: Record<string, BuiltinSchema>;
  items?: BuiltinSchema;
  additionalProperties?: BuiltinSchema | boolean;
}

const text: BuiltinSchema = { type: "string" };
const uid: BuiltinSchema = { ...text, goType: "types.UID" };
const integer: BuiltinSchema = { type: "integer", format: "int32" };
const long: BuiltinSchema = { type: "integer", format: "int64" };
const truth: BuiltinSchema = { type: "boolean" };
const any: BuiltinSchema = { type: "object", "x-kubernetes-preserve-unknown-fields": true };
/** A number or its text; kept as text. */
const quantity: BuiltinSchema = { type: "string", format: "quantity" };
const time: BuiltinSchema = { type: "string", format: "date-time" };
/** Written and read with exactly six decimals. */
const microTime: BuiltinSchema = { type: "string", format: "micro-time" };
const bytes: BuiltinSchema = { type: "string", format: "byte" };
const map = (of: BuiltinSchema): BuiltinSchema => ({ type: "object", additionalProperties: of });
const list = (items: BuiltinSchema): BuiltinSchema => ({ type: "array", items, "x-kubernetes-list-type": "atomic" });
const set = (items: BuiltinSchema): BuiltinSchema => ({ type: "array", items, "x-kubernetes-list-type": "set" });
const keyed = (items: BuiltinSchema, ...keys: string[]): BuiltinSchema => ({
  type: "array",
  items,
  "x-kubernetes-list-type": "map",
  "x-kubernetes-list-map-keys": keys,
});
const struct = (name: string, properties: Record<string, BuiltinSchema>): BuiltinSchema => ({
  type: "object",
  struct: name,
  properties,
});
const atomic = (of: BuiltinSchema): BuiltinSchema => ({ ...of, "x-kubernetes-map-type": "atomic" });

const texts = list(text);
const objectReference = atomic(struct("ObjectReference", {
  kind: text,
  namespace: text,
  name: text,
  uid: text,
  apiVersion: text,
  resourceVersion: text,
  fieldPath: text,
}));
const localReference = atomic(struct("LocalObjectReference", { name: text }));
const condition = struct("Condition", {
  type: text,
  status: text,
  observedGeneration: long,
  lastTransitionTime: time,
  reason: text,
  message: text,
});
const policyRule = struct("PolicyRule", {
  verbs: texts,
  apiGroups: texts,
  resources: texts,
  resourceNames: texts,
  nonResourceURLs: texts,
});
const rules: BuiltinSchema = { ...list(policyRule), keepsEmpty: true };
const roleRef = atomic(struct("RoleRef", { apiGroup: text, kind: text, name: text }));
const subject = atomic(struct("Subject", { kind: text, apiGroup: text, name: text, namespace: text }));
const labelSelector = atomic(struct("LabelSelector", { matchLabels: map(text), matchExpressions: list(any) }));

/** `metadata` of every kind. */
export const objectMeta = struct("ObjectMeta", {
  name: text,
  generateName: text,
  namespace: text,
  selfLink: text,
  uid,
  resourceVersion: text,
  generation: long,
  creationTimestamp: time,
  deletionTimestamp: time,
  deletionGracePeriodSeconds: long,
  labels: map(text),
  annotations: map(text),
  ownerReferences: keyed(
    atomic(struct("OwnerReference", {
      apiVersion: text,
      kind: text,
      name: text,
      uid,
      controller: truth,
      blockOwnerDeletion: truth,
    })),
    "uid",
  ),
  finalizers: set(text),
  managedFields: list(any),
});

const eventSeries = struct("EventSeries", { count: integer, lastObservedTime: microTime });
const eventCommon = {
  eventTime: microTime,
  series: eventSeries,
  action: text,
  reason: text,
  related: objectReference,
  type: text,
  reportingInstance: text,
};
const eventSource = struct("EventSource", { component: text, host: text });

const kinds: Record<string, Record<string, BuiltinSchema>> = {
  "/namespaces": {
    spec: struct("NamespaceSpec", { finalizers: texts }),
    status: struct("NamespaceStatus", { phase: text, conditions: keyed(condition, "type") }),
  },
  "/configmaps": { immutable: truth, data: map(text), binaryData: map(bytes) },
  "/secrets": { immutable: truth, data: map(bytes), stringData: map(text), type: text },
  "/serviceaccounts": {
    secrets: keyed(objectReference, "name"),
    imagePullSecrets: list(localReference),
    automountServiceAccountToken: truth,
  },
  "/events": {
    ...eventCommon,
    involvedObject: objectReference,
    message: text,
    source: eventSource,
    firstTimestamp: time,
    lastTimestamp: time,
    count: integer,
    reportingComponent: text,
  },
  "events.k8s.io/events": {
    ...eventCommon,
    regarding: objectReference,
    note: text,
    reportingController: text,
    deprecatedSource: eventSource,
    deprecatedFirstTimestamp: time,
    deprecatedLastTimestamp: time,
    deprecatedCount: integer,
  },
  "/pods": { spec: any, status: any },
  "/resourcequotas": {
    spec: struct("ResourceQuotaSpec", { hard: map(quantity), scopes: texts, scopeSelector: any }),
    status: struct("ResourceQuotaStatus", { hard: map(quantity), used: map(quantity) }),
  },
  "coordination.k8s.io/leases": {
    spec: struct("LeaseSpec", {
      holderIdentity: text,
      leaseDurationSeconds: integer,
      acquireTime: microTime,
      renewTime: microTime,
      leaseTransitions: integer,
      strategy: text,
      preferredHolder: text,
    }),
  },
  "rbac.authorization.k8s.io/roles": { rules },
  "rbac.authorization.k8s.io/clusterroles": {
    rules,
    aggregationRule: struct("AggregationRule", { clusterRoleSelectors: list(labelSelector) }),
  },
  "rbac.authorization.k8s.io/rolebindings": { subjects: list(subject), roleRef },
  "rbac.authorization.k8s.io/clusterrolebindings": { subjects: list(subject), roleRef },
  "apiextensions.k8s.io/customresourcedefinitions": {
    spec: struct("CustomResourceDefinitionSpec", {
      group: text,
      names: any,
      scope: text,
      versions: list(any),
      conversion: any,
      preserveUnknownFields: truth,
    }),
    status: any,
  },
};

/** The schema of a built-in resource; undefined for one whose objects are never stored. */
export function builtinSchema(type: { group: string; resource: string; kind: string }): BuiltinSchema | undefined {
  const properties = kinds[`${type.group}/${type.resource}`];
  return properties && struct(type.kind, { apiVersion: text, kind: text, metadata: objectMeta, ...properties });
}
