// doctor on a good cluster, where every line is good, and on broken ones, where exactly the right line fails and says how to
// mend it. The cluster is the embedded API server on a real port.

import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { yaml } from "../../deps.ts";
import { examine } from "../../lib/cli/doctor.ts";
import type { Finding } from "../../lib/cli/doctor/finding.ts";
import { Program } from "../../lib/cli/program.ts";
import { type Clock, systemClock } from "../../lib/clock.ts";
import { loadConfig } from "../../lib/config.ts";
import { addressText } from "../../lib/config_values.ts";
import { KubeClient } from "../../lib/kube/client.ts";
import type { JSONObject } from "../../lib/kube/contract.ts";
import { silentLogger } from "../../lib/log.ts";
import { Metrics } from "../../lib/metrics.ts";
import { grantsOf } from "../../lib/manifests/permissions.ts";
import { ApiServer } from "../../lib/sim/api_server.ts";
import { tektonDefinitions } from "../../lib/sim/permissive_definitions.ts";
import { crdPath } from "../support/crd.ts";
import { DataStorage } from "../support/data_storage.ts";
import { serveDataStorage } from "../support/data_storage_server.ts";

const resolvers = "tekton-pipelines-resolvers";

function namespace(name: string): JSONObject {
  return { apiVersion: "v1", kind: "Namespace", metadata: { name } };
}

function configMap(name: string, inNamespace: string, data: JSONObject): JSONObject {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace: inNamespace }, data };
}

function resolverLease(renewTime: string): JSONObject {
  const metadata = { name: "controller.tektonresolverframework.bundleresolver.00-of-01", namespace: resolvers };
  const spec = { holderIdentity: "resolvers_1", leaseDurationSeconds: 60, renewTime };
  return { apiVersion: "coordination.k8s.io/v1", kind: "Lease", metadata, spec };
}

async function definition(): Promise<JSONObject> {
  return yaml.parse(await Deno.readTextFile(crdPath)) as JSONObject;
}

/** The definition as it was before a field was added. */
async function olderDefinition(): Promise<JSONObject> {
  const text = (await Deno.readTextFile(crdPath)).replace("containerDigest:", "containerSum:");
  return yaml.parse(text) as JSONObject;
}

/** The definition with a field that this program has never heard of. */
async function newerDefinition(): Promise<JSONObject> {
  const text = await Deno.readTextFile(crdPath);
  const [, indent = ""] = /\n( +)containerDigest:/.exec(text) ?? [];
  return yaml.parse(
    text.replace("containerDigest:", `colour: { type: string }\n${indent}containerDigest:`),
  ) as JSONObject;
}

/** What a good cluster holds, by name, so that a case can leave a part out or put another in its place. */
const goodParts = {
  crd: definition,
  tekton: () => Promise.resolve(tektonDefinitions()),
  tektonInfo: () => Promise.resolve(configMap("pipelines-info", "tekton-pipelines", { version: "v1.12.0" })),
  resolverFlags: () =>
    Promise.resolve(configMap("resolvers-feature-flags", resolvers, { "enable-bundles-resolver": "true" })),
  resolverLease: () => Promise.resolve(resolverLease(new Date(systemClock.now()).toISOString().replace("Z", "000Z"))),
  lockNamespace: () => Promise.resolve(namespace("kubernaut-system")),
  serviceAccount: () =>
    Promise.resolve({
      apiVersion: "v1",
      kind: "ServiceAccount",
      metadata: { name: "kubernaut-workflow-runner", namespace: "payment" },
    }),
};
type Parts = Partial<Record<keyof typeof goodParts, (() => Promise<JSONObject | JSONObject[]>) | undefined>>;

interface Case {
  readonly parts?: Parts;
  /** Calls of the permission table that the account may not make, as "verb resource". */
  readonly mayNot?: readonly string[];
  readonly dataStorage?: "down" | "forbids" | "another service";
  readonly args?: readonly string[];
  readonly clock?: Clock;
  readonly account?: { namespace: string; name: string };
}

