// The Helm chart's generated part: the same objects, made of an installation whose values are template expressions. What is
// written by hand (values.yaml, NOTES.txt) stands in deploy/helm; every value that a template names is in values.yaml, and
// values.schema.json refuses any other.

import { configJsonSchema } from "../config_schema.ts";
import type { JSONObject } from "../kube/contract.ts";
import { yaml } from "../../deps.ts";
import { alertGroups } from "./alerts.ts";
import { dataStorageRule, flowControl, networkPolicy } from "./cluster_traffic.ts";
import { dashboard } from "./dashboard.ts";
import {
  configFileName,
  defaultAccount,
  defaultInstallation,
  defaultName,
  type Installation,
  labelsOf,
  serviceAccount,
} from "./installation.ts";
import { metricsReader, podMonitor } from "./monitoring.ts";
import { dataStorageAccess, roleBinding, type RoleKey, roles, roleWith, switchOf } from "./rbac.ts";
import {
  fieldsWhen,
  inserted,
  itemsWhen,
  optional,
  raw,
  spliced,
  templateOf,
  textOf,
  when,
  yamlOf,
} from "./template.ts";
import { valuesSchema } from "./values_schema.ts";
import { deployment, podDisruptionBudget, spread } from "./workload.ts";

/** Path below deploy/helm → text. */
export function helmFiles(version: string, crd: string): Map<string, string> {
  const note = "{{- /* Written by `deno task manifests` from lib/manifests. Do not edit. */ -}}\n";
  return new Map([
    ["Chart.yaml", chart(version)],
    ["values.schema.json", json(valuesSchema(configJsonSchema() as JSONObject))],
    ["files/crd.yaml", crd],
    ["files/dashboard.json", json(dashboard())],
    ["files/alerts.yaml", yaml.stringify(alertGroups(), { lineWidth: 0 })],
    ...Object.entries(templates(version)).map(([name, text]): [string, string] => [`templates/${name}`, note + text]),
  ]);
}

function json(content: JSONObject): string {
  return `${JSON.stringify(content, null, 2)}\n`;
}

function chart(version: string): string {
  return yaml.stringify({
    apiVersion: "v2",
    name: defaultName,
    description: "Runs remediation workflows as Tekton PipelineRuns, one at a time on a target",
    type: "application",
    version,
    appVersion: version,
    kubeVersion: ">=1.31.0-0",
    keywords: ["kubernaut", "tekton", "remediation"],
  });
}

const releaseNamespace = "{{ $.Release.Namespace }}";
const lockNamespace = "{{ $.Values.config.lockNamespace | default $.Release.Namespace }}";
const runnerAccount = `($.Values.config.serviceAccount | default "${defaultAccount}")`;
const dataStorageNamespace = "($.Values.dataStorage.namespace | default $.Release.Namespace)";
const named = "or $.Values.config.namespaces $.Values.config.executionNamespace";
const replicated = "gt ($.Values.replicas | int) 1";
const audited = "$.Values.auditVolume";
const scheme = '{{ ternary "http" "https" (dig "metrics" "plainHttp" false $.Values.config) }}';

function installation(version: string): Installation {
  const standard = defaultInstallation(version);
  const { repository, digest, tag } = {
    repository: "$.Values.image.repository",
    digest: "$.Values.image.digest",
    tag: "$.Values.image.tag",
  };
  return {
    ...standard,
    name: "{{ $.Values.name }}",
    namespace: releaseNamespace,
    image:
      `{{ ${repository} }}{{ with ${digest} }}@{{ . }}{{ else }}:{{ ${tag} | default $.Chart.AppVersion }}{{ end }}`,
    version: "{{ $.Chart.AppVersion }}",
    controllerAccount: "{{ $.Values.serviceAccount.name }}",
    runnerAccount: `{{ ${runnerAccount} }}`,
    scope: { ...standard.scope, lockNamespace },
    dataStorage: {
      namespace: `{{ ${dataStorageNamespace} }}`,
      service: "{{ $.Values.dataStorage.service }}",
      port: raw("$.Values.dataStorage.port | int"),
    },
  };
}

