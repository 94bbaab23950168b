// apiextensions.k8s.io/v1: written by `kubernaut-we generate` from its schema, never by hand.
import * as c from "@cloudydeno/kubernetes-apis/common.ts";
import * as MetaV1 from "@cloudydeno/kubernetes-apis/meta/v1";
import * as k from "../codec.ts";
import * as op from "../operations.ts";

export interface CustomResourceColumnDefinition {
  description?: string | null;
  format?: string | null;
  jsonPath: string;
  name: string;
  priority?: number | null;
  type: string;
}
export function toCustomResourceColumnDefinition(input: c.JSONValue): CustomResourceColumnDefinition {
  return k.readStruct<CustomResourceColumnDefinition>(input, {
    required: {
      jsonPath: c.checkStr,
      name: c.checkStr,
      type: c.checkStr,
    },
    optional: {
      description: c.checkStr,
      format: c.checkStr,
      priority: c.checkNum,
    },
  });
}
export function fromCustomResourceColumnDefinition(input: CustomResourceColumnDefinition): c.JSONValue {
  return k.writeStruct(input, {});
}

export interface CustomResourceDefinition {
  apiVersion?: "apiextensions.k8s.io/v1";
  kind?: "CustomResourceDefinition";
  metadata?: MetaV1.ObjectMeta | null;
  spec: CustomResourceDefinitionSpec;
  status?: CustomResourceDefinitionStatus | null;
}
export function toCustomResourceDefinition(input: c.JSONValue): CustomResourceDefinition & c.ApiKind {
  return k.readKind<CustomResourceDefinition>("apiextensions.k8s.io/v1", "CustomResourceDefinition", input, {
    required: {
      spec: toCustomResourceDefinitionSpec,
    },
    optional: {
      metadata: MetaV1.toObjectMeta,
      status: toCustomResourceDefinitionStatus,
    },
  });
}
export function fromCustomResourceDefinition(input: CustomResourceDefinition): c.JSONValue {
  return k.writeKind("apiextensions.k8s.io/v1", "CustomResourceDefinition", input, {
    metadata: MetaV1.fromObjectMeta,
    spec: fromCustomResourceDefinitionSpec,
    status: fromCustomResourceDefinitionStatus,
  });
}

export interface CustomResourceDefinitionCondition {
  lastTransitionTime?: c.Time | null;
  message?: string | null;
  reason?: string | null;
  status: string;
  type: string;
}
export function toCustomResourceDefinitionCondition(input: c.JSONValue): CustomResourceDefinitionCondition {
  return k.readStruct<CustomResourceDefinitionCondition>(input, {
    required: {
      status: c.checkStr,
      type: c.checkStr,
    },
    optional: {
      lastTransitionTime: c.toTime,
      message: c.checkStr,
      reason: c.checkStr,
    },
  });
}
export function fromCustomResourceDefinitionCondition(input: CustomResourceDefinitionCondition): c.JSONValue {
  return k.writeStruct(input, {
    lastTransitionTime: c.fromTime,
  });
}

/** CustomResourceDefinitionList is a list of CustomResourceDefinition. */
export interface CustomResourceDefinitionList {
  apiVersion?: "apiextensions.k8s.io/v1";
  kind?: "CustomResourceDefinitionList";
  items: Array<CustomResourceDefinition>;
  metadata: MetaV1.ListMeta;
}
export function toCustomResourceDefinitionList(input: c.JSONValue): CustomResourceDefinitionList & c.ApiKind {
  return k.readKind<CustomResourceDefinitionList>("apiextensions.k8s.io/v1", "CustomResourceDefinitionList", input, {
    required: {
      items: k.list(toCustomResourceDefinition),
      metadata: MetaV1.toListMeta,
    },
    optional: {},
  });
}
export function fromCustomResourceDefinitionList(input: CustomResourceDefinitionList): c.JSONValue {
  return k.writeKind("apiextensions.k8s.io/v1", "CustomResourceDefinitionList", input, {
    items: k.writeList(fromCustomResourceDefinition),
    metadata: MetaV1.fromListMeta,
  });
}

