// What may reach the controller's pods and what they may reach (NetworkPolicy), and how much of the API server's attention
// the controller gets (FlowSchema, PriorityLevelConfiguration).

import type { JSONObject, JSONValue } from "../kube/contract.ts";
import { type DataStorage, healthPort, type Installation, labelsOf, metricsPort, selectorOf } from "./installation.ts";

const apiServerPorts = [443, 6443];

/**
 * In: health and metrics (that one asks for a token). Out: DNS, the API server, the Data Storage Service. No policy can name
 * the API server, so its usual ports are open to everywhere, and so is that of a sink outside the cluster.
 * @param more further egress rules: another audit sink, a webhook, an OpenTelemetry collector
 */
export function networkPolicy(i: Installation, more: readonly JSONValue[] = []): JSONObject {
  const tcp = (port: number | string): JSONObject => ({ protocol: "TCP", port });
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: { name: i.name, namespace: i.namespace, labels: labelsOf(i) },
    spec: {
      podSelector: { matchLabels: selectorOf(i) },
      policyTypes: ["Ingress", "Egress"],
      ingress: [{ ports: [tcp(healthPort), tcp(metricsPort)] }],
      egress: [
        { ports: [{ protocol: "UDP", port: 53 }, tcp(53)] },
        { ports: apiServerPorts.map(tcp) },
        ...(i.dataStorage ? [dataStorageRule(i.dataStorage)] : []),
        ...(i.sinkPort === undefined || apiServerPorts.includes(i.sinkPort) ? [] : [{ ports: [tcp(i.sinkPort)] }]),
        ...more,
      ],
    },
  };
}

export function dataStorageRule({ namespace, port }: DataStorage): JSONObject {
  return {
    to: [{ namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": namespace } } }],
    ports: [{ protocol: "TCP", port }],
  };
}

/**
 * A share of the API server's concurrency of its own: neither do others' floods starve the controller, nor it others. Its Lease
 * of leader election is asked for so rarely that it needs no level of its own.
 */
export function flowControl(i: Installation): JSONObject[] {
  const apiVersion = "flowcontrol.apiserver.k8s.io/v1";
  const metadata = { name: i.name, labels: labelsOf(i) };
  return [
    {
      apiVersion,
      kind: "PriorityLevelConfiguration",
      metadata,
      spec: {
        type: "Limited",
        limited: {
          nominalConcurrencyShares: 20,
          lendablePercent: 50,
          limitResponse: { type: "Queue", queuing: { queues: 16, handSize: 4, queueLengthLimit: 64 } },
        },
      },
    },
    {
      apiVersion,
      kind: "FlowSchema",
      metadata,
      spec: {
        priorityLevelConfiguration: { name: i.name },
        // Before the service accounts' common one (9000), after those of the system.
        matchingPrecedence: 1000,
        distinguisherMethod: { type: "ByUser" },
        rules: [{
          subjects: [{
            kind: "ServiceAccount",
            serviceAccount: { name: i.controllerAccount, namespace: i.namespace },
          }],
          resourceRules: [{
            verbs: ["*"],
            apiGroups: ["*"],
            resources: ["*"],
            clusterScope: true,
            namespaces: ["*"],
          }],
          nonResourceRules: [{ verbs: ["*"], nonResourceURLs: ["*"] }],
        }],
      },
    },
  ];
}