async function examined(o: Case): Promise<Finding[]> {
  using server = new ApiServer({
    clock: systemClock,
    tokens: new Map([["t", "doctor"]]),
    authorization: "rbac",
  });
  for (const name of ["payment", "tekton-pipelines", resolvers]) server.install(namespace(name));
  for (const part of Object.values({ ...goodParts, ...o.parts })) {
    for (const object of [await part?.() ?? []].flat()) server.install(object);
  }
  for (const object of roles(o.mayNot ?? [])) server.install(object);
  await using served = await server.serve();
  const storage = new DataStorage();
  if (o.dataStorage === "forbids") storage.tokens.add("another");
  if (o.dataStorage === "another service") storage.always = { status: 200, detail: "Log in" };
  await using storageServer = await serveDataStorage(storage);
  const url = o.dataStorage === "down" ? nobody() : storageServer.url;
  const ports = ["--health-address", "127.0.0.1:0", "--metrics-address", "127.0.0.1:0"];
  const config = await loadConfig({
    args: ["--namespaces", "payment", "--audit-sinks", url, "--leader-election", ...ports, ...o.args ?? []],
    env: {},
    readFile: () => Promise.resolve(undefined),
  });
  const findings = await examine({
    config,
    clock: o.clock ?? systemClock,
    account: o.account,
    open: (observer) =>
      Promise.resolve(
        new KubeClient({
          baseUrl: served.url,
          clock: systemClock,
          authorize: () => Promise.resolve("t"),
          observer,
        }),
      ),
  });
  assertEquals(storage.stored, []);
  return findings;
}

/** A URL at which nobody listens. */
function nobody(): string {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return `http://127.0.0.1:${(listener.addr as Deno.NetAddr).port}`;
}

/** Everything that the controller and doctor do, but for `mayNot`. */
function roles(mayNot: readonly string[]): JSONObject[] {
  const scope = { namespaces: [], executionNamespace: "", lockNamespace: "kubernaut-system" };
  const calls = grantsOf({ ...scope, leaderElection: true, metricsAuth: true })
    .map(({ permission: { verb, group, resource, subresource } }) => ({
      verb,
      group,
      resource: subresource ? `${resource}/${subresource}` : resource,
    }))
    .filter(({ verb, resource }) => !mayNot.includes(`${verb} ${resource}`));
  const looks = ["namespaces", "serviceaccounts", "configmaps", "deployments", "customresourcedefinitions"];
  const rules = [
    ...calls.map(({ verb, group, resource }) => ({ apiGroups: [group], resources: [resource], verbs: [verb] })),
    { apiGroups: ["*"], resources: looks, verbs: ["get"] },
  ];
  const subjects = [
    { kind: "User", name: "doctor", apiGroup: "rbac.authorization.k8s.io" },
    { kind: "ServiceAccount", name: "runner", namespace: "kubernaut-system" },
    { kind: "ServiceAccount", name: "kubernaut-workflowexecution", namespace: "kubernaut-system" },
  ];
  const roleRef = { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "doctor" };
  const apiVersion = "rbac.authorization.k8s.io/v1";
  return [
    { apiVersion, kind: "ClusterRole", metadata: { name: "doctor" }, rules },
    { apiVersion, kind: "ClusterRoleBinding", metadata: { name: "doctor" }, subjects, roleRef },
  ];
}

Deno.test("doctor finds nothing to mend on a good cluster, and looks at everything", async () => {
  assertEquals((await examined({})).map(({ check, status }) => `${status} ${check}`), [
    "ok kubernetes",
    "ok clock",
    "ok crd",
    "ok tekton",
    "ok resolver",
    "ok permissions",
    "ok lock-namespace",
    "ok service-account",
    "ok data-storage",
    "ok ports",
  ]);
});

