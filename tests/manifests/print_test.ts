// The command line of `deploy print`: every fault is said, with its flag, and nothing is printed then.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { yaml } from "../../deps.ts";
import { deploy } from "../../lib/cli/deploy.ts";
import { loadConfig } from "../../lib/config.ts";
import { flagsOf, readInstallation } from "../../lib/manifests/print.ts";
import { configText } from "../../lib/manifests/workload.ts";
import { at, documents, identityOf, only } from "./documents.ts";

async function run(...args: string[]): Promise<{ code: number; out: string; complaints: string[] }> {
  const out: string[] = [];
  const complaints: string[] = [];
  const code = await deploy(args, { print: (line) => out.push(line), complain: (line) => complaints.push(line) });
  return { code, out: out.join("\n"), complaints };
}

const faults: [flags: string[], said: RegExp][] = [
  [["--replicas", "many"], /^kubernaut-we deploy: --replicas: "many" is not a number of replicas; write 0 to 99$/],
  [["--namespace", "My_Space"], /^kubernaut-we deploy: --namespace: "My_Space" is not a namespace's name; /],
  [["--namespaces", "a,,b"], /^kubernaut-we deploy: --namespaces: "" is not a namespace's name; /],
  [
    ["--data-storage", "data-storage"],
    /^kubernaut-we deploy: --data-storage: "data-storage" is not a URL; write http:\/\/HOST/,
  ],
  [["--image", "two words"], /^kubernaut-we deploy: --image: "two words" is not an image's name$/],
  [
    ["--two-accounts", "--runner-account", "kubernaut-workflowexecution"],
    /^kubernaut-we deploy: --runner-account: is kubernaut-workflowexecution, which --two-accounts is to keep for the controller$/,
  ],
  [["--replica", "2"], /^kubernaut-we deploy: Unknown option '--replica'/],
  [["--check"], /^kubernaut-we deploy: --check is for files, not for print$/],
  [["--out", "there"], /^kubernaut-we deploy: --out is for files, not for print$/],
];
for (const [flags, said] of faults) {
  Deno.test(`deploy print ${flags.join(" ")} ends with 2, and says what is wrong`, async () => {
    const { code, out, complaints } = await run("print", ...flags);
    assertEquals([code, out, complaints.length], [2, "", 1]);
    assertMatch(complaints[0] ?? "", said);
  });
}

Deno.test("deploy print says every fault at once", async () => {
  const { complaints } = await run("print", "--replicas", "x", "--namespace", "X", "--namespaces", "Y");
  assertEquals(complaints.map((line) => line.split(":")[1]), [" --namespace", " --namespaces", " --replicas"]);
});

Deno.test("deploy without a command, or with one that there is not, ends with 2", async () => {
  assertEquals([(await run()).code, (await run("apply")).code, (await run("files", "--all")).code], [2, 2, 2]);
});

Deno.test("deploy files says what it does not take, and that --out lacks its folder", async () => {
  const first = async (...args: string[]) => (await run("files", ...args)).complaints[0]?.split("\n")[0];
  assertEquals([
    await first("--replicas", "2"),
    await first("--check", "--out"),
    await first("--out="),
    await first("there"),
  ], [
    "kubernaut-we deploy: --replicas is not for files, which takes --check and --out",
    "kubernaut-we deploy: --out names no folder",
    "kubernaut-we deploy: --out names no folder",
    "kubernaut-we deploy: there is not for files, which takes --check and --out",
  ]);
});

Deno.test("deploy print prints the CRD first, then the namespaces, and leaves the CRD out when it is told", async () => {
  const kinds = async (...flags: string[]) =>
    documents((await run("print", ...flags)).out).slice(0, 3).map(({ kind }) => kind);
  assertEquals(await kinds("--execution-namespace", "runs"), ["CustomResourceDefinition", "Namespace", "Namespace"]);
  assertEquals(await kinds("--without-crd"), ["Namespace", "ServiceAccount", "ClusterRole"]);
});

Deno.test("deploy print writes the reason at each rule of the controller's roles", async () => {
  const text = (await run("print", "--without-crd")).out;
  const rule = ["  # create: run the workflow", "  - apiGroups: [tekton.dev]", "    resources: [pipelineruns]"];
  assert(text.includes(rule.join("\n")), text);
});

Deno.test("names that YAML 1.1, as kubectl reads it, takes for something else are printed as the texts that they are", async () => {
  const flags = ["--namespace", "no", "--namespaces", "y,on,0b1,1e3", "--runner-account", "off", "--two-accounts"];
  const { out } = await run("print", "--without-crd", ...flags);
  const read = (version: "1.1" | "1.2") => yaml.parseAllDocuments(out, { version }).map((each) => each.toJS());
  assertEquals(read("1.1"), read("1.2"));
});

Deno.test("the flags that are told of a configuration come to the installation that has it", async () => {
  const given: string[][] = [
    [],
    ["--namespace", "x"],
    ["--two-accounts", "--namespaces", "a,b", "--execution-namespace", "runs"],
    [
      "--namespace",
      "x",
      "--lock-namespace",
      "y",
      "--runner-account",
      "r",
      "--data-storage",
      "https://s.audit.svc:8443",
    ],
  ];
  for (const flags of given) {
    const { installation: i } = readInstallation(flags, "0.0.0");
    const readFile = (path: string) =>
      Promise.resolve(
        path.endsWith("/namespace") ? i.namespace : path.endsWith(".yaml") ? configText(i.config) : "token",
      );
    const config = await loadConfig({ args: ["--config", "c.yaml"], env: {}, readFile });
    assertEquals(flagsOf(config, { namespace: i.namespace, name: i.controllerAccount }), flags);
  }
});

Deno.test("the port of a sink that is no Service of the cluster is let through, where nothing else lets it", async () => {
  const egress = async (url: string) => {
    const objects = documents((await run("print", "--data-storage", url)).out);
    return (at(only(objects, "NetworkPolicy"), "spec", "egress") as unknown[]).slice(2);
  };
  assertEquals(await egress("http://storage.example:8080"), [{ ports: [{ protocol: "TCP", port: 8080 }] }]);
  assertEquals(await egress("http://storage.audit:8080"), [{ ports: [{ protocol: "TCP", port: 8080 }] }]);
  assertEquals(await egress("http://storage.example"), [{ ports: [{ protocol: "TCP", port: 80 }] }]);
  assertEquals(await egress("https://storage.example:6443"), []);
});

Deno.test("a Data Storage Service of the cluster is granted and let through; any other URL is only configured", async () => {
  const printed = async (url: string) => documents((await run("print", "--data-storage", url)).out);
  const own = await printed("https://storage.audit.svc:8443");
  assertEquals(at(only(own, "Role", "kubernaut-workflowexecution-audit"), "rules", 0, "resourceNames"), ["storage"]);
  assertEquals(at(only(own, "NetworkPolicy"), "spec", "egress", 2), {
    to: [{ namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "audit" } } }],
    ports: [{ protocol: "TCP", port: 8443 }],
  });
  const other = await printed("https://storage.example/audit");
  assertEquals(other.map(identityOf).filter((each) => each.endsWith("-audit")), []);
  assertEquals((at(only(other, "NetworkPolicy"), "spec", "egress") as unknown[]).length, 2);
  assertMatch(
    Object.values(only(other, "ConfigMap").data as Record<string, string>)[0] ?? "",
    /- https:\/\/storage\.example\/audit/,
  );
});

Deno.test("the runs' account is made in every namespace that is named, once", async () => {
  const flags = [
    "--runner-namespaces",
    "a,b,kubernaut-system",
    "--execution-namespace",
    "b",
    "--runner-account",
    "runner",
  ];
  const accounts = documents((await run("print", ...flags)).out).filter(({ kind }) => kind === "ServiceAccount");
  assertEquals(accounts.map(identityOf), [
    "ServiceAccount kubernaut-system/runner",
    "ServiceAccount a/runner",
    "ServiceAccount b/runner",
  ]);
});
