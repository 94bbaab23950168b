// What is said about a configuration that is wrong: a zod issue in words of this program, contradictions between values that are
// right each by itself, and the error that carries every fault with its place.

import type { z } from "../deps.ts";
import type { ConfigOutput } from "./config_schema.ts";
import type { Fault } from "./config_sources.ts";
import { parseAddress, withoutCredentials } from "./config_values.ts";
import { formatDuration } from "./workflow/duration.ts";

/** Everything that is wrong with a configuration, each with its place. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  constructor(readonly faults: readonly Fault[]) {
    super(faults.map(faultText).join("\n"));
  }

  /** The whole text for a terminal, one fault a line. */
  override toString(): string {
    const count = this.faults.length === 1 ? "a fault" : `${this.faults.length} faults`;
    return [`The configuration has ${count}:`, ...this.faults.map((fault) => `  ${faultText(fault)}`)].join("\n");
  }
}

/** A flag or a variable is named for its key already; of a file, the line says where and the key says what. */
function faultText({ key, place, message }: Fault): string {
  const said = key === "" || !/ line \d+$/.test(place) || message.startsWith(key) || message.includes(` ${key},`);
  return said ? `${place}: ${message}` : `${place}: ${key}: ${message}`;
}

const nouns: Record<string, string> = {
  string: "a text",
  boolean: "true or false",
  array: "a list",
  int: "a whole number",
  number: "a whole number",
};

/** A zod issue in the form "what is, what should be". `value` is what was given for the key that the issue is about. */
export function issueText(issue: z.core.$ZodIssue, value: unknown): string {
  const step = issue.path.at(-1);
  const inList = typeof step === "number" && Array.isArray(value);
  const written = withoutCredentials(JSON.stringify(inList ? value[step] : value) ?? "nothing").slice(0, 80);
  const should = (what: string) => `${inList ? `item ${step + 1} ` : ""}is ${written} and should be ${what}`;
  switch (issue.code) {
    case "invalid_type":
      return should(nouns[issue.expected] ?? issue.expected);
    case "invalid_union":
      return should("a duration, as in 30s, 5m or 1h30m");
    case "invalid_value":
      return should(`one of ${issue.values.join(", ")}`);
    case "too_big":
      return should(`at most ${issue.maximum}`);
    case "too_small":
      return issue.origin === "array" ? issue.message : should(`at least ${issue.minimum}`);
    default:
      return `${inList ? `item ${step + 1}: ` : ""}${issue.message}`;
  }
}

/** Values that are wrong together, with the keys that may be changed to put it right, the likeliest first. */
export function contradictions(values: ConfigOutput): { keys: string[]; message: string }[] {
  const found: { keys: string[]; message: string }[] = [];
  const { metrics } = values;
  if (values.timeout > values.maxTimeout) {
    found.push({
      keys: ["timeout", "maxTimeout"],
      message: `timeout is ${formatDuration(values.timeout)} and should be at most maxTimeout, which is ` +
        formatDuration(values.maxTimeout),
    });
  }
  if ((metrics.certFile === "") !== (metrics.keyFile === "")) {
    const [set, missing] = metrics.certFile ? ["certFile", "keyFile"] : ["keyFile", "certFile"];
    found.push({
      keys: [`metrics.${set}`, `metrics.${missing}`],
      message:
        `metrics.${set} is set and metrics.${missing} is not; give both, or neither for a self-signed certificate`,
    });
  }
  if (metrics.plainHttp && metrics.certFile) {
    found.push({
      keys: ["metrics.plainHttp", "metrics.certFile"],
      message: "metrics.plainHttp is true, so that metrics.certFile would be ignored; set one of the two",
    });
  }
  const one = parseAddress(values.health.address);
  const other = parseAddress(metrics.address);
  const apart = one.hostname && other.hostname && one.hostname !== other.hostname;
  if (one.port !== 0 && one.port === other.port && !apart) {
    found.push({
      keys: ["metrics.address", "health.address"],
      message: `health.address and metrics.address both have port ${one.port}; give each its own`,
    });
  }
  return found;
}
