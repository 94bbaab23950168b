// meta/v1: written by `kubernaut-we generate` from its schema, never by hand.
import * as c from "@cloudydeno/kubernetes-apis/common.ts";
import * as k from "../codec.ts";

export interface APIGroup {
  apiVersion?: "v1";
  kind?: "APIGroup";
  name: string;
  preferredVersion?: GroupVersionForDiscovery | null;
  versions: Array<GroupVersionForDiscovery>;
}
export function toAPIGroup(input: c.JSONValue): APIGroup & c.ApiKind {
  return k.readKind<APIGroup>("v1", "APIGroup", input, {
    required: {
      name: c.checkStr,
      versions: k.list(toGroupVersionForDiscovery),
    },
    optional: {
      preferredVersion: toGroupVersionForDiscovery,
    },
  });
}
export function fromAPIGroup(input: APIGroup): c.JSONValue {
  return k.writeKind("v1", "APIGroup", input, {
    preferredVersion: fromGroupVersionForDiscovery,
    versions: k.writeList(fromGroupVersionForDiscovery),
  });
}

export interface APIGroupList {
  apiVersion?: "v1";
  kind?: "APIGroupList";
  groups: Array<APIGroup>;
}
export function toAPIGroupList(input: c.JSONValue): APIGroupList & c.ApiKind {
  return k.readKind<APIGroupList>("v1", "APIGroupList", input, {
    required: {
      groups: k.list(toAPIGroup),
    },
    optional: {},
  });
}
export function fromAPIGroupList(input: APIGroupList): c.JSONValue {
  return k.writeKind("v1", "APIGroupList", input, {
    groups: k.writeList(fromAPIGroup),
  });
}

export interface APIResource {
  categories?: Array<string> | null;
  group?: string | null;
  kind: string;
  name: string;
  namespaced: boolean;
  shortNames?: Array<string> | null;
  singularName: string;
  storageVersionHash?: string | null;
  verbs: Array<string>;
  version?: string | null;
}
export function toAPIResource(input: c.JSONValue): APIResource {
  return k.readStruct<APIResource>(input, {
    required: {
      kind: c.checkStr,
      name: c.checkStr,
      namespaced: c.checkBool,
      singularName: c.checkStr,
      verbs: k.list(c.checkStr),
    },
    optional: {
      categories: k.list(c.checkStr),
      group: c.checkStr,
      shortNames: k.list(c.checkStr),
      storageVersionHash: c.checkStr,
      version: c.checkStr,
    },
  });
}
export function fromAPIResource(input: APIResource): c.JSONValue {
  return k.writeStruct(input, {});
}

export interface APIResourceList {
  apiVersion?: "v1";
  kind?: "APIResourceList";
  groupVersion: string;
  resources: Array<APIResource>;
}
export function toAPIResourceList(input: c.JSONValue): APIResourceList & c.ApiKind {
  return k.readKind<APIResourceList>("v1", "APIResourceList", input, {
    required: {
      groupVersion: c.checkStr,
      resources: k.list(toAPIResource),
    },
    optional: {},
  });
}
export function fromAPIResourceList(input: APIResourceList): c.JSONValue {
  return k.writeKind("v1", "APIResourceList", input, {
    resources: k.writeList(fromAPIResource),
  });
}

export interface Condition {
  lastTransitionTime: c.Time;
  message: string;
  observedGeneration?: number | null;
  reason: string;
  status: string;
  type: string;
}
export function toCondition(input: c.JSONValue): Condition {
  return k.readStruct<Condition>(input, {
    required: {
      lastTransitionTime: c.toTime,
      message: c.checkStr,
      reason: c.checkStr,
      status: c.checkStr,
      type: c.checkStr,
    },
    optional: {
      observedGeneration: c.checkNum,
    },
  });
}
export function fromCondition(input: Condition): c.JSONValue {
  return k.writeStruct(input, {
    lastTransitionTime: c.fromTime,
  });
}

