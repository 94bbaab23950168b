// The network between one process and the API server: every request takes its time, may be refused, lost, late or twice
// unlucky, as the seed says; watches may fall behind, break, fall silent. A process that is killed never sends again, but
// what it had sent may still arrive; one that is paused has its requests and its watches held until it goes on.

import type { JSONObject, JSONValue, RequestOptions, RestClient } from "../../lib/kube/contract.ts";
import { ConnectionError, type StatusBody, StatusError } from "../../lib/kube/errors.ts";
import type { ApiServer } from "../../lib/sim/api_server.ts";
import type { Chance } from "./chance.ts";
import { type Answer, type Call, callOf, carryOut, type ObjectTexts, openWatch } from "./direct_api.ts";
import type { Fates } from "./fates.ts";
import type { Sabotage } from "./sabotage.ts";
import type { Trace } from "./trace.ts";
import type { VirtualClock } from "./virtual_clock.ts";
import { WatchLine } from "./watch_line.ts";

export interface WireOptions {
  readonly name: string;
  readonly server: ApiServer;
  readonly clock: VirtualClock;
  readonly chance: Chance;
  readonly fates: Fates;
  readonly texts: ObjectTexts;
  readonly trace: Trace;
  readonly sabotage: Sabotage;
  /** Called right before and right after the server carries out the nth request of this process, counted from 1. */
  readonly onRequest: (nth: number, when: "before" | "after", call: Call, code: number) => void;
}

/** As lib/kube/client.ts: a request without an answer by then counts as lost, though it may still arrive. */
const requestTimeoutMs = 30_000;

export class Wire implements RestClient {
  readonly #o: WireOptions;
  readonly #watches = new Set<WatchLine>();
  /** What gets through once the process goes on. */
  #held: (() => void)[] | undefined;
  /** Loses the answer of each request that is under way. */
  readonly #pending = new Set<(why: string) => void>();
  #cutOff = false;
  #requests = 0;

  constructor(o: WireOptions) {
    this.#o = o;
  }

  performRequest(opts: RequestOptions & { expectStream: true; expectJson: true }): Promise<ReadableStream<JSONValue>>;
  performRequest(opts: RequestOptions & { expectStream: true }): Promise<ReadableStream<Uint8Array>>;
  performRequest(opts: RequestOptions & { expectJson: true }): Promise<JSONValue>;
  performRequest(opts: RequestOptions): Promise<Uint8Array>;
  performRequest(opts: RequestOptions): Promise<ReadableStream<JSONValue | Uint8Array> | JSONValue | Uint8Array> {
    const call: Call = {
      ...callOf(opts.method, opts.path, opts.querystring),
      contentType: opts.contentType ?? "",
      body: opts.bodyJson,
    };
    return opts.expectStream ? this.#watch(opts, call) : this.#exchange(opts, call);
  }

  close(): void {}

  [Symbol.dispose](): void {}

