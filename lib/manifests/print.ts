// `deploy print`: a command line read as an installation, and that installation as one YAML stream. The table of flags is what
// the help shows and what the reader knows: there is no flag that is in one and not in the other.

import { parseArgs } from "node:util";
import type { Config } from "../config.ts";
import { checkNamespace, checkServiceAccount, describeSink, parseHttpUrl } from "../config_values.ts";
import type { JSONObject } from "../kube/contract.ts";
import {
  type DataStorage,
  defaultAccount,
  defaultDataStorage,
  defaultImageRepository,
  defaultInstallation,
  defaultNamespace,
  type Installation,
  separateControllerAccount,
  urlOf,
} from "./installation.ts";
import { type Extent, objectsOf } from "./objects.ts";
import { manifestText } from "./text.ts";

/** What is wrong with the command line, a line each. */
export class PrintError extends Error {
  override readonly name = "PrintError";
}

interface Flag {
  /** What stands after it in the help; absent: the flag takes no value. */
  readonly value?: string;
  readonly about: string;
}

/** By name, without the dashes. */
export const printFlags = {
  namespace: { value: "NAME", about: "where the controller runs (default kubernaut-system)" },
  image: { value: "IMAGE", about: `default ${defaultImageRepository}:VERSION` },
  replicas: { value: "N", about: "2 and more: spread over nodes, with a PodDisruptionBudget (default 1)" },
  "execution-namespace": { value: "NAME", about: "every PipelineRun goes there; it is made, with the runs' account" },
  namespaces: { value: "A,B", about: "watch these namespaces, not all; rights are bound there" },
  "lock-namespace": { value: "NAME", about: "where the locks are (default: the controller's namespace)" },
  "runner-account": { value: "NAME", about: "what PipelineRuns act as (default kubernaut-workflow-runner)" },
  "runner-namespaces": { value: "A,B", about: "make the runs' account in these namespaces, too" },
  "two-accounts": { about: `the controller acts as ${separateControllerAccount}, the runs as their own account` },
  "data-storage": {
    value: "URL",
    about: "http://SERVICE.NAMESPACE.svc:PORT, or another URL; none: audit files in an emptyDir",
  },
  monitoring: { about: "PodMonitor with its token, PrometheusRule, Grafana dashboard" },
  "without-crd": { about: "leave the CustomResourceDefinition out" },
} as const satisfies Record<string, Flag>;

export interface PrintExtent extends Extent {
  readonly crd: boolean;
}

/** @throws {PrintError} with every fault of the command line */
export function readInstallation(
  args: readonly string[],
  version: string,
): { installation: Installation; extent: PrintExtent } {
  const values = parse(args);
  const faults: string[] = [];
  const text = (flag: keyof typeof printFlags, check: (text: string) => unknown): string | undefined => {
    const value = values[flag];
    if (typeof value !== "string") return undefined;
    try {
      check(value);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      faults.push(`--${flag}: ${error.message}`);
      return undefined;
    }
    return value;
  };
  const list = (flag: keyof typeof printFlags): string[] => {
    const each = typeof values[flag] === "string" ? values[flag].split(",").map((name) => name.trim()) : [];
    text(flag, () => each.forEach(checkNamespace));
    return each;
  };
  const standard = defaultInstallation(version);
  const namespace = text("namespace", checkNamespace) ?? standard.namespace;
  const executionNamespace = text("execution-namespace", checkNamespace) ?? "";
  const namespaces = list("namespaces");
  const lockNamespace = text("lock-namespace", checkNamespace);
  const runner = text("runner-account", checkServiceAccount);
  const replicas = Number(text("replicas", checkReplicas) ?? standard.replicas);
  const audit = auditOf(text("data-storage", checkDataStorage), { ...standard.dataStorage, namespace } as DataStorage);
  const runnerAccount = runner ?? standard.runnerAccount;
  const controllerAccount = values["two-accounts"] ? separateControllerAccount : runnerAccount;
  if (values["two-accounts"] && runnerAccount === controllerAccount) {
    faults.push(`--runner-account: is ${controllerAccount}, which --two-accounts is to keep for the controller`);
  }
  const image = text("image", (given) => {
    if (!/^\S+$/.test(given)) throw new Error(`${JSON.stringify(given)} is not an image's name`);
  });
  const runnerNamespaces = list("runner-namespaces");
  if (faults.length > 0) throw new PrintError(faults.join("\n"));
  const config: JSONObject = {
    leaderElection: true,
    ...(executionNamespace ? { executionNamespace } : {}),
    ...(runner === undefined ? {} : { serviceAccount: runner }),
    ...(namespaces.length > 0 ? { namespaces } : {}),
    ...(lockNamespace === undefined ? {} : { lockNamespace }),
    audit: { sinks: [audit.sink] },
  };
  const installation: Installation = {
    ...standard,
    namespace,
    ...(image === undefined ? {} : { image }),
    replicas,
    controllerAccount,
    runnerAccount,
    scope: { ...standard.scope, namespaces, executionNamespace, lockNamespace: lockNamespace ?? namespace },
    config,
    dataStorage: audit.dataStorage,
    sinkPort: audit.port,
    auditDirectory: audit.directory,
  };
  const extent = { runnerNamespaces, monitoring: values.monitoring === true, crd: values["without-crd"] !== true };
  return { installation, extent };
}

