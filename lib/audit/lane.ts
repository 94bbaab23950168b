// One sink's own queue: batches, halving of a refused batch, endless retry with backoff. Sinks do not wait for each other,
// and in a lane no event holds up the rest: a batch that failed goes behind the others, in smaller pieces if it may be the
// cause itself. What an acknowledgement means for the owner of an event is left to the outbox.

import { type Clock, sleep } from "../clock.ts";
import type { Logger } from "../log.ts";
import type { AuditEvent } from "./event.ts";
import type { Delivery, Sink } from "./sink.ts";

/** An event on its way to one sink. */
export interface Waiting {
  readonly event: AuditEvent;
  /** Rough size in bytes. */
  readonly size: number;
}

export interface LaneOptions<W extends Waiting> {
  sink: Sink;
  clock: Clock;
  log: Logger;
  batchSize: number;
  batchDelayMs: number;
  /** The sink has it; `rejected` says why it was set aside instead. Called once for each event. */
  acknowledged(waiting: W, rejected: string | undefined): void;
  /** One attempt has ended. */
  attempted(durationMs: number, outcome: Delivery["outcome"]): void;
}

/** A batch is not made larger than this, whatever its number of events: bodies are built in memory. */
const batchLimitBytes = 2 * 1024 * 1024;
const firstDelayMs = 500;
const longestDelayMs = 30_000;
/** A sink that asks for more than this is asked again nevertheless. */
const longestRetryAfterMs = 300_000;
const logEveryMs = 60_000;

export class Lane<W extends Waiting> {
  readonly #o: LaneOptions<W>;
  readonly #maxBatch: number;
  #queue: W[] = [];
  /** Wakes the loop when it waits for events, for a fuller batch, or for the next attempt. */
  #wake = new AbortController();
  #hurry = false;
  #failures = 0;
  /** How many go in one batch now: halved by a failure that may be the batch's own, doubled by success. */
  #batch: number;
  #lastError: string | undefined;
  #loggedAtMs: number | undefined;

  constructor(o: LaneOptions<W>) {
    this.#o = o;
    this.#maxBatch = Math.max(1, Math.min(o.batchSize, o.sink.largestBatch ?? o.batchSize));
    this.#batch = this.#maxBatch;
  }

  /** Why the last attempt failed; undefined since the last success. */
  get lastError(): string | undefined {
    return this.#lastError;
  }

  get length(): number {
    return this.#queue.length;
  }

