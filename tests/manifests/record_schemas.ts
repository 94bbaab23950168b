// Writes tests/fixtures/openapi.json anew: the schemas of the kinds that deploy/ holds, as a real API server and the Prometheus
// operator's CustomResourceDefinitions give them, without descriptions.
//   KUBECONFIG=… deno run -A tests/manifests/record_schemas.ts CRD.yaml…

import { yaml } from "../../deps.ts";
import { systemClock } from "../../lib/clock.ts";
import type { JSONObject, JSONValue } from "../../lib/kube/contract.ts";
import { connect } from "../../lib/kube/kubeconfig.ts";
import { silentLogger } from "../../lib/log.ts";

const kinds: Readonly<Record<string, readonly string[]>> = {
  "api/v1": ["Namespace", "ServiceAccount", "ConfigMap", "Secret"],
  "apis/apps/v1": ["Deployment"],
  "apis/rbac.authorization.k8s.io/v1": ["ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"],
  "apis/policy/v1": ["PodDisruptionBudget"],
  "apis/networking.k8s.io/v1": ["NetworkPolicy"],
  "apis/flowcontrol.apiserver.k8s.io/v1": ["FlowSchema", "PriorityLevelConfiguration"],
  "apis/apiextensions.k8s.io/v1": ["CustomResourceDefinition"],
};

/** By "apiVersion/kind", and what they refer to by their own names. */
const definitions = new Map<string, JSONValue>();

/** What validates, and nothing else; an object with properties takes no others, as the server does under `strict`. */
function reduced(node: JSONValue, isSchema = true): JSONValue {
  if (Array.isArray(node)) return node.map((item) => reduced(item));
  if (typeof node !== "object" || node === null) return node;
  const entries = Object.entries(node).filter(([key, value]) =>
    !isSchema || !(key.startsWith("x-") || ["default", "format"].includes(key) ||
      (key === "description" && typeof value === "string"))
  );
  const made: JSONObject = Object.fromEntries(
    entries.map(([key, value]) => [key, reduced(value, !(isSchema && key === "properties"))]),
  );
  const open = node["x-kubernetes-preserve-unknown-fields"] === true;
  // Go's way to ignore case, in JavaScript's words.
  if (isSchema && typeof made.pattern === "string") made.pattern = made.pattern.replaceAll("(?i)(", "(?i:");
  if (isSchema && made.properties !== undefined && !open) made.additionalProperties = false;
  if (isSchema && node["x-kubernetes-int-or-string"] === true) return { type: ["string", "integer"] };
  return made;
}

function take(name: string, schemas: JSONObject): void {
  if (definitions.has(name) || schemas[name] === undefined) return;
  const text = JSON.stringify(reduced(schemas[name])).replaceAll("#/components/schemas/", "#/definitions/");
  definitions.set(name, JSON.parse(text));
  for (const [, next = ""] of text.matchAll(/#\/definitions\/([^"]+)/g)) take(next, schemas);
}

using client = await connect({ clock: systemClock, log: silentLogger });
for (const [path, wanted] of Object.entries(kinds)) {
  const document = await client.performRequest({ method: "GET", path: `/openapi/v3/${path}`, expectJson: true });
  const schemas = ((document as JSONObject).components as JSONObject).schemas as JSONObject;
  for (const [name, schema] of Object.entries(schemas)) {
    const identity = (schema as JSONObject)["x-kubernetes-group-version-kind"];
    const kind = Array.isArray(identity) ? (identity[0] as JSONObject).kind : undefined;
    if (typeof kind !== "string" || !wanted.includes(kind) || !name.endsWith(`.${kind}`)) continue;
    take(name, schemas);
    definitions.set(`${path.replace(/^apis?\//, "")}/${kind}`, { $ref: `#/definitions/${name}` });
  }
}
for (const file of Deno.args) {
  const { spec } = yaml.parse(await Deno.readTextFile(file));
  const version = spec.versions.find(({ name }: { name: string }) => name === "v1");
  const schema = reduced(version.schema.openAPIV3Schema) as JSONObject;
  (schema.properties as JSONObject).metadata = { type: "object" };
  definitions.set(`${spec.group}/v1/${spec.names.kind}`, schema);
}
const lines = [...definitions].map(([name, schema]) => `${JSON.stringify(name)}: ${JSON.stringify(schema)}`);
const target = new URL("../fixtures/openapi.json", import.meta.url);
await Deno.writeTextFile(target, `{\n${lines.join(",\n")}\n}\n`);
