// What the binary is: for which machines it is made, what it may do, how V8 is set up in it, and the `deno compile` command
// line that follows from that. Pure, so that tests look at the whole of it; compile.ts runs it.

/** Machines by the name in a file's name; `triple` is what `deno compile --target` calls it. */
export const targets = {
  "linux-x64": { triple: "x86_64-unknown-linux-gnu", suffix: "" },
  "linux-arm64": { triple: "aarch64-unknown-linux-gnu", suffix: "" },
  "macos-x64": { triple: "x86_64-apple-darwin", suffix: "" },
  "macos-arm64": { triple: "aarch64-apple-darwin", suffix: "" },
  "windows-x64": { triple: "x86_64-pc-windows-msvc", suffix: ".exe" },
} as const;
export type Target = keyof typeof targets;

export function isTarget(name: string): name is Target {
  return Object.hasOwn(targets, name);
}

/**
 * What every binary may do, and nothing asks for more: the network (the API server, sinks and ports are configured), files (a
 * configuration, a kubeconfig and certificates may lie anywhere, and so may the audit trail), the environment (a misspelt
 * KUBERNAUT_WE_ variable must be found, which takes the whole list) and the host's name and addresses (in the
 * certificate that it makes for itself). No programs, no foreign code, no /proc, no /sys.
 */
const permissions = [
  "--allow-net",
  "--allow-read",
  "--allow-write",
  "--allow-env",
  "--allow-sys=hostname,networkInterfaces",
  "--no-prompt",
] as const;

/**
 * How V8 keeps its heap small, whatever the machine: it trades speed for size, and after a collection lets the heap grow by a
 * quarter only. There is no cap here: where a container has one, DENO_USE_CGROUPS (Dockerfile) has V8 derive its own from it.
 */
const v8Flags = ["--optimize-for-size", "--heap-growing-percent=25"] as const;

export interface Build {
  /** Undefined: the machine that compiles. */
  readonly target: Target | undefined;
  /** Whether it may run the credential plugins that a kubeconfig names. A container's needs none. */
  readonly execPlugins: boolean;
  /** The commit it was made from; empty when that is not known. */
  readonly commit: string;
}

/** The permission flags of a build. */
export function permissionsOf({ execPlugins }: Pick<Build, "execPlugins">): string[] {
  return [...permissions, ...(execPlugins ? ["--allow-run"] : [])];
}

/** Where the binary goes, relative to the repository. */
export function outputOf({ target }: Pick<Build, "target">): string {
  return `dist/kubernaut-we${target === undefined ? "" : `-${target}${targets[target].suffix}`}`;
}

/** The entry of a build, which knows what it was made from; everything else is main.ts. `path` is relative to the repository. */
export function entryOf(
  { commit, execPlugins }: Pick<Build, "commit" | "execPlugins">,
): { path: string; text: string } {
  return {
    path: "dist/entry.ts",
    text: [
      "// Written by deploy/compile.ts: main.ts of one build.",
      'import { main } from "../lib/cli/main.ts";',
      `if (import.meta.main) Deno.exitCode = await main(Deno.args, ${JSON.stringify({ commit, execPlugins })});`,
      "",
    ].join("\n"),
  };
}

/**
 * The arguments of `deno` that make it, in the repository. Not bundled: what a command does not need is then never loaded, and a
 * controller keeps half as much in memory. Types are checked by `deno task verify`, not here.
 * @param unused folders that are left out: `deno compile` reads all of a package and dies of a large data file (2.9.6)
 */
export function compileArguments(build: Build, unused: readonly string[]): string[] {
  return [
    "compile",
    ...permissionsOf(build),
    `--v8-flags=${v8Flags.join(",")}`,
    "--frozen",
    "--no-check",
    "--exclude-unused-npm",
    ...unused.flatMap((folder) => ["--exclude", folder]),
    ...(build.target === undefined ? [] : ["--target", targets[build.target].triple]),
    "--output",
    outputOf(build),
    entryOf(build).path,
  ];
}
