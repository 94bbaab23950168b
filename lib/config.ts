// The program's configuration: one YAML file, then the environment, then flags, the later over the earlier. It is read whole
// before anything starts; every fault is found in one go and named with the place where it stands. The caller exits with 2.

import { configKeys, type ConfigOutput, configSchema } from "./config_schema.ts";
import { ConfigError, contradictions, issueText } from "./config_faults.ts";
import { type AuditSink, describeSink, describeWebhook } from "./config_values.ts";
import {
  type CommandLineOnly,
  type Fault,
  fromArguments,
  fromEnvironment,
  fromFile,
  type Given,
  type Source,
} from "./config_sources.ts";
import { formatDuration } from "./workflow/duration.ts";

/** What is in force. An empty text or list means "not set", as the table of keys says for each. */
export interface Config {
  readonly cooldownMs: number;
  readonly timeoutMs: number;
  readonly maxTimeoutMs: number;
  readonly rollbackGraceMs: number;
  readonly startDeadlineMs: number;
  readonly executionNamespace: string;
  readonly serviceAccount: string;
  readonly allowedServiceAccounts: readonly string[];
  readonly allowedImages: readonly string[];
  readonly requireDigest: boolean;
  readonly namespaces: readonly string[];
  readonly lockNamespace: string;
  readonly audit: {
    readonly sinks: readonly AuditSink[];
    readonly tokenFile: string;
    readonly caFile: string;
    readonly batchSize: number;
    readonly batchDelayMs: number;
  };
  readonly notify: { readonly url: string; readonly caFile: string };
  /** Addresses are as `parseAddress` reads them: ":8081" is every interface. */
  readonly health: { readonly address: string };
  readonly metrics: {
    readonly address: string;
    readonly auth: boolean;
    readonly audiences: readonly string[];
    readonly plainHttp: boolean;
    readonly certFile: string;
    readonly keyFile: string;
  };
  readonly leaderElection: boolean;
  readonly concurrency: number;
  readonly maxInFlight: number;
  readonly log: {
    readonly level: "debug" | "info" | "warn" | "error";
    /** "auto" is for the caller to settle: text on a terminal, else json. */
    readonly format: "auto" | "text" | "json";
  };
  /** From the command line alone. */
  readonly configFile: string;
  readonly kubeconfig: string;
  readonly context: string;
  readonly pidFile: string;
}

export interface ConfigSources {
  /** What follows the command's name. */
  args: readonly string[];
  /** Flags that the command takes itself: one of these is suggested to whoever misspells it. */
  otherFlags?: readonly string[];
  env: Record<string, string>;
  /** A file's text; undefined when there is none. */
  readFile(path: string): Promise<string | undefined>;
}

/** One key as it is in force: its text, and the place it comes from or "default". */
export interface Setting {
  readonly key: string;
  readonly value: string;
  readonly source: string;
}

/** The file that is read when --config names none and it exists. */
export const defaultConfigFile = "/etc/kubernaut/workflowexecution.yaml";
const podDirectory = "/var/run/secrets/kubernetes.io/serviceaccount";

/** Reads, checks and returns the configuration; rejects with ConfigError. */
export async function loadConfig(sources: ConfigSources): Promise<Config> {
  return (await load(sources)).config;
}

/** Every key as it is in force, and where it comes from; rejects with ConfigError. URLs are shown without credentials. */
export async function describeConfig(sources: ConfigSources): Promise<Setting[]> {
  return (await load(sources)).settings;
}

async function load(sources: ConfigSources): Promise<{ config: Config; settings: Setting[] }> {
  const keys = configKeys();
  const flags = fromArguments(sources.args, keys, sources.otherFlags);
  const file = await readConfigFile(sources, flags.only.get("config"), keys);
  const all: Source[] = [file, fromEnvironment(sources.env, keys), flags];
  const faults: Fault[] = [];
  const faulty = new Set<string>();
  const given = new Map<string, Given>();
  for (const source of all) {
    const found = [...source.faults];
    // Each source by itself, so that a wrong value is told even where a later source replaces it.
    for (const issue of configSchema.safeParse(nested(source.given)).error?.issues ?? []) {
      const key = issue.path.filter((step) => typeof step === "string").join(".");
      const { place = "", value } = source.given.get(key) ?? {};
      faulty.add(key);
      found.push({ key, place, message: issueText(issue, value) });
    }
    faults.push(...found.toSorted((a, b) => lineOf(a) - lineOf(b)));
    for (const [key, value] of source.given) given.set(key, value);
  }
  const values = configSchema.parse(nested(new Map([...given].filter(([key]) => !faulty.has(key)))));
  for (const { keys: involved, message } of contradictions(values)) {
    if (involved.some((key) => faulty.has(key))) continue;
    const key = involved.find((key) => given.has(key)) ?? involved[0] ?? "";
    faults.push({ key, place: given.get(key)?.place ?? "default", message });
  }
  if (faults.length > 0) throw new ConfigError(faults);

  const pod = await readPod(sources);
  const config = complete(values, flags.only, pod);
  return { config, settings: keys.map(({ name }) => setting(name, values, config, given.get(name), pod)) };
}

