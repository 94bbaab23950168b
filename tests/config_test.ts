// Configuration: every key from every source, what wins, and what `config print` tells. Faults: config_faults_test.ts.

import { assertEquals, assertThrows } from "@std/assert";
import { type Config, describeConfig, loadConfig } from "../lib/config.ts";
import { configJsonSchema, configKeys } from "../lib/config_schema.ts";
import { flagName, variableName } from "../lib/config_sources.ts";
import { addressText, parseAddress, parseSink } from "../lib/config_values.ts";

interface Given {
  args?: string[];
  env?: Record<string, string>;
  /** Text of the default configuration file. */
  file?: string;
  files?: Record<string, string>;
}

function sources({ args = [], env = {}, file, files = {} }: Given) {
  const all: Record<string, string> = { ...files, ...(file === undefined ? {} : { [defaultFile]: file }) };
  return { args, env, readFile: (path: string) => Promise.resolve(all[path]) };
}

const defaultFile = "/etc/kubernaut/workflowexecution.yaml";
const podDirectory = "/var/run/secrets/kubernetes.io/serviceaccount";

const defaults: Config = {
  cooldownMs: 300_000,
  timeoutMs: 1_800_000,
  maxTimeoutMs: 86_400_000,
  rollbackGraceMs: 300_000,
  startDeadlineMs: 120_000,
  executionNamespace: "",
  serviceAccount: "kubernaut-workflow-runner",
  allowedServiceAccounts: [],
  allowedImages: [],
  requireDigest: false,
  namespaces: [],
  lockNamespace: "kubernaut-system",
  audit: {
    sinks: [{ kind: "file", directory: "./audit" }],
    tokenFile: "",
    caFile: "",
    batchSize: 100,
    batchDelayMs: 100,
  },
  notify: { url: "", caFile: "" },
  health: { address: ":8081" },
  metrics: { address: ":9090", auth: true, audiences: [], plainHttp: false, certFile: "", keyFile: "" },
  leaderElection: false,
  concurrency: 32,
  maxInFlight: 64,
  log: { level: "info", format: "auto" },
  configFile: "",
  kubeconfig: "",
  context: "",
  pidFile: "",
};

Deno.test("loadConfig without any source gives the defaults", async () => {
  assertEquals(await loadConfig(sources({})), defaults);
});

/** Each key: its text, and what becomes of the whole. */
const effects: Record<string, [text: string, config: Partial<Config>]> = {
  cooldown: ["0", { cooldownMs: 0 }],
  timeout: ["10m", { timeoutMs: 600_000 }],
  maxTimeout: ["2h", { maxTimeoutMs: 7_200_000 }],
  rollbackGrace: ["90s", { rollbackGraceMs: 90_000 }],
  startDeadline: ["1m30s", { startDeadlineMs: 90_000 }],
  executionNamespace: ["runs", { executionNamespace: "runs" }],
  serviceAccount: ["runner", { serviceAccount: "runner" }],
  allowedServiceAccounts: ["a,b.c", { allowedServiceAccounts: ["a", "b.c"] }],
  allowedImages: ["ghcr.io/kubernaut/", { allowedImages: ["ghcr.io/kubernaut/"] }],
  requireDigest: ["true", { requireDigest: true }],
  namespaces: ["payment, cart", { namespaces: ["payment", "cart"] }],
  lockNamespace: ["locks", { lockNamespace: "locks" }],
  "audit.sinks": ["stdout,https://ds:8443/base/", {
    audit: { ...defaults.audit, sinks: [{ kind: "stdout" }, { kind: "http", url: "https://ds:8443/base" }] },
  }],
  "audit.tokenFile": ["/t", { audit: { ...defaults.audit, tokenFile: "/t" } }],
  "audit.caFile": ["/ca", { audit: { ...defaults.audit, caFile: "/ca" } }],
  "audit.batchSize": ["500", { audit: { ...defaults.audit, batchSize: 500 } }],
  "audit.batchDelay": ["1s", { audit: { ...defaults.audit, batchDelayMs: 1_000 } }],
  "notify.url": ["https://hook/x?y=z", { notify: { url: "https://hook/x?y=z", caFile: "" } }],
  "notify.caFile": ["/ca", { notify: { url: "", caFile: "/ca" } }],
  "health.address": ["127.0.0.1:0", { health: { address: "127.0.0.1:0" } }],
  "metrics.address": ["[::1]:0", { metrics: { ...defaults.metrics, address: "[::1]:0" } }],
  "metrics.auth": ["false", { metrics: { ...defaults.metrics, auth: false } }],
  "metrics.audiences": ["one,two", { metrics: { ...defaults.metrics, audiences: ["one", "two"] } }],
  "metrics.plainHttp": ["true", { metrics: { ...defaults.metrics, plainHttp: true } }],
  leaderElection: ["true", { leaderElection: true }],
  concurrency: ["1", { concurrency: 1 }],
  maxInFlight: ["1000", { maxInFlight: 1000 }],
  "log.level": ["debug", { log: { level: "debug", format: "auto" } }],
  "log.format": ["json", { log: { level: "info", format: "json" } }],
};

