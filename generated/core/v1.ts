// core/v1: written by `kubernaut-we generate` from its schema, never by hand.
import * as c from "@cloudydeno/kubernetes-apis/common.ts";
import * as MetaV1 from "@cloudydeno/kubernetes-apis/meta/v1";
import * as k from "../codec.ts";
import * as op from "../operations.ts";

export interface ConfigMap {
  apiVersion?: "v1";
  kind?: "ConfigMap";
  binaryData?: Record<string, string> | null;
  data?: Record<string, string> | null;
  immutable?: boolean | null;
  metadata?: MetaV1.ObjectMeta | null;
}
export function toConfigMap(input: c.JSONValue): ConfigMap & c.ApiKind {
  return k.readKind<ConfigMap>("v1", "ConfigMap", input, {
    required: {},
    optional: {
      binaryData: k.map(c.checkStr),
      data: k.map(c.checkStr),
      immutable: c.checkBool,
      metadata: MetaV1.toObjectMeta,
    },
  });
}
export function fromConfigMap(input: ConfigMap): c.JSONValue {
  return k.writeKind("v1", "ConfigMap", input, {
    metadata: MetaV1.fromObjectMeta,
  });
}

/** ConfigMapList is a list of ConfigMap. */
export interface ConfigMapList {
  apiVersion?: "v1";
  kind?: "ConfigMapList";
  items: Array<ConfigMap>;
  metadata: MetaV1.ListMeta;
}
export function toConfigMapList(input: c.JSONValue): ConfigMapList & c.ApiKind {
  return k.readKind<ConfigMapList>("v1", "ConfigMapList", input, {
    required: {
      items: k.list(toConfigMap),
      metadata: MetaV1.toListMeta,
    },
    optional: {},
  });
}
export function fromConfigMapList(input: ConfigMapList): c.JSONValue {
  return k.writeKind("v1", "ConfigMapList", input, {
    items: k.writeList(fromConfigMap),
    metadata: MetaV1.fromListMeta,
  });
}

export interface LocalObjectReference {
  name?: string | null;
}
export function toLocalObjectReference(input: c.JSONValue): LocalObjectReference {
  return k.readStruct<LocalObjectReference>(input, {
    required: {},
    optional: {
      name: c.checkStr,
    },
  });
}
export function fromLocalObjectReference(input: LocalObjectReference): c.JSONValue {
  return k.writeStruct(input, {});
}

export interface Namespace {
  apiVersion?: "v1";
  kind?: "Namespace";
  metadata?: MetaV1.ObjectMeta | null;
  spec?: NamespaceSpec | null;
  status?: NamespaceStatus | null;
}
export function toNamespace(input: c.JSONValue): Namespace & c.ApiKind {
  return k.readKind<Namespace>("v1", "Namespace", input, {
    required: {},
    optional: {
      metadata: MetaV1.toObjectMeta,
      spec: toNamespaceSpec,
      status: toNamespaceStatus,
    },
  });
}
export function fromNamespace(input: Namespace): c.JSONValue {
  return k.writeKind("v1", "Namespace", input, {
    metadata: MetaV1.fromObjectMeta,
    spec: fromNamespaceSpec,
    status: fromNamespaceStatus,
  });
}

