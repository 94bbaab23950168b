// What a check of `doctor` finds, and how checks look at a cluster: what is there, what is not, and what this account may not
// look at are three different answers.

import type { Clock } from "../../clock.ts";
import type { Config } from "../../config.ts";
import type { JSONObject, JSONValue, RestClient } from "../../kube/contract.ts";
import { StatusError } from "../../kube/errors.ts";
import { isObject } from "../../workflow/read.ts";

/** One line of the report. Only "fail" makes the exit code 1; "unknown" is what this account may not look at. */
export interface Finding {
  readonly check: string;
  readonly status: "ok" | "warn" | "fail" | "unknown";
  readonly message: string;
  /** A command, or a sentence, that mends it. */
  readonly mend?: string;
}

/** What is looked at, and by what. */
export interface Patient {
  readonly client: RestClient;
  readonly config: Config;
  readonly clock: Clock;
  /** The account that the controller runs as; undefined: the one that doctor itself connects with. */
  readonly account: { readonly namespace: string; readonly name: string } | undefined;
  /** The API server's clock, as its last answer told it and how long ago, in milliseconds; undefined when it told none. */
  serverTime(): { readonly atMs: number; readonly readAtMs: number } | undefined;
}

export type Look =
  | { readonly is: "there"; readonly object: JSONObject }
  | { readonly is: "absent" }
  | { readonly is: "hidden"; readonly why: string };

/** Reads an object, a list or a review's answer. Rejects with what is neither an object, nor 404, nor 403. */
export async function look(client: RestClient, path: string, query: Record<string, string> = {}): Promise<Look> {
  try {
    const querystring = new URLSearchParams(query);
    const json = await client.performRequest({ method: "GET", path, querystring, expectJson: true });
    return { is: "there", object: isObject(json) ? json : {} };
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    if (error.httpCode === 404) return { is: "absent" };
    if (error.httpCode === 403) return { is: "hidden", why: error.status?.message ?? "forbidden" };
    throw error;
  }
}

/** What stands at a path of keys, or undefined. */
export function at(json: JSONValue | undefined, ...path: readonly string[]): JSONValue | undefined {
  return path.reduce<JSONValue | undefined>((value, key) => isObject(value) ? value[key] : undefined, json);
}

/** The objects of a list at a path of keys; empty when there is none. */
export function objectsAt(json: JSONValue | undefined, ...path: readonly string[]): JSONObject[] {
  const list = at(json, ...path);
  return Array.isArray(list) ? list.filter(isObject) : [];
}
