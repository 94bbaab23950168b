// CustomResourceDefinition → modules, one for each version that it serves. Types are named by kind and path:
// `spec.workflowRef` of WorkflowExecution is WorkflowExecutionSpecWorkflowRef.
import type { JSONObject } from "../kube/contract.ts";
import { type Module, SchemaError, type Verb } from "./model.ts";
import { objectAt, SchemaReader, text } from "./schema.ts";
import { addKind } from "./kinds.ts";

const verbs: readonly Verb[] = ["list", "create", "deletecollection", "get", "replace", "patch", "delete"];
const statusVerbs: readonly Verb[] = ["get", "replace", "patch"];

/** Reads one apiextensions.k8s.io/v1 CustomResourceDefinition. `file` names it in errors. */
export function modulesOfCrd(crd: JSONObject, file: string): Module[] {
  const spec = objectAt(crd["spec"], `${file}: spec`);
  const names = objectAt(spec["names"], `${file}: spec.names`);
  const group = textAt(spec, "group", `${file}: spec`);
  const kind = textAt(names, "kind", `${file}: spec.names`);
  const versions = spec["versions"];
  if (!Array.isArray(versions)) throw new SchemaError(`${file}: spec.versions`, "must be a list");
  return versions.flatMap((entry, i) => {
    const place = `${file}: spec.versions[${i}]`;
    const version = objectAt(entry, place);
    if (version["served"] === false) return [];
    const name = { group, version: textAt(version, "name", place) };
    const schemaPlace = `${place}.schema.openAPIV3Schema`;
    const schema = objectAt(objectAt(version["schema"], `${place}.schema`)["openAPIV3Schema"], schemaPlace);
    const reader = new SchemaReader();
    addKind(reader, name, kind, schema, schemaPlace);
    const subresources = objectAt(version["subresources"] ?? {}, `${place}.subresources`);
    const namespaced = textAt(spec, "scope", `${file}: spec`) === "Namespaced";
    return [{
      name,
      structs: reader.structs,
      enums: reader.enums,
      resources: [{
        kind,
        plural: textAt(names, "plural", `${file}: spec.names`),
        namespaced,
        verbs: new Set(verbs),
        listedForAllNamespaces: namespaced,
        statusVerbs: new Set(subresources["status"] ? statusVerbs : []),
      }],
    }];
  });
}

function textAt(node: JSONObject, field: string, place: string): string {
  const value = text(node[field]);
  if (!value) throw new SchemaError(`${place}.${field}`, "is missing, must be a string");
  return value;
}
