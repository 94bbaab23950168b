// `kubernaut-we config print|schema`: what is in force and where each value comes from, and what a file may hold.

import { configJsonSchema } from "../config_schema.ts";
import { flagName, variableName } from "../config_sources.ts";
import { ConfigError } from "../config_faults.ts";
import { type ConfigSources, describeConfig, type Setting } from "../config.ts";
import { lineWriter } from "../log.ts";
import { takeOwnFlags } from "./own_flags.ts";

const usage = `Usage: kubernaut-we config print [--json] [--config FILE] [any other flag of run]
       kubernaut-we config schema

print   every key as it is in force, with the file's line, variable or flag it comes from
schema  the JSON Schema of the configuration file`;

export interface ConfigOptions {
  readonly print?: (text: string) => void;
  readonly complain?: (text: string) => void;
  /** Default: those of this process. */
  readonly env?: Record<string, string>;
  readonly readFile?: ConfigSources["readFile"];
}

/** Runs the command; the result is the exit code: 0, or 2 when the configuration or the command line is wrong. */
export async function config(args: string[], o: ConfigOptions = {}): Promise<number> {
  const print = o.print ?? lineWriter(Deno.stdout);
  const complain = o.complain ?? lineWriter(Deno.stderr);
  const [command, ...rest] = args;
  if (command === "help" || args.includes("--help") || args.includes("-h")) {
    print(usage);
    return 0;
  }
  if (command === "schema" && rest.length === 0) {
    print(JSON.stringify(configJsonSchema(), null, 2));
    return 0;
  }
  if (command !== "print") {
    const more = command === "schema" ? `kubernaut-we config: schema takes nothing else: ${rest.join(" ")}\n\n` : "";
    complain(`${more}${usage}`);
    return 2;
  }
  const own = takeOwnFlags(rest, { "--json": "switch" });
  if (typeof own === "string") {
    complain(`kubernaut-we config: ${own}`);
    return 2;
  }
  const json = own.values.get("--json") === "true";
  try {
    const settings = await describeConfig({
      args: own.rest,
      otherFlags: ["--json"],
      env: o.env ?? Deno.env.toObject(),
      readFile: o.readFile ?? readIfThere,
    });
    print(json ? JSON.stringify(settings, null, 2) : table(settings));
    return 0;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    complain(error.toString());
    return 2;
  }
}

/** A file's text; undefined when there is none. What `loadConfig` reads with, too. */
export async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

function table(settings: readonly Setting[]): string {
  const rows = [["KEY", "VALUE", "FROM"], ...settings.map(({ key, value, source }) => [key, value, source])];
  const width = (column: number) => Math.max(...rows.map((row) => row[column]?.length ?? 0));
  const [keyWidth, valueWidth] = [width(0), Math.min(width(1), 60)];
  const lines = rows.map(([key = "", value = "", source = ""]) =>
    `${key.padEnd(keyWidth)}  ${value.padEnd(valueWidth)}  ${source}`
  );
  const example = "audit.batchSize";
  return [
    ...lines,
    "",
    `Set a key in the file, as a variable or as a flag: ${example} is ${variableName(example)} and ${
      flagName(example)
    }.`,
  ].join("\n");
}
