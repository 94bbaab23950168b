// A stand-in for the Data Storage Service: it validates what it is sent against the service's own OpenAPI document, refuses
// what the real one was seen to refuse, asks for a token and a Role, and plays whatever failures a test scripts. Called
// through `fetch` here, in this process; over a real port in data_storage_server.ts.

import { Ajv, type ValidateFunction } from "ajv";
import type { JSONObject, JSONValue } from "../../lib/kube/contract.ts";
import { type Clock, systemClock } from "../../lib/clock.ts";
import { yaml } from "../../deps.ts";

/** What one request gets in place of the usual answer. */
export type Scripted =
  | { status: number; headers?: Record<string, string>; detail?: string }
  /** The connection is cut before anything was stored. */
  | "cut"
  /** Everything is stored, and then the connection is cut. */
  | "store and cut"
  /** Never an answer. */
  | "hang"
  /** Everything is stored, but never an answer. */
  | "store and hang";

export interface StoredEvent {
  /** The service's own id. */
  readonly id: string;
  readonly event: JSONObject;
}

export interface Received {
  readonly method: string;
  readonly path: string;
  readonly token: string;
  /** The answer's status; 0 when there was none. */
  status: number;
}

const day = 24 * 3600_000;
const batchPath = "/api/v1/audit/events/batch";
const eventsPath = "/api/v1/audit/events";

export class DataStorage {
  /** Accepted tokens; empty: anybody may come. */
  readonly tokens = new Set<string>();
  /** Of these, the ones whose account has no Role. */
  readonly withoutRole = new Set<string>();
  /** Answers of the next requests, first come first served. */
  readonly script: Scripted[] = [];
  /** Answers of every request that finds the script empty. */
  always: Scripted | undefined;
  /** 202 in place of 201. */
  queues = false;
  /** Refused beyond what the rules say. */
  refuses: (event: JSONObject) => boolean = () => false;
  /** With which status it does so. */
  refusal = 400;
  readonly received: Received[] = [];
  readonly stored: StoredEvent[] = [];
  readonly #clock: Clock;
  /** Compiled from the document once for all of a process: that takes longer than most tests. */
  static #compiled: ValidateFunction | undefined;
  readonly #validate: ValidateFunction;
  #lastId = 0;

  constructor(clock: Clock = systemClock) {
    this.#clock = clock;
    this.#validate = DataStorage.#compiled ??= batchSchema();
  }

  /** In place of the runtime's `fetch`: answers come in this process, and a cut connection is a TypeError as there. */
  readonly fetch = async (input: string | URL, init: RequestInit): Promise<Response> => {
    const { signal, ...rest } = init;
    const answer = await this.handle(new Request(input, rest));
    signal?.throwIfAborted();
    if (answer === "cut") throw new TypeError("error sending request: connection closed before message completed");
    if (answer !== "hang") return answer;
    return await new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason)));
  };

  async handle(request: Request): Promise<Response | "cut" | "hang"> {
    const { pathname, searchParams } = new URL(request.url);
    const token = /^Bearer (.+)$/.exec(request.headers.get("authorization") ?? "")?.[1] ?? "";
    const record: Received = { method: request.method, path: pathname, token, status: 0 };
    this.received.push(record);
    const scripted = this.script.shift() ?? this.always;
    if (typeof scripted === "object") {
      record.status = scripted.status;
      return problem(scripted.status, scripted.detail, scripted.headers);
    }
    if (scripted === "cut" || scripted === "hang") return scripted;
    const text = await request.text();
    const answer = this.#answer(record, searchParams, text === "" ? null : JSON.parse(text));
    if (scripted) return scripted === "store and cut" ? "cut" : "hang";
    record.status = answer.status;
    return answer;
  }

  #answer({ method, path, token }: Received, query: URLSearchParams, body: JSONValue): Response {
    if (this.tokens.size > 0) {
      if (!this.tokens.has(token)) return problem(401);
      if (this.withoutRole.has(token)) return problem(403);
    }
    if (method === "GET" && path === eventsPath) return this.#query(query);
    if (method !== "POST" || path !== batchPath) return problem(404);
    if (!Array.isArray(body) || body.length === 0 || body.length > 500) return problem(400);
    if (!this.#validate(body)) return problem(400);
    const events = body as JSONObject[];
    if (events.some((event) => !this.#timely(event) || tooLarge(event))) return problem(400);
    if (events.some((event) => this.refuses(event))) return problem(this.refusal);
    const ids = events.map((event) => this.#store(event));
    if (this.queues) return Response.json({ status: "accepted", message: "queued" }, { status: 202 });
    return Response.json({ event_ids: ids, message: `${ids.length} audit events created` }, { status: 201 });
  }

  #timely(event: JSONObject): boolean {
    const ageMs = this.#clock.now() - Date.parse(String(event["event_timestamp"]));
    return ageMs <= 7 * day && ageMs >= -2 * 3600_000;
  }

  #store(event: JSONObject): string {
    const id = `00000000-0000-4000-8000-${String(++this.#lastId).padStart(12, "0")}`;
    this.stored.push({ id, event });
    return id;
  }

  #query(query: URLSearchParams): Response {
    const [limit, offset] = [Number(query.get("limit") ?? 50), Number(query.get("offset") ?? 0)];
    if (!(limit >= 1 && limit <= 1000)) return problem(400);
    const key = query.get("detail_key");
    const found = this.stored.filter(({ event }) =>
      ["event_type", "event_category", "event_outcome", "correlation_id"].every((name) =>
        !query.has(name) || event[name] === query.get(name)
      ) &&
      (!key || (event["event_data"] as JSONObject)[key] === query.get("detail_value")) &&
      String(event["event_timestamp"]) >= (query.get("since") ?? "") &&
      String(event["event_timestamp"]) <= (query.get("until") ?? "9")
    );
    const data = found.slice(offset, offset + limit).map(({ id, event }) => ({ ...event, event_id: id }));
    const has_more = offset + data.length < found.length;
    return Response.json({ data, pagination: { limit, offset, total: found.length, has_more } });
  }
}

/** What the service's own document says of a batch. */
function batchSchema(): ValidateFunction {
  const document = yaml.parse(
    Deno.readTextFileSync(new URL("../fixtures/data_storage/audit.openapi.yaml", import.meta.url)),
  );
  const ajv = new Ajv({ strict: false, validateFormats: true });
  ajv.addFormat("date-time", /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/);
  ajv.addFormat("uuid", /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i);
  for (const format of ["uri", "date", "int32"]) ajv.addFormat(format, true);
  ajv.addSchema(document, "api");
  const post = `/paths/${batchPath.replaceAll("/", "~1")}/post/requestBody/content/application~1json/schema`;
  return ajv.compile({ $ref: `api#${post}` });
}

function tooLarge(event: JSONObject): boolean {
  return JSON.stringify(event["event_data"]).length >= 1_000_000;
}

/** RFC 7807, and no word about what was wrong: as the real one. */
function problem(status: number, detail = "", headers: Record<string, string> = {}): Response {
  const body = { type: "about:blank", title: `status ${status}`, status, ...(detail ? { detail } : {}) };
  return new Response(status === 204 ? null : JSON.stringify(body), {
    status,
    headers: { "content-type": "application/problem+json", ...headers },
  });
}
