// A log that keeps its lines, for tests of what is said.

import type { LogFields, Logger } from "../../lib/log.ts";

export interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly fields: LogFields;
}

/** Keeps its lines. */
export function recordingLog(lines: LogLine[]): Logger {
  const at = (level: string) => (message: string, fields: LogFields = {}) =>
    void lines.push({ level, message, fields });
  const log: Logger = { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error"), with: () => log };
  return log;
}
