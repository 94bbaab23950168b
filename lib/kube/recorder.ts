// Kubernetes Events (events.k8s.io/v1), best effort: they tell a person what happened, and nothing rests on them.
// Guarantees: `record` neither waits nor throws; the queue is bounded, what does not fit is dropped and counted; at most two
// requests are on their way, so that Events never compete with real work; nothing is sent twice, nothing is retried.

import { type Clock, sleep } from "../clock.ts";
import type { Logger } from "../log.ts";
import type { JSONObject, RestClient } from "./contract.ts";
import { StatusError } from "./errors.ts";
import { microTime } from "./micro_time.ts";

/** core/v1 ObjectReference, as far as Events need it. `uid` is what lets `kubectl describe` find the Event. */
export interface EventReference {
  apiVersion: string;
  kind: string;
  namespace: string;
  name: string;
  uid: string;
  resourceVersion?: string;
}

export interface EventRecord {
  regarding: EventReference;
  related?: EventReference;
  type: "Normal" | "Warning";
  /** Upper camel case, as `WorkflowCompleted`. */
  reason: string;
  /** What was done or failed, as `CreatePipelineRun`. */
  action: string;
  note: string;
}

export interface RecorderObserver {
  /** An Event, or a repetition of one, was accepted by the API server. */
  eventSent?(): void;
  /** One was dropped: the queue was full, or the API server refused it. */
  eventDropped?(cause: "full" | "refused" | "unreachable"): void;
}

export interface EventRecorderOptions {
  client: RestClient;
  clock: Clock;
  log: Logger;
  reportingController: string;
  reportingInstance: string;
  /** Events that may wait. Default 1,000. */
  capacity?: number;
  observer?: RecorderObserver;
}

/** One Event in the cluster, and how often it was repeated. */
interface Series {
  readonly identity: string;
  readonly record: EventRecord;
  readonly name: string;
  readonly firstMs: number;
  lastMs: number;
  count: number;
  /** Count that the API server knows; 0 before the first write. */
  sentCount: number;
  sentMs: number;
  /** Waiting to be sent, or being sent: never both, or one name would be created twice. */
  busy: boolean;
}

const inFlight = 2;
/** A repetition after this long is a new Event (client-go's window). */
const seriesMs = 6 * 60_000;
/** A series is written again at most this often. */
const repeatMs = 30_000;

export class EventRecorder {
  readonly #o: EventRecorderOptions;
  readonly #capacity: number;
  readonly #queue: Series[] = [];
  /** Oldest first, bounded by the capacity. */
  readonly #series = new Map<string, Series>();
  readonly #stopped = new AbortController();
  #running = false;
  #sending = 0;
  #created = 0;
  #idle: (() => void)[] = [];

  constructor(o: EventRecorderOptions) {
    this.#o = o;
    this.#capacity = o.capacity ?? 1_000;
  }

  /** Queues an Event. The same one again within six minutes counts up the series of the first. */
  record(record: EventRecord): void {
    const nowMs = this.#o.clock.now();
    const identity = JSON.stringify([
      record.regarding.uid,
      record.related?.uid,
      record.type,
      record.reason,
      record.action,
      record.note,
    ]);
    const former = this.#series.get(identity);
    if (former && nowMs - former.lastMs < seriesMs && nowMs >= former.lastMs) {
      former.count++;
      former.lastMs = nowMs;
      if (!former.busy && nowMs - former.sentMs >= repeatMs) this.#enqueue(former);
      return;
    }
    const series: Series = {
      identity,
      record: { ...record, note: cutNote(record.note) },
      name: this.#nameOf(record.regarding.name, nowMs),
      firstMs: nowMs,
      lastMs: nowMs,
      count: 1,
      sentCount: 0,
      sentMs: 0,
      busy: false,
    };
    if (!this.#enqueue(series)) return;
    this.#series.delete(identity);
    this.#series.set(identity, series);
    if (this.#series.size > this.#capacity) {
      const [oldest] = this.#series.keys();
      this.#series.delete(oldest!);
    }
  }

