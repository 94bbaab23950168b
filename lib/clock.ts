// Time and chance, the only file that touches `Date.now`, `setTimeout` and `Math.random`. Everything that waits, measures or
// draws takes a Clock, so that tests can move time by hand and replay chance from a seed.

export interface Clock {
  /** Wall time, milliseconds since the epoch. May jump. */
  now(): number;
  /** Milliseconds that only ever grow, from an arbitrary start. For ages and timeouts. */
  monotonic(): number;
  /** Calls `callback` once after `delayMs`; the returned handle cancels it. */
  timer(delayMs: number, callback: () => void): Disposable;
  /** A number in [0, 1). */
  random(): number;
}

/** The longest delay that `setTimeout` keeps (a longer one fires at once). */
const longestTimerMs = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  timer(delayMs, callback) {
    const id = setTimeout(callback, Math.min(Math.max(delayMs, 0), longestTimerMs));
    return { [Symbol.dispose]: () => clearTimeout(id) };
  },
  random: () => Math.random(),
};

/** Resolves after `delayMs`; rejects with the signal's reason as soon as it is aborted. */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const onAbort = () => {
      timer[Symbol.dispose]();
      reject(signal?.reason);
    };
    const timer = clock.timer(delayMs, () => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    });
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}

/** A clock that moves only when told to: for tests. Timers fire in order of their time, then of their creation. */
export class ManualClock implements Clock {
  #wallMs: number;
  #monotonicMs = 0;
  #timers = new Map<number, { atMs: number; callback: () => void }>();
  #lastTimer = 0;
  #seed: number;

  constructor(startMs = Date.UTC(2026, 0, 1), seed = 1) {
    this.#wallMs = startMs;
    this.#seed = seed;
  }

  now(): number {
    return this.#wallMs;
  }

  monotonic(): number {
    return this.#monotonicMs;
  }

  timer(delayMs: number, callback: () => void): Disposable {
    const id = ++this.#lastTimer;
    this.#timers.set(id, { atMs: this.#monotonicMs + Math.max(delayMs, 0), callback });
    return { [Symbol.dispose]: () => void this.#timers.delete(id) };
  }

  /** mulberry32: small, and the same on every machine. */
  random(): number {
    let t = (this.#seed += 0x6d2b79f5);
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  /** Milliseconds until the next timer is due; undefined when there is none. */
  nextTimerInMs(): number | undefined {
    const next = this.#next();
    return next && next.atMs - this.#monotonicMs;
  }

  /** Moves time by `ms`, firing what falls due on the way. */
  advance(ms: number): void {
    const untilMs = this.#monotonicMs + ms;
    for (let next = this.#next(); next && next.atMs <= untilMs; next = this.#next()) {
      this.#move(next.atMs - this.#monotonicMs);
      this.#timers.delete(next.id);
      next.callback();
    }
    this.#move(untilMs - this.#monotonicMs);
  }

  /** Moves the wall clock alone, as an operator or NTP does. */
  jump(ms: number): void {
    this.#wallMs += ms;
  }

  #move(ms: number): void {
    this.#monotonicMs += ms;
    this.#wallMs += ms;
  }

  #next(): { id: number; atMs: number; callback: () => void } | undefined {
    let found: { id: number; atMs: number; callback: () => void } | undefined;
    for (const [id, timer] of this.#timers) {
      if (!found || timer.atMs < found.atMs) found = { id, ...timer };
    }
    return found;
  }
}
