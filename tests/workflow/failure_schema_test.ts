// What is written to a status passes the schema of the CustomResourceDefinition, by the word of an API server: a reason outside
// the enum, or a required key left out, would be refused there, and the failure never told.

import fc from "fast-check";
import { assertEquals } from "@std/assert";
import type { JSONObject, JSONValue } from "../../lib/kube/contract.ts";
import { failureDetails } from "../../lib/workflow/failure.ts";
import { pipelineRunFrom } from "../../lib/workflow/pipeline_run.ts";
import { failed } from "../../lib/workflow/status.ts";
import { manifest, pipelineRun, runningExecution, startMs } from "../support/builders.ts";
import { World } from "../support/world.ts";

const path = "/apis/workflowexecution.kubernaut.ai/v1alpha1/namespaces/payment/workflowexecutions/fix/status";
const fixtures = new URL("../fixtures/tekton/", import.meta.url);

/** Asks the API server to take the status, without keeping it. */
async function refusal(world: World, status: JSONObject): Promise<string> {
  const response = await world.server.handle(
    new Request(`http://sim${path}?dryRun=All`, {
      method: "PATCH",
      headers: { "content-type": "application/merge-patch+json" },
      body: JSON.stringify({ status }),
    }),
  );
  const text = await response.text();
  return response.ok ? "" : text;
}

Deno.test("failureDetails of every recorded failure pass the CRD's schema", async () => {
  await using world = await World.start({ tekton: false });
  world.server.install(manifest());
  for await (const { name } of Deno.readDir(fixtures)) {
    if (!name.endsWith(".json")) continue;
    const recorded = JSON.parse(await Deno.readTextFile(new URL(name, fixtures))) as {
      pipelineRun: JSONObject;
      taskRuns: JSONObject[];
    };
    const run = pipelineRunFrom(recorded.pipelineRun);
    const execution = runningExecution();
    const details = failureDetails({ execution, run, evidence: recorded, nowMs: startMs });
    assertEquals(await refusal(world, failed(execution, details, run, startMs) as JSONObject), "", name);
  }
});

Deno.test("failureDetails of any TaskRuns at all pass the CRD's schema", async () => {
  await using world = await World.start({ tekton: false });
  world.server.install(manifest());
  const execution = runningExecution();
  const run = pipelineRun({ succeeded: { status: "False", reason: "Failed", message: "Tasks Completed: 1" } });
  const anyObject = fc.dictionary(fc.string(), fc.jsonValue()) as fc.Arbitrary<JSONObject>;
  const status = fc.record({
    conditions: fc.array(fc.record({
      type: fc.constantFrom("Succeeded", "Other"),
      status: fc.constantFrom("True", "False", "Unknown"),
      reason: fc.oneof(fc.string(), fc.constantFrom("TaskRunTimeout", "StepOOM", "PodEvicted")),
      message: fc.string(),
    })),
    completionTime: fc.oneof(fc.string(), fc.constant("2026-01-01T00:00:09Z")),
    steps: fc.array(fc.oneof(
      anyObject,
      fc.record({
        name: fc.string(),
        terminated: fc.record({ exitCode: fc.oneof(fc.integer(), fc.double({ noNaN: true })), reason: fc.string() }),
      }),
    )),
  });
  const taskRun = fc.oneof(
    anyObject,
    fc.record({ metadata: anyObject, status }) as unknown as fc.Arbitrary<JSONObject>,
  );
  await fc.assert(
    fc.asyncProperty(anyObject, fc.array(taskRun, { maxLength: 4 }), async (whole, taskRuns) => {
      const evidence = { pipelineRun: whole, taskRuns: taskRuns as JSONObject[] & JSONValue[] };
      const details = failureDetails({ execution, run, evidence, nowMs: startMs });
      assertEquals(await refusal(world, failed(execution, details, run, startMs) as JSONObject), "");
    }),
    { numRuns: 300, seed: 1 },
  );
});

Deno.test("a status that an earlier controller wrote, with the run's name alone, passes the CRD's schema", async () => {
  await using world = await World.start({ tekton: false });
  world.server.install(manifest());
  const status = { phase: "Completed", startTime: "2026-01-01T00:00:00Z", pipelineRunRef: { name: "fix" } };
  assertEquals(await refusal(world, status), "");
});
