// What the schemas cannot see: that the objects fit together, that the pod is as restricted as its namespace asks, that the
// program takes the configuration that it is given, and that the three ways to install come to the same objects.
import { assert, assertEquals } from "@std/assert";
import { Ajv } from "ajv";
import { yaml } from "../../deps.ts";
import { commands } from "../../lib/cli/commands.ts";
import { loadConfig } from "../../lib/config.ts";
import type { JSONObject } from "../../lib/kube/contract.ts";
import { type Installation, userId } from "../../lib/manifests/installation.ts";
import { objectsOf } from "../../lib/manifests/objects.ts";
import { readInstallation } from "../../lib/manifests/print.ts";
import { version } from "../../lib/cli/version.ts";
import { at, documents, identityOf, only } from "./documents.ts";
import { helmTemplate, testWith } from "./tools.ts";

const kustomize = new URL("../../deploy/kustomize/", import.meta.url);

function installed(...flags: string[]): { installation: Installation; objects: JSONObject[] } {
  const { installation, extent } = readInstallation(flags, version);
  return { installation, objects: objectsOf(installation, extent) };
}

const everything = ["--replicas", "2", "--monitoring", "--two-accounts", "--execution-namespace", "runs"];
const ways: [string, string[]][] = [
  ["without a flag", []],
  ["with everything", everything],
  ["in other namespaces", [
    "--namespace",
    "x",
    "--lock-namespace",
    "y",
    "--namespaces",
    "a,b",
    "--data-storage",
    "none",
  ]],
];

for (const [how, flags] of ways) {
  Deno.test(`${how}: every binding binds a role that is there to an account that is there`, () => {
    const { objects } = installed(...flags);
    const names = new Set(objects.map(identityOf));
    const missing = objects.filter(({ kind }) => String(kind).endsWith("Binding")).flatMap((binding) => {
      const { kind, name } = binding.roleRef as { kind: string; name: string };
      const place = kind === "Role" ? `${at(binding, "metadata", "namespace")}/` : "";
      const accounts = (binding.subjects as { namespace: string; name: string }[])
        .map(({ namespace, name }) => `ServiceAccount ${namespace}/${name}`);
      return [`${kind} ${place}${name}`, ...accounts].filter((each) => !names.has(each));
    });
    assertEquals(missing, []);
    assert(names.has(`ServiceAccount ${podOf(objects).namespace}/${podOf(objects).spec.serviceAccountName}`));
  });

  Deno.test(`${how}: whatever selects the controller's pods selects them, by labels that never change`, () => {
    const { objects } = installed(...flags);
    const { labels, spec } = podOf(objects);
    const selectors = objects.flatMap((object) => [
      at(object, "spec", "selector", "matchLabels"),
      at(object, "spec", "podSelector", "matchLabels"),
    ]).concat(
      (spec.topologySpreadConstraints as JSONObject[] | undefined ?? []).map((each) =>
        at(each, "labelSelector", "matchLabels")
      ),
    ).filter((each) => each !== undefined) as Record<string, string>[];
    assert(selectors.length >= 2);
    for (const selector of selectors) {
      assertEquals(Object.entries(selector).filter(([key, value]) => labels[key] !== value), []);
      assert(!("app.kubernetes.io/version" in selector), "a selector with the version could never be upgraded");
    }
  });

  Deno.test(`${how}: the program takes the configuration, and means what was granted`, async () => {
    const { installation, objects } = installed(...flags);
    const map = only(objects, "ConfigMap", installation.name);
    const { spec } = podOf(objects);
    const [mount] = containerOf(spec).volumeMounts as { name: string; mountPath: string }[];
    const [file = "", text = ""] = Object.entries(map.data as Record<string, string>)[0] ?? [];
    const pod = "/var/run/secrets/kubernetes.io/serviceaccount";
    const files: Record<string, string> = {
      [`${mount?.mountPath}/${file}`]: text,
      [`${pod}/namespace`]: installation.namespace,
      [`${pod}/token`]: "token",
    };
    const config = await loadConfig({ args: [], env: {}, readFile: (path) => Promise.resolve(files[path]) });
    const { namespaces, executionNamespace, lockNamespace, leaderElection, metrics } = config;
    assertEquals(
      { namespaces, executionNamespace, lockNamespace, leaderElection, metricsAuth: metrics.auth },
      { ...installation.scope },
    );
    assertEquals(config.serviceAccount, installation.runnerAccount);
    const directory = config.audit.sinks.find((sink) => sink.kind === "file")?.directory;
    const mounted = (containerOf(spec).volumeMounts as { mountPath: string; readOnly?: boolean }[])
      .filter(({ readOnly }) => readOnly !== true).map(({ mountPath }) => mountPath);
    assertEquals(mounted, directory === undefined ? [] : [directory]);
  });
}

