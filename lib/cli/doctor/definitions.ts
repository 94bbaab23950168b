// Our CustomResourceDefinition: there, served, and not older than this program. Within a version the schema is only ever
// widened, so that a cluster's may hold more than ours, and must not hold less.

import { yaml } from "../../../deps.ts";
import { workflowExecutionCrd } from "../../codegen/builtin.ts";
import { listPath } from "../../controller/api.ts";
import type { JSONObject, JSONValue } from "../../kube/contract.ts";
import { apiVersion, crdName } from "../../workflow/names.ts";
import { isObject } from "../../workflow/read.ts";
import { type Finding, look, objectsAt, type Patient } from "./finding.ts";

const check = "crd";
const install = "kubernaut-we crds install";

export async function definitions({ client, config }: Patient): Promise<Finding> {
  const seen = await look(client, `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${crdName}`);
  if (seen.is === "absent") return { check, status: "fail", message: `${crdName} is not installed`, mend: install };
  if (seen.is === "hidden") return await servedAtLeast(client, config.namespaces[0] ?? "", seen.why);
  const established = objectsAt(seen.object, "status", "conditions")
    .some(({ type, status }) => type === "Established" && status === "True");
  const there = versionOf(seen.object);
  if (!there || there["served"] !== true || !established) {
    return { check, status: "fail", message: `${crdName} does not serve ${apiVersion}`, mend: install };
  }
  const ours = versionOf(yaml.parse(workflowExecutionCrd.text) as JSONObject);
  const [first] = missing(ours?.["schema"], there["schema"], "");
  if (first !== undefined) {
    return { check, status: "fail", message: `${crdName} is older than this program: ${first}`, mend: install };
  }
  const [newer] = missing(there["schema"], ours?.["schema"], "");
  if (newer === undefined) return { check, status: "ok", message: `${apiVersion}, with this program's schema` };
  return { check, status: "warn", message: `${crdName} is newer than this program: ${newer}` };
}

/** Without the right to read the definition: whether it is served can still be seen. */
async function servedAtLeast(client: Patient["client"], namespace: string, why: string): Promise<Finding> {
  const list = await look(client, listPath("execution", namespace), { limit: "1" });
  if (list.is === "absent") {
    return { check, status: "fail", message: `the cluster serves no ${apiVersion}`, mend: install };
  }
  return { check, status: "unknown", message: `its schema cannot be compared: ${why}` };
}

function versionOf(crd: JSONObject): JSONObject | undefined {
  return objectsAt(crd, "spec", "versions").find(({ name }) => name === apiVersion.split("/")[1]);
}

/** Where `from` has something that `in_` has not, or has otherwise: one line a place. Descriptions do not count. */
function* missing(from: JSONValue | undefined, in_: JSONValue | undefined, path: string): Generator<string> {
  if (isObject(from) && isObject(in_)) {
    for (const [key, value] of Object.entries(from)) {
      if (key === "description" && typeof value === "string") continue;
      if (in_[key] === undefined) yield `${short(path)} has no ${key}`;
      else yield* missing(value, in_[key], `${path}.${key}`);
    }
  } else if (Array.isArray(from) && Array.isArray(in_)) {
    // Order means nothing in a schema's lists: enums, required fields, rules.
    const there = new Set(in_.map((item) => canonical(item)));
    for (const item of from) {
      if (!there.has(canonical(item))) yield `${short(path)} has no ${canonical(item).slice(0, 80)}`;
    }
  } else if (from !== in_) {
    yield `${short(path)} is ${JSON.stringify(in_)}, should be ${JSON.stringify(from)}`;
  }
}

function canonical(value: JSONValue): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (!isObject(value)) return JSON.stringify(value);
  const entries = Object.entries(value).filter(([key]) => key !== "message").toSorted(([a], [b]) => a < b ? -1 : 1);
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonical(item ?? null)}`).join(",")}}`;
}

/** `.openAPIV3Schema.properties.spec.properties.timeout` → `spec.timeout`. */
function short(path: string): string {
  return path.replace(/^\.openAPIV3Schema/, "").replaceAll(/\.properties(?=\.|$)/g, "").replace(/^\./, "") ||
    "the schema";
}
