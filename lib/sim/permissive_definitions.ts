// CustomResourceDefinitions that accept anything: for kinds whose own schema is not at hand. Tekton's are among them, with
// the columns that kubectl shows for them.
import type { JSONObject } from "../kube/contract.ts";

export interface Names {
  group: string;
  version: string;
  kind: string;
  plural: string;
  shortNames?: string[];
  categories?: string[];
}

/** A namespaced kind whose spec and status are kept as they are given. */
export function permissiveDefinition(
  names: Names,
  columns: JSONObject[] = [],
  options: { status?: boolean } = {},
): JSONObject {
  const version: JSONObject = {
    name: names.version,
    served: true,
    storage: true,
    schema: { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } },
    additionalPrinterColumns: columns,
    subresources: options.status === false ? {} : { status: {} },
  };
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${names.plural}.${names.group}` },
    spec: {
      group: names.group,
      scope: "Namespaced",
      names: {
        kind: names.kind,
        plural: names.plural,
        singular: names.kind.toLowerCase(),
        listKind: `${names.kind}List`,
        ...(names.shortNames && { shortNames: names.shortNames }),
        ...(names.categories && { categories: names.categories }),
      },
      versions: [version],
    },
  };
}

/** PipelineRun, TaskRun, Pipeline and Task of tekton.dev/v1. */
export function tektonDefinitions(): JSONObject[] {
  const tekton = { group: "tekton.dev", version: "v1", categories: ["tekton", "tekton-pipelines"] };
  const column = (name: string, type: string, jsonPath: string): JSONObject => ({ name, type, jsonPath });
  const runColumns = [
    column("Succeeded", "string", '.status.conditions[?(@.type=="Succeeded")].status'),
    column("Reason", "string", '.status.conditions[?(@.type=="Succeeded")].reason'),
    column("StartTime", "date", ".status.startTime"),
    column("CompletionTime", "date", ".status.completionTime"),
  ];
  return [
    permissiveDefinition(
      { ...tekton, kind: "PipelineRun", plural: "pipelineruns", shortNames: ["pr", "prs"] },
      runColumns,
    ),
    permissiveDefinition({ ...tekton, kind: "TaskRun", plural: "taskruns", shortNames: ["tr", "trs"] }, runColumns),
    permissiveDefinition({ ...tekton, kind: "Pipeline", plural: "pipelines" }, [], { status: false }),
    permissiveDefinition({ ...tekton, kind: "Task", plural: "tasks" }, [], { status: false }),
  ];
}
