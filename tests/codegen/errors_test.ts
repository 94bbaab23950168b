// Every schema that the generator refuses, and how it names the place.
import { assertEquals, assertThrows } from "@std/assert";
import { filesOf } from "../../lib/codegen/generate.ts";
import { pascal, SchemaError, singular } from "../../lib/codegen/model.ts";
import type { JSONObject, JSONValue } from "../../lib/kube/contract.ts";

const specPlace = "f.yaml: spec.versions[0].schema.openAPIV3Schema.properties.spec";

/** What `filesOf` says of a CRD whose spec has this schema. */
function problem(spec: JSONValue): string {
  return problemOf({
    kind: "CustomResourceDefinition",
    spec: {
      group: "zoo.example",
      scope: "Namespaced",
      names: { kind: "Ant", plural: "ants" },
      versions: [{ name: "v1", schema: { openAPIV3Schema: { type: "object", properties: { spec } } } }],
    },
  });
}

function problemOf(document: JSONValue | string): string {
  const text = typeof document === "string" ? document : JSON.stringify(document);
  return assertThrows(() => filesOf([{ file: "f.yaml", text }]), SchemaError).message;
}

const inSpec = (field: JSONValue): JSONObject => ({ type: "object", properties: { leg: field } });

for (
  const [name, schema, expected] of [
    [
      "no type",
      inSpec({ minLength: 1 }),
      ".properties.leg: has no type; expected type, $ref or x-kubernetes-preserve-unknown-fields",
    ],
    [
      "a type that JSON has not",
      inSpec({ type: "file" }),
      '.properties.leg.type: "file" is not a type that can be handled',
    ],
    [
      "a list of types",
      inSpec({ type: ["string", "null"] }),
      '.properties.leg.type: ["string","null"] is not a type that can be handled',
    ],
    ["a list without items", inSpec({ type: "array" }), ".properties.leg.items: is missing, must be an object"],
    ["several allOf", inSpec({ allOf: [{}, {}] }), ".properties.leg: allOf of 2 schemas, only one can be handled"],
    [
      "properties and additionalProperties",
      inSpec({ type: "object", properties: { a: { type: "string" } }, additionalProperties: true }),
      ".properties.leg: has both properties and additionalProperties, only one can be handled",
    ],
    ["an empty enum", inSpec({ type: "string", enum: [] }), ".properties.leg.enum: must be a list of strings"],
    ["an enum with a number", inSpec({ type: "string", enum: ["a", 1] }), ".properties.leg.enum[1]: is not a string"],
    ["a $ref in a CRD", inSpec({ $ref: "#/x" }), '.properties.leg: $ref "#/x" cannot be followed here'],
    [
      "required that is no list",
      { ...inSpec({ type: "string" }), required: "leg" },
      ".required: must be a list of field names",
    ],
    ["a property that is no schema", inSpec(true), ".properties.leg: must be an object"],
    [
      "an odd name on the way",
      { type: "object", properties: { "odd-leg": { type: "file" } } },
      '.properties["odd-leg"].type: "file" is not a type that can be handled',
    ],
    [
      "deep inside",
      inSpec({ type: "array", items: { type: "object", additionalProperties: { type: "file" } } }),
      '.properties.leg.items.additionalProperties.type: "file" is not a type that can be handled',
    ],
    [
      "two fields that would name one type",
      { type: "object", properties: { "a-b": inSpec({ type: "string" }), aB: inSpec({ type: "string" }) } },
      `.properties.aB: would be named AntSpecAB, which ${specPlace}.properties["a-b"] is already`,
    ],
  ] satisfies [string, JSONValue, string][]
) {
  Deno.test(`a schema is refused, with its place: ${name}`, () => {
    assertEquals(problem(schema), specPlace + expected);
  });
}

const openapi = (more: JSONObject): JSONObject => ({
  openapi: "3.0.0",
  paths: {
    "/apis/zoo.example/v1/ants": {
      post: { "x-kubernetes-group-version-kind": { group: "zoo.example", version: "v1", kind: "Ant" } },
    },
  },
  ...more,
});