  /** Until `resume` nothing of this process gets through, in either direction. */
  pause(): void {
    this.#held ??= [];
    for (const watch of this.#watches) watch.hold();
  }

  resume(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const pass of held) pass();
    for (const watch of this.#watches) watch.release();
  }

  /** The process is dead. What is on its way to the server arrives or does not, as chance has it. */
  cut(): void {
    this.#cutOff = true;
    for (const watch of [...this.#watches]) watch.cut(false);
    for (const lose of [...this.#pending]) lose("the process is gone");
  }

  /** The watches of a resource (of all, if it is empty), or only those over one namespace. */
  watches(resource: string, namespace?: string): WatchLine[] {
    return [...this.#watches].filter((watch) =>
      (resource === "" || watch.resource === resource) && (namespace === undefined || watch.namespace === namespace)
    );
  }

  #exchange(opts: RequestOptions, call: Call): Promise<JSONValue | Uint8Array> {
    const { clock, chance, fates, sabotage } = this.#o;
    const words = `${opts.method} ${opts.path}`;
    return new Promise((resolve, reject) => {
      if (opts.abortSignal?.aborted) return reject(opts.abortSignal.reason);
      if (this.#cutOff) return reject(new ConnectionError(`${words}: the process is gone`));
      const fate = fates.of(call, clock.monotonic());
      let over = false;
      const settle = (finish: () => void) => {
        if (over) return;
        over = true;
        this.#pending.delete(lost);
        timeout[Symbol.dispose]();
        opts.abortSignal?.removeEventListener("abort", onAbort);
        finish();
      };
      const onAbort = () => settle(() => reject(opts.abortSignal?.reason));
      opts.abortSignal?.addEventListener("abort", onAbort, { once: true });
      const lost = (why: string) => settle(() => reject(new ConnectionError(`${words}: ${why}`)));
      this.#pending.add(lost);
      const timeout = clock.timer(requestTimeoutMs, () => lost(`no answer within ${requestTimeoutMs} ms`));
      const answer = (given: Answer) =>
        this.#pass(() => {
          if (!this.#cutOff) settle(() => deliver(given, words, opts, resolve, reject));
        });
      const arrive = () => {
        if (this.#cutOff && chance.happens(0.5)) return;
        this.#arrive(call, fate, (given) => {
          const seen = sabotage.answer(call, given);
          if (fate.loses === "answer") return lost("connection closed before the answer");
          if (fate.backMs === 0) answer(seen);
          else clock.timer(fate.backMs, () => answer(seen));
        }, lost);
      };
      clock.timer(fate.thereMs, () => this.#pass(arrive));
    });
  }

  #arrive(
    call: Call,
    fate: ReturnType<Fates["of"]>,
    answer: (given: Answer) => void,
    lost: (why: string) => void,
  ): void {
    const { server, sabotage, onRequest, trace, name } = this.#o;
    const nth = this.#cutOff ? 0 : ++this.#requests;
    onRequest(nth, "before", call, 0);
    if (this.#cutOff && nth > 0) return; // killed by what was called just now
    if (fate.loses === "request") {
      trace.request(name, call, "lost on its way");
      return lost("connection closed before the answer");
    }
    const fabricated = fate.refusal ?? sabotage.instead(call);
    const given = fabricated ?? carryOut(server, sabotage.request(call));
    trace.request(name, call, `${given.code}${fate.refusal ? " (fault)" : ""}${fate.loses ? ", answer lost" : ""}`);
    onRequest(nth, "after", call, given.code);
    answer(given);
  }

  #pass(through: () => void): void {
    if (this.#held) this.#held.push(through);
    else through();
  }

  #watch(opts: RequestOptions, call: Call): Promise<ReadableStream<Uint8Array>> {
    const { clock, fates, server, texts, trace, name, sabotage } = this.#o;
    const words = `${opts.method} ${opts.path}`;
    return new Promise((resolve, reject) => {
      if (opts.abortSignal?.aborted) return reject(opts.abortSignal.reason);
      if (this.#cutOff) return reject(new ConnectionError(`${words}: the process is gone`));
      const onAbort = () => reject(opts.abortSignal?.reason);
      opts.abortSignal?.addEventListener("abort", onAbort, { once: true });
      const lost = (why: string) => reject(new ConnectionError(`${words}: ${why}`));
      this.#pending.add(lost);
      const fate = fates.of(call, clock.monotonic());
      const open = () => {
        this.#pending.delete(lost);
        if (opts.abortSignal?.aborted || this.#cutOff) return;
        opts.abortSignal?.removeEventListener("abort", onAbort);
        if (fate.loses || fate.refusal) {
          trace.request(name, call, fate.loses ? "lost" : `${fate.refusal?.code} (fault)`);
          return fate.refusal ? reject(refused(fate.refusal, words)) : lost("connection closed before the answer");
        }
        const line: WatchLine = new WatchLine({
          resource: call.info.resource,
          namespace: call.info.namespace,
          clock,
          lagMs: fates.watchLagMs(),
          signal: opts.abortSignal,
          change: (text) => sabotage.event(call, text),
          onEnd: () => this.#watches.delete(line),
        });
        if (this.#held) line.hold();
        const opened = openWatch(server, call, line, texts);
        if ("code" in opened) return reject(refused(opened, words));
        line.feed = opened;
        this.#watches.add(line);
        resolve(line.stream);
      };
      clock.timer(fate.thereMs, () => this.#pass(open));
    });
  }
}

function deliver(
  { code, body }: Answer,
  words: string,
  { expectJson }: RequestOptions,
  resolve: (value: JSONValue | Uint8Array) => void,
  reject: (error: Error) => void,
): void {
  if (code >= 300 || !body) return reject(refused({ code, body }, words));
  resolve(expectJson ? body : new Uint8Array());
}

function refused({ code, body }: Answer, words: string): StatusError {
  const seconds = (body?.details as JSONObject | undefined)?.retryAfterSeconds;
  const retryAfterMs = typeof seconds === "number" ? seconds * 1000 : undefined;
  return new StatusError(code, body as StatusBody | undefined, retryAfterMs, words);
}
