// What is wrong with a command line before its command sees it: a command, word or flag that there is not, a flag without its
// value. Told in the same words whatever the command, all at once, with what was probably meant. What a flag's value may be is
// the command's own affair; so are the flags of the configuration, of which every fault is told together.

import { suggestion } from "../config_suggestion.ts";
import { type CommandLine, commands, type FlagValue } from "./commands.ts";

/** A command of that name, or what to say of it. */
export function unknownCommand(name: string): string {
  if (name.startsWith("-")) return `flag ${name}: stands before the command; write kubernaut-we COMMAND ${name} …`;
  return `there is no command ${JSON.stringify(name)}${suggestion(name, Object.keys(commands))}`;
}

/** Faults of what follows a command's name, in its order; none when the command is to judge for itself. */
export function commandLineFaults(name: keyof typeof commands, args: readonly string[]): string[] {
  const line: CommandLine = commands[name];
  if (args.includes("--help") || args.includes("-h") || args[0] === "help") return [];
  // A command of the configuration has at most its word before the flags.
  const { faults, operands } = line.configured
    ? { faults: [], operands: args.slice(0, line.words ? 1 : 0) }
    : flagsOf(line, args);
  return [...wordFaults(line, operands), ...faults];
}

function flagsOf({ flags, short = {} }: CommandLine, args: readonly string[]) {
  const faults: string[] = [];
  const operands: string[] = [];
  for (let at = 0; at < args.length; at++) {
    const argument = args[at] ?? "";
    if (argument === "--") {
      operands.push(...args.slice(at + 1));
      break;
    }
    if (!/^-./.test(argument)) {
      operands.push(argument);
      continue;
    }
    const [written = "", inline] = argument.split(/=(.*)/s);
    const flag = Object.hasOwn(short, written) ? short[written] ?? "" : written;
    const value: FlagValue | undefined = Object.hasOwn(flags, flag) ? flags[flag] : undefined;
    if (value === undefined) faults.push(`flag ${written}: is no flag${suggestion(written, Object.keys(flags))}`);
    else if (value === "nothing") {
      if (inline !== undefined) faults.push(`flag ${written}: takes no value`);
    } else if (inline === undefined) {
      const next = args[at + 1];
      if (next === undefined || next.startsWith("--")) {
        faults.push(`flag ${written}: lacks its value: ${written} VALUE`);
      } else at++;
    }
  }
  return { faults, operands };
}

function wordFaults({ words, operands: more }: CommandLine, operands: readonly string[]): string[] {
  if (words) {
    const [word, ...rest] = operands;
    const one = words.length > 2 ? `one of ${words.join(", ")}` : words.join(" or ");
    if (word === undefined || word.startsWith("-")) return [`a word is missing: ${one}`];
    if (!words.includes(word)) return [`there is no ${JSON.stringify(word)}, only ${one}${suggestion(word, words)}`];
    return rest.map(unexpected);
  }
  return more ? [] : operands.filter((operand) => !operand.startsWith("-")).map(unexpected);
}

function unexpected(argument: string): string {
  return `argument ${JSON.stringify(argument)}: is not expected`;
}
