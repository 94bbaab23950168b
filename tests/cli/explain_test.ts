// `explain`, on whole controllers: what a person reads about each kind of end.

import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { explain } from "../../lib/cli/explain.ts";
import { manifest } from "../support/builders.ts";
import { untilPhase } from "../support/story.ts";
import { World } from "../support/world.ts";

async function told(world: World, args: string[]): Promise<{ code: number; out: string; err: string }> {
  const lines: { out: string[]; err: string[] } = { out: [], err: [] };
  const code = await world.finish(explain(args, {
    connect: () => Promise.resolve(world.connect()),
    print: (line) => lines.out.push(line),
    complain: (line) => lines.err.push(line),
  }));
  return { code, out: lines.out.join("\n"), err: lines.err.join("\n") };
}

Deno.test("explain tells a failure: what ran, step by step, what failed, and what to do", async () => {
  await using world = await World.start();
  world.startController();
  world.server.install(manifest({ image: "exit-code" }));
  await untilPhase(world, "fix", "Failed");
  const { code, out } = await told(world, ["payment/fix"]);
  assertEquals(code, 0);
  assertMatch(out, /^payment\/fix: Failed\n {2}workflow {2}restart 1\.0\.0/);
  assertMatch(out, /\+0s {2}check +succeeded/);
  assertMatch(out, /- apply +failed +1s +exit code 7/);
  assertMatch(out, /- verify +skipped/);
  assertStringIncludes(out, "Recommendation:");
});

Deno.test("explain tells a skip, and that nothing was created", async () => {
  await using world = await World.start();
  world.startController();
  world.server.install(manifest({ image: "hang" }));
  await untilPhase(world, "fix", "Running");
  world.server.install(manifest({ name: "other", workflow: "scale" }));
  await untilPhase(world, "other", "Skipped");
  const { out } = await told(world, ["other", "--namespace", "payment"]);
  assertStringIncludes(out, "Nothing was created for it.");
  assertStringIncludes(out, "Skipped (ResourceBusy): payment/deployment/api is held by payment/fix (workflow restart)");
});

Deno.test("explain tells what it cannot: no such execution, a wrong command line", async () => {
  await using world = await World.start();
  assertEquals(await told(world, ["payment/nobody"]), {
    code: 1,
    out: "",
    err: "kubernaut-we explain: there is no WorkflowExecution payment/nobody",
  });
  const wrong = await told(world, []);
  assertEquals(wrong.code, 2);
  assertMatch(wrong.err, /^kubernaut-we explain: name one execution\n\nUsage:/);
  for (const given of ["", "/", "payment/", "/fix", "payment/fix/1"]) {
    const { code, err } = await told(world, [given]);
    assertEquals([code, err.split("\n")[0]], [
      2,
      `kubernaut-we explain: ${JSON.stringify(given)} is no name: give NAME or NAMESPACE/NAME`,
    ]);
  }
  const nowhere = await told(world, ["fix", "--namespace", ""]);
  assertEquals(nowhere.code, 2);
  assertMatch(nowhere.err, /^kubernaut-we explain: --namespace is "", should be a namespace's name\n\nUsage:/);
});
