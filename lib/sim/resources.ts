// What a resource is to the API server, and the table of those that are built in. CustomResourceDefinitions add more
// (custom_resources.ts). Rules on single built-in kinds are in builtin_validation.ts.
import type { Schema } from "./schema.ts";
import type { SelectableFields } from "./selectors.ts";
import type { Column } from "./table.ts";
import type { FieldFault, Subject } from "./status.ts";
import type { KubeObject } from "./objects.ts";
import type { JSONObject } from "../kube/contract.ts";
import { type BuiltinSchema, builtinSchema } from "./builtin_schemas.ts";
import { builtinColumns } from "./builtin_columns.ts";
import { validateBuiltin } from "./builtin_validation.ts";
import { noDefinitionStatus } from "./definition_status.ts";

export interface ResourceType extends Subject {
  version: string;
  singular: string;
  listKind: string;
  namespaced: boolean;
  shortNames: string[];
  categories: string[];
  verbs: string[];
  /** The status subresource exists: status is written there only. */
  hasStatus: boolean;
  /** metadata.generation counts changes of the desired state. */
  hasGeneration: boolean;
  /** A replace creates what is absent. */
  createOnUpdate: boolean;
  /** A replace without resourceVersion is allowed. */
  unconditionalUpdate: boolean;
  /** What the Go type of an object without content writes nevertheless. */
  zero: JSONObject;
  /** Of a built-in resource whose objects are stored. */
  schema: BuiltinSchema | undefined;
  /** Set for a custom resource; absent for one that is built in. */
  custom?: CustomSchema;
  /** Added to an object when it is deleted: its own controller has to clean up first. */
  deletionFinalizers: string[];
  selectable: SelectableFields;
  columns: Column[];
  /** Other served versions of the same resource share its storage. */
  storage: string;
  /** Faults of an object about to be stored; `old` when it replaces one. */
  validate(object: KubeObject, old?: KubeObject): FieldFault[];
}

/** The part of a custom resource that its CustomResourceDefinition's schema decides. */
export interface CustomSchema {
  /** Unknown fields go, defaults come; the paths of the fields that went are returned. What was applied keeps its nulls. */
  normalize(object: KubeObject, isApplied?: boolean): { object: KubeObject; unknown: string[] };
  /** The version's structural schema. */
  schema: Schema;
  /** The columns were declared by the definition: no Name and Age are added but Name. */
  definition: string;
}

type Shape = Partial<Omit<ResourceType, "group" | "version" | "resource" | "kind">>;

const allVerbs = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];

/** A resource with what is usual filled in. */
export function resourceType(
  group: string,
  version: string,
  resource: string,
  kind: string,
  shape: Shape = {},
): ResourceType {
  const type: ResourceType = {
    group,
    version,
    resource,
    kind,
    singular: kind.toLowerCase(),
    listKind: `${kind}List`,
    namespaced: true,
    shortNames: [],
    categories: [],
    verbs: allVerbs,
    hasStatus: false,
    hasGeneration: false,
    createOnUpdate: false,
    unconditionalUpdate: true,
    deletionFinalizers: [],
    selectable: {},
    zero: {},
    schema: undefined,
    columns: builtinColumns(resource),
    storage: `${group}/${resource}`,
    validate: (object, old) => validateBuiltin(type, object, old),
    ...shape,
  };
  if (!type.custom) type.schema = builtinSchema(type);
  return type;
}

const cluster = { namespaced: false };
const withoutCollection = allVerbs.filter((verb) => verb !== "deletecollection");
const review = { namespaced: false, verbs: ["create"] };
const rbac = { createOnUpdate: true };
const rules = { ...rbac, zero: { rules: null } };

