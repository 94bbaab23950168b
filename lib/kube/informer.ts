// A cache of one kind of object over one or several list paths, and the changes to it.
// Reflectors bring the objects; here they become projections, go into the store, and then to the handlers, in that order.
// Guarantee: an object whose fields have the wrong types stops no other one and does not vanish: its former state stays.

import type { Clock } from "../clock.ts";
import type { Logger } from "../log.ts";
import type { JSONObject, RestClient } from "./contract.ts";
import { Reflector, type ReflectorSink, type WatchObserver } from "./reflector.ts";
import { compareResourceVersions, type Difference, keyOf, Store, type Stored } from "./store.ts";

export type { WatchObserver } from "./reflector.ts";

export interface Change<T> {
  type: "added" | "modified" | "deleted";
  /** The new state; of a deleted object the last one, as the server sent it if it did. */
  object: T;
  /** What the store held before. */
  old?: T;
  /** Part of a list, at the start or after the watch was lost. */
  initial: boolean;
}

export interface InformerOptions<T extends Stored> {
  client: RestClient;
  /** One list path a watched namespace, or a single path for the whole cluster. */
  paths: string[];
  labelSelector?: string;
  /** What of an object is kept. May throw an error that names the field. */
  project: (json: JSONObject) => T;
  indexes?: Record<string, (object: T) => readonly string[]>;
  clock: Clock;
  log: Logger;
  name: string;
  observer?: WatchObserver;
}

/** An object on its way into the store; `object` is missing when it could not be projected. */
interface Item<T> {
  readonly key: string;
  readonly namespace: string;
  readonly uid: string;
  readonly object: T | undefined;
}

export class Informer<T extends Stored> {
  /** Always up to date when a handler runs. Writing an own write's answer into it is allowed; no handler sees that. */
  readonly store: Store<T>;
  readonly #o: InformerOptions<T>;
  /** Empty: all. */
  readonly #namespaces: ReadonlySet<string>;
  readonly #handlers: ((change: Change<T>) => void)[] = [];
  readonly #reflectors: Reflector<Item<T>>[];
  /** Paths whose first list is still to come. */
  readonly #unlisted: Set<string>;
  readonly #synced = Promise.withResolvers<void>();
  /** Key → version of an object that could not be projected, so that each is reported once. */
  readonly #malformed = new Map<string, string>();

