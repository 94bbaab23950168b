// Keeps one list path in a cache: drives the protocol (reflector_protocol.ts) with real requests, time and chance, for ever.
// It leaves to its sink what objects are. It never gives up, never goes in circles without a backoff, and reports each failure.

import { Backoff } from "./backoff.ts";
import type { Clock } from "../clock.ts";
import { sleep } from "../clock.ts";
import type { Logger } from "../log.ts";
import type { JSONObject, RestClient } from "./contract.ts";
import { ConnectionError, StatusError } from "./errors.ts";
import { initialState, type ReflectorState, type ReflectorStep, requestOf, step } from "./reflector_protocol.ts";
import { isObject, WatchProtocolError, WatchSilentError, watchStream } from "./watch.ts";

/** Where a reflector puts what it has read. Called synchronously, one call for one visible change of state. */
export interface ReflectorSink<Item> {
  /** Makes an item of an object. Must not throw: an object that cannot be read is an item that says so. */
  read(object: JSONObject): Item;
  replace(items: Item[], o: { resourceVersion: string; historyWentBack: boolean }): void;
  apply(type: "ADDED" | "MODIFIED" | "DELETED", item: Item): void;
}

/** What a reflector tells about its connection. */
export interface WatchObserver {
  /** A watch event arrived. */
  event?(name: string, type: string): void;
  /** A list was swapped in. */
  listed?(name: string, objects: number): void;
  /** A watch ended and is opened again, or a list is tried again. */
  restarted?(name: string, cause: "closed" | "silent" | "expired" | "error"): void;
  /** An object had fields of the wrong type; its former state stays in the cache. */
  malformed?(name: string): void;
}

export interface ReflectorOptions<Item> {
  client: RestClient;
  path: string;
  labelSelector?: string;
  sink: ReflectorSink<Item>;
  clock: Clock;
  log: Logger;
  name: string;
  observer?: WatchObserver;
}

/** A stream that lived this long has shown that things work: the next failure waits shortly again. */
const healthyMs = 5_000;
/** A streaming list that says nothing for this long will not send its marker any more. */
const listSilenceMs = 15_000;
/** After a long outage, too, it asks again this often: a controller is not ready until its watches are back. */
const longestBackoffMs = 10_000;

export class Reflector<Item> {
  readonly #o: ReflectorOptions<Item>;
  readonly #backoff: Backoff;
  #state: ReflectorState<Item> = initialState();
  #lastError: Error | undefined;
  #lastBytesMs: number;
  /** When the server accepted the watch that is open; undefined while none is. */
  #openedMs: number | undefined;

  constructor(o: ReflectorOptions<Item>) {
    this.#o = o;
    this.#backoff = new Backoff({ clock: o.clock, baseMs: 800, maxMs: longestBackoffMs });
    this.#lastBytesMs = o.clock.monotonic();
  }

  /** Why the last request failed; undefined while things work. */
  get lastError(): Error | undefined {
    return this.#lastError;
  }

  /** The resource version up to which everything has been handed to the sink; empty before the first list. */
  get version(): string {
    return this.#state.resourceVersion;
  }

  /**
   * Milliseconds since anything arrived. That a watch was accepted counts for as long as it is open: after an outage its first
   * byte may be a minute away. One that is opened and closed again and again does not become fresh by that.
   */
  lastBytesAgeMs(): number {
    return this.#o.clock.monotonic() - Math.max(this.#lastBytesMs, this.#openedMs ?? -Infinity);
  }