  /** Sends until the signal is aborted. Then requests on their way are cut off, and it resolves. */
  async run(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    this.#running = true;
    this.#pump();
    await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
    this.#running = false;
    this.#stopped.abort(signal.reason);
    if (this.#sending > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  /** Resolves when everything recorded has been sent, counts of repetitions too, or after `timeoutMs`. Needs `run`. */
  async flush(timeoutMs: number): Promise<void> {
    for (const series of this.#series.values()) {
      if (!series.busy && series.count > series.sentCount) this.#enqueue(series);
    }
    if (this.#sending === 0 && this.#queue.length === 0) return;
    const over = new AbortController();
    const empty = new Promise<void>((resolve) => this.#idle.push(resolve));
    const timeout = sleep(this.#o.clock, timeoutMs, over.signal).catch((error) => {
      if (!over.signal.aborted) throw error;
    });
    await Promise.race([empty, timeout]);
    over.abort();
  }

  #enqueue(series: Series): boolean {
    if (this.#queue.length >= this.#capacity) {
      this.#o.observer?.eventDropped?.("full");
      return false;
    }
    series.busy = true;
    this.#queue.push(series);
    this.#pump();
    return true;
  }

  #pump(): void {
    while (this.#running && this.#sending < inFlight) {
      const series = this.#queue.shift();
      if (!series) break;
      this.#sending++;
      this.#send(series).finally(() => {
        this.#sending--;
        this.#pump();
      });
    }
    if (this.#sending > 0 || (this.#running && this.#queue.length > 0)) return;
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  async #send(series: Series): Promise<void> {
    const { client, clock, observer, log } = this.#o;
    const { record, name } = series;
    const namespace = record.regarding.namespace || "default";
    const path = `/apis/events.k8s.io/v1/namespaces/${namespace}/events`;
    const count = series.count;
    try {
      if (series.sentCount === 0) {
        await client.performRequest({
          method: "POST",
          path,
          bodyJson: this.#eventOf(series, namespace),
          abortSignal: this.#stopped.signal,
        });
      } else {
        await client.performRequest({
          method: "PATCH",
          path: `${path}/${name}`,
          contentType: "application/merge-patch+json",
          bodyJson: seriesOf(series),
          abortSignal: this.#stopped.signal,
        });
      }
      series.sentCount = count;
      series.sentMs = clock.now();
      observer?.eventSent?.();
    } catch (error) {
      if (this.#stopped.signal.aborted) return;
      // The Event was not accepted, or is gone: a repetition begins anew.
      if (this.#series.get(series.identity) === series) this.#series.delete(series.identity);
      observer?.eventDropped?.(error instanceof StatusError ? "refused" : "unreachable");
      log.debug("event dropped", {
        reason: record.reason,
        regarding: `${namespace}/${record.regarding.name}`,
        error: error instanceof Error ? error.message : String(error),
      });
    } finally {
      series.busy = false;
    }
  }

  #eventOf(series: Series, namespace: string): JSONObject {
    const { regarding, related, ...rest } = series.record;
    return {
      apiVersion: "events.k8s.io/v1",
      kind: "Event",
      metadata: { namespace, name: series.name },
      eventTime: microTime(series.firstMs),
      reportingController: this.#o.reportingController,
      reportingInstance: this.#o.reportingInstance.slice(0, 128),
      regarding: { ...regarding },
      ...(related ? { related: { ...related } } : {}),
      ...rest,
      ...(series.count > 1 ? seriesOf(series) : {}),
    };
  }

  /** Unique for this process by count and time, among processes by time and chance. */
  #nameOf(regarding: string, nowMs: number): string {
    const chance = Math.floor(this.#o.clock.random() * 2 ** 32).toString(16).padStart(8, "0");
    const suffix = `.${nowMs.toString(16)}${(++this.#created).toString(16).padStart(4, "0")}${chance}`;
    return regarding.slice(0, 253 - suffix.length).replace(/[^a-z0-9]+$/, "") + suffix;
  }
}

function seriesOf({ count, lastMs }: Series): { series: JSONObject } {
  return { series: { count, lastObservedTime: microTime(lastMs) } };
}

const maxNoteBytes = 1_024;

/** Cuts a note to what the API server accepts, never through a character. */
export function cutNote(note: string): string {
  const bytes = new TextEncoder().encode(note);
  if (bytes.length <= maxNoteBytes) return note;
  let end = maxNoteBytes - "…".length * 3;
  // Bytes 10xxxxxx continue a character.
  while (end > 0 && (bytes[end]! & 0xc0) === 0x80) end--;
  return new TextDecoder().decode(bytes.subarray(0, end)) + "…";
}
