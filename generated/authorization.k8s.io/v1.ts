// authorization.k8s.io/v1: written by `kubernaut-we generate` from its schema, never by hand.
import * as c from "@cloudydeno/kubernetes-apis/common.ts";
import * as MetaV1 from "@cloudydeno/kubernetes-apis/meta/v1";
import * as k from "../codec.ts";
import * as op from "../operations.ts";

export interface NonResourceAttributes {
  path?: string | null;
  verb?: string | null;
}
export function toNonResourceAttributes(input: c.JSONValue): NonResourceAttributes {
  return k.readStruct<NonResourceAttributes>(input, {
    required: {},
    optional: {
      path: c.checkStr,
      verb: c.checkStr,
    },
  });
}
export function fromNonResourceAttributes(input: NonResourceAttributes): c.JSONValue {
  return k.writeStruct(input, {});
}

export interface ResourceAttributes {
  group?: string | null;
  name?: string | null;
  namespace?: string | null;
  resource?: string | null;
  subresource?: string | null;
  verb?: string | null;
  version?: string | null;
}
export function toResourceAttributes(input: c.JSONValue): ResourceAttributes {
  return k.readStruct<ResourceAttributes>(input, {
    required: {},
    optional: {
      group: c.checkStr,
      name: c.checkStr,
      namespace: c.checkStr,
      resource: c.checkStr,
      subresource: c.checkStr,
      verb: c.checkStr,
      version: c.checkStr,
    },
  });
}
export function fromResourceAttributes(input: ResourceAttributes): c.JSONValue {
  return k.writeStruct(input, {});
}

export interface SelfSubjectAccessReview {
  apiVersion?: "authorization.k8s.io/v1";
  kind?: "SelfSubjectAccessReview";
  metadata?: MetaV1.ObjectMeta | null;
  spec: SelfSubjectAccessReviewSpec;
  status?: SubjectAccessReviewStatus | null;
}
export function toSelfSubjectAccessReview(input: c.JSONValue): SelfSubjectAccessReview & c.ApiKind {
  return k.readKind<SelfSubjectAccessReview>("authorization.k8s.io/v1", "SelfSubjectAccessReview", input, {
    required: {
      spec: toSelfSubjectAccessReviewSpec,
    },
    optional: {
      metadata: MetaV1.toObjectMeta,
      status: toSubjectAccessReviewStatus,
    },
  });
}
export function fromSelfSubjectAccessReview(input: SelfSubjectAccessReview): c.JSONValue {
  return k.writeKind("authorization.k8s.io/v1", "SelfSubjectAccessReview", input, {
    metadata: MetaV1.fromObjectMeta,
    spec: fromSelfSubjectAccessReviewSpec,
    status: fromSubjectAccessReviewStatus,
  });
}

export interface SelfSubjectAccessReviewSpec {
  nonResourceAttributes?: NonResourceAttributes | null;
  resourceAttributes?: ResourceAttributes | null;
}
export function toSelfSubjectAccessReviewSpec(input: c.JSONValue): SelfSubjectAccessReviewSpec {
  return k.readStruct<SelfSubjectAccessReviewSpec>(input, {
    required: {},
    optional: {
      nonResourceAttributes: toNonResourceAttributes,
      resourceAttributes: toResourceAttributes,
    },
  });
}
export function fromSelfSubjectAccessReviewSpec(input: SelfSubjectAccessReviewSpec): c.JSONValue {
  return k.writeStruct(input, {
    nonResourceAttributes: fromNonResourceAttributes,
    resourceAttributes: fromResourceAttributes,
  });
}

export interface SubjectAccessReview {
  apiVersion?: "authorization.k8s.io/v1";
  kind?: "SubjectAccessReview";
  metadata?: MetaV1.ObjectMeta | null;
  spec: SubjectAccessReviewSpec;
  status?: SubjectAccessReviewStatus | null;
}
export function toSubjectAccessReview(input: c.JSONValue): SubjectAccessReview & c.ApiKind {
  return k.readKind<SubjectAccessReview>("authorization.k8s.io/v1", "SubjectAccessReview", input, {
    required: {
      spec: toSubjectAccessReviewSpec,
    },
    optional: {
      metadata: MetaV1.toObjectMeta,
      status: toSubjectAccessReviewStatus,
    },
  });
}
export function fromSubjectAccessReview(input: SubjectAccessReview): c.JSONValue {
  return k.writeKind("authorization.k8s.io/v1", "SubjectAccessReview", input, {
    metadata: MetaV1.fromObjectMeta,
    spec: fromSubjectAccessReviewSpec,
    status: fromSubjectAccessReviewStatus,
  });
}

export interface SubjectAccessReviewSpec {
  extra?: Record<string, Array<string>> | null;
  groups?: Array<string> | null;
  nonResourceAttributes?: NonResourceAttributes | null;
  resourceAttributes?: ResourceAttributes | null;
  uid?: string | null;
  user?: string | null;
}
export function toSubjectAccessReviewSpec(input: c.JSONValue): SubjectAccessReviewSpec {
  return k.readStruct<SubjectAccessReviewSpec>(input, {
    required: {},
    optional: {
      extra: k.map(k.list(c.checkStr)),
      groups: k.list(c.checkStr),
      nonResourceAttributes: toNonResourceAttributes,
      resourceAttributes: toResourceAttributes,
      uid: c.checkStr,
      user: c.checkStr,
    },
  });
}
export function fromSubjectAccessReviewSpec(input: SubjectAccessReviewSpec): c.JSONValue {
  return k.writeStruct(input, {
    nonResourceAttributes: fromNonResourceAttributes,
    resourceAttributes: fromResourceAttributes,
  });
}

export interface SubjectAccessReviewStatus {
  allowed: boolean;
  denied?: boolean | null;
  evaluationError?: string | null;
  reason?: string | null;
}
export function toSubjectAccessReviewStatus(input: c.JSONValue): SubjectAccessReviewStatus {
  return k.readStruct<SubjectAccessReviewStatus>(input, {
    required: {
      allowed: c.checkBool,
    },
    optional: {
      denied: c.checkBool,
      evaluationError: c.checkStr,
      reason: c.checkStr,
    },
  });
}
export function fromSubjectAccessReviewStatus(input: SubjectAccessReviewStatus): c.JSONValue {
  return k.writeStruct(input, {});
}

/** authorization.k8s.io/v1, cluster-wide. */
export class AuthorizationV1Api {
  readonly #target: op.Target;
  constructor(client: c.RestClient) {
    this.#target = op.clusterWide(client, "/apis/authorization.k8s.io/v1/");
  }

  createSelfSubjectAccessReview(
    body: SelfSubjectAccessReview,
    opts: op.PutOpts = {},
  ): Promise<SelfSubjectAccessReview & c.ApiKind> {
    return op.send(
      this.#target,
      "POST",
      ["selfsubjectaccessreviews"],
      fromSelfSubjectAccessReview(body),
      opts,
      toSelfSubjectAccessReview,
    );
  }

  createSubjectAccessReview(
    body: SubjectAccessReview,
    opts: op.PutOpts = {},
  ): Promise<SubjectAccessReview & c.ApiKind> {
    return op.send(
      this.#target,
      "POST",
      ["subjectaccessreviews"],
      fromSubjectAccessReview(body),
      opts,
      toSubjectAccessReview,
    );
  }
}
