// Every part of the lock protocol is there for a reason: with one of them undone, a law breaks in one of the first thousand
// worlds. The seed that showed it last is tried first; if that has lost its story, the thousand are gone through.

import { assertEquals } from "@std/assert";
import { mutations } from "./mutations.ts";
import { judgeSeeds } from "./seeds.ts";

for (const { name, undoes, shownBy, sabotage } of mutations) {
  Deno.test(`${name} undone is found: ${undoes}`, async () => {
    const shown = await judgeSeeds(shownBy, shownBy, { sabotage });
    const found = shown.length > 0 ? shown : await judgeSeeds(1, 1_000, { sabotage, stopAtFirst: true });
    assertEquals(found.length, 1, `no world breaks without ${name}`);
    assertEquals(await judgeSeeds(shownBy, shownBy), [], "and with it every law is kept in the same world");
  });
}
