// Everything in deploy/ against the schemas of a real API server, as it would refuse it itself: an unknown field, a wrong type,
// a missing one. The chart is rendered where helm is on PATH, and overlays are built where kubectl is.
import { assert, assertEquals } from "@std/assert";
import { deploy } from "../../lib/cli/deploy.ts";
import type { JSONObject } from "../../lib/kube/contract.ts";
import { documents, identityOf, schemaCheck } from "./documents.ts";
import { helmTemplate, output, ran, testWith } from "./tools.ts";

const folder = new URL("../../deploy/kustomize/", import.meta.url);
const overlays = ["ha", "dedicated-execution-namespace", "monitoring", "two-accounts"];

async function faultsOf(text: string): Promise<string[]> {
  const faults = await schemaCheck();
  const objects = documents(text);
  assert(objects.length > 0, "there is something to check");
  const identities = objects.map(identityOf);
  return [...objects.flatMap(faults), ...identities.filter((each, at) => identities.indexOf(each) !== at)];
}

async function printed(...flags: string[]): Promise<string> {
  const lines: string[] = [];
  const code = await deploy(["print", ...flags], {
    print: (line) => lines.push(line),
    complain: (line) => lines.push(line),
  });
  assertEquals(code, 0, lines.join("\n"));
  return lines.join("\n");
}

Deno.test("a field that the API server does not know, a wrong type and a missing field are faults", async () => {
  const faults = await schemaCheck();
  const account: JSONObject = { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "a" } };
  assertEquals(faults(account), []);
  assertEquals(faults({ ...account, automount: true }), [
    'ServiceAccount a: / must NOT have additional properties {"additionalProperty":"automount"}',
  ]);
  assertEquals(faults({ ...account, automountServiceAccountToken: "yes" }), [
    'ServiceAccount a: /automountServiceAccountToken must be boolean {"type":"boolean"}',
  ]);
  const role = { apiVersion: "rbac.authorization.k8s.io/v1", kind: "Role", metadata: { name: "a" } };
  assertEquals(faults({ ...role, rules: [{ apiGroups: [""] }] }), [
    `Role a: /rules/0 must have required property 'verbs' {"missingProperty":"verbs"}`,
  ]);
  assertEquals(faults({ ...account, kind: "Pet" }), ["Pet a: no schema of v1/Pet is at hand"]);
});

const prints: [string, string[]][] = [
  ["without a flag", []],
  ["with two replicas, two accounts and monitoring", ["--replicas", "2", "--two-accounts", "--monitoring"]],
  ["for some namespaces and a dedicated one", ["--namespaces", "a,b", "--execution-namespace", "runs"]],
  ["with audit files", ["--data-storage", "none", "--runner-namespaces", "a,b", "--lock-namespace", "locks"]],
];
for (const [how, flags] of prints) {
  Deno.test(`deploy print ${how} is valid`, async () => assertEquals(await faultsOf(await printed(...flags)), []));
}

Deno.test("every file of the kustomization is valid by itself", async () => {
  const faults: string[] = [];
  for (const part of ["base", ...overlays.map((name) => `components/${name}`)]) {
    for await (const { name } of Deno.readDir(new URL(`${part}/`, folder))) {
      if (["kustomization.yaml", "workflowexecution.yaml"].includes(name)) continue;
      faults.push(...await faultsOf(await Deno.readTextFile(new URL(`${part}/${name}`, folder))));
    }
  }
  assertEquals(faults, []);
});

for (const part of ["base", ...overlays.map((name) => `overlays/${name}`)]) {
  testWith("kubectl", `kustomize builds ${part}, and the result is valid`, async () => {
    assertEquals(await faultsOf(await output("kubectl", "kustomize", `deploy/kustomize/${part}`)), []);
  });
}

testWith("helm", "the chart has nothing that helm lint complains of", async () => {
  await output("helm", "lint", "--strict", "deploy/helm");
});

testWith("helm", "the chart's objects are valid, as it is and with every value used", async () => {
  assertEquals(await faultsOf(await helmTemplate()), []);
  assertEquals(await faultsOf(await helmTemplate("--values", "tests/manifests/every-value.yaml")), []);
});

testWith("helm", "a value that is misspelt, in the chart or in the configuration, is refused by its name", async () => {
  const refused = async (set: string) => {
    const { code, err } = await ran("helm", ["template", "x", "deploy/helm", "--kube-version", "1.36.0", "--set", set]);
    return [code, err.split("\n").find((line) => line.startsWith("- "))];
  };
  assertEquals(await refused("replica=2"), [1, "- at '': additional properties 'replica' not allowed"]);
  assertEquals(await refused("config.cooldwn=1m"), [1, "- at '/config': additional properties 'cooldwn' not allowed"]);
  assertEquals(await refused("config=null"), [1, "- at '': missing property 'config'"]);
  assertEquals(await refused("monitoring.dashboard=null"), [1, "- at '/monitoring': missing property 'dashboard'"]);
  assertEquals(await refused("runner.namespaces=null"), [0, undefined]);
});