/** Of a fault in a file; 0 elsewhere. */
function lineOf({ place }: Fault): number {
  return Number(/ line (\d+)$/.exec(place)?.[1] ?? 0);
}

async function readConfigFile(
  sources: ConfigSources,
  named: string | undefined,
  keys: ReturnType<typeof configKeys>,
): Promise<Source> {
  const failed = (message: string): Source => ({
    given: new Map(),
    faults: [{ key: "", place: named === undefined ? defaultConfigFile : "flag --config", message }],
  });
  if (named === "") return failed("lacks its value: --config FILE");
  const path = named ?? defaultConfigFile;
  const text = await sources.readFile(path).catch((error: unknown) => {
    if (error instanceof Error) return error;
    throw error;
  });
  if (text instanceof Error) return failed(`${path} cannot be read: ${text.message}`);
  if (text !== undefined) return fromFile(text, path, keys);
  return named === undefined ? { given: new Map(), faults: [] } : failed(`names ${path}, and there is no such file`);
}

interface Pod {
  readonly namespace: string | undefined;
  readonly hasToken: boolean;
}

async function readPod({ readFile }: ConfigSources): Promise<Pod> {
  const namespace = (await readFile(`${podDirectory}/namespace`))?.trim() || undefined;
  return { namespace, hasToken: namespace !== undefined && !!(await readFile(`${podDirectory}/token`)) };
}

function nested(given: ReadonlyMap<string, Given>): Record<string, unknown> {
  const root: Record<string, unknown> = {};
  for (const [key, { value }] of given) {
    const [name = "", inner] = key.split(".");
    if (inner === undefined) root[name] = value;
    else root[name] = { ...(root[name] as Record<string, unknown> | undefined), [inner]: value };
  }
  return root;
}

function complete(values: ConfigOutput, only: ReadonlyMap<CommandLineOnly, string>, pod: Pod): Config {
  const { cooldown, timeout, maxTimeout, rollbackGrace, startDeadline, audit, ...rest } = values;
  const { batchDelay, ...auditRest } = audit;
  return {
    ...rest,
    cooldownMs: cooldown,
    timeoutMs: timeout,
    maxTimeoutMs: maxTimeout,
    rollbackGraceMs: rollbackGrace,
    startDeadlineMs: startDeadline,
    lockNamespace: values.lockNamespace || pod.namespace || "kubernaut-system",
    audit: {
      ...auditRest,
      batchDelayMs: batchDelay,
      tokenFile: audit.tokenFile || (pod.hasToken ? `${podDirectory}/token` : ""),
    },
    configFile: only.get("config") ?? "",
    kubeconfig: only.get("kubeconfig") ?? "",
    context: only.get("context") ?? "",
    pidFile: only.get("pidFile") ?? "",
  };
}

function setting(key: string, values: ConfigOutput, config: Config, given: Given | undefined, pod: Pod): Setting {
  const fromPod = (key === "lockNamespace" && !values.lockNamespace && pod.namespace !== undefined) ||
    (key === "audit.tokenFile" && !values.audit.tokenFile && pod.hasToken);
  if (fromPod) {
    const value = key === "lockNamespace" ? config.lockNamespace : config.audit.tokenFile;
    return { key, value, source: `the pod's service account (${podDirectory})` };
  }
  if (key === "lockNamespace") return { key, value: config.lockNamespace, source: given?.place ?? "default" };
  if (key === "audit.sinks") {
    return { key, value: JSON.stringify(config.audit.sinks.map(describeSink)), source: given?.place ?? "default" };
  }
  const [section = "", inner] = key.split(".");
  const outer = (values as Record<string, unknown>)[section];
  const value = inner === undefined ? outer : (outer as Record<string, unknown>)[inner];
  return { key, value: settingText(key, value), source: given?.place ?? "default" };
}

const durationKeys: ReadonlySet<string> = new Set([
  "cooldown",
  "timeout",
  "maxTimeout",
  "rollbackGrace",
  "startDeadline",
  "audit.batchDelay",
]);

function settingText(key: string, value: unknown): string {
  if (durationKeys.has(key) && typeof value === "number") {
    return value % 1000 === 0 ? formatDuration(value) : `${value}ms`;
  }
  if (key === "notify.url" && typeof value === "string" && value !== "") return describeWebhook(value);
  return typeof value === "string" ? value : JSON.stringify(value);
}
