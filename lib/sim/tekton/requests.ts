// What the simulated Tekton asks of an API server, request by request, in the forms in which Tekton asks it.
// Refusals come up as StatusError; only an object that is not there is an answer here, where absence may be one.

import type { JSONObject, JSONValue, RestClient } from "../../kube/contract.ts";
import { StatusError } from "../../kube/errors.ts";
import type { TaskRun } from "./types.ts";

export const tektonPath = "/apis/tekton.dev/v1";

interface Named {
  namespace: string;
  name: string;
}

export function pipelineRunPath({ namespace, name }: Named): string {
  return `${tektonPath}/namespaces/${namespace}/pipelineruns/${name}`;
}

export function taskRunPath({ namespace, name }: Named): string {
  return `${tektonPath}/namespaces/${namespace}/taskruns/${name}`;
}

export class Requests {
  readonly #client: RestClient;

  constructor(client: RestClient) {
    this.#client = client;
  }

  /** The object, or undefined when there is none of this name. */
  async read(path: string): Promise<JSONObject | undefined> {
    return await unlessGone(this.#client.performRequest({ method: "GET", path, expectJson: true }));
  }

  async createTaskRun(namespace: string, taskRun: TaskRun): Promise<JSONObject> {
    const path = `${tektonPath}/namespaces/${namespace}/taskruns`;
    const bodyJson = taskRun as unknown as JSONValue;
    return await this.#client.performRequest({ method: "POST", path, bodyJson, expectJson: true }) as JSONObject;
  }

  /** Asks a TaskRun to stop, with the reason for its message; undefined when it is gone already. */
  async cancelTaskRun(taskRun: Named, message: string): Promise<JSONObject | undefined> {
    const bodyJson = [
      { op: "add", path: "/spec/status", value: "TaskRunCancelled" },
      { op: "add", path: "/spec/statusMessage", value: message },
    ];
    return await unlessGone(this.#patch(taskRunPath(taskRun), "application/json-patch+json", bodyJson));
  }

  /** Adds labels and annotations. */
  async patchMetadata(path: string, metadata: JSONObject): Promise<JSONObject> {
    return await this.#patch(path, "application/merge-patch+json", { metadata }) as JSONObject;
  }

  /** Writes the object's status, and only if it is still the version that was read. */
  async replaceStatus(path: string, object: object): Promise<JSONObject> {
    const request = { method: "PUT", path: `${path}/status`, bodyJson: object as JSONValue, expectJson: true } as const;
    return await this.#client.performRequest(request) as JSONObject;
  }

  #patch(path: string, contentType: string, bodyJson: JSONValue): Promise<JSONValue> {
    return this.#client.performRequest({ method: "PATCH", path, contentType, bodyJson, expectJson: true });
  }
}

async function unlessGone(answer: Promise<JSONValue>): Promise<JSONObject | undefined> {
  try {
    return await answer as JSONObject;
  } catch (error) {
    if (error instanceof StatusError && error.objectNotFound) return undefined;
    throw error;
  }
}
