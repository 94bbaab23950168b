// One watch between the API server and a process: lines go in, bytes come out, later. What is on its way when the line is
// cut is lost; order within a watch is kept, between watches nothing is.

import { ConnectionError } from "../../lib/kube/errors.ts";
import type { WatchSink } from "./direct_api.ts";
import type { VirtualClock } from "./virtual_clock.ts";

export interface WatchLineOptions {
  /** The plural that is watched. */
  readonly resource: string;
  /** Empty: all. */
  readonly namespace: string;
  readonly clock: VirtualClock;
  /** How long each event is on its way. */
  readonly lagMs: number;
  readonly signal: AbortSignal | undefined;
  /** What becomes of a line on its way. */
  readonly change: (text: string) => string;
  readonly onEnd: () => void;
}

type Piece = { readonly atMs: number; readonly text: string } | { readonly atMs: number; readonly end: true };

export class WatchLine implements WatchSink, Disposable {
  readonly resource: string;
  readonly namespace: string;
  readonly stream: ReadableStream<Uint8Array>;
  /** What feeds it: disposed with it. */
  feed: Disposable | undefined;
  readonly #o: WatchLineOptions;
  readonly #onWay: Piece[] = [];
  readonly #onAbort: () => void;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  #timer: Disposable | undefined;
  #heldUntilMs = 0;
  #silent = false;
  #lost = false;

  constructor(o: WatchLineOptions) {
    this.#o = o;
    this.resource = o.resource;
    this.namespace = o.namespace;
    this.stream = new ReadableStream<Uint8Array>({
      start: (controller) => void (this.#controller = controller),
      // Called when all that arrived was read: only then is the connection lost, so that half a line arrives.
      pull: (controller) => {
        if (this.#lost) controller.error(new ConnectionError("connection cut"));
      },
      cancel: () => this[Symbol.dispose](),
    });
    this.#onAbort = () => {
      this.#controller?.error(o.signal?.reason);
      this[Symbol.dispose]();
    };
    o.signal?.addEventListener("abort", this.#onAbort, { once: true });
  }

  line(text: string): void {
    if (this.#silent) return;
    this.#send({ atMs: this.#o.clock.monotonic() + this.#o.lagMs, text });
  }

  end(): void {
    this.#send({ atMs: this.#o.clock.monotonic() + this.#o.lagMs, end: true });
  }

  /** Nothing gets through for so long (until `release`, if not given). */
  hold(forMs = Infinity): void {
    this.#heldUntilMs = this.#o.clock.monotonic() + forMs;
    this.#arm();
  }

  release(): void {
    this.#heldUntilMs = 0;
    this.#arm();
  }

  /** No byte any more, and no end either. */
  silence(): void {
    this.#silent = true;
    this.#onWay.length = 0;
  }

  /** The connection is lost, in the middle of a line if wanted. */
  cut(midLine: boolean): void {
    const controller = this.#controller;
    this[Symbol.dispose]();
    this.#lost = true;
    if (midLine) controller?.enqueue(new TextEncoder().encode('{"type":"MODIFIED","object":{"apiVer'));
    else controller?.error(new ConnectionError("connection cut"));
  }

  /** As the server ends a watch whose version it has forgotten. */
  expire(): void {
    const status = {
      kind: "Status",
      apiVersion: "v1",
      status: "Failure",
      reason: "Expired",
      code: 410,
      message: "too old",
    };
    this.#enqueue(JSON.stringify({ type: "ERROR", object: status }) + "\n");
    this.#close();
  }

  [Symbol.dispose](): void {
    this.#controller = undefined;
    this.#timer?.[Symbol.dispose]();
    this.feed?.[Symbol.dispose]();
    this.#o.signal?.removeEventListener("abort", this.#onAbort);
    this.#o.onEnd();
  }

  #send(piece: Piece): void {
    if (!this.#controller) return;
    if (this.#onWay.length === 0 && piece.atMs <= this.#o.clock.monotonic() && this.#heldUntilMs <= piece.atMs) {
      return this.#arrive(piece);
    }
    this.#onWay.push(piece);
    if (this.#onWay.length === 1) this.#arm();
  }

  #arm(): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
    const [first] = this.#onWay;
    if (!first || !this.#controller) return;
    const atMs = Math.max(first.atMs, this.#heldUntilMs);
    if (atMs === Infinity) return;
    this.#timer = this.#o.clock.timer(atMs - this.#o.clock.monotonic(), () => this.#deliverDue());
  }

  #deliverDue(): void {
    const nowMs = this.#o.clock.monotonic();
    while (this.#onWay[0] && this.#onWay[0].atMs <= nowMs) {
      const piece = this.#onWay.shift();
      if (piece) this.#arrive(piece);
    }
    this.#arm();
  }

  #arrive(piece: Piece): void {
    if ("end" in piece) this.#close();
    else this.#enqueue(piece.text);
  }

  #enqueue(text: string): void {
    this.#controller?.enqueue(new TextEncoder().encode(this.#o.change(text)));
  }

  #close(): void {
    const controller = this.#controller;
    this[Symbol.dispose]();
    controller?.close();
  }
}
