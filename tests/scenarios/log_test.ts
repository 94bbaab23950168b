// The log of whole controllers: one line of INFO for each transition, with the fields that a person searches by, and nothing
// else while everything goes well.

import { assertEquals } from "@std/assert";
import { createLogger, type LogLevel } from "../../lib/log.ts";
import { manifest } from "../support/builders.ts";
import { statusOf, untilPhase, untilQuiet } from "../support/story.ts";
import { World } from "../support/world.ts";

/** A controller whose log is kept; lines as they are written. */
function logged(world: World, format: "json" | "text" = "json", level: LogLevel = "info") {
  const lines: string[] = [];
  const log = createLogger({ level, format, clock: world.clock, write: (line) => lines.push(line) });
  return { lines, controller: world.startController({ log }) };
}

/** A line's fields; its time is compared apart. */
function fields(line: string | undefined): Record<string, unknown> {
  const { ts: _, ...rest } = JSON.parse(line ?? "{}");
  return rest;
}

Deno.test("one execution is two lines: it runs, and it has ended", async () => {
  await using world = await World.start();
  const { lines, controller } = logged(world);
  world.server.install(manifest());
  await untilPhase(world, "fix", "Completed");
  await untilQuiet(world);
  await world.pass(3_600_000);
  await controller.stop();
  const { pipelineRunRef, startTime, completionTime } = statusOf(world, "fix");
  const common = {
    level: "info",
    execution: "payment/fix",
    correlationId: "rr-fix",
    workflowId: "restart",
    target: "payment/deployment/api",
    pipelineRun: `payment/${pipelineRunRef?.name}`,
  };
  assertEquals(lines.map(fields), [
    { level: "info", msg: "caches are filled", executions: 1 },
    { ...common, msg: "Pending → Running", phase: "Running", from: "Pending", to: "Running" },
    {
      ...common,
      msg: "Running → Completed",
      phase: "Completed",
      from: "Running",
      to: "Completed",
      durationMs: Date.parse(completionTime ?? "") - Date.parse(startTime ?? ""),
    },
  ]);
  assertEquals(Object.keys(JSON.parse(lines[1] ?? "")).slice(0, 3), ["ts", "level", "msg"]);
});

Deno.test("a failure and a skip say why in their line; secrets in the cause are not shown", async () => {
  await using world = await World.start();
  const { lines, controller } = logged(world);
  world.server.install(manifest({ image: "exit-code" }));
  await untilPhase(world, "fix", "Running");
  world.server.install(manifest({ name: "second", workflow: "scale" }));
  await untilPhase(world, "second", "Skipped");
  await untilPhase(world, "fix", "Failed");
  await controller.stop();
  const told = lines.slice(1).map(fields).map(({ execution, to, reason, message }) => ({
    execution,
    to,
    reason,
    message,
  }));
  assertEquals(told, [
    { execution: "payment/fix", to: "Running", reason: undefined, message: undefined },
    {
      execution: "payment/second",
      to: "Skipped",
      reason: "ResourceBusy",
      message: statusOf(world, "second").message,
    },
    { execution: "payment/fix", to: "Failed", reason: "Unknown", message: statusOf(world, "fix").message },
  ]);
});

Deno.test("for a terminal the same is one readable line", async () => {
  await using world = await World.start();
  const { lines, controller } = logged(world, "text");
  world.server.install(manifest());
  await untilPhase(world, "fix", "Running");
  await controller.stop();
  assertEquals(
    lines[1],
    [
      "00:00:00.000 INFO  Pending → Running execution=payment/fix correlationId=rr-fix phase=Running from=Pending",
      `to=Running workflowId=restart target=payment/deployment/api pipelineRun=payment/${
        statusOf(world, "fix").pipelineRunRef?.name
      }`,
    ].join(" "),
  );
});

Deno.test("a restart, a relist and an hour of nothing write no line for what is over", async () => {
  await using world = await World.start();
  const first = world.startController();
  world.server.install(manifest());
  await untilPhase(world, "fix", "Completed");
  await untilQuiet(world);
  await first.stop();
  const { lines, controller } = logged(world);
  await world.pass(3_600_000);
  await controller.stop();
  assertEquals(lines.map(fields), [{ level: "info", msg: "caches are filled", executions: 1 }]);
});
