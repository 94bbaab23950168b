// A plain HTTP client that the conformance cases speak to an API server with, and the two servers behind it: the simulated
// one in this process, and the real one of a kubeconfig.
import { yaml } from "../../deps.ts";
import { systemClock } from "../../lib/clock.ts";
import type { JSONObject, JSONValue } from "../../lib/kube/contract.ts";
import { ApiServer } from "../../lib/sim/api_server.ts";

export interface Answer {
  code: number;
  /** The JSON body; an empty object when it is none. */
  body: JSONObject;
  text: string;
  headers: Headers;
}

export interface Call {
  body?: JSONValue;
  /** The media type of the body; JSON when absent. */
  type?: string;
  accept?: string;
  token?: string;
  headers?: Record<string, string>;
  /** The body as it is sent, in place of `body`: for what JSON.stringify cannot say. */
  raw?: string;
}

export type Send = (method: string, path: string, init: RequestInit) => Promise<Response>;

export interface WatchEvent {
  type: string;
  object: JSONObject;
}

/** What a case is given to ask an API server with. */
export class Api {
  constructor(readonly send: Send) {}

  async call(method: string, path: string, call: Call = {}): Promise<Answer> {
    const headers: Record<string, string> = { accept: call.accept ?? "application/json", ...call.headers };
    const text = call.raw ?? (call.body === undefined ? undefined : JSON.stringify(call.body));
    if (text !== undefined) headers["content-type"] = call.type ?? "application/json";
    if (call.token) headers.authorization = `Bearer ${call.token}`;
    const response = await this.send(method, path, { method, headers, ...(text !== undefined && { body: text }) });
    const answer = await response.text();
    const json = response.headers.get("content-type")?.includes("json") && !path.includes("watch=");
    return { code: response.status, body: json ? JSON.parse(answer) : {}, text: answer, headers: response.headers };
  }

  /** The object; fails the case when the answer is no success. */
  async ok(method: string, path: string, call: Call = {}): Promise<JSONObject> {
    const answer = await this.call(method, path, call);
    if (answer.code > 299) throw new Error(`${method} ${path}: ${answer.code} ${answer.text}`);
    return answer.body;
  }

  /** Opens a watch; disposing ends it. */
  async watch(path: string, accept = "application/json"): Promise<OpenWatch> {
    const abort = new AbortController();
    const response = await this.send("GET", path, { method: "GET", headers: { accept }, signal: abort.signal });
    if (!response.body || !response.ok) throw new Error(`GET ${path}: ${response.status} ${await response.text()}`);
    return new OpenWatch(response.body, abort);
  }
}

export class OpenWatch implements AsyncDisposable {
  #reader: ReadableStreamDefaultReader<Uint8Array>;
  #text = "";
  #decoder = new TextDecoder();

  constructor(stream: ReadableStream<Uint8Array>, readonly abort: AbortController) {
    this.#reader = stream.getReader();
  }

  /** The next event; undefined at the end of the stream. */
  async next(): Promise<WatchEvent | undefined> {
    for (let end = this.#text.indexOf("\n");; end = this.#text.indexOf("\n")) {
      if (end >= 0) {
        const line = this.#text.slice(0, end);
        this.#text = this.#text.slice(end + 1);
        return JSON.parse(line);
      }
      const part = await this.#reader.read();
      if (part.done) return undefined;
      this.#text += this.#decoder.decode(part.value, { stream: true });
    }
  }

  /** The next `count` events. */
  async take(count: number): Promise<WatchEvent[]> {
    const events: WatchEvent[] = [];
    for (let event = await this.next(); event; event = events.length < count ? await this.next() : undefined) {
      events.push(event);
      if (events.length === count) break;
    }
    return events;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.abort.abort();
    try {
      await this.#reader.cancel();
    } catch (error) {
      if (!(error instanceof DOMException)) throw error;
    }
  }
}

export interface Backend extends AsyncDisposable {
  api: Api;
  /** Names of resources that a test creates are unlike those of any other run. */
  unique: string;
}

export function simulated(): Backend {
  const token = "admin-token";
  const admin = { username: "admin", groups: ["system:masters"] };
  const server = new ApiServer({ clock: systemClock, authorization: "rbac", tokens: new Map([[token, admin]]) });
  // What was written first is forgotten, as on any server that is up for some minutes.
  server.compact();
  const send: Send = (_, path, init) => server.handle(new Request(`http://sim${path}`, authorized(init, token)));
  return {
    api: new Api(send),
    unique: "sim",
    [Symbol.asyncDispose]: () => {
      server[Symbol.dispose]();
      return Promise.resolve();
    },
  };
}

/** The cluster of a kubeconfig's current context: server, CA and token given inline. */
export async function cluster(kubeconfigPath: string): Promise<Backend> {
  const config = yaml.parse(await Deno.readTextFile(kubeconfigPath));
  const named = (list: { name: string }[], name: string) => list.find((each) => each.name === name) as never;
  const { context } = named(config.contexts, config["current-context"]) as {
    context: { cluster: string; user: string };
  };
  const { cluster } = named(config.clusters, context.cluster) as { cluster: Record<string, string> };
  const { user } = named(config.users, context.user) as { user: { token: string } };
  const client = Deno.createHttpClient({ caCerts: [atob(cluster["certificate-authority-data"] ?? "")] });
  const send: Send = (_, path, init) =>
    fetch(`${cluster.server}${path}`, { ...authorized(init, user.token), client } as RequestInit);
  return {
    api: new Api(send),
    unique: crypto.randomUUID().slice(0, 8),
    [Symbol.asyncDispose]: () => {
      client.close();
      return Promise.resolve();
    },
  };
}

/** The request as the administrator's, unless it names somebody else; an empty token is nobody's. */
function authorized(init: RequestInit, token: string): RequestInit {
  const headers = new Headers(init.headers);
  if (!headers.has("authorization")) headers.set("authorization", `Bearer ${token}`);
  return { ...init, headers };
}
