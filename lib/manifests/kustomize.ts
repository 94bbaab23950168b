// The kustomization: a base that is what `deploy print` prints, components that change one thing each and can be combined, and
// an overlay for each component over the base. Only what kustomize needs beyond the objects themselves stands here.

import type { JSONObject } from "../kube/contract.ts";
import { yaml } from "../../deps.ts";
import { alertGroups } from "./alerts.ts";
import { flowControl, networkPolicy } from "./cluster_traffic.ts";
import {
  configFileName,
  defaultInstallation,
  type Installation,
  labelsOf,
  namespaceObject,
  separateControllerAccount,
  serviceAccount,
} from "./installation.ts";
import { dashboardConfigMap, metricsReader, podMonitor, prometheusRule } from "./monitoring.ts";
import { accounts, namespaces } from "./objects.ts";
import { dataStorageAccess, roleBinding, roleBindings, roleName, roles, roleWith } from "./rbac.ts";
import { generatedNote, manifestText } from "./text.ts";
import { configText, deployment, podDisruptionBudget, spread } from "./workload.ts";

/** The namespace that the overlay with a dedicated one makes. */
export const exampleExecutionNamespace = "kubernaut-workflows";

/** Path below deploy/kustomize → text. */
export function kustomizeFiles(version: string, crd: string): Map<string, string> {
  const i = defaultInstallation(version);
  const files = new Map([
    ...base(i, crd),
    ...below("components/ha", highAvailability(i)),
    ...below("components/dedicated-execution-namespace", dedicatedExecutionNamespace(i)),
    ...below("components/monitoring", monitoring(i)),
    ...below("components/two-accounts", twoAccounts(i)),
  ]);
  for (const name of ["ha", "dedicated-execution-namespace", "monitoring", "two-accounts"]) {
    const overlay = { ...kustomization, resources: ["../../base"], components: [`../../components/${name}`] };
    files.set(`overlays/${name}/kustomization.yaml`, written(overlay));
  }
  return files;
}

const kustomization = { apiVersion: "kustomize.config.k8s.io/v1beta1", kind: "Kustomization" } as const;
const component = { apiVersion: "kustomize.config.k8s.io/v1alpha1", kind: "Component" } as const;

/** A kustomization.yaml, and the files beside it. */
interface Folder {
  readonly about: string;
  readonly kustomization: JSONObject;
  readonly files: Readonly<Record<string, readonly JSONObject[]>>;
}

function below(path: string, { about, kustomization, files }: Folder): [string, string][] {
  const resources = Object.keys(files);
  const whole = { ...component, ...(resources.length > 0 ? { resources } : {}), ...kustomization };
  const comment = about.split("\n").map((line) => `# ${line}\n`).join("");
  return [
    [`${path}/kustomization.yaml`, written(whole, comment)],
    ...Object.entries(files).map(([name, objects]): [string, string] => [
      `${path}/${name}`,
      generatedNote + manifestText(objects),
    ]),
  ];
}

function written(content: JSONObject, comment = ""): string {
  return generatedNote + comment + yaml.stringify(content, { lineWidth: 0 });
}

function base(i: Installation, crd: string): [string, string][] {
  const files: Record<string, readonly JSONObject[]> = {
    "namespace.yaml": namespaces(i),
    "service-account.yaml": accounts(i, []),
    "roles.yaml": roles(i),
    "role-bindings.yaml": roleBindings(i),
    "data-storage-access.yaml": dataStorageAccess(i),
    "flow-control.yaml": flowControl(i),
    "deployment.yaml": [deployment(i)],
    "network-policy.yaml": [networkPolicy(i)],
  };
  const options = { labels: labelsOf(i) };
  const whole: JSONObject = {
    ...kustomization,
    resources: ["crd.yaml", ...Object.keys(files)],
    // The name gets a suffix from the content: a changed configuration is rolled out.
    configMapGenerator: [{ name: i.name, namespace: i.namespace, files: [configFileName], options }],
  };
  return [
    ["base/kustomization.yaml", written(whole)],
    ["base/crd.yaml", generatedNote + crd],
    [`base/${configFileName}`, generatedNote + configText(i.config)],
    ...Object.entries(files).map(([name, objects]): [string, string] => [
      `base/${name}`,
      generatedNote + manifestText(objects),
    ]),
  ];
}