export interface DeleteOptions {
  apiVersion?: string | null;
  dryRun?: Array<string> | null;
  gracePeriodSeconds?: number | null;
  kind?: string | null;
  orphanDependents?: boolean | null;
  preconditions?: Preconditions | null;
  propagationPolicy?: string | null;
}
export function toDeleteOptions(input: c.JSONValue): DeleteOptions {
  return k.readStruct<DeleteOptions>(input, {
    required: {},
    optional: {
      apiVersion: c.checkStr,
      dryRun: k.list(c.checkStr),
      gracePeriodSeconds: c.checkNum,
      kind: c.checkStr,
      orphanDependents: c.checkBool,
      preconditions: toPreconditions,
      propagationPolicy: c.checkStr,
    },
  });
}
export function fromDeleteOptions(input: DeleteOptions): c.JSONValue {
  return k.writeStruct(input, {
    preconditions: fromPreconditions,
  });
}

export interface GroupVersionForDiscovery {
  groupVersion: string;
  version: string;
}
export function toGroupVersionForDiscovery(input: c.JSONValue): GroupVersionForDiscovery {
  return k.readStruct<GroupVersionForDiscovery>(input, {
    required: {
      groupVersion: c.checkStr,
      version: c.checkStr,
    },
    optional: {},
  });
}
export function fromGroupVersionForDiscovery(input: GroupVersionForDiscovery): c.JSONValue {
  return k.writeStruct(input, {});
}

export interface LabelSelector {
  matchExpressions?: Array<LabelSelectorRequirement> | null;
  matchLabels?: Record<string, string> | null;
}
export function toLabelSelector(input: c.JSONValue): LabelSelector {
  return k.readStruct<LabelSelector>(input, {
    required: {},
    optional: {
      matchExpressions: k.list(toLabelSelectorRequirement),
      matchLabels: k.map(c.checkStr),
    },
  });
}
export function fromLabelSelector(input: LabelSelector): c.JSONValue {
  return k.writeStruct(input, {
    matchExpressions: k.writeList(fromLabelSelectorRequirement),
  });
}

export interface LabelSelectorRequirement {
  key: string;
  operator: string;
  values?: Array<string> | null;
}
export function toLabelSelectorRequirement(input: c.JSONValue): LabelSelectorRequirement {
  return k.readStruct<LabelSelectorRequirement>(input, {
    required: {
      key: c.checkStr,
      operator: c.checkStr,
    },
    optional: {
      values: k.list(c.checkStr),
    },
  });
}
export function fromLabelSelectorRequirement(input: LabelSelectorRequirement): c.JSONValue {
  return k.writeStruct(input, {});
}

export interface ListMeta {
  continue?: string | null;
  remainingItemCount?: number | null;
  resourceVersion?: string | null;
  selfLink?: string | null;
}
export function toListMeta(input: c.JSONValue): ListMeta {
  return k.readStruct<ListMeta>(input, {
    required: {},
    optional: {
      continue: c.checkStr,
      remainingItemCount: c.checkNum,
      resourceVersion: c.checkStr,
      selfLink: c.checkStr,
    },
  });
}
export function fromListMeta(input: ListMeta): c.JSONValue {
  return k.writeStruct(input, {});
}

export interface ManagedFieldsEntry {
  apiVersion?: string | null;
  fieldsType?: string | null;
  fieldsV1?: c.JSONValue | null;
  manager?: string | null;
  operation?: string | null;
  subresource?: string | null;
  time?: c.Time | null;
}
export function toManagedFieldsEntry(input: c.JSONValue): ManagedFieldsEntry {
  return k.readStruct<ManagedFieldsEntry>(input, {
    required: {},
    optional: {
      apiVersion: c.checkStr,
      fieldsType: c.checkStr,
      fieldsV1: k.json,
      manager: c.checkStr,
      operation: c.checkStr,
      subresource: c.checkStr,
      time: c.toTime,
    },
  });
}
export function fromManagedFieldsEntry(input: ManagedFieldsEntry): c.JSONValue {
  return k.writeStruct(input, {
    time: c.fromTime,
  });
}

