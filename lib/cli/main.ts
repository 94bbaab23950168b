// Which command runs. Each is loaded only when it is asked for, so that a running controller does not carry the others.

import { systemClock } from "../clock.ts";
import type { RestClient } from "../kube/contract.ts";
import { createLogger, lineWriter } from "../log.ts";
import { commandLineFaults, unknownCommand } from "./command_line.ts";
import { type CommandName, commands } from "./commands.ts";
import type { BuildInfo } from "./version.ts";

/** Runs a command with what follows its name, and gives its exit code. */
type Run = (args: string[]) => Promise<number>;

const loaders: Readonly<Record<CommandName, (build: BuildInfo | undefined) => Promise<Run>>> = {
  run: async () => (await import("./run.ts")).run,
  demo: async () => (await import("./demo.ts")).demo,
  doctor: async () => (await import("./doctor.ts")).doctor,
  drain: async () => (await import("./drain.ts")).drain,
  explain: async () => {
    const { explain } = await import("./explain.ts");
    return (args) => explain(args, { connect: connectAsUser });
  },
  audit: async () => (await import("./audit.ts")).audit,
  config: async () => (await import("./config.ts")).config,
  crds: async () => {
    const { crds } = await import("./crds.ts");
    return (args) => crds(args, { connect: connectAsUser });
  },
  generate: async () => {
    const { generate } = await import("./generate.ts");
    return (args) => generate(args, { connect: connectAsUser });
  },
  deploy: async () => {
    const { deploy } = await import("./deploy.ts");
    return (args) => deploy(args);
  },
  completion: async () => (await import("./completion.ts")).completion,
  version: async (build) => {
    const { printVersion } = await import("./version.ts");
    return (args) => printVersion(args, build);
  },
};

/** As a shell has it for a process that SIGPIPE ended. */
const brokenPipe = 128 + 13;

/** @param build what the binary was made from; absent when the program runs from its sources */
export async function main(args: string[], build?: BuildInfo): Promise<number> {
  try {
    return await command(args, build);
  } catch (error) {
    if (error instanceof Deno.errors.BrokenPipe) return brokenPipe; // its reader has had enough, as `head` has
    throw error;
  }
}

async function command(args: string[], build?: BuildInfo): Promise<number> {
  const [name = "", ...rest] = args[0] === "--version" || args[0] === "-V" ? ["version"] : args;
  const complain = lineWriter(Deno.stderr);
  if (isCommand(name)) {
    const faults = commandLineFaults(name, rest);
    if (faults.length === 0) return await (await loaders[name](build))(rest);
    for (const fault of faults) complain(`kubernaut-we ${name}: ${fault}`);
    complain(`\nkubernaut-we ${name} --help tells more.`);
    return 2;
  }
  if (name === "help" && isCommand(rest[0] ?? "")) return await command([rest[0] ?? "", "--help"], build);
  const asked = ["", "help", "--help", "-h"].includes(name);
  const lines = Object.entries(commands).map(([each, { summary }]) => `  ${each.padEnd(10)} ${summary}`);
  const usage = ["Usage: kubernaut-we COMMAND [flags]", "", ...lines, "", "kubernaut-we COMMAND --help tells more."];
  if (asked) lineWriter(Deno.stdout)(usage.join("\n"));
  else complain(`kubernaut-we: ${unknownCommand(name)}\n\n${usage.join("\n")}`);
  return asked && name !== "" ? 0 : 2;
}

function isCommand(name: string): name is CommandName {
  return Object.hasOwn(commands, name);
}

/** The cluster of the kubeconfig, for a command that a person runs. */
async function connectAsUser(
  { kubeconfig, context }: { kubeconfig?: string | undefined; context?: string | undefined } = {},
): Promise<RestClient> {
  const { connect } = await import("../kube/kubeconfig.ts");
  const log = createLogger({ level: "warn", format: "text", clock: systemClock, write: lineWriter(Deno.stderr) });
  return await connect({
    clock: systemClock,
    log,
    ...(kubeconfig === undefined ? {} : { kubeconfig }),
    ...(context === undefined ? {} : { context }),
  });
}
