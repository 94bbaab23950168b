// The PipelineRun is refused: each answer of the API server to its end state, with nothing left behind.

import { ManualClock } from "../../lib/clock.ts";
import { createLogger } from "../../lib/log.ts";
import { assertEquals, assertMatch } from "@std/assert";
import type { Fault, FaultAction } from "../../lib/sim/faults.ts";
import { manifest } from "../support/builders.ts";
import { auditTrail, nothingMoreHappens, phaseOf, runNames, statusOf, untilQuiet } from "../support/story.ts";
import { World } from "../support/world.ts";

const creation = (action: FaultAction, times?: number): Fault => ({
  match: ({ resource, verb }) => resource === "pipelineruns" && verb === "create",
  action,
  ...(times === undefined ? {} : { times }),
});

const forGood: [sentence: string, action: FaultAction, reason: string, message: RegExp][] = [
  [
    "a quota",
    {
      status: 403,
      reason: "Forbidden",
      message:
        `pipelineruns.tekton.dev "x" is forbidden: exceeded quota: runs, requested: count/pipelineruns.tekton.dev=1`,
    },
    "ResourceExhausted",
    /a resource quota refuses the PipelineRun: .*exceeded quota: runs/,
  ],
  [
    "a namespace that is terminating",
    {
      status: 403,
      reason: "Forbidden",
      message:
        `pipelineruns.tekton.dev "x" is forbidden: unable to create new content in namespace payment because it is being terminated`,
    },
    "ConfigurationError",
    /the namespace is being deleted/,
  ],
  [
    "a missing right",
    {
      status: 403,
      reason: "Forbidden",
      message: `pipelineruns.tekton.dev is forbidden: User "we" cannot create resource "pipelineruns"`,
    },
    "Forbidden",
    /may not be created: .*User "we" cannot create/,
  ],
  [
    "an invalid object",
    { status: 422, reason: "Invalid", message: "spec.timeouts: Invalid value" },
    "ConfigurationError",
    /refused as invalid: spec\.timeouts/,
  ],
  [
    "a webhook's denial",
    {
      status: 400,
      reason: "BadRequest",
      message: `admission webhook "validation.webhook.pipeline.tekton.dev" denied the request: no`,
    },
    "ConfigurationError",
    /refused as invalid: admission webhook/,
  ],
  ["no Tekton", { status: 404, body: "404 page not found\n" }, "ConfigurationError", /Tekton is not installed/],
  [
    "a body too large",
    { status: 413, reason: "RequestEntityTooLarge", message: "limit is 3145728" },
    "ConfigurationError",
    /too large: limit/,
  ],
  [
    "an object too large for etcd",
    { status: 500, message: "etcdserver: request is too large" },
    "ConfigurationError",
    /too large: etcdserver/,
  ],
];

for (const [sentence, action, reason, message] of forGood) {
  Deno.test(`refused for good: ${sentence} → Failed/${reason}`, async () => {
    await using world = await World.start();
    world.startController();
    world.server.faults.add(creation(action));
    world.server.install(manifest());
    await untilQuiet(world);
    const { phase, outcome, failureReason, failureDetails, startTime, pipelineRunRef, message: said = "" } = statusOf(
      world,
      "fix",
    );
    assertEquals([phase, outcome, failureReason, failureDetails?.reason, failureDetails?.wasExecutionFailure], [
      "Failed",
      "Failure",
      reason,
      reason,
      false,
    ]);
    assertEquals([startTime, pipelineRunRef], [undefined, undefined]);
    assertMatch(said, message);
    assertEquals(runNames(world), []);
    assertEquals(auditTrail(world), ["fix failed"]);
    await nothingMoreHappens(world);
  });
}

const forAWhile: [sentence: string, action: FaultAction, times: number][] = [
  ["a conflict", { status: 409 }, 3],
  ["too many requests", { status: 429, retryAfterSeconds: 2 }, 3],
  ["an error of the server", { status: 500 }, 3],
  ["a server that is starting", { status: 503 }, 3],
  ["an expired token", { status: 401, reason: "Unauthorized", message: "Unauthorized" }, 2],
  ["a connection lost before the request was carried out", { dropBefore: true }, 2],
  ["a connection lost after it was carried out", { dropAfter: true }, 1],
  ["a denial that hides a creation before", { dropAfter: true }, 1],
];

for (const [sentence, action, times] of forAWhile) {
  Deno.test(`refused for a while: ${sentence} → Completed, with one run`, async () => {
    await using world = await World.start();
    world.startController();
    world.server.faults.add(creation(action, times));
    if (/denial/.test(sentence)) {
      world.server.faults.add(creation({ status: 403, reason: "Forbidden", message: "exceeded quota: runs" }));
    }
    world.server.install(manifest());
    await untilQuiet(world);
    assertEquals(phaseOf(world, "fix"), "Completed");
    assertEquals(runNames(world).length, 1);
    assertEquals(auditTrail(world), ["fix started", "fix completed"]);
    await nothingMoreHappens(world);
  });
}

