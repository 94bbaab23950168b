// What values.yaml of the chart may hold, as JSON Schema: a key that is misspelt is refused before anything is installed. The
// controller's own configuration is described by the program itself.

import type { JSONObject } from "../kube/contract.ts";

const text: JSONObject = { type: "string" };
const nonEmpty: JSONObject = { type: "string", minLength: 1 };
const flag: JSONObject = { type: "boolean" };
const map: JSONObject = { type: "object", additionalProperties: { type: "string" } };
const listOf = (items: JSONObject): JSONObject => ({ type: "array", items });
const anyObject: JSONObject = { type: "object" };
const strict = (properties: Record<string, JSONObject>, about = ""): JSONObject => ({
  type: "object",
  ...(about ? { description: about } : {}),
  additionalProperties: false,
  properties,
});

/** @param config the schema of the controller's configuration file */
export function valuesSchema(config: JSONObject): JSONObject {
  const { $schema: _, title: __, ...content } = config;
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "Values of the chart kubernaut-workflowexecution",
    ...strict({
      name: { type: "string", pattern: "^[a-z0-9]([-a-z0-9]{0,40}[a-z0-9])?$" },
      image: strict({
        repository: nonEmpty,
        tag: text,
        digest: { type: "string", pattern: "^(sha256:[0-9a-f]{64})?$" },
        pullPolicy: { enum: ["Always", "IfNotPresent", "Never"] },
        pullSecrets: listOf(strict({ name: nonEmpty })),
      }),
      replicas: { type: "integer", minimum: 0 },
      serviceAccount: strict({ create: flag, name: nonEmpty, annotations: map }),
      runner: strict({ create: flag, namespaces: listOf(nonEmpty) }),
      dataStorage: strict({
        enabled: flag,
        service: nonEmpty,
        namespace: text,
        port: { type: "integer", minimum: 1, maximum: 65535 },
      }),
      config: content,
      env: listOf(anyObject),
      auditVolume: {
        oneOf: [{ type: "object", maxProperties: 0 }, {
          ...strict({ mountPath: nonEmpty, source: anyObject }),
          required: ["mountPath", "source"],
        }],
      },
      resources: anyObject,
      podLabels: map,
      podAnnotations: map,
      priorityClassName: text,
      nodeSelector: map,
      tolerations: listOf(anyObject),
      networkPolicy: strict({ enabled: flag, extraEgress: listOf(anyObject) }),
      flowControl: strict({ enabled: flag }),
      crds: strict({ enabled: flag }),
      monitoring: strict({
        podMonitor: strict({ enabled: flag, labels: map }),
        prometheusRule: strict({ enabled: flag, labels: map }),
        dashboard: strict({ enabled: flag, labels: map }),
      }),
      global: anyObject,
    }),
  };
}
