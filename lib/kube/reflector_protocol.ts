// The list/watch protocol of Kubernetes as one pure function: what is known, and what just happened → what is known then,
// what to do next, and what to tell the cache. Time, chance and HTTP are the driver's (reflector.ts).
// Source: Kubernetes, "API concepts": efficient detection of changes, streaming lists, 410 Gone, chunked lists.
// Guarantees: a list reaches the cache whole or not at all; only a list that was read to its end makes objects vanish.

import type { JSONObject, JSONValue } from "./contract.ts";
import { StatusError } from "./errors.ts";
import { compareResourceVersions } from "./store.ts";
import type { WatchEvent } from "./watch.ts";

/** What is known between two inputs. `Item` is an object as the cache keeps it. */
export interface ReflectorState<Item> {
  /** What is being read: a list as a stream, a list in chunks, or changes. A streaming list goes over into its watch. */
  readonly phase: "streamingList" | "chunkedList" | "watch";
  /** Version of the last list, bookmark or event; empty before the first list. */
  readonly resourceVersion: string;
  /** The unfinished list. It belongs to the state and only grows, so that a long list costs linear time. */
  readonly items: Item[];
  /** Continue token of the next chunk; empty for the first. */
  readonly continue: string;
  /** A continue token expired: the next attempt asks for everything at once. */
  readonly wholeList: boolean;
  /** False once the server refused a streaming list, or showed that it does not know what that is. */
  readonly streamingWorks: boolean;
  /** Watches that ended in silence without any event, in a row. */
  readonly silences: number;
  /** The last list has led to no event yet since a version expired: a second time in a row, it waits. */
  readonly expired: boolean;
}

export type ReflectorInput<Item> =
  /** A chunk of a list arrived. */
  | { type: "chunk"; items: Item[]; resourceVersion: string; continue: string }
  /** A watch event arrived; `item` unless it is a BOOKMARK or ERROR. */
  | { type: "event"; event: WatchEvent; item: Item | undefined }
  /** The server ended the stream; `short` if it did so within a second. */
  | { type: "closed"; short: boolean }
  /** No byte came for too long. */
  | { type: "silent" }
  /** The request was refused, or broke. */
  | { type: "failed"; error: Error };

export interface ReflectorStep<Item> {
  state: ReflectorState<Item>;
  /** read: on with the open stream. open: send the request of the new state now. retry: send it after a backoff. */
  next: "read" | "open" | "retry";
  /** The whole content, to be swapped in. `historyWentBack`: versions in the cache count for nothing (a restored etcd). */
  replace?: { items: Item[]; resourceVersion: string; historyWentBack: boolean };
  /** One change. */
  apply?: { type: "ADDED" | "MODIFIED" | "DELETED"; item: Item };
  /** What went wrong, to be reported. */
  error?: Error;
  /** The server's wish: no request before this. */
  retryAfterMs?: number;
}

/** The request that a state is waiting for, as query parameters of the list path. */
export function requestOf<Item>(
  state: ReflectorState<Item>,
): { type: "list" | "watch"; query: Record<string, string> } {
  switch (state.phase) {
    case "streamingList":
      // No resourceVersion: at least as new as anything that was ever acknowledged.
      return { type: "watch", query: { sendInitialEvents: "true", resourceVersionMatch: "NotOlderThan" } };
    case "chunkedList":
      if (state.wholeList) return { type: "list", query: {} };
      return { type: "list", query: { limit: "500", ...(state.continue === "" ? {} : { continue: state.continue }) } };
    case "watch":
      return { type: "watch", query: { resourceVersion: state.resourceVersion } };
  }
}

export function initialState<Item>(): ReflectorState<Item> {
  return {
    phase: "streamingList",
    resourceVersion: "",
    items: [],
    continue: "",
    wholeList: false,
    streamingWorks: true,
    silences: 0,
    expired: false,
  };
}

/** One step of the protocol. Total: every input has an answer in every phase. */
export function step<Item>(state: ReflectorState<Item>, input: ReflectorInput<Item>): ReflectorStep<Item> {
  switch (input.type) {
    case "chunk":
      return chunk(state, input);
    case "event":
      return event(state, input.event, input.item);
    case "closed":
      if (state.phase === "streamingList") return { state: listAgain(state, "chunkedList"), next: "retry" };
      return { state, next: input.short ? "retry" : "open" };
    case "silent":
      // A server that ignores sendInitialEvents sends everything, then no marker but silence.
      if (state.phase === "streamingList") {
        return { state: { ...listAgain(state, "chunkedList"), streamingWorks: false }, next: "retry" };
      }
      // Silent twice: perhaps this version lies in the future of a restored server. A list finds out.
      if (state.silences >= 1) return { state: { ...listAgain(state), silences: 0 }, next: "retry" };
      return { state: { ...state, silences: state.silences + 1 }, next: "retry" };
    case "failed":
      return failed(state, input.error);
  }
}

