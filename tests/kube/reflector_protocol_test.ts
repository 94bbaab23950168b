// Every branch of the list/watch protocol, as a table: state and input, then what follows.

import { assertEquals } from "@std/assert";
import { StatusError } from "../../lib/kube/errors.ts";
import {
  initialState,
  type ReflectorInput,
  type ReflectorState,
  type ReflectorStep,
  requestOf,
  step,
} from "../../lib/kube/reflector_protocol.ts";
import type { WatchEvent } from "../../lib/kube/watch.ts";
import { status } from "./scripted_server.ts";

type State = ReflectorState<string>;
const at = (o: Partial<State>): State => ({ ...initialState<string>(), items: [], ...o });
const watching = at({ phase: "watch", resourceVersion: "100" });

function event(type: WatchEvent["type"], version: string, item?: string, end = false): ReflectorInput<string> {
  const annotations = end ? { annotations: { "k8s.io/initial-events-end": "true" } } : {};
  return {
    type: "event",
    event: { type, object: { metadata: { name: "n", resourceVersion: version, ...annotations } } },
    item,
  };
}
function refused(code: number, reason = "", details = {}, retryAfterMs?: number): ReflectorInput<string> {
  const body = status(code, reason, reason, details) as StatusError["status"];
  return { type: "failed", error: new StatusError(code, reason === "" ? undefined : body, retryAfterMs, "GET /x") };
}
function errorEvent(code: number, reason: string): ReflectorInput<string> {
  const object = status(code, reason) as WatchEvent["object"];
  return { type: "event", event: { type: "ERROR", object }, item: undefined };
}
/** What matters of a step, in one line each. */
function summary({ state, next, replace, apply, error }: ReflectorStep<string>) {
  return {
    phase: state.phase,
    version: state.resourceVersion,
    next,
    ...(replace ? { replace: replace.items, wentBack: replace.historyWentBack } : {}),
    ...(apply ? { apply: `${apply.type} ${apply.item}` } : {}),
    ...(error ? { error: true } : {}),
  };
}

const listing = () => at({ phase: "streamingList", items: ["a"] });
const chunked = () => at({ phase: "chunkedList", items: ["a"], continue: "t" });

