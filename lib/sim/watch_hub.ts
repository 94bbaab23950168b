// Open watches. Each is a stream of JSON lines fed from the storage's changes, with bookmarks and a time limit. A watch can
// be cut, made silent or held back from outside, as networks and overloaded servers do.
import type { Clock } from "../clock.ts";
import type { JSONObject } from "../kube/contract.ts";
import type { KubeObject } from "./objects.ts";
import type { RequestInfo } from "./request_info.ts";
import type { Predicate } from "./selectors.ts";
import type { Change, Storage } from "./storage.ts";

export type EventType = "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK" | "ERROR";

export interface WatchRequest {
  info: RequestInfo;
  /** `group/plural`. */
  resource: string;
  /** In the namespace and matched by the selectors. */
  selects: Predicate;
  /** Sent first, as ADDED; then a bookmark that says so when `initialBookmark`. */
  initial: KubeObject[];
  initialBookmark: boolean;
  /** Changes already made that are to be sent. */
  missed: Change[];
  bookmarks: boolean;
  timeoutMs: number;
  /** The event's object on the wire. */
  encode(type: EventType, object: KubeObject): JSONObject;
  /** An object of the kind with nothing but a resourceVersion. */
  bookmark(revision: number, initialEventsEnd: boolean): JSONObject;
}

type Match = (info: RequestInfo) => boolean;
const everything: Match = () => true;

class Watch {
  readonly stream: ReadableStream<Uint8Array>;
  silent = false;
  held: Uint8Array[] | undefined;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  #lost = false;
  #timers: Disposable[] = [];
  #encoder = new TextEncoder();
  #bookmarkTimer: Disposable | undefined;

  constructor(readonly request: WatchRequest, readonly clock: Clock, readonly hub: WatchHub, bookmarkEveryMs: number) {
    this.stream = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.#controller = controller;
      },
      // Called when everything sent so far was read: only then is the connection lost, so that half a line arrives.
      pull: (controller) => {
        if (this.#lost) controller.error(new TypeError("connection cut by a fault"));
      },
      cancel: () => void this.#end(),
    }, new CountQueuingStrategy({ highWaterMark: 1 }));
    this.#timers.push(clock.timer(request.timeoutMs, () => this.close()));
    if (request.bookmarks) {
      this.#everyBookmark(bookmarkEveryMs);
      if (request.timeoutMs > 2000) {
        this.#timers.push(clock.timer(request.timeoutMs - 2000, () => this.#bookmark(hub.storage.revision, false)));
      }
    }
  }

  begin(): void {
    for (const object of this.request.initial) this.#send("ADDED", this.request.encode("ADDED", object));
    if (this.request.initialBookmark) this.#bookmark(this.hub.storage.revision, true);
    for (const change of this.request.missed) this.take(change);
  }

  /** What a change means to this watch: with a selector, an object may come and go without being created or deleted. */
  take(change: Change): void {
    const { selects, encode } = this.request;
    const was = change.previous !== undefined && selects(change.previous);
    const is = change.type !== "DELETED" && selects(change.object);
    if (is) this.#send(was ? "MODIFIED" : "ADDED", encode(was ? "MODIFIED" : "ADDED", change.object));
    else if (was && change.previous) {
      const last = change.type === "DELETED" && selects(change.object) ? change.object : {
        ...change.previous,
        metadata: { ...change.previous.metadata, resourceVersion: String(change.revision) },
      };
      this.#send("DELETED", encode("DELETED", last));
    }
  }

  error(status: JSONObject): void {
    this.#send("ERROR", status);
    this.close();
  }

  release(): void {
    const held = this.held ?? [];
    this.held = undefined;
    for (const bytes of held) this.#enqueue(bytes);
  }

  /** The regular end. */
  close(): void {
    this.#end()?.close();
  }

  /** The connection is lost, in the middle of a line if wanted. */
  cut(midLine: boolean): void {
    const controller = this.#end();
    if (!controller) return;
    this.#lost = midLine;
    if (midLine) controller.enqueue(this.#encoder.encode('{"type":"MODIFIED","object":{"apiVer'));
    else controller.error(new TypeError("connection cut by a fault"));
  }

  #everyBookmark(everyMs: number): void {
    this.#bookmarkTimer = this.clock.timer(everyMs, () => {
      this.#bookmark(this.hub.storage.revision, false);
      this.#everyBookmark(everyMs);
    });
  }

  #bookmark(revision: number, initialEventsEnd: boolean): void {
    this.#send("BOOKMARK", this.request.bookmark(revision, initialEventsEnd));
  }

  #send(type: EventType, object: JSONObject): void {
    if (this.silent) return;
    const bytes = this.#encoder.encode(`${JSON.stringify({ type, object })}\n`);
    if (this.held && type !== "ERROR") this.held.push(bytes);
    else this.#enqueue(bytes);
  }

  #enqueue(bytes: Uint8Array): void {
    if (!this.silent) this.#controller?.enqueue(bytes);
  }

  #end(): ReadableStreamDefaultController<Uint8Array> | undefined {
    const controller = this.#controller;
    this.#controller = undefined;
    for (const timer of this.#timers) timer[Symbol.dispose]();
    this.#bookmarkTimer?.[Symbol.dispose]();
    this.hub.forget(this);
    return controller;
  }
}

