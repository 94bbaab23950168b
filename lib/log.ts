// Structured log lines. JSON for machines, one readable line for a terminal. What must not be shown is redacted by whoever
// logs it; this file guarantees that one call is one line, whatever its texts contain.

import type { Clock } from "./clock.ts";

export type LogLevel = "debug" | "info" | "warn" | "error";
/** Values that a log line carries beside its message. `undefined` is left out. */
export type LogFields = Record<string, string | number | boolean | null | undefined>;

export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A logger whose every line carries these fields too. */
  with(fields: LogFields): Logger;
}

/** Drops everything: for tests that do not look at logs. */
export const silentLogger: Logger = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  with: () => silentLogger,
};

export interface LoggerOptions {
  /** The least level that is written. */
  readonly level: LogLevel;
  readonly format: "json" | "text";
  readonly clock: Clock;
  /** Takes one line, without its newline. */
  readonly write: (line: string) => void;
  /** Colours the level in text form. Default false. */
  readonly colours?: boolean;
}

const levels: readonly LogLevel[] = ["debug", "info", "warn", "error"];

export function createLogger(options: LoggerOptions): Logger {
  return loggerWith(options, {});
}

function loggerWith(options: LoggerOptions, bound: LogFields): Logger {
  const at = (level: LogLevel) => {
    if (levels.indexOf(level) < levels.indexOf(options.level)) return () => {};
    return (message: string, fields?: LogFields) => {
      const time = new Date(options.clock.now()).toISOString();
      const all = { ...bound, ...fields };
      options.write(
        options.format === "json" ? jsonLine(time, level, message, all) : textLine(time, level, message, all, options),
      );
    };
  };
  return {
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    with: (fields) => loggerWith(options, { ...bound, ...fields }),
  };
}

/** `ts`, `level` and `msg` are the line's own: a field of such a name gets an underscore before it. */
function jsonLine(time: string, level: LogLevel, message: string, fields: LogFields): string {
  const line: LogFields = { ts: time, level, msg: message };
  for (const [name, value] of Object.entries(fields)) line[name in line ? `_${name}` : name] = value;
  return JSON.stringify(line);
}

/** SGR codes: grey, none, yellow, red. */
const colourOf: Record<LogLevel, string> = { debug: "\x1b[90m", info: "", warn: "\x1b[33m", error: "\x1b[31m" };

function textLine(
  time: string,
  level: LogLevel,
  message: string,
  fields: LogFields,
  { colours }: LoggerOptions,
): string {
  const name = level.toUpperCase().padEnd(5);
  const shown = colours && colourOf[level] ? `${colourOf[level]}${name}\x1b[0m` : name;
  const pairs = Object.entries(fields).filter(([, value]) => value !== undefined).map(([key, value]) =>
    ` ${key}=${textValue(value)}`
  );
  return `${time.slice(11, 23)} ${shown} ${withoutControls(message)}${pairs.join("")}`;
}

function textValue(value: string | number | boolean | null | undefined): string {
  if (typeof value !== "string") return String(value);
  return /^[^\s"=]+$/.test(value) && value === withoutControls(value) ? value : withoutControls(JSON.stringify(value));
}

/** A terminal acts on control characters; here they are shown as JSON writes them. */
function withoutControls(text: string): string {
  return text.replaceAll(
    /[\p{Cc}\u2028-\u202e\u2066-\u2069]/gu,
    (char) => char === "\n" ? "\\n" : char === "\t" ? "\\t" : `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** A `write` for createLogger: whole lines to a file such as Deno.stdout, synchronously, so that none is lost at exit. */
export function lineWriter(file: { writeSync(bytes: Uint8Array): number }): (line: string) => void {
  const encoder = new TextEncoder();
  return (line) => {
    let rest = encoder.encode(line + "\n");
    while (rest.length > 0) rest = rest.subarray(file.writeSync(rest));
  };
}
