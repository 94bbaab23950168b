// Objects as YAML that people read: one document each, in the order given, and above each rule of a Role the reasons from the
// table of calls. What is generated says so, and how.

import type { JSONObject, JSONValue } from "../kube/contract.ts";
import { yaml } from "../../deps.ts";
import { reasonsOf } from "./rbac.ts";

/** The first lines of a generated file. */
export const generatedNote = "# Written by `deno task manifests` from lib/manifests. Do not edit.\n";

export function manifestText(objects: readonly JSONObject[]): string {
  return objects.map(objectText).join("---\n");
}

export function objectText(object: JSONObject): string {
  // kubectl reads YAML 1.1, where a namespace called no or y would be a boolean: such texts are quoted.
  const document = new yaml.Document(object, { aliasDuplicateObjects: false, compat: "yaml-1.1" });
  const rules = document.get("rules");
  if (yaml.isSeq(rules)) {
    for (const [index, rule] of (object.rules as JSONValue[]).entries()) {
      const reasons = reasonsOf(rule as JSONObject);
      const node = rules.items[index];
      if (!yaml.isMap(node)) continue;
      if (reasons.length > 0) node.commentBefore = reasons.map((line) => ` ${line}`).join("\n");
      for (const { value } of node.items) if (yaml.isSeq(value)) value.flow = true;
    }
  }
  return document.toString({ lineWidth: 0, flowCollectionPadding: false });
}
