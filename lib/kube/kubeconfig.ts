// Finds the API server and opens a client to it: from a kubeconfig, or from inside a pod.
// Files named there (tokens, certificates) are followed as they rotate. Whatever is wrong is said with file, entry and field.

import type { Clock } from "../clock.ts";
import type { Logger } from "../log.ts";
import { withoutCredentials } from "../config_values.ts";
import type { Access, TlsPart, TlsSettings } from "./access.ts";
import { tokenFault } from "./bearer_token.ts";
import { KubeClient, type RequestObserver } from "./client.ts";
import { ExecPlugin } from "./exec_plugin.ts";
import { FileValue } from "./file_value.ts";
import { inClusterAccess } from "./in_cluster.ts";
import { type Entry, type Fields, type Kubeconfig, KubeconfigError, loadKubeconfig } from "./kubeconfig_file.ts";
import { unusablePart } from "./tls_trial.ts";
import { Transport } from "./transport.ts";
import type { Tracing } from "../traces.ts";

export interface ConnectOptions {
  /** One path, or several as in KUBECONFIG. */
  kubeconfig?: string;
  context?: string;
  env?: (name: string) => string | undefined;
  clock: Clock;
  log: Logger;
  observer?: RequestObserver;
  tracing?: Tracing;
  maxInFlight?: number;
}

/**
 * Opens a client by, in this order: the kubeconfig given, KUBECONFIG, the pod's service account (unless a context is named),
 * `~/.kube/config`. Sends nothing yet. Throws KubeconfigError.
 */
export async function connect(o: ConnectOptions): Promise<KubeClient> {
  const env = o.env ?? ((name) => Deno.env.get(name));
  const access = await findAccess({ ...o, env });
  // Certificates that cannot be read or used, and fields that exclude each other, are found here and not at the first request.
  const unusable = unusablePart(await access.settings());
  if (unusable) throw access.blame(unusable.part, unusable.why);
  const transport = new Transport(access.settings);
  return new KubeClient({
    baseUrl: access.baseUrl,
    fetch: transport.fetch,
    onClose: () => transport[Symbol.dispose](),
    clock: o.clock,
    ...(access.authorize ? { authorize: access.authorize } : {}),
    ...(access.namespace === undefined ? {} : { defaultNamespace: access.namespace }),
    ...(o.observer ? { observer: o.observer } : {}),
    ...(o.tracing ? { tracing: o.tracing } : {}),
    ...(o.maxInFlight === undefined ? {} : { maxInFlight: o.maxInFlight }),
  });
}

async function findAccess(o: ConnectOptions & { env: (name: string) => string | undefined }): Promise<Access> {
  const given = o.kubeconfig || o.env("KUBECONFIG");
  const separator = Deno.build.os === "windows" ? ";" : ":";
  if (given) {
    return await accessOf(await loadKubeconfig(given.split(separator).filter((path) => path !== ""), o.context), o);
  }
  const inCluster = o.context === undefined ? await inClusterAccess(o) : undefined;
  if (inCluster) return inCluster;
  const home = o.env("HOME") || o.env("USERPROFILE");
  if (!home) {
    throw new KubeconfigError("Cannot find a cluster: KUBECONFIG, KUBERNETES_SERVICE_HOST and HOME are all unset");
  }
  return await accessOf(await loadKubeconfig([`${home}/.kube/config`], o.context), o);
}

/** The access that a kubeconfig's context describes. Throws KubeconfigError, also for what is not supported. */
export async function accessOf(
  { cluster, user, namespace }: Kubeconfig,
  o: { clock: Clock; log: Logger },
): Promise<Access> {
  const baseUrl = serverOf(cluster);
  const readCa = await pemOf(cluster, "certificate-authority", o);
  const insecure = cluster.flag("insecure-skip-tls-verify");
  const serverName = cluster.text("tls-server-name");
  // Without TLS these say nothing, and nothing is refused for them.
  const overTls = new URL(baseUrl).protocol === "https:";
  const proxyUrl = cluster.text("proxy-url");
  if (insecure && readCa) throw cluster.fault("certificate-authority and insecure-skip-tls-verify exclude each other");
  if (proxyUrl !== undefined && overTls && (insecure || serverName !== undefined)) {
    throw cluster.fault("proxy-url cannot be used with tls-server-name or insecure-skip-tls-verify here");
  }
  if (proxyUrl !== undefined && !URL.canParse(proxyUrl)) throw cluster.fault("proxy-url should be a URL");
  const readCert = user && await pemOf(user, "client-certificate", o);
  const readKey = user && await pemOf(user, "client-key", o);
  if (user && !readCert !== !readKey) {
    throw user.fault(
      `${readCert ? "client-key" : "client-certificate"} is missing: certificate and key belong together`,
    );
  }
  if (user) refuseUnsupported(user);
  const exec = user?.object("exec");
  const plugin = user && exec &&
    new ExecPlugin({
      user,
      exec,
      clock: o.clock,
      clusterInfo: async () => clusterInfoOf(cluster, await readCa?.()),
      isTerminal: () => Deno.stdin.isTerminal(),
    });
  const token = user && await tokenOf(user, o);
  const settings = async (): Promise<TlsSettings> => {
    const ca = await readCa?.();
    const client = readCert && readKey
      ? { cert: await readCert(), key: await readKey() }
      : (await plugin?.credential())?.client;
    return {
      caCerts: ca === undefined ? [] : [ca],
      ...(client ? { client } : {}),
      ...(serverName === undefined || !overTls ? {} : { serverName }),
      ...(insecure && overTls ? { insecure } : {}),
      ...(proxyUrl === undefined ? {} : { proxyUrl }),
    };
  };
  const authorize = token ?? (plugin && (async (refused) => (await plugin.credential(refused)).token));
  const blame = (part: TlsPart, why: string) => {
    if (part === "ca") return cluster.fault(`${givenAs(cluster, "certificate-authority")} cannot be used: ${why}`);
    if (part === "proxy") return cluster.fault(`proxy-url should be a URL with http, https or socks5: ${why}`);
    if (!user || !readCert) {
      return (user ?? cluster).fault(`exec gave a client certificate that cannot be used: ${why}`);
    }
    const [cert, key] = [givenAs(user, "client-certificate"), givenAs(user, "client-key")];
    return user.fault(`${cert} and ${key} cannot be used: ${why}`);
  };
  return { baseUrl, namespace, settings, blame, ...(authorize ? { authorize } : {}) } satisfies Access;
}

