// `deno task compile`: the program as one file, dist/kubernaut-we. `deno compile` puts it behind a runtime stub (denort), which
// it fetches the first time; DENORT_BIN names one that is there already. Without either it says so in one line and ends with 1.

import { lineWriter } from "../lib/log.ts";

const complain = lineWriter(Deno.stderr);
const output = "dist/kubernaut-we";
/** As `deno task start`: a kubeconfig may name files anywhere and plugins to run, and /proc opens to nothing less. */
const permissions = "-A";

Deno.exitCode = await compile(Deno.args);

/** @param args further flags of `deno compile`, such as --target */
async function compile(args: string[]): Promise<number> {
  const stub = Deno.env.get("DENORT_BIN");
  if (stub && !await isFile(stub)) return refuse(`DENORT_BIN is ${stub}, and there is no such file`);
  const run = new Deno.Command(Deno.execPath(), {
    args: ["compile", permissions, "--output", output, ...args, "main.ts"],
    stdin: "null",
    stderr: "piped",
    stdout: "inherit",
  }).spawn();
  const told = await tell(run.stderr);
  const { success, code } = await run.status;
  if (success) return 0;
  const url = /https?:\/\/\S+\/denort[^\s)]*/.exec(told)?.[0];
  if (url && !stub) {
    return refuse(`the runtime stub ${url} cannot be fetched; name one that is there already in DENORT_BIN`);
  }
  complain(told.trimEnd());
  return code;
}

/** The whole of what a process said, without colours. */
async function tell(stream: ReadableStream<Uint8Array>): Promise<string> {
  // deno-lint-ignore no-control-regex -- SGR codes begin with a control character
  return (await new Response(stream).text()).replaceAll(/\x1b\[[0-9;]*m/g, "");
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

function refuse(line: string): number {
  complain(`compile: ${line}`);
  return 1;
}
