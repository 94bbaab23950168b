// What is still owed to the audit trail. The execution is the outbox (its finalizer and status say what is owed); this is
// only its working memory: events on their way, and of those that arrived the ids, until their owner is forgotten. After a
// restart the owners offer again, so delivery is at least once. Nobody ever waits here: offering costs no I/O.

import type { Clock } from "../clock.ts";
import type { Logger } from "../log.ts";
import type { AuditEvent, OwedEvent } from "./event.ts";
import { Lane, type Waiting } from "./lane.ts";
import type { Delivery, Sink } from "./sink.ts";

/** What the metrics want to know. */
export interface AuditObserver {
  /** So many more events are acknowledged by every sink (`audit_events_written_total`). */
  written?(count: number): void;
  /** So many more were refused for good by a sink (`audit_events_rejected_total`). */
  rejected?(count: number): void;
  /** So many events are owed now (`audit_backlog`). */
  backlog?(count: number): void;
  /** One attempt of one sink (`audit_write_duration_seconds`). */
  writeDuration?(durationMs: number, outcome: Delivery["outcome"]): void;
}

/** How the delivery of an owner's events stands. A rejection is told once nothing waits any more. */
export type DeliveryState = "delivered" | "waiting" | { late: string } | { rejected: string };

export interface OutboxOptions {
  sinks: readonly Sink[];
  clock: Clock;
  log: Logger;
  batchSize: number;
  batchDelayMs: number;
  observer?: AuditObserver;
  /** From when on an event that waits is late. Default 30 s. */
  lateAfterMs?: number;
  /** Events beyond so many bytes are not taken now; their owners are called when there is room. Default 16 MiB. */
  maxWaitingBytes?: number;
}

/** Whom events are owed for. */
export interface EventOwner {
  /** What `onChange` is called with. */
  readonly key: string;
  /** What it is remembered by. */
  readonly uid: string;
  /** Called in place of the `onChange` handlers, for an owner that is no execution. */
  readonly changed?: () => void;
}

interface Owner {
  readonly as: EventOwner;
  readonly entries: Map<string, Entry | Acknowledged>;
  /** One of its events found no room; "called" once it was asked to offer again. */
  parked: false | "parked" | "called";
  /** How many of its events found none. */
  unplaced: number;
  /** Monotonic time since when something has been waiting without a pause; undefined when nothing is. */
  waitingSinceMs: number | undefined;
  late: boolean;
}

interface Entry extends Waiting {
  readonly owner: Owner;
  /** Sinks that have not acknowledged it. */
  readonly sinksLeft: Set<Sink>;
  rejected: string | undefined;
}

interface Acknowledged {
  readonly sinksLeft?: undefined;
  readonly rejected: string | undefined;
}

export class Outbox implements AsyncDisposable {
  readonly #o: OutboxOptions;
  readonly #lanes: readonly { sink: Sink; lane: Lane<Entry> }[];
  readonly #owners = new Map<string, Owner>();
  /** Owners with something waiting, the longest first. */
  readonly #waiting = new Set<Owner>();
  readonly #handlers: ((key: string) => void)[] = [];
  readonly #idle: (() => void)[] = [];
  readonly #lateAfterMs: number;
  readonly #maxWaitingBytes: number;
  #lateTimer: Disposable | undefined;
  #backlog = 0;
  /** Of all owners. */
  #unplaced = 0;
  #waitingBytes = 0;

