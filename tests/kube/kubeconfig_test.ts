// Kubeconfig files: merging, paths, and one sentence for each fault.

import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { ManualClock } from "../../lib/clock.ts";
import { accessOf, connect } from "../../lib/kube/kubeconfig.ts";
import { KubeconfigError, loadKubeconfig } from "../../lib/kube/kubeconfig_file.ts";
import { silentLogger } from "../../lib/log.ts";
import { newAuthority } from "./certificates.ts";

/** A folder with these files, gone at the end of the test. */
async function folder(files: Record<string, unknown>) {
  const path = await Deno.makeTempDir();
  for (const [name, content] of Object.entries(files)) {
    await Deno.writeTextFile(`${path}/${name}`, typeof content === "string" ? content : JSON.stringify(content));
  }
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

const pem = "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n";
const config = (cluster: object, user: object = {}, context: object = {}) => ({
  "current-context": "main",
  contexts: [{ name: "main", context: { cluster: "k", user: "u", ...context } }],
  clusters: [{ name: "k", cluster: { server: "https://k:6443", ...cluster } }],
  users: [{ name: "u", user }],
});
const tools = { clock: new ManualClock(), log: silentLogger };
const open = async (file: string) => await accessOf(await loadKubeconfig([file]), tools);

Deno.test("kubeconfig: several files are merged, the first to name something wins, missing ones are passed over", async () => {
  await using dir = await folder({
    "one.yaml":
      "contexts:\n- {name: a, context: {cluster: k, user: u, namespace: team}}\nclusters:\n- {name: k, cluster: {server: 'https://one'}}\n",
    "two.yaml": {
      ...config({ server: "https://two" }, { token: "second" }),
      "current-context": "a",
    },
  });
  const paths = ["none.yaml", "one.yaml", "two.yaml"].map((name) => `${dir.path}/${name}`);
  const access = await accessOf(await loadKubeconfig(paths), tools);
  assertEquals([access.baseUrl, access.namespace, await access.authorize?.()], ["https://one", "team", "second"]);
  const other = await accessOf(await loadKubeconfig(paths, "main"), tools);
  assertEquals([other.baseUrl, other.namespace], ["https://one", undefined]);
});

Deno.test("kubeconfig: files are found relative to the kubeconfig; tokenFile goes before token", async () => {
  await using dir = await folder({
    "config": config({ "certificate-authority": "ca.pem", "proxy-url": "http://proxy:3128" }, {
      tokenFile: "token",
      token: "static",
      "client-certificate": "cert.pem",
      "client-key": "key.pem",
    }),
    "ca.pem": pem,
    "cert.pem": pem,
    "key.pem": pem,
    "token": "from-file\n",
  });
  const access = await open(`${dir.path}/config`);
  assertEquals(await access.authorize!(), "from-file");
  assertEquals(await access.settings(), {
    caCerts: [pem],
    client: { cert: pem, key: pem },
    proxyUrl: "http://proxy:3128",
  });
});

const faults: Record<string, [unknown, string]> = {
  "not YAML": ["a: [", "the kubeconfig is not YAML"],
  "not a mapping": ["- a", "the kubeconfig should be a mapping, is a list"],
  "no current context": [{ ...config({}), "current-context": "" }, "current-context is empty; name a context: main"],
  "an unknown context": [{ ...config({}), "current-context": "x" }, 'there is no context "x"; there are: main'],
  "an unknown cluster": [config({}, {}, { cluster: "x" }), 'context "main": cluster "x" does not exist; there are: k'],
  "an unknown user": [config({}, {}, { user: "x" }), 'context "main": user "x" does not exist; there are: u'],
  "no server": [config({ server: "" }), 'cluster "k": server is missing'],
  "a server that is no URL": [config({ server: "k:6443" }), 'cluster "k": server should be a URL with http or https'],
  "a field of the wrong type": [config({}, { token: 5 }), 'user "u": token should be a text, is a number'],
  "a server with a password": [
    config({ server: "https://bob:hunter2@k:6443" }),
    'cluster "k": server holds a user name or password, which is not supported',
  ],
  "a server of another scheme, without its password": [
    config({ server: "ftp://bob:hunter2@k" }),
    'is "ftp://[REDACTED]@k"',
  ],
  "a server with a query": [config({ server: "https://k:6443?a=b" }), 'cluster "k": server holds a query or fragment'],
  "a token of two lines": [
    config({}, { token: "hunter2\nx" }),
    'user "u": token holds a blank, a line break or another character that no token has',
  ],
  "a token file of several lines": [
    JSON.stringify(config({}, { tokenFile: "config" }), null, 2),
    'user "u": tokenFile: the token in /',
  ],
  "data that is no base64": [
    config({ "certificate-authority-data": "%%" }),
    'cluster "k": certificate-authority-data should be base64',
  ],
  "data that is no PEM": [
    config({ "certificate-authority-data": btoa("x") }),
    'cluster "k": certificate-authority-data should hold PEM',
  ],
  "a missing file": [
    config({ "certificate-authority": "nowhere.pem" }),
    'cluster "k": certificate-authority: cannot read',
  ],
  "a certificate without its key": [
    config({}, { "client-certificate-data": btoa(pem) }),
    'user "u": client-key is missing: certificate and key belong together',
  ],
  "impersonation": [config({}, { as: "root" }), 'user "u": as is not supported here'],
  "an auth provider": [
    config({}, { "auth-provider": { name: "gcp" } }),
    'user "u": auth-provider is not supported here',
  ],
  "a CA that nobody would check": [
    config({ "certificate-authority-data": btoa(pem), "insecure-skip-tls-verify": true }),
    "exclude each other",
  ],
  "an exec plugin of an old version": [
    config({}, { exec: { apiVersion: "client.authentication.k8s.io/v1alpha1", command: "x" } }),
    'user "u": exec.apiVersion should be client.authentication.k8s.io/v1 or v1beta1',
  ],
};
for (const [name, [content, wanted]] of Object.entries(faults)) {
  Deno.test(`kubeconfig: ${name} is said with file and field`, async () => {
    await using dir = await folder({ config: content });
    const error = await assertRejects(() => open(`${dir.path}/config`), KubeconfigError, wanted);
    assertStringIncludes(error.message, `${dir.path}/config: `);
    assertEquals(error.message.includes("hunter2"), false);
  });
}

Deno.test("kubeconfig: a server with spaces around it is the server without them", async () => {
  await using dir = await folder({ config: config({ server: " https://k:6443 " }) });
  assertEquals((await open(`${dir.path}/config`)).baseUrl, "https://k:6443");
});

Deno.test("connect: what TLS cannot use is said with file, entry and field, before anything is sent", async () => {
  await using authority = await newAuthority();
  const [one, other] = [await authority.issue("one"), await authority.issue("other")];
  const client = (cert: string, key: string) => ({
    "client-certificate-data": btoa(cert),
    "client-key-data": btoa(key),
  });
  const plugin = `#!/bin/sh\ncat <<'END'\n${
    JSON.stringify({
      apiVersion: "client.authentication.k8s.io/v1",
      kind: "ExecCredential",
      status: { clientCertificateData: one.cert, clientKeyData: other.key },
    })
  }\nEND\n`;
  const both = 'user "u": client-certificate-data and client-key-data cannot be used: ';
  const cases: [what: unknown, wanted: string][] = [
    [config({ "certificate-authority-data": btoa(one.key) }), 'cluster "k": certificate-authority-data cannot be used'],
    [config({ "certificate-authority-data": btoa(pem) }), 'cluster "k": certificate-authority-data cannot be used'],
    [config({ "certificate-authority": "ca.pem" }), 'cluster "k": certificate-authority cannot be used'],
    [config({}, client(one.cert, other.key)), both],
    [config({}, client(one.key, one.cert)), both],
    [config({ "proxy-url": "localhost:3128" }), 'cluster "k": proxy-url should be a URL with http, https or socks5'],
    [
      config({}, { exec: { apiVersion: "client.authentication.k8s.io/v1", command: "./plugin" } }),
      'user "u": exec gave a client certificate that cannot be used: ',
    ],
  ];
  for (const [content, wanted] of cases) {
    await using dir = await folder({ config: content, "ca.pem": pem, plugin });
    await Deno.chmod(`${dir.path}/plugin`, 0o755);
    const kubeconfig = `${dir.path}/config`;
    await assertRejects(() => connect({ ...tools, kubeconfig }), KubeconfigError, `${kubeconfig}: ${wanted}`);
  }
});

Deno.test("kubeconfig: what is said of TLS is passed over where the server speaks plain HTTP", async () => {
  const server = "http://k:8001";
  const tls = { "insecure-skip-tls-verify": true, "tls-server-name": "k" };
  await using dir = await folder({
    direct: config({ server, ...tls }),
    proxied: config({ server, ...tls, "proxy-url": "http://proxy:3128" }),
    secure: config(tls),
  });
  const settings = async (name: string) => await (await open(`${dir.path}/${name}`)).settings();
  assertEquals(await settings("direct"), { caCerts: [] });
  assertEquals(await settings("proxied"), { caCerts: [], proxyUrl: "http://proxy:3128" });
  assertEquals(await settings("secure"), { caCerts: [], serverName: "k", insecure: true });
});

Deno.test("kubeconfig: an exec plugin is told of a CA with any letters around its certificates", async () => {
  const ca = `# Főtanúsítvány\n${pem}`;
  const exec = { apiVersion: "client.authentication.k8s.io/v1", command: "./plugin", provideClusterInfo: true };
  await using dir = await folder({
    config: config({ "certificate-authority": "ca.pem" }, { exec }),
    "ca.pem": ca,
    plugin: '#!/bin/sh\necho "$KUBERNETES_EXEC_INFO" >&2\nexit 1\n',
  });
  await Deno.chmod(`${dir.path}/plugin`, 0o755);
  const access = await open(`${dir.path}/config`);
  await assertRejects(() => access.settings(), KubeconfigError, new TextEncoder().encode(ca).toBase64());
});

Deno.test("connect: explicit, KUBECONFIG, the pod, then ~/.kube/config", async () => {
  await using dir = await folder({
    given: config({ server: "http://given" }),
    fromEnv: config({ server: "http://env" }),
  });
  await Deno.mkdir(`${dir.path}/.kube`);
  await Deno.writeTextFile(`${dir.path}/.kube/config`, JSON.stringify(config({ server: "http://home" })));
  const env: Record<string, string> = { KUBECONFIG: `${dir.path}/fromEnv`, HOME: dir.path };
  const baseUrl = async (o: { kubeconfig?: string; context?: string } = {}) => {
    using client = await connect({ ...o, ...tools, env: (name) => env[name] });
    return client.baseUrl;
  };
  assertEquals(await baseUrl({ kubeconfig: `${dir.path}/given` }), "http://given");
  assertEquals(await baseUrl(), "http://env");
  delete env.KUBECONFIG;
  assertEquals(await baseUrl(), "http://home");
  env.KUBERNETES_SERVICE_HOST = "10.0.0.1";
  env.KUBERNETES_SERVICE_PORT = "443";
  await assertRejects(() => baseUrl(), KubeconfigError, "is automountServiceAccountToken false?");
  assertEquals(await baseUrl({ context: "main" }), "http://home");
  for (const name of Object.keys(env)) delete env[name];
  await assertRejects(() => baseUrl(), KubeconfigError, "KUBECONFIG, KUBERNETES_SERVICE_HOST and HOME are all unset");
});
