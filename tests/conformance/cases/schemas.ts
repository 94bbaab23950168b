// Structural schemas: the message of every rule that a schema can hold, defaults, pruning, and rules in CEL.
import { assertEquals } from "@std/assert";
import type { JSONObject } from "../../../lib/kube/contract.ts";
import type { ConformanceCase } from "../harness.ts";
import { widgets } from "../widgets.ts";

export const schemaCases: ConformanceCase[] = [];
function conformanceCase(name: string, run: ConformanceCase["run"]): void {
  schemaCases.push({ name, run });
}

const unchecked =
  "<nil>: Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation";
const invalid = (field: string, value: unknown, why: string) =>
  `spec.${field}: Invalid value: ${JSON.stringify(value)}: ${why}`;
const broken = (field: string, value: unknown, rule: string) =>
  invalid(field, value, `spec.${field} in body should ${rule}`);
const mistyped = (field: string, found: string, wanted: string) =>
  invalid(field, found, `spec.${field} in body must be of type ${wanted}: "${found}"`);
const nameless = (why: string) => `<nil>: Invalid value: "": ${why}`;
const missing = (field: string) => `spec.${field}: Required value`;

/** Specs (beside a valid size), and the causes of their refusal; a word among them stands for the note on unchecked rules. */
const refusals: [name: string, spec: JSONObject, causes: string[]][] = [
  ["a number below its minimum", { size: 0 }, [broken("size", 0, "be greater than or equal to 1")]],
  ["a number above its maximum", { size: 12 }, [broken("size", 12, "be less than or equal to 10")]],
  ["a number that is no multiple", { size: 3 }, [broken("size", 3, "be a multiple of 2")]],
  ["a fraction for an integer, by all its rules", { size: 2.5 }, [
    nameless("Checked value must be of type integer (default format) in spec.size"),
    broken("size", 2.5, "be a multiple of 2"),
    mistyped("size", "number", "integer"),
    unchecked,
  ]],
  ["a number at an exclusive bound", { ratio: 0 }, [broken("ratio", 0, "be greater than 0")]],
  ["a number at the other exclusive bound", { ratio: 1 }, [broken("ratio", 1, "be less than 1")]],
  ["a number beyond its format", { small: 2 ** 31 }, [
    nameless("Checked value must be of type integer with format int32 in spec.small"),
  ]],
  ["a text too short", { name: "a" }, [broken("name", "a", "be at least 2 chars long")]],
  ["a text that does not match", { name: "A1" }, [broken("name", "A1", "match '^[a-z]+$'")]],
  ["a text too long by that rule alone", { name: "ABCDE" }, [
    "spec.name: Too long: may not be more than 4 bytes",
    unchecked,
  ]],
  ["a value that is not among those allowed", { mode: "C" }, [
    'spec.mode: Unsupported value: "C": supported values: "A", "B"',
    unchecked,
  ]],
  ["a value of another type, by its enum too", { mode: 1 }, [
    mistyped("mode", "integer", "string"),
    'spec.mode: Unsupported value: 1: supported values: "A", "B"',
    unchecked,
  ]],
  ["a text for a boolean", { flag: "true" }, [mistyped("flag", "string", "boolean"), unchecked]],
  ["a boolean for an integer or text", { port: true }, [mistyped("port", "boolean", "integer,string"), unchecked]],
  ["a list too long", { list: ["a", "b", "c"] }, ["spec.list: Too many: 3: must have at most 2 items", unchecked]],
  ["a list too short", { list: [] }, [broken("list", 0, "have at least 1 items")]],
  ["an item of another type", { list: [1] }, [mistyped("list[0]", "integer", "string"), unchecked]],
  ["a set with an item twice", { set: ["a", "a"] }, ['spec.set[1]: Duplicate value: "a"']],
  ["a keyed list with a key twice", { map: [{ k: "a" }, { k: "a", v: "1" }] }, [
    'spec.map[1]: Duplicate value: {"k":"a"}',
  ]],
  ["an item without a required field", { map: [{}] }, ["spec.map[0].k: Required value", unchecked]],
  ["a map with too few entries", { numbers: {} }, [broken("numbers", 0, "have at least 1 properties")]],
  ["a map with too many entries", { numbers: { a: 1, b: 2, c: 3 } }, [
    "spec.numbers: Too many: 3: must have at most 2 items",
    unchecked,
  ]],
  ["a map's value of another type", { numbers: { a: "x" } }, [mistyped("numbers.a", "string", "integer"), unchecked]],
  ["an embedded resource that is none", { embedded: {} }, [
    missing("embedded.apiVersion"),
    missing("embedded.kind"),
    unchecked,
  ]],
  ["what fits none of one schema", { one: {} }, [
    nameless('"spec.one" must validate one and only one schema (oneOf). Found none valid'),
    missing("one.a"),
    unchecked,
  ]],
  ["what fits both of one schema", { one: { a: "x", b: "y" } }, [
    nameless('"spec.one" must validate one and only one schema (oneOf). Found 2 valid alternatives'),
  ]],
  ["what fits none of any schema", { any: {} }, [
    nameless('"spec.any" must validate at least one schema (anyOf)'),
    missing("any.a"),
    unchecked,
  ]],
  ["what fits a schema that it must not", { not: "bad" }, [nameless('"spec.not" must not validate the schema (not)')]],
  ["what does not fit all schemas", { all: "a" }, [
    nameless('"spec.all" must validate all the schemas (allOf)'),
    broken("all", "a", "be at least 2 chars long"),
  ]],
  ["what a rule forbids", { count: 13 }, ["spec.count: Forbidden: is unlucky"]],
];
for (const [name, spec, causes] of refusals) {
  conformanceCase(`a schema refuses ${name}`, async (context) => {
    const create = await widgets(context);
    const { code, body } = await create({ size: 2, ...spec });
    const found = (body.details as JSONObject).causes as { field: string; message: string }[];
    assertEquals([code, found.map(({ field, message }) => `${field}: ${message}`).sort()], [422, causes.toSorted()]);
  });
}