for (
  const [name, document, expected] of [
    ["another kind", { kind: "Pod" }, "f.yaml: is a Pod, must be a CustomResourceDefinition or an OpenAPI v3 document"],
    [
      "no object of Kubernetes",
      { a: 1 },
      "f.yaml: is no Kubernetes object, must be a CustomResourceDefinition or an OpenAPI v3 document",
    ],
    ["a list", "- 1", "f.yaml: must be an object"],
    [
      "the second of two documents",
      "kind: List\nitems: []\n---\nkind: Pod\n",
      "f.yaml (document 2): is a Pod, must be a CustomResourceDefinition or an OpenAPI v3 document",
    ],
    [
      "an item of a list",
      { kind: "List", items: [{ kind: "Pod" }] },
      "f.yaml: items[0]: is a Pod, must be a CustomResourceDefinition or an OpenAPI v3 document",
    ],
    ["a CRD without spec", { kind: "CustomResourceDefinition" }, "f.yaml: spec: is missing, must be an object"],
    [
      "a CRD without group",
      { kind: "CustomResourceDefinition", spec: { names: {} } },
      "f.yaml: spec.group: is missing, must be a string",
    ],
    [
      "a version without schema",
      {
        kind: "CustomResourceDefinition",
        spec: { group: "g", scope: "Cluster", names: { kind: "K", plural: "ks" }, versions: [{ name: "v1" }] },
      },
      "f.yaml: spec.versions[0].schema: is missing, must be an object",
    ],
    ["OpenAPI 2", openapi({ openapi: "2.0" }), "f.yaml: openapi: must be a 3.x version"],
    [
      "OpenAPI without an API path",
      openapi({ paths: {} }),
      "f.yaml: paths: has no path of an API group, so the group and version are not known",
    ],
    [
      "OpenAPI with a kind that has no schema",
      openapi({}),
      "f.yaml: paths: speak of kind Ant, which has no schema in the document",
    ],
    [
      "OpenAPI with a reference to nothing",
      openapi({
        components: {
          schemas: { "a.v1.Ant": { type: "object", properties: { leg: { $ref: "#/components/schemas/a.v1.Leg" } } } },
        },
      }),
      'f.yaml: components.schemas["a.v1.Ant"].properties.leg: $ref "#/components/schemas/a.v1.Leg" names no schema of this document',
    ],
  ] satisfies [string, JSONValue, string][]
) {
  Deno.test(`a document is refused, with its place: ${name}`, () => {
    assertEquals(problemOf(document), expected);
  });
}

Deno.test("YAML that does not parse is refused with its line", () => {
  const message = problemOf("a: [1\nb: 2");
  assertEquals(message.startsWith("f.yaml: "), true, message);
  assertEquals(/at line \d+, column \d+/.test(message), true, message);
});

Deno.test("one type declared by two documents is refused", () => {
  const crd = (file: string) => ({
    file,
    text: JSON.stringify({
      kind: "CustomResourceDefinition",
      spec: {
        group: "zoo.example",
        scope: "Cluster",
        names: { kind: "Ant", plural: "ants" },
        versions: [{ name: "v1", schema: { openAPIV3Schema: { type: "object" } } }],
      },
    }),
  });
  const error = assertThrows(() => filesOf([crd("a.yaml"), crd("b.yaml")]), SchemaError);
  assertEquals(error.message, "b.yaml: declares Ant of zoo.example/v1, which another document did already");
});

Deno.test("names: pascal and singular", () => {
  assertEquals(["container-image", "v1alpha1", "x.y_z", "aB"].map(pascal), ["ContainerImage", "V1alpha1", "XYZ", "AB"]);
  assertEquals(
    ["childReferences", "steps", "policies", "classes", "boxes", "status", "finally", "ss", "analysis"].map(
      singular,
    ),
    ["childReference", "step", "policy", "class", "box", "status", "finally", "ss", "analysis"],
  );
});
