// Objects that an older, wider schema let in: the controller's own checks end them, and nothing is locked or created.

import { assertEquals, assertMatch } from "@std/assert";
import type { JSONObject } from "../../lib/kube/contract.ts";
import { manifest } from "../support/builders.ts";
import { auditTrail, nothingMoreHappens, runNames, statusOf, untilQuiet } from "../support/story.ts";
import { World } from "../support/world.ts";

const crd = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/workflowexecutions.workflowexecution.kubernaut.ai";

const specs: [sentence: string, spec: JSONObject, message: RegExp][] = [
  [
    "a malformed target",
    { targetResource: "payment/Deployment/api" },
    /^spec\.targetResource "payment\/Deployment\/api" must be/,
  ],
  ["no target", { targetResource: "" }, /^spec\.targetResource ""/],
  ["no RemediationRequest", { remediationRequestRef: {} }, /^spec\.remediationRequestRef\.name must be set/],
  ["a timeout of nothing", { executionConfig: { timeout: "0s" } }, /^spec\.executionConfig\.timeout is "0s"/],
  ["a timeout in words", { executionConfig: { timeout: "soon" } }, /^spec\.executionConfig\.timeout is "soon"/],
];

Deno.test("what gets past the schema ends Failed/ConfigurationError, with its cause, and starts no cooldown", async () => {
  await using world = await World.start();
  world.startController();
  const schema = { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } };
  const version = { name: "v1alpha1", served: true, storage: true, subresources: { status: {} }, schema };
  await world.request("PATCH", crd, { spec: { versions: [version] } });
  for (const [i, [, spec]] of specs.entries()) world.server.install(manifest({ name: `fix-${i}`, spec }));
  await untilQuiet(world);
  for (const [i, [sentence, , message]] of specs.entries()) {
    const { phase, failureReason, failureDetails, message: said = "", startTime } = statusOf(world, `fix-${i}`);
    assertEquals([phase, failureReason, failureDetails?.wasExecutionFailure, startTime], [
      "Failed",
      "ConfigurationError",
      false,
      undefined,
    ], sentence);
    assertMatch(said, message);
  }
  assertEquals([runNames(world), world.list("leases")], [[], []]);
  assertEquals(auditTrail(world).sort(), specs.map((_, i) => `fix-${i} failed`));
  await nothingMoreHappens(world);
});
