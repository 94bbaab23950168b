// One watch request as a sequence of checked events. What to do when it ends is the reflector's affair.
// A line that is no event ends the sequence with an error, and so does silence: an API server sends a bookmark about every
// minute, so one that sends no byte for longer is taken for lost.

import type { Clock } from "../clock.ts";
import type { JSONObject, JSONValue, RestClient } from "./contract.ts";
import { JsonLines } from "./json_lines.ts";

export interface WatchEvent {
  type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK" | "ERROR";
  object: JSONObject;
}

/** The other side sent something that is no watch event. */
export class WatchProtocolError extends Error {
  override readonly name = "WatchProtocolError";
}

/** No byte came for too long. */
export class WatchSilentError extends Error {
  override readonly name = "WatchSilentError";
}

export interface WatchRequest {
  client: RestClient;
  /** A list path, as `/api/v1/namespaces/default/pods`. */
  path: string;
  /** Selectors, resourceVersion, sendInitialEvents and so on; `watch`, bookmarks and the timeout are added here. */
  query: Record<string, string>;
  clock: Clock;
  signal: AbortSignal;
  /** Longest time without a byte, from the request on; asked again with every byte, and when its events were taken. Default 90 s. */
  silenceMs?: () => number;
  /** Called whenever bytes arrive. */
  onBytes?: () => void;
  /** Called when the server has accepted the request; the first byte may be a minute away. */
  onOpen?: () => void;
}

/**
 * Opens a watch that the server is asked to end after 240 to 480 s, and yields its events in batches (those that arrived
 * together). Ends when the server ends it. Throws StatusError, ConnectionError, WatchProtocolError, WatchSilentError, or the
 * signal's reason.
 */
export async function* watchStream(o: WatchRequest): AsyncGenerator<WatchEvent[], void, void> {
  const cut = new AbortController();
  const onAbort = () => cut.abort(o.signal.reason);
  o.signal.throwIfAborted();
  o.signal.addEventListener("abort", onAbort, { once: true });
  let silence: Disposable | undefined;
  const listen = () => {
    silence?.[Symbol.dispose]();
    const silenceMs = o.silenceMs?.() ?? 90_000;
    silence = o.clock.timer(silenceMs, () => {
      cut.abort(new WatchSilentError(`watch of ${o.path}: no byte for ${silenceMs / 1_000} s`));
    });
  };
  try {
    listen();
    const querystring = new URLSearchParams({
      ...o.query,
      watch: "true",
      allowWatchBookmarks: "true",
      timeoutSeconds: String(240 + Math.floor(o.clock.random() * 241)),
    });
    const stream = await o.client.performRequest({
      method: "GET",
      path: o.path,
      querystring,
      accept: "application/json",
      abortSignal: cut.signal,
      expectStream: true,
    });
    o.onOpen?.();
    const lines = new JsonLines();
    for await (const chunk of stream) {
      listen();
      o.onBytes?.();
      const events = parse(lines, chunk, o.path);
      if (events.length === 0) continue;
      yield events;
      listen(); // a marker among them has ended a list, and a watch may be silent for longer
    }
    try {
      lines.end();
    } catch (cause) {
      throw new WatchProtocolError(`watch of ${o.path}: ${(cause as Error).message}`, { cause });
    }
  } catch (error) {
    if (cut.signal.aborted) throw cut.signal.reason;
    throw error;
  } finally {
    silence?.[Symbol.dispose]();
    o.signal.removeEventListener("abort", onAbort);
  }
}

function parse(lines: JsonLines, chunk: Uint8Array, path: string): WatchEvent[] {
  try {
    return lines.push(chunk).map(checkEvent);
  } catch (cause) {
    throw new WatchProtocolError(`watch of ${path}: ${(cause as Error).message}`, { cause });
  }
}

/** Checks the form of one event: its type, and the metadata without which it cannot be placed. Throws what is wrong. */
export function checkEvent(value: JSONValue): WatchEvent {
  if (!isObject(value)) throw new Error(`an event should be an object, is ${kindOf(value)}`);
  const { type, object } = value;
  if (type !== "ADDED" && type !== "MODIFIED" && type !== "DELETED" && type !== "BOOKMARK" && type !== "ERROR") {
    throw new Error(`type should be ADDED, MODIFIED, DELETED, BOOKMARK or ERROR, is ${JSON.stringify(type)}`);
  }
  if (!isObject(object)) throw new Error(`object of ${type} should be an object, is ${kindOf(object)}`);
  if (type === "ERROR") return { type, object };
  checkText(object, "resourceVersion", type);
  if (type !== "BOOKMARK") checkText(object, "name", type);
  return { type, object };
}

function checkText(object: JSONObject, field: string, type: string): void {
  const value = isObject(object.metadata) ? object.metadata[field] : undefined;
  if (typeof value === "string" && value !== "") return;
  throw new Error(`object.metadata.${field} of ${type} should be a text, is ${JSON.stringify(value) ?? "missing"}`);
}

export function isObject(value: JSONValue | undefined): value is JSONObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function kindOf(value: JSONValue | undefined): string {
  return value === undefined ? "missing" : value === null ? "null" : Array.isArray(value) ? "a list" : typeof value;
}
