// Who else is on a target, read live: an execution that is Running names its run, and only that tells whether it has started,
// or goes on at all.

import { assertEquals } from "@std/assert";
import { ManualClock } from "../../lib/clock.ts";
import { Api } from "../../lib/controller/api.ts";
import { createCaches } from "../../lib/controller/caches.ts";
import { rivalsNow } from "../../lib/controller/rivals.ts";
import { KubeClient } from "../../lib/kube/client.ts";
import type { JSONObject } from "../../lib/kube/contract.ts";
import { silentLogger } from "../../lib/log.ts";
import { runningExecution } from "../support/builders.ts";

const rival = runningExecution();
const { namespace, name, uid } = rival;
const ref = { namespace: "payment", name: "fix-run", uid: "uid-run" };
const executionPath =
  `/apis/workflowexecution.kubernaut.ai/v1alpha1/namespaces/${namespace}/workflowexecutions/${name}`;
const runPath = "/apis/tekton.dev/v1/namespaces/payment/pipelineruns/fix-run";

function running(metadata: JSONObject = {}): JSONObject {
  const finalizers = ["workflowexecution.kubernaut.ai/workflowexecution-cleanup"];
  return {
    metadata: { namespace, name, uid, resourceVersion: "1", finalizers, ...metadata },
    status: { phase: "Running", pipelineRunRef: ref },
  };
}

function run(executionUid: string, status?: "True"): JSONObject {
  const labels = { "kubernaut.ai/workflow-execution-uid": executionUid };
  return {
    metadata: { ...ref, resourceVersion: "2", labels },
    spec: { status: "PipelineRunPending" },
    ...(status ? { status: { conditions: [{ type: "Succeeded", status }] } } : {}),
  };
}

const letGo = { deletionTimestamp: "2026-01-01T00:00:00Z", finalizers: ["example.com/keep"] };
const table: [sentence: string, objects: Record<string, JSONObject>, rivals: (string | undefined)[]][] = [
  ["its run is pending", { [executionPath]: running(), [runPath]: run(uid) }, ["uid-run"]],
  ["its run is gone, and it does not say so yet", { [executionPath]: running() }, [undefined]],
  ["somebody else's run has the name", { [executionPath]: running(), [runPath]: run("another") }, [undefined]],
  ["it is gone", {}, []],
  ["somebody else's finalizer keeps it, and its run is gone", { [executionPath]: running(letGo) }, []],
  [
    "somebody else's finalizer keeps it, and its run has ended",
    { [executionPath]: running(letGo), [runPath]: run(uid, "True") },
    [],
  ],
  [
    "somebody else's finalizer keeps it, and its run goes on",
    { [executionPath]: running(letGo), [runPath]: run(uid) },
    ["uid-run"],
  ],
];

for (const [sentence, objects, expected] of table) {
  Deno.test(`rivalsNow, an execution that runs, and no cache has its run: ${sentence}`, async () => {
    const clock = new ManualClock();
    const fetch = (input: string | URL | Request) => {
      const { pathname } = new URL(input instanceof Request ? input.url : input);
      const details = { name: pathname.split("/").at(-1), kind: pathname.split("/").at(-2) };
      const absent = { kind: "Status", apiVersion: "v1", status: "Failure", reason: "NotFound", code: 404, details };
      const found = objects[pathname];
      return Promise.resolve(Response.json(found ?? absent, { status: found ? 200 : 404 }));
    };
    using client = new KubeClient({ baseUrl: "http://api", clock, fetch });
    const places = { namespaces: [], executionNamespace: "", lockNamespace: "kubernaut-system" };
    const caches = createCaches({ client, clock, log: silentLogger, ...places });
    const subject = { execution: undefined, run: undefined, lock: undefined, lockName: "wfe-0" };
    const rivals = [{ run: undefined, execution: rival }];
    const found = await rivalsNow(new Api(client, new AbortController().signal), caches, { ...subject, rivals });
    assertEquals(found.map((each) => each.run?.uid), expected);
  });
}
