// `kubernaut-we version`: the program's version, the commit it was made from, and the runtime it runs on.

import { parseArgs } from "node:util";
import manifest from "../../deno.json" with { type: "json" };
import { lineWriter } from "../log.ts";

export const version: string = manifest.version;

/** What deploy/compile.ts writes into a binary; run from its sources the program knows neither. */
export interface BuildInfo {
  /** Of the commit; empty when it is not known. */
  readonly commit: string;
  /** Whether the binary may run the credential plugins of a kubeconfig. */
  readonly execPlugins: boolean;
}

const usage = `Usage: kubernaut-we version [--output text|json]`;

/** Exit code 0, or 2 for a wrong command line. */
export function printVersion(args: string[], build?: BuildInfo): Promise<number> {
  const output = outputOf(args);
  if (output === "help") lineWriter(Deno.stdout)(usage);
  else if (output === "text") lineWriter(Deno.stdout)(text(build));
  else if (output === "json") lineWriter(Deno.stdout)(JSON.stringify(facts(build), null, 2));
  else {
    lineWriter(Deno.stderr)(`kubernaut-we version: ${output.fault}\n\n${usage}`);
    return Promise.resolve(2);
  }
  return Promise.resolve(0);
}

function outputOf(args: string[]): "text" | "json" | "help" | { fault: string } {
  try {
    const { values: { output, help } } = parseArgs({
      args,
      options: {
        output: { type: "string", short: "o", default: "text" },
        help: { type: "boolean", short: "h", default: false },
      },
    });
    if (help) return "help";
    return output === "text" || output === "json" ? output : { fault: `--output is text or json, not ${output}` };
  } catch (error) {
    if (error instanceof TypeError) return { fault: error.message };
    throw error;
  }
}

function facts(build: BuildInfo | undefined) {
  return {
    version,
    commit: build?.commit ?? "",
    build: build ? "binary" : "sources",
    execPlugins: build?.execPlugins ?? true,
    deno: Deno.version.deno,
    v8: Deno.version.v8,
    platform: `${Deno.build.os}/${Deno.build.arch}`,
  };
}

function text(build: BuildInfo | undefined): string {
  const from = build
    ? build.commit && ` ${build.commit.replace(/^([0-9a-f]{12})[0-9a-f]*/, "$1")}`
    : " from its sources";
  return `kubernaut-we ${version}${from} (Deno ${Deno.version.deno}, V8 ${Deno.version.v8})`;
}
