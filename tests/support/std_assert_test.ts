// The stand-in for @std/assert must itself fail when it should: an assertion that cannot fail is worse than none.
import {
  assert,
  assertAlmostEquals,
  assertArrayIncludes,
  assertEquals,
  assertExists,
  assertGreater,
  assertGreaterOrEqual,
  assertInstanceOf,
  AssertionError,
  assertLess,
  assertLessOrEqual,
  assertMatch,
  assertNotEquals,
  assertNotMatch,
  assertObjectMatch,
  assertRejects,
  assertStrictEquals,
  assertStringIncludes,
  assertThrows,
  fail,
  unreachable,
} from "@std/assert";

for (
  const [name, holds, breaks] of [
    ["assert", () => assert(1), () => assert(0)],
    ["assertEquals", () => assertEquals({ a: [1] }, { a: [1] }), () => assertEquals({ a: [1] }, { a: [2] })],
    ["assertNotEquals", () => assertNotEquals([1], [2]), () => assertNotEquals([1], [1])],
    ["assertStrictEquals", () => assertStrictEquals(NaN, NaN), () => assertStrictEquals<unknown>({}, {})],
    ["assertExists", () => assertExists(0), () => assertExists(null)],
    ["assertInstanceOf", () => assertInstanceOf(new Date(0), Date), () => assertInstanceOf({}, Date)],
    ["assertMatch", () => assertMatch("ab", /b$/), () => assertMatch("ab", /^b/)],
    ["assertNotMatch", () => assertNotMatch("ab", /^b/), () => assertNotMatch("ab", /b$/)],
    ["assertStringIncludes", () => assertStringIncludes("abc", "b"), () => assertStringIncludes("abc", "d")],
    ["assertArrayIncludes", () => assertArrayIncludes([{ a: 1 }, 2], [{ a: 1 }]), () => assertArrayIncludes([1], [2])],
    [
      "assertObjectMatch",
      () => assertObjectMatch({ a: { b: 1, c: 2 } }, { a: { b: 1 } }),
      () => assertObjectMatch({ a: { b: 1 } }, { a: { b: 2 } }),
    ],
    [
      "assertObjectMatch with a missing key",
      () => assertObjectMatch({ a: undefined }, { a: undefined }),
      () => assertObjectMatch({}, { a: undefined }),
    ],
    ["assertGreater", () => assertGreater(2, 1), () => assertGreater(1, 1)],
    ["assertGreaterOrEqual", () => assertGreaterOrEqual(1, 1), () => assertGreaterOrEqual(0, 1)],
    ["assertLess", () => assertLess(1, 2), () => assertLess(1, 1)],
    ["assertLessOrEqual", () => assertLessOrEqual(1, 1), () => assertLessOrEqual(2, 1)],
    ["assertAlmostEquals", () => assertAlmostEquals(0.1 + 0.2, 0.3), () => assertAlmostEquals(1, 1.1, 0.05)],
    ["assertThrows", () => assertThrows(() => fail("no"), AssertionError, "no"), () => assertThrows(() => {})],
    ["assertThrows with another class", () => assertThrows(unreachable), () => assertThrows(unreachable, TypeError)],
    [
      "assertThrows with another message",
      () => assertThrows(unreachable, AssertionError, "Unr"),
      () => assertThrows(unreachable, AssertionError, "xyz"),
    ],
  ] satisfies [string, () => unknown, () => unknown][]
) {
  Deno.test(`${name} passes when it holds, and throws an AssertionError when not`, () => {
    holds();
    let thrown: unknown;
    try {
      breaks();
    } catch (error) {
      thrown = error;
    }
    if (!(thrown instanceof AssertionError)) throw new Error(`${name} let it pass: ${thrown}`);
  });
}

Deno.test("assertRejects gives the error, and fails for a promise that resolves and for a function that throws at once", async () => {
  const error = await assertRejects(() => Promise.reject(new TypeError("late")), TypeError, "late");
  assertEquals(error.message, "late");
  await assertRejects(() => assertRejects(() => Promise.resolve()), AssertionError, "Expected the function to reject");
  await assertRejects(() => assertRejects(() => unreachable()), AssertionError, "but the function threw");
});
