// The requests that this controller makes about its three kinds of object, and nothing else: paths, content types and the
// decoding of answers. Raw JSON in, views out; reads are live (no resourceVersion: the API server answers from a quorum).

import type { JSONObject, JSONValue, RestClient } from "../kube/contract.ts";
import { StatusError } from "../kube/errors.ts";
import { type Execution, executionFrom } from "../workflow/execution.ts";
import { type Lock, lockFrom } from "../workflow/lock.ts";
import { apiVersion, label, managedBy, plural, tektonApiVersion } from "../workflow/names.ts";
import { type PipelineRun, pipelineRunFrom } from "../workflow/pipeline_run.ts";
import { isObject, listAt, objectAt, textAt } from "../workflow/read.ts";

interface Place {
  readonly namespace: string;
  readonly name: string;
}

/** One kind of object: where it is served, and how an answer becomes a view. */
interface Kind<T> {
  readonly root: string;
  readonly resource: string;
  readonly read: (json: JSONObject) => T;
}

const kinds = {
  execution: { root: `/apis/${apiVersion}`, resource: plural, read: executionFrom } satisfies Kind<Execution>,
  pipelineRun: { root: `/apis/${tektonApiVersion}`, resource: "pipelineruns", read: pipelineRunFrom } satisfies Kind<
    PipelineRun
  >,
  lock: { root: "/apis/coordination.k8s.io/v1", resource: "leases", read: lockFrom } satisfies Kind<Lock>,
};
export type KindName = keyof typeof kinds;
export type ViewOf<K extends KindName> = ReturnType<typeof kinds[K]["read"]>;

/** The list path of a kind: in one namespace, or (empty) in all. */
export function listPath(kind: KindName, namespace: string): string {
  const { root, resource } = kinds[kind];
  return namespace ? `${root}/namespaces/${namespace}/${resource}` : `${root}/${resource}`;
}

/** The label selector of what this controller has made. */
export const oursOnly = `${label.managedBy}=${managedBy}`;

export class Api {
  readonly #client: RestClient;
  readonly #signal: AbortSignal;

  /** @param signal ends every request */
  constructor(client: RestClient, signal: AbortSignal) {
    this.#client = client;
    this.#signal = signal;
  }

  /** A live read; undefined when the server says that this very object does not exist. */
  async get<K extends KindName>(kind: K, at: Place): Promise<ViewOf<K> | undefined> {
    const json = await this.getJson(kind, at);
    return json && this.#view(kind, json);
  }

  async getJson(kind: KindName, at: Place): Promise<JSONObject | undefined> {
    try {
      return object(await this.#json("GET", pathOf(kind, at)));
    } catch (error) {
      if (error instanceof StatusError && error.objectNotFound) return undefined;
      throw error;
    }
  }

  async create<K extends KindName>(kind: K, namespace: string, body: JSONObject): Promise<ViewOf<K>> {
    return this.#view(kind, object(await this.#json("POST", listPath(kind, namespace), body)));
  }

  async mergePatch<K extends KindName>(kind: K, at: Place, patch: JSONObject, subresource = ""): Promise<ViewOf<K>> {
    const path = pathOf(kind, at) + (subresource && `/${subresource}`);
    return this.#view(kind, object(await this.#json("PATCH", path, patch, "application/merge-patch+json")));
  }

  async jsonPatch<K extends KindName>(kind: K, at: Place, patch: JSONObject[]): Promise<ViewOf<K>> {
    return this.#view(kind, object(await this.#json("PATCH", pathOf(kind, at), patch, "application/json-patch+json")));
  }

  /**
   * Deletes this very object; a run in the foreground: what it owns goes first.
   * @returns what is left of it (being deleted), or undefined when it is gone
   */
  async delete<K extends KindName>(
    kind: K,
    at: Place,
    preconditions: { uid: string; resourceVersion?: string },
  ): Promise<ViewOf<K> | undefined> {
    // Nothing belongs to a Lease: in the foreground it would only be deleted in two steps.
    const propagationPolicy = kind === "lock" ? "Background" : "Foreground";
    const body = { apiVersion: "v1", kind: "DeleteOptions", propagationPolicy, preconditions };
    try {
      const answer = object(await this.#json("DELETE", pathOf(kind, at), body));
      return answer.kind === "Status" ? undefined : this.#view(kind, answer);
    } catch (error) {
      if (error instanceof StatusError && error.objectNotFound) return undefined;
      throw error;
    }
  }

  /** Our PipelineRuns under a list path, live, in pages: a history may be long. */
  async pipelineRuns(path: string): Promise<PipelineRun[]> {
    const found: PipelineRun[] = [];
    for (let next: string | undefined = ""; next !== undefined;) {
      const page = object(
        await this.#client.performRequest({
          method: "GET",
          path,
          querystring: new URLSearchParams({ labelSelector: oursOnly, limit: "500", ...(next && { continue: next }) }),
          expectJson: true,
          abortSignal: this.#signal,
        }),
      );
      found.push(...listAt(page, "items").filter(isObject).map(pipelineRunFrom));
      next = textAt(objectAt(page, "metadata"), "continue") || undefined;
    }
    return found;
  }

  /** The TaskRuns of a PipelineRun, whole, live. */
  async taskRuns(run: Place): Promise<JSONObject[]> {
    const list = object(
      await this.#client.performRequest({
        method: "GET",
        path: `/apis/${tektonApiVersion}/namespaces/${run.namespace}/taskruns`,
        querystring: new URLSearchParams({ labelSelector: `tekton.dev/pipelineRun=${run.name}` }),
        expectJson: true,
        abortSignal: this.#signal,
      }),
    );
    return listAt(list, "items").filter(isObject);
  }

  #json(method: "GET" | "POST" | "PATCH" | "DELETE", path: string, bodyJson?: JSONValue, contentType?: string) {
    return this.#client.performRequest({
      method,
      path,
      expectJson: true,
      abortSignal: this.#signal,
      ...(bodyJson === undefined ? {} : { bodyJson }),
      ...(contentType === undefined ? {} : { contentType }),
    });
  }

  #view<K extends KindName>(kind: K, json: JSONObject): ViewOf<K> {
    return kinds[kind].read(json) as ViewOf<K>;
  }
}

function pathOf(kind: KindName, at: Place): string {
  return `${listPath(kind, at.namespace)}/${at.name}`;
}

function object(value: JSONValue): JSONObject {
  if (!isObject(value)) throw new TypeError("the API server's answer is not an object");
  return value;
}
