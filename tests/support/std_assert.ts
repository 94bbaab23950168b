// Assertions with the names and signatures of JSR's @std/assert, over node:assert/strict, for places that cannot reach JSR.
// Only what the tests use; deno.jsr.json maps the same specifier to the real package.
import strict from "node:assert/strict";

// deno-lint-ignore no-explicit-any -- a constructor's parameters are contravariant: only `any` accepts every error class
type ErrorClass<E extends Error = Error> = abstract new (...args: any[]) => E;

/** What every assertion here throws. */
export class AssertionError extends Error {
  override readonly name = "AssertionError";
}

/** Fails when `expr` is falsy. */
export function assert(expr: unknown, msg = ""): asserts expr {
  if (!expr) throw new AssertionError(msg || "Expected a truthy value");
}

/** Deep and strict equality: prototypes, key sets, Maps, Sets, Dates and NaN count. */
export function assertEquals<T>(actual: T, expected: T, msg?: string): void {
  run(() => strict.deepStrictEqual(actual, expected), msg);
}

export function assertNotEquals<T>(actual: T, expected: T, msg?: string): void {
  run(() => strict.notDeepStrictEqual(actual, expected), msg);
}

/** Identity, as Object.is. */
export function assertStrictEquals<T>(actual: unknown, expected: T, msg?: string): asserts actual is T {
  run(() => strict.strictEqual(actual, expected), msg);
}

export function assertExists<T>(actual: T, msg?: string): asserts actual is NonNullable<T> {
  if (actual === undefined || actual === null) fail(says(msg, `Expected a value, got ${actual}`));
}

export function assertInstanceOf<T extends abstract new (...args: never[]) => unknown>(
  actual: unknown,
  expectedType: T,
  msg = "",
): asserts actual is InstanceType<T> {
  if (!(actual instanceof expectedType)) {
    fail(says(msg, `Expected an instance of ${expectedType.name}, got ${show(actual)}`));
  }
}

export function assertMatch(actual: string, expected: RegExp, msg?: string): void {
  if (!new RegExp(expected).test(actual)) fail(says(msg, `Expected ${show(actual)} to match ${expected}`));
}

export function assertNotMatch(actual: string, expected: RegExp, msg?: string): void {
  if (new RegExp(expected).test(actual)) fail(says(msg, `Expected ${show(actual)} not to match ${expected}`));
}

export function assertStringIncludes(actual: string, expected: string, msg?: string): void {
  if (!actual.includes(expected)) fail(says(msg, `Expected ${show(actual)} to contain ${show(expected)}`));
}

/** Every element of `expected` has a deep equal in `actual`. */
export function assertArrayIncludes<T>(actual: ArrayLike<T>, expected: ArrayLike<T>, msg?: string): void {
  const missing = Array.from(expected).filter((wanted) => !Array.from(actual).some((one) => equal(one, wanted)));
  if (missing.length > 0) fail(says(msg, `Expected ${show(actual)} to include ${show(missing)}`));
}

/** `actual` has at least the keys of `expected`, recursively, with equal values. */
export function assertObjectMatch(
  // deno-lint-ignore no-explicit-any -- the signature of @std/assert: interfaces have no index signature
  actual: Record<PropertyKey, any>,
  expected: Record<PropertyKey, unknown>,
  msg?: string,
): void {
  run(() => strict.deepStrictEqual(narrow(actual, expected), expected), msg);
}

export function assertThrows(fn: () => unknown, msg?: string): unknown;
export function assertThrows<E extends Error = Error>(
  fn: () => unknown,
  ErrorClass: ErrorClass<E>,
  msgIncludes?: string,
  msg?: string,
): E;
export function assertThrows<E extends Error>(
  fn: () => unknown,
  errorClassOrMsg?: ErrorClass<E> | string,
  msgIncludes?: string,
  msg?: string,
): E | Error | unknown {
  const [expected, text] = split(errorClassOrMsg, msg);
  let thrown: { error: unknown } | undefined;
  try {
    fn();
  } catch (error) {
    thrown = { error };
  }
  return judge(thrown, "throw", expected, msgIncludes, text);
}

