// Where schema documents come from: a file, a URL, or a cluster through a RestClient. Reads only; what they say is for
// generate.ts to judge.
import type { RestClient } from "../kube/contract.ts";
import { checkObj } from "../kube/contract.ts";
import type { Source } from "./builtin.ts";

/** A document that could not be read: the message names it. */
export class SourceError extends Error {
  override readonly name = "SourceError";
}

/** Reads a path, or an http(s) URL. */
export async function readSource(location: string): Promise<Source> {
  if (!/^https?:\/\//.test(location)) {
    return { file: location, text: await reading(location, Deno.readTextFile(location)) };
  }
  const response = await reading(location, fetch(location));
  if (!response.ok) {
    await response.body?.cancel();
    throw new SourceError(`Cannot read ${location}: the server answers ${response.status}`);
  }
  return { file: location, text: await reading(location, response.text()) };
}

/** Every CustomResourceDefinition of the cluster, each its own source. */
export async function customResourcesOf(client: RestClient): Promise<Source[]> {
  const path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
  const list = checkObj(await client.performRequest({ method: "GET", path, expectJson: true }));
  const items = Array.isArray(list["items"]) ? list["items"] : [];
  return items.map((item) => {
    const crd = checkObj(item);
    const name = String(checkObj(crd["metadata"])["name"]);
    return { file: `${path}/${name}`, text: JSON.stringify({ ...crd, kind: "CustomResourceDefinition" }) };
  });
}

/** The OpenAPI document of one `group/version`; `core/v1` is the core group. Says which exist when it does not. */
export async function openApiOf(client: RestClient, groupVersion: string): Promise<Source> {
  const name = groupVersion.startsWith("core/") ? groupVersion.replace("core", "api") : `apis/${groupVersion}`;
  const index = checkObj(await client.performRequest({ method: "GET", path: "/openapi/v3", expectJson: true }));
  const paths = checkObj(index["paths"]);
  const entry = paths[name];
  if (entry === undefined) {
    const served = Object.keys(paths).flatMap((path) => /^(?:apis\/(.+\/v[^/]+)|api\/(v[^/]+))$/.exec(path)?.[1] ?? []);
    throw new SourceError(`The cluster serves no ${groupVersion}; it serves core/v1, ${served.sort().join(", ")}`);
  }
  const url = new URL(String(checkObj(entry)["serverRelativeURL"]), "http://cluster");
  const querystring = url.searchParams;
  const document = await client.performRequest({ method: "GET", path: url.pathname, querystring, expectJson: true });
  return { file: url.pathname, text: JSON.stringify(document) };
}

async function reading<T>(location: string, pending: Promise<T>): Promise<T> {
  try {
    return await pending;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new SourceError(`Cannot read ${location}: ${error.message}`, { cause: error });
  }
}
