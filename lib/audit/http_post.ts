// One POST to a sink that speaks HTTP, judged: taken, refused for good, or to be sent again. Token and CA files are read
// when they are used, so that what was rotated counts from the next request on. Nothing is retried here.

import type { Clock } from "../clock.ts";
import { tokenFault } from "../kube/bearer_token.ts";
import { type FetchNaming, named, type NamedInit } from "../traces.ts";
import type { Delivery } from "./sink.ts";

/** As the runtime's own; whatever passes a request on to that one gives it `named(init)`. */
export type Fetch = (input: string | URL, init: NamedInit) => Promise<Response>;

export interface HttpPostOptions {
  /** May carry user and password; they are sent as Basic authentication unless there is a token. */
  url: string;
  contentType: string;
  /** Whether an answer of this status, a 2xx, means that it was taken. Default: each does. */
  takenBy?: (status: number) => boolean;
  /** Whoever knows the URL's path may post there: no reason tells it. */
  pathIsSecret?: boolean;
  /** Bearer token; empty: none. */
  tokenFile?: string;
  /** Certificate authorities, PEM; empty: the system's. */
  caFile?: string;
  clock: Clock;
  /** In place of the runtime's own. */
  fetch?: Fetch;
  /** What traces call its requests. */
  naming?: FetchNaming;
  /** In place of the runtime's own. */
  readFile?: (path: string) => Promise<string>;
  /** For the whole request with its answer. Default 10 s. */
  timeoutMs?: number;
}

/** Answers that say that the content is at fault, and not the time, the path or the sender. */
const refusals = new Set([400, 413, 422]);
const answerLimitBytes = 16 * 1024;

export class HttpPost implements Disposable {
  readonly #o: HttpPostOptions;
  readonly #url: string;
  readonly #basic: string | undefined;
  /** Made anew after a failed connection: the CA file may have changed. */
  #client: Deno.HttpClient | undefined;

  constructor(o: HttpPostOptions) {
    this.#o = o;
    const url = new URL(o.url);
    if (url.username || url.password) {
      const pair = `${percentDecoded(url.username)}:${percentDecoded(url.password)}`;
      this.#basic = new TextEncoder().encode(pair).toBase64();
      url.username = url.password = "";
    }
    this.#url = url.href;
  }

  /** Sends `body` once; rejects only with the signal's reason when that is aborted. */
  async send(body: string, signal: AbortSignal): Promise<Delivery> {
    const timeoutMs = this.#o.timeoutMs ?? 10_000;
    const timeout = new AbortController();
    const late = new Error(`no answer within ${timeoutMs} ms`);
    using _timer = this.#o.clock.timer(timeoutMs, () => timeout.abort(late));
    const stop = () => timeout.abort(signal.reason);
    signal.addEventListener("abort", stop);
    try {
      signal.throwIfAborted();
      const response = await this.#fetch(body, timeout.signal);
      return await this.#judge(response);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof Error)) throw error;
      this[Symbol.dispose]();
      const reason = this.#told(textOf(error));
      return { outcome: "failed", reason, perhapsBatch: !/refused|dns|resolve|certificate/i.test(reason) };
    } finally {
      signal.removeEventListener("abort", stop);
    }
  }

  [Symbol.dispose](): void {
    this.#client?.close();
    this.#client = undefined;
  }

