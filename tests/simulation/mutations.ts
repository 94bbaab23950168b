// The protocol with one part of it undone, each by rewriting what goes over the network. Whoever thinks a part superfluous
// can see here what it is for: the simulation finds a world that breaks without it.

import type { JSONObject, JSONValue } from "../../lib/kube/contract.ts";
import type { ApiServer } from "../../lib/sim/api_server.ts";
import type { Rules } from "../../lib/workflow/snapshot.ts";
import { asJSON, isJSONObject, storageKey } from "../../lib/sim/objects.ts";
import type { Change } from "../../lib/sim/storage.ts";
import { annotation } from "../../lib/workflow/names.ts";
import type { Answer, Call } from "./direct_api.ts";
import { honest, type Sabotage } from "./sabotage.ts";
import type { Sabotages } from "./world.ts";

export interface Mutation {
  readonly name: string;
  /** What is missing then. */
  readonly undoes: string;
  /** A seed whose world shows it: tried first, so that the test is quick. Another does as well. */
  readonly shownBy: number;
  readonly sabotage: Sabotages;
}

export const mutations: readonly Mutation[] = [
  {
    name: "compare-and-swap",
    shownBy: 817,
    undoes: "a Lease is written whatever became of it since it was read",
    sabotage: () => ({ ...honest, request: (call) => isPatchOf(call, "leases") ? withoutPreconditions(call) : call }),
  },
  {
    name: "live-read",
    shownBy: 6,
    undoes: "a live read answers as of some seconds ago, as a cache would",
    sabotage: (server) => ({ ...honest, answer: answersFromThePast(server) }),
  },
  {
    name: "uid-check",
    shownBy: 38,
    undoes: "whoever has the name of our run is taken for it",
    sabotage: () => ({
      ...honest,
      request: (call) => isPatchOf(call, "pipelineruns") ? withoutUidTests(call) : call,
      answer: (call, given) => call.info.resource === "pipelineruns" ? owned(given) : given,
      event: (call, line) => call.info.resource === "pipelineruns" ? ownedLine(line) : line,
    }),
  },
  {
    name: "ledger",
    shownBy: 260,
    undoes: "a Lease remembers that somebody ended, but not of what workflow",
    sabotage: () => ({ ...honest, request: (call) => isWriteOf(call, "leases") ? withoutWorkflows(call) : call }),
  },
  {
    name: "claim",
    shownBy: 56,
    undoes: "where the run is follows from the configuration of the moment",
    sabotage: (_, rules) => ({
      ...honest,
      answer: (call, given) => call.info.resource === "workflowexecutions" ? claimedAnew(given, rules) : given,
      event: (call, line) => call.info.resource === "workflowexecutions" ? claimedAnewLine(line, rules) : line,
    }),
  },
  {
    name: "pending-start",
    shownBy: 1,
    undoes: "a run starts as soon as it is created",
    sabotage: () => ({
      ...honest,
      request: (call) => isCreationOf(call, "pipelineruns") ? withoutPending(call) : call,
    }),
  },
  {
    name: "takeover-check",
    shownBy: 203,
    undoes: "a Lease whose holder is gone is taken without a look at the holder's run",
    sabotage: (server) => ({
      ...honest,
      answer: (call, given) => call.info.resource === "leases" ? withoutGoneHolder(server, given) : given,
    }),
  },
  {
    name: "lease-repair",
    shownBy: 92,
    undoes: "a Lease that was deleted by hand is not put back for the run that goes on",
    sabotage: (server) => ({ ...honest, instead: (call) => feignedRepair(server, call) }),
  },
];

function isPatchOf({ info }: Call, resource: string): boolean {
  return info.verb === "patch" && info.resource === resource && info.subresource === "";
}

function isCreationOf({ info }: Call, resource: string): boolean {
  return info.verb === "create" && info.resource === resource;
}

function isWriteOf(call: Call, resource: string): boolean {
  return isPatchOf(call, resource) || isCreationOf(call, resource);
}

function withMetadata(call: Call, change: (metadata: JSONObject) => JSONObject): Call {
  if (!isJSONObject(call.body) || !isJSONObject(call.body.metadata)) return call;
  return { ...call, body: { ...call.body, metadata: change(call.body.metadata) } };
}

function withoutPreconditions(call: Call): Call {
  return withMetadata(call, ({ uid: _, resourceVersion: __, ...metadata }) => metadata);
}

/** The Lease as it would look to somebody to whom a holder that is gone is nobody, whatever still runs for it. */
function withoutGoneHolder({ storage }: ApiServer, { code, body }: Answer): Answer {
  const { holderIdentity } = isJSONObject(body?.spec) ? body.spec : {};
  if (!body || typeof holderIdentity !== "string" || !isJSONObject(body.metadata)) return { code, body };
  const uid = holderIdentity.split("/")[2];
  const executions = storage.list("workflowexecution.kubernaut.ai/workflowexecutions");
  if (executions.some(({ metadata }) => metadata.uid === uid)) return { code, body };
  const annotations = isJSONObject(body.metadata.annotations) ? body.metadata.annotations : {};
  const { [annotation.holder]: _, ...left } = annotations;
  return { code, body: { ...body, metadata: { ...body.metadata, annotations: left }, spec: {} } };
}

function withoutPending(call: Call): Call {
  if (!isJSONObject(call.body) || !isJSONObject(call.body.spec)) return call;
  const { status: _, ...spec } = call.body.spec;
  return { ...call, body: { ...call.body, spec } };
}

