// `deno task compile`: the program as one file below dist/, by `deno compile`, which puts it behind a runtime stub (denort). Deno
// fetches that the first time; DENORT_BIN names one that is there already. What cannot be done is said in one line, with what
// is missing and how to get it, and ends with 1; a wrong command line with 2. What a build is stands in binary.ts.

import { parseArgs } from "node:util";
import { lineWriter } from "../lib/log.ts";
import { type Build, compileArguments, entryOf, isTarget, outputOf, type Target, targets } from "./binary.ts";

const usage = `Usage: deno task compile [--target TARGET]… [--exec-plugins] [--commit SHA]

--target        ${Object.keys(targets).join(", ")}, or all; this machine by default
--exec-plugins  lets the binary run the credential plugins (exec) of a kubeconfig; a container's needs none
--commit        what "kubernaut-we version" names; what git says by default
DENORT_BIN names a runtime stub that is there already, for one target.`;

const complain = lineWriter(Deno.stderr);

if (import.meta.main) Deno.exitCode = await run(Deno.args);

async function run(args: string[]): Promise<number> {
  const line = commandLine(args);
  if (line === undefined) {
    lineWriter(Deno.stdout)(usage);
    return 0;
  }
  if (typeof line === "string") {
    complain(`compile: ${line}\n\n${usage}`);
    return 2;
  }
  const stub = Deno.env.get("DENORT_BIN");
  if (stub !== undefined && !await isFile(stub)) {
    return refuse(`DENORT_BIN is ${JSON.stringify(stub)}, and there is no such file`);
  }
  if (stub && line.targets.length > 1) return refuse("DENORT_BIN is one stub, for one target: give one --target");
  const commit = line.commit ?? await commitHere();
  await Deno.mkdir("dist", { recursive: true });
  for (const target of line.targets) {
    const code = await compile({ target, execPlugins: line.execPlugins, commit }, stub);
    if (code !== 0) return code;
  }
  return 0;
}

interface CommandLine {
  readonly targets: readonly (Target | undefined)[];
  readonly execPlugins: boolean;
  readonly commit: string | undefined;
}

/** What is asked for; a text says what is wrong with it, and undefined that only help is wanted. */
function commandLine(args: string[]): CommandLine | string | undefined {
  let parsed;
  try {
    parsed = parseArgs({
      args,
      options: {
        target: { type: "string", multiple: true, default: [] },
        "exec-plugins": { type: "boolean", default: false },
        commit: { type: "string" },
        help: { type: "boolean", short: "h", default: false },
      },
    });
  } catch (error) {
    if (error instanceof TypeError) return error.message;
    throw error;
  }
  const { target: names, "exec-plugins": execPlugins, commit, help } = parsed.values;
  if (help) return undefined;
  const wanted = names.includes("all") ? Object.keys(targets) : names;
  const unknown = wanted.find((name) => !isTarget(name));
  if (unknown !== undefined) {
    return `--target is ${JSON.stringify(unknown)}, should be all or one of ${Object.keys(targets).join(", ")}`;
  }
  if (commit !== undefined && !/^[0-9a-f]{7,64}(-dirty)?$/.test(commit)) {
    return `--commit is ${JSON.stringify(commit)}, should be a commit's hash`;
  }
  return { targets: wanted.length === 0 ? [undefined] : wanted.filter(isTarget), execPlugins, commit };
}

async function compile(build: Build, stub: string | undefined): Promise<number> {
  const { path, text } = entryOf(build);
  await Deno.writeTextFile(path, text);
  const { success, code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: compileArguments(build, await unusedFolders()),
    env: { NO_COLOR: "1" },
    stdin: "null",
  }).output();
  const told = new TextDecoder().decode(stderr);
  if (success) {
    lineWriter(Deno.stdout)(outputOf(build));
    return 0;
  }
  const url = /https?:\/\/\S+\/denort[^\s)]*/.exec(told)?.[0];
  if (url && !stub) {
    return refuse(
      `the runtime stub cannot be fetched; fetch ${url} where that is possible, unpack it, and name it: ` +
        "DENORT_BIN=<path of denort> deno task compile",
    );
  }
  complain((new TextDecoder().decode(stdout) + told).trimEnd());
  return code;
}

/** Test data of packages, by its folder in Deno's cache: bintrees ships files of 100,000 lines. */
async function unusedFolders(): Promise<string[]> {
  const info = await new Deno.Command(Deno.execPath(), { args: ["info", "--json"], stdin: "null" }).output();
  const { npmCache } = JSON.parse(new TextDecoder().decode(info.stdout)) as { npmCache: string };
  const { npm } = JSON.parse(await Deno.readTextFile("deno.lock")) as { npm: Record<string, unknown> };
  const packages = Object.keys(npm).filter((name) => name.startsWith("bintrees@"));
  const folders: string[] = [];
  for await (const { name: registry } of Deno.readDir(npmCache)) {
    folders.push(...packages.map((name) => `${npmCache}/${registry}/${name.replace("@", "/")}/test`));
  }
  return folders;
}

/** The commit that is checked out, marked when the files differ from it; empty without git. */
async function commitHere(): Promise<string> {
  const git = async (...args: string[]) => {
    try {
      const { success, stdout } = await new Deno.Command("git", { args, stdin: "null", stderr: "null" }).output();
      return success ? new TextDecoder().decode(stdout).trim() : undefined;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return undefined;
      throw error;
    }
  };
  const hash = await git("rev-parse", "HEAD");
  if (!hash) return "";
  return await git("status", "--porcelain") === "" ? hash : `${hash}-dirty`;
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
