// The queue of keys between the caches and the workers, with the promises of client-go's:
// a key waits at most once; a key is never handed out twice at the same time; a key added while it is being processed is
// handed out again after `done`; among keys of one priority the order is first come, first served.
// Beyond those: "high" goes before "low", and a key that waits low moves up when it is added high.

import type { Clock } from "../clock.ts";

export type Priority = "high" | "low";

/** What a queue tells about itself, in the terms of the usual `workqueue_*` metrics. */
export interface QueueObserver {
  /** A key was added that was not waiting already. */
  added?(): void;
  /** How many keys wait now. */
  depth?(length: number): void;
  /** A key was handed out after it had waited this long. */
  started?(waitMs: number): void;
  /** A key is done after it had been worked on this long. */
  finished?(workMs: number): void;
  /** A key was added again after a failure. */
  retried?(): void;
}

interface Waiting {
  readonly key: string;
  readonly priority: Priority;
  readonly sinceMs: number;
}

interface Processing {
  priority: Priority;
  sinceMs: number;
  /** Set when the key was added meanwhile: the priority with which it waits again after `done`. */
  again: Priority | undefined;
}

export class Workqueue {
  readonly #clock: Clock;
  readonly #baseDelayMs: number;
  readonly #maxDelayMs: number;
  readonly #observer: QueueObserver;
  /** The truth about what waits. A key is in here or in `#processing`, never in both. */
  readonly #waiting = new Map<string, Waiting>();
  readonly #processing = new Map<string, Processing>();
  /** Order only: an entry that does not stand in `#waiting` any more was moved up, and is passed over. */
  readonly #order: Record<Priority, Fifo<Waiting>> = { high: new Fifo(), low: new Fifo() };
  readonly #delayed = new Map<string, { atMs: number; priority: Priority; timer: Disposable }>();
  readonly #failures = new Map<string, number>();
  #waitingHigh = 0;
  /** Keys of "high" handed out in a row. */
  #highInARow = 0;
  readonly #idle: ((key: string | undefined) => void)[] = [];
  #down = false;

  constructor(o: { clock: Clock; baseDelayMs?: number; maxDelayMs?: number; observer?: QueueObserver }) {
    this.#clock = o.clock;
    this.#baseDelayMs = o.baseDelayMs ?? 5;
    this.#maxDelayMs = o.maxDelayMs ?? 60_000;
    this.#observer = o.observer ?? {};
  }

  /** Keys that wait to be handed out; neither those being processed nor those delayed. */
  get length(): number {
    return this.#waiting.size;
  }

  /** Whether a key of "high" waits. */
  get highWaits(): boolean {
    return this.#waitingHigh > 0;
  }

  /** How often `addRateLimited` was called for the key since it was last forgotten. */
  retries(key: string): number {
    return this.#failures.get(key) ?? 0;
  }

