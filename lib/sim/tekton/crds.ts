// The CustomResourceDefinitions of Tekton as the simulated API server needs them: names, status subresource and printed columns
// are Tekton's own, the schema lets everything through, because what is wrong in a PipelineRun is Tekton's affair here.

import type { JSONObject } from "../../kube/contract.ts";

/** PipelineRuns and TaskRuns of tekton.dev/v1. */
export function tektonCustomResourceDefinitions(): JSONObject[] {
  return [definition("PipelineRun", ["pr", "prs"]), definition("TaskRun", ["tr", "trs"])];
}

function definition(kind: string, shortNames: string[]): JSONObject {
  const singular = kind.toLowerCase();
  const condition = `.status.conditions[?(@.type=="Succeeded")]`;
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${singular}s.tekton.dev`, labels: { "app.kubernetes.io/part-of": "tekton-pipelines" } },
    spec: {
      group: "tekton.dev",
      names: {
        kind,
        listKind: `${kind}List`,
        plural: `${singular}s`,
        singular,
        shortNames,
        categories: ["tekton", "tekton-pipelines"],
      },
      scope: "Namespaced",
      versions: [{
        name: "v1",
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } },
        subresources: { status: {} },
        additionalPrinterColumns: [
          { name: "Succeeded", type: "string", jsonPath: `${condition}.status` },
          { name: "Reason", type: "string", jsonPath: `${condition}.reason` },
          { name: "StartTime", type: "date", jsonPath: ".status.startTime" },
          { name: "CompletionTime", type: "date", jsonPath: ".status.completionTime" },
        ],
      }],
    },
  };
}
