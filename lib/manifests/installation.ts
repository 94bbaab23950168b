// What an installation can be told, and what every object of it shares: its name, its labels, its accounts. The objects
// themselves are made by the files beside this one; each is a plain function of an Installation, so that `deploy print`, the
// kustomization and the Helm chart (whose values are template expressions) come from the same lines.

import type { JSONObject } from "../kube/contract.ts";
import { defaultConfigFile } from "../config.ts";
import type { PermissionScope } from "./permissions.ts";

export interface Installation {
  /** Of the Deployment and, with suffixes, of everything beside it. */
  readonly name: string;
  /** Where the controller runs, and where the locks are unless the configuration names another namespace. */
  readonly namespace: string;
  readonly image: string;
  readonly version: string;
  readonly replicas: number;
  /** What the controller acts as. */
  readonly controllerAccount: string;
  /** What PipelineRuns act as where their execution names nothing else; may be the controller's. */
  readonly runnerAccount: string;
  /** Where calls go: what is granted follows from it. */
  readonly scope: PermissionScope;
  /** The configuration file's content. */
  readonly config: JSONObject;
  /** The Data Storage Service that events are sent to; it asks RBAC whether their sender may. */
  readonly dataStorage: DataStorage | undefined;
  /** Where an audit sink that is no Service of the cluster listens; undefined when there is none. */
  readonly sinkPort: number | undefined;
  /** Where audit files are written, when the configuration names a `file:` sink: an emptyDir, as large as this at most. */
  readonly auditDirectory: { readonly path: string; readonly sizeLimit: string } | undefined;
}

export interface DataStorage {
  readonly namespace: string;
  readonly service: string;
  /** A number, or a template's expression of one. */
  readonly port: number | string;
}

export const defaultName = "kubernaut-workflowexecution";
export const defaultNamespace = "kubernaut-system";
export const defaultImageRepository = "ghcr.io/kubernaut/workflowexecution-controller";
/** One account for the controller and its runs, as long as nobody asks for two. */
export const defaultAccount = "kubernaut-workflow-runner";
/** The controller's own account where there are two. */
export const separateControllerAccount = "kubernaut-workflowexecution";
export const defaultDataStorage: DataStorage = {
  namespace: defaultNamespace,
  service: "data-storage-service",
  port: 8080,
};

/** The key of the ConfigMap, and the file's name where it is mounted. */
export const configFileName = defaultConfigFile.slice(defaultConfigFile.lastIndexOf("/") + 1);
export const configDirectory = defaultConfigFile.slice(0, defaultConfigFile.lastIndexOf("/"));
export const healthPort = 8081;
export const metricsPort = 9090;
/** nonroot of the distroless images. */
export const userId = 65532;
/** Stopping takes at most 10 s (passes under way, the audit trail, the leader's Lease). */
export const terminationGraceSeconds = 15;

/** What `deploy print` without a flag, the kustomization's base and the chart's values agree on. */
export function defaultInstallation(version: string): Installation {
  const namespace = defaultNamespace;
  return {
    name: defaultName,
    namespace,
    image: `${defaultImageRepository}:${version}`,
    version,
    replicas: 1,
    controllerAccount: defaultAccount,
    runnerAccount: defaultAccount,
    scope: {
      namespaces: [],
      executionNamespace: "",
      lockNamespace: namespace,
      leaderElection: true,
      metricsAuth: true,
    },
    config: { leaderElection: true, audit: { sinks: [urlOf(defaultDataStorage)] } },
    dataStorage: defaultDataStorage,
    sinkPort: undefined,
    auditDirectory: undefined,
  };
}

export function urlOf({ namespace, service, port }: DataStorage): string {
  return `http://${service}.${namespace}.svc:${port}`;
}

/**
 * Recommended labels of every object. Not `app.kubernetes.io/managed-by`: the controller finds its locks and runs by that one.
 * @param component what of the installation it is part of
 */
export function labelsOf(i: Installation, component = "controller"): JSONObject {
  return {
    ...selectorOf(i),
    "app.kubernetes.io/component": component,
    "app.kubernetes.io/part-of": "kubernaut",
    "app.kubernetes.io/version": i.version,
  };
}

/** What never changes about the controller's pods. */
export function selectorOf({ name }: Pick<Installation, "name">): JSONObject {
  return { "app.kubernetes.io/name": name };
}

export function namespaceObject(name: string, level: "restricted" | "baseline", labels: JSONObject): JSONObject {
  const security = ["enforce", "audit", "warn"].flatMap((mode) => [
    [`pod-security.kubernetes.io/${mode}`, mode === "enforce" ? level : "restricted"],
    [`pod-security.kubernetes.io/${mode}-version`, "latest"],
  ]);
  return {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name, labels: { ...labels, ...Object.fromEntries(security) } },
  };
}

export function serviceAccount(name: string, namespace: string, labels: JSONObject): JSONObject {
  return { apiVersion: "v1", kind: "ServiceAccount", metadata: { name, namespace, labels } };
}
