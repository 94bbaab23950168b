// authentication.k8s.io/v1: written by `kubernaut-we generate` from its schema, never by hand.
import * as c from "@cloudydeno/kubernetes-apis/common.ts";
import * as MetaV1 from "@cloudydeno/kubernetes-apis/meta/v1";
import * as k from "../codec.ts";
import * as op from "../operations.ts";

export interface SelfSubjectReview {
  apiVersion?: "authentication.k8s.io/v1";
  kind?: "SelfSubjectReview";
  metadata?: MetaV1.ObjectMeta | null;
  status?: SelfSubjectReviewStatus | null;
}
export function toSelfSubjectReview(input: c.JSONValue): SelfSubjectReview & c.ApiKind {
  return k.readKind<SelfSubjectReview>("authentication.k8s.io/v1", "SelfSubjectReview", input, {
    required: {},
    optional: {
      metadata: MetaV1.toObjectMeta,
      status: toSelfSubjectReviewStatus,
    },
  });
}
export function fromSelfSubjectReview(input: SelfSubjectReview): c.JSONValue {
  return k.writeKind("authentication.k8s.io/v1", "SelfSubjectReview", input, {
    metadata: MetaV1.fromObjectMeta,
    status: fromSelfSubjectReviewStatus,
  });
}

export interface SelfSubjectReviewStatus {
  userInfo?: UserInfo | null;
}
export function toSelfSubjectReviewStatus(input: c.JSONValue): SelfSubjectReviewStatus {
  return k.readStruct<SelfSubjectReviewStatus>(input, {
    required: {},
    optional: {
      userInfo: toUserInfo,
    },
  });
}
export function fromSelfSubjectReviewStatus(input: SelfSubjectReviewStatus): c.JSONValue {
  return k.writeStruct(input, {
    userInfo: fromUserInfo,
  });
}

export interface TokenReview {
  apiVersion?: "authentication.k8s.io/v1";
  kind?: "TokenReview";
  metadata?: MetaV1.ObjectMeta | null;
  spec: TokenReviewSpec;
  status?: TokenReviewStatus | null;
}
export function toTokenReview(input: c.JSONValue): TokenReview & c.ApiKind {
  return k.readKind<TokenReview>("authentication.k8s.io/v1", "TokenReview", input, {
    required: {
      spec: toTokenReviewSpec,
    },
    optional: {
      metadata: MetaV1.toObjectMeta,
      status: toTokenReviewStatus,
    },
  });
}
export function fromTokenReview(input: TokenReview): c.JSONValue {
  return k.writeKind("authentication.k8s.io/v1", "TokenReview", input, {
    metadata: MetaV1.fromObjectMeta,
    spec: fromTokenReviewSpec,
    status: fromTokenReviewStatus,
  });
}

export interface TokenReviewSpec {
  audiences?: Array<string> | null;
  token?: string | null;
}
export function toTokenReviewSpec(input: c.JSONValue): TokenReviewSpec {
  return k.readStruct<TokenReviewSpec>(input, {
    required: {},
    optional: {
      audiences: k.list(c.checkStr),
      token: c.checkStr,
    },
  });
}
export function fromTokenReviewSpec(input: TokenReviewSpec): c.JSONValue {
  return k.writeStruct(input, {});
}

export interface TokenReviewStatus {
  audiences?: Array<string> | null;
  authenticated?: boolean | null;
  error?: string | null;
  user?: UserInfo | null;
}
export function toTokenReviewStatus(input: c.JSONValue): TokenReviewStatus {
  return k.readStruct<TokenReviewStatus>(input, {
    required: {},
    optional: {
      audiences: k.list(c.checkStr),
      authenticated: c.checkBool,
      error: c.checkStr,
      user: toUserInfo,
    },
  });
}
export function fromTokenReviewStatus(input: TokenReviewStatus): c.JSONValue {
  return k.writeStruct(input, {
    user: fromUserInfo,
  });
}

export interface UserInfo {
  extra?: Record<string, Array<string>> | null;
  groups?: Array<string> | null;
  uid?: string | null;
  username?: string | null;
}
export function toUserInfo(input: c.JSONValue): UserInfo {
  return k.readStruct<UserInfo>(input, {
    required: {},
    optional: {
      extra: k.map(k.list(c.checkStr)),
      groups: k.list(c.checkStr),
      uid: c.checkStr,
      username: c.checkStr,
    },
  });
}
export function fromUserInfo(input: UserInfo): c.JSONValue {
  return k.writeStruct(input, {});
}

/** authentication.k8s.io/v1, cluster-wide. */
export class AuthenticationV1Api {
  readonly #target: op.Target;
  constructor(client: c.RestClient) {
    this.#target = op.clusterWide(client, "/apis/authentication.k8s.io/v1/");
  }

  createSelfSubjectReview(body: SelfSubjectReview, opts: op.PutOpts = {}): Promise<SelfSubjectReview & c.ApiKind> {
    return op.send(
      this.#target,
      "POST",
      ["selfsubjectreviews"],
      fromSelfSubjectReview(body),
      opts,
      toSelfSubjectReview,
    );
  }

  createTokenReview(body: TokenReview, opts: op.PutOpts = {}): Promise<TokenReview & c.ApiKind> {
    return op.send(this.#target, "POST", ["tokenreviews"], fromTokenReview(body), opts, toTokenReview);
  }
}
