// One sink's own queue: batches, halving of a refused batch, endless retry with backoff. Sinks do not wait for each other,
// and in a lane no event holds up the rest: a batch that failed goes behind the others, in smaller pieces if it may be the
// cause itself. What an acknowledgement means for the owner of an event is left to the outbox.

import type { Clock } from "../clock.ts";
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
  /** What the loop waits for now: more events, or the time of the next attempt. */
  #pausing: { pauseFor: "events" | "attempt"; end(): void } | undefined;
  #hurry = false;
  #failures = 0;
  /** How many go in one batch now: halved by a failure that may be the batch's own, doubled by success. */
  #batch: number;
  /** The last attempt failed by no fault of its batch: one event is enough to find out whether the sink is back. */
  #away = false;
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
    if (this.#pausing?.pauseFor !== "events") return;
    if (this.#queue.length === 1 || this.#queue.length >= this.#batch) this.#pausing.end();
  }

  /** Owners that are forgotten take their events along. */
  drop(of: (waiting: W) => boolean): void {
    this.#queue = this.#queue.filter((waiting) => !of(waiting));
  }

  /** From now on batches go out at once, and a pause between attempts ends now; `false` goes back to normal. */
  hurry(on: boolean): void {
    this.#hurry = on;
    if (on && this.#queue.length > 0) this.#pausing?.end();
  }

  /** Delivers until the signal is aborted; what is then still in the queue stays owed. */
  async run(signal: AbortSignal): Promise<void> {
    const stop = () => this.#pausing?.end();
    signal.addEventListener("abort", stop);
    try {
      while (!signal.aborted) {
        if (this.#queue.length === 0) await this.#pause("events", signal);
        const mayGrow = this.#queue.length > 0 && this.#queue.length < this.#batch;
        if (mayGrow && this.#failures === 0 && !this.#hurry) {
          await this.#pause("events", signal, this.#o.batchDelayMs);
        }
        if (!signal.aborted) await this.#deliver(this.#take(), signal);
      }
    } catch (error) {
      if (!signal.aborted || error !== signal.reason) throw error;
    } finally {
      signal.removeEventListener("abort", stop);
    }
  }

  #take(): W[] {
    const most = this.#away ? 1 : this.#batch;
    let count = 0;
    let bytes = 0;
    for (const { size } of this.#queue) {
      if (count === most || (count > 0 && bytes + size > batchLimitBytes)) break;
      count++;
      bytes += size;
    }
    return this.#queue.splice(0, count);
  }

  /** The pieces of a refused batch are sent one after another, until each is taken or stands alone. */
  async #deliver(batch: W[], signal: AbortSignal): Promise<void> {
    const pieces = batch.length > 0 ? [batch] : [];
    try {
      for (let piece = pieces.at(-1); piece; piece = pieces.at(-1)) {
        const result = await this.#attempt(piece, signal);
        if (result.outcome === "failed") {
          this.#queue.push(...pieces.splice(0).reverse().flat());
          return await this.#failed(result, piece.length, signal);
        }
        pieces.pop();
        if (result.outcome === "refused" && piece.length > 1) {
          const half = Math.ceil(piece.length / 2);
          pieces.push(piece.slice(half), piece.slice(0, half));
          continue;
        }
        this.#succeeded();
        const rejected = result.outcome === "refused" ? result.reason : undefined;
        for (const waiting of piece) this.#o.acknowledged(waiting, rejected);
      }
    } finally {
      this.#queue.unshift(...pieces.reverse().flat());
    }
  }

  /** A single event that is refused counts as such once it lies where a person will find it. */
  async #attempt(piece: W[], signal: AbortSignal): Promise<Delivery> {
    const { sink, clock, attempted } = this.#o;
    const beganAtMs = clock.monotonic();
    const result = await sink.deliver(piece.map(({ event }) => event), signal);
    attempted(clock.monotonic() - beganAtMs, result.outcome);
    const [only] = piece;
    if (result.outcome !== "refused" || piece.length > 1 || !only) return result;
    const kept = await sink.setAside(only.event, result.reason);
    return kept.outcome === "failed" ? kept : result;
  }

  #succeeded(): void {
    if (this.#loggedAtMs !== undefined) {
      this.#o.log.info(`audit sink ${this.#o.sink.name} takes events again`, { waiting: this.#queue.length });
    }
    this.#failures = 0;
    this.#away = false;
    this.#lastError = undefined;
    this.#loggedAtMs = undefined;
    this.#batch = Math.min(this.#batch * 2, this.#maxBatch);
  }

  async #failed(result: Delivery & { outcome: "failed" }, size: number, signal: AbortSignal): Promise<void> {
    const { clock, log, sink } = this.#o;
    this.#lastError = result.reason;
    this.#away = !result.perhapsBatch;
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
    await this.#pause("attempt", signal, Math.max(asked, rangeMs / 2 + clock.random() * rangeMs / 2));
  }

  /** Waits for `delayMs` (for ever, if not given), or until whoever ends `#pausing`. */
  #pause(pauseFor: "events" | "attempt", signal: AbortSignal, delayMs?: number): Promise<void> {
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const end = () => {
        timer?.[Symbol.dispose]();
        this.#pausing = undefined;
        resolve();
      };
      const timer = delayMs === undefined ? undefined : this.#o.clock.timer(delayMs, end);
      this.#pausing = { pauseFor, end };
    });
  }
}