export interface CustomResourceDefinitionNames {
  categories?: Array<string> | null;
  kind: string;
  listKind?: string | null;
  plural: string;
  shortNames?: Array<string> | null;
  singular?: string | null;
}
export function toCustomResourceDefinitionNames(input: c.JSONValue): CustomResourceDefinitionNames {
  return k.readStruct<CustomResourceDefinitionNames>(input, {
    required: {
      kind: c.checkStr,
      plural: c.checkStr,
    },
    optional: {
      categories: k.list(c.checkStr),
      listKind: c.checkStr,
      shortNames: k.list(c.checkStr),
      singular: c.checkStr,
    },
  });
}
export function fromCustomResourceDefinitionNames(input: CustomResourceDefinitionNames): c.JSONValue {
  return k.writeStruct(input, {});
}

export interface CustomResourceDefinitionSpec {
  group: string;
  names: CustomResourceDefinitionNames;
  preserveUnknownFields?: boolean | null;
  scope: string;
  versions: Array<CustomResourceDefinitionVersion>;
}
export function toCustomResourceDefinitionSpec(input: c.JSONValue): CustomResourceDefinitionSpec {
  return k.readStruct<CustomResourceDefinitionSpec>(input, {
    required: {
      group: c.checkStr,
      names: toCustomResourceDefinitionNames,
      scope: c.checkStr,
      versions: k.list(toCustomResourceDefinitionVersion),
    },
    optional: {
      preserveUnknownFields: c.checkBool,
    },
  });
}
export function fromCustomResourceDefinitionSpec(input: CustomResourceDefinitionSpec): c.JSONValue {
  return k.writeStruct(input, {
    names: fromCustomResourceDefinitionNames,
    versions: k.writeList(fromCustomResourceDefinitionVersion),
  });
}

export interface CustomResourceDefinitionStatus {
  acceptedNames?: CustomResourceDefinitionNames | null;
  conditions?: Array<CustomResourceDefinitionCondition> | null;
  storedVersions?: Array<string> | null;
}
export function toCustomResourceDefinitionStatus(input: c.JSONValue): CustomResourceDefinitionStatus {
  return k.readStruct<CustomResourceDefinitionStatus>(input, {
    required: {},
    optional: {
      acceptedNames: toCustomResourceDefinitionNames,
      conditions: k.list(toCustomResourceDefinitionCondition),
      storedVersions: k.list(c.checkStr),
    },
  });
}
export function fromCustomResourceDefinitionStatus(input: CustomResourceDefinitionStatus): c.JSONValue {
  return k.writeStruct(input, {
    acceptedNames: fromCustomResourceDefinitionNames,
    conditions: k.writeList(fromCustomResourceDefinitionCondition),
  });
}

export interface CustomResourceDefinitionVersion {
  additionalPrinterColumns?: Array<CustomResourceColumnDefinition> | null;
  deprecated?: boolean | null;
  deprecationWarning?: string | null;
  name: string;
  schema?: CustomResourceValidation | null;
  served: boolean;
  storage: boolean;
  subresources?: CustomResourceSubresources | null;
}
export function toCustomResourceDefinitionVersion(input: c.JSONValue): CustomResourceDefinitionVersion {
  return k.readStruct<CustomResourceDefinitionVersion>(input, {
    required: {
      name: c.checkStr,
      served: c.checkBool,
      storage: c.checkBool,
    },
    optional: {
      additionalPrinterColumns: k.list(toCustomResourceColumnDefinition),
      deprecated: c.checkBool,
      deprecationWarning: c.checkStr,
      schema: toCustomResourceValidation,
      subresources: toCustomResourceSubresources,
    },
  });
}
export function fromCustomResourceDefinitionVersion(input: CustomResourceDefinitionVersion): c.JSONValue {
  return k.writeStruct(input, {
    additionalPrinterColumns: k.writeList(fromCustomResourceColumnDefinition),
    schema: fromCustomResourceValidation,
    subresources: fromCustomResourceSubresources,
  });
}

export interface CustomResourceSubresources {
  scale?: c.JSONValue | null;
  status?: c.JSONValue | null;
}
export function toCustomResourceSubresources(input: c.JSONValue): CustomResourceSubresources {
  return k.readStruct<CustomResourceSubresources>(input, {
    required: {},
    optional: {
      scale: k.json,
      status: k.json,
    },
  });
}
export function fromCustomResourceSubresources(input: CustomResourceSubresources): c.JSONValue {
  return k.writeStruct(input, {});
}

export interface CustomResourceValidation {
  openAPIV3Schema?: c.JSONValue | null;
}
export function toCustomResourceValidation(input: c.JSONValue): CustomResourceValidation {
  return k.readStruct<CustomResourceValidation>(input, {
    required: {},
    optional: {
      openAPIV3Schema: k.json,
    },
  });
}
export function fromCustomResourceValidation(input: CustomResourceValidation): c.JSONValue {
  return k.writeStruct(input, {});
}

