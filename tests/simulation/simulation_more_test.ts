// The second half of the thousand worlds: see simulation_test.ts.

import { assertEquals } from "@std/assert";
import { judgeSeeds } from "./seeds.ts";

Deno.test("every law is kept in the worlds of seeds 501 to 1000", async () => {
  assertEquals(await judgeSeeds(501, 1_000), []);
});
