// What the generator prints, word for word, and that it prints it as `deno fmt` would.
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { builtinFiles, filesOf } from "../../lib/codegen/generate.ts";
import type { JSONObject } from "../../lib/kube/contract.ts";

const golden = new URL("./golden/", import.meta.url);
const read = (name: string) => Deno.readTextFileSync(new URL(name, golden));

for (
  const [name, source, path] of [
    ["a CustomResourceDefinition", "crd", "harbour.example/v1.ts"],
    ["an OpenAPI v3 document", "openapi", "dock.example/v1.ts"],
  ] as const
) {
  Deno.test(`filesOf prints ${name} as recorded`, () => {
    const files = filesOf([{ file: `${source}.yaml`, text: read(`${source}.yaml`) }]);
    assertEquals([...files.keys()].sort(), ["codec.ts", "operations.ts", path].sort());
    assertEquals(files.get(path), read(`${source}.ts.txt`));
  });
}

Deno.test("filesOf does not depend on the order of documents, nor of keys", () => {
  const crd = { file: "crd.yaml", text: read("crd.yaml") };
  const openapi = { file: "openapi.yaml", text: read("openapi.yaml") };
  const one = filesOf([crd, openapi]);
  assertEquals([...filesOf([openapi, crd])], [...one]);
  assertEquals([...filesOf([{ file: "both.yaml", text: `${crd.text}---\n${openapi.text}` }])], [...one]);
});

Deno.test("filesOf joins the kinds of one group and version in one module, from a List too", () => {
  const source = (kind: string) => ({ file: kind, text: JSON.stringify(crdOf(kind, { type: "object" })) });
  const list = { kind: "List", items: [crdOf("Ant", { type: "object" }), crdOf("Bee", { type: "object" })] };
  const files = filesOf([source("Ant"), source("Bee")]);
  assert(files.get("zoo.example/v1.ts")?.includes("getAntList("));
  assert(files.get("zoo.example/v1.ts")?.includes("getBeeList("));
  assertEquals([...filesOf([{ file: "list", text: JSON.stringify(list) }])], [...files]);
});

Deno.test("what the generator prints is what deno fmt would print", async () => {
  await using folder = await temporaryFolder();
  for (const [path, text] of builtinFiles()) write(`${folder.path}/generated/${path}`, text);
  let count = 0;
  fc.assert(
    fc.property(objectSchema, fc.integer({ min: 1, max: 60 }), (spec, length) => {
      const kind = "K".padEnd(length, "ind");
      const files = filesOf([{ file: "random", text: JSON.stringify(crdOf(kind, spec, length)) }]);
      for (const [path, text] of files) if (path.includes("/")) write(`${folder.path}/${count++}.ts`, text);
    }),
    { numRuns: 150, seed: 7 },
  );
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["fmt", "--check", "--no-config", "--line-width", "120", folder.path],
    env: { NO_COLOR: "1" },
  }).output();
  assertEquals(code, 0, new TextDecoder().decode(stderr));
});

/** Schemas with names short and long, so that every line is tried on both sides of the margin. */
const fieldName = fc.oneof(
  fc.string({ unit: fc.constantFrom(..."abcXYZ"), minLength: 1, maxLength: 45 }).map((name) => `f${name}`),
  fc.constantFrom("odd-name", "default", "class", "apiVersion"),
);
const leafSchema: fc.Arbitrary<JSONObject> = fc.oneof(
  fc.constantFrom<JSONObject>(
    { type: "string" },
    { type: "integer" },
    { type: "boolean" },
    { type: "string", format: "date-time" },
    { "x-kubernetes-preserve-unknown-fields": true },
    { "x-kubernetes-int-or-string": true },
    { "x-kubernetes-int-or-string": true, pattern: "^(\\+|-)?((" },
  ),
  fc.uniqueArray(fieldName, { minLength: 1, maxLength: 9 }).map((words) => ({ type: "string", enum: words })),
);
const { objectSchema } = fc.letrec<{ anySchema: JSONObject; objectSchema: JSONObject }>((tie) => ({
  anySchema: fc.oneof(
    { depthSize: "small" },
    leafSchema,
    tie("anySchema").map((items) => ({ type: "array", items })),
    tie("anySchema").map((values) => ({ type: "object", additionalProperties: values })),
    tie("objectSchema"),
  ),
  objectSchema: fc.record({
    type: fc.constant("object"),
    description: fc.string({ unit: fc.constantFrom("a", " ", "some longer words"), maxLength: 30 }),
    properties: fc.dictionary(fieldName, tie("anySchema"), { minKeys: 1, maxKeys: 5 }),
  }).map((schema) => ({
    ...schema,
    required: Object.keys(schema.properties).filter((name) => name.length % 2 === 0),
  })),
}));

function crdOf(kind: string, spec: JSONObject, length = 3): JSONObject {
  const group = length === 3 ? "zoo.example" : `${"g".padEnd(length, "h")}.example`;
  return {
    kind: "CustomResourceDefinition",
    spec: {
      group,
      scope: length % 2 ? "Namespaced" : "Cluster",
      names: { kind, plural: `${kind.toLowerCase()}s` },
      versions: [{
        name: "v1",
        subresources: length % 3 ? { status: {} } : {},
        schema: { openAPIV3Schema: { type: "object", properties: { spec } } },
      }],
    },
  };
}

function write(file: string, text: string): void {
  Deno.mkdirSync(file.slice(0, file.lastIndexOf("/")), { recursive: true });
  Deno.writeTextFileSync(file, text);
}

async function temporaryFolder(): Promise<AsyncDisposable & { path: string }> {
  const path = await Deno.makeTempDir();
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}