const formats: [format: string, good: string, bad: string][] = [
  ["date-time", "2026-01-01T00:00:00.123+02:00", "2026-13-01T00:00:00Z"],
  ["date", "2026-01-01", "x"],
  ["duration", "1 day", "x"],
  ["email", "a@b.c", "x"],
  ["ipv4", "1.2.3.4", "1.2.3"],
  ["ipv6", "::1", "1.2.3.4"],
  ["uuid", "00000000-0000-4000-8000-000000000000", "x"],
  ["uri", "http://a/b", "x y"],
  ["hostname", "example.com", "a_b"],
  ["byte", "eA==", "!"],
  ["cidr", "10.0.0.0/8", "10"],
  ["mac", "00:00:5e:00:53:01", "x"],
];
for (const [format, good, bad] of formats) {
  conformanceCase(`a schema holds text to the format ${format}`, async (context) => {
    const create = await widgets(context);
    assertEquals((await create({ size: 2, [format]: good })).code, 201);
    const { code, body } = await create({ size: 2, [format]: bad });
    const [cause] = (body.details as JSONObject).causes as { field: string; message: string }[];
    assertEquals([code, `${cause?.field}: ${cause?.message}`], [422, mistypedText(format, bad)]);
  });
}

function mistypedText(format: string, text: string): string {
  return invalid(format, text, `spec.${format} in body must be of type ${format}: ${JSON.stringify(text)}`);
}

/** Specs, and what is stored of them beside the size and the defaults of the root. */
const stored: [name: string, spec: JSONObject, result: JSONObject][] = [
  ["an integer or text is either", { port: 80 }, { port: 80 }],
  ["fields are preserved where the schema says so, nulls too", { free: { any: [null], x: { y: 1 } } }, {
    free: { any: [null], x: { y: 1 } },
  }],
  ["a null that is allowed is kept, whatever the default", { nothing: null }, { nothing: null }],
  ["a null that is not allowed gives way to the default", { mode: null, nested: { deep: null } }, {}],
  ["a null among a map's values goes", { numbers: { a: null, b: 1 } }, { numbers: { b: 1 } }],
  ["items get their defaults", { map: [{ k: "a" }, { k: "b", v: "1" }] }, {
    map: [{ k: "a", v: "d" }, { k: "b", v: "1" }],
  }],
  ["defaults are filled in below what is given, and not below what is absent", { nested: { deep: {}, none: {} } }, {
    nested: { deep: { b: "2" }, none: { c: "3" } },
  }],
  ["an embedded resource keeps its identity, the rest is pruned", {
    embedded: { apiVersion: "v1", kind: "Pod", metadata: { name: "x" }, spec: { a: "1", z: 1 }, z: 1 },
  }, { embedded: { apiVersion: "v1", kind: "Pod", metadata: { name: "x" }, spec: { a: "1" } } }],
];
for (const [name, spec, result] of stored) {
  conformanceCase(name, async (context) => {
    const create = await widgets(context);
    const { code, body } = await create({ size: 2, ...spec });
    const roots = { size: 2, mode: "A", nothing: "x", nested: { deep: { a: "1", b: "2" } } };
    assertEquals([code, body.spec], [201, { ...roots, ...result }]);
  });
}

conformanceCase("a transition rule compares with what was", async (context) => {
  const create = await widgets(context);
  const { body } = await create({ size: 2, count: 5 });
  const { name, namespace } = body.metadata as Record<string, string>;
  const patch = (count: number) =>
    context.api.call("PATCH", `/apis/schemas.kubernaut.ai/v1/namespaces/${namespace}/widgets/${name}`, {
      type: "application/merge-patch+json",
      body: { spec: { count } },
    });
  const refused = await patch(4);
  const [cause] = (refused.body.details as JSONObject).causes as JSONObject[];
  assertEquals([refused.code, cause?.field, cause?.message], [422, "spec.count", "Invalid value: 4: never shrinks"]);
  assertEquals((await patch(6)).code, 200);
});
