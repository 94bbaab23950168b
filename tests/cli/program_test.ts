// How the whole program stops: whatever is under way, and however the API server behaves, within ten seconds.

import { assertEquals, assertLessOrEqual } from "@std/assert";
import { Program } from "../../lib/cli/program.ts";
import { loadConfig } from "../../lib/config.ts";
import { parseSink } from "../../lib/config_values.ts";
import { silentLogger } from "../../lib/log.ts";
import { Metrics } from "../../lib/metrics.ts";
import { manifest } from "../support/builders.ts";
import { type Carry, World } from "../support/world.ts";

/** Runs a Program in a world, tells it to stop as soon as `when` holds, and returns how long that took. */
async function stopsWithin(world: World, carry: Carry, when: () => boolean): Promise<number> {
  const defaults = await loadConfig({ args: [], env: {}, readFile: () => Promise.resolve(undefined) });
  const config = {
    ...defaults,
    lockNamespace: "kubernaut-system",
    leaderElection: true,
    audit: { ...defaults.audit, sinks: [parseSink("stdout")] },
  };
  const { clock } = world;
  using client = world.connect(carry);
  const program = new Program({
    config,
    client,
    clock,
    log: silentLogger,
    metrics: new Metrics(clock),
    identity: "test",
  });
  const stop = new AbortController();
  let ended = false;
  const running = program.run(stop.signal).then(() => (ended = true));
  await world.until("it is under way", when);
  const fromMs = clock.monotonic();
  stop.abort(new Error("SIGTERM"));
  await world.until("it has stopped", () => ended);
  await running;
  return clock.monotonic() - fromMs;
}

Deno.test("Program stops with a leader's Lease and a pass under way: the pass ends, then the Lease is released", async () => {
  await using world = await World.start();
  world.server.install(manifest({ image: "hang" }));
  let creating = false;
  const ms = await stopsWithin(world, async (request, send) => {
    if (request.method === "POST" && request.url.endsWith("/pipelineruns")) {
      creating = true;
      await new Promise<void>((resolve) => void world.clock.timer(700, resolve));
    }
    return await send(request);
  }, () => creating);
  assertLessOrEqual(ms, 10_000);
  assertEquals(world.list("pipelineruns").length, 1);
  const lease = world.get("leases", "kubernaut-system", "workflowexecution.kubernaut.ai");
  assertEquals((lease?.spec as { holderIdentity?: string }).holderIdentity ?? "", "");
});

Deno.test("Program stops although the API server answers nothing any more", async () => {
  await using world = await World.start();
  world.server.install(manifest({ image: "hang" }));
  let silent = false;
  const ms = await stopsWithin(world, async (request, send) => {
    if (request.method === "POST" && request.url.endsWith("/pipelineruns")) silent = true;
    if (!silent) return await send(request);
    return await new Promise<Response>((_, reject) =>
      request.signal.addEventListener("abort", () => reject(request.signal.reason))
    );
  }, () => silent);
  assertLessOrEqual(ms, 10_000);
});
