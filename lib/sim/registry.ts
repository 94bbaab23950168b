// Create, update and delete of any resource, with the semantics that hold for all of them: identity, generation, status
// subresource, finalizers, preconditions, no write for no change. HTTP stays outside; the garbage collector and other
// in-process controllers use it directly. Synchronous: one call is one step, nothing interleaves.
import type { Clock } from "../clock.ts";
import { admitCreate, refuseImmortal } from "./admission.ts";
import { toServed, toStored } from "./conversion.ts";
import { initialStatus } from "./definition_status.ts";
import {
  checkPreconditions,
  type Deletion,
  foregroundFinalizer,
  markDeleted,
  mayVanish,
  orphanFinalizer,
} from "./deletion.ts";
import { type KubeObject, sameJSON, storageKey, timestamp, uuid } from "./objects.ts";
import { checkKind, receive, unnamed } from "./receive.ts";
import { type Resources, type ResourceType } from "./resources.ts";
import { alreadyExists, ApiError, badRequest, conflict, invalid, invalidValue, notFound } from "./status.ts";
import type { Storage } from "./storage.ts";
import type { WriteOptions } from "./writes.ts";
import { countGeneration, prepareUpdate } from "./update_strategy.ts";

/** etcd's default `--max-request-bytes`. */
const etcdLimitBytes = 1.5 * 1024 * 1024;

export class Registry {
  /** Objects whose status is a default that is shown but was never written: their first update is a write in any case. */
  #unwritten = new WeakSet<KubeObject>();

  constructor(readonly storage: Storage, readonly resources: Resources, readonly clock: Clock) {}

  get(type: ResourceType, namespace: string, name: string): KubeObject {
    const found = this.storage.get(type.storage, storageKey(namespace, name));
    if (!found) throw notFound(type, name);
    return found;
  }

  /** Stores a new object and returns it. `given` is as the client sent it. */
  create(type: ResourceType, namespace: string, given: KubeObject, options: WriteOptions = {}): KubeObject {
    const object = this.#identify(type, namespace, given, options);
    if (object.metadata.resourceVersion) {
      throw new ApiError(500, "", "resourceVersion should not be set on objects to be created");
    }
    admitCreate(this, type, namespace, object.metadata.name ?? object.metadata.generateName ?? "", "namespace");
    options.admit?.(type, namespace, undefined, object);
    const generateName = object.metadata.name ? undefined : object.metadata.generateName;
    if (generateName) object.metadata.name = generateName.slice(0, 58) + this.#suffix();
    const name = object.metadata.name ?? "";
    object.metadata.uid = uuid(() => this.clock.random());
    object.metadata.creationTimestamp = timestamp(this.clock.now());
    delete object.metadata.deletionTimestamp;
    delete object.metadata.deletionGracePeriodSeconds;
    delete object.metadata.selfLink;
    if (type.custom) delete object.metadata.generation;
    if (type.hasGeneration) object.metadata.generation = 1;
    dropStatus(type, object, given);
    if (type.storage === "/namespaces") initializeNamespace(object);
    this.#validate(type, object);
    warnOfFinalizers(object, undefined, options);
    admitCreate(this, type, namespace, name, "quota");
    if (this.storage.get(type.storage, storageKey(namespace, name))) throw alreadyExists(type, name);
    trackOwners(type, undefined, object, options);
    if (options.dryRun) return object;
    const stored = this.#put(type, object);
    if (type.custom && type.hasStatus && stored.status !== undefined) this.#unwritten.add(stored);
    return stored;
  }

