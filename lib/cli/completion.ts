// `kubernaut-we completion bash|zsh|fish`: a script with which a shell completes commands, their words, flags and what follows a
// flag, made from the table of commands and the configuration's keys. It calls nothing: what it knows is in the script.

import { configKeys } from "../config_schema.ts";
import { flagName } from "../config_sources.ts";
import { lineWriter } from "../log.ts";
import { type CommandLine, commands, type FlagValue } from "./commands.ts";

const usage = `Usage: kubernaut-we completion bash|zsh|fish

bash  source <(kubernaut-we completion bash)
zsh   source <(kubernaut-we completion zsh)
fish  kubernaut-we completion fish | source`;

const scripts = { bash, zsh, fish } as const;

/** Runs the command; exit code 0, or 2 for a wrong command line. */
export function completion(args: string[]): Promise<number> {
  const [shell = "", ...more] = args;
  if (["help", "--help", "-h"].includes(shell)) {
    lineWriter(Deno.stdout)(usage);
    return Promise.resolve(0);
  }
  if (more.length > 0 || !Object.hasOwn(scripts, shell)) {
    lineWriter(Deno.stderr)(`kubernaut-we completion: name one shell\n\n${usage}`);
    return Promise.resolve(2);
  }
  lineWriter(Deno.stdout)(scripts[shell as keyof typeof scripts](completable()));
  return Promise.resolve(0);
}

/** A command with all its flags, those of the configuration's keys among them. */
export interface Completable {
  readonly name: string;
  readonly summary: string;
  readonly words: readonly string[];
  readonly flags: readonly (readonly [name: string, value: FlagValue])[];
  /** Short names of flags: `-o` for `--output`. */
  readonly short: Readonly<Record<string, string>>;
}

export function completable(): Completable[] {
  const keys = configKeys().map(({ name, type, choices }): [string, FlagValue] => [
    flagName(name),
    choices ?? (type === "boolean" ? "nothing" : /File$/.test(name) ? "file" : "text"),
  ]);
  return Object.entries<CommandLine>(commands).map((
    [name, { summary, words = [], flags, short = {}, configured }],
  ) => ({
    name,
    summary,
    words,
    short,
    flags: [
      ...Object.entries(flags),
      ...(configured ? keys.filter(([key]) => !Object.hasOwn(flags, key)) : []),
      ["--help", "nothing"],
    ],
  }));
}

function shortsOf(flag: string, short: Completable["short"]): string[] {
  return Object.keys(short).filter((written) => short[written] === flag);
}

function bash(all: readonly Completable[]): string {
  const cases = (of: (command: Completable) => string[]) => all.flatMap(of).map((line) => `    ${line}`);
  const values = all.flatMap(({ name, flags, short }) =>
    flags.flatMap(([flag, value]) => {
      const before = [flag, ...shortsOf(flag, short)].map((written) => `${name}:${written}`).join("|");
      return value === "nothing" ? [] : [`${before}) ${bashValue(value)} ;;`];
    })
  );
  return `# bash completion of kubernaut-we
_kubernaut_we() {
  local current="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}" command="\${COMP_WORDS[1]}"
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "${all.map(({ name }) => name).join(" ")}" -- "$current"))
    return
  fi
  case "$command:$before" in
${values.map((line) => `    ${line}`).join("\n")}
  esac
  case "$command" in
${
    cases(({ name, words, flags }) => [
      `${name}) COMPREPLY=($(compgen -W "${[...words, ...flags.map(([flag]) => flag)].join(" ")}" -- "$current")) ;;`,
    ]).join("\n")
  }
  esac
}
complete -F _kubernaut_we kubernaut-we`;
}

function bashValue(value: FlagValue): string {
  const reply = (how: string) => `COMPREPLY=($(compgen ${how} -- "$current")); return`;
  if (value === "file") return reply("-f");
  if (value === "folder") return reply("-d");
  return value === "text" || value === "nothing" ? "return" : reply(`-W "${value.join(" ")}"`);
}

/** zsh understands completions of bash; its own would say no more. */
function zsh(all: readonly Completable[]): string {
  return `#compdef kubernaut-we
autoload -U +X bashcompinit && bashcompinit
${bash(all).replace("# bash completion of kubernaut-we\n", "")}`;
}

function fish(all: readonly Completable[]): string {
  const line = (...parts: string[]) => ["complete -c kubernaut-we", ...parts].join(" ");
  const quoted = (text: string) => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
  return [
    "# fish completion of kubernaut-we",
    line("-f"),
    ...all.flatMap(({ name, summary, words, flags, short }) => {
      const here = `-n '__fish_seen_subcommand_from ${name}'`;
      return [
        line("-n __fish_use_subcommand", "-a", name, "-d", quoted(summary)),
        ...(words.length > 0 ? [line(here, "-a", quoted(words.join(" ")))] : []),
        ...flags.map(([flag, value]) => {
          const shorts = shortsOf(flag, short).flatMap((written) => ["-s", written.slice(1)]);
          return line(here, "-l", flag.slice(2), ...shorts, ...fishValue(value));
        }),
      ];
    }),
  ].join("\n");
}

function fishValue(value: FlagValue): string[] {
  if (value === "nothing") return [];
  if (value === "file") return ["-r", "-F"];
  if (value === "folder") return ["-x", "-a", "'(__fish_complete_directories)'"];
  return value === "text" ? ["-x"] : ["-x", "-a", `'${value.join(" ")}'`];
}
