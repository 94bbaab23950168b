// How spans hang together over an execution's life: one trace, whoever works on it, and none for what is not done.

import { assertEquals, assertMatch } from "@std/assert";
import { ExecutionTraces } from "../../lib/controller/execution_traces.ts";
import { manifest } from "../support/builders.ts";
import { RecordedTracing } from "../support/recorded_tracing.ts";
import { phaseOf, untilPhase, untilQuiet } from "../support/story.ts";
import { World } from "../support/world.ts";

const traceOf = ({ traceparent }: { traceparent: string }) => traceparent.split("-")[1];

Deno.test("a trace goes on in another process, by the context on the PipelineRun", async () => {
  await using world = await World.start();
  const before = new RecordedTracing(1);
  const first = world.startController({ traces: new ExecutionTraces(before) });
  world.server.install(manifest({ image: "ok" }));
  await untilPhase(world, "fix", "Running");
  first.kill();
  const after = new RecordedTracing(2);
  const second = world.startController({ traces: new ExecutionTraces(after) });
  await untilPhase(world, "fix", "Completed");
  await untilQuiet(world);
  await second.stop();

  const [root] = before.spans;
  assertEquals([root?.name, root?.parent, root?.ended], ["WorkflowExecution", "", false]);
  assertEquals(new Set(before.spans.map(traceOf)), new Set([traceOf(root!)]));
  const passes = after.spans.filter(({ attributes }) => attributes["kubernaut.execution.name"] === "fix");
  assertEquals(new Set(passes.map(({ name }) => name)), new Set(["reconcile"]));
  assertEquals(new Set(passes.map(({ parent }) => parent)), new Set([root?.traceparent]));
  assertEquals(passes.every(({ ended }) => ended), true);
});

Deno.test("the root ends with the execution and says how; what is tidied up later belongs to the trace", async () => {
  await using world = await World.start();
  const tracing = new RecordedTracing();
  const controller = world.startController({ traces: new ExecutionTraces(tracing) });
  world.server.install(manifest({ image: "exit-code" }));
  await untilPhase(world, "fix", "Failed");
  await untilQuiet(world);
  await controller.stop();
  const roots = tracing.spans.filter(({ name }) => name === "WorkflowExecution");
  assertEquals(roots.map(({ ended }) => ended), [true]);
  assertEquals(roots[0]?.attributes["kubernaut.phase"], "Failed");
  assertMatch(roots[0]?.error ?? "", /exited with code 7/);
  assertEquals(new Set(tracing.spans.map(traceOf)).size, 1);
});

Deno.test("a pass that finds nothing to do leaves no span: a restart over a history traces nothing", async () => {
  await using world = await World.start();
  const writer = world.startController();
  for (const name of ["a", "b", "c"]) {
    world.server.install(manifest({ name, target: `payment/deployment/${name}` }));
    await untilPhase(world, name, "Completed");
  }
  await untilQuiet(world);
  await world.pass(3_600_000); // until the free Leases are cleared away
  await writer.stop();
  const tracing = new RecordedTracing();
  const reader = world.startController({ traces: new ExecutionTraces(tracing) });
  await world.until("synced", () => reader.controller.synced);
  await world.pass(60_000);
  await reader.stop();
  assertEquals(tracing.spans, []);
});

Deno.test("a pass that fails says so, and passwords in the message are not shown", async () => {
  await using world = await World.start();
  const tracing = new RecordedTracing();
  let refusals = 1;
  const controller = world.startController({
    traces: new ExecutionTraces(tracing),
    carry: async (request, send) => {
      if (request.method !== "PATCH" || !request.url.endsWith("/fix/status") || refusals-- <= 0) {
        return await send(request);
      }
      const status = { kind: "Status", apiVersion: "v1", code: 500, message: "password=hunter2 is not well" };
      return Response.json(status, { status: 500 });
    },
  });
  world.server.install(manifest());
  await untilPhase(world, "fix", "Completed");
  await controller.stop();
  const failed = tracing.spans.filter(({ error }) => error !== undefined);
  assertEquals(failed.map(({ name, attributes }) => [name, attributes["kubernaut.reconcile.next"]]), [
    ["reconcile", "retry"],
  ]);
  assertMatch(failed[0]?.error ?? "", /500: password=\[REDACTED\] is not well/);
});

Deno.test("without tracing no run carries a trace context", async () => {
  await using world = await World.start();
  const controller = world.startController();
  world.server.install(manifest());
  await world.until("Running", () => phaseOf(world, "fix") === "Running");
  const [run] = world.list("pipelineruns", "payment") as { metadata?: { annotations?: Record<string, string> } }[];
  assertEquals(Object.keys(run?.metadata?.annotations ?? {}).filter((name) => name.startsWith("tekton.dev/")), []);
  await controller.stop();
});