  /** Runs until the signal is aborted; then resolves. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const startedMs = this.#o.clock.monotonic();
      let taken: ReflectorStep<Item>;
      try {
        taken = requestOf(this.#state).type === "list" ? await this.#list(signal) : await this.#watch(signal);
      } catch (cause) {
        if (signal.aborted) return;
        // Neither the server nor the network: a fault of this program. The cache goes on with the next list.
        const error = cause instanceof Error ? cause : new Error(String(cause), { cause });
        this.#o.log.error("reflector failed", { reflector: this.#o.name, path: this.#o.path, error: error.message });
        taken = { state: initialState(), next: "retry", error };
        this.#report(taken);
      }
      if (this.#o.clock.monotonic() - startedMs >= healthyMs) this.#backoff.reset();
      if (taken.next !== "retry" || signal.aborted) continue;
      const delayMs = Math.max(this.#backoff.nextMs(), taken.retryAfterMs ?? 0);
      try {
        await sleep(this.#o.clock, delayMs, signal);
      } catch (error) {
        if (!signal.aborted) throw error;
      }
    }
  }

  async #list(signal: AbortSignal): Promise<ReflectorStep<Item>> {
    const { client, path, sink } = this.#o;
    const querystring = new URLSearchParams({ ...requestOf(this.#state).query, ...this.#selector() });
    try {
      const page = await client.performRequest({
        method: "GET",
        path,
        querystring,
        abortSignal: signal,
        expectJson: true,
      });
      this.#lastBytesMs = this.#o.clock.monotonic();
      const list = checkList(page, path);
      return this.#take({ type: "chunk", ...list, items: list.items.map((object) => sink.read(object)) });
    } catch (error) {
      if (!isRemote(error)) throw error;
      return this.#take({ type: "failed", error });
    }
  }

  async #watch(signal: AbortSignal): Promise<ReflectorStep<Item>> {
    const { client, path, sink, clock, name, observer } = this.#o;
    const startedMs = clock.monotonic();
    try {
      const batches = watchStream({
        client,
        path,
        query: { ...requestOf(this.#state).query, ...this.#selector() },
        clock,
        signal,
        silenceMs: () => this.#state.phase === "streamingList" ? listSilenceMs : 90_000,
        onBytes: () => this.#lastBytesMs = clock.monotonic(),
        onOpen: () => {
          this.#lastError = undefined;
          this.#openedMs = clock.monotonic();
        },
      });
      for await (const batch of batches) {
        for (const event of batch) {
          observer?.event?.(name, event.type);
          const item = event.type === "BOOKMARK" || event.type === "ERROR" ? undefined : sink.read(event.object);
          const taken = this.#take({ type: "event", event, item });
          if (taken.next !== "read") return taken;
        }
      }
      return this.#take({ type: "closed", short: clock.monotonic() - startedMs < 1_000 });
    } catch (error) {
      if (error instanceof WatchSilentError) return this.#take({ type: "silent" });
      if (!isRemote(error)) throw error;
      return this.#take({ type: "failed", error });
    } finally {
      this.#openedMs = undefined;
    }
  }

  /** Takes one step, and tells the cache and the observers about it. */
  #take(input: Parameters<typeof step<Item>>[1]): ReflectorStep<Item> {
    const { sink, name, observer } = this.#o;
    const taken = step(this.#state, input);
    this.#state = taken.state;
    if (taken.replace) {
      sink.replace(taken.replace.items, taken.replace);
      observer?.listed?.(name, taken.replace.items.length);
    }
    if (taken.apply) sink.apply(taken.apply.type, taken.apply.item);
    if (taken.error) this.#report(taken);
    else if (input.type !== "silent") this.#lastError = undefined;
    if (input.type === "closed" || input.type === "silent") {
      observer?.restarted?.(name, input.type);
      this.#o.log.debug("watch ended", { reflector: name, path: this.#o.path, cause: input.type });
    }
    return taken;
  }

  #report({ error, state }: ReflectorStep<Item>): void {
    this.#lastError = error;
    const expired = error instanceof StatusError && error.httpCode === 410;
    this.#o.observer?.restarted?.(this.#o.name, expired ? "expired" : "error");
    const fields = { reflector: this.#o.name, path: this.#o.path, error: error?.message, next: state.phase };
    if (expired) this.#o.log.info("watch expired, listing again", fields);
    else this.#o.log.warn("list or watch failed", fields);
  }

  #selector(): Record<string, string> {
    return this.#o.labelSelector === undefined ? {} : { labelSelector: this.#o.labelSelector };
  }
}

/** An error that the other side or the network caused, and that asking again may cure. */
function isRemote(error: unknown): error is Error {
  return error instanceof StatusError || error instanceof ConnectionError || error instanceof WatchProtocolError;
}

function checkList(page: unknown, path: string): { items: JSONObject[]; resourceVersion: string; continue: string } {
  const wrong = (field: string) => new WatchProtocolError(`list of ${path}: ${field} is missing or of the wrong type`);
  if (!isObject(page as JSONObject)) throw wrong("the list");
  const { items, metadata } = page as JSONObject;
  if (!isObject(metadata) || typeof metadata.resourceVersion !== "string") throw wrong("metadata.resourceVersion");
  // Go writes an empty list as null.
  const objects = items === null ? [] : items;
  if (!Array.isArray(objects) || !objects.every(isObject)) throw wrong("items");
  const nameless = objects.findIndex(({ metadata }) => !isObject(metadata) || typeof metadata.name !== "string");
  if (nameless !== -1) throw wrong(`items[${nameless}].metadata.name`);
  const token = metadata.continue;
  return {
    items: objects,
    resourceVersion: metadata.resourceVersion,
    continue: typeof token === "string" ? token : "",
  };
}