const table: Record<string, [State, ReflectorInput<string>, ReturnType<typeof summary>]> = {
  "streaming list: an object is kept back": [listing(), event("ADDED", "5", "b"), {
    phase: "streamingList",
    version: "",
    next: "read",
  }],
  "streaming list: an ordinary bookmark ends nothing": [listing(), event("BOOKMARK", "9"), {
    phase: "streamingList",
    version: "",
    next: "read",
  }],
  "streaming list: the marker swaps everything in, and the same stream goes on as the watch": [
    listing(),
    event("BOOKMARK", "9", undefined, true),
    { phase: "watch", version: "9", next: "read", replace: ["a"], wentBack: false },
  ],
  "streaming list: a change before the marker shows a server that does not know it": [
    listing(),
    event("MODIFIED", "9", "a"),
    { phase: "chunkedList", version: "", next: "retry" },
  ],
  "streaming list: 422 Invalid falls back to chunks at once": [listing(), refused(422, "Invalid"), {
    phase: "chunkedList",
    version: "",
    next: "open",
  }],
  "streaming list: 400 falls back to chunks at once": [listing(), refused(400, "BadRequest"), {
    phase: "chunkedList",
    version: "",
    next: "open",
  }],
  "streaming list: 403 is reported, and the list is tried": [listing(), refused(403, "Forbidden"), {
    phase: "chunkedList",
    version: "",
    next: "retry",
    error: true,
  }],
  "streaming list: a bare 404 replaces nothing": [listing(), refused(404), {
    phase: "streamingList",
    version: "",
    next: "retry",
    error: true,
  }],
  "streaming list: broken, it begins anew": [listing(), { type: "failed", error: new Error("cut") }, {
    phase: "streamingList",
    version: "",
    next: "retry",
    error: true,
  }],
  "streaming list: silence instead of a marker falls back to chunks": [listing(), { type: "silent" }, {
    phase: "chunkedList",
    version: "",
    next: "retry",
  }],
  "streaming list: an end instead of a marker falls back to chunks": [listing(), { type: "closed", short: false }, {
    phase: "chunkedList",
    version: "",
    next: "retry",
  }],
  "chunked list: a chunk with a token is kept back": [
    chunked(),
    { type: "chunk", items: ["b"], resourceVersion: "9", continue: "u" },
    { phase: "chunkedList", version: "", next: "open" },
  ],
  "chunked list: the last chunk swaps everything in": [
    chunked(),
    { type: "chunk", items: ["b"], resourceVersion: "9", continue: "" },
    { phase: "watch", version: "9", next: "open", replace: ["a", "b"], wentBack: false },
  ],
  "chunked list: a version below the last one means that history went back": [
    at({ phase: "chunkedList", resourceVersion: "100" }),
    { type: "chunk", items: [], resourceVersion: "9", continue: "" },
    { phase: "watch", version: "9", next: "open", replace: [], wentBack: true },
  ],
  "chunked list: a bare 404 replaces nothing": [chunked(), refused(404), {
    phase: "chunkedList",
    version: "",
    next: "retry",
    error: true,
  }],
  "watch: a change is applied and its version remembered": [watching, event("MODIFIED", "101", "a"), {
    phase: "watch",
    version: "101",
    next: "read",
    apply: "MODIFIED a",
  }],
  "watch: a deletion is applied": [watching, event("DELETED", "102", "a"), {
    phase: "watch",
    version: "102",
    next: "read",
    apply: "DELETED a",
  }],
  "watch: a bookmark moves the version only": [watching, event("BOOKMARK", "150"), {
    phase: "watch",
    version: "150",
    next: "read",
  }],
  "watch: 410 as an answer lists again at once": [watching, refused(410, "Expired"), {
    phase: "streamingList",
    version: "100",
    next: "open",
    error: true,
  }],
  "watch: 410 as an event lists again at once": [watching, errorEvent(410, "Expired"), {
    phase: "streamingList",
    version: "100",
    next: "open",
    error: true,
  }],
  "watch: 410 where streaming lists do not work lists in chunks, at once": [
    { ...watching, streamingWorks: false },
    errorEvent(410, "Gone"),
    { phase: "chunkedList", version: "100", next: "open", error: true },
  ],
  "watch: a version that the server has not reached lists again at once": [
    watching,
    refused(504, "Timeout", { causes: [{ reason: "ResourceVersionTooLarge" }] }),
    { phase: "streamingList", version: "100", next: "open", error: true },
  ],
  "watch: 410 twice without an event in between waits": [{ ...watching, expired: true }, errorEvent(410, "Expired"), {
    phase: "streamingList",
    version: "100",
    next: "retry",
    error: true,
  }],
  "watch: another ERROR event goes on from the last version": [watching, errorEvent(500, "InternalError"), {
    phase: "watch",
    version: "100",
    next: "retry",
    error: true,
  }],
  "watch: a bare 404 keeps everything": [watching, refused(404), {
    phase: "watch",
    version: "100",
    next: "retry",
    error: true,
  }],
  "watch: broken, it goes on from the last version": [watching, { type: "failed", error: new Error("cut") }, {
    phase: "watch",
    version: "100",
    next: "retry",
    error: true,
  }],
  "watch: ended by the server, it is opened again at once": [watching, { type: "closed", short: false }, {
    phase: "watch",
    version: "100",
    next: "open",
  }],
  "watch: ended within a second, it waits": [watching, { type: "closed", short: true }, {
    phase: "watch",
    version: "100",
    next: "retry",
  }],
  "watch: silent, it is opened again from the last version": [watching, { type: "silent" }, {
    phase: "watch",
    version: "100",
    next: "retry",
  }],
  "watch: silent twice in a row, it lists again": [{ ...watching, silences: 1 }, { type: "silent" }, {
    phase: "streamingList",
    version: "100",
    next: "retry",
  }],
};

for (const [name, [state, input, wanted]] of Object.entries(table)) {
  Deno.test(`step: ${name}`, () => assertEquals(summary(step(state, input)), wanted));
}

Deno.test("step: an unfinished list leaves nothing to the next attempt", () => {
  const { state } = step(chunked(), { type: "failed", error: new Error("cut") });
  assertEquals([state.items, state.continue, state.wholeList], [[], "", false]);
});

Deno.test("step: after an expired continue token everything is asked for at once, then in chunks again", () => {
  const expired = step(chunked(), refused(410, "Expired"));
  assertEquals(requestOf(expired.state), { type: "list", query: {} });
  const listed = step(expired.state, { type: "chunk", items: ["a"], resourceVersion: "9", continue: "" });
  assertEquals(listed.replace?.items, ["a"]);
  assertEquals(listed.state.wholeList, false);
});

Deno.test("step: an event in between forgets a silence and an expiry; 429 tells when to come back", () => {
  const { silences, expired } = step({ ...watching, silences: 1, expired: true }, event("BOOKMARK", "101")).state;
  assertEquals([silences, expired], [0, false]);
  assertEquals(step(watching, refused(429, "TooManyRequests", {}, 7_000)).retryAfterMs, 7_000);
});

Deno.test("requestOf: the request of each phase", () => {
  assertEquals(requestOf(at({})), {
    type: "watch",
    query: { sendInitialEvents: "true", resourceVersionMatch: "NotOlderThan" },
  });
  assertEquals(requestOf(at({ phase: "chunkedList" })), { type: "list", query: { limit: "500" } });
  assertEquals(requestOf(chunked()), { type: "list", query: { limit: "500", continue: "t" } });
  assertEquals(requestOf(watching), { type: "watch", query: { resourceVersion: "100" } });
});
