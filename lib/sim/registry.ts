// Create, update and delete of any resource, with the semantics that hold for all of them: identity, generation, status
// subresource, finalizers, preconditions, no write for no change. HTTP stays outside; the garbage collector and other
// in-process controllers use it directly. Synchronous: one call is one step, nothing interleaves.
import type { Clock } from "../clock.ts";
import { admitCreate } from "./admission.ts";
import { toServed, toStored } from "./conversion.ts";
import { refuseWrongTypes } from "./decoding.ts";
import {
  checkPreconditions,
  type Deletion,
  foregroundFinalizer,
  markDeleted,
  mayVanish,
  orphanFinalizer,
} from "./deletion.ts";
import { asObject, type KubeObject, sameJSON, storageKey, timestamp, uuid } from "./objects.ts";
import { apiVersionOf, type Resources, type ResourceType } from "./resources.ts";
import { alreadyExists, ApiError, badRequest, conflict, invalid, invalidValue, notFound } from "./status.ts";
import type { Storage } from "./storage.ts";
import { countGeneration, prepareUpdate } from "./update_strategy.ts";

export type FieldValidation = "Ignore" | "Warn" | "Strict";

export interface WriteOptions {
  dryRun?: boolean;
  fieldValidation?: FieldValidation;
  /** Warnings for the client are added here. */
  warnings?: string[];
  subresource?: string;
}

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
    const object = this.#identify(type, namespace, given);
    if (object.metadata.resourceVersion) {
      throw new ApiError(500, "", "resourceVersion should not be set on objects to be created");
    }
    const generateName = object.metadata.name ? undefined : object.metadata.generateName;
    if (generateName) object.metadata.name = generateName.slice(0, 58) + this.#suffix();
    const name = object.metadata.name ?? "";
    admitCreate(this, type, namespace, name, "namespace");
    object.metadata.uid = uuid(() => this.clock.random());
    object.metadata.creationTimestamp = timestamp(this.clock.now());
    delete object.metadata.deletionTimestamp;
    delete object.metadata.deletionGracePeriodSeconds;
    delete object.metadata.generation;
    if (type.hasGeneration) object.metadata.generation = 1;
    if (type.hasStatus && type.resource !== "customresourcedefinitions") delete object.status;
    if (type.storage === "/namespaces") initializeNamespace(object);
    const normal = this.#normalize(type, object, options);
    this.#validate(type, normal);
    warnOfFinalizers(normal, undefined, options);
    admitCreate(this, type, namespace, name, "quota");
    if (this.storage.get(type.storage, storageKey(namespace, name))) throw alreadyExists(type, name);
    if (options.dryRun) return normal;
    const stored = this.#put(type, normal);
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
    const wanted = this.#identify(type, namespace, change(old && toServed(type, old)), name);
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
    if (resourceVersion && resourceVersion !== old.metadata.resourceVersion) throw conflict(type, name);
    if (!resourceVersion && options.conditional && !type.unconditionalUpdate) {
      const fault = invalidValue("metadata.resourceVersion", 0, "must be specified for an update");
      throw invalid({ ...type, kind: type.resource }, name, [fault]);
    }
    const next = this.#normalize(type, prepareUpdate(type, wanted, old, options.subresource ?? ""), options);
    if (type.hasGeneration) countGeneration(type, next, old);
    this.#validate(type, next, old);
    warnOfFinalizers(next, old, options);
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
    checkPreconditions(type, old, options);
    const marked = markDeleted(type, old, options, this.clock.now());
    if (!marked) return { object: options.dryRun ? old : this.storage.remove(type.storage, old), gone: true };
    if (options.dryRun || sameJSON(marked, old)) return { object: marked, gone: false };
    return { object: this.storage.put(type.storage, marked), gone: false };
  }

  /** The object with the request's namespace and the resource's kind; BadRequest where the body says something else. */
  #identify(type: ResourceType, namespace: string, given: KubeObject, name?: string): KubeObject {
    const object: KubeObject = { ...given, metadata: { ...given.metadata } };
    if (type.custom && object.kind !== type.kind) {
      const subject = { ...type, kind: object.kind };
      const fault = invalidValue("kind", object.kind, `must be ${type.kind}`);
      throw invalid(subject, object.metadata.name ?? "", [fault]);
    }
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
    if (object.kind && object.kind !== type.kind) {
      throw badRequest(
        `${object.kind} in version ${
          JSON.stringify(type.version)
        } cannot be handled as a ${type.kind}: unknown conversion`,
      );
    }
    if (object.apiVersion && object.apiVersion !== apiVersionOf(type)) {
      throw badRequest(
        `the API version in the data (${object.apiVersion}) does not match the expected API version (${
          apiVersionOf(type)
        })`,
      );
    }
    return toStored(this.resources, type, object);
  }

  #normalize(type: ResourceType, object: KubeObject, options: WriteOptions): KubeObject {
    refuseWrongTypes(type, object);
    if (!type.custom) {
      return {
        ...asObject(JSON.parse(JSON.stringify(object))),
        ...(type.resource === "leases" && { spec: object.spec ?? {} }),
      };
    }
    const { object: normal, unknown } = type.custom.normalize(object);
    if (unknown.length > 0) {
      const faults = unknown.map((path) => `unknown field ${JSON.stringify(path)}`);
      if (options.fieldValidation === "Strict") {
        throw badRequest(
          `${type.kind} in version ${
            JSON.stringify(type.version)
          } cannot be handled as a ${type.kind}: strict decoding error: ${faults.join(", ")}`,
        );
      }
      if (options.fieldValidation === "Warn") options.warnings?.push(...faults);
    }
    return normal;
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

function warnOfFinalizers(object: KubeObject, old: KubeObject | undefined, options: WriteOptions): void {
  for (const finalizer of object.metadata.finalizers ?? []) {
    const known = finalizer.includes("/") || finalizer === orphanFinalizer || finalizer === foregroundFinalizer;
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
