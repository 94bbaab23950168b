// Traces of the whole program, as a collector gets them: a process with Deno's exporter switched on by its variables, against
// the simulated cluster. One execution is one trace, and nothing in it is a secret.

import { assert, assertEquals } from "@std/assert";
import type { JSONObject } from "../lib/kube/contract.ts";
import { isTraceparent, openTracing } from "../lib/traces.ts";
import { manifest } from "./support/builders.ts";
import { OtlpReceiver, type ReceivedSpan } from "./support/otlp_receiver.ts";
import { ServedCluster, until } from "./support/served_cluster.ts";

Deno.test("one execution is one trace: passes, requests, audit, and what Tekton goes on with", async () => {
  await using receiver = new OtlpReceiver();
  await using cluster = await ServedCluster.start();
  await using webhook = quietWebhook();
  const { process } = await cluster.started(
    ["--notify-url", `${webhook.url}/T00/path-secret?token=query-secret`],
    receiver.env,
  );
  await using _ = process;
  cluster.server.install(manifest({ spec: { parameters: { DB_PASSWORD: "parameter-secret" } } }));
  const root = await until("the trace's root", () => receiver.spans.find(({ name }) => name === "WorkflowExecution"));
  await until("nothing is owed", () => {
    const { finalizers = [] } = cluster.get("workflowexecutions", "payment", "fix")?.metadata as JSONObject;
    return webhook.posts > 0 && (finalizers as string[]).length === 0 ? true : undefined;
  });
  assertEquals((await process.stop()).code, 0);

  const execution = cluster.get("workflowexecutions", "payment", "fix");
  const { uid } = execution?.metadata as { uid: string };
  assertEquals({ ...root.attributes }, {
    "k8s.namespace.name": "payment",
    "kubernaut.execution.name": "fix",
    "kubernaut.execution.uid": uid,
    "kubernaut.workflow.id": "restart",
    "kubernaut.target": "payment/deployment/api",
    "kubernaut.correlation.id": "rr-fix",
    "kubernaut.phase": "Completed",
    "kubernaut.outcome": "Success",
  });
  assertEquals([root.parentSpanId, root.error], ["", undefined]);

  const trace = receiver.spans.filter(({ traceId }) => traceId === root.traceId);
  const byId = new Map(trace.map((span) => [span.spanId, span]));
  assertEquals(trace.filter((span) => span !== root && !byId.has(span.parentSpanId)), [], "every parent is there");
  const below = (parent: ReceivedSpan) => trace.filter(({ parentSpanId }) => parentSpanId === parent.spanId);
  assertEquals(new Set(below(root).map(({ name }) => name)), new Set(["reconcile", "deliver audit events"]));
  const passes = trace.filter(({ name }) => name === "reconcile");
  const done = passes.flatMap(({ events }) => events.map(({ name }) => name)).filter((name) => name !== "read");
  assertEquals(done.filter((name, at) => done.indexOf(name) === at), [
    "createLock",
    "claim",
    "createPipelineRun",
    "writeStatus",
    "startPipelineRun",
    "patchLock",
    "removeFinalizer",
  ]);
  const requests = passes.flatMap(below);
  const creates = requests.filter(({ name }) => name === "create pipelineruns");
  assertEquals(creates.map(({ kind, attributes }) => [kind, attributes["http.response.status_code"]]), [[3, "201"]]);
  assertEquals(creates[0]?.attributes["k8s.request.resource"], "pipelineruns");
  assert(
    requests.every(({ name }) => /^(get|list|create|patch|delete) [a-z/]+$/.test(name)),
    "verbs and resources alone",
  );
  assert(receiver.spans.every(({ startMs, endMs }) => endMs - startMs < 60_000), "no watch is a span without an end");

  const deliveries = trace.filter(({ name }) => name === "deliver audit events");
  const told = deliveries.map(({ attributes }) => attributes["kubernaut.audit.outcome"]);
  assertEquals(told, deliveries.map(() => "delivered"));
  const sinks = new Set(deliveries.map(({ attributes }) => String(attributes["kubernaut.audit.sink"]).split(" ")[0]));
  assertEquals([...sinks].map((name) => name?.split(":")[0]).toSorted(), ["file", "webhook"]);

  const run = cluster.server.storage.list(
    cluster.server.resources.all().find(({ resource }) => resource === "pipelineruns")!.storage,
    "payment",
  )[0] as unknown as JSONObject;
  const { annotations = {} } = run.metadata as { annotations?: Record<string, string> };
  const carrier = JSON.parse(annotations["tekton.dev/pipelinerunSpanContext"] ?? "{}") as { traceparent: string };
  assert(isTraceparent(carrier.traceparent));
  assertEquals(carrier.traceparent.split("-").slice(1, 3), [root.traceId, root.spanId]);

  const everything = receiver.bodies.join("\n");
  for (const secret of ["parameter-secret", "path-secret", "query-secret"]) {
    assertEquals(everything.includes(secret), false, secret);
  }
});

Deno.test("where Deno's exporter is off there is no tracing at all", async () => {
  assertEquals(await openTracing("1.0.0"), undefined);
});

const traceId = "0af7651916cd43dd8448eb211c80319c";
const contexts: [text: string, good: boolean][] = [
  [`00-${traceId}-b7ad6b7169203331-01`, true],
  [`00-${traceId}-b7ad6b7169203331-00`, true],
  [`00-${"0".repeat(32)}-b7ad6b7169203331-01`, false],
  [`00-${traceId}-${"0".repeat(16)}-01`, false],
  [`00-${traceId.toUpperCase()}-b7ad6b7169203331-01`, false],
  [`00-${traceId}-b7ad6b7169203331`, false],
  ["", false],
];
for (const [text, good] of contexts) {
  Deno.test(`isTraceparent: ${text || "nothing"} is ${good ? "one" : "none"}`, () => {
    assertEquals(isTraceparent(text), good);
  });
}

/** Takes every POST. */
function quietWebhook() {
  let posts = 0;
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    await request.body?.cancel();
    posts++;
    return new Response(null, { status: 204 });
  });
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    get posts() {
      return posts;
    },
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}