export interface ObjectMeta {
  annotations?: Record<string, string> | null;
  creationTimestamp?: c.Time | null;
  deletionGracePeriodSeconds?: number | null;
  deletionTimestamp?: c.Time | null;
  finalizers?: Array<string> | null;
  generateName?: string | null;
  generation?: number | null;
  labels?: Record<string, string> | null;
  managedFields?: Array<ManagedFieldsEntry> | null;
  name?: string | null;
  namespace?: string | null;
  ownerReferences?: Array<OwnerReference> | null;
  resourceVersion?: string | null;
  selfLink?: string | null;
  uid?: string | null;
}
export function toObjectMeta(input: c.JSONValue): ObjectMeta {
  return k.readStruct<ObjectMeta>(input, {
    required: {},
    optional: {
      annotations: k.map(c.checkStr),
      creationTimestamp: c.toTime,
      deletionGracePeriodSeconds: c.checkNum,
      deletionTimestamp: c.toTime,
      finalizers: k.list(c.checkStr),
      generateName: c.checkStr,
      generation: c.checkNum,
      labels: k.map(c.checkStr),
      managedFields: k.list(toManagedFieldsEntry),
      name: c.checkStr,
      namespace: c.checkStr,
      ownerReferences: k.list(toOwnerReference),
      resourceVersion: c.checkStr,
      selfLink: c.checkStr,
      uid: c.checkStr,
    },
  });
}
export function fromObjectMeta(input: ObjectMeta): c.JSONValue {
  return k.writeStruct(input, {
    creationTimestamp: c.fromTime,
    deletionTimestamp: c.fromTime,
    managedFields: k.writeList(fromManagedFieldsEntry),
    ownerReferences: k.writeList(fromOwnerReference),
  });
}

export interface OwnerReference {
  apiVersion: string;
  blockOwnerDeletion?: boolean | null;
  controller?: boolean | null;
  kind: string;
  name: string;
  uid: string;
}
export function toOwnerReference(input: c.JSONValue): OwnerReference {
  return k.readStruct<OwnerReference>(input, {
    required: {
      apiVersion: c.checkStr,
      kind: c.checkStr,
      name: c.checkStr,
      uid: c.checkStr,
    },
    optional: {
      blockOwnerDeletion: c.checkBool,
      controller: c.checkBool,
    },
  });
}
export function fromOwnerReference(input: OwnerReference): c.JSONValue {
  return k.writeStruct(input, {});
}

export interface Preconditions {
  resourceVersion?: string | null;
  uid?: string | null;
}
export function toPreconditions(input: c.JSONValue): Preconditions {
  return k.readStruct<Preconditions>(input, {
    required: {},
    optional: {
      resourceVersion: c.checkStr,
      uid: c.checkStr,
    },
  });
}
export function fromPreconditions(input: Preconditions): c.JSONValue {
  return k.writeStruct(input, {});
}

export interface Status {
  apiVersion?: "v1";
  kind?: "Status";
  code?: number | null;
  details?: StatusDetails | null;
  message?: string | null;
  metadata?: ListMeta | null;
  reason?: string | null;
  status?: string | null;
}
export function toStatus(input: c.JSONValue): Status & c.ApiKind {
  return k.readKind<Status>("v1", "Status", input, {
    required: {},
    optional: {
      code: c.checkNum,
      details: toStatusDetails,
      message: c.checkStr,
      metadata: toListMeta,
      reason: c.checkStr,
      status: c.checkStr,
    },
  });
}
export function fromStatus(input: Status): c.JSONValue {
  return k.writeKind("v1", "Status", input, {
    details: fromStatusDetails,
    metadata: fromListMeta,
  });
}

export interface StatusCause {
  field?: string | null;
  message?: string | null;
  reason?: string | null;
}
export function toStatusCause(input: c.JSONValue): StatusCause {
  return k.readStruct<StatusCause>(input, {
    required: {},
    optional: {
      field: c.checkStr,
      message: c.checkStr,
      reason: c.checkStr,
    },
  });
}
export function fromStatusCause(input: StatusCause): c.JSONValue {
  return k.writeStruct(input, {});
}

export interface StatusDetails {
  causes?: Array<StatusCause> | null;
  group?: string | null;
  kind?: string | null;
  name?: string | null;
  retryAfterSeconds?: number | null;
  uid?: string | null;
}
export function toStatusDetails(input: c.JSONValue): StatusDetails {
  return k.readStruct<StatusDetails>(input, {
    required: {},
    optional: {
      causes: k.list(toStatusCause),
      group: c.checkStr,
      kind: c.checkStr,
      name: c.checkStr,
      retryAfterSeconds: c.checkNum,
      uid: c.checkStr,
    },
  });
}
export function fromStatusDetails(input: StatusDetails): c.JSONValue {
  return k.writeStruct(input, {
    causes: k.writeList(fromStatusCause),
  });
}