/** These two stand and fall together. */
const pair = { metrics: { ...defaults.metrics, certFile: "/c", keyFile: "/k" } };

for (const [key, [text, change]] of Object.entries(effects)) {
  const list = configKeys().find(({ name }) => name === key)?.type === "list";
  const inFile = list ? `[${text}]` : text.startsWith("[") ? `"${text}"` : text;
  const file = key.includes(".") ? `${key.split(".")[0]}:\n  ${key.split(".")[1]}: ${inFile}\n` : `${key}: ${inFile}\n`;
  const expected = { ...defaults, ...change };
  Deno.test(`loadConfig reads ${key} from the file, the environment and the command line`, async () => {
    assertEquals(await loadConfig(sources({ file })), expected);
    assertEquals(await loadConfig(sources({ env: { [variableName(key)]: text } })), expected);
    assertEquals(await loadConfig(sources({ args: [`${flagName(key)}=${text}`] })), expected);
  });
}

Deno.test("loadConfig reads metrics.certFile and metrics.keyFile", async () => {
  const file = "metrics: { certFile: /c, keyFile: /k }";
  assertEquals(await loadConfig(sources({ file })), { ...defaults, ...pair });
  assertEquals(await loadConfig(sources({ args: ["--metrics-cert-file", "/c", "--metrics-key-file", "/k"] })), {
    ...defaults,
    ...pair,
  });
});

Deno.test("every key of the schema is covered by the tests above, and has a description and a default", () => {
  const tested = [...Object.keys(effects), "metrics.certFile", "metrics.keyFile"];
  assertEquals(configKeys().map(({ name }) => name).toSorted(), tested.toSorted());
  for (const { name, about, default: value } of configKeys()) {
    assertEquals([name, about.length > 10, value === undefined], [name, true, false]);
  }
});

Deno.test("the environment wins over the file, and a flag over both", async () => {
  const given = { file: "concurrency: 2", env: { KUBERNAUT_WE_CONCURRENCY: "3" } };
  assertEquals((await loadConfig(sources(given))).concurrency, 3);
  assertEquals((await loadConfig(sources({ ...given, args: ["--concurrency", "4"] }))).concurrency, 4);
});

Deno.test("a timeout may be as long as the longest, and not longer", async () => {
  const args = ["--timeout=1h", "--max-timeout=60m"];
  assertEquals((await loadConfig(sources({ args }))).timeoutMs, 3_600_000);
});

Deno.test("one section may come from several sources", async () => {
  const config = await loadConfig(sources({
    file: "metrics: { audiences: [a] }",
    env: { KUBERNAUT_WE_METRICS_AUTH: "false" },
    args: ["--metrics-plain-http"],
  }));
  assertEquals(config.metrics, { ...defaults.metrics, audiences: ["a"], auth: false, plainHttp: true });
});

Deno.test("a list's flag may be repeated, and replaces the file's list", async () => {
  const args = ["--namespaces=a", "--namespaces=b,c"];
  assertEquals((await loadConfig(sources({ file: "namespaces: [z]", args }))).namespaces, ["a", "b", "c"]);
});

Deno.test("an empty variable empties a list and a text", async () => {
  const env = { KUBERNAUT_WE_NAMESPACES: "", KUBERNAUT_WE_EXECUTION_NAMESPACE: "" };
  const config = await loadConfig(sources({ file: "namespaces: [z]\nexecutionNamespace: runs", env }));
  assertEquals([config.namespaces, config.executionNamespace], [[], ""]);
});

Deno.test("a key without a value in the file means its default", async () => {
  assertEquals(await loadConfig(sources({ file: "cooldown:\naudit:\nmetrics:\n  auth:\n" })), defaults);
  assertEquals(await loadConfig(sources({ file: "# nothing\n" })), defaults);
});

Deno.test("--config names the file; kubeconfig, context and pid file come from the command line", async () => {
  const args = ["--config=/x", "--kubeconfig", "/k", "--context", "prod", "--pid-file", "/p"];
  const config = await loadConfig(sources({ args, file: "concurrency: 2", files: { "/x": "concurrency: 3" } }));
  assertEquals(config, {
    ...defaults,
    concurrency: 3,
    configFile: "/x",
    kubeconfig: "/k",
    context: "prod",
    pidFile: "/p",
  });
});

