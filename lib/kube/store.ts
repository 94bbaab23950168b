// The cache of one kind of object, by `namespace/name`, with secondary indexes. Synchronous: whoever reads between two
// awaits reads one state. It knows resource versions, and nothing of how objects arrive.
// Guarantee: an object never gives way to an older version of itself, except where a relist says that history went back.

/** What every projection keeps, whatever else it drops. */
export interface Stored {
  /** Empty for a cluster-scoped object. */
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
}

/** One difference that a write to the store made. */
export interface Difference<T> {
  type: "added" | "modified" | "deleted";
  object: T;
  old?: T;
}

/** The key of an object: `namespace/name`, or the name alone where there is no namespace. The only place that makes one. */
export function keyOf(o: { namespace: string; name: string }): string {
  return o.namespace === "" ? o.name : `${o.namespace}/${o.name}`;
}

/**
 * Compares two resource versions as numbers of any length: negative, 0 or positive. One that is not a number compares
 * as equal, for then nothing can be said (Kubernetes: API concepts, "Resource versions").
 */
export function compareResourceVersions(a: string, b: string): number {
  if (!digits.test(a) || !digits.test(b)) return 0;
  return a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);
}

const digits = /^(0|[1-9][0-9]*)$/;

/** Mostly a value has one object, and a Map for each would cost more than the object itself. */
type Entries<T> = T | Map<string, T>;

export class Store<T extends Stored> {
  readonly #objects = new Map<string, T>();
  readonly #indexers: [name: string, valuesOf: (object: T) => readonly string[]][];
  /** Index name → value → its objects. A value without objects has no entry. */
  readonly #indexes = new Map<string, Map<string, Entries<T>>>();

  constructor(indexes: Record<string, (object: T) => readonly string[]> = {}) {
    this.#indexers = Object.entries(indexes);
    for (const [name] of this.#indexers) this.#indexes.set(name, new Map());
  }

  get size(): number {
    return this.#objects.size;
  }

  /** The object of a key that `keyOf` made. */
  get(key: string): T | undefined {
    return this.#objects.get(key);
  }

  values(): IterableIterator<T> {
    return this.#objects.values();
  }

  /** The objects for which the index gave this value, oldest entry first. Throws for an index that does not exist. */
  by(index: string, value: string): readonly T[] {
    const values = this.#indexes.get(index);
    if (!values) {
      throw new Error(`Cannot read index ${index}: the indexes are ${[...this.#indexes.keys()].join(", ") || "none"}`);
    }
    const entries = values.get(value);
    return entries instanceof Map ? [...entries.values()] : entries === undefined ? [] : [entries];
  }

  /**
   * Puts an object in, unless the store holds a newer version under its key (of another uid too: then the event is late).
   * Returns what changed: nothing for a version that is stored already; a deletion and an addition where one object took
   * another's name.
   */
  upsert(object: T): Difference<T>[] {
    const old = this.#objects.get(keyOf(object));
    if (!old) return [this.#put(object)];
    if (compareResourceVersions(object.resourceVersion, old.resourceVersion) < 0) return [];
    return this.#exchange(old, object);
  }

  /**
   * Takes an object out. `object` is its last state, as the DELETED event carries it. The store keeps a newer object under
   * the same key. Always returns the deletion, with the stored state as `old` if there was one.
   */
  remove(object: T): Difference<T> {
    const key = keyOf(object);
    const old = this.#objects.get(key);
    if (!old) return { type: "deleted", object };
    if (old.uid !== object.uid) {
      if (compareResourceVersions(object.resourceVersion, old.resourceVersion) > 0) this.#drop(key, old);
      return { type: "deleted", object };
    }
    this.#drop(key, old);
    return { type: "deleted", object, old };
  }

  /**
   * Makes the store hold exactly `objects`, in one step, and returns the differences, deletions first.
   * `within` limits the comparison to the part of the store that the list covers (a namespace). `asOf` is the resource
   * version of the list: what the store holds newer than that (an own write) stays. Without it the list is taken as it is.
   */
  replace(objects: readonly T[], o: { within?: (object: T) => boolean; asOf?: string } = {}): Difference<T>[] {
    const newer = (old: T) => o.asOf !== undefined && compareResourceVersions(old.resourceVersion, o.asOf) > 0;
    const listed = new Set(objects.map(keyOf));
    const differences: Difference<T>[] = [];
    for (const [key, old] of [...this.#objects]) {
      if (listed.has(key) || newer(old) || o.within?.(old) === false) continue;
      this.#drop(key, old);
      differences.push({ type: "deleted", object: old, old });
    }
    for (const object of objects) {
      const old = this.#objects.get(keyOf(object));
      if (!old) differences.push(this.#put(object));
      else if (!newer(old)) differences.push(...this.#exchange(old, object));
    }
    return differences;
  }

  #exchange(old: T, object: T): Difference<T>[] {
    if (old.uid !== object.uid) {
      this.#drop(keyOf(old), old);
      return [{ type: "deleted", object: old, old }, this.#put(object)];
    }
    if (old.resourceVersion === object.resourceVersion) return [];
    this.#put(object);
    return [{ type: "modified", object, old }];
  }

  #put(object: T): Difference<T> {
    const key = keyOf(object);
    const old = this.#objects.get(key);
    if (old) this.#unindex(key, old);
    this.#objects.set(key, object);
    for (const [name, valuesOf] of this.#indexers) {
      const values = this.#indexes.get(name)!;
      for (const value of valuesOf(object)) values.set(value, entered(values.get(value), key, object));
    }
    return { type: "added", object };
  }

  #drop(key: string, old: T): void {
    this.#unindex(key, old);
    this.#objects.delete(key);
  }

  #unindex(key: string, old: T): void {
    for (const [name, valuesOf] of this.#indexers) {
      const values = this.#indexes.get(name)!;
      for (const value of valuesOf(old)) {
        const entries = values.get(value);
        if (entries instanceof Map) {
          entries.delete(key);
          if (entries.size === 0) values.delete(value);
        } else if (entries !== undefined && keyOf(entries) === key) values.delete(value);
      }
    }
  }
}

function entered<T extends Stored>(entries: Entries<T> | undefined, key: string, object: T): Entries<T> {
  if (entries instanceof Map) return entries.set(key, object);
  return entries === undefined || keyOf(entries) === key ? object : new Map([[keyOf(entries), entries], [key, object]]);
}
