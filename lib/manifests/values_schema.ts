// What values.yaml of the chart may hold, as JSON Schema: a key that is misspelt is refused before anything is installed. The
// controller's own configuration is described by the program itself.

import type { JSONObject } from "../kube/contract.ts";
import { healthPort, metricsPort } from "./installation.ts";

const text: JSONObject = { type: "string" };
const nonEmpty: JSONObject = { type: "string", minLength: 1 };
const flag: JSONObject = { type: "boolean" };
const map: JSONObject = { type: "object", additionalProperties: { type: "string" } };
const listOf = (items: JSONObject): JSONObject => ({ type: "array", items });
const anyObject: JSONObject = { type: "object" };
const strict = (properties: Record<string, JSONObject>): JSONObject => {
  // The templates look into these. Helm takes away what a user sets to null (a key with nothing below it), and says so then.
  const required = Object.keys(properties).filter((name) => properties[name]?.["properties"] !== undefined);
  return { type: "object", additionalProperties: false, properties, ...(required.length > 0 ? { required } : {}) };
};

/** @param config the schema of the controller's configuration file */
export function valuesSchema(config: JSONObject): JSONObject {
  const { $schema: _, title: __, ...content } = structuredClone(config);
  listens(content, "health", healthPort);
  listens(content, "metrics", metricsPort);
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
      extraVolumes: listOf(anyObject),
      extraVolumeMounts: listOf(anyObject),
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

/** The pod's ports, its probes and its NetworkPolicy are written for one port on every address: the configuration has to agree. */
function listens(config: JSONObject, on: "health" | "metrics", port: number): void {
  const { properties } = config as { properties: Record<string, { properties: Record<string, JSONObject> }> };
  const address = properties[on]?.properties["address"];
  if (!address) throw new Error(`the configuration has no ${on}.address`);
  address["pattern"] = `^(0\\.0\\.0\\.0|\\[::\\])?:${port}$`;
}