/** apiextensions.k8s.io/v1, cluster-wide. */
export class ApiextensionsV1Api {
  readonly #target: op.Target;
  constructor(client: c.RestClient) {
    this.#target = op.clusterWide(client, "/apis/apiextensions.k8s.io/v1/");
  }

  getCustomResourceDefinitionList(opts: op.ListOpts = {}): Promise<CustomResourceDefinitionList & c.ApiKind> {
    return op.get(this.#target, ["customresourcedefinitions"], opts, toCustomResourceDefinitionList);
  }

  watchCustomResourceDefinitionList(opts: op.WatchOpts = {}): Promise<c.WatchEventStream<CustomResourceDefinition>> {
    return op.watch(this.#target, ["customresourcedefinitions"], opts, toCustomResourceDefinition, MetaV1.toStatus);
  }

  createCustomResourceDefinition(
    body: CustomResourceDefinition,
    opts: op.PutOpts = {},
  ): Promise<CustomResourceDefinition & c.ApiKind> {
    return op.send(
      this.#target,
      "POST",
      ["customresourcedefinitions"],
      fromCustomResourceDefinition(body),
      opts,
      toCustomResourceDefinition,
    );
  }

  deleteCustomResourceDefinitionList(
    opts: op.DeleteListOpts = {},
  ): Promise<(CustomResourceDefinitionList | MetaV1.Status) & c.ApiKind> {
    return op.remove(
      this.#target,
      ["customresourcedefinitions"],
      opts,
      op.statusOr(MetaV1.toStatus, toCustomResourceDefinitionList),
    );
  }

  getCustomResourceDefinition(name: string, opts: op.GetOpts = {}): Promise<CustomResourceDefinition & c.ApiKind> {
    return op.get(this.#target, ["customresourcedefinitions", name], opts, toCustomResourceDefinition);
  }

  deleteCustomResourceDefinition(
    name: string,
    opts: op.DeleteOpts = {},
  ): Promise<(CustomResourceDefinition | MetaV1.Status) & c.ApiKind> {
    return op.remove(
      this.#target,
      ["customresourcedefinitions", name],
      opts,
      op.statusOr(MetaV1.toStatus, toCustomResourceDefinition),
    );
  }

  replaceCustomResourceDefinition(
    name: string,
    body: CustomResourceDefinition,
    opts: op.PutOpts = {},
  ): Promise<CustomResourceDefinition & c.ApiKind> {
    return op.send(
      this.#target,
      "PUT",
      ["customresourcedefinitions", name],
      fromCustomResourceDefinition(body),
      opts,
      toCustomResourceDefinition,
    );
  }

  patchCustomResourceDefinition(
    name: string,
    type: c.PatchType,
    body: Partial<CustomResourceDefinition> | c.JsonPatch,
    opts: op.PatchOpts = {},
  ): Promise<CustomResourceDefinition & c.ApiKind> {
    return op.patch(
      this.#target,
      ["customresourcedefinitions", name],
      type,
      body,
      opts,
      fromCustomResourceDefinition,
      toCustomResourceDefinition,
    );
  }

  getCustomResourceDefinitionStatus(
    name: string,
    opts: op.GetOpts = {},
  ): Promise<CustomResourceDefinition & c.ApiKind> {
    return op.get(this.#target, ["customresourcedefinitions", name, "status"], opts, toCustomResourceDefinition);
  }

  replaceCustomResourceDefinitionStatus(
    name: string,
    body: CustomResourceDefinition,
    opts: op.PutOpts = {},
  ): Promise<CustomResourceDefinition & c.ApiKind> {
    return op.send(
      this.#target,
      "PUT",
      ["customresourcedefinitions", name, "status"],
      fromCustomResourceDefinition(body),
      opts,
      toCustomResourceDefinition,
    );
  }

  patchCustomResourceDefinitionStatus(
    name: string,
    type: c.PatchType,
    body: Partial<CustomResourceDefinition> | c.JsonPatch,
    opts: op.PatchOpts = {},
  ): Promise<CustomResourceDefinition & c.ApiKind> {
    return op.patch(
      this.#target,
      ["customresourcedefinitions", name, "status"],
      type,
      body,
      opts,
      fromCustomResourceDefinition,
      toCustomResourceDefinition,
    );
  }
}
