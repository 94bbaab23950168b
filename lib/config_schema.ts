// The configuration's keys, their defaults and what each may be: one schema that reads a file, explains itself as JSON Schema,
// and is the type of the result. Where a value comes from and what is said about a wrong one stands in config.ts.

import { z } from "../deps.ts";
import { checkNamespace, checkServiceAccount, parseAddress, parseHttpUrl, parseSink } from "./config_values.ts";
import { parseDurationMs } from "./workflow/duration.ts";

/** Longest delay that a timer keeps; a batch never waits as long as that anyway. */
const longestBatchDelayMs = 60_000;

/** Runs `read` on a text and turns what it throws into a fault of that very place. */
function reading<T>(read: (text: string) => T) {
  return (text: string, context: z.RefinementCtx): T => {
    try {
      return read(text);
    } catch (fault) {
      if (!(fault instanceof Error)) throw fault;
      context.addIssue({ code: "custom", message: fault.message, input: text });
      return z.NEVER;
    }
  };
}

function duration(rule: "may be 0" | "above 0", longestMs = Infinity) {
  return z.union([z.string(), z.literal(0)]).transform(String).transform(reading((text) => {
    const ms = parseDurationMs(text);
    if (ms < 0 || (rule === "above 0" && ms === 0)) {
      throw new Error(`${JSON.stringify(text)} should be ${rule === "above 0" ? "above 0" : "0 or more"}`);
    }
    if (ms > longestMs) throw new Error(`${JSON.stringify(text)} should be at most ${longestMs / 1000}s`);
    return ms;
  }));
}

/** A text that stays as it is, once `check` has nothing against it. */
const checked = (check: (text: string) => unknown) =>
  z.string().superRefine((text, context) => void reading(check)(text, context));
const emptyOr = (check: (text: string) => unknown) => checked((text) => text === "" || check(text));
const listOf = <T extends z.ZodType>(item: T) => z.array(item).default([]);
const path = () => z.string().default("");

const word = checked((text) => {
  if (text === "" || /\s/.test(text)) throw new Error(`${JSON.stringify(text)} should be a text without spaces`);
});

function sinks() {
  const none =
    "is an empty list; name at least one of http(s)://HOST, file:DIR and stdout: no execution ends unrecorded";
  return z.array(z.string().transform(reading(parseSink))).min(1, none).superRefine((list, context) => {
    const seen = new Set<string>();
    for (const [index, sink] of list.entries()) {
      const text = JSON.stringify(sink);
      if (seen.has(text)) {
        context.addIssue({ code: "custom", path: [index], message: "names a sink for the second time" });
      }
      seen.add(text);
    }
  });
}