Deno.test("the pod is what Pod Security's restricted level asks for, with a read-only root and a memory limit", () => {
  const { spec } = podOf(installed(...everything).objects);
  const { args, securityContext, resources, ports } = containerOf(spec);
  assertEquals(spec.securityContext, {
    runAsNonRoot: true,
    runAsUser: userId,
    runAsGroup: userId,
    seccompProfile: { type: "RuntimeDefault" },
  });
  assertEquals(securityContext, {
    allowPrivilegeEscalation: false,
    privileged: false,
    readOnlyRootFilesystem: true,
    runAsNonRoot: true,
    capabilities: { drop: ["ALL"] },
    seccompProfile: { type: "RuntimeDefault" },
  });
  assertEquals(resources, { requests: { cpu: "50m", memory: "128Mi" }, limits: { memory: "128Mi" } });
  assert(Number(spec.terminationGracePeriodSeconds) > 10, "stopping takes up to 10 s");
  assertEquals((args as string[]).filter((each) => !(each in commands)), []);
  assertEquals((ports as JSONObject[]).map(({ name, containerPort }) => [name, containerPort]), [
    ["health", 8081],
    ["metrics", 9090],
  ]);
  for (const key of ["hostNetwork", "hostPID", "hostIPC"]) assertEquals(spec[key], undefined);
});

Deno.test("a changed configuration changes the pod, so that it is rolled out", () => {
  const checksum = (...flags: string[]) => podOf(installed(...flags).objects).annotations;
  assert(checksum()["kubernaut.ai/config-checksum"] !== checksum("--namespaces", "a")["kubernaut.ai/config-checksum"]);
});

Deno.test("nothing of an installation carries the label by which the controller finds its own locks and runs", () => {
  const found = installed(...everything).objects.filter((object) =>
    JSON.stringify(object).includes("app.kubernetes.io/managed-by")
  );
  assertEquals(found.map(identityOf), []);
});

Deno.test("the kustomization's base holds what deploy print prints", async () => {
  const base = new URL("base/", kustomize);
  const { resources, configMapGenerator } = yaml.parse(await Deno.readTextFile(new URL("kustomization.yaml", base)));
  const texts = await Promise.all((resources as string[]).map((name) => Deno.readTextFile(new URL(name, base))));
  const [generated] = configMapGenerator as { name: string; files: string[] }[];
  const text = await Deno.readTextFile(new URL(generated?.files[0] ?? "", base));
  const { objects } = installed();
  const map = only(objects, "ConfigMap");
  assertEquals(yaml.parse(text), yaml.parse(Object.values(map.data as Record<string, string>)[0] ?? ""));
  const found = texts.flatMap(documents).filter(({ kind }) => kind !== "CustomResourceDefinition");
  assertEquals(byIdentity(found), byIdentity(objects.filter(({ kind }) => kind !== "ConfigMap")));
});

testWith("helm", "the chart's defaults come to what deploy print prints", async () => {
  const rendered = documents(await helmTemplate());
  const here = (objects: JSONObject[]) =>
    byIdentity(objects.filter(({ kind }) => !["CustomResourceDefinition", "Namespace"].includes(String(kind))));
  const [chart, printed] = [here(rendered), here(installed().objects)];
  // Helm's volume may be writable, and a pull policy is a value.
  const pod = at(
    chart,
    "Deployment kubernaut-system/kubernaut-workflowexecution",
    "spec",
    "template",
    "spec",
  ) as JSONObject;
  delete (pod.securityContext as JSONObject).fsGroup;
  delete containerOf(pod).imagePullPolicy;
  assertEquals(chart, printed);
  const crd = only(rendered, "CustomResourceDefinition");
  assertEquals(at(crd, "metadata", "annotations", "helm.sh/resource-policy"), "keep");
});

testWith("helm", "the chart binds roles where the configuration says, as deploy print does", async () => {
  const set = ["--set", "config.namespaces={a,b}", "--set", "config.executionNamespace=runs"];
  const bindings = (objects: JSONObject[]) =>
    byIdentity(objects.filter(({ kind }) => String(kind).endsWith("Binding")));
  const printed = installed("--namespaces", "a,b", "--execution-namespace", "runs").objects;
  assertEquals(bindings(documents(await helmTemplate(...set))), bindings(printed));
});

testWith("helm", "the chart grants nothing for what the configuration turns off", async () => {
  const off = ["--set", "config.leaderElection=false", "--set", "config.metrics.auth=false"];
  const rules = (text: string) =>
    documents(text).filter(({ kind }) => kind === "Role" || kind === "ClusterRole")
      .flatMap((role) => (role.rules as { resources: string[]; verbs: string[] }[]))
      .map(({ resources, verbs }) => `${verbs} ${resources}`);
  const [all, without] = [rules(await helmTemplate()), rules(await helmTemplate(...off))];
  assertEquals(all.filter((rule) => !without.includes(rule)), [
    "create tokenreviews",
    "create subjectaccessreviews",
    "update leases",
  ]);
  assertEquals(without.filter((rule) => !all.includes(rule)), []);
});

