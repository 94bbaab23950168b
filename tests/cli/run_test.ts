// What `run` finds missing in a cluster and says about it: each thing one line, on the simulated API server over real HTTP; and
// the exit codes of the process itself.

import { assertEquals, assertRejects } from "@std/assert";
import { yaml } from "../../deps.ts";
import { checkAuditDirectories, checkCluster, StartupError } from "../../lib/cli/startup.ts";
import { systemClock } from "../../lib/clock.ts";
import { loadConfig } from "../../lib/config.ts";
import { KubeClient } from "../../lib/kube/client.ts";
import type { JSONObject } from "../../lib/kube/contract.ts";
import { ApiServer, type ApiServerOptions } from "../../lib/sim/api_server.ts";
import { tektonDefinitions } from "../../lib/sim/permissive_definitions.ts";
import { crdPath } from "../support/crd.ts";

type Part = "crd" | "tekton" | "lockNamespace";
const everything: readonly Part[] = ["crd", "tekton", "lockNamespace"];

const noCrd =
  "the cluster serves no WorkflowExecutions; install the CRD (workflowexecutions.workflowexecution.kubernaut.ai): kubernaut-we crds install";
const noTekton =
  "the cluster serves no PipelineRuns; install Tekton Pipelines 1.0 or later: https://tekton.dev/docs/installation/pipelines/";
const noLockNamespace =
  "the lock namespace kubernaut-system (lockNamespace) does not exist; create it: kubectl create namespace kubernaut-system";
const mayNot = (what: string, group: string, namespace = "") =>
  `this account may not list ${what}${namespace && ` in the namespace ${namespace}`}: ${what}.${group} is forbidden: ` +
  `User "nobody" cannot list resource "${what}" in API group "${group}" ` +
  (namespace ? `in the namespace "${namespace}"` : "at the cluster scope");

interface Case {
  readonly name: string;
  readonly parts: readonly Part[];
  readonly options?: Partial<ApiServerOptions>;
  readonly token?: string;
  readonly lines: readonly string[];
}

const cases: readonly Case[] = [
  { name: "without our definition, the command that installs it", parts: ["tekton", "lockNamespace"], lines: [noCrd] },
  { name: "without Tekton, where to get it", parts: ["crd", "lockNamespace"], lines: [noTekton] },
  {
    name: "without the lock namespace, the command that creates it",
    parts: ["crd", "tekton"],
    lines: [noLockNamespace],
  },
  { name: "an empty cluster: everything at once", parts: [], lines: [noCrd, noTekton, noLockNamespace] },
  {
    name: "an account without rights: what it may not do",
    parts: everything,
    options: { tokens: new Map([["t", "nobody"]]), authorization: "rbac" },
    token: "t",
    lines: [
      mayNot("workflowexecutions", "workflowexecution.kubernaut.ai"),
      mayNot("pipelineruns", "tekton.dev"),
      mayNot("leases", "coordination.k8s.io", "kubernaut-system"),
    ],
  },
  {
    name: "a token that is not known",
    parts: everything,
    options: { tokens: new Map([["t", "nobody"]]) },
    token: "another",
    lines: [
      "the API server does not accept the credentials of the kubeconfig: GET /version: 401 Unauthorized: Unauthorized",
    ],
  },
];

for (const { name, parts, options, token, lines } of cases) {
  Deno.test(`the check at the start tells, ${name}`, async () => {
    await using server = await serve(parts, options);
    const authorize = token === undefined ? {} : { authorize: () => Promise.resolve(token) };
    using client = new KubeClient({ baseUrl: server.url, clock: systemClock, ...authorize });
    const error = await assertRejects(async () => checkCluster(client, await defaults()), StartupError);
    assertEquals(error.message.split("\n"), lines);
  });
}

Deno.test("the check at the start has nothing to say of a cluster where everything is there", async () => {
  await using server = await serve(everything);
  using client = new KubeClient({ baseUrl: server.url, clock: systemClock });
  assertEquals(await checkCluster(client, await defaults()), []);
});

const noNamespace = "the namespace nowhere (namespaces) does not exist; create it: kubectl create namespace nowhere";
const noAccount = (namespace: string) =>
  `the service account ${namespace}/kubernaut-workflow-runner (serviceAccount), which PipelineRuns run as, does not exist; ` +
  `create it: kubectl create serviceaccount kubernaut-workflow-runner --namespace ${namespace}`;

const warnings: [sentence: string, flags: string[], lines: string[]][] = [
  ["nothing, where everything is there", ["--namespaces=payment"], []],
  ["a namespace that is not there", ["--namespaces=payment,nowhere"], [noNamespace]],
  ["a namespace without the service account", ["--namespaces=payment,default"], [noAccount("default")]],
  ["an execution namespace without it, and of others only that they are there", [
    "--namespaces=payment,default,nowhere",
    "--execution-namespace=kubernaut-system",
  ], [noNamespace, noAccount("kubernaut-system")]],
  ["an execution namespace that is not there", ["--execution-namespace=nowhere"], [
    noNamespace.replace("(namespaces)", "(executionNamespace)"),
  ]],
  ["nothing about namespaces that nobody names", [], []],
];
for (const [sentence, flags, lines] of warnings) {
  Deno.test(`the check at the start warns of ${sentence}`, async () => {
    await using server = await serve(everything);
    using client = new KubeClient({ baseUrl: server.url, clock: systemClock });
    assertEquals(await checkCluster(client, await defaults(flags)), lines);
  });
}

