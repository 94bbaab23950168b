// coordination.k8s.io/v1: written by `kubernaut-we generate` from its schema, never by hand.
import * as c from "@cloudydeno/kubernetes-apis/common.ts";
import * as MetaV1 from "@cloudydeno/kubernetes-apis/meta/v1";
import * as k from "../codec.ts";
import * as op from "../operations.ts";

export interface Lease {
  apiVersion?: "coordination.k8s.io/v1";
  kind?: "Lease";
  metadata?: MetaV1.ObjectMeta | null;
  spec?: LeaseSpec | null;
}
export function toLease(input: c.JSONValue): Lease & c.ApiKind {
  return k.readKind<Lease>("coordination.k8s.io/v1", "Lease", input, {
    required: {},
    optional: {
      metadata: MetaV1.toObjectMeta,
      spec: toLeaseSpec,
    },
  });
}
export function fromLease(input: Lease): c.JSONValue {
  return k.writeKind("coordination.k8s.io/v1", "Lease", input, {
    metadata: MetaV1.fromObjectMeta,
    spec: fromLeaseSpec,
  });
}

/** LeaseList is a list of Lease. */
export interface LeaseList {
  apiVersion?: "coordination.k8s.io/v1";
  kind?: "LeaseList";
  items: Array<Lease>;
  metadata: MetaV1.ListMeta;
}
export function toLeaseList(input: c.JSONValue): LeaseList & c.ApiKind {
  return k.readKind<LeaseList>("coordination.k8s.io/v1", "LeaseList", input, {
    required: {
      items: k.list(toLease),
      metadata: MetaV1.toListMeta,
    },
    optional: {},
  });
}
export function fromLeaseList(input: LeaseList): c.JSONValue {
  return k.writeKind("coordination.k8s.io/v1", "LeaseList", input, {
    items: k.writeList(fromLease),
    metadata: MetaV1.fromListMeta,
  });
}

export interface LeaseSpec {
  acquireTime?: c.MicroTime | null;
  holderIdentity?: string | null;
  leaseDurationSeconds?: number | null;
  leaseTransitions?: number | null;
  preferredHolder?: string | null;
  renewTime?: c.MicroTime | null;
  strategy?: string | null;
}
export function toLeaseSpec(input: c.JSONValue): LeaseSpec {
  return k.readStruct<LeaseSpec>(input, {
    required: {},
    optional: {
      acquireTime: c.toMicroTime,
      holderIdentity: c.checkStr,
      leaseDurationSeconds: c.checkNum,
      leaseTransitions: c.checkNum,
      preferredHolder: c.checkStr,
      renewTime: c.toMicroTime,
      strategy: c.checkStr,
    },
  });
}
export function fromLeaseSpec(input: LeaseSpec): c.JSONValue {
  return k.writeStruct(input, {
    acquireTime: c.fromMicroTime,
    renewTime: c.fromMicroTime,
  });
}

/** coordination.k8s.io/v1, cluster-wide. */
export class CoordinationV1Api {
  readonly #target: op.Target;
  constructor(client: c.RestClient) {
    this.#target = op.clusterWide(client, "/apis/coordination.k8s.io/v1/");
  }

  namespace(name: string): CoordinationV1NamespacedApi {
    return new CoordinationV1NamespacedApi(this.#target.client, name);
  }

  /** The namespace that the client was set up with. */
  myNamespace(): CoordinationV1NamespacedApi {
    const name = this.#target.client.defaultNamespace;
    if (!name) throw new Error("The client has no default namespace: name one with namespace()");
    return this.namespace(name);
  }

  getLeaseListForAllNamespaces(opts: op.ListOpts = {}): Promise<LeaseList & c.ApiKind> {
    return op.get(this.#target, ["leases"], opts, toLeaseList);
  }

  watchLeaseListForAllNamespaces(opts: op.WatchOpts = {}): Promise<c.WatchEventStream<Lease>> {
    return op.watch(this.#target, ["leases"], opts, toLease, MetaV1.toStatus);
  }
}

/** coordination.k8s.io/v1, in one namespace. */
export class CoordinationV1NamespacedApi {
  readonly #target: op.Target;
  constructor(client: c.RestClient, namespace: string) {
    this.#target = op.inNamespace(client, "/apis/coordination.k8s.io/v1/", namespace);
  }

  getLeaseList(opts: op.ListOpts = {}): Promise<LeaseList & c.ApiKind> {
    return op.get(this.#target, ["leases"], opts, toLeaseList);
  }

  watchLeaseList(opts: op.WatchOpts = {}): Promise<c.WatchEventStream<Lease>> {
    return op.watch(this.#target, ["leases"], opts, toLease, MetaV1.toStatus);
  }

  createLease(body: Lease, opts: op.PutOpts = {}): Promise<Lease & c.ApiKind> {
    return op.send(this.#target, "POST", ["leases"], fromLease(body), opts, toLease);
  }

  deleteLeaseList(opts: op.DeleteListOpts = {}): Promise<(LeaseList | MetaV1.Status) & c.ApiKind> {
    return op.remove(this.#target, ["leases"], opts, op.statusOr(MetaV1.toStatus, toLeaseList));
  }

  getLease(name: string, opts: op.GetOpts = {}): Promise<Lease & c.ApiKind> {
    return op.get(this.#target, ["leases", name], opts, toLease);
  }

  deleteLease(name: string, opts: op.DeleteOpts = {}): Promise<(Lease | MetaV1.Status) & c.ApiKind> {
    return op.remove(this.#target, ["leases", name], opts, op.statusOr(MetaV1.toStatus, toLease));
  }

  replaceLease(name: string, body: Lease, opts: op.PutOpts = {}): Promise<Lease & c.ApiKind> {
    return op.send(this.#target, "PUT", ["leases", name], fromLease(body), opts, toLease);
  }

  patchLease(
    name: string,
    type: c.PatchType,
    body: Partial<Lease> | c.JsonPatch,
    opts: op.PatchOpts = {},
  ): Promise<Lease & c.ApiKind> {
    return op.patch(this.#target, ["leases", name], type, body, opts, fromLease, toLease);
  }
}
