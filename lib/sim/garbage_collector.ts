// Deletes what nobody owns any more, and carries out foreground and orphan deletion, as kube-controller-manager's garbage
// collector does; and empties namespaces that terminate. It runs right after the write that gave it work, or after a delay
// on the clock, as slow clusters do. Source: pkg/controller/garbagecollector and pkg/controller/namespace of Kubernetes.
import type { KubeObject, OwnerReference } from "./objects.ts";
import { storageKey } from "./objects.ts";
import { foregroundFinalizer, orphanFinalizer } from "./deletion.ts";
import type { Registry } from "./registry.ts";
import type { ResourceType } from "./resources.ts";
import type { Change } from "./storage.ts";

export class GarbageCollector implements Disposable {
  #registry: Registry;
  #delayMs: number | undefined;
  /** uid of an owner → `storage key` of what refers to it. */
  #dependents = new Map<string, Set<string>>();
  /** uid → id of an owner whose foreground deletion is held by dependents. */
  #waiting = new Map<string, string>();
  #queue = new Set<string>();
  #scheduled = false;
  #timer: Disposable | undefined;
  #listening: Disposable;

  /** With a delay, work waits so long on the clock; without, it is done before the next request. */
  constructor(registry: Registry, delayMs?: number) {
    this.#registry = registry;
    this.#delayMs = delayMs;
    this.#listening = registry.storage.listen((change) => this.#notice(change));
  }

  [Symbol.dispose](): void {
    this.#listening[Symbol.dispose]();
    this.#timer?.[Symbol.dispose]();
    this.#scheduled = true;
  }

  #notice(change: Change): void {
    const id = idOf(change.resource, change.key);
    for (const owner of change.previous?.metadata.ownerReferences ?? []) this.#dependents.get(owner.uid)?.delete(id);
    const uid = change.object.metadata.uid ?? "";
    if (change.type === "DELETED") {
      for (const dependent of this.#dependents.get(uid) ?? []) this.#add(dependent);
      this.#dependents.delete(uid);
      for (const owner of change.object.metadata.ownerReferences ?? []) this.#addOwner(owner.uid);
      const namespace = this.#registry.storage.get(
        "/namespaces",
        storageKey("", change.object.metadata.namespace ?? ""),
      );
      if (namespace?.metadata.deletionTimestamp) {
        this.#add(idOf("/namespaces", storageKey("", namespace.metadata.name ?? "")));
      }
      return;
    }
    for (const owner of change.object.metadata.ownerReferences ?? []) {
      const set = this.#dependents.get(owner.uid) ?? new Set();
      this.#dependents.set(owner.uid, set.add(id));
    }
    const { ownerReferences, deletionTimestamp } = change.object.metadata;
    if (ownerReferences || deletionTimestamp) this.#add(id);
    if (change.previous?.metadata.ownerReferences) {
      for (const owner of change.previous.metadata.ownerReferences) this.#addOwner(owner.uid);
    }
    if (deletionTimestamp) { for (const dependent of this.#dependents.get(uid) ?? []) this.#add(dependent); }
  }

  /** Looks again at an owner that waits for its dependents. */
  #addOwner(uid: string): void {
    const id = this.#waiting.get(uid);
    if (id) this.#add(id);
  }

  #add(id: string): void {
    this.#queue.add(id);
    if (this.#scheduled) return;
    this.#scheduled = true;
    if (this.#delayMs === undefined) queueMicrotask(() => this.#run());
    else this.#timer = this.#registry.clock.timer(this.#delayMs, () => this.#run());
  }

  #run(): void {
    this.#scheduled = false;
    const batch = [...this.#queue];
    this.#queue.clear();
    for (const id of batch) this.#look(id);
  }

  #look(id: string): void {
    const [storage = "", key = ""] = id.split(" ");
    const object = this.#registry.storage.get(storage, key);
    const type = this.#registry.resources.stored(storage);
    if (!object || !type) return;
    const { deletionTimestamp, finalizers = [] } = object.metadata;
    if (deletionTimestamp && storage === "/namespaces") return this.#emptyNamespace(type, object);
    if (deletionTimestamp && finalizers.includes(orphanFinalizer)) return this.#orphan(type, object);
    if (deletionTimestamp && finalizers.includes(foregroundFinalizer)) this.#foreground(type, object, id);
    else if (!deletionTimestamp && object.metadata.ownerReferences) this.#collect(type, object);
  }