export interface NamespaceCondition {
  lastTransitionTime?: c.Time | null;
  message?: string | null;
  reason?: string | null;
  status: string;
  type: string;
}
export function toNamespaceCondition(input: c.JSONValue): NamespaceCondition {
  return k.readStruct<NamespaceCondition>(input, {
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
export function fromNamespaceCondition(input: NamespaceCondition): c.JSONValue {
  return k.writeStruct(input, {
    lastTransitionTime: c.fromTime,
  });
}

/** NamespaceList is a list of Namespace. */
export interface NamespaceList {
  apiVersion?: "v1";
  kind?: "NamespaceList";
  items: Array<Namespace>;
  metadata: MetaV1.ListMeta;
}
export function toNamespaceList(input: c.JSONValue): NamespaceList & c.ApiKind {
  return k.readKind<NamespaceList>("v1", "NamespaceList", input, {
    required: {
      items: k.list(toNamespace),
      metadata: MetaV1.toListMeta,
    },
    optional: {},
  });
}
export function fromNamespaceList(input: NamespaceList): c.JSONValue {
  return k.writeKind("v1", "NamespaceList", input, {
    items: k.writeList(fromNamespace),
    metadata: MetaV1.fromListMeta,
  });
}

export interface NamespaceSpec {
  finalizers?: Array<string> | null;
}
export function toNamespaceSpec(input: c.JSONValue): NamespaceSpec {
  return k.readStruct<NamespaceSpec>(input, {
    required: {},
    optional: {
      finalizers: k.list(c.checkStr),
    },
  });
}
export function fromNamespaceSpec(input: NamespaceSpec): c.JSONValue {
  return k.writeStruct(input, {});
}

export interface NamespaceStatus {
  conditions?: Array<NamespaceCondition> | null;
  phase?: string | null;
}
export function toNamespaceStatus(input: c.JSONValue): NamespaceStatus {
  return k.readStruct<NamespaceStatus>(input, {
    required: {},
    optional: {
      conditions: k.list(toNamespaceCondition),
      phase: c.checkStr,
    },
  });
}
export function fromNamespaceStatus(input: NamespaceStatus): c.JSONValue {
  return k.writeStruct(input, {
    conditions: k.writeList(fromNamespaceCondition),
  });
}

export interface ObjectReference {
  apiVersion?: string | null;
  fieldPath?: string | null;
  kind?: string | null;
  name?: string | null;
  namespace?: string | null;
  resourceVersion?: string | null;
  uid?: string | null;
}
export function toObjectReference(input: c.JSONValue): ObjectReference {
  return k.readStruct<ObjectReference>(input, {
    required: {},
    optional: {
      apiVersion: c.checkStr,
      fieldPath: c.checkStr,
      kind: c.checkStr,
      name: c.checkStr,
      namespace: c.checkStr,
      resourceVersion: c.checkStr,
      uid: c.checkStr,
    },
  });
}
export function fromObjectReference(input: ObjectReference): c.JSONValue {
  return k.writeStruct(input, {});
}

export interface Secret {
  apiVersion?: "v1";
  kind?: "Secret";
  data?: Record<string, string> | null;
  immutable?: boolean | null;
  metadata?: MetaV1.ObjectMeta | null;
  stringData?: Record<string, string> | null;
  type?: string | null;
}
export function toSecret(input: c.JSONValue): Secret & c.ApiKind {
  return k.readKind<Secret>("v1", "Secret", input, {
    required: {},
    optional: {
      data: k.map(c.checkStr),
      immutable: c.checkBool,
      metadata: MetaV1.toObjectMeta,
      stringData: k.map(c.checkStr),
      type: c.checkStr,
    },
  });
}
export function fromSecret(input: Secret): c.JSONValue {
  return k.writeKind("v1", "Secret", input, {
    metadata: MetaV1.fromObjectMeta,
  });
}

/** SecretList is a list of Secret. */
export interface SecretList {
  apiVersion?: "v1";
  kind?: "SecretList";
  items: Array<Secret>;
  metadata: MetaV1.ListMeta;
}
export function toSecretList(input: c.JSONValue): SecretList & c.ApiKind {
  return k.readKind<SecretList>("v1", "SecretList", input, {
    required: {
      items: k.list(toSecret),
      metadata: MetaV1.toListMeta,
    },
    optional: {},
  });
}
export function fromSecretList(input: SecretList): c.JSONValue {
  return k.writeKind("v1", "SecretList", input, {
    items: k.writeList(fromSecret),
    metadata: MetaV1.fromListMeta,
  });
}

export interface ServiceAccount {
  apiVersion?: "v1";
  kind?: "ServiceAccount";
  automountServiceAccountToken?: boolean | null;
  imagePullSecrets?: Array<LocalObjectReference> | null;
  metadata?: MetaV1.ObjectMeta | null;
  secrets?: Array<ObjectReference> | null;
}
export function toServiceAccount(input: c.JSONValue): ServiceAccount & c.ApiKind {
  return k.readKind<ServiceAccount>("v1", "ServiceAccount", input, {
    required: {},
    optional: {
      automountServiceAccountToken: c.checkBool,
      imagePullSecrets: k.list(toLocalObjectReference),
      metadata: MetaV1.toObjectMeta,
      secrets: k.list(toObjectReference),
    },
  });
}
export function fromServiceAccount(input: ServiceAccount): c.JSONValue {
  return k.writeKind("v1", "ServiceAccount", input, {
    imagePullSecrets: k.writeList(fromLocalObjectReference),
    metadata: MetaV1.fromObjectMeta,
    secrets: k.writeList(fromObjectReference),
  });
}

/** ServiceAccountList is a list of ServiceAccount. */
export interface ServiceAccountList {
  apiVersion?: "v1";
  kind?: "ServiceAccountList";
  items: Array<ServiceAccount>;
  metadata: MetaV1.ListMeta;
}
export function toServiceAccountList(input: c.JSONValue): ServiceAccountList & c.ApiKind {
  return k.readKind<ServiceAccountList>("v1", "ServiceAccountList", input, {
    required: {
      items: k.list(toServiceAccount),
      metadata: MetaV1.toListMeta,
    },
    optional: {},
  });
}
export function fromServiceAccountList(input: ServiceAccountList): c.JSONValue {
  return k.writeKind("v1", "ServiceAccountList", input, {
    items: k.writeList(fromServiceAccount),
    metadata: MetaV1.fromListMeta,
  });
}

/** core/v1, cluster-wide. */
export class CoreV1Api {
  readonly #target: op.Target;
  constructor(client: c.RestClient) {
    this.#target = op.clusterWide(client, "/api/v1/");
  }

  namespace(name: string): CoreV1NamespacedApi {
    return new CoreV1NamespacedApi(this.#target.client, name);
  }

  /** The namespace that the client was set up with. */
  myNamespace(): CoreV1NamespacedApi {
    const name = this.#target.client.defaultNamespace;
    if (!name) throw new Error("The client has no default namespace: name one with namespace()");
    return this.namespace(name);
  }

  getConfigMapListForAllNamespaces(opts: op.ListOpts = {}): Promise<ConfigMapList & c.ApiKind> {
    return op.get(this.#target, ["configmaps"], opts, toConfigMapList);
  }

  watchConfigMapListForAllNamespaces(opts: op.WatchOpts = {}): Promise<c.WatchEventStream<ConfigMap>> {
    return op.watch(this.#target, ["configmaps"], opts, toConfigMap, MetaV1.toStatus);
  }

  getNamespaceList(opts: op.ListOpts = {}): Promise<NamespaceList & c.ApiKind> {
    return op.get(this.#target, ["namespaces"], opts, toNamespaceList);
  }

  watchNamespaceList(opts: op.WatchOpts = {}): Promise<c.WatchEventStream<Namespace>> {
    return op.watch(this.#target, ["namespaces"], opts, toNamespace, MetaV1.toStatus);
  }

  createNamespace(body: Namespace, opts: op.PutOpts = {}): Promise<Namespace & c.ApiKind> {
    return op.send(this.#target, "POST", ["namespaces"], fromNamespace(body), opts, toNamespace);
  }

  getNamespace(name: string, opts: op.GetOpts = {}): Promise<Namespace & c.ApiKind> {
    return op.get(this.#target, ["namespaces", name], opts, toNamespace);
  }

  deleteNamespace(name: string, opts: op.DeleteOpts = {}): Promise<(Namespace | MetaV1.Status) & c.ApiKind> {
    return op.remove(this.#target, ["namespaces", name], opts, op.statusOr(MetaV1.toStatus, toNamespace));
  }

  replaceNamespace(name: string, body: Namespace, opts: op.PutOpts = {}): Promise<Namespace & c.ApiKind> {
    return op.send(this.#target, "PUT", ["namespaces", name], fromNamespace(body), opts, toNamespace);
  }

  patchNamespace(
    name: string,
    type: c.PatchType,
    body: Partial<Namespace> | c.JsonPatch,
    opts: op.PatchOpts = {},
  ): Promise<Namespace & c.ApiKind> {
    return op.patch(this.#target, ["namespaces", name], type, body, opts, fromNamespace, toNamespace);
  }

  getNamespaceStatus(name: string, opts: op.GetOpts = {}): Promise<Namespace & c.ApiKind> {
    return op.get(this.#target, ["namespaces", name, "status"], opts, toNamespace);
  }

  replaceNamespaceStatus(name: string, body: Namespace, opts: op.PutOpts = {}): Promise<Namespace & c.ApiKind> {
    return op.send(this.#target, "PUT", ["namespaces", name, "status"], fromNamespace(body), opts, toNamespace);
  }

  patchNamespaceStatus(
    name: string,
    type: c.PatchType,
    body: Partial<Namespace> | c.JsonPatch,
    opts: op.PatchOpts = {},
  ): Promise<Namespace & c.ApiKind> {
    return op.patch(this.#target, ["namespaces", name, "status"], type, body, opts, fromNamespace, toNamespace);
  }

  getSecretListForAllNamespaces(opts: op.ListOpts = {}): Promise<SecretList & c.ApiKind> {
    return op.get(this.#target, ["secrets"], opts, toSecretList);
  }

  watchSecretListForAllNamespaces(opts: op.WatchOpts = {}): Promise<c.WatchEventStream<Secret>> {
    return op.watch(this.#target, ["secrets"], opts, toSecret, MetaV1.toStatus);
  }

  getServiceAccountListForAllNamespaces(opts: op.ListOpts = {}): Promise<ServiceAccountList & c.ApiKind> {
    return op.get(this.#target, ["serviceaccounts"], opts, toServiceAccountList);
  }

  watchServiceAccountListForAllNamespaces(opts: op.WatchOpts = {}): Promise<c.WatchEventStream<ServiceAccount>> {
    return op.watch(this.#target, ["serviceaccounts"], opts, toServiceAccount, MetaV1.toStatus);
  }
}

/** core/v1, in one namespace. */
export class CoreV1NamespacedApi {
  readonly #target: op.Target;
  constructor(client: c.RestClient, namespace: string) {
    this.#target = op.inNamespace(client, "/api/v1/", namespace);
  }

  getConfigMapList(opts: op.ListOpts = {}): Promise<ConfigMapList & c.ApiKind> {
    return op.get(this.#target, ["configmaps"], opts, toConfigMapList);
  }

  watchConfigMapList(opts: op.WatchOpts = {}): Promise<c.WatchEventStream<ConfigMap>> {
    return op.watch(this.#target, ["configmaps"], opts, toConfigMap, MetaV1.toStatus);
  }

  createConfigMap(body: ConfigMap, opts: op.PutOpts = {}): Promise<ConfigMap & c.ApiKind> {
    return op.send(this.#target, "POST", ["configmaps"], fromConfigMap(body), opts, toConfigMap);
  }

  deleteConfigMapList(opts: op.DeleteListOpts = {}): Promise<(ConfigMapList | MetaV1.Status) & c.ApiKind> {
    return op.remove(this.#target, ["configmaps"], opts, op.statusOr(MetaV1.toStatus, toConfigMapList));
  }

  getConfigMap(name: string, opts: op.GetOpts = {}): Promise<ConfigMap & c.ApiKind> {
    return op.get(this.#target, ["configmaps", name], opts, toConfigMap);
  }

  deleteConfigMap(name: string, opts: op.DeleteOpts = {}): Promise<(ConfigMap | MetaV1.Status) & c.ApiKind> {
    return op.remove(this.#target, ["configmaps", name], opts, op.statusOr(MetaV1.toStatus, toConfigMap));
  }

  replaceConfigMap(name: string, body: ConfigMap, opts: op.PutOpts = {}): Promise<ConfigMap & c.ApiKind> {
    return op.send(this.#target, "PUT", ["configmaps", name], fromConfigMap(body), opts, toConfigMap);
  }

  patchConfigMap(
    name: string,
    type: c.PatchType,
    body: Partial<ConfigMap> | c.JsonPatch,
    opts: op.PatchOpts = {},
  ): Promise<ConfigMap & c.ApiKind> {
    return op.patch(this.#target, ["configmaps", name], type, body, opts, fromConfigMap, toConfigMap);
  }

  getSecretList(opts: op.ListOpts = {}): Promise<SecretList & c.ApiKind> {
    return op.get(this.#target, ["secrets"], opts, toSecretList);
  }

  watchSecretList(opts: op.WatchOpts = {}): Promise<c.WatchEventStream<Secret>> {
    return op.watch(this.#target, ["secrets"], opts, toSecret, MetaV1.toStatus);
  }

  createSecret(body: Secret, opts: op.PutOpts = {}): Promise<Secret & c.ApiKind> {
    return op.send(this.#target, "POST", ["secrets"], fromSecret(body), opts, toSecret);
  }

  deleteSecretList(opts: op.DeleteListOpts = {}): Promise<(SecretList | MetaV1.Status) & c.ApiKind> {
    return op.remove(this.#target, ["secrets"], opts, op.statusOr(MetaV1.toStatus, toSecretList));
  }

  getSecret(name: string, opts: op.GetOpts = {}): Promise<Secret & c.ApiKind> {
    return op.get(this.#target, ["secrets", name], opts, toSecret);
  }

  deleteSecret(name: string, opts: op.DeleteOpts = {}): Promise<(Secret | MetaV1.Status) & c.ApiKind> {
    return op.remove(this.#target, ["secrets", name], opts, op.statusOr(MetaV1.toStatus, toSecret));
  }

  replaceSecret(name: string, body: Secret, opts: op.PutOpts = {}): Promise<Secret & c.ApiKind> {
    return op.send(this.#target, "PUT", ["secrets", name], fromSecret(body), opts, toSecret);
  }

  patchSecret(
    name: string,
    type: c.PatchType,
    body: Partial<Secret> | c.JsonPatch,
    opts: op.PatchOpts = {},
  ): Promise<Secret & c.ApiKind> {
    return op.patch(this.#target, ["secrets", name], type, body, opts, fromSecret, toSecret);
  }

  getServiceAccountList(opts: op.ListOpts = {}): Promise<ServiceAccountList & c.ApiKind> {
    return op.get(this.#target, ["serviceaccounts"], opts, toServiceAccountList);
  }

  watchServiceAccountList(opts: op.WatchOpts = {}): Promise<c.WatchEventStream<ServiceAccount>> {
    return op.watch(this.#target, ["serviceaccounts"], opts, toServiceAccount, MetaV1.toStatus);
  }

  createServiceAccount(body: ServiceAccount, opts: op.PutOpts = {}): Promise<ServiceAccount & c.ApiKind> {
    return op.send(this.#target, "POST", ["serviceaccounts"], fromServiceAccount(body), opts, toServiceAccount);
  }

  deleteServiceAccountList(opts: op.DeleteListOpts = {}): Promise<(ServiceAccountList | MetaV1.Status) & c.ApiKind> {
    return op.remove(this.#target, ["serviceaccounts"], opts, op.statusOr(MetaV1.toStatus, toServiceAccountList));
  }

  getServiceAccount(name: string, opts: op.GetOpts = {}): Promise<ServiceAccount & c.ApiKind> {
    return op.get(this.#target, ["serviceaccounts", name], opts, toServiceAccount);
  }

  deleteServiceAccount(name: string, opts: op.DeleteOpts = {}): Promise<(ServiceAccount | MetaV1.Status) & c.ApiKind> {
    return op.remove(this.#target, ["serviceaccounts", name], opts, op.statusOr(MetaV1.toStatus, toServiceAccount));
  }

  replaceServiceAccount(
    name: string,
    body: ServiceAccount,
    opts: op.PutOpts = {},
  ): Promise<ServiceAccount & c.ApiKind> {
    return op.send(this.#target, "PUT", ["serviceaccounts", name], fromServiceAccount(body), opts, toServiceAccount);
  }

  patchServiceAccount(
    name: string,
    type: c.PatchType,
    body: Partial<ServiceAccount> | c.JsonPatch,
    opts: op.PatchOpts = {},
  ): Promise<ServiceAccount & c.ApiKind> {
    return op.patch(this.#target, ["serviceaccounts", name], type, body, opts, fromServiceAccount, toServiceAccount);
  }
}
