// The one table of commands: what each is for, the words that may follow it, and its flags. Help and shell completion are made
// from it; a test holds it against what each command says of itself. How a command is run stands in main.ts.

/** What follows a flag: nothing, a file, a folder, any text, or one of these words. */
export type FlagValue = "nothing" | "file" | "folder" | "text" | readonly string[];

export interface CommandLine {
  /** A phrase for the list of commands. */
  readonly summary: string;
  /** Words of which one may come first. */
  readonly words?: readonly string[];
  readonly flags: Readonly<Record<string, FlagValue>>;
  /** Short names of flags. */
  readonly short?: Readonly<Record<string, string>>;
  /** Whether anything else may follow: a name, files, … */
  readonly operands?: true;
  /** Whether every key of the configuration is a flag, too; a flag of the command's own goes before it. */
  readonly configured?: true;
}

const cluster = { "--kubeconfig": "file", "--context": "text" } as const;
const configuration = { "--config": "file", ...cluster } as const;
const output = { "--output": ["text", "json"] } as const;

export const commands = {
  run: {
    summary: "the controller, against a cluster",
    flags: { ...configuration, "--pid-file": "file" },
    configured: true,
  },
  demo: {
    summary: "the main job on the embedded API server and Tekton, in under 30 s",
    flags: {
      "--serve": "nothing",
      "--bundles": "folder",
      "--speed": "text",
      "--kubeconfig-file": "file",
      "--keep-audit": "folder",
      "--verbose": "nothing",
    },
  },
  doctor: {
    summary: "look at everything the controller needs, and say how to mend what is missing",
    flags: { ...configuration, ...output, "--account": "text" },
    short: { "-o": "--output" },
    configured: true,
  },
  drain: {
    summary: "before uninstalling: take no new executions, end what runs, deliver what is owed",
    flags: {
      ...configuration,
      "--cancel": "nothing",
      "--take-over": "nothing",
      "--timeout": "text",
      "--undo": "nothing",
    },
    configured: true,
  },
  explain: {
    summary: "tell what an execution did, what failed, and what to do",
    flags: { ...cluster, "--namespace": "text" },
    short: { "-n": "--namespace" },
    operands: true,
  },
  audit: {
    summary: "read the audit trail",
    words: ["query", "tail"],
    flags: {
      "--follow": "nothing",
      "--execution": "text",
      "--correlation-id": "text",
      "--target": "text",
      "--event": ["started", "completed", "failed", "skipped", "deleted"],
      "--since": "text",
      "--until": "text",
      "--limit": "text",
      "--output": ["table", "json"],
      "--from": "text",
      "--config": "file",
      "--token-file": "file",
      "--ca-file": "file",
    },
    short: { "-f": "--follow", "-n": "--limit", "-o": "--output" },
  },
  config: {
    summary: "print what is in force, or the schema",
    words: ["print", "schema"],
    flags: { "--json": "nothing", "--config": "file" },
    configured: true,
  },
  crds: {
    summary: "print or install the CustomResourceDefinition",
    words: ["print", "install"],
    flags: { "--dry-run": "nothing", ...cluster },
  },
  deploy: {
    summary: "print the manifests of an installation",
    words: ["print", "files"],
    flags: {
      "--namespace": "text",
      "--image": "text",
      "--replicas": "text",
      "--execution-namespace": "text",
      "--namespaces": "text",
      "--lock-namespace": "text",
      "--runner-account": "text",
      "--runner-namespaces": "text",
      "--two-accounts": "nothing",
      "--data-storage": "text",
      "--monitoring": "nothing",
      "--without-crd": "nothing",
      "--check": "nothing",
      "--out": "folder",
    },
  },
  generate: {
    summary: "typed clients from CustomResourceDefinitions and OpenAPI",
    flags: { "--check": "nothing", "--out": "folder", "--from-cluster": "nothing", "--group": "text", ...cluster },
    operands: true,
  },
  completion: {
    summary: "a script with which a shell completes commands and flags",
    words: ["bash", "zsh", "fish"],
    flags: {},
  },
  version: { summary: "print the version", flags: { ...output }, short: { "-o": "--output" } },
} as const satisfies Readonly<Record<string, CommandLine>>;
export type CommandName = keyof typeof commands;
