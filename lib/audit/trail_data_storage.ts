// Asks the Data Storage Service's query API, page after page. What it cannot filter by is filtered by the caller.

import { checkNum, checkObj, type JSONObject, type JSONValue } from "@cloudydeno/kubernetes-apis/common.ts";
import { type Clock, systemClock } from "../clock.ts";
import { withoutCredentials } from "../config_values.ts";
import { bearer, type Fetch, textOf } from "./http_post.ts";
import type { TrailEvent, TrailFilter } from "./trail.ts";

export interface TrailServiceOptions {
  /** Base URL, before `/api/v1`. */
  url: string;
  /** Bearer token, read for each call; empty: none. */
  tokenFile?: string;
  /** PEM; empty: the system's. */
  caFile?: string;
  fetch?: Fetch;
  /** Default: the system's. */
  clock?: Clock;
}

/** The service gives at most 1,000 at once. */
const pageSize = 500;

/** It takes no event with an older timestamp, so none turns up late with one. */
const oldestMs = 7 * 24 * 3600_000;
/** What comes in time has a timestamp of this age at most. */
const promptMs = 10 * 60_000;
const mostRows = 100_000;
/** For one question with its whole answer. */
const timeoutMs = 30_000;

/** Every event of ours that the service finds for the filter. @throws {Error} saying what it answered instead */
export async function* queryDataStorage(o: TrailServiceOptions, filter: TrailFilter): AsyncGenerator<TrailEvent> {
  using client = await clientFor(o);
  for (let offset = 0;;) {
    const page = await ask(o, client, filter, { limit: pageSize, offset });
    const data = Array.isArray(page["data"]) ? page["data"] : [];
    for (const event of data) yield checkObj(event);
    offset += data.length;
    if (data.length === 0 || pagination(page)["has_more"] !== true) return;
  }
}

/**
 * The same for somebody who looks again and again. An event that was late has the time at which it happened, so that the latest
 * times do not tell what is new: how many there are does. Where the latest are not all of them, the last seven days are read.
 */
export class TrailService {
  readonly #o: TrailServiceOptions;
  readonly #clock: Clock;
  /** The service's own ids, the latest of them. */
  readonly #rows = new Set<string>();
  #last: { readonly atMs: number; readonly fromMs: number; readonly total: number } | undefined;

  constructor(o: TrailServiceOptions, clock: Clock) {
    this.#o = o;
    this.#clock = clock;
  }

  /** What the service has for the filter; from the second call on only what it has got since. */
  async *events(filter: TrailFilter): AsyncGenerator<TrailEvent> {
    const last = this.#last;
    const atMs = this.#clock.now();
    const fromMs = last?.fromMs ?? Math.max(filter.sinceMs ?? 0, atMs - oldestMs);
    const total = await this.#count({ ...filter, sinceMs: fromMs });
    if (!last) {
      yield* this.#fresh(filter);
    } else if (total !== last.total) {
      let missing = total - last.total;
      for await (const event of this.#fresh({ ...filter, sinceMs: Math.max(fromMs, last.atMs - promptMs) })) {
        missing--;
        yield event;
      }
      if (missing > 0) yield* this.#fresh({ ...filter, sinceMs: fromMs });
    }
    this.#last = { atMs, fromMs, total }; // only now: what could not be read is still to come
  }

  async *#fresh(filter: TrailFilter): AsyncGenerator<TrailEvent> {
    for await (const event of queryDataStorage(this.#o, filter)) {
      const id = String(event["event_id"]);
      if (this.#rows.has(id)) continue;
      this.#rows.add(id);
      const [oldest] = this.#rows;
      if (this.#rows.size > mostRows && oldest !== undefined) this.#rows.delete(oldest);
      yield event;
    }
  }

  async #count(filter: TrailFilter): Promise<number> {
    using client = await clientFor(this.#o);
    return checkNum(pagination(await ask(this.#o, client, filter, { limit: 1, offset: 0 }))["total"]);
  }
}

async function clientFor({ caFile }: TrailServiceOptions): Promise<Deno.HttpClient> {
  return Deno.createHttpClient(caFile ? { caCerts: [await Deno.readTextFile(caFile)] } : {});
}

async function ask(
  o: TrailServiceOptions,
  client: Deno.HttpClient,
  filter: TrailFilter,
  page: { limit: number; offset: number },
): Promise<JSONObject> {
  const query = questionOf(filter);
  for (const [name, value] of Object.entries(page)) query.set(name, String(value));
  const url = `${o.url.replace(/\/+$/, "")}/api/v1/audit/events?${query}`;
  const headers: Record<string, string> = { accept: "application/json" };
  if (o.tokenFile) headers["authorization"] = await bearer(o.tokenFile);
  const late = new AbortController();
  using _timer = (o.clock ?? systemClock).timer(
    timeoutMs,
    () => late.abort(new Error(`no answer within ${timeoutMs} ms`)),
  );
  const init: RequestInit = { headers, redirect: "manual", signal: late.signal };
  const { status, text } = await answerTo(() => o.fetch?.(url, init) ?? fetch(url, { ...init, client }), o.url);
  const start = text.replaceAll(/\s+/g, " ").slice(0, 300);
  const answered = `${withoutCredentials(o.url)} answered the query with ${status}`;
  if (status !== 200) throw new Error(`${answered}: ${start}`);
  try {
    const page = checkObj(JSON.parse(text) as JSONValue);
    checkNum(pagination(page)["total"]);
    return page;
  } catch (cause) {
    throw new Error(`${answered}, but not as the Data Storage Service: ${start}`, { cause });
  }
}

async function answerTo(send: () => Promise<Response>, url: string): Promise<{ status: number; text: string }> {
  try {
    const response = await send();
    return { status: response.status, text: await response.text() };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new Error(`${withoutCredentials(url)} cannot be asked: ${textOf(error)}`, { cause: error });
  }
}

function pagination(page: JSONObject): JSONObject {
  return checkObj(page["pagination"] ?? {});
}

/**
 * It takes one pair of detail key and value, and compares its own timestamps with `since` and `until`. A target is not asked
 * for: it would be compared as written, and has many spellings.
 */
function questionOf(filter: TrailFilter): URLSearchParams {
  const query = new URLSearchParams({ event_category: "workflowexecution" });
  if (filter.correlationId !== undefined) query.set("correlation_id", filter.correlationId);
  const name = filter.execution?.split("/").at(-1);
  if (name) {
    query.set("detail_key", "execution_name");
    query.set("detail_value", name);
  }
  // No `until`: an event that was sent late has a later timestamp than the time when it happened.
  if (filter.sinceMs !== undefined) query.set("since", new Date(filter.sinceMs).toISOString());
  return query;
}
