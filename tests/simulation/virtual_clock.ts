// Time in a simulated world: it stands still until somebody fires the next timer. A process sees it through a view of its
// own, whose wall clock may jump without anybody else noticing.

import type { Clock } from "../../lib/clock.ts";

interface Timer {
  readonly atMs: number;
  readonly order: number;
  callback: (() => void) | undefined;
}

export class VirtualClock implements Clock {
  /** A binary heap by time, then by creation. Cancelled timers stay until they come up. */
  readonly #heap: Timer[] = [];
  readonly #startMs: number;
  readonly #random: () => number;
  #elapsedMs = 0;
  #created = 0;

  constructor(startMs: number, random: () => number) {
    this.#startMs = startMs;
    this.#random = random;
  }

  now(): number {
    return this.#startMs + this.#elapsedMs;
  }

  monotonic(): number {
    return this.#elapsedMs;
  }

  random(): number {
    return this.#random();
  }

  timer(delayMs: number, callback: () => void): Disposable {
    const timer: Timer = { atMs: this.#elapsedMs + Math.max(delayMs, 0), order: this.#created++, callback };
    this.#push(timer);
    return { [Symbol.dispose]: () => void (timer.callback = undefined) };
  }

  /** When the next timer is due, on the monotonic clock; undefined when there is none. */
  nextAtMs(): number | undefined {
    while (this.#heap[0] && !this.#heap[0].callback) this.#pop();
    return this.#heap[0]?.atMs;
  }

  /** Moves to the next timer and fires it, and every other that is due at the same moment. */
  fireNext(): void {
    const atMs = this.nextAtMs();
    if (atMs === undefined) return;
    this.#elapsedMs = Math.max(this.#elapsedMs, atMs);
    const timer = this.#pop();
    const callback = timer?.callback;
    if (timer) timer.callback = undefined;
    callback?.();
  }

  /** A clock that runs with this one, and can be set. */
  view(): SettableClock {
    return new SettableClock(this);
  }

  #push(timer: Timer): void {
    const heap = this.#heap;
    let at = heap.push(timer) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!before(timer, heap[parent]!)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = timer;
  }

  #pop(): Timer | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (!first || !last || heap.length === 0) return first;
    let at = 0;
    while (true) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child++;
      if (!before(heap[child]!, last)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
    return first;
  }
}

/** One process's clock. */
export class SettableClock implements Clock {
  readonly #base: VirtualClock;
  #offsetMs = 0;

  constructor(base: VirtualClock) {
    this.#base = base;
  }

  now(): number {
    return this.#base.now() + this.#offsetMs;
  }

  monotonic(): number {
    return this.#base.monotonic();
  }

  random(): number {
    return this.#base.random();
  }

  timer(delayMs: number, callback: () => void): Disposable {
    return this.#base.timer(delayMs, callback);
  }

  /** Somebody sets the wall clock: it jumps by so much. */
  jump(ms: number): void {
    this.#offsetMs += ms;
  }
}

function before(a: Timer, b: Timer): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}