  constructor(o: InformerOptions<T>) {
    if (o.paths.length === 0) throw new Error(`Cannot watch ${o.name}: paths is empty`);
    this.#o = o;
    this.store = new Store(o.indexes ?? {});
    this.#unlisted = new Set(o.paths);
    this.#namespaces = new Set(o.paths.map((path) => namespaceOf(path) ?? ""));
    this.#reflectors = o.paths.map((path) =>
      new Reflector({
        client: o.client,
        path,
        ...(o.labelSelector === undefined ? {} : { labelSelector: o.labelSelector }),
        sink: this.#sinkOf(path),
        clock: o.clock,
        log: o.log,
        name: o.name,
        ...(o.observer === undefined ? {} : { observer: o.observer }),
      })
    );
  }

  /** Registers a handler, called synchronously after the store was updated. To be called before `run`. */
  onChange(handler: (change: Change<T>) => void): void {
    this.#handlers.push(handler);
  }

  /** Lists and watches until the signal is aborted; then resolves. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all(this.#reflectors.map((reflector) => reflector.run(signal)));
  }

  /** True from the moment that every path was listed once. */
  get synced(): boolean {
    return this.#unlisted.size === 0;
  }

  /** Resolves when synced; rejects with the signal's reason when that is aborted first. */
  whenSynced(signal?: AbortSignal): Promise<void> {
    if (!signal || this.synced) return this.#synced.promise;
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const onAbort = () => reject(signal.reason);
      signal.addEventListener("abort", onAbort, { once: true });
      this.#synced.promise.then(() => {
        signal.removeEventListener("abort", onAbort);
        resolve();
      });
    });
  }

  /** Milliseconds since a byte arrived on the quietest path. Bookmarks keep it below about 60 s while things work. */
  lastEventAgeMs(): number {
    return Math.max(...this.#reflectors.map((reflector) => reflector.lastBytesAgeMs()));
  }

  /** Whether objects of this namespace are watched at all. */
  watches(namespace: string): boolean {
    return this.#namespaces.has("") || this.#namespaces.has(namespace);
  }

  /**
   * The list paths whose watch has not come as far as this resource version: of these, the store may lack what the server
   * had by then. A watch brings events in the order of their versions, so an own write that came by brought all before it,
   * on its own path: one over another namespace hears nothing of it.
   */
  behind(resourceVersion: string): string[] {
    return this.#o.paths.filter((_, i) => {
      const version = this.#reflectors[i]?.version ?? "";
      return version === "" || compareResourceVersions(version, resourceVersion) < 0;
    });
  }

  /** Why a path cannot be listed or watched at present; undefined while all can. */
  get lastError(): Error | undefined {
    for (const { lastError } of this.#reflectors) if (lastError) return lastError;
    return undefined;
  }

  #sinkOf(path: string): ReflectorSink<Item<T>> {
    const namespace = namespaceOf(path);
    const within = namespace === undefined ? undefined : (object: T) => object.namespace === namespace;
    return {
      read: (json) => this.#read(json),
      replace: (items, o) => {
        const objects: T[] = [];
        for (const { key, uid, object } of items) {
          const former = this.store.get(key);
          if (object) objects.push(object);
          else if (former?.uid === uid) objects.push(former);
        }
        this.#forgetMalformed(items, namespace);
        const differences = this.store.replace(objects, {
          ...(within ? { within } : {}),
          ...(o.historyWentBack ? {} : { asOf: o.resourceVersion }),
        });
        if (this.#unlisted.delete(path) && this.synced) this.#synced.resolve();
        this.#tell(differences, true);
      },
      apply: (type, { key, uid, object }) => {
        if (type !== "DELETED") {
          if (object) this.#tell(this.store.upsert(object), false);
          return;
        }
        this.#malformed.delete(key);
        const former = this.store.get(key);
        const last = object ?? (former?.uid === uid ? former : undefined);
        if (last) this.#tell([this.store.remove(last)], false);
      },
    };
  }

  /** Projects an object. One that cannot be projected is reported once a version, and counted. */
  #read(json: JSONObject): Item<T> {
    const { namespace: space, name, uid: id, resourceVersion: version } = json.metadata as JSONObject;
    const namespace = typeof space === "string" ? space : "";
    const uid = typeof id === "string" ? id : "";
    const key = keyOf({ namespace, name: String(name) });
    try {
      const object = this.#o.project(json);
      this.#malformed.delete(key);
      return { key, namespace, uid, object };
    } catch (error) {
      const resourceVersion = String(version);
      if (this.#malformed.get(key) !== resourceVersion) {
        this.#malformed.set(key, resourceVersion);
        this.#o.observer?.malformed?.(this.#o.name);
        this.#o.log.error("object cannot be read; its former state is kept", {
          informer: this.#o.name,
          object: key,
          resourceVersion,
          error: error instanceof Error ? error.message : String(error),
        });
      }
      return { key, namespace, uid, object: undefined };
    }
  }

  /** After a list: what is not in it any more needs no note. */
  #forgetMalformed(items: readonly Item<T>[], namespace: string | undefined): void {
    if (this.#malformed.size === 0) return;
    const listed = new Set(items.map((item) => item.key));
    for (const key of this.#malformed.keys()) {
      if (!listed.has(key) && (namespace === undefined || key.startsWith(`${namespace}/`))) this.#malformed.delete(key);
    }
  }

  #tell(differences: readonly Difference<T>[], initial: boolean): void {
    for (const difference of differences) {
      for (const handler of this.#handlers) {
        try {
          handler({ ...difference, initial });
        } catch (error) {
          this.#o.log.error("handler failed", {
            informer: this.#o.name,
            object: keyOf(difference.object),
            error: error instanceof Error ? error.message : String(error),
          });
        }
      }
    }
  }
}

/** The namespace of a list path; undefined when it covers all. */
function namespaceOf(path: string): string | undefined {
  return /\/namespaces\/([^/]+)\/[^/]+$/.exec(path)?.[1];
}