  /** Adds a key. "high" (the default) is for new objects and real events, "low" for an initial list or a resync. */
  add(key: string, priority: Priority = "high"): void {
    if (this.#down) return;
    const processing = this.#processing.get(key);
    if (processing) {
      if (!processing.again) this.#observer.added?.();
      if (processing.again !== "high") processing.again = priority;
      return;
    }
    const waiting = this.#waiting.get(key);
    if (!waiting) {
      this.#observer.added?.();
      this.#wait(key, priority);
    } else if (priority === "high" && waiting.priority === "low") {
      this.#line({ ...waiting, priority });
    }
  }

  /** Adds a key with priority "high" after a delay. Of several delays of one key the one that ends first wins. */
  addAfter(key: string, delayMs: number): void {
    this.#addAfter(key, delayMs, "high");
  }

  /**
   * Adds a key again after a failure: after `baseDelayMs`, doubled with each failure up to `maxDelayMs`, less up to a fifth
   * by chance, and never before `minDelayMs` (a Retry-After). A key handed out as "low" waits as "low" again.
   */
  addRateLimited(key: string, minDelayMs = 0): void {
    if (this.#down) return;
    const failures = this.retries(key);
    this.#failures.set(key, failures + 1);
    this.#observer.retried?.();
    const fullMs = Math.min(this.#baseDelayMs * 2 ** Math.min(failures, 50), this.#maxDelayMs);
    const delayMs = fullMs * (1 - this.#clock.random() / 5);
    this.#addAfter(key, Math.max(delayMs, minDelayMs), this.#processing.get(key)?.priority ?? "high");
  }

  /** The key went well: its next failure counts as the first. */
  forget(key: string): void {
    this.#failures.delete(key);
  }

  /** The next key, as soon as there is one; undefined once the queue is shut down. Each needs a `done`. */
  next(): Promise<string | undefined> {
    if (this.#down) return Promise.resolve(undefined);
    const key = this.#take();
    if (key !== undefined) return Promise.resolve(key);
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  /** Ends the processing of a key; if it was added meanwhile, it waits again. */
  done(key: string): void {
    const processing = this.#processing.get(key);
    if (!processing) return;
    this.#processing.delete(key);
    this.#observer.finished?.(this.#clock.monotonic() - processing.sinceMs);
    if (processing.again && !this.#down) this.#wait(key, processing.again);
  }

  /** Hands out nothing more, drops what waits and cancels every timer. Keys being processed may still call `done`. */
  shutDown(): void {
    this.#down = true;
    for (const { timer } of this.#delayed.values()) timer[Symbol.dispose]();
    this.#delayed.clear();
    this.#waiting.clear();
    this.#waitingHigh = 0;
    this.#failures.clear();
    this.#observer.depth?.(0);
    for (const resolve of this.#idle.splice(0)) resolve(undefined);
  }

  #addAfter(key: string, delayMs: number, priority: Priority): void {
    if (this.#down) return;
    if (!(delayMs > 0)) return this.add(key, priority);
    const atMs = this.#clock.monotonic() + delayMs;
    const earlier = this.#delayed.get(key);
    if (earlier && earlier.atMs <= atMs) {
      if (priority === "high") earlier.priority = "high";
      return;
    }
    earlier?.timer[Symbol.dispose]();
    const entry = {
      atMs,
      priority: earlier?.priority === "high" ? "high" as const : priority,
      timer: this.#clock.timer(delayMs, () => {
        this.#delayed.delete(key);
        this.add(key, entry.priority);
      }),
    };
    this.#delayed.set(key, entry);
  }

  #wait(key: string, priority: Priority): void {
    this.#line({ key, priority, sinceMs: this.#clock.monotonic() });
    const idle = this.#idle.shift();
    if (idle) idle(this.#take());
    else this.#observer.depth?.(this.#waiting.size);
  }

  #line(waiting: Waiting): void {
    if (waiting.priority === "high") this.#waitingHigh++;
    this.#waiting.set(waiting.key, waiting);
    this.#order[waiting.priority].push(waiting);
  }

  #take(): string | undefined {
    const turn: readonly Priority[] = this.#highInARow < highShare ? ["high", "low"] : ["low", "high"];
    for (const priority of turn) {
      const order = this.#order[priority];
      for (let waiting = order.shift(); waiting; waiting = order.shift()) {
        const { key } = waiting;
        if (this.#waiting.get(key) !== waiting) continue;
        this.#waiting.delete(key);
        if (priority === "high") this.#waitingHigh--;
        this.#highInARow = priority === "high" ? this.#highInARow + 1 : 0;
        const nowMs = this.#clock.monotonic();
        this.#processing.set(key, { priority, sinceMs: nowMs, again: undefined });
        this.#observer.started?.(nowMs - waiting.sinceMs);
        this.#observer.depth?.(this.#waiting.size);
        return key;
      }
    }
    return undefined;
  }
}

/** So many keys of "high" go before one of "low": what has waited longest is not starved by what is new. */
const highShare = 3;

/** First in, first out, in constant time an entry however long the queue is. */
class Fifo<T> {
  #entries: (T | undefined)[] = [];
  #head = 0;

  push(entry: T): void {
    this.#entries.push(entry);
  }

  shift(): T | undefined {
    if (this.#head === this.#entries.length) return undefined;
    const entry = this.#entries[this.#head];
    this.#entries[this.#head++] = undefined;
    if (this.#head > 1_000 && this.#head * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#head);
      this.#head = 0;
    }
    return entry;
  }
}