  constructor(o: OutboxOptions) {
    this.#o = o;
    this.#lateAfterMs = o.lateAfterMs ?? 30_000;
    this.#maxWaitingBytes = o.maxWaitingBytes ?? 16 * 1024 * 1024;
    this.#lanes = o.sinks.map((sink) => ({
      sink,
      lane: new Lane<Entry>({
        sink,
        clock: o.clock,
        log: o.log,
        batchSize: o.batchSize,
        batchDelayMs: o.batchDelayMs,
        acknowledged: (entry, rejected) => this.#acknowledged(entry, sink, rejected),
        attempted: (durationMs, outcome) => o.observer?.writeDuration?.(durationMs, outcome),
      }),
    }));
    o.observer?.backlog?.(0);
  }

  /** Events that were taken and are not yet acknowledged by every sink. Those that found no room are owed as well. */
  get backlog(): number {
    return this.#backlog;
  }

  /** Takes what was not taken before, and builds no other; to be repeated at will. */
  offer(owner: EventOwner, events: readonly (AuditEvent | OwedEvent)[]): void {
    const known = this.#owners.get(owner.uid) ?? this.#admit(owner);
    const [before, owedBefore] = [this.#backlog, this.#backlog + this.#unplaced];
    known.parked = false;
    this.#unplace(known, 0);
    for (const [index, offered] of events.entries()) {
      if (known.entries.has(offered.event_id)) continue;
      const event = "build" in offered ? offered.build() : offered;
      const size = JSON.stringify(event).length;
      if (this.#waitingBytes > 0 && this.#waitingBytes + size > this.#maxWaitingBytes) {
        known.parked = "parked";
        this.#unplace(known, events.slice(index).filter(({ event_id }) => !known.entries.has(event_id)).length);
        break;
      }
      this.#take(known, event, size);
    }
    if (known.parked || this.#backlog > before) this.#waits(known);
    if (this.#backlog + this.#unplaced !== owedBefore) this.#tellBacklog();
  }

  /** How the delivery of these very events stands; what was never offered is waiting. */
  state(uid: string, events: readonly Pick<AuditEvent, "event_id">[]): DeliveryState {
    const owner = this.#owners.get(uid);
    let rejected: string | undefined;
    for (const { event_id } of events) {
      const entry = owner?.entries.get(event_id);
      if (!entry || entry.sinksLeft) return owner?.late ? { late: this.#whyLate(owner) } : "waiting";
      rejected ??= entry.rejected;
    }
    return rejected === undefined ? "delivered" : { rejected };
  }

  /**
   * Called with an owner's key when all its events are acknowledged, when they become late, when one was refused for good
   * and none waits any more, and when there is room again for events that were not taken.
   */
  onChange(handler: (key: string) => void): void {
    this.#handlers.push(handler);
  }

  /** The owner's finalizer is gone, nothing is owed any more: what is remembered of it, or waits, is dropped. */
  forget(uid: string): void {
    const owner = this.#owners.get(uid);
    if (!owner) return;
    this.#owners.delete(uid);
    this.#waitsNoMore(owner);
    const unplaced = owner.unplaced;
    this.#unplace(owner, 0);
    const left = [...owner.entries.values()].filter((entry): entry is Entry => entry.sinksLeft !== undefined);
    if (left.length === 0) {
      if (unplaced > 0) this.#tellBacklog();
      return;
    }
    for (const { lane } of this.#lanes) lane.drop((entry) => entry.owner === owner);
    for (const entry of left) this.#leave(entry);
    this.#tellBacklog();
  }

  /** Delivers until the signal is aborted. Rejects when a sink breaks its contract. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all(this.#lanes.map(({ lane }) => lane.run(signal)));
  }

  /**
   * Sends what waits without further delay, while `run` goes on; true as soon as nothing is owed, false after `timeoutMs`.
   * What is owed then is not lost: it is offered again after the restart.
   */
  async flush(timeoutMs: number): Promise<boolean> {
    if (this.#backlog === 0) return true;
    for (const { lane } of this.#lanes) lane.hurry(true);
    const done = await new Promise<boolean>((resolve) => {
      const timer = this.#o.clock.timer(timeoutMs, () => resolve(false));
      this.#idle.push(() => {
        timer[Symbol.dispose]();
        resolve(true);
      });
    });
    for (const { lane } of this.#lanes) lane.hurry(false);
    return done;
  }

  /** Closes the sinks; after `run` has ended. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#lateTimer?.[Symbol.dispose]();
    for (const { sink } of this.#lanes) await sink[Symbol.asyncDispose]();
  }

  #admit(as: EventOwner): Owner {
    const owner: Owner = { as, entries: new Map(), parked: false, unplaced: 0, waitingSinceMs: undefined, late: false };
    this.#owners.set(as.uid, owner);
    return owner;
  }

  #take(owner: Owner, event: AuditEvent, size: number): void {
    const takers = this.#lanes.filter(({ sink }) => sink.takes?.(event) ?? true);
    if (takers.length === 0) {
      owner.entries.set(event.event_id, { rejected: undefined });
      return;
    }
    const sinksLeft = new Set(takers.map(({ sink }) => sink));
    const entry: Entry = { event, size, owner, sinksLeft, rejected: undefined };
    owner.entries.set(event.event_id, entry);
    this.#backlog++;
    this.#waitingBytes += size;
    for (const { lane } of takers) lane.add(entry);
  }

  #acknowledged(entry: Entry, sink: Sink, rejected: string | undefined): void {
    if (rejected !== undefined) {
      entry.rejected ??= `${sink.name}: ${rejected}`;
      this.#o.observer?.rejected?.(1);
      this.#o.log.error("audit event refused for good and set aside", {
        eventId: entry.event.event_id,
        eventType: entry.event.event_type,
        execution: `${entry.event.namespace}/${entry.event.resource_id}`,
        correlationId: entry.event.correlation_id,
        sink: sink.name,
        reason: rejected,
      });
    }
    entry.sinksLeft.delete(sink);
    const { owner } = entry;
    if (entry.sinksLeft.size > 0 || this.#owners.get(owner.as.uid) !== owner) return;
    owner.entries.set(entry.event.event_id, { rejected: entry.rejected });
    this.#leave(entry);
    if (entry.rejected === undefined) this.#o.observer?.written?.(1);
    this.#tellBacklog();
    if (owner.parked || [...owner.entries.values()].some(({ sinksLeft }) => sinksLeft)) return;
    this.#waitsNoMore(owner);
    this.#tell(owner);
  }

  #unplace(owner: Owner, count: number): void {
    this.#unplaced += count - owner.unplaced;
    owner.unplaced = count;
  }

  #tellBacklog(): void {
    this.#o.observer?.backlog?.(this.#backlog + this.#unplaced);
  }

  /** An entry is owed no more: its room is free, for those who found none first. */
  #leave(entry: Entry): void {
    this.#backlog--;
    this.#waitingBytes -= entry.size;
    if (this.#backlog === 0) { for (const done of this.#idle.splice(0)) done(); }
    if (this.#waitingBytes > this.#maxWaitingBytes / 2) return;
    for (const owner of [...this.#waiting]) {
      if (this.#waitingBytes > this.#maxWaitingBytes / 2) return;
      if (owner.parked !== "parked") continue;
      owner.parked = "called";
      this.#tell(owner);
    }
  }

  #waits(owner: Owner): void {
    if (owner.waitingSinceMs !== undefined) return;
    owner.waitingSinceMs = this.#o.clock.monotonic();
    this.#waiting.add(owner);
    this.#lateTimer ??= this.#o.clock.timer(this.#lateAfterMs, () => this.#judgeLate());
  }

  #waitsNoMore(owner: Owner): void {
    owner.waitingSinceMs = undefined;
    owner.late = false;
    this.#waiting.delete(owner);
    if (this.#waiting.size > 0) return;
    this.#lateTimer?.[Symbol.dispose]();
    this.#lateTimer = undefined;
  }

  /** One timer for all: the longest waiting come first. */
  #judgeLate(): void {
    this.#lateTimer = undefined;
    const nowMs = this.#o.clock.monotonic();
    for (const owner of [...this.#waiting]) {
      const dueInMs = (owner.waitingSinceMs ?? nowMs) + this.#lateAfterMs - nowMs;
      if (dueInMs > 0) {
        this.#lateTimer = this.#o.clock.timer(dueInMs, () => this.#judgeLate());
        return;
      }
      if (owner.late) continue;
      owner.late = true;
      this.#tell(owner);
    }
  }

  #whyLate(owner: Owner): string {
    if (owner.parked) return "too many events wait before it";
    const left = new Set([...owner.entries.values()].flatMap(({ sinksLeft }) => [...sinksLeft ?? []]));
    const reasons = this.#lanes.filter(({ sink }) => left.has(sink))
      .map(({ sink, lane }) => `${sink.name}: ${lane.lastError ?? "has not answered yet"}`);
    return reasons.join("; ");
  }

  #tell(owner: Owner): void {
    if (owner.as.changed) return owner.as.changed();
    for (const handler of this.#handlers) handler(owner.as.key);
  }
}
