// `kubernaut-we deploy`: the manifests of an installation, printed for `kubectl apply`, and the files of deploy/, which are made
// from the same objects.

import { workflowExecutionCrd } from "../codegen/builtin.ts";
import { differences, writeFiles } from "../codegen/output.ts";
import { lineWriter } from "../log.ts";
import { dashboard } from "../manifests/dashboard.ts";
import { helmFiles } from "../manifests/helm.ts";
import { kustomizeFiles, ruleFile } from "../manifests/kustomize.ts";
import { installationText, PrintError, printFlags, readInstallation } from "../manifests/print.ts";
import { version } from "./version.ts";

const flagLines = Object.entries(printFlags).map(([name, flag]) =>
  `  ${`--${name}${"value" in flag ? ` ${flag.value}` : ""}`.padEnd(34)}${flag.about}`
);

const usage = `Usage: kubernaut-we deploy print [flags]
       kubernaut-we deploy files [--check] [--out DIR]

print   all of an installation as YAML, for kubectl apply
files   writes the kustomization, the generated part of the Helm chart and the alerts below DIR (default deploy);
        --check writes nothing, and fails if a file would change

Flags of print:
${flagLines.join("\n")}`;

export interface DeployOptions {
  print?: (line: string) => void;
  complain?: (line: string) => void;
}

/** Runs the command; the exit code is 0, 1 when `--check` found differences, 2 for a wrong command line. */
export async function deploy(args: string[], options: DeployOptions = {}): Promise<number> {
  const print = options.print ?? lineWriter(Deno.stdout);
  const complain = options.complain ?? lineWriter(Deno.stderr);
  const [command, ...rest] = args;
  if (command === "help" || args.includes("--help") || args.includes("-h")) {
    print(usage);
    return 0;
  }
  if (command === "files") return await writeDeployFiles(rest, print, complain);
  if (command !== "print") {
    complain(`kubernaut-we deploy: say print or files\n\n${usage}`);
    return 2;
  }
  const misplaced = rest.find((argument) => /^--(check|out)(=|$)/.test(argument))?.split("=")[0];
  if (misplaced !== undefined) {
    complain(`kubernaut-we deploy: ${misplaced} is for files, not for print`);
    return 2;
  }
  try {
    const { installation, extent } = readInstallation(rest, version);
    print(installationText(installation, extent, workflowExecutionCrd.text).trimEnd());
    return 0;
  } catch (error) {
    if (!(error instanceof PrintError)) throw error;
    for (const line of error.message.split("\n")) complain(`kubernaut-we deploy: ${line}`);
    return 2;
  }
}

/** Every generated file below deploy/: path → text. */
export function deployFiles(): Map<string, string> {
  const below = (folder: string, files: Map<string, string>): [string, string][] =>
    [...files].map(([path, text]) => [`${folder}/${path}`, text]);
  return new Map([
    ...below("kustomize", kustomizeFiles(version, workflowExecutionCrd.text)),
    ...below("helm", helmFiles(version, workflowExecutionCrd.text)),
    ["monitoring/alerts.yaml", ruleFile()],
    ["monitoring/dashboard.json", `${JSON.stringify(dashboard(), null, 2)}\n`],
  ]);
}

async function writeDeployFiles(
  args: readonly string[],
  print: (line: string) => void,
  complain: (line: string) => void,
): Promise<number> {
  let folder = "deploy";
  let check = false;
  for (let at = 0; at < args.length; at++) {
    const [flag = "", inline] = args[at]?.split(/=(.*)/s) ?? [];
    if (args[at] === "--check") check = true;
    else if (flag === "--out") {
      const given = inline ?? args[++at];
      if (!given) {
        complain("kubernaut-we deploy: --out names no folder");
        return 2;
      }
      folder = given;
    } else {
      complain(`kubernaut-we deploy: ${args[at]} is not for files, which takes --check and --out`);
      return 2;
    }
  }
  const files = deployFiles();
  if (!check) {
    const written = await writeFiles(folder, files);
    for (const path of written) print(`${folder}/${path}`);
    print(`${folder}: ${files.size} files, ${written.length} of them written`);
    return 0;
  }
  const found = await differences(folder, files, false);
  for (const { path, is } of found) complain(`${folder}/${path}: ${is}`);
  if (found.length > 0) {
    complain(
      `kubernaut-we deploy: ${found.length} of ${files.size} files are not as generated; run it without --check`,
    );
    return 1;
  }
  print(`${folder}: ${files.size} files are as generated`);
  return 0;
}
