// Which command runs. Each is loaded only when it is asked for, so that a running controller does not carry the others.

import { systemClock } from "../clock.ts";
import type { RestClient } from "../kube/contract.ts";
import { createLogger, lineWriter } from "../log.ts";

interface Command {
  readonly summary: string;
  readonly load: () => Promise<(args: string[]) => Promise<number>>;
}

const commands: Readonly<Record<string, Command>> = {
  run: { summary: "the controller, against a cluster", load: async () => (await import("./run.ts")).run },
  demo: {
    summary: "the main job on the embedded API server and Tekton, in under 30 s",
    load: async () => (await import("./demo.ts")).demo,
  },
  generate: {
    summary: "typed clients from CustomResourceDefinitions and OpenAPI",
    load: async () => {
      const { generate } = await import("./generate.ts");
      return (args) => generate(args, { connect: connectAsUser });
    },
  },
  crds: {
    summary: "print or install the CustomResourceDefinition",
    load: async () => {
      const { crds } = await import("./crds.ts");
      return (args) => crds(args, { connect: connectAsUser });
    },
  },
  explain: {
    summary: "tell what an execution did, what failed, and what to do",
    load: async () => {
      const { explain } = await import("./explain.ts");
      return (args) => explain(args, { connect: connectAsUser });
    },
  },
  audit: { summary: "read the audit trail", load: async () => (await import("./audit.ts")).audit },
  config: { summary: "print what is in force, or the schema", load: async () => (await import("./config.ts")).config },
  version: { summary: "print the version", load: async () => (await import("./version.ts")).printVersion },
};

export async function main(args: string[]): Promise<number> {
  const [name = "", ...rest] = args[0] === "--version" || args[0] === "-V" ? ["version"] : args;
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command) return await (await command.load())(rest);
  const asked = ["", "help", "--help", "-h"].includes(name);
  const lines = Object.entries(commands).map(([each, { summary }]) => `  ${each.padEnd(10)} ${summary}`);
  const usage = ["Usage: kubernaut-we COMMAND [flags]", "", ...lines, "", "kubernaut-we COMMAND --help tells more."];
  if (asked) lineWriter(Deno.stdout)(usage.join("\n"));
  else lineWriter(Deno.stderr)(`kubernaut-we: there is no command ${JSON.stringify(name)}\n\n${usage.join("\n")}`);
  return asked && name !== "" ? 0 : 2;
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