function templates(version: string): Record<string, string> {
  const i = installation(version);
  const { podMonitor: monitor, prometheusRule: rule, dashboard: board } = {
    podMonitor: "$.Values.monitoring.podMonitor.enabled",
    prometheusRule: "$.Values.monitoring.prometheusRule.enabled",
    dashboard: "$.Values.monitoring.dashboard.enabled",
  };
  return {
    "crd.yaml": when("$.Values.crds.enabled", crdTemplate),
    "service-accounts.yaml": serviceAccounts(i),
    "roles.yaml": templateOf(roles(i).map(switched)) + when(named, `---\n${templateOf([roleWith(i, "named")])}`),
    "role-bindings.yaml": roleBindings(i),
    "data-storage-access.yaml": when("$.Values.dataStorage.enabled", templateOf(dataStorageAccess(i))),
    "flow-control.yaml": when("$.Values.flowControl.enabled", templateOf(flowControl(i))),
    "config-map.yaml": configMap(i),
    "deployment.yaml": deploymentTemplate(i),
    "pod-disruption-budget.yaml": when(replicated, templateOf([podDisruptionBudget(i)])),
    "network-policy.yaml": when("$.Values.networkPolicy.enabled", networkPolicyTemplate(i)),
    "metrics-reader.yaml": when(monitor, templateOf(metricsReader(i))),
    "pod-monitor.yaml": when(monitor, templateOf([labelled(podMonitor(i, scheme), "podMonitor")])),
    "prometheus-rule.yaml": when(rule, templateOf([prometheusRule(i)])),
    "dashboard.yaml": when(board, templateOf([dashboardConfigMap(i)])),
  };
}

/** In a template, not in crds/, which Helm never upgrades; kept when the release goes, for the executions would go with it. */
const crdTemplate = `{{- $crd := $.Files.Get "files/crd.yaml" | fromYaml }}
{{- $annotations := merge (dict "helm.sh/resource-policy" "keep") ($crd.metadata.annotations | default dict) }}
{{- $_ := set $crd.metadata "annotations" $annotations }}
{{- toYaml $crd }}
`;

/** The controller's, and one for the runs in each namespace that is named; where they are the same, it is the controller's. */
function serviceAccounts(i: Installation): string {
  const { metadata, ...account } = serviceAccount(i.controllerAccount, releaseNamespace, labelsOf(i));
  const annotations = optional("$.Values.serviceAccount.annotations");
  const named =
    "concat ($.Values.runner.namespaces | default list) (list $.Release.Namespace $.Values.config.executionNamespace)";
  const controllers = `and (eq . $.Release.Namespace) (eq $.Values.serviceAccount.name ${runnerAccount})`;
  const runner = templateOf([serviceAccount(i.runnerAccount, "{{ . }}", labelsOf(i, "runner"))]);
  return when(
    "$.Values.serviceAccount.create",
    templateOf([{ ...account, metadata: { ...metadata as JSONObject, annotations } }]),
  ) + when(
    "$.Values.runner.create",
    `{{- range ${named} | compact | uniq }}\n${when(`not (${controllers})`, `---\n${runner}`)}{{- end }}\n`,
  );
}

/** What a switch of the configuration turns off is not granted. */
function switched(role: JSONObject): JSONObject {
  const rules = (role.rules as JSONObject[]).flatMap((rule) => {
    const only = switchOf(rule);
    return only === undefined ? [rule] : itemsWhen(switches[only], [rule]);
  });
  return { ...role, rules };
}

/** As conditions of the chart; both are on unless the configuration says otherwise. */
const switches = {
  leaderElection: 'dig "leaderElection" true $.Values.config',
  metricsAuth: 'dig "metrics" "auth" true $.Values.config',
} as const;

/** What the configuration says about namespaces decides where a role is bound, and nothing else. */
function roleBindings(i: Installation): string {
  const watched = "($.Values.config.namespaces | default list | uniq)";
  const dedicated = "$.Values.config.executionNamespace";
  const both = `(append ${watched} ${dedicated} | compact | uniq)`;
  return [
    templateOf([roleBinding(i, "everywhere", ""), roleBinding(i, "lock", lockNamespace)]),
    bindings(i, "watched", watched),
    bindings(i, "runs", `(ternary ${both} list (gt (len ${watched}) 0))`),
    bindings(i, "named", `(append ${watched} ${dedicated} | compact | uniq)`, ""),
    bindings(i, "newRuns", `(ternary (list ${dedicated}) ${watched} (not (empty ${dedicated})))`),
  ].join("");
}

/**
 * @param where a template expression: the namespaces
 * @param otherwise what there is when it names none: a binding for the whole cluster
 */
