// What a quantity stands for, as a number.

import { assertEquals } from "@std/assert";
import { quantityValue } from "../../lib/sim/quantity.ts";

const quantities: Record<string, number> = {
  "20": 20,
  "+5": 5,
  "-1": -1,
  "0.5": 0.5,
  "1k": 1000,
  "1e3": 1000,
  "1E3": 1000,
  "1E": 1e18,
  "1Ki": 1024,
  "2Mi": 2 * 1024 ** 2,
  "2000m": 2,
  "1500m": 1.5,
  "3000000u": 3,
  "1000000000n": 1,
  "1x": NaN,
  "abc": NaN,
};
for (const [text, value] of Object.entries(quantities)) {
  Deno.test(`the quantity ${text} is ${value}`, () => assertEquals(quantityValue(text), value));
}
