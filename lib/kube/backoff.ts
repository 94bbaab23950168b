// Growing delays with jitter, for whoever has to ask again. It counts and draws; waiting is left to the caller.

import type { Clock } from "../clock.ts";

/** Delays that double from `baseMs` to `maxMs`, each drawn from the upper half of its range ("equal jitter"). */
export class Backoff {
  readonly #clock: Clock;
  readonly #baseMs: number;
  readonly #maxMs: number;
  #rangeMs: number;

  constructor(o: { clock: Clock; baseMs: number; maxMs: number }) {
    this.#clock = o.clock;
    this.#baseMs = o.baseMs;
    this.#maxMs = o.maxMs;
    this.#rangeMs = Math.min(o.baseMs, o.maxMs);
  }

  /** The next delay: at least half of the present range, below the whole of it. The range doubles for the one after. */
  nextMs(): number {
    const rangeMs = this.#rangeMs;
    this.#rangeMs = Math.min(rangeMs * 2, this.#maxMs);
    return rangeMs / 2 + this.#clock.random() * rangeMs / 2;
  }

  /** Starts again from `baseMs`: to be called once things have worked for a while, not at the first sign of life. */
  reset(): void {
    this.#rangeMs = Math.min(this.#baseMs, this.#maxMs);
  }
}
