// `kubernaut-we generate`: typed clients from CustomResourceDefinitions and OpenAPI documents; by default this repository's own.
import { parseArgs } from "node:util";
import { builtinFiles, type Files, filesOf } from "../codegen/generate.ts";
import { SchemaError } from "../codegen/model.ts";
import { differences, writeFiles } from "../codegen/output.ts";
import { customResourcesOf, openApiOf, readSource, SourceError } from "../codegen/sources.ts";
import type { RestClient } from "../kube/contract.ts";
import { ConnectionError, StatusError } from "../kube/errors.ts";
import { lineWriter } from "../log.ts";

const usage = `Usage: kubernaut-we generate [--check] [--out DIR]
       kubernaut-we generate [--check] [--out DIR] SOURCE...
       kubernaut-we generate [--check] [--out DIR] --from-cluster [--group GROUP/VERSION]... [--kubeconfig FILE] [--context NAME]

Writes typed clients: one file for each group and version, formatted as deno fmt would.
Without a source it writes this repository's own generated/.

SOURCE           a file or http(s) URL: CustomResourceDefinitions (YAML or JSON), or an OpenAPI v3 document
--from-cluster   the CustomResourceDefinitions of the cluster
--group          with --from-cluster: this group and version instead, from /openapi/v3; core/v1 is the core group
--out DIR        where to (default generated)
--check          writes nothing; fails if a file would change, naming each

The code imports @cloudydeno/kubernetes-apis: map it to that package, or to this repository's generated/.`;

interface Cluster {
  readonly kubeconfig?: string | undefined;
  readonly context?: string | undefined;
}

export interface CommandOptions {
  /** Opens the cluster; asked only when it is needed, and disposed of here. */
  connect?: (o: Cluster) => Promise<RestClient>;
  print?: (line: string) => void;
  complain?: (line: string) => void;
}

/** Runs the command; the exit code is 0, 1 when it failed or `--check` found differences, 2 for a wrong command line. */
export async function generate(args: string[], options: CommandOptions = {}): Promise<number> {
  const print = options.print ?? lineWriter(Deno.stdout);
  const complain = options.complain ?? lineWriter(Deno.stderr);
  const wrong = (problem: string) => {
    complain(`kubernaut-we generate: ${problem}\n\n${usage}`);
    return 2;
  };
  const line = parse(args);
  if (typeof line === "string") return wrong(line);
  const { values, positionals } = line;
  if (values.help) {
    print(usage);
    return 0;
  }
  const groups = values.group ?? [];
  if (values["from-cluster"] && positionals.length > 0) return wrong("Give either sources or --from-cluster, not both");
  for (const flag of ["group", "kubeconfig", "context"] as const) {
    if (values[flag] !== undefined && !values["from-cluster"]) return wrong(`--${flag} goes with --from-cluster`);
  }
  if (values.out === "") return wrong("--out names no folder"); // below it would be the root of the file system
  const bad = groups.find((group) => !/^[a-z0-9.-]+\/v[a-z0-9]+$/.test(group));
  if (bad !== undefined) return wrong(`--group is ${JSON.stringify(bad)}, must be GROUP/VERSION, for example apps/v1`);
  try {
    const files = values["from-cluster"]
      ? await filesOfCluster(groups, values, options.connect)
      : positionals.length > 0
      ? filesOf(await Promise.all(positionals.map(readSource)))
      : builtinFiles();
    const complete = !values["from-cluster"] && positionals.length === 0;
    return values.check
      ? await check(values.out, files, complete, print, complain)
      : await write(values.out, files, print);
  } catch (error) {
    if (!isUsersFault(error)) throw error;
    complain(`kubernaut-we generate: ${error.message}`);
    return 1;
  }
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        check: { type: "boolean", default: false },
        context: { type: "string" },
        "from-cluster": { type: "boolean", default: false },
        group: { type: "string", multiple: true },
        help: { type: "boolean", short: "h", default: false },
        kubeconfig: { type: "string" },
        out: { type: "string", default: "generated" },
      },
    });
  } catch (error) {
    // parseArgs throws nothing but its own complaints about the command line.
    return error instanceof Error ? error.message : String(error);
  }
}

async function filesOfCluster(groups: string[], of: Cluster, connect: CommandOptions["connect"]): Promise<Files> {
  if (!connect) throw new SourceError("--from-cluster: there is no connection to a cluster here");
  using client = await connect(of);
  if (groups.length === 0) return filesOf(await customResourcesOf(client));
  const sources = [];
  for (const group of groups) sources.push(await openApiOf(client, group));
  return filesOf(sources);
}

async function check(
  folder: string,
  files: Files,
  complete: boolean,
  print: (line: string) => void,
  complain: (line: string) => void,
): Promise<number> {
  const found = await differences(folder, files, complete);
  if (found.length === 0) {
    print(`${folder}: ${files.size} files are as generated`);
    return 0;
  }
  for (const { path, is } of found) complain(`${folder}/${path}: ${is}`);
  complain(
    `kubernaut-we generate: ${found.length} of ${files.size} files are not as generated; run generate without --check`,
  );
  return 1;
}

async function write(folder: string, files: Files, print: (line: string) => void): Promise<number> {
  const written = await writeFiles(folder, files);
  for (const path of written) print(`${folder}/${path}`);
  print(`${folder}: ${files.size} files, ${written.length} of them written`);
  return 0;
}

/** What a user can mend: documents, files, the cluster. The rest is a fault of ours and keeps its stack trace. */
function isUsersFault(error: unknown): error is Error {
  return error instanceof SchemaError || error instanceof SourceError || error instanceof StatusError ||
    error instanceof ConnectionError || error instanceof Deno.errors.PermissionDenied ||
    error instanceof Error && error.name === "KubeconfigError";
}