Deno.test("in a pod the locks are in its own namespace and the audit token is its own", async () => {
  const files = { [`${podDirectory}/namespace`]: "kubernaut\n", [`${podDirectory}/token`]: "t" };
  const config = await loadConfig(sources({ files }));
  assertEquals([config.lockNamespace, config.audit.tokenFile], ["kubernaut", `${podDirectory}/token`]);
  const args = ["--lock-namespace=locks", "--audit-token-file=/t"];
  const other = await loadConfig(sources({ files, args }));
  assertEquals([other.lockNamespace, other.audit.tokenFile], ["locks", "/t"]);
});

Deno.test("variables that Kubernetes sets for Services of our name are not settings", async () => {
  const env = {
    KUBERNAUT_WE_SERVICE_HOST: "10.0.0.1",
    KUBERNAUT_WE_SERVICE_PORT: "9090",
    KUBERNAUT_WE_SERVICE_PORT_METRICS: "9090",
    KUBERNAUT_WE_PORT: "tcp://10.0.0.1:9090",
    KUBERNAUT_WE_PORT_9090_TCP: "tcp://10.0.0.1:9090",
    KUBERNAUT_WE_PORT_9090_TCP_ADDR: "10.0.0.1",
    KUBERNAUT_WE_METRICS_SERVICE_HOST: "10.0.0.1",
    KUBERNAUT_WE_METRICS_PORT_9090_TCP_PROTO: "tcp",
  };
  assertEquals(await loadConfig(sources({ env })), defaults);
});

Deno.test("describeConfig tells each key's value and where it comes from", async () => {
  const settings = await describeConfig(sources({
    file: "cooldown: 90s\naudit:\n  sinks: ['https://u:p@ds', stdout]\n  batchDelay: 250ms\n",
    env: { KUBERNAUT_WE_NAMESPACES: "a,b" },
    args: ["--leader-election"],
    files: { [`${podDirectory}/namespace`]: "kubernaut", [`${podDirectory}/token`]: "t" },
  }));
  const of = (key: string) =>
    settings.filter((setting) => setting.key === key).map(({ value, source }) => [value, source])[0];
  assertEquals(settings.map(({ key }) => key), configKeys().map(({ name }) => name));
  assertEquals(of("cooldown"), ["1m30s", `${defaultFile} line 1`]);
  assertEquals(of("audit.sinks"), ['["https://[REDACTED]@ds","stdout"]', `${defaultFile} line 3`]);
  assertEquals(of("audit.batchDelay"), ["250ms", `${defaultFile} line 4`]);
  assertEquals(of("namespaces"), ['["a","b"]', "environment variable KUBERNAUT_WE_NAMESPACES"]);
  assertEquals(of("leaderElection"), ["true", "flag --leader-election"]);
  assertEquals(of("lockNamespace"), ["kubernaut", `the pod's service account (${podDirectory})`]);
  assertEquals(of("audit.tokenFile"), [`${podDirectory}/token`, `the pod's service account (${podDirectory})`]);
  assertEquals(of("metrics.address"), [":9090", "default"]);
});

Deno.test("addressText writes an address as parseAddress reads it", () => {
  for (const text of ["127.0.0.1:8081", "localhost:0", "[::]:9090", "[fd00::2]:1"]) {
    const { hostname = "", port } = parseAddress(text);
    assertEquals(addressText({ hostname, port }), text);
  }
});

Deno.test("the JSON Schema names every key and refuses others", () => {
  const schema = configJsonSchema() as { properties: Record<string, unknown>; additionalProperties: boolean };
  assertEquals(schema.additionalProperties, false);
  assertEquals(Object.keys(schema.properties), [...new Set(configKeys().map(({ name }) => name.split(".")[0] ?? ""))]);
});

const addresses: [text: string, hostname: string | undefined, port: number][] = [
  [":8081", undefined, 8081],
  [":0", undefined, 0],
  ["127.0.0.1:9090", "127.0.0.1", 9090],
  ["localhost:1", "localhost", 1],
  ["[::1]:65535", "::1", 65535],
];
for (const [text, hostname, port] of addresses) {
  Deno.test(`parseAddress reads ${text}`, () => assertEquals(parseAddress(text), { hostname, port }));
}
for (const text of ["", "8081", ":", ":65536", "::1:80", "http://x:80", ":8081 ", "[zz]:1"]) {
  Deno.test(`parseAddress refuses ${JSON.stringify(text)}`, () => {
    assertThrows(() => parseAddress(text), Error, "is not an address");
  });
}
for (const text of ["", "file:", "ftp://x", "https://", "http://x?y", "Stdout"]) {
  Deno.test(`parseSink refuses ${JSON.stringify(text)}`, () => void assertThrows(() => parseSink(text), Error));
}