/** Descriptions are what `config print` and `config schema` show; they say what the default's value means. */
export const configSchema = z.strictObject({
  cooldown: duration("may be 0").prefault("5m")
    .describe("Time after an end in which the same workflow is skipped on the same target; 0: off"),
  timeout: duration("above 0").prefault("30m").describe("An execution's deadline, where it names none itself"),
  maxTimeout: duration("above 0").prefault("24h").describe("The longest deadline that an execution may ask for"),
  rollbackGrace: duration("may be 0").prefault("5m")
    .describe("Time that finally tasks get after the deadline; 0: Tekton's own timeout ends the run without them"),
  startDeadline: duration("may be 0").prefault("2m")
    .describe("Time within which a PipelineRun must have begun; 0: off"),
  executionNamespace: emptyOr(checkNamespace).default("")
    .describe("Namespace of the PipelineRuns; empty: each execution's own"),
  serviceAccount: checked(checkServiceAccount).default("kubernaut-workflow-runner")
    .describe("Service account of PipelineRuns, where an execution names none"),
  allowedServiceAccounts: listOf(checked(checkServiceAccount))
    .describe("Service accounts that an execution may name; empty: any"),
  allowedImages: listOf(word).describe("Prefixes that a workflow's image may have; empty: any"),
  requireDigest: z.boolean().default(false).describe("Whether a workflow's image must be named by digest"),
  namespaces: listOf(checked(checkNamespace)).describe("Namespaces that are watched; empty: all"),
  lockNamespace: emptyOr(checkNamespace).default("")
    .describe("Namespace of the locks; empty: the pod's own, kubernaut-system outside a cluster"),
  audit: z.strictObject({
    sinks: sinks().prefault(["file:./audit"])
      .describe("Where audit events go: http(s)://HOST (Data Storage), file:DIR, stdout"),
    tokenFile: path().describe("File with the bearer token for http sinks; empty: the pod's service-account token"),
    caFile: path().describe("File with the certificate authorities of https sinks; empty: the system's"),
    batchSize: z.int().min(1).max(500).default(100).describe("Most events in one request"),
    batchDelay: duration("may be 0", longestBatchDelayMs).prefault("100ms")
      .describe("Longest time an event waits for others to share its request"),
  }).prefault({}),
  notify: z.strictObject({
    url: emptyOr(parseHttpUrl).default("").describe("Where each final state is posted as a CloudEvent; empty: nowhere"),
    caFile: path().describe("File with the certificate authorities of notify.url; empty: the system's"),
  }).prefault({}),
  health: z.strictObject({
    address: checked(parseAddress).default(":8081").describe("Address of /healthz and /readyz"),
  }).prefault({}),
  metrics: z.strictObject({
    address: checked(parseAddress).default(":9090").describe("Address of /metrics"),
    auth: z.boolean().default(true).describe("Whether /metrics asks for a bearer token that may read it"),
    audiences: listOf(word).describe("Audiences of which a token must be for one; empty: the API server's own"),
    plainHttp: z.boolean().default(false).describe("HTTP without TLS"),
    certFile: path().describe("File with the server's certificate chain; empty: self-signed"),
    keyFile: path().describe("File with the certificate's private key"),
  }).prefault({}),
  leaderElection: z.boolean().default(false).describe("Whether replicas elect one that works while others stand by"),
  concurrency: z.int().min(1).max(1000).default(32).describe("Most executions that are reconciled at once"),
  maxInFlight: z.int().min(1).max(1000).default(64).describe("Most requests to the API server at once"),
  log: z.strictObject({
    level: z.enum(["debug", "info", "warn", "error"]).default("info").describe("The least level that is written"),
    format: z.enum(["auto", "text", "json"]).default("auto").describe("auto: text on a terminal, else json"),
  }).prefault({}),
});

/** A file's content with defaults filled in, durations in milliseconds and sinks read; keys are still the file's. */
export type ConfigOutput = z.output<typeof configSchema>;

/** One key: its dotted name, the shape its value has in a file, its default and its meaning. */
export interface ConfigKey {
  readonly name: string;
  readonly type: "text" | "boolean" | "integer" | "list";
  readonly default: unknown;
  readonly about: string;
  /** The words of which it may be one, where it may not be any. */
  readonly choices?: readonly string[];
}

interface SchemaNode {
  type?: string;
  properties?: Record<string, SchemaNode>;
  default?: unknown;
  description?: string;
  enum?: string[];
}

/** Every key, in the schema's order. */
export function configKeys(): ConfigKey[] {
  const walk = (node: SchemaNode, prefix: string): ConfigKey[] =>
    Object.entries(node.properties ?? {}).flatMap(([name, child]) => {
      if (child.properties) return walk(child, `${prefix}${name}.`);
      const type = child.type === "array"
        ? "list"
        : child.type === "boolean" || child.type === "integer"
        ? child.type
        : "text";
      const choices = child.enum ? { choices: child.enum } : {};
      return [{ name: prefix + name, type, default: child.default, about: child.description ?? "", ...choices }];
    });
  return walk(configJsonSchema() as SchemaNode, "");
}

/** JSON Schema (2020-12) of the configuration file, for editors and for `config schema`. */
export function configJsonSchema(): object {
  return {
    title: "Configuration of the WorkflowExecution controller",
    ...z.toJSONSchema(configSchema, { io: "input" }),
  };
}