  add(waiting: W): void {
    this.#queue.push(waiting);
    if (this.#queue.length === 1 || this.#queue.length === this.#batch) this.#wakeUp();
  }

  /** Owners that are forgotten take their events along. */
  drop(of: (waiting: W) => boolean): void {
    this.#queue = this.#queue.filter((waiting) => !of(waiting));
  }

  /** From now on batches go out at once, and a pause between attempts ends now; `false` goes back to normal. */
  hurry(on: boolean): void {
    this.#hurry = on;
    if (on) this.#wakeUp();
  }

  /** Delivers until the signal is aborted; what is then still in the queue stays owed. */
  async run(signal: AbortSignal): Promise<void> {
    try {
      while (!signal.aborted) {
        if (this.#queue.length === 0) await this.#pause(undefined, signal);
        if (this.#queue.length > 0 && this.#queue.length < this.#batch && !this.#hurry) {
          await this.#pause(this.#o.batchDelayMs, signal);
        }
        const batch = this.#take();
        if (batch.length > 0) await this.#deliver(batch, signal);
      }
    } catch (error) {
      if (!signal.aborted || error !== signal.reason) throw error;
    }
  }

  #take(): W[] {
    let count = 0;
    let bytes = 0;
    for (const { size } of this.#queue) {
      if (count === this.#batch || (count > 0 && bytes + size > batchLimitBytes)) break;
      count++;
      bytes += size;
    }
    return this.#queue.splice(0, count);
  }

  /** The pieces of a refused batch are sent one after another, until each is taken or stands alone. */
  async #deliver(batch: W[], signal: AbortSignal): Promise<void> {
    const pieces = [batch];
    for (let piece = pieces.pop(); piece; piece = pieces.pop()) {
      const result = await this.#attempt(piece, signal);
      if (result.outcome === "refused" && piece.length > 1) {
        const half = Math.ceil(piece.length / 2);
        pieces.push(piece.slice(half), piece.slice(0, half));
      } else if (result.outcome === "failed") {
        this.#queue.push(...piece, ...pieces.reverse().flat());
        return await this.#failed(result, piece.length, signal);
      } else {
        this.#succeeded();
        for (const waiting of piece) {
          this.#o.acknowledged(waiting, result.outcome === "refused" ? result.reason : undefined);
        }
      }
    }
  }

  /** A single event that is refused counts as such once it lies where a person will find it. */
  async #attempt(piece: W[], signal: AbortSignal): Promise<Delivery> {
    const { sink, clock } = this.#o;
    const beganAtMs = clock.monotonic();
    try {
      const result = await sink.deliver(piece.map(({ event }) => event), signal);
      this.#o.attempted(clock.monotonic() - beganAtMs, result.outcome);
      const [only] = piece;
      if (result.outcome !== "refused" || piece.length > 1 || !only) return result;
      const kept = await sink.setAside(only.event, result.reason);
      return kept.outcome === "failed" ? kept : result;
    } catch (error) {
      if (signal.aborted && error === signal.reason) this.#queue.unshift(...piece);
      throw error;
    }
  }

  #succeeded(): void {
    if (this.#loggedAtMs !== undefined) {
      this.#o.log.info(`audit sink ${this.#o.sink.name} takes events again`, { waiting: this.#queue.length });
    }
    this.#failures = 0;
    this.#lastError = undefined;
    this.#loggedAtMs = undefined;
    this.#batch = Math.min(this.#batch * 2, this.#maxBatch);
  }

  async #failed(result: Delivery & { outcome: "failed" }, size: number, signal: AbortSignal): Promise<void> {
    const { clock, log, sink } = this.#o;
    this.#lastError = result.reason;
    if (result.perhapsBatch) this.#batch = Math.max(1, Math.floor(size / 2));
    const nowMs = clock.monotonic();
    if (this.#loggedAtMs === undefined || nowMs - this.#loggedAtMs >= logEveryMs) {
      this.#loggedAtMs = nowMs;
      log.warn(`audit sink ${sink.name} takes no events, they wait and are sent again`, {
        reason: result.reason,
        waiting: this.#queue.length,
      });
    }
    const rangeMs = Math.min(firstDelayMs * 2 ** Math.min(this.#failures++, 20), longestDelayMs);
    const asked = Math.min(result.retryAfterMs ?? 0, longestRetryAfterMs);
    await this.#pause(Math.max(asked, rangeMs / 2 + clock.random() * rangeMs / 2), signal, "attempt");
  }

  /**
   * Waits for so long, or until woken: with `undefined` for an event, else for a full batch. A pause before the next attempt
   * is cut short by `hurry` alone.
   */
  async #pause(delayMs: number | undefined, signal: AbortSignal, before?: "attempt"): Promise<void> {
    const untilMs = delayMs === undefined ? Infinity : this.#o.clock.monotonic() + delayMs;
    for (;;) {
      this.#wake = new AbortController();
      const either = AbortSignal.any([signal, this.#wake.signal]);
      const leftMs = untilMs - this.#o.clock.monotonic();
      if (leftMs <= 0) return;
      try {
        await (leftMs === Infinity ? until(either) : sleep(this.#o.clock, leftMs, either));
        return;
      } catch (error) {
        signal.throwIfAborted();
        if (!this.#wake.signal.aborted) throw error;
        if (before !== "attempt" || this.#hurry) return;
      }
    }
  }

  #wakeUp(): void {
    this.#wake.abort();
  }
}

function until(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) return reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}
