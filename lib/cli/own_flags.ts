// The flags that a command has beside those of the configuration: taken out of the command line first, the rest is the
// configuration's to judge.

export interface OwnFlags {
  readonly values: ReadonlyMap<string, string>;
  /** What is left for the configuration. */
  readonly rest: readonly string[];
}

/**
 * @param flags by name; whether a value follows, as in `--output json` or `--output=json`. A switch has the value "true".
 * @param short other names, as `-o` for `--output`
 * @returns a text that says what is wrong, if something is
 */
export function takeOwnFlags(
  args: readonly string[],
  flags: Readonly<Record<string, "value" | "switch">>,
  short: Readonly<Record<string, string>> = {},
): OwnFlags | string {
  const values = new Map<string, string>();
  const rest: string[] = [];
  for (let at = 0; at < args.length; at++) {
    const argument = args[at] ?? "";
    const [written = "", inline] = argument.split(/=(.*)/s);
    const name = Object.hasOwn(short, written) ? short[written] ?? "" : written;
    const takes = Object.hasOwn(flags, name) ? flags[name] : undefined;
    if (takes === undefined) {
      rest.push(argument);
      continue;
    }
    if (takes === "switch" && inline !== undefined && inline !== "true" && inline !== "false") {
      return `${name} is ${JSON.stringify(inline)}, should be true or false`;
    }
    const value = takes === "switch" ? inline ?? "true" : inline ?? args[++at];
    if (value === undefined) return `${name} lacks its value`;
    values.set(name, value);
  }
  return { values, rest };
}
