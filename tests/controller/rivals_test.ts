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
import type { Rival } from "../../lib/workflow/snapshot.ts";
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

async function uidsNow(objects: Record<string, JSONObject>, rivals: readonly Rival[]) {
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
  const found = await rivalsNow(new Api(client, new AbortController().signal), caches, { ...subject, rivals });
  return found.map((each) => each.run?.uid);
}

for (const [sentence, objects, expected] of table) {
  Deno.test(`rivalsNow, an execution that runs, and no cache has its run: ${sentence}`, async () => {
    assertEquals(await uidsNow(objects, [{ run: undefined, execution: rival }]), expected);
  });
}

Deno.test("rivalsNow, a former holder whose run is not where the Lease had it: its status names the place", async () => {
  const pipelineRun = { namespace: "elsewhere", name: "fix-run" };
  const formerHolder = { namespace, name, uid, workflowId: "restart", startedAt: "", pipelineRun };
  const former = [{ run: undefined, execution: undefined, formerHolder }];
  const runs = { [executionPath]: running(), [runPath]: run(uid) };
  assertEquals(await uidsNow(runs, former), ["uid-run"]);
  const theirs = runPath.replace("payment", "elsewhere");
  assertEquals(await uidsNow({ ...runs, [theirs]: run("another") }, former), ["uid-run"]);
  assertEquals(await uidsNow({ [executionPath]: running(), [theirs]: run("another") }, former), [undefined]);
});