function chunk<Item>(
  state: ReflectorState<Item>,
  { items, resourceVersion, continue: token }: { items: Item[]; resourceVersion: string; continue: string },
): ReflectorStep<Item> {
  for (const item of items) state.items.push(item);
  if (token !== "") return { state: { ...state, continue: token }, next: "open" };
  return listed(state, resourceVersion, "open");
}

function event<Item>(state: ReflectorState<Item>, event: WatchEvent, item: Item | undefined): ReflectorStep<Item> {
  if (event.type === "ERROR") return failed(state, errorOf(event.object));
  const resourceVersion = (event.object.metadata as JSONObject).resourceVersion as string;
  if (state.phase === "streamingList") {
    if (event.type === "BOOKMARK") {
      return endsInitialEvents(event.object) ? listed(state, resourceVersion, "read") : { state, next: "read" };
    }
    // The initial events are all ADDED: anything else means that the server does not know this kind of list.
    if (event.type !== "ADDED" || item === undefined) {
      return { state: { ...listAgain(state, "chunkedList"), streamingWorks: false }, next: "retry" };
    }
    state.items.push(item);
    return { state, next: "read" };
  }
  const known = { ...state, resourceVersion, silences: 0, expired: false };
  if (event.type === "BOOKMARK" || item === undefined) return { state: known, next: "read" };
  return { state: known, next: "read", apply: { type: event.type, item } };
}

/** The list is complete: from here on its version is watched. */
function listed<Item>(
  state: ReflectorState<Item>,
  resourceVersion: string,
  next: "read" | "open",
): ReflectorStep<Item> {
  return {
    state: { ...state, phase: "watch", resourceVersion, items: [], continue: "", wholeList: false, silences: 0 },
    next,
    replace: {
      items: state.items,
      resourceVersion,
      historyWentBack: compareResourceVersions(resourceVersion, state.resourceVersion) < 0,
    },
  };
}

function failed<Item>(state: ReflectorState<Item>, error: Error): ReflectorStep<Item> {
  const status = error instanceof StatusError ? error : undefined;
  const retry = {
    next: "retry" as const,
    error,
    ...(status?.retryAfterMs === undefined ? {} : { retryAfterMs: status.retryAfterMs }),
  };
  const expired = status !== undefined && isExpired(status);
  switch (state.phase) {
    case "watch":
      if (!expired) return { ...retry, state };
      // Usual after a restart of the server, which is there again: then no time is lost.
      return { ...retry, state: { ...listAgain(state), expired: true }, next: state.expired ? "retry" : "open" };
    case "chunkedList":
      // Whatever broke a list, its next attempt begins anew; an expired token says that chunks are too slow here.
      return { ...retry, state: { ...listAgain(state, "chunkedList"), wholeList: expired && state.continue !== "" } };
    case "streamingList": {
      const refused = status !== undefined && [400, 405, 422].includes(status.httpCode);
      // No error: servers before 1.32 do not have it, and the other kind of list does as well.
      if (refused) return { state: { ...listAgain(state, "chunkedList"), streamingWorks: false }, next: "open" };
      // Perhaps only watching is forbidden; the list says so more clearly, or works.
      if (status?.httpCode === 403) return { ...retry, state: listAgain(state, "chunkedList") };
      return { ...retry, state: listAgain(state) };
    }
  }
}

function listAgain<Item>(state: ReflectorState<Item>, phase?: "chunkedList"): ReflectorState<Item> {
  return {
    ...state,
    phase: phase ?? (state.streamingWorks ? "streamingList" : "chunkedList"),
    items: [],
    continue: "",
    wholeList: false,
  };
}

/** 410 in either spelling, and a version that the server has not reached. Only a list helps against these. */
function isExpired(error: StatusError): boolean {
  if (error.httpCode === 410 || error.reason === "Expired" || error.reason === "Gone") return true;
  return error.status?.details?.causes?.some((cause) => cause.reason === "ResourceVersionTooLarge") === true ||
    error.status?.message?.includes("Too large resource version") === true;
}

/** The Status of an ERROR event as the error that it would have been as an answer. */
function errorOf(object: JSONObject): StatusError {
  const code = typeof object.code === "number" ? object.code : 500;
  const details = object.details as { retryAfterSeconds?: JSONValue } | undefined;
  const seconds = details?.retryAfterSeconds;
  const retryAfterMs = typeof seconds === "number" && seconds > 0 ? seconds * 1_000 : undefined;
  return new StatusError(code, object as unknown as StatusError["status"], retryAfterMs, "watch (ERROR event)");
}

function endsInitialEvents(bookmark: JSONObject): boolean {
  const annotations = (bookmark.metadata as JSONObject).annotations as JSONObject | undefined;
  return annotations?.["k8s.io/initial-events-end"] === "true";
}
