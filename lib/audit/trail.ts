// The audit trail as a person asks for it: which events match, in which order, one row each. Pure. Repeats, which delivery
// at least once brings, are shown once. Where the events come from is left to trail_file.ts and trail_data_storage.ts.

import type { JSONObject, JSONValue } from "@cloudydeno/kubernetes-apis/common.ts";
import { formatDuration } from "../workflow/duration.ts";
import { canonicalTarget, parseTarget, TargetError } from "../workflow/target.ts";

/** What is asked for; what is not given matches everything. */
export interface TrailFilter {
  /** `namespace/name`, or a name in any namespace. */
  readonly execution?: string;
  readonly correlationId?: string;
  /** The target, in any spelling of its kind; without a namespace that of the execution. */
  readonly target?: string;
  /** `started`, `completed`, `failed`, `skipped` or `deleted`. */
  readonly event?: string;
  readonly sinceMs?: number;
  readonly untilMs?: number;
}

/** An event as it was found: the project's own form, or the Data Storage Service's. */
export type TrailEvent = JSONObject;

export function matches(event: TrailEvent, filter: TrailFilter): boolean {
  const [name, namespace] = (filter.execution ?? "").split("/").reverse();
  const atMs = happenedAtMs(event);
  return (!name || at(event, "execution_name") === name) &&
    (!namespace || text(event["namespace"]) === namespace) &&
    (filter.correlationId === undefined || text(event["correlation_id"]) === filter.correlationId) &&
    (filter.target === undefined || sameTarget(event, filter.target)) &&
    (filter.event === undefined || eventName(event) === filter.event) &&
    (filter.sinceMs === undefined || atMs >= filter.sinceMs) &&
    (filter.untilMs === undefined || atMs <= filter.untilMs);
}

/** `deploy/api` of an execution in `payment` is `payment/deployment/api`; what is no target is compared as written. */
function sameTarget(event: TrailEvent, wanted: string): boolean {
  const given = at(event, "target_resource");
  if (given === wanted) return true;
  try {
    const canonical = (target: string) => canonicalTarget(parseTarget(target, text(event["namespace"])));
    return canonical(given) === canonical(wanted);
  } catch (error) {
    if (!(error instanceof TargetError)) throw error;
    return false;
  }
}

/** When it happened, which for one that was sent late is not its timestamp. NaN when it says nothing readable. */
export function happenedAtMs(event: TrailEvent): number {
  return Date.parse(at(event, "occurred_at") || text(event["event_timestamp"]));
}

/** The id that repeats share: this project's, not the one that the Data Storage Service gave. */
export function trailId(event: TrailEvent): string {
  return at(event, "event_id") || text(event["event_id"]);
}

/** Keeps the latest events, each once. */
export class Latest {
  readonly #limit: number;
  readonly #events = new Map<string, TrailEvent>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Whether the event is new here. */
  add(event: TrailEvent): boolean {
    const id = trailId(event) || JSON.stringify(event);
    if (this.#events.has(id)) return false;
    this.#events.set(id, event);
    if (this.#events.size > 2 * this.#limit + 1000) this.#trim();
    return true;
  }

  /** The latest ones, in the order in which they happened. */
  list(): TrailEvent[] {
    this.#trim();
    return [...this.#events.values()];
  }

  #trim(): void {
    const kept = [...this.#events].sort(([, a], [, b]) => happenedAtMs(a) - happenedAtMs(b)).slice(-this.#limit);
    this.#events.clear();
    for (const [id, event] of kept) this.#events.set(id, event);
  }
}

export const trailColumns = ["TIME", "EVENT", "EXECUTION", "WORKFLOW", "TARGET", "DURATION", "CORRELATION", "DETAIL"];

/** One row of the table: as many texts as there are columns. */
export function trailRow(event: TrailEvent): string[] {
  const durationMs = event["duration_ms"];
  const reason = at(event, "failure_reason") || at(event, "skip_reason");
  const message = at(event, "failure_message") || at(event, "skip_message");
  return [
    at(event, "occurred_at") || text(event["event_timestamp"]),
    eventName(event),
    `${text(event["namespace"])}/${at(event, "execution_name")}`,
    at(event, "workflow_id"),
    at(event, "target_resource"),
    typeof durationMs === "number" ? formatDuration(durationMs) : "-",
    text(event["correlation_id"]),
    [reason, message].filter((part) => part !== "").join(": "),
  ].map((cell) => cell.replaceAll(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]+/gu, " "));
}

/** The event_action says the truth where the event_type had to be translated. */
function eventName(event: TrailEvent): string {
  return text(event["event_action"]).replace(/^workflow\./, "");
}

function at(event: TrailEvent, key: string): string {
  const data = event["event_data"];
  return typeof data === "object" && data !== null && !Array.isArray(data) ? text(data[key]) : "";
}

function text(value: JSONValue | undefined): string {
  return typeof value === "string" ? value : "";
}