export function assertRejects(fn: () => PromiseLike<unknown>, msg?: string): Promise<unknown>;
export function assertRejects<E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  ErrorClass: ErrorClass<E>,
  msgIncludes?: string,
  msg?: string,
): Promise<E>;
export async function assertRejects<E extends Error>(
  fn: () => PromiseLike<unknown>,
  errorClassOrMsg?: ErrorClass<E> | string,
  msgIncludes?: string,
  msg?: string,
): Promise<E | Error | unknown> {
  const [expected, text] = split(errorClassOrMsg, msg);
  let promise: PromiseLike<unknown>;
  try {
    promise = fn();
  } catch (error) {
    throw new AssertionError(says(text, `Expected a rejected promise, but the function threw: ${error}`), {
      cause: error,
    });
  }
  let thrown: { error: unknown } | undefined;
  try {
    await promise;
  } catch (error) {
    thrown = { error };
  }
  return judge(thrown, "reject", expected, msgIncludes, text);
}

export function assertGreater<T>(actual: T, expected: T, msg?: string): void {
  if (!(actual > expected)) fail(says(msg, `Expected ${show(actual)} > ${show(expected)}`));
}

export function assertGreaterOrEqual<T>(actual: T, expected: T, msg?: string): void {
  if (!(actual >= expected)) fail(says(msg, `Expected ${show(actual)} >= ${show(expected)}`));
}

export function assertLess<T>(actual: T, expected: T, msg?: string): void {
  if (!(actual < expected)) fail(says(msg, `Expected ${show(actual)} < ${show(expected)}`));
}

export function assertLessOrEqual<T>(actual: T, expected: T, msg?: string): void {
  if (!(actual <= expected)) fail(says(msg, `Expected ${show(actual)} <= ${show(expected)}`));
}

/** Equal within `tolerance`, by default a ten-millionth of `expected`. */
export function assertAlmostEquals(actual: number, expected: number, tolerance?: number, msg?: string): void {
  if (Object.is(actual, expected)) return;
  const allowed = tolerance ?? (Number.isFinite(expected) ? Math.abs(expected * 1e-7) : 1e-7);
  if (!(Math.abs(actual - expected) <= allowed)) {
    fail(says(msg, `Expected ${actual} to be within ${allowed} of ${expected}`));
  }
}

export function fail(msg?: string): never {
  throw new AssertionError(msg ?? "Failed");
}

export function unreachable(reason?: string): never {
  throw new AssertionError(reason ?? "Unreachable");
}

function run(check: () => void, msg: string | undefined): void {
  try {
    check();
  } catch (error) {
    if (!(error instanceof strict.AssertionError)) throw error;
    throw new AssertionError(says(msg, error.message));
  }
}

function equal(a: unknown, b: unknown): boolean {
  try {
    strict.deepStrictEqual(a, b);
    return true;
  } catch (error) {
    if (!(error instanceof strict.AssertionError)) throw error;
    return false;
  }
}

/** `actual` reduced to what `expected` speaks of. */
function narrow(actual: unknown, expected: unknown): unknown {
  if (Array.isArray(actual) && Array.isArray(expected)) {
    return actual.map((item, i) => i < expected.length ? narrow(item, expected[i]) : item);
  }
  if (!isPlain(actual) || !isPlain(expected)) return actual;
  const kept: Record<PropertyKey, unknown> = {};
  for (const key of Reflect.ownKeys(expected)) {
    if (Object.hasOwn(actual, key)) kept[key] = narrow(actual[key], expected[key]);
  }
  return kept;
}

function isPlain(value: unknown): value is Record<PropertyKey, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function split<E extends Error>(
  classOrMsg: ErrorClass<E> | string | undefined,
  msg: string | undefined,
): [ErrorClass<E> | undefined, string | undefined] {
  return typeof classOrMsg === "string" ? [undefined, classOrMsg] : [classOrMsg, msg];
}

function judge<E extends Error>(
  thrown: { error: unknown } | undefined,
  verb: "throw" | "reject",
  expected: ErrorClass<E> | undefined,
  includes: string | undefined,
  msg: string | undefined,
): unknown {
  if (!thrown) return fail(says(msg, `Expected the function to ${verb}`));
  if (!expected) return thrown.error;
  if (!(thrown.error instanceof expected)) {
    return fail(says(msg, `Expected the function to ${verb} ${expected.name}, got ${show(thrown.error)}`));
  }
  if (includes && !thrown.error.message.includes(includes)) {
    return fail(says(msg, `Expected an error with ${show(includes)}, got ${show(thrown.error.message)}`));
  }
  return thrown.error;
}

function says(msg: string | undefined, what: string): string {
  return msg ? `${what}: ${msg}` : what;
}

function show(value: unknown): string {
  return Deno.inspect(value, { depth: 6 });
}
