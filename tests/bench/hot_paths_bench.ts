// The hot paths of a running controller, each beside the work that cannot be avoided, so that a figure means the same on
// another machine: the ratio of the two is what to watch.

import { pipelineRunFrom } from "../../lib/workflow/pipeline_run.ts";
import { executionFrom } from "../../lib/workflow/execution.ts";
import { decide } from "../../lib/workflow/decide.ts";
import { Store } from "../../lib/kube/store.ts";
import type { JSONObject } from "../../lib/kube/contract.ts";
import { eventsOf } from "../../lib/audit/event.ts";
import { excerpt } from "../../lib/workflow/excerpt.ts";
import { redact } from "../../lib/workflow/redact.ts";
import { manifest, pipelineRun, runningExecution, snapshot } from "../support/builders.ts";

const recorded = await Deno.readTextFile(new URL("../fixtures/tekton/exit-code.json", import.meta.url));
const runText = JSON.stringify((JSON.parse(recorded) as { pipelineRun: JSONObject }).pipelineRun);
const run = JSON.parse(runText) as JSONObject;
const created = manifest();
const execution = {
  ...created,
  metadata: {
    ...created.metadata as JSONObject,
    uid: "uid-fix",
    resourceVersion: "10",
    creationTimestamp: "2026-01-01T00:00:00Z",
  },
};

Deno.bench({ name: "a PipelineRun off the wire: JSON.parse alone", group: "decode", baseline: true }, () => {
  JSON.parse(runText);
});

Deno.bench({ name: "a PipelineRun off the wire: JSON.parse and projection", group: "decode" }, () => {
  pipelineRunFrom(JSON.parse(runText) as JSONObject);
});

Deno.bench({ name: "a WorkflowExecution's projection", group: "decode" }, () => {
  executionFrom(execution);
});

const objects = Array.from(
  { length: 10_000 },
  (_, i) => ({ ...pipelineRunFrom(run), name: `run-${i}`, uid: `uid-${i}` }),
);
const plain = new Map<string, unknown>();
const store = new Store<typeof objects[number]>({ uid: ({ uid }) => [uid] });
let next = 0;
const version = () => ({ ...objects[next++ % objects.length]!, resourceVersion: String(1_000 + next) });

Deno.bench({ name: "one event among 10,000 objects: a Map", group: "store", baseline: true }, () => {
  const object = version();
  plain.set(object.name, object);
});

Deno.bench({ name: "one event among 10,000 objects: the store, indexed", group: "store" }, () => {
  store.upsert(version());
});

const running = snapshot({
  execution: runningExecution(),
  pipelineRun: { value: pipelineRun(), live: false },
});

Deno.bench({ name: "decide: a run that goes on", group: "decide", baseline: true }, () => {
  decide(running);
});

Deno.bench({ name: "decide: a new execution", group: "decide" }, () => {
  decide(snapshot());
});

Deno.bench({ name: "audit events of a finished execution", group: "decide" }, () => {
  eventsOf(runningExecution());
});

const line = '2026-01-01T00:00:00Z INFO server - {"id":12345,"path":"/api/v1/things?x=1&y=2","took":"35ms"} done\n';
const halfMegabyte = line.repeat(Math.ceil(512 * 1024 / line.length)).slice(0, 512 * 1024);
const page = halfMegabyte.slice(0, 4096);
const large = Object.fromEntries(Array.from({ length: 4 }, (_, i) => [`P${i}`, halfMegabyte.slice(0, 128 * 1024)]));
const laden = runningExecution();
const ladenExecution = { ...laden, spec: { ...laden.spec, parameters: large } };

Deno.bench({ name: "redact: a page of 4 KiB", group: "redact", baseline: true }, () => {
  redact(page);
});

Deno.bench({ name: "redact: 512 KiB, whole", group: "redact" }, () => {
  redact(halfMegabyte);
});

Deno.bench({ name: "excerpt: 4 KiB of 512 KiB", group: "redact" }, () => {
  excerpt(halfMegabyte);
});

Deno.bench({ name: "audit event with 512 KiB of parameters", group: "redact" }, () => {
  eventsOf(ladenExecution);
});
