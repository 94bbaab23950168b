// The etcd of the simulated API server: objects by resource and key, one growing revision for everything, and the history
// that watches and chunked lists read. Synchronous: a write and the notice of it to every listener are one step.
import { type KubeObject, storageKey } from "./objects.ts";

/** One committed write. `object` of a deletion is the last state, with the resourceVersion of the deletion. */
export interface Change {
  revision: number;
  type: "ADDED" | "MODIFIED" | "DELETED";
  /** `group/plural`. */
  resource: string;
  key: string;
  object: KubeObject;
  previous?: KubeObject;
}

interface Collection {
  objects: Map<string, KubeObject>;
  /** Keys in list order; rebuilt when a key was added or removed. */
  order: string[] | undefined;
  history: Change[];
  /** Changes up to this revision are forgotten. */
  forgotten: number;
}

export class Storage {
  /** Revision of the latest write. */
  revision = 1;
  #collections = new Map<string, Collection>();
  #listeners = new Set<(change: Change) => void>();
  #historyLimit: number;
  #compactedTo = 0;

  /** Beyond `historyLimit` changes of a resource the oldest are forgotten, as compaction does. */
  constructor(historyLimit = 10_000) {
    this.#historyLimit = historyLimit;
  }

  get(resource: string, key: string): KubeObject | undefined {
    return this.#collections.get(resource)?.objects.get(key);
  }

  /** Objects of a resource in key order, of one namespace when it is given. */
  list(resource: string, namespace?: string): KubeObject[] {
    const collection = this.#collection(resource);
    collection.order ??= [...collection.objects.keys()].sort();
    const prefix = namespace ? storageKey(namespace, "") : "";
    const found: KubeObject[] = [];
    for (const key of collection.order) {
      const object = prefix && !key.startsWith(prefix) ? undefined : collection.objects.get(key);
      if (object) found.push(object);
    }
    return found;
  }

  /** The list as it was at a revision; undefined when that is compacted away. */
  listAt(resource: string, revision: number, namespace?: string): KubeObject[] | undefined {
    const collection = this.#collection(resource);
    if (revision >= this.revision) return this.list(resource, namespace);
    if (revision < collection.forgotten) return undefined;
    const objects = new Map(collection.objects);
    for (const change of collection.history.toReversed()) {
      if (change.revision <= revision) break;
      if (change.previous) objects.set(change.key, change.previous);
      else objects.delete(change.key);
    }
    const prefix = namespace ? storageKey(namespace, "") : "";
    return [...objects].filter(([key]) => key.startsWith(prefix)).sort(([a], [b]) => a < b ? -1 : 1)
      .map(([, object]) => object);
  }

  /** Changes of a resource after a revision; undefined when some of them are compacted away. */
  changesAfter(resource: string, revision: number): Change[] | undefined {
    const { history, forgotten } = this.#collection(resource);
    if (revision < forgotten) return undefined;
    return history.slice(history.findLastIndex((change) => change.revision <= revision) + 1);
  }

  /** Stores the object under the next revision and returns it as stored. */
  put(resource: string, object: KubeObject): KubeObject {
    const key = keyOf(object);
    const collection = this.#collection(resource);
    const previous = collection.objects.get(key);
    const stored = this.#stamp(object);
    collection.objects.set(key, stored);
    if (!previous) collection.order = undefined;
    this.#commit(collection, {
      revision: this.revision,
      type: previous ? "MODIFIED" : "ADDED",
      resource,
      key,
      object: stored,
      ...(previous && { previous }),
    });
    return stored;
  }

  /** Removes the object and returns its last state, which is the one given. */
  remove(resource: string, object: KubeObject): KubeObject {
    const key = keyOf(object);
    const collection = this.#collection(resource);
    const previous = collection.objects.get(key);
    if (!previous) return object;
    collection.objects.delete(key);
    collection.order = undefined;
    const last = this.#stamp(object);
    this.#commit(collection, { revision: this.revision, type: "DELETED", resource, key, object: last, previous });
    return last;
  }

  /** Calls the listener with every change from now on, in order. */
  listen(listener: (change: Change) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  /** Forgets history: older resourceVersions and continue tokens answer 410 from now on. */
  compact(): void {
    this.revision++;
    this.#compactedTo = this.revision;
    for (const collection of this.#collections.values()) {
      collection.history = [];
      collection.forgotten = this.revision;
    }
  }

  /** The oldest revision from which a resource can be watched. */
  oldestRevision(resource: string): number {
    return this.#collection(resource).forgotten;
  }

  #stamp(object: KubeObject): KubeObject {
    this.revision++;
    return { ...object, metadata: { ...object.metadata, resourceVersion: String(this.revision) } };
  }

  #commit(collection: Collection, change: Change): void {
    collection.history.push(change);
    if (collection.history.length > 2 * this.#historyLimit) {
      const dropped = collection.history.splice(0, collection.history.length - this.#historyLimit);
      collection.forgotten = dropped.at(-1)?.revision ?? collection.forgotten;
    }
    for (const listener of [...this.#listeners]) listener(change);
  }

  #collection(resource: string): Collection {
    let found = this.#collections.get(resource);
    if (!found) {
      found = { objects: new Map(), order: undefined, history: [], forgotten: this.#compactedTo };
      this.#collections.set(resource, found);
    }
    return found;
  }
}

function keyOf(object: KubeObject): string {
  return storageKey(object.metadata.namespace ?? "", object.metadata.name ?? "");
}
