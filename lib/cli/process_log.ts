// The log of a running controller, on standard error: text for a person at a terminal, JSON lines for whatever collects them.

import type { Clock } from "../clock.ts";
import type { Config } from "../config.ts";
import { createLogger, lineWriter, type Logger } from "../log.ts";

/** Where the log goes, and what is known of whoever reads it. */
export interface LogOutput {
  readonly clock: Clock;
  readonly write: (line: string) => void;
  readonly terminal: boolean;
  /** NO_COLOR is set (https://no-color.org). */
  readonly noColour: boolean;
}

export function logTo({ level, format }: Config["log"], { clock, write, terminal, noColour }: LogOutput): Logger {
  const form = format === "auto" ? terminal ? "text" : "json" : format;
  return createLogger({ level, format: form, clock, write, colours: terminal && !noColour });
}

/**
 * Standard error of this process. A line that cannot be written (the disk is full, its reader has gone) is dropped: there is
 * nobody to tell, and what runs must not end by it.
 */
export function standardError(clock: Clock): LogOutput {
  const writeLine = lineWriter(Deno.stderr);
  const write = (line: string) => {
    try {
      writeLine(line);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
    }
  };
  return { clock, write, terminal: Deno.stderr.isTerminal(), noColour: Deno.noColor };
}
