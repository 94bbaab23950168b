// Every part of the lock protocol is there for a reason: with one of them undone, the laws break in one of the first thousand
// worlds. The seed that shows it is found anew each time, from a place near where it was found before.

import { assertEquals } from "@std/assert";
import { mutations } from "./mutations.ts";
import { judgeSeeds } from "./seeds.ts";

for (const { name, undoes, sabotage } of mutations) {
  Deno.test(`${name} undone is found: ${undoes}`, async () => {
    const found = await judgeSeeds(1, 1_000, { sabotage, stopAtFirst: true });
    assertEquals(found.length, 1, `no world breaks without ${name}`);
  });
}