const broken:
  readonly (Case & { readonly name: string; readonly fails: readonly [check: string, says: RegExp, mend: RegExp] })[] =
    [
      {
        name: "no CRD",
        parts: { crd: undefined },
        fails: [
          "crd",
          /^workflowexecutions\.workflowexecution\.kubernaut\.ai is not installed$/,
          /^kubernaut-we crds install$/,
        ],
      },
      {
        name: "an old CRD",
        parts: { crd: olderDefinition },
        fails: [
          "crd",
          /is older than this program: spec\.workflowRef has no containerDigest$/,
          /^kubernaut-we crds install$/,
        ],
      },
      {
        name: "no Tekton",
        parts: { tekton: undefined },
        fails: [
          "tekton",
          /^the cluster serves no pipelineruns and no taskruns of tekton\.dev\/v1$/,
          /^kubectl apply -f https:/,
        ],
      },
      {
        name: "Tekton before 1.0",
        parts: {
          tektonInfo: () => Promise.resolve(configMap("pipelines-info", "tekton-pipelines", { version: "v0.68.1" })),
        },
        fails: [
          "tekton",
          /^Tekton Pipelines v0\.68\.1 is too old: 1\.0 or later is needed$/,
          /^kubectl apply -f https:/,
        ],
      },
      {
        name: "the resolver off",
        parts: {
          resolverFlags: () =>
            Promise.resolve(configMap("resolvers-feature-flags", resolvers, { "enable-bundles-resolver": "false" })),
        },
        fails: ["resolver", /^the bundles resolver is off /, /^kubectl patch configmap resolvers-feature-flags /],
      },
      {
        name: "no resolvers at all",
        parts: { resolverFlags: undefined },
        fails: ["resolver", /^Tekton's remote resolvers are not installed /, /^kubectl apply -f https:/],
      },
      {
        name: "a resolver that has stopped",
        parts: { resolverLease: () => Promise.resolve(resolverLease("2026-01-01T00:00:00.000000Z")) },
        fails: ["resolver", /does not run: its Lease was last renewed \d+ s ago$/, /^kubectl rollout restart /],
      },
      {
        name: "a missing permission",
        mayNot: ["patch workflowexecutions/status"],
        fails: [
          "permissions",
          /^this account may not patch workflowexecutions\/status\.workflowexecution\.kubernaut\.ai in every namespace, which it must to report /,
          /^apply the roles .*kubernaut-we deploy print --namespaces payment --data-storage \S+ \| kubectl apply --server-side/,
        ],
      },
      {
        name: "a missing permission of an installation that is not the ordinary one",
        mayNot: ["create tokenreviews"],
        account: { namespace: "kubernaut-system", name: "kubernaut-workflowexecution" },
        args: ["--execution-namespace", "payment", "--lock-namespace", "payment"],
        fails: [
          "permissions",
          /^kubernaut-system\/kubernaut-workflowexecution may not create tokenreviews/,
          / print --two-accounts --namespaces payment --execution-namespace payment --lock-namespace payment --data-storage /,
        ],
      },
      {
        name: "a missing permission of the controller's account",
        mayNot: ["create leases"],
        account: { namespace: "kubernaut-system", name: "runner" },
        fails: [
          "permissions",
          /^kubernaut-system\/runner may not create leases\.coordination\.k8s\.io in the namespace kubernaut-system, which /,
          /kubernaut-we deploy print/,
        ],
      },
      {
        name: "no lock namespace",
        parts: { lockNamespace: undefined },
        fails: [
          "lock-namespace",
          /^kubernaut-system \(lockNamespace\) does not exist$/,
          /^kubectl create namespace kubernaut-system$/,
        ],
      },
      {
        name: "no service account",
        parts: { serviceAccount: undefined },
        fails: [
          "service-account",
          /^kubernaut-workflow-runner is missing in the namespace payment: no run can start there$/,
          /^kubectl create serviceaccount kubernaut-workflow-runner --namespace payment$/,
        ],
      },
      {
        name: "an execution namespace that does not exist",
        args: ["--execution-namespace", "runs"],
        fails: [
          "service-account",
          /^runs are to be in the namespace runs, which does not exist$/,
          /^kubectl create namespace runs && kubectl create serviceaccount kubernaut-workflow-runner --namespace runs$/,
        ],
      },
      {
        name: "Data Storage down",
        dataStorage: "down",
        fails: ["data-storage", /^http:\/\/127\.0\.0\.1:\d+: .*refused/i, /^kubectl get pods/],
      },
      {
        name: "something else in place of the Data Storage, which answers 200 to all",
        dataStorage: "another service",
        fails: ["data-storage", /: 200: status 200: Log in$/, /check the URL in audit\.sinks$/],
      },
      {
        name: "Data Storage that knows no such token",
        dataStorage: "forbids",
        fails: ["data-storage", /^http:\/\/127\.0\.0\.1:\d+: 401/, /^set audit\.tokenFile /],
      },
      {
        name: "a clock a minute ahead",
        clock: { ...systemClock, now: () => systemClock.now() + 60_000 },
        fails: ["clock", /^this machine is (59|60)\.\d s ahead of the API server$/, /^set both clocks by NTP/],
      },
    ];

for (const { name, fails: [check, says, mend], ...rest } of broken) {
  Deno.test(`doctor tells ${name} in one line, and finds nothing else to mend`, async () => {
    const failing = (await examined(rest)).filter(({ status }) => status === "fail");
    assertEquals(failing.map((finding) => finding.check), [check]);
    assertMatch(failing[0]?.message ?? "", says);
    assertMatch(failing[0]?.mend ?? "", mend);
  });
}

Deno.test("doctor warns of a CRD that is newer than the program, and that is no failure", async () => {
  const findings = await examined({ parts: { crd: newerDefinition } });
  const [crd] = findings.filter(({ check }) => check === "crd");
  assertEquals([crd?.status, findings.some(({ status }) => status === "fail")], ["warn", false]);
  assertStringIncludes(crd?.message ?? "", "is newer than this program: spec.workflowRef has no colour");
});

Deno.test("doctor tells a port that another program has, with the flag that chooses another", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  const findings = await examined({ args: ["--metrics-address", `127.0.0.1:${port}`] });
  assertEquals(findings.filter(({ status }) => status === "fail"), [{
    check: "ports",
    status: "fail",
    message: `127.0.0.1:${port} (metrics.address) is taken by another program`,
    mend: "end it, or choose another: --metrics-address :0 (ss -ltnp shows who listens)",
  }]);
});

