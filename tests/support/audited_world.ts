// A world whose controllers send their audit events to the stand-in Data Storage Service, and what is to be asked of its trail:
// each owed event is there, with exactly what the execution says, a repeat is identical, and there is no word too many.

import { dataStorageForm } from "../../lib/audit/data_storage.ts";
import { type AuditEvent, eventsOf } from "../../lib/audit/event.ts";
import { createSinks, type SinksConfig } from "../../lib/audit/sinks.ts";
import type { Sink } from "../../lib/audit/sink.ts";
import type { Clock } from "../../lib/clock.ts";
import type { JSONObject, JSONValue } from "../../lib/kube/contract.ts";
import type { Logger } from "../../lib/log.ts";
import { executionFrom } from "../../lib/workflow/execution.ts";
import { DataStorage } from "./data_storage.ts";
import { type LogLine, recordingLog } from "./recording_log.ts";
import { World, type WorldOptions } from "./world.ts";

export const dataStorageUrl = "http://data-storage.test";
/** Names of files that the sinks read are looked up here. */
export const tokenFile = "token";

export interface AuditedWorld extends AsyncDisposable {
  readonly world: World;
  readonly storage: DataStorage;
  /** What every controller has logged. */
  readonly lines: LogLine[];
  /** The token that the sinks find in their file, when it is asked for one. */
  token: string;
}

export interface AuditedOptions extends WorldOptions {
  /** What differs from one Data Storage Service without a token. */
  readonly config?: Partial<SinksConfig>;
  /** Answers what is posted elsewhere than to the Data Storage Service. */
  readonly webhook?: (request: Request) => Response;
}

export async function auditedWorld({ config, webhook, ...o }: AuditedOptions = {}): Promise<AuditedWorld> {
  const lines: LogLine[] = [];
  const sinks = (deps: { clock: Clock; log: Logger }): Sink[] =>
    createSinks({ sinks: [{ kind: "http", url: dataStorageUrl }], ...config }, {
      ...deps,
      fetch: (input, init) =>
        `${input}`.startsWith(dataStorageUrl) || !webhook
          ? audited.storage.fetch(input, init)
          : Promise.resolve(webhook(new Request(input, init))),
      readFile: () => Promise.resolve(audited.token),
    }).map((sink) => timeless(world, sink));
  const world = await World.start({ ...o, log: recordingLog(lines), sinks });
  const audited: AuditedWorld = {
    world,
    storage: new DataStorage(world.clock),
    lines,
    token: "a-token",
    [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
  };
  return audited;
}

/** A sink that keeps its events in files: the clock waits for the disk. */
function timeless(world: World, sink: Sink): Sink {
  const setAside = sink.setAside.bind(sink);
  sink.setAside = (event, reason) => world.outside(setAside(event, reason));
  if (!sink.name.startsWith("file:")) return sink;
  const deliver = sink.deliver.bind(sink);
  sink.deliver = (events, signal) => world.outside(deliver(events, signal));
  return sink;
}

/** The events that the executions of the world owe by what their status says now. */
export function owedBy(world: World): AuditEvent[] {
  return world.list("workflowexecutions").flatMap((object) => eventsOf(executionFrom(object)));
}

/** What is wrong with the trail, if these events are owed and no others; the time of sending alone is not looked at. */
export function trailFaults(storage: DataStorage, owed: readonly AuditEvent[]): string[] {
  const wanted = new Map(owed.map((event) => {
    const sentAtMs = Date.parse(event.event_timestamp);
    return [event.event_id, JSON.stringify(timed(dataStorageForm(event, sentAtMs)))];
  }));
  const found = new Set<string>();
  const faults: string[] = [];
  for (const { event } of storage.stored) {
    const id = String((event["event_data"] as JSONObject)["event_id"]);
    const text = JSON.stringify(timed(event));
    found.add(id);
    if (!wanted.has(id)) faults.push(`not owed: ${text}`);
    else if (wanted.get(id) !== text) {
      faults.push(`${id} is told otherwise than it is owed: ${text}, ${wanted.get(id)}`);
    }
  }
  for (const { event_id, event_type, resource_id } of owed) {
    if (!found.has(event_id)) faults.push(`lost: ${event_type} of ${resource_id}`);
  }
  return faults;
}

/** The event with the time at which it happened, whenever it was sent. */
function timed(event: JSONObject): JSONObject {
  const { occurred_at, ...data } = event["event_data"] as JSONObject & { occurred_at?: JSONValue };
  return { ...event, event_timestamp: occurred_at ?? event["event_timestamp"] ?? null, event_data: data };
}

/** `name event` of what the service has stored, in the order of first arrival. */
export function storedTrail(storage: DataStorage): string[] {
  return [...new Set(storage.stored.map(({ event }) => `${event["resource_id"]} ${event["event_action"]}`))];
}

/** A metric's value, of all its labels together. */
export async function metricOf(metrics: { text(): Promise<string> }, name: string): Promise<number> {
  const values = (await metrics.text()).split("\n").filter((line) =>
    line.startsWith(name) && /^[ {]/.test(line.slice(name.length))
  );
  return values.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" "))), 0);
}
