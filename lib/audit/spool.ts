// The spool: audit events of executions that are gone before they could be delivered, one ConfigMap each in the lock
// namespace, until they are. Named by the event's id, so that writing twice leaves one. When to spool is the controller's
// affair; sending what is spooled is spool_delivery.ts.

import { checkObj, checkStr, type JSONObject, type JSONValue } from "@cloudydeno/kubernetes-apis/common.ts";
import type { RestClient } from "../kube/contract.ts";
import { StatusError } from "../kube/errors.ts";
import { label, managedBy } from "../workflow/names.ts";
import type { AuditEvent } from "./event.ts";

export const spoolLabel = "kubernaut.ai/audit-spool";

/** One event that waits in a ConfigMap. */
export interface Spooled {
  /** The ConfigMap's. */
  readonly name: string;
  /** The ConfigMap's: it is removed only as it was read. */
  readonly uid: string;
  readonly event: AuditEvent;
}

const dataKey = "event.json";
const packedKey = "event.json.gz";
/** The API server stops at 1 MiB for a ConfigMap; above this the event is packed. */
const plainLimitBytes = 900 * 1024;
const pageSize = 100;

/**
 * Writes each event into a ConfigMap of its own; one that is there already counts as written. Rejects as the client does:
 * then nothing is known to be spooled, and the whole is to be repeated.
 */
export async function writeSpool(
  client: RestClient,
  namespace: string,
  execution: { readonly uid: string },
  events: readonly AuditEvent[],
): Promise<void> {
  for (const event of events) {
    try {
      await client.performRequest({
        method: "POST",
        path: collection(namespace),
        bodyJson: await configMapOf(namespace, execution.uid, event),
        expectJson: true,
      });
    } catch (error) {
      if (!(error instanceof StatusError) || !error.alreadyExists) throw error;
    }
  }
}

/** What is spooled, page after page. `unreadable` is called for a ConfigMap that holds no event; it is left alone. */
export async function* listSpool(
  client: RestClient,
  namespace: string,
  unreadable: (name: string, why: string) => void,
): AsyncGenerator<Spooled[]> {
  let next = "";
  do {
    const querystring = new URLSearchParams({ labelSelector: spoolLabel, limit: String(pageSize) });
    if (next) querystring.set("continue", next);
    const page = checkObj(
      await client.performRequest({ method: "GET", path: collection(namespace), querystring, expectJson: true }),
    );
    const items = Array.isArray(page["items"]) ? page["items"] : [];
    const spooled: Spooled[] = [];
    for (const item of items) {
      const metadata = checkObj(checkObj(item)["metadata"]);
      const name = checkStr(metadata["name"]);
      try {
        spooled.push({ name, uid: checkStr(metadata["uid"]), event: await eventIn(checkObj(item)) });
      } catch (error) {
        if (!(error instanceof Error)) throw error;
        unreadable(name, error.message);
      }
    }
    yield spooled;
    const continued = checkObj(page["metadata"] ?? {})["continue"];
    next = typeof continued === "string" ? continued : "";
  } while (next);
}

/** Removes the ConfigMap of an event that was delivered; one that is gone already is no error. */
export async function removeSpooled(
  client: RestClient,
  namespace: string,
  spooled: Pick<Spooled, "name" | "uid">,
): Promise<void> {
  try {
    await client.performRequest({
      method: "DELETE",
      path: `${collection(namespace)}/${spooled.name}`,
      bodyJson: { kind: "DeleteOptions", apiVersion: "v1", preconditions: { uid: spooled.uid } },
      expectJson: true,
    });
  } catch (error) {
    // A conflict: another uid stands under the name, written by somebody who will be read next time.
    if (!(error instanceof StatusError) || !(error.objectNotFound || error.conflict)) throw error;
  }
}

function collection(namespace: string): string {
  return `/api/v1/namespaces/${namespace}/configmaps`;
}

async function configMapOf(namespace: string, executionUid: string, event: AuditEvent): Promise<JSONObject> {
  const bytes = new TextEncoder().encode(JSON.stringify(event));
  const content: JSONObject = bytes.length <= plainLimitBytes
    ? { data: { [dataKey]: new TextDecoder().decode(bytes) } }
    : { binaryData: { [packedKey]: (await through(bytes, new CompressionStream("gzip"))).toBase64() } };
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: {
      name: `audit-spool-${event.event_id}`,
      namespace,
      labels: { [label.managedBy]: managedBy, [spoolLabel]: "true", [label.executionUid]: executionUid },
    },
    immutable: true,
    ...content,
  };
}

async function eventIn(configMap: JSONObject): Promise<AuditEvent> {
  const packed = checkObj(configMap["binaryData"] ?? {})[packedKey];
  const text = packed === undefined ? checkStr(checkObj(configMap["data"] ?? {})[dataKey]) : new TextDecoder().decode(
    await through(Uint8Array.fromBase64(checkStr(packed)), new DecompressionStream("gzip")),
  );
  return eventFrom(JSON.parse(text));
}

/** Somebody's hand may have written it: what every sink relies on is looked at. @throws {TypeError} naming the field */
export function eventFrom(json: JSONValue): AuditEvent {
  const event = checkObj(json);
  for (const field of ["event_id", "event_type", "event_timestamp", "event_action", "namespace", "resource_id"]) {
    if (typeof event[field] !== "string") throw new TypeError(`${field} of an audit event is missing or no text`);
  }
  checkObj(event["event_data"]);
  return json as unknown as AuditEvent;
}

async function through(bytes: Uint8Array<ArrayBuffer>, by: CompressionStream | DecompressionStream) {
  return new Uint8Array(await new Response(new Blob([bytes]).stream().pipeThrough(by)).arrayBuffer());
}
