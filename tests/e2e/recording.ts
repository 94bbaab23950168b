// What happened to the objects of one resource, in order and without gaps: a watch from now on, kept until it is disposed of.

import type { JSONObject } from "../../lib/kube/contract.ts";
import { type Cluster, metadataOf, type Resource } from "./cluster.ts";

export interface Recorded {
  readonly type: string;
  readonly object: JSONObject;
}

export class Recording implements AsyncDisposable {
  readonly events: Recorded[] = [];
  readonly #end: AbortController;
  readonly #reading: Promise<void>;

  private constructor(stream: ReadableStream, end: AbortController) {
    this.#end = end;
    this.#reading = this.#read(stream);
  }

  static async start(cluster: Cluster, resource: Resource): Promise<Recording> {
    const path = cluster.path(resource);
    const list = await cluster.request("GET", `${path}?limit=1`);
    const { resourceVersion = "" } = list.metadata as { resourceVersion?: string };
    const end = new AbortController();
    const stream = await cluster.client.performRequest({
      method: "GET",
      path,
      querystring: new URLSearchParams({ watch: "true", resourceVersion, timeoutSeconds: "300" }),
      expectStream: true,
      expectJson: true,
      abortSignal: end.signal,
    });
    return new Recording(stream, end);
  }

  /** The states of one object, in their order; the last one when it was deleted too. */
  of(name: string): JSONObject[] {
    return this.events.map(({ object }) => object).filter((object) => metadataOf(object).name === name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end.abort(new DOMException("recorded enough", "AbortError"));
    await this.#reading;
  }

  async #read(stream: ReadableStream): Promise<void> {
    try {
      for await (const event of stream) this.events.push(event as Recorded);
    } catch (error) {
      if (!this.#end.signal.aborted) throw error;
    }
  }
}

/** A list without the repetitions that follow each other. */
export function changes<T>(values: readonly T[]): T[] {
  return values.filter((value, index) => index === 0 || value !== values[index - 1]);
}