  /**
   * Replaces an object by what `change` makes of it (undefined when it is absent). A resourceVersion or uid in the result is
   * a precondition. The result says whether the object was created.
   */
  update(
    type: ResourceType,
    namespace: string,
    name: string,
    change: (current: KubeObject | undefined) => KubeObject,
    options: WriteOptions & { mayCreate?: boolean; conditional?: boolean } = {},
  ): { object: KubeObject; created: boolean } {
    const old = this.storage.get(type.storage, storageKey(namespace, name));
    if (!old && !(options.mayCreate && type.createOnUpdate)) throw notFound(type, name);
    const wanted = this.#identify(type, namespace, change(old && toServed(type, old)), options, name);
    const { uid, resourceVersion } = wanted.metadata;
    if (options.conditional && uid && uid !== old?.metadata.uid) {
      throw conflict(
        type,
        name,
        `StorageError: invalid object, Code: 4, Key: /registry/${type.custom ? `${type.group}/` : ""}${type.resource}/${
          storageKey(namespace, name)
        }, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: ${uid}, UID in object meta: ${
          old?.metadata.uid ?? ""
        }`,
      );
    }
    if (!old) {
      delete wanted.metadata.resourceVersion;
      return { object: this.create(type, namespace, wanted, options), created: true };
    }
    if (options.conditional && resourceVersion && !/^\d+$/.test(resourceVersion)) {
      throw new ApiError(500, "", `strconv.ParseUint: parsing ${JSON.stringify(resourceVersion)}: invalid syntax`);
    }
    if (resourceVersion && resourceVersion !== old.metadata.resourceVersion) throw conflict(type, name);
    if (!resourceVersion && options.conditional && !type.unconditionalUpdate) {
      const fault = invalidValue("metadata.resourceVersion", 0, "must be specified for an update");
      throw invalid({ ...type, kind: type.resource }, name, [fault]);
    }
    options.admit?.(type, namespace, old, wanted);
    const next = prepareUpdate(type, wanted, old, options.subresource ?? "");
    if (type.hasGeneration) countGeneration(type, next, old);
    this.#validate(type, next, old);
    warnOfFinalizers(next, old, options);
    trackOwners(type, old, next, options);
    if (sameJSON(next, old) && !this.#unwritten.has(old)) return { object: old, created: false };
    if (options.dryRun) return { object: next, created: false };
    if (next.metadata.deletionTimestamp === undefined || !mayVanish(next)) {
      return { object: this.#put(type, next), created: false };
    }
    // The last finalizer has gone: watches see the state before this update, the client the state after it.
    this.storage.remove(type.storage, old);
    return { object: next, created: false };
  }

  /** Deletes an object, or marks it for deletion while finalizers hold it. */
  delete(
    type: ResourceType,
    namespace: string,
    name: string,
    options: Deletion = {},
  ): { object: KubeObject; gone: boolean } {
    const old = this.get(type, namespace, name);
    if (type.storage === "/namespaces") refuseImmortal(type, name);
    checkPreconditions(type, old, options);
    const marked = markDeleted(type, old, options, this.clock.now());
    if (!marked) return { object: options.dryRun ? old : this.storage.remove(type.storage, old), gone: true };
    if (options.dryRun || sameJSON(marked, old)) return { object: marked, gone: false };
    return { object: this.storage.put(type.storage, marked), gone: false };
  }

  /** The object with the request's namespace and the resource's kind; BadRequest where the body says something else. */
  #identify(
    type: ResourceType,
    namespace: string,
    given: KubeObject,
    options: WriteOptions,
    name?: string,
  ): KubeObject {
    checkKind(this.resources, type, given, options);
    const received = receive(type, given, options);
    if (name !== undefined && !received.metadata.name) throw unnamed(name);
    const object: KubeObject = { ...received, metadata: { ...received.metadata } };
    if (object.metadata.namespace && object.metadata.namespace !== namespace) {
      throw badRequest("the namespace of the provided object does not match the namespace sent on the request");
    }
    if (name !== undefined && object.metadata.name && object.metadata.name !== name) {
      throw badRequest(`the name of the object (${object.metadata.name}) does not match the name on the URL (${name})`);
    }
    if (name !== undefined) object.metadata.name = name;
    if (type.namespaced) object.metadata.namespace = namespace;
    else delete object.metadata.namespace;
    for (const field of ["labels", "annotations", "finalizers", "ownerReferences"] as const) {
      const value = object.metadata[field];
      if (value === null || (value && Object.keys(value).length === 0)) delete object.metadata[field];
    }
    return toStored(this.resources, type, object);
  }

  #validate(type: ResourceType, object: KubeObject, old?: KubeObject): void {
    const faults = type.validate(object, old);
    // Events are validated by the code of the core group, whichever group they came by.
    const subject = type.resource === "events" ? { ...type, group: "" } : type;
    if (faults.length > 0) throw invalid(subject, object.metadata.name ?? "", faults);
  }

  #put(type: ResourceType, object: KubeObject): KubeObject {
    const text = JSON.stringify(object);
    if (text.length > etcdLimitBytes / 3 && new TextEncoder().encode(text).length > etcdLimitBytes) {
      throw new ApiError(500, "", "etcdserver: request is too large");
    }
    return this.storage.put(type.storage, object);
  }

  #suffix(): string {
    const letters = "bcdfghjklmnpqrstvwxz2456789";
    return Array.from({ length: 5 }, () => letters[Math.floor(this.clock.random() * letters.length)]).join("");
  }
}

/** Status is no client's to give; what shows instead is the default that a custom resource's schema declares. */
function dropStatus(type: ResourceType, object: KubeObject, given: KubeObject): void {
  if (!type.hasStatus) return;
  if (type.resource === "customresourcedefinitions") {
    object.status = initialStatus(object);
    return;
  }
  if (type.custom && given.status === undefined) return;
  delete object.status;
  const shown = type.custom?.normalize(object).object.status;
  if (shown !== undefined) object.status = shown;
  else if (type.storage === "/pods") object.status = { phase: "Pending" };
}

function trackOwners(
  type: ResourceType,
  before: KubeObject | undefined,
  after: KubeObject,
  options: WriteOptions,
): void {
  if (!options.owners) return;
  const owners = options.owners(type, before, after);
  if (owners) after.metadata.managedFields = owners;
  else delete after.metadata.managedFields;
}

function warnOfFinalizers(object: KubeObject, old: KubeObject | undefined, options: WriteOptions): void {
  for (const finalizer of object.metadata.finalizers ?? []) {
    const known = finalizer.includes("/") || [orphanFinalizer, foregroundFinalizer, "kubernetes"].includes(finalizer);
    if (known || old?.metadata.finalizers?.includes(finalizer)) continue;
    const why = "prefer a domain-qualified finalizer name to avoid accidental conflicts with other finalizer writers";
    options.warnings?.push(`metadata.finalizers: ${JSON.stringify(finalizer)}: ${why}`);
  }
}

function initializeNamespace(object: KubeObject): void {
  object.metadata.labels = { ...object.metadata.labels, "kubernetes.io/metadata.name": object.metadata.name ?? "" };
  object.spec = { finalizers: ["kubernetes"] };
  object.status = { phase: "Active" };
}