function bindings(
  i: Installation,
  key: RoleKey,
  where: string,
  otherwise = `{{- else }}\n---\n${templateOf([roleBinding(i, key, "")])}`,
): string {
  return `{{- range ${where} }}\n---\n${templateOf([roleBinding(i, key, "{{ . }}")])}${otherwise}{{- end }}\n`;
}

/** The configuration: what the chart decides, and over it what the user says. */
const effectiveConfig = `{{- $ours := dict "leaderElection" true }}
{{- if $.Values.dataStorage.enabled }}
{{- $url := printf "http://%s.%s.svc:%d" $.Values.dataStorage.service ${dataStorageNamespace} ($.Values.dataStorage.port | int) }}
{{- $_ := set $ours "audit" (dict "sinks" (list $url)) }}
{{- end }}
{{- $config := mergeOverwrite $ours (deepCopy $.Values.config) }}
`;

function configMap(i: Installation): string {
  const metadata = { name: i.name, namespace: releaseNamespace, labels: labelsOf(i) };
  const data = { [configFileName]: textOf("toYaml $config") };
  return effectiveConfig + templateOf([{ apiVersion: "v1", kind: "ConfigMap", metadata, data }]);
}

function deploymentTemplate(i: Installation): string {
  const made = deployment(i, {
    replicas: raw("$.Values.replicas"),
    imagePullPolicy: "{{ $.Values.image.pullPolicy }}",
    environment: optional("$.Values.env"),
    resources: yamlOf("$.Values.resources"),
    podLabels: { [spliced("$.Values.podLabels")]: null },
    podAnnotations: {
      "kubernaut.ai/config-checksum": "{{ toYaml $config | sha256sum | trunc 16 }}",
      [spliced("$.Values.podAnnotations")]: null,
    },
    pod: {
      imagePullSecrets: optional("$.Values.image.pullSecrets"),
      priorityClassName: optional("$.Values.priorityClassName"),
      nodeSelector: optional("$.Values.nodeSelector"),
      tolerations: optional("$.Values.tolerations"),
      ...fieldsWhen(replicated, spread(i)),
    },
    mounts: [
      ...itemsWhen(audited, [{ name: "audit", mountPath: "{{ $.Values.auditVolume.mountPath }}" }]),
      spliced("$.Values.extraVolumeMounts"),
    ],
    volumes: [
      ...itemsWhen(audited, [{ name: "audit", [spliced("$.Values.auditVolume.source")]: null }]),
      spliced("$.Values.extraVolumes"),
    ],
    fsGroup: true,
  });
  return effectiveConfig + templateOf([made]);
}

function networkPolicyTemplate({ dataStorage, ...i }: Installation): string {
  const more = dataStorage ? itemsWhen("$.Values.dataStorage.enabled", [dataStorageRule(dataStorage)]) : [];
  const extra = spliced("$.Values.networkPolicy.extraEgress");
  return templateOf([networkPolicy({ ...i, dataStorage: undefined }, [...more, extra])]);
}

/** A monitoring object with the labels that the user's Prometheus or Grafana looks for. */
function labelled(object: JSONObject, of: "podMonitor" | "prometheusRule" | "dashboard"): JSONObject {
  const metadata = object.metadata as JSONObject;
  const labels = { ...metadata.labels as JSONObject, [spliced(`$.Values.monitoring.${of}.labels`)]: null };
  return { ...object, metadata: { ...metadata, labels } };
}

/** Prometheus' templates in the alerts are none of Helm's: the rules come from a file, as they are. */
function prometheusRule(i: Installation): JSONObject {
  const metadata = { name: i.name, namespace: releaseNamespace, labels: labelsOf(i, "metrics") };
  const spec = inserted(`$.Files.Get "files/alerts.yaml"`);
  return labelled({ apiVersion: "monitoring.coreos.com/v1", kind: "PrometheusRule", metadata, spec }, "prometheusRule");
}

function dashboardConfigMap(i: Installation): JSONObject {
  const metadata = { name: `${i.name}-dashboard`, namespace: releaseNamespace, labels: labelsOf(i, "metrics") };
  const data = { "kubernaut-workflowexecution.json": textOf(`$.Files.Get "files/dashboard.json"`) };
  return labelled({ apiVersion: "v1", kind: "ConfigMap", metadata, data }, "dashboard");
}