/**
 * The flags with which `deploy print` comes to what a controller runs with, as far as it can be told from outside: where it is,
 * what it acts as, and its configuration. An installation that needs none has none.
 */
export function flagsOf(config: Config, account: { readonly namespace: string; readonly name: string }): string[] {
  const { namespaces, executionNamespace, lockNamespace, serviceAccount, audit } = config;
  const [storage] = audit.sinks.filter((sink) => sink.kind === "http").map(describeSink);
  const flags: Partial<Record<keyof typeof printFlags, string | undefined | false>> = {
    "namespace": account.namespace !== defaultNamespace && account.namespace,
    "two-accounts": account.name === separateControllerAccount && "",
    "namespaces": namespaces.length > 0 && namespaces.join(","),
    "execution-namespace": executionNamespace || undefined,
    "lock-namespace": lockNamespace !== account.namespace && lockNamespace,
    "runner-account": serviceAccount !== defaultAccount && serviceAccount,
    "data-storage": storage !== urlOf({ ...defaultDataStorage, namespace: account.namespace }) && storage,
  };
  return Object.entries(flags).flatMap(([name, value]) =>
    value === undefined || value === false ? [] : [`--${name}`, value].filter((part) => part !== "")
  );
}

/** One YAML stream, in the order in which it is to be applied. */
export function installationText(installation: Installation, extent: PrintExtent, crd: string): string {
  const objects = manifestText(objectsOf(installation, extent));
  return extent.crd ? `${crd.trimEnd()}\n---\n${objects}` : objects;
}

function parse(args: readonly string[]): Partial<Record<keyof typeof printFlags, string | boolean>> {
  const options = Object.fromEntries(
    Object.entries(printFlags).map(([name, flag]) => [
      name,
      { type: "value" in flag ? "string" as const : "boolean" as const },
    ]),
  );
  try {
    return parseArgs({ args: [...args], options }).values;
  } catch (error) {
    // parseArgs throws nothing but its own complaints about the command line.
    throw new PrintError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

function checkReplicas(text: string): void {
  if (!/^\d{1,2}$/.test(text)) throw new Error(`${JSON.stringify(text)} is not a number of replicas; write 0 to 99`);
}

function checkDataStorage(text: string): void {
  if (text !== "none") parseHttpUrl(text);
}

const auditDirectory = { path: "/var/lib/kubernaut/audit", sizeLimit: "1Gi" };

interface Audit {
  readonly sink: string;
  readonly dataStorage?: DataStorage;
  /** Of another URL. */
  readonly port?: number;
  readonly directory?: Installation["auditDirectory"];
}

/** Where audit events go: to a Service of the cluster (with the right to send them there), to another URL, or to files. */
function auditOf(url: string | undefined, standard: DataStorage): Audit {
  if (url === "none") return { sink: `file:${auditDirectory.path}`, directory: auditDirectory };
  if (url === undefined) return { sink: urlOf(standard), dataStorage: standard };
  const { hostname, port, protocol } = new URL(url);
  const [service = "", namespace = "", kind] = hostname.split(".");
  const number = Number(port || (protocol === "https:" ? 443 : 80));
  return { sink: url, ...(kind === "svc" ? { dataStorage: { service, namespace, port: number } } : { port: number }) };
}
