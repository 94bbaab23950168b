// Log lines: their two forms, levels, bound fields, and that one call is one line whatever its texts hold.

import { assertEquals } from "@std/assert";
import { ManualClock } from "../lib/clock.ts";
import { createLogger, lineWriter, type LoggerOptions, type LogLevel } from "../lib/log.ts";

function logging(o: Partial<LoggerOptions>) {
  const lines: string[] = [];
  const clock = new ManualClock(Date.UTC(2026, 0, 2, 3, 4, 5, 6));
  const logger = createLogger({ level: "info", format: "json", clock, write: (line) => lines.push(line), ...o });
  return { lines, logger, clock };
}

Deno.test("a JSON line holds ts, level, msg and the fields", () => {
  const { lines, logger } = logging({});
  logger.info("execution started", { execution: "ns/a", durationMs: 7, late: false, none: null, absent: undefined });
  assertEquals(lines, [
    '{"ts":"2026-01-02T03:04:05.006Z","level":"info","msg":"execution started","execution":"ns/a","durationMs":7,' +
    '"late":false,"none":null}',
  ]);
});

Deno.test("a text line holds time, level, message and key=value", () => {
  const { lines, logger } = logging({ format: "text" });
  logger.warn("lock is busy", {
    target: "payment/deployment/api",
    message: 'held by "a b"',
    empty: "",
    absent: undefined,
  });
  assertEquals(lines, [
    '03:04:05.006 WARN  lock is busy target=payment/deployment/api message="held by \\"a b\\"" empty=""',
  ]);
});

const written: [least: LogLevel, levels: string[]][] = [
  ["debug", ["debug", "info", "warn", "error"]],
  ["info", ["info", "warn", "error"]],
  ["warn", ["warn", "error"]],
  ["error", ["error"]],
];
for (const [least, levels] of written) {
  Deno.test(`level ${least} writes ${levels.join(", ")}`, () => {
    const { lines, logger } = logging({ level: least });
    for (const level of ["debug", "info", "warn", "error"] as const) logger[level]("x");
    assertEquals(lines.map((line) => JSON.parse(line).level), levels);
  });
}

Deno.test("with adds fields to every line, and a call's own fields win", () => {
  const { lines, logger, clock } = logging({});
  const bound = logger.with({ execution: "ns/a", phase: "Pending" }).with({ target: "t" });
  clock.advance(1);
  bound.info("moved", { phase: "Running" });
  logger.info("other");
  assertEquals(lines.map((line) => JSON.parse(line)), [
    { ts: "2026-01-02T03:04:05.007Z", level: "info", msg: "moved", execution: "ns/a", phase: "Running", target: "t" },
    { ts: "2026-01-02T03:04:05.007Z", level: "info", msg: "other" },
  ]);
});

Deno.test("a field named as one of the line's own does not replace it", () => {
  const { lines, logger } = logging({});
  logger.info("real", { msg: "forged", level: "error", ts: "never" });
  assertEquals(JSON.parse(lines[0] ?? ""), {
    ts: "2026-01-02T03:04:05.006Z",
    level: "info",
    msg: "real",
    _msg: "forged",
    _level: "error",
    _ts: "never",
  });
});

Deno.test("text with newlines, escapes and direction marks stays on one line and moves no cursor", () => {
  const { lines, logger } = logging({ format: "text" });
  logger.info("first\nsecond\t\x1b[2J", { message: "a\nb\u202e\x07", word: "x\x1by" });
  assertEquals(lines, [
    '03:04:05.006 INFO  first\\nsecond\\t\\u001b[2J message="a\\nb\\u202e\\u0007" word="x\\u001by"',
  ]);
});

Deno.test("colours mark the level, only when asked for", () => {
  const { lines, logger } = logging({ format: "text", colours: true });
  logger.error("broken");
  logger.info("fine");
  assertEquals(lines, ["03:04:05.006 \x1b[31mERROR\x1b[0m broken", "03:04:05.006 INFO  fine"]);
});

Deno.test("lineWriter writes the whole line even where the file takes it in pieces", () => {
  const bytes: number[] = [];
  const file = {
    writeSync(chunk: Uint8Array): number {
      bytes.push(...chunk.subarray(0, 3));
      return Math.min(3, chunk.length);
    },
  };
  lineWriter(file)("grüße an alle");
  assertEquals(new TextDecoder().decode(Uint8Array.from(bytes)), "grüße an alle\n");
});