function withoutUidTests(call: Call): Call {
  if (!Array.isArray(call.body)) return withoutPreconditions(call);
  return { ...call, body: call.body.filter((step) => isJSONObject(step) && step.path !== "/metadata/uid") };
}

/** The run as it would look to somebody who goes by its name alone: made for whichever execution the name was made for. */
function owned({ code, body }: Answer): Answer {
  return { code, body: body && code < 300 ? asOurs(body) : body };
}

function ownedLine(line: string): string {
  const event: JSONValue = JSON.parse(line);
  if (!isJSONObject(event) || !isJSONObject(event.object)) return line;
  return `${JSON.stringify({ ...event, object: asOurs(event.object) })}\n`;
}

const squatterNote = "example.com/would-be";

function asOurs(run: JSONObject): JSONObject {
  const metadata = isJSONObject(run.metadata) ? run.metadata : {};
  const annotations = isJSONObject(metadata.annotations) ? metadata.annotations : {};
  const wanted = annotations[squatterNote];
  if (typeof wanted !== "string") return run;
  const { key, uid } = JSON.parse(wanted);
  const labels = {
    ...(isJSONObject(metadata.labels) ? metadata.labels : {}),
    "kubernaut.ai/workflow-execution-uid": uid,
  };
  return { ...run, metadata: { ...metadata, labels, annotations: { ...annotations, [annotation.execution]: key } } };
}

/** The execution as it would look if its claim had been made now. */
function withClaimOfNow(execution: JSONObject, rules: Rules): JSONObject {
  const metadata = isJSONObject(execution.metadata) ? execution.metadata : {};
  const annotations = isJSONObject(metadata.annotations) ? metadata.annotations : {};
  const text = annotations[annotation.claim];
  if (typeof text !== "string") return execution;
  const claim = JSON.parse(text);
  const namespace = rules.executionNamespace || String(metadata.namespace);
  const now = JSON.stringify({ ...claim, pipelineRun: { ...claim.pipelineRun, namespace } });
  return { ...execution, metadata: { ...metadata, annotations: { ...annotations, [annotation.claim]: now } } };
}

function claimedAnew({ code, body }: Answer, rules: Rules): Answer {
  return { code, body: body && code < 300 ? withClaimOfNow(body, rules) : body };
}

function claimedAnewLine(line: string, rules: Rules): string {
  const event: JSONValue = JSON.parse(line);
  if (!isJSONObject(event) || !isJSONObject(event.object)) return line;
  return `${JSON.stringify({ ...event, object: withClaimOfNow(event.object, rules) })}\n`;
}

function withoutWorkflows(call: Call): Call {
  return withMetadata(call, (metadata) => {
    const annotations = isJSONObject(metadata.annotations) ? metadata.annotations : {};
    const text = annotations[annotation.recentEnds];
    if (typeof text !== "string") return metadata;
    const ends = JSON.stringify(
      JSON.parse(text).map((end: JSONObject, i: number) => ({ ...end, workflowId: `forgotten-${i}` })),
    );
    return { ...metadata, annotations: { ...annotations, [annotation.recentEnds]: ends } };
  });
}

const staleMs = 3_000;

/** A read of one object answers with the state of a while ago; nobody's own writes are hidden from nobody. */
function answersFromThePast(server: ApiServer): Sabotage["answer"] {
  const changes: (Change & { readonly atMs: number })[] = [];
  server.storage.listen((change) => changes.push({ ...change, atMs: server.clock.monotonic() }));
  return (call, given) => {
    const { info } = call;
    if (info.verb !== "get") return given;
    const sinceMs = server.clock.monotonic() - staleMs;
    const key = storageKey(info.namespace, info.name);
    const resource = `${info.group}/${info.resource}`;
    const later = changes.find((each) => each.resource === resource && each.key === key && each.atMs > sinceMs);
    if (!later) return given;
    if (later.previous) return { code: 200, body: asJSON(later.previous) };
    return { code: 404, body: notFound(info.resource, info.group, info.name) };
  };
}

function notFound(kind: string, group: string, name: string): JSONObject {
  return {
    kind: "Status",
    apiVersion: "v1",
    status: "Failure",
    reason: "NotFound",
    code: 404,
    message: `${kind}.${group} "${name}" not found`,
    details: { kind, group, name },
  };
}

/** The repair is answered as if it had been carried out. */
function feignedRepair(server: ApiServer, call: Call): Answer | undefined {
  if (!isCreationOf(call, "leases") || !isJSONObject(call.body) || !isJSONObject(call.body.metadata)) return undefined;
  const annotations = isJSONObject(call.body.metadata.annotations) ? call.body.metadata.annotations : {};
  const text = annotations[annotation.holder];
  if (typeof text !== "string") return undefined;
  const holder = JSON.parse(text);
  const key = storageKey(String(holder.namespace), String(holder.name));
  const execution = server.storage.get("workflowexecution.kubernaut.ai/workflowexecutions", key);
  const { phase } = (execution?.status ?? {}) as { phase?: string };
  const run = server.storage.get(
    "tekton.dev/pipelineruns",
    storageKey(holder.pipelineRun.namespace, holder.pipelineRun.name),
  );
  const isPending = (run?.spec as { status?: string } | undefined)?.status === "PipelineRunPending";
  if (phase !== "Running" || !run || isPending) return undefined;
  const metadata = {
    ...call.body.metadata,
    uid: `feigned-${server.clock.monotonic()}`,
    resourceVersion: String(server.storage.revision),
  };
  return { code: 201, body: { ...call.body, metadata } };
}
