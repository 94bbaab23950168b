// How Prometheus and Grafana come to the controller: a PodMonitor (every replica, the standby too) with a token of an account
// that may read /metrics and nothing else, the alerting rules, and the dashboard in a ConfigMap.

import type { JSONObject } from "../kube/contract.ts";
import { alertGroups } from "./alerts.ts";
import { dashboard } from "./dashboard.ts";
import { type Installation, labelsOf, selectorOf, serviceAccount } from "./installation.ts";
import { bound } from "./rbac.ts";

const rbac = "rbac.authorization.k8s.io/v1";
const operator = "monitoring.coreos.com/v1";

export function metricsReaderName(i: Pick<Installation, "name">): string {
  return `${i.name}-metrics-reader`;
}

/** An account, its token and its one right. */
export function metricsReader(i: Installation): JSONObject[] {
  const name = metricsReaderName(i);
  const labels = labelsOf(i, "metrics");
  return [
    serviceAccount(name, i.namespace, labels),
    {
      apiVersion: "v1",
      kind: "Secret",
      type: "kubernetes.io/service-account-token",
      metadata: { name, namespace: i.namespace, labels, annotations: { "kubernetes.io/service-account.name": name } },
    },
    {
      apiVersion: rbac,
      kind: "ClusterRole",
      metadata: { name, labels },
      rules: [{ nonResourceURLs: ["/metrics"], verbs: ["get"] }],
    },
    {
      apiVersion: rbac,
      kind: "ClusterRoleBinding",
      metadata: { name, labels },
      ...bound("ClusterRole", name, name, i.namespace),
    },
  ];
}

export function podMonitor(i: Installation, scheme = "https"): JSONObject {
  return {
    apiVersion: operator,
    kind: "PodMonitor",
    metadata: { name: i.name, namespace: i.namespace, labels: labelsOf(i, "metrics") },
    spec: {
      selector: { matchLabels: selectorOf(i) },
      podMetricsEndpoints: [{
        port: "metrics",
        path: "/metrics",
        scheme,
        interval: "30s",
        // The certificate is self-signed unless metrics.certFile names one.
        tlsConfig: { insecureSkipVerify: true },
        authorization: { type: "Bearer", credentials: { name: metricsReaderName(i), key: "token" } },
      }],
    },
  };
}

export function prometheusRule(i: Installation): JSONObject {
  const metadata = { name: i.name, namespace: i.namespace, labels: labelsOf(i, "metrics") };
  return { apiVersion: operator, kind: "PrometheusRule", metadata, spec: alertGroups() };
}

/** As Grafana's sidecar looks for it. */
export function dashboardConfigMap(i: Installation): JSONObject {
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: {
      name: `${i.name}-dashboard`,
      namespace: i.namespace,
      labels: { ...labelsOf(i, "metrics"), grafana_dashboard: "1" },
    },
    data: { "kubernaut-workflowexecution.json": `${JSON.stringify(dashboard(), null, 2)}\n` },
  };
}