/** The field that counts: data goes before a file. */
function givenAs(entry: Entry, field: string): string {
  return entry.text(`${field}-data`) === undefined ? field : `${field}-data`;
}

function serverOf(cluster: Entry): string {
  const server = cluster.text("server");
  if (server === undefined) throw cluster.fault("server is missing");
  const url = URL.canParse(server) ? new URL(server) : undefined;
  if (url?.protocol !== "https:" && url?.protocol !== "http:") {
    throw cluster.fault(`server should be a URL with http or https, is ${JSON.stringify(withoutCredentials(server))}`);
  }
  if (url.username || url.password) {
    throw cluster.fault("server holds a user name or password, which is not supported; use a token or a certificate");
  }
  if (url.search || url.hash) throw cluster.fault("server holds a query or fragment; the paths of the API follow it");
  return server.trim();
}

/** PEM text from `<field>-data`, which wins, or the file of `<field>`; undefined if neither is there. */
async function pemOf(
  entry: Entry,
  field: string,
  o: { clock: Clock; log: Logger },
): Promise<(() => Promise<string>) | undefined> {
  const data = entry.data(`${field}-data`);
  if (data !== undefined) {
    checkPem(entry, `${field}-data`, data);
    return () => Promise.resolve(data);
  }
  const path = entry.path(field);
  if (path === undefined) return undefined;
  const file = new FileValue(path, o);
  checkPem(entry, field, await readFile(entry, field, file));
  return () => file.read();
}

function checkPem(entry: Entry, field: string, text: string): void {
  if (!text.includes("-----BEGIN ")) throw entry.fault(`${field} should hold PEM (-----BEGIN ...), and does not`);
}

async function readFile(entry: Entry, field: string, file: FileValue): Promise<string> {
  try {
    return await file.read();
  } catch (cause) {
    throw new KubeconfigError(entry.fault(`${field}: cannot read ${file.path}: ${(cause as Error).message}`).message, {
      cause,
    });
  }
}

/** tokenFile goes before token, as in client-go. */
async function tokenOf(user: Entry, o: { clock: Clock; log: Logger }): Promise<Access["authorize"] | undefined> {
  const path = user.path("tokenFile");
  if (path !== undefined) {
    const file = new FileValue(path, o);
    const fault = tokenFault((await readFile(user, "tokenFile", file)).trim());
    if (fault) throw user.fault(`tokenFile: the token in ${path} ${fault}`);
    return async (refused) => (await file.read(refused !== undefined)).trim();
  }
  const token = user.text("token")?.trim();
  if (token === undefined) return undefined;
  const fault = tokenFault(token);
  if (fault) throw user.fault(`token ${fault}`);
  return () => Promise.resolve(token);
}

/** What would silently act as somebody else than the kubeconfig says must not pass. */
function refuseUnsupported(user: Entry): void {
  for (const field of ["username", "password", "auth-provider", "as", "as-uid", "as-groups", "as-user-extra"]) {
    const value = user.fields[field];
    if (value === undefined || value === null || value === "") continue;
    throw user.fault(`${field} is not supported here; use a token, a client certificate or exec`);
  }
}

/** The cluster as an exec plugin is told about it (ExecCredential, spec.cluster). */
function clusterInfoOf(cluster: Entry, ca: string | undefined): Fields {
  const info: Fields = {};
  for (const field of ["server", "tls-server-name", "insecure-skip-tls-verify", "proxy-url"]) {
    if (cluster.fields[field] !== undefined) info[field] = cluster.fields[field];
  }
  if (ca !== undefined) info["certificate-authority-data"] = new TextEncoder().encode(ca).toBase64();
  const extensions = cluster.fields.extensions;
  const config = Array.isArray(extensions)
    ? extensions.find((one) => one?.name === "client.authentication.k8s.io/exec")?.extension
    : undefined;
  return config === undefined ? info : { ...info, config };
}