  /** An object whose owners are gone, or are waiting for it to go, goes. */
  #collect(type: ResourceType, object: KubeObject): void {
    const owners = object.metadata.ownerReferences ?? [];
    const states = owners.map((owner) => this.#stateOf(owner, object));
    if (states.some((state) => state === "unknown")) return;
    const kept = owners.filter((_, i) => states[i] === "solid");
    const { namespace = "", name = "", finalizers = [], uid = "" } = object.metadata;
    if (kept.length === owners.length) return;
    if (kept.length > 0) {
      this.#update(type, object, (metadata) => ({ ...metadata, ownerReferences: kept }));
      return;
    }
    const hasDependents = (this.#dependents.get(uid)?.size ?? 0) > 0;
    const foreground = finalizers.includes(foregroundFinalizer) || (states.includes("waiting") && hasDependents);
    const propagationPolicy = finalizers.includes(orphanFinalizer)
      ? "Orphan"
      : foreground
      ? "Foreground"
      : "Background";
    this.#registry.delete(type, namespace, name, { propagationPolicy });
  }

  #stateOf(owner: OwnerReference, object: KubeObject): "solid" | "absent" | "waiting" | "unknown" {
    const type = this.#registry.resources.ofKind(owner.apiVersion, owner.kind);
    if (!type) return "unknown";
    const namespace = type.namespaced ? object.metadata.namespace ?? "" : "";
    const found = this.#registry.storage.get(type.storage, storageKey(namespace, owner.name));
    if (!found || found.metadata.uid !== owner.uid) return "absent";
    const waits = found.metadata.deletionTimestamp && found.metadata.finalizers?.includes(foregroundFinalizer);
    return waits ? "waiting" : "solid";
  }

  /** The finalizer of a foreground deletion goes when no dependent blocks any more. */
  #foreground(type: ResourceType, owner: KubeObject, id: string): void {
    const uid = owner.metadata.uid ?? "";
    const blocking = this.#dependentsOf(uid).filter(({ object }) =>
      object.metadata.ownerReferences?.some((reference) => reference.uid === uid && reference.blockOwnerDeletion)
    );
    if (blocking.length > 0) {
      this.#waiting.set(uid, id);
      return;
    }
    this.#waiting.delete(uid);
    this.#update(type, owner, (metadata) => ({
      ...metadata,
      finalizers: (metadata.finalizers ?? []).filter((finalizer) => finalizer !== foregroundFinalizer),
    }));
  }

  #orphan(type: ResourceType, owner: KubeObject): void {
    for (const { type: dependentType, object } of this.#dependentsOf(owner.metadata.uid ?? "")) {
      this.#update(dependentType, object, (metadata) => ({
        ...metadata,
        ownerReferences: (metadata.ownerReferences ?? []).filter((reference) => reference.uid !== owner.metadata.uid),
      }));
    }
    this.#update(type, owner, (metadata) => ({
      ...metadata,
      finalizers: (metadata.finalizers ?? []).filter((finalizer) => finalizer !== orphanFinalizer),
    }));
  }

  /** Everything in a terminating namespace is deleted; when nothing is left, so is the namespace. */
  #emptyNamespace(type: ResourceType, namespace: KubeObject): void {
    const name = namespace.metadata.name ?? "";
    const { storage, resources } = this.#registry;
    const stored = resources.all().filter((each) => each.namespaced && resources.stored(each.storage) === each);
    for (const each of stored) {
      for (const object of storage.list(each.storage, name)) {
        if (object.metadata.deletionTimestamp) continue;
        this.#registry.delete(each, name, object.metadata.name ?? "", { propagationPolicy: "Background" });
      }
    }
    if (stored.some((each) => storage.list(each.storage, name).length > 0)) return;
    const spec = namespace.spec as { finalizers?: string[] } | undefined;
    if (!spec?.finalizers?.length) return;
    this.#registry.update(type, "", name, (current) => ({ ...(current ?? namespace), spec: {} }), {
      subresource: "finalize",
    });
  }

  #dependentsOf(uid: string): { type: ResourceType; object: KubeObject }[] {
    return [...this.#dependents.get(uid) ?? []].flatMap((id) => {
      const [storage = "", key = ""] = id.split(" ");
      const object = this.#registry.storage.get(storage, key);
      const type = this.#registry.resources.stored(storage);
      return object && type ? [{ type, object }] : [];
    });
  }

  #update(
    type: ResourceType,
    object: KubeObject,
    change: (metadata: KubeObject["metadata"]) => KubeObject["metadata"],
  ): void {
    const { namespace = "", name = "" } = object.metadata;
    this.#registry.update(type, namespace, name, (current) => {
      const from = current ?? object;
      return { ...from, metadata: change(from.metadata) };
    });
  }
}

function idOf(storage: string, key: string): string {
  return `${storage} ${key}`;
}