testWith("helm", "the chart makes no account that it is told not to, under whichever name the runs have", async () => {
  const accounts = async (...set: string[]) =>
    documents(await helmTemplate(...set.flatMap((each) => ["--set", each])))
      .filter(({ kind }) => kind === "ServiceAccount").map(identityOf);
  const runners = ["runner.namespaces={a}", "config.executionNamespace=runs"];
  assertEquals(await accounts("serviceAccount.create=false", ...runners), [
    "ServiceAccount a/kubernaut-workflow-runner",
    "ServiceAccount runs/kubernaut-workflow-runner",
  ]);
  assertEquals(await accounts("serviceAccount.create=false", "serviceAccount.name=mine"), [
    "ServiceAccount kubernaut-system/kubernaut-workflow-runner",
  ]);
  assertEquals(await accounts("runner.create=false", ...runners), [
    "ServiceAccount kubernaut-system/kubernaut-workflow-runner",
  ]);
});

testWith("helm", "a namespace that the configuration names twice is bound once", async () => {
  const identities = documents(await helmTemplate("--set", "config.namespaces={a,a}")).map(identityOf);
  assertEquals(identities.filter((each, at) => identities.indexOf(each) !== at), []);
});

testWith("helm", "the chart's PodMonitor asks as /metrics answers: by TLS, or without it", async () => {
  const scheme = async (...set: string[]) => {
    const text = await helmTemplate("--set", "monitoring.podMonitor.enabled=true", ...set);
    return at(only(documents(text), "PodMonitor"), "spec", "podMetricsEndpoints", 0, "scheme");
  };
  assertEquals([await scheme(), await scheme("--set", "config.metrics.plainHttp=true")], ["https", "http"]);
});

Deno.test("values.yaml is valid by the chart's own schema, which knows every value in it and no other", async () => {
  const chart = new URL("../../deploy/helm/", import.meta.url);
  const { $schema: _, ...schema } = JSON.parse(await Deno.readTextFile(new URL("values.schema.json", chart)));
  const values = yaml.parse(await Deno.readTextFile(new URL("values.yaml", chart)));
  const validate = new Ajv({ strict: false, allErrors: true }).compile(schema);
  assertEquals([validate(values), validate.errors], [true, null]);
  assertEquals(
    Object.keys(schema.properties).filter((key) => key !== "global").toSorted(),
    Object.keys(values).toSorted(),
  );
});

Deno.test("the chart refuses an address that is not what the pod's ports, its probes and its NetworkPolicy say", async () => {
  const { $schema: _, ...schema } = JSON.parse(
    await Deno.readTextFile(new URL("../../deploy/helm/values.schema.json", import.meta.url)),
  );
  const validate = new Ajv({ strict: false }).compile(schema.properties.config);
  for (const [key, port] of [["health", 8081], ["metrics", 9090]] as const) {
    const taken = ["", "0.0.0.0", "[::]"].map((host) => validate({ [key]: { address: `${host}:${port}` } }));
    assertEquals(taken, [true, true, true]);
    const refused = [`:1${port}`, ":80", `127.0.0.1:${port}`].map((address) => validate({ [key]: { address } }));
    assertEquals(refused, [false, false, false]);
  }
});

/** By kind and name; a configuration as what it says, and without its checksum: Helm writes YAML in another order. */
function byIdentity(objects: readonly JSONObject[]): JSONObject {
  const sorted = objects.toSorted((a, b) => identityOf(a) < identityOf(b) ? -1 : 1);
  return Object.fromEntries(sorted.map((object) => {
    const { data, ...rest } = structuredClone(object);
    const template = at(rest, "spec", "template", "metadata") as JSONObject | undefined;
    if (template) delete template.annotations;
    const texts = Object.entries((data ?? {}) as Record<string, string>);
    const parsed = Object.fromEntries(texts.map(([name, text]) => [name, yaml.parse(text)]));
    return [identityOf(object), { ...rest, ...(data === undefined ? {} : { data: parsed }) }];
  }));
}

function podOf(objects: readonly JSONObject[]) {
  const { metadata, spec } = only(objects, "Deployment");
  const { template } = spec as { template: { metadata: JSONObject; spec: JSONObject } };
  return {
    namespace: String((metadata as JSONObject).namespace),
    labels: template.metadata.labels as Record<string, string>,
    annotations: (template.metadata.annotations ?? {}) as Record<string, string>,
    spec: template.spec,
  };
}

function containerOf(spec: JSONObject): JSONObject {
  const [container] = spec.containers as JSONObject[];
  assert(container !== undefined);
  return container;
}
