// All of an installation, in the order in which it is to be applied: what `deploy print` prints, and what the files of the
// kustomization's base are made of. The CustomResourceDefinition is the caller's: it is text of its own.

import type { JSONObject } from "../kube/contract.ts";
import { flowControl, networkPolicy } from "./cluster_traffic.ts";
import { type Installation, labelsOf, namespaceObject, serviceAccount } from "./installation.ts";
import { dashboardConfigMap, metricsReader, podMonitor, prometheusRule } from "./monitoring.ts";
import { dataStorageAccess, roleBindings, roles } from "./rbac.ts";
import { configChecksum, configMap, deployment, podDisruptionBudget, spread } from "./workload.ts";

export interface Extent {
  /** Namespaces that are made, with their service account of the runs: beside the installation's own. */
  readonly runnerNamespaces: readonly string[];
  readonly monitoring: boolean;
}

export function objectsOf(i: Installation, { runnerNamespaces, monitoring }: Extent): JSONObject[] {
  const replicated = i.replicas > 1;
  return [
    ...namespaces(i),
    ...accounts(i, runnerNamespaces),
    ...roles(i),
    ...roleBindings(i),
    ...dataStorageAccess(i),
    ...flowControl(i),
    configMap(i),
    deployment(i, { podAnnotations: configChecksum(i.config), ...(replicated ? { pod: spread(i) } : {}) }),
    ...(replicated ? [podDisruptionBudget(i)] : []),
    networkPolicy(i),
    ...(monitoring ? monitoringObjects(i) : []),
  ];
}

/**
 * The controller's namespace, and a dedicated one for runs. There images of workflows run, of which nobody knows what they
 * need: `restricted` would also ask Tekton for its feature flag set-security-context, so it is only warned of.
 */
export function namespaces(i: Installation): JSONObject[] {
  const { executionNamespace, lockNamespace } = i.scope;
  const made = [namespaceObject(i.namespace, "restricted", labelsOf(i))];
  if (lockNamespace !== i.namespace) made.push(namespaceObject(lockNamespace, "restricted", labelsOf(i, "locks")));
  if (executionNamespace && executionNamespace !== i.namespace) {
    made.push(namespaceObject(executionNamespace, "baseline", labelsOf(i, "runs")));
  }
  return made;
}

/** The controller's account, and the runs' wherever it is said that there are runs. */
export function accounts(i: Installation, runnerNamespaces: readonly string[]): JSONObject[] {
  const where = new Set([i.namespace, ...runnerNamespaces, i.scope.executionNamespace].filter((name) => name !== ""));
  const shared = i.controllerAccount === i.runnerAccount;
  if (shared) where.delete(i.namespace);
  return [
    serviceAccount(i.controllerAccount, i.namespace, labelsOf(i)),
    ...[...where].map((namespace) => serviceAccount(i.runnerAccount, namespace, labelsOf(i, "runner"))),
  ];
}

export function monitoringObjects(i: Installation): JSONObject[] {
  return [...metricsReader(i), podMonitor(i), prometheusRule(i), dashboardConfigMap(i)];
}
