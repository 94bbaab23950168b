// A run from beginning to end: what is created, what is written, and how often.

import { assertEquals, assertStringIncludes } from "@std/assert";
import type { JSONObject } from "../../lib/kube/contract.ts";
import { manifest } from "../support/builders.ts";
import { phaseOf, statusOf, untilQuiet } from "../support/story.ts";
import { World } from "../support/world.ts";

Deno.test("an execution runs to Completed with ten writes at most", async () => {
  await using world = await World.start();
  const controller = world.startController();
  world.server.install(manifest({ spec: { parameters: { B: "2", A: "x=y\n$(z) ü", TARGET_RESOURCE: "mine" } } }));
  await world.until("Completed", () => phaseOf(world, "fix") === "Completed");
  await world.until("finalizer gone", () => {
    const { finalizers = [] } = world.get("workflowexecutions", "payment", "fix")?.metadata as {
      finalizers?: string[];
    };
    return finalizers.length === 0;
  });
  const [run] = world.list("pipelineruns", "payment") as [JSONObject];
  const spec = run.spec as JSONObject;
  assertEquals(spec.params, [
    { name: "A", value: "x=y\n$(z) ü" },
    { name: "B", value: "2" },
    { name: "TARGET_RESOURCE", value: "payment/deployment/api" },
  ]);
  assertEquals(spec.timeouts, { pipeline: "35m0s" });
  const { conditions: _, ...status } = statusOf(world, "fix");
  const { name, uid } = run.metadata as { name: string; uid: string };
  assertEquals(status, {
    phase: "Completed",
    outcome: "Success",
    startTime: "2026-01-01T00:00:00Z",
    completionTime: String(status.completionTime),
    duration: String(status.duration),
    message: `workflow restart completed in ${status.duration}`,
    observedGeneration: 1,
    pipelineRunRef: { name, namespace: "payment", uid },
    pipelineRunStatus: {
      status: "True",
      reason: "Succeeded",
      message: "Tasks Completed: 2 (Failed: 0, Cancelled 0), Skipped: 0",
      completedTasks: 2,
      totalTasks: 2,
    },
  });
  assertStringIncludes(String(status.duration), "s");
  assertEquals(world.audit.events.map(({ event_type }) => event_type), [
    "workflowexecution.workflow.started",
    "workflowexecution.workflow.completed",
  ]);
  await controller.stop();
});

Deno.test("of one clean execution the API server is asked little: eight writes, two Events, and one live read", async () => {
  await using world = await World.start();
  const asked: string[] = [];
  world.startController({
    carry: (request, send) => {
      const { pathname, searchParams } = new URL(request.url);
      const kind = pathname.split("/").find((part) =>
        /^(workflowexecutions|pipelineruns|taskruns|leases|events)$/.test(part)
      );
      const onlyProgress = /"status":\{"pipelineRunStatus"/;
      // The spool of audit events is read once at the start, for all executions.
      if (searchParams.get("watch") || pathname.endsWith("/configmaps")) return send(request);
      return request.clone().text().then((body) => {
        if (!onlyProgress.test(body)) asked.push(`${request.method} ${kind}`);
        return send(request);
      });
    },
  });
  world.server.install(manifest());
  await untilQuiet(world);
  assertEquals(asked.filter((each) => each !== "DELETE leases").sort(), [
    "GET leases",
    "PATCH leases",
    "PATCH pipelineruns",
    "PATCH workflowexecutions",
    "PATCH workflowexecutions",
    "PATCH workflowexecutions",
    "PATCH workflowexecutions",
    "POST events",
    "POST events",
    "POST leases",
    "POST pipelineruns",
  ]);
});
