// A custom resource with one field for each thing that a structural schema can say, for the cases on validation, defaulting and
// pruning.
import type { JSONObject } from "../../lib/kube/contract.ts";
import type { Answer } from "./backend.ts";
import { type CaseContext, eventually, executionsCrd } from "./harness.ts";

export const widgetsName = "widgets.schemas.kubernaut.ai";
export const widgetsVersion = "schemas.kubernaut.ai/v1";
const text: JSONObject = { type: "string" };
const keyed: JSONObject = {
  type: "object",
  required: ["k"],
  properties: { k: text, v: { type: "string", default: "d" } },
};
const either = [{ required: ["a"] }, { required: ["b"] }];

const spec: JSONObject = {
  type: "object",
  required: ["size"],
  properties: {
    size: { type: "integer", minimum: 1, maximum: 10, multipleOf: 2 },
    ratio: { type: "number", minimum: 0, exclusiveMinimum: true, maximum: 1, exclusiveMaximum: true },
    small: { type: "integer", format: "int32" },
    name: { type: "string", minLength: 2, maxLength: 4, pattern: "^[a-z]+$" },
    mode: { type: "string", enum: ["A", "B"], default: "A" },
    flag: { type: "boolean" },
    port: { "x-kubernetes-int-or-string": true },
    ...Object.fromEntries(
      ["date-time", "date", "duration", "email", "ipv4", "ipv6", "uuid", "uri", "hostname", "byte", "cidr", "mac"].map(
        (format) => [format, { type: "string", format }],
      ),
    ),
    list: { type: "array", minItems: 1, maxItems: 2, items: text },
    set: { type: "array", "x-kubernetes-list-type": "set", items: text },
    map: { type: "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["k"], items: keyed },
    numbers: { type: "object", minProperties: 1, maxProperties: 2, additionalProperties: { type: "integer" } },
    free: { type: "object", "x-kubernetes-preserve-unknown-fields": true, properties: { known: { type: "integer" } } },
    nothing: { type: "string", nullable: true, default: "x" },
    embedded: {
      type: "object",
      "x-kubernetes-embedded-resource": true,
      properties: { spec: { type: "object", properties: { a: text } } },
    },
    nested: {
      type: "object",
      default: {},
      properties: {
        deep: { type: "object", default: { a: "1" }, properties: { a: text, b: { type: "string", default: "2" } } },
        none: { type: "object", properties: { c: { type: "string", default: "3" } } },
      },
    },
    one: { type: "object", oneOf: either, properties: { a: text, b: text } },
    any: { type: "object", anyOf: either, properties: { a: text, b: text } },
    not: { type: "string", not: { enum: ["bad"] } },
    all: { type: "string", allOf: [{ minLength: 2 }, { maxLength: 3 }] },
    count: {
      type: "integer",
      "x-kubernetes-validations": [
        { rule: "self >= oldSelf", message: "never shrinks" },
        { rule: "self != 13", message: "is unlucky", reason: "FieldValueForbidden" },
      ],
    },
  },
};

const definition: JSONObject = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: widgetsName },
  spec: {
    group: "schemas.kubernaut.ai",
    scope: "Namespaced",
    names: { kind: "Widget", plural: "widgets" },
    versions: [{
      name: "v1",
      served: true,
      storage: true,
      schema: { openAPIV3Schema: { type: "object", properties: { spec } } },
    }],
  },
};

/** The path of the Widgets in the case's namespace; their definition is installed first. */
export async function widgetsPath({ api, namespace }: CaseContext): Promise<string> {
  const path = `/apis/${widgetsVersion}/namespaces/${namespace}/widgets`;
  if ((await api.call("GET", `${executionsCrd}/${widgetsName}`)).code === 404) {
    await api.ok("POST", executionsCrd, { body: definition });
  }
  await eventually(async () => (await api.call("GET", path)).code === 200);
  return path;
}

/** What creates a Widget of the given spec in the case's namespace. */
export async function widgets(context: CaseContext): Promise<(spec: JSONObject) => Promise<Answer>> {
  const path = await widgetsPath(context);
  const metadata = { generateName: "w-" };
  return (spec) =>
    context.api.call("POST", path, { body: { apiVersion: widgetsVersion, kind: "Widget", metadata, spec } });
}