/** Every built-in resource, one entry a served version. */
export function builtinResources(): ResourceType[] {
  const authorization = "rbac.authorization.k8s.io";
  return [
    resourceType("", "v1", "namespaces", "Namespace", {
      ...cluster,
      verbs: withoutCollection,
      hasStatus: true,
      shortNames: ["ns"],
      selectable: { "status.phase": ["status", "phase"] },
      zero: { spec: {}, status: {} },
    }),
    resourceType("", "v1", "configmaps", "ConfigMap", { shortNames: ["cm"] }),
    resourceType("", "v1", "secrets", "Secret", { selectable: { type: ["type"] } }),
    resourceType("", "v1", "serviceaccounts", "ServiceAccount", { shortNames: ["sa"] }),
    resourceType("", "v1", "events", "Event", {
      shortNames: ["ev"],
      createOnUpdate: true,
      storage: "events.k8s.io/events",
      selectable: eventFields("involvedObject"),
    }),
    resourceType("", "v1", "pods", "Pod", {
      shortNames: ["po"],
      categories: ["all"],
      hasStatus: true,
      hasGeneration: true,
      selectable: podFields(),
      zero: { spec: { containers: null }, status: {} },
    }),
    resourceType("", "v1", "resourcequotas", "ResourceQuota", {
      shortNames: ["quota"],
      hasStatus: true,
      zero: { spec: {}, status: {} },
    }),
    resourceType("events.k8s.io", "v1", "events", "Event", {
      shortNames: ["ev"],
      createOnUpdate: true,
      selectable: eventFields("regarding"),
    }),
    resourceType("coordination.k8s.io", "v1", "leases", "Lease", {
      createOnUpdate: true,
      unconditionalUpdate: false,
      zero: { spec: {} },
    }),
    resourceType(authorization, "v1", "roles", "Role", rules),
    resourceType(authorization, "v1", "rolebindings", "RoleBinding", rbac),
    resourceType(authorization, "v1", "clusterroles", "ClusterRole", { ...rules, ...cluster }),
    resourceType(authorization, "v1", "clusterrolebindings", "ClusterRoleBinding", { ...rbac, ...cluster }),
    resourceType("apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", {
      ...cluster,
      hasStatus: true,
      hasGeneration: true,
      unconditionalUpdate: false,
      shortNames: ["crd", "crds"],
      categories: ["api-extensions"],
      zero: {
        spec: { group: "", names: { plural: "", kind: "" }, scope: "", versions: null },
        status: noDefinitionStatus,
      },
      deletionFinalizers: ["customresourcecleanup.apiextensions.k8s.io"],
    }),
    resourceType("authentication.k8s.io", "v1", "tokenreviews", "TokenReview", review),
    resourceType("authentication.k8s.io", "v1", "selfsubjectreviews", "SelfSubjectReview", review),
    resourceType("authorization.k8s.io", "v1", "subjectaccessreviews", "SubjectAccessReview", review),
    resourceType("authorization.k8s.io", "v1", "selfsubjectaccessreviews", "SelfSubjectAccessReview", review),
    resourceType("authorization.k8s.io", "v1", "localsubjectaccessreviews", "LocalSubjectAccessReview", {
      verbs: ["create"],
    }),
    resourceType("authorization.k8s.io", "v1", "selfsubjectrulesreviews", "SelfSubjectRulesReview", review),
  ];
}

function podFields(): SelectableFields {
  const paths = ["spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName"];
  return Object.fromEntries([...paths, "status.phase", "status.podIP"].map((path) => [path, path.split(".")]));
}

function eventFields(object: string): SelectableFields {
  const fields: SelectableFields = { reason: ["reason"], type: ["type"] };
  for (const field of ["kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath"]) {
    fields[`${object}.${field}`] = ["regarding", field];
  }
  fields["reportingComponent"] = ["reportingController"];
  return fields;
}

/** The resources that the server knows at the moment. */
export class Resources {
  #types = new Map<string, ResourceType>();

  constructor() {
    for (const type of builtinResources()) this.add(type);
  }

  add(type: ResourceType): void {
    this.#types.set(nameOf(type.group, type.version, type.resource), type);
  }

  /** Forgets every version of a custom resource. */
  remove(group: string, resource: string): void {
    for (const [key, type] of this.#types) {
      if (type.group === group && type.resource === resource) this.#types.delete(key);
    }
  }

  get(group: string, version: string, resource: string): ResourceType | undefined {
    return this.#types.get(nameOf(group, version, resource));
  }

  /** Whether the group has that version, with whatever resources. */
  serves(group: string, version: string): boolean {
    return this.all().some((type) => type.group === group && type.version === version);
  }

  /** By kind, as an owner reference or a manifest names it. */
  ofKind(apiVersion: string, kind: string): ResourceType | undefined {
    return this.all().find((type) => apiVersionOf(type) === apiVersion && type.kind === kind);
  }

  /** The type in whose group and version the objects of a storage are kept. */
  stored(storage: string): ResourceType | undefined {
    return this.all().find((type) => type.storage === storage && storage === `${type.group}/${type.resource}`);
  }

  all(): ResourceType[] {
    return [...this.#types.values()];
  }
}

export function apiVersionOf(type: { group: string; version: string }): string {
  return type.group ? `${type.group}/${type.version}` : type.version;
}

function nameOf(group: string, version: string, resource: string): string {
  return `${group}/${version}/${resource}`;
}
