// JSON Schema, as Kubernetes writes it in CustomResourceDefinitions and OpenAPI v3, → shapes and structs of one module.
// Objects and enums get names from where they stand. What it does not understand ends with a SchemaError, never with a guess.
import type { JSONObject, JSONValue } from "../kube/contract.ts";
import { type EnumType, pascal, SchemaError, type Shape, singular, type Struct } from "./model.ts";

/** What `$ref` means is the business of the document that holds it. */
export type ResolveRef = (ref: string, place: string) => Shape;

const noRefs: ResolveRef = (ref, place) => {
  throw new SchemaError(place, `$ref ${JSON.stringify(ref)} cannot be followed here`);
};

/** The types of one module, as they are found. */
export class SchemaReader {
  readonly structs: Struct[] = [];
  readonly enums: EnumType[] = [];
  #places = new Map<string, string>();

  readonly #resolveRef: ResolveRef;

  constructor(resolveRef: ResolveRef = noRefs) {
    this.#resolveRef = resolveRef;
  }

  /** The type of a value; `name` is what a struct or enum there is called. */
  shape(schema: JSONValue | undefined, name: string, place: string): Shape {
    const node = objectAt(schema, place);
    if (typeof node["$ref"] === "string") return this.#resolveRef(node["$ref"], place);
    const allOf = node["allOf"];
    if (Array.isArray(allOf) && node["type"] === undefined) {
      if (allOf.length !== 1) throw new SchemaError(place, `allOf of ${allOf.length} schemas, only one can be handled`);
      return this.shape(allOf[0], name, `${place}.allOf[0]`);
    }
    if (node["x-kubernetes-int-or-string"] === true || node["format"] === "int-or-string") return intOrQuantity(node);
    switch (node["type"]) {
      case "string":
        return this.#string(node, name, place);
      case "integer":
      case "number":
        return { is: "number" };
      case "boolean":
        return { is: "boolean" };
      case "array":
        return { is: "list", of: this.shape(node["items"], singularName(name), `${place}.items`) };
      case "object":
        return this.#object(node, name, place);
      case undefined:
        if (node["properties"]) return this.#object(node, name, place);
        if (node["x-kubernetes-preserve-unknown-fields"] === true || isAnything(node)) return { is: "json" };
        throw new SchemaError(place, "has no type; expected type, $ref or x-kubernetes-preserve-unknown-fields");
      default:
        throw new SchemaError(`${place}.type`, `${JSON.stringify(node["type"])} is not a type that can be handled`);
    }
  }

  /** Declares the struct that an object schema describes. `leaveOut`: fields that the caller adds. */
  struct(node: JSONObject, name: string, place: string, leaveOut: readonly string[] = []): Struct {
    const struct: Struct = { name, description: text(node["description"]), fields: [] };
    this.#claim(name, place);
    this.structs.push(struct);
    const properties = objectAt(node["properties"] ?? {}, `${place}.properties`);
    const required = requiredNames(node, place);
    for (const field of Object.keys(properties).sort()) {
      if (leaveOut.includes(field)) continue;
      const fieldPlace = `${place}.properties${step(field)}`;
      const schema = objectAt(properties[field], fieldPlace);
      struct.fields.push({
        name: field,
        required: required.has(field) && schema["nullable"] !== true,
        shape: this.shape(schema, name + pascal(field), fieldPlace),
        description: text(schema["description"]),
      });
    }
    return struct;
  }

  #string(node: JSONObject, name: string, place: string): Shape {
    if (node["format"] === "date-time") return { is: "Time" };
    const values = node["enum"];
    if (values === undefined) return { is: "string" };
    if (!Array.isArray(values) || values.length === 0) {
      throw new SchemaError(`${place}.enum`, "must be a list of strings");
    }
    for (const [i, value] of values.entries()) {
      if (typeof value !== "string") throw new SchemaError(`${place}.enum[${i}]`, "is not a string");
    }
    this.#claim(name, place);
    this.enums.push({ name, values: values as string[] });
    return { is: "enum", name };
  }

  #object(node: JSONObject, name: string, place: string): Shape {
    const additional = node["additionalProperties"];
    const hasProperties = node["properties"] !== undefined &&
      Object.keys(objectAt(node["properties"], place)).length > 0;
    const isMap = additional !== undefined && additional !== false;
    if (isMap && hasProperties) {
      throw new SchemaError(place, "has both properties and additionalProperties, only one can be handled");
    }
    if (hasProperties) {
      this.struct(node, name, place);
      return { is: "struct", name };
    }
    if (!isMap) return { is: "json" };
    if (additional === true || isAnything(additional)) return { is: "map", of: { is: "json" } };
    return { is: "map", of: this.shape(additional, singularName(name), `${place}.additionalProperties`) };
  }

  #claim(name: string, place: string): void {
    const taken = this.#places.get(name);
    if (taken) throw new SchemaError(place, `would be named ${name}, which ${taken} is already`);
    this.#places.set(name, place);
  }
}

/** The schema there, or a SchemaError. */
export function objectAt(value: JSONValue | undefined, place: string): JSONObject {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  throw new SchemaError(place, value === undefined ? "is missing, must be an object" : "must be an object");
}

/** A step of a path: `.name`, or `["odd name"]`. */
export function step(key: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
}

export function text(value: JSONValue | undefined): string {
  return typeof value === "string" ? value.trim() : "";
}

function requiredNames(node: JSONObject, place: string): Set<string> {
  const required = node["required"] ?? [];
  if (!Array.isArray(required) || !required.every((name) => typeof name === "string")) {
    throw new SchemaError(`${place}.required`, "must be a list of field names");
  }
  return new Set(required as string[]);
}

/** A schema that says nothing about the value, as OpenAPI v3 writes JSON and RawExtension. */
function isAnything(schema: JSONValue | undefined): boolean {
  return typeof schema === "object" && schema !== null &&
    Object.keys(schema).every((key) => ["description", "title", "nullable", "default", "example"].includes(key));
}

/** controller-gen writes a Quantity as int-or-string with the pattern of quantities. */
function intOrQuantity(node: JSONObject): Shape {
  return { is: text(node["pattern"]).startsWith("^(\\+|-)?((") ? "Quantity" : "IntOrString" };
}

function singularName(name: string): string {
  const one = singular(name);
  return one === name ? `${name}Item` : one;
}