Deno.test("doctor tells an address that cannot be listened on, with the flag that chooses another", async () => {
  const findings = await examined({ args: ["--health-address", "192.0.2.1:0"] });
  const [failing, ...more] = findings.filter(({ status }) => status === "fail");
  assertEquals([failing?.check, more], ["ports", []]);
  assertStringIncludes(failing?.message ?? "", "192.0.2.1:0 (health.address) cannot be listened on: ");
  assertStringIncludes(failing?.mend ?? "", "--health-address :PORT");
});

const loopback = Deno.networkInterfaces().map(({ address }) => address);
for (const listen of ["127.0.0.1:0", ...loopback.includes("::1") ? ["[::1]:0"] : []]) {
  Deno.test(`doctor finds the controller that has the ports of ${listen.replace(":0", "")}`, async () => {
    const args = ["--health-address", listen, "--metrics-address", listen, "--metrics-plain-http"];
    const config = await loadConfig({ args, env: {}, readFile: () => Promise.resolve(undefined) });
    const clock = systemClock;
    using client = new KubeClient({ baseUrl: nobody(), clock });
    const metrics = new Metrics(clock);
    const program = new Program({ config, client, clock, log: silentLogger, metrics, identity: "it" });
    await using served = await program.serve();
    const [own, other] = [addressText(served.health.address), addressText(served.metrics.address)];
    const findings = await examined({ args: ["--health-address", own, "--metrics-address", other] });
    assertEquals(findings.filter(({ check }) => check === "ports"), [
      { check: "ports", status: "ok", message: `a controller runs here: ${own}` },
    ]);
  });
}

Deno.test("doctor on an API server that does not answer says so, and looks at what it can", async () => {
  const config = await loadConfig({
    args: ["--health-address", "127.0.0.1:0", "--metrics-address", "127.0.0.1:0"],
    env: {},
    readFile: () => Promise.resolve(undefined),
  });
  const findings = await examine({
    config,
    clock: systemClock,
    account: undefined,
    open: () => Promise.resolve(new KubeClient({ baseUrl: nobody(), clock: systemClock })),
  });
  assertEquals(findings.map(({ check, status }) => `${status} ${check}`), [
    "fail kubernetes",
    "ok data-storage",
    "ok ports",
  ]);
  assertMatch(findings[0]?.message ?? "", /nothing listens there/);
});