  async #fetch(body: string, signal: AbortSignal): Promise<Response> {
    const { contentType, tokenFile, caFile, naming, readFile = Deno.readTextFile } = this.#o;
    const headers: Record<string, string> = { "content-type": contentType, accept: "application/json" };
    if (this.#basic !== undefined) headers["authorization"] = `Basic ${this.#basic}`;
    if (tokenFile) headers["authorization"] = await bearer(tokenFile, readFile);
    const request: RequestInit = { method: "POST", headers, body, signal, redirect: "manual" };
    const init: NamedInit = naming ? { ...request, naming } : request;
    if (this.#o.fetch) return await this.#o.fetch(this.#url, init);
    this.#client ??= Deno.createHttpClient(caFile ? { caCerts: [await readFile(caFile)] } : {});
    return await fetch(this.#url, named({ ...init, client: this.#client }));
  }

  async #judge(response: Response): Promise<Delivery> {
    const { status } = response;
    if (response.ok && (this.#o.takenBy?.(status) ?? true)) {
      await start(response);
      return { outcome: "delivered" };
    }
    const reason = this.#told(`${status}${problemText(await start(response))}`);
    if (refusals.has(status)) return { outcome: "refused", reason };
    const retryAfterMs = retryAfter(response.headers.get("retry-after"), this.#o.clock.now());
    return {
      outcome: "failed",
      reason,
      perhapsBatch: status >= 500 && status !== 503,
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    };
  }

  /** As it may be told, in a line of bearable length: a service likes to repeat the path that it does not know. */
  #told(reason: string): string {
    const { pathname, search } = new URL(this.#url);
    const secrets = this.#o.pathIsSecret ? [pathname + search, pathname].filter((secret) => secret !== "/") : [];
    return secrets.reduce((rest, secret) => rest.replaceAll(secret, "/[REDACTED]"), reason).slice(0, 300);
  }
}

/**
 * The start of the answer's text; the rest is not waited for. That it breaks off changes nothing about the status, which
 * has come already.
 */
async function start(response: Response): Promise<string> {
  if (!response.body) return "";
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  try {
    for (let bytes = 0; bytes < answerLimitBytes;) {
      const { done, value } = await reader.read();
      if (done) return text;
      bytes += value.length;
      text += decoder.decode(value, { stream: true });
    }
    await reader.cancel();
    return text;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return text;
  }
}

/** ": detail" of RFC 9457 problem details, else the start of the text. */
function problemText(body: string): string {
  let text = body;
  try {
    const problem: unknown = JSON.parse(body);
    if (typeof problem === "object" && problem !== null) {
      const { title, detail } = problem as Record<string, unknown>;
      const parts = [title, detail].filter((part) => typeof part === "string" && part !== "");
      if (parts.length > 0) text = parts.join(": ");
    }
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  const line = text.replaceAll(/\s+/g, " ").trim();
  return line === "" ? "" : `: ${line}`;
}

/** A percent sign that begins no character stands for itself. */
function percentDecoded(text: string): string {
  return text.replace(/(?:%[\da-f]{2})+/gi, (run) => {
    try {
      return decodeURIComponent(run);
    } catch (error) {
      if (!(error instanceof URIError)) throw error;
      return run;
    }
  });
}

/**
 * The header for the file's token. Whatever else a wrong file holds would stand in the message of whoever makes the request.
 * @throws {Error} that names the file, and nothing of its content
 */
export async function bearer(
  tokenFile: string,
  readFile: (path: string) => Promise<string> = Deno.readTextFile,
): Promise<string> {
  const token = (await readFile(tokenFile)).trim();
  const fault = tokenFault(token);
  if (fault) throw new Error(`the token in ${tokenFile} ${fault}`);
  return `Bearer ${token}`;
}

/** Seconds or an HTTP date, in milliseconds from now. Source: RFC 9110, 10.2.3. */
function retryAfter(header: string | null, nowMs: number): number | undefined {
  if (header === null) return undefined;
  const text = header.trim();
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  const ms = Date.parse(text) - nowMs;
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}

/** The message with its cause, and without the URL: the sink's name says where, without what is secret in it. */
export function textOf(error: Error): string {
  const cause = error.cause instanceof Error ? `: ${error.cause.message}` : "";
  return `${error.message}${error.message.includes(cause.slice(2)) ? "" : cause}`
    .replaceAll(/ for url \(\S*\)/g, "").replaceAll(/\/\/[^/@\s]*@/g, "//");
}
