// The controller's Deployment and its configuration. The pod is as restricted as Pod Security's strictest level asks, and
// more: read-only root, no service links, nothing writable but what an audit directory needs.

import { createHash } from "node:crypto";
import type { JSONObject, JSONValue } from "../kube/contract.ts";
import { yaml } from "../../deps.ts";
import {
  configDirectory,
  configFileName,
  healthPort,
  type Installation,
  labelsOf,
  metricsPort,
  selectorOf,
  terminationGraceSeconds,
  userId,
} from "./installation.ts";

/** What people change most; the chart hands in template expressions. */
export interface PodSettings {
  readonly replicas?: JSONValue;
  readonly resources?: JSONValue;
  readonly imagePullPolicy?: string;
  readonly environment?: JSONValue;
  readonly podLabels?: JSONObject;
  readonly podAnnotations?: JSONObject;
  /** Merged into the pod's spec. */
  readonly pod?: JSONObject;
  readonly mounts?: readonly JSONValue[];
  readonly volumes?: readonly JSONValue[];
  /** Whether a volume is to be writable for the controller. */
  readonly fsGroup?: boolean;
}

/** A goal that the container keeps with 10,000 executions; the README says what to give it for more. */
export const resources: JSONObject = {
  requests: { cpu: "50m", memory: "128Mi" },
  limits: { memory: "128Mi" },
};

export function configMap(i: Installation): JSONObject {
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: i.name, namespace: i.namespace, labels: labelsOf(i) },
    data: { [configFileName]: configText(i.config) },
  };
}

export function configText(config: JSONObject): string {
  return yaml.stringify(config);
}

/** Changes with the configuration, so that a new one is rolled out. */
export function configChecksum(config: JSONObject): JSONObject {
  return { "kubernaut.ai/config-checksum": createHash("sha256").update(configText(config)).digest("hex").slice(0, 16) };
}

export function deployment(i: Installation, settings: PodSettings = {}): JSONObject {
  const { podAnnotations, podLabels } = settings;
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: i.name, namespace: i.namespace, labels: labelsOf(i) },
    spec: {
      replicas: settings.replicas ?? i.replicas,
      // A successor fills its caches while its predecessor still works; the leader's Lease decides who does.
      strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
      revisionHistoryLimit: 3,
      selector: { matchLabels: selectorOf(i) },
      template: {
        metadata: {
          labels: { ...labelsOf(i), ...podLabels },
          ...(podAnnotations ? { annotations: podAnnotations } : {}),
        },
        spec: {
          serviceAccountName: i.controllerAccount,
          automountServiceAccountToken: true,
          enableServiceLinks: false,
          terminationGracePeriodSeconds: terminationGraceSeconds,
          securityContext: {
            runAsNonRoot: true,
            runAsUser: userId,
            runAsGroup: userId,
            ...(i.auditDirectory || settings.fsGroup ? { fsGroup: userId } : {}),
            seccompProfile: { type: "RuntimeDefault" },
          },
          ...settings.pod,
          containers: [container(i, settings)],
          volumes: [...volumes(i), ...settings.volumes ?? []],
        },
      },
    },
  };
}

function container(i: Installation, settings: PodSettings): JSONObject {
  const probe = (path: string): JSONObject => ({ httpGet: { path, port: "health" } });
  return {
    name: "controller",
    image: i.image,
    ...(settings.imagePullPolicy ? { imagePullPolicy: settings.imagePullPolicy } : {}),
    args: ["run"],
    ...(settings.environment ? { env: settings.environment } : {}),
    ports: [
      { name: "health", containerPort: healthPort, protocol: "TCP" },
      { name: "metrics", containerPort: metricsPort, protocol: "TCP" },
    ],
    // Begins to count once the API server, the CRD and Tekton have been found.
    startupProbe: { ...probe("/healthz"), periodSeconds: 1, failureThreshold: 60 },
    livenessProbe: { ...probe("/healthz"), periodSeconds: 10, timeoutSeconds: 3, failureThreshold: 3 },
    readinessProbe: { ...probe("/readyz"), periodSeconds: 5, timeoutSeconds: 3, failureThreshold: 2 },
    resources: settings.resources ?? resources,
    securityContext: {
      allowPrivilegeEscalation: false,
      privileged: false,
      readOnlyRootFilesystem: true,
      runAsNonRoot: true,
      capabilities: { drop: ["ALL"] },
      seccompProfile: { type: "RuntimeDefault" },
    },
    volumeMounts: [
      { name: "config", mountPath: configDirectory, readOnly: true },
      ...(i.auditDirectory ? [{ name: "audit", mountPath: i.auditDirectory.path }] : []),
      ...settings.mounts ?? [],
    ],
  };
}

function volumes(i: Installation): JSONObject[] {
  return [
    { name: "config", configMap: { name: i.name } },
    ...(i.auditDirectory ? [{ name: "audit", emptyDir: { sizeLimit: i.auditDirectory.sizeLimit } }] : []),
  ];
}

/** How replicas stay apart, and how a node may be drained: for two replicas and more. */
export function spread(i: Installation): JSONObject {
  const labelSelector = { matchLabels: selectorOf(i) };
  return {
    topologySpreadConstraints: [{
      maxSkew: 1,
      topologyKey: "topology.kubernetes.io/zone",
      whenUnsatisfiable: "ScheduleAnyway",
      labelSelector,
    }],
    affinity: {
      podAntiAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: [{
          weight: 100,
          podAffinityTerm: { topologyKey: "kubernetes.io/hostname", labelSelector },
        }],
      },
    },
  };
}

/** One pod may go at a time: with a single replica a node can be drained all the same. */
export function podDisruptionBudget(i: Installation): JSONObject {
  return {
    apiVersion: "policy/v1",
    kind: "PodDisruptionBudget",
    metadata: { name: i.name, namespace: i.namespace, labels: labelsOf(i) },
    spec: { maxUnavailable: 1, selector: { matchLabels: selectorOf(i) }, unhealthyPodEvictionPolicy: "AlwaysAllow" },
  };
}
