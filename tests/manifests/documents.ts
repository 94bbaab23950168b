// Manifests as tests look at them: YAML streams as objects, found by kind and name, and their faults by the schemas of the API
// server (tests/fixtures/openapi.json), where an unknown field is one.

import { Ajv } from "ajv";
import { yaml } from "../../deps.ts";
import type { JSONObject } from "../../lib/kube/contract.ts";

export function documents(text: string): JSONObject[] {
  return yaml.parseAllDocuments(text).map((document) => {
    const [fault] = document.errors;
    if (fault) throw fault;
    return document.toJS();
  }).filter((object) => object !== null);
}

export function identityOf(object: JSONObject): string {
  const { namespace = "", name = "" } = object.metadata as { namespace?: string; name?: string };
  return `${object.kind} ${namespace && `${namespace}/`}${name}`;
}

/** The only object of this kind, or the one of this name. */
export function only(objects: readonly JSONObject[], kind: string, name?: string): JSONObject {
  const found = objects.filter((each) =>
    each.kind === kind && (name === undefined || (each.metadata as JSONObject).name === name)
  );
  const [object] = found;
  if (object === undefined || found.length > 1) throw new Error(`there are ${found.length} of ${kind} ${name ?? ""}`);
  return object;
}

/** What is at a path of keys. */
export function at(object: unknown, ...path: (string | number)[]): unknown {
  return path.reduce((node, key) => (node as Record<string | number, unknown> | undefined)?.[key], object);
}

type Check = (object: JSONObject) => string[];
let check: Promise<Check> | undefined;

/** Says what is wrong with an object, a line a fault. Schemas are read and compiled once for all tests of a file. */
export function schemaCheck(): Promise<Check> {
  return check ??= readSchemas();
}

async function readSchemas(): Promise<Check> {
  const definitions = JSON.parse(await Deno.readTextFile(new URL("../fixtures/openapi.json", import.meta.url)));
  const ajv = new Ajv({ strict: false, allErrors: true });
  const root = "https://schemas.invalid/kubernetes";
  ajv.addSchema({ $id: root, definitions });
  return (object) => {
    const name = `${object.apiVersion}/${object.kind}`;
    if (definitions[name] === undefined) return [`${identityOf(object)}: no schema of ${name} is at hand`];
    const validate = ajv.getSchema(`${root}#/definitions/${name.replaceAll("/", "~1")}`);
    if (!validate) throw new Error(`the schema of ${name} cannot be read`);
    if (validate(object)) return [];
    return (validate.errors ?? []).map(({ instancePath, message, params }) =>
      `${identityOf(object)}: ${instancePath || "/"} ${message} ${JSON.stringify(params)}`
    );
  };
}