Deno.test("Retry-After is honoured: not before, and soon after", async () => {
  await using world = await World.start();
  world.startController();
  world.server.faults.add(creation({ status: 429, retryAfterSeconds: 7 }, 1));
  world.server.install(manifest());
  await untilQuiet(world);
  assertEquals(world.writes().filter((write) => write === "create pipelineruns").length, 1);
  const created = Date.parse(statusOf(world, "fix").startTime ?? "");
  assertEquals(created >= Date.UTC(2026, 0, 1, 0, 0, 7), true);
  assertEquals(created <= Date.UTC(2026, 0, 1, 0, 0, 12), true);
});

Deno.test("a webhook that does not answer: tried until the start deadline, then Failed/ConfigurationError", async () => {
  await using world = await World.start();
  world.startController();
  const message = `failed calling webhook "webhook.pipeline.tekton.dev": connection refused`;
  world.server.faults.add(creation({ status: 500, reason: "InternalError", message }));
  world.server.install(manifest());
  await untilQuiet(world);
  const { phase, failureReason, message: said = "", completionTime = "" } = statusOf(world, "fix");
  assertEquals([phase, failureReason], ["Failed", "ConfigurationError"]);
  assertMatch(said, /could not be created within 120 s: failed calling webhook/);
  const tookMs = Date.parse(completionTime) - Date.UTC(2026, 0, 1);
  assertEquals(tookMs >= 120_000 && tookMs < 300_000, true, `${tookMs}`);
  await nothingMoreHappens(world);
});

Deno.test("a namespace for runs that does not exist: Failed/ConfigurationError, naming it", async () => {
  await using world = await World.start({ rules: { executionNamespace: "nowhere" } });
  world.startController();
  world.server.install(manifest());
  await untilQuiet(world);
  const { failureReason, message = "" } = statusOf(world, "fix");
  assertEquals(failureReason, "ConfigurationError");
  assertMatch(message, /the namespace of the PipelineRun does not exist: namespaces "nowhere" not found/);
  await nothingMoreHappens(world);
});

Deno.test("somebody else's PipelineRun has the name: Failed, naming it, and it is left alone", async () => {
  await using world = await World.start({ tekton: false });
  world.startController();
  const metadata = { namespace: "payment", uid: "0c1b6f0e-0000-4000-8000-000000000000" };
  world.server.faults.add(creation({
    run: ({ path }) => {
      const name = claimedRun(world);
      if (path && runNames(world).length === 0) {
        world.server.install({
          apiVersion: "tekton.dev/v1",
          kind: "PipelineRun",
          metadata: { ...metadata, name },
          spec: {},
        });
      }
    },
  }));
  world.server.install(manifest());
  await untilQuiet(world);
  const { failureReason, message = "" } = statusOf(world, "fix");
  assertEquals(failureReason, "ConfigurationError");
  assertMatch(message, /^PipelineRun payment\/fix-[0-9a-f]{10} exists and is not ours \(uid /);
  assertEquals(runNames(world).length, 1);
  assertEquals(world.writes().filter((write) => write === "delete pipelineruns" || write === "patch pipelineruns"), []);
  await nothingMoreHappens(world);
});

Deno.test("a final status that the API server refuses is written without its details, and what was lost stands in the log", async () => {
  const lines: string[] = [];
  const log = createLogger({
    level: "error",
    format: "json",
    clock: new ManualClock(),
    write: (line) => lines.push(line),
  });
  await using world = await World.start({ log });
  world.startController();
  world.server.faults.add({
    match: ({ resource, subresource }) =>
      resource === "workflowexecutions" && subresource === "status" && phaseOf(world, "fix") === "Running" &&
      JSON.stringify(world.list("pipelineruns")).includes("completionTime"),
    times: 1,
    action: { status: 422, reason: "Invalid", message: "status.failureDetails: Invalid value" },
  });
  world.server.install(manifest({ image: "exit-code" }));
  await untilQuiet(world);
  const { phase, outcome, failureDetails, message } = statusOf(world, "fix");
  assertEquals([phase, outcome, failureDetails], ["Failed", "Failure", undefined]);
  assertEquals(message, "the details were refused by the API server; see the controller's log");
  const [line, ...more] = lines.map((text) => JSON.parse(text));
  assertEquals(more, []);
  assertEquals([line.level, line.msg, line.execution, line.phase, line.reason], [
    "error",
    "the API server refuses the final status; written without its details",
    "payment/fix",
    "Failed",
    "Unknown",
  ]);
  assertMatch(line.message, /exited with code/);
  assertMatch(line.error, /status.failureDetails: Invalid value/);
  await nothingMoreHappens(world);
});

function claimedRun(world: World): string {
  const { annotations } = world.get("workflowexecutions", "payment", "fix")?.metadata as {
    annotations: Record<string, string>;
  };
  return JSON.parse(annotations["kubernaut.ai/claim"] ?? "{}").pipelineRun.name;
}