Deno.test("the check at the start warns of audit directories that can hold nothing, and makes none", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/file`, "");
    const sinks = ["", "/a/b", "/file", "/file/a/b"].map((end) => `file:${folder}${end}`);
    const wait = "cannot be used, audit events wait until it can";
    assertEquals(await checkAuditDirectories(await defaults([`--audit-sinks=stdout,${sinks.join(",")}`])), [
      `audit.sinks ${sinks[2]} ${wait}: ${folder}/file is no directory`,
      `audit.sinks ${sinks[3]} ${wait}: ${folder}/file is no directory`,
    ]);
    assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name), ["file"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("the check at the start warns of nothing that it may not look at", async () => {
  const rights = { verbs: ["list"], apiGroups: ["*"], resources: ["*"] };
  await using server = await serve(everything, { tokens: new Map([["t", "somebody"]]), authorization: "rbac" }, [
    { apiVersion: "rbac.authorization.k8s.io/v1", kind: "ClusterRole", metadata: { name: "lists" }, rules: [rights] },
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRoleBinding",
      metadata: { name: "lists" },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "lists" },
      subjects: [{ kind: "User", name: "somebody", apiGroup: "rbac.authorization.k8s.io" }],
    },
  ]);
  using client = new KubeClient({ baseUrl: server.url, clock: systemClock, authorize: () => Promise.resolve("t") });
  assertEquals(await checkCluster(client, await defaults(["--namespaces=nowhere"])), []);
});

Deno.test("run ends with exit code 1 and one line for each thing that is missing", async () => {
  await using server = await serve(["lockNamespace"]);
  const kubeconfig = await Deno.makeTempFile();
  try {
    const named = (name: string, kind: string, value: JSONObject) => ({ name, [kind]: value });
    await Deno.writeTextFile(
      kubeconfig,
      yaml.stringify({
        apiVersion: "v1",
        kind: "Config",
        clusters: [named("c", "cluster", { server: server.url })],
        contexts: [named("x", "context", { cluster: "c" })],
        "current-context": "x",
      }),
    );
    const ports = ["--health-address", "127.0.0.1:0", "--metrics-address", "127.0.0.1:0"];
    const ended = await program("run", "--kubeconfig", kubeconfig, ...ports, "--lock-namespace", "kubernaut-system");
    assertEquals(ended, { code: 1, out: "", err: `kubernaut-we: ${noCrd}\nkubernaut-we: ${noTekton}\n` });
  } finally {
    await Deno.remove(kubeconfig);
  }
});

Deno.test("run ends with exit code 2 for a faulty configuration, every fault with its place", async () => {
  const { code, out, err } = await program("run", "--cooldown", "soon", "--concurrency", "0");
  assertEquals([code, out], [2, ""]);
  const told = err.split("\n").filter((line) => line.includes("flag --"));
  assertEquals(told.map((line) => /flag --[a-z]+/.exec(line)?.[0]), ["flag --cooldown", "flag --concurrency"]);
});

Deno.test("a reader that has had enough, as head has, ends it without a word", async () => {
  const main = new URL("../../main.ts", import.meta.url).pathname;
  const process = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "-A", main, "deploy", "print", "--monitoring"],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  await process.stdout.cancel();
  const [{ code }, err] = await Promise.all([process.status, new Response(process.stderr).text()]);
  assertEquals([code, err], [141, ""]);
});

async function serve(
  parts: readonly Part[],
  options: Partial<ApiServerOptions> = {},
  manifests: readonly JSONObject[] = [],
) {
  await using stack = new AsyncDisposableStack();
  const server = stack.use(new ApiServer({ clock: systemClock, ...options }));
  if (parts.includes("crd")) server.install(yaml.parse(await Deno.readTextFile(crdPath)) as JSONObject);
  if (parts.includes("tekton")) { for (const definition of tektonDefinitions()) server.install(definition); }
  if (parts.includes("lockNamespace")) {
    server.install({ apiVersion: "v1", kind: "Namespace", metadata: { name: "kubernaut-system" } });
  }
  server.install({ apiVersion: "v1", kind: "Namespace", metadata: { name: "payment" } });
  const account = { name: "kubernaut-workflow-runner", namespace: "payment" };
  server.install({ apiVersion: "v1", kind: "ServiceAccount", metadata: account });
  for (const manifest of manifests) server.install(manifest);
  const { url } = stack.use(await server.serve());
  const owned = stack.move();
  return { url, [Symbol.asyncDispose]: () => owned[Symbol.asyncDispose]() };
}

function defaults(flags: readonly string[] = []) {
  return loadConfig({
    args: ["--lock-namespace", "kubernaut-system", ...flags],
    env: {},
    readFile: () => Promise.resolve(undefined),
  });
}

async function program(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const main = new URL("../../main.ts", import.meta.url).pathname;
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "-A", main, ...args],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
  const { code, stdout, stderr } = await command.output();
  return { code, out: new TextDecoder().decode(stdout), err: new TextDecoder().decode(stderr) };
}
