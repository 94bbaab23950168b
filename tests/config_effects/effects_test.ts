// Every key of the configuration has an effect: a table over all of them, each looked at from outside with the key and without.
// A key without a row fails, and so does a row that shows the same both times.

import { assertEquals, assertNotEquals } from "@std/assert";
import { configKeys } from "../../lib/config_schema.ts";
import { outsideEffects } from "./outside.ts";
import { processEffects } from "./process.ts";
import { ruleEffects } from "./rules.ts";

const effects = [...ruleEffects, ...outsideEffects, ...processEffects()];

Deno.test("every key of the configuration has a row", () => {
  const told = effects.flatMap(({ keys }) => keys);
  assertEquals(told.toSorted(), configKeys().map(({ name }) => name).toSorted());
});

for (const effect of effects) {
  Deno.test(`${effect.keys.join(" and ")}: ${effect.shows}`, async () => {
    assertNotEquals(effect.with, effect.without);
    assertEquals(await effect.observe(effect.flags), effect.with);
    assertEquals(await effect.observe([]), effect.without);
  });
}
