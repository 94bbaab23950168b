// Asks the Data Storage Service's query API, page after page. What it cannot filter by is filtered by the caller.

import { checkObj, type JSONValue } from "@cloudydeno/kubernetes-apis/common.ts";
import { withoutCredentials } from "../config_values.ts";
import type { Fetch } from "./http_post.ts";
import type { TrailEvent, TrailFilter } from "./trail.ts";

export interface TrailServiceOptions {
  /** Base URL, before `/api/v1`. */
  url: string;
  /** Bearer token, read for each call; empty: none. */
  tokenFile?: string;
  /** PEM; empty: the system's. */
  caFile?: string;
  fetch?: Fetch;
}

/** The service gives at most 1,000 at once. */
const pageSize = 500;

/** Every event of ours that the service finds for the filter. @throws {Error} saying what it answered instead */
export async function* queryDataStorage(o: TrailServiceOptions, filter: TrailFilter): AsyncGenerator<TrailEvent> {
  const base = `${o.url.replace(/\/+$/, "")}/api/v1/audit/events`;
  const client = Deno.createHttpClient(o.caFile ? { caCerts: [await Deno.readTextFile(o.caFile)] } : {});
  try {
    for (let offset = 0;;) {
      const query = questionOf(filter);
      query.set("limit", String(pageSize));
      query.set("offset", String(offset));
      const headers: Record<string, string> = { accept: "application/json" };
      if (o.tokenFile) headers["authorization"] = `Bearer ${(await Deno.readTextFile(o.tokenFile)).trim()}`;
      const init: RequestInit = { headers, redirect: "manual" };
      const response = await (o.fetch?.(`${base}?${query}`, init) ?? fetch(`${base}?${query}`, { ...init, client }));
      const text = await response.text();
      if (response.status !== 200) {
        const reason = text.replaceAll(/\s+/g, " ").slice(0, 300);
        throw new Error(`${withoutCredentials(o.url)} answered the query with ${response.status}: ${reason}`);
      }
      const page = checkObj(JSON.parse(text) as JSONValue);
      const data = Array.isArray(page["data"]) ? page["data"] : [];
      for (const event of data) yield checkObj(event);
      offset += data.length;
      if (data.length === 0 || checkObj(page["pagination"] ?? {})["has_more"] !== true) return;
    }
  } finally {
    client.close();
  }
}

/** It takes one pair of detail key and value, and compares its own timestamps with `since` and `until`. */
function questionOf(filter: TrailFilter): URLSearchParams {
  const query = new URLSearchParams({ event_category: "workflowexecution" });
  if (filter.correlationId !== undefined) query.set("correlation_id", filter.correlationId);
  const name = filter.execution?.split("/").at(-1);
  const detail = name ? ["execution_name", name] : filter.target ? ["target_resource", filter.target] : undefined;
  if (detail?.[0] && detail[1]) {
    query.set("detail_key", detail[0]);
    query.set("detail_value", detail[1]);
  }
  // No `until`: an event that was sent late has a later timestamp than the time when it happened.
  if (filter.sinceMs !== undefined) query.set("since", new Date(filter.sinceMs).toISOString());
  return query;
}
