// A thousand worlds, from seeds 1 to 500 here and the rest in the file beside it, so that two processors share them; and the
// proof that a seed is a world: told twice, it is the same story to the letter.

import { assertEquals } from "@std/assert";
import { judgeSeeds } from "./seeds.ts";
import { judge } from "./verdict.ts";
import { prepareGround } from "./world.ts";

Deno.test("every law is kept in the worlds of seeds 1 to 500", async () => {
  assertEquals(await judgeSeeds(1, 500), []);
});

Deno.test("a seed is one story, whenever it is told", async () => {
  const ground = await prepareGround();
  for (const seed of [3, 77, 1_042]) {
    const first = await judge(seed, ground, { traced: true });
    const second = await judge(seed, ground, { traced: true });
    assertEquals(first.trace.length > 20, true);
    assertEquals(second.trace, first.trace);
  }
});