export class WatchHub implements Disposable {
  #watches = new Set<Watch>();
  #holds = new Set<Match>();
  #silences = new Set<Match>();
  #listening: Disposable;

  constructor(readonly storage: Storage, readonly clock: Clock, readonly bookmarkEveryMs = 60_000) {
    this.#listening = storage.listen((change) => {
      for (const watch of [...this.#watches]) {
        if (watch.request.resource === change.resource) watch.take(change);
      }
    });
  }

  /** Opens a watch; it starts with what the request says is to be sent first. */
  open(request: WatchRequest): ReadableStream<Uint8Array> {
    const watch = new Watch(request, this.clock, this, this.bookmarkEveryMs);
    this.#watches.add(watch);
    watch.silent = [...this.#silences].some((match) => match(request.info));
    if ([...this.#holds].some((match) => match(request.info))) watch.held = [];
    watch.begin();
    return watch.stream;
  }

  /** A stream that says only why there is nothing to watch: an ERROR event, then the end. */
  refuse(status: JSONObject): ReadableStream<Uint8Array> {
    return new Response(`${JSON.stringify({ type: "ERROR", object: status })}\n`).body ?? new ReadableStream();
  }

  /** How many watches are open. */
  get size(): number {
    return this.#watches.size;
  }

  /** Loses the connection of every matching watch; returns how many. */
  cut(match: Match = everything, options: { midLine?: boolean } = {}): number {
    const found = this.#matching(match);
    for (const watch of found) watch.cut(options.midLine ?? false);
    return found.length;
  }

  /** Ends every matching watch as its time limit would. */
  close(match: Match = everything): void {
    for (const watch of this.#matching(match)) watch.close();
  }

  /** Sends an ERROR event of 410 to every matching watch and ends it. */
  expire(status: JSONObject, match: Match = everything): void {
    for (const watch of this.#matching(match)) watch.error(status);
  }

  /** Matching watches, and those opened from now on, send no byte any more; until disposed, for new ones. */
  silence(match: Match = everything): Disposable {
    for (const watch of this.#matching(match)) watch.silent = true;
    this.#silences.add(match);
    return { [Symbol.dispose]: () => void this.#silences.delete(match) };
  }

  /** Matching watches hold their events back until this is disposed: caches go stale meanwhile. */
  hold(match: Match = everything): Disposable {
    for (const watch of this.#matching(match)) watch.held ??= [];
    this.#holds.add(match);
    return {
      [Symbol.dispose]: () => {
        this.#holds.delete(match);
        for (const watch of this.#matching(match)) watch.release();
      },
    };
  }

  /** @internal A watch that has ended. */
  forget(watch: Watch): void {
    this.#watches.delete(watch);
  }

  [Symbol.dispose](): void {
    this.#listening[Symbol.dispose]();
    this.close();
  }

  #matching(match: Match): Watch[] {
    return [...this.#watches].filter((watch) => match(watch.request.info));
  }
}