function patch(kind: string, name: string, content: JSONObject | JSONObject[]): JSONObject {
  return { target: { kind, name }, patch: yaml.stringify(content, { lineWidth: 0 }) };
}

function deploymentPatch(i: Installation, spec: JSONObject): JSONObject {
  return patch("Deployment", i.name, { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: i.name }, spec });
}

function highAvailability(i: Installation): Folder {
  return {
    about: "Two replicas, apart from each other: one works, the other follows and takes over.",
    kustomization: { patches: [deploymentPatch(i, { replicas: 2, template: { spec: spread(i) } })] },
    files: { "pod-disruption-budget.yaml": [podDisruptionBudget(i)] },
  };
}

function dedicatedExecutionNamespace(i: Installation): Folder {
  const namespace = exampleExecutionNamespace;
  const binding = roleName(i, "newRuns");
  const environment = [{ name: "KUBERNAUT_WE_EXECUTION_NAMESPACE", value: namespace }];
  return {
    about: [
      `Every PipelineRun in ${namespace}: no right to create one anywhere else is left.`,
      "For another name change the namespace in all three places.",
    ].join("\n"),
    kustomization: {
      patches: [
        deploymentPatch(i, { template: { spec: { containers: [{ name: "controller", env: environment }] } } }),
        patch("ClusterRoleBinding", binding, {
          $patch: "delete",
          apiVersion: "rbac.authorization.k8s.io/v1",
          kind: "ClusterRoleBinding",
          metadata: { name: binding },
        }),
      ],
    },
    files: {
      "namespace.yaml": [namespaceObject(namespace, "baseline", labelsOf(i, "runs"))],
      "service-account.yaml": [serviceAccount(i.runnerAccount, namespace, labelsOf(i, "runner"))],
      "role-bindings.yaml": [
        roleBinding(i, "newRuns", namespace),
        roleWith(i, "named"),
        roleBinding(i, "named", namespace),
      ],
    },
  };
}

function monitoring(i: Installation): Folder {
  return {
    about: "For the Prometheus operator and Grafana's sidecar: scrape with a token, alerts, dashboard.",
    kustomization: {},
    files: {
      "metrics-reader.yaml": metricsReader(i),
      "pod-monitor.yaml": [podMonitor(i)],
      "prometheus-rule.yaml": [prometheusRule(i)],
      "dashboard.yaml": [dashboardConfigMap(i)],
    },
  };
}

/**
 * The controller gets an account of its own, the runs keep theirs, which then has no right but those that workflows need.
 * Bindings that are not the controller's are told apart by their component.
 */
function twoAccounts(i: Installation): Folder {
  const rename = (path: string) => [{ op: "replace", path, value: separateControllerAccount }];
  const bindings = { kind: "(Cluster)?RoleBinding", labelSelector: "app.kubernetes.io/component=controller" };
  return {
    about:
      "An account for the controller alone: a workflow cannot act as the controller, nor need its rights be the workflows'.",
    kustomization: {
      patches: [
        deploymentPatch(i, { template: { spec: { serviceAccountName: separateControllerAccount } } }),
        { target: bindings, patch: yaml.stringify(rename("/subjects/0/name")) },
        patch("FlowSchema", i.name, rename("/spec/rules/0/subjects/0/serviceAccount/name")),
      ],
    },
    files: { "service-account.yaml": [serviceAccount(separateControllerAccount, i.namespace, labelsOf(i))] },
  };
}

/** The alerting rules for a Prometheus that is not run by an operator: a rule file of its own. */
export function ruleFile(): string {
  return written(alertGroups());
}
