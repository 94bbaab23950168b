// In which form a controller logs, by configuration and by who reads it.

import { assertEquals } from "@std/assert";
import { logTo } from "../../lib/cli/process_log.ts";
import { ManualClock } from "../../lib/clock.ts";

const json = '{"ts":"2026-01-01T00:00:00.000Z","level":"warn","msg":"careful"}';
const plain = "00:00:00.000 WARN  careful";
const coloured = "00:00:00.000 \x1b[33mWARN \x1b[0m careful";

const rows: [format: "auto" | "text" | "json", terminal: boolean, noColour: boolean, line: string][] = [
  ["auto", false, false, json],
  ["auto", true, false, coloured],
  ["auto", true, true, plain],
  ["text", false, false, plain],
  ["text", true, false, coloured],
  ["json", true, false, json],
];
for (const [format, terminal, noColour, line] of rows) {
  const reader = `${terminal ? "a terminal" : "a collector"}${noColour ? " without colours" : ""}`;
  Deno.test(`log.format ${format}, read by ${reader}: ${JSON.stringify(line)}`, () => {
    const lines: string[] = [];
    const write = (text: string) => lines.push(text);
    const log = logTo({ level: "warn", format }, { clock: new ManualClock(), write, terminal, noColour });
    log.info("not this");
    log.warn("careful");
    assertEquals(lines, [line]);
  });
}
