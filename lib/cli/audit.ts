// `kubernaut-we audit tail|query`: reads the audit trail where it was written, from the file sink or the Data Storage Service.

import { parseArgs } from "node:util";
import { Latest, matches, trailColumns, type TrailEvent, type TrailFilter, trailRow } from "../audit/trail.ts";
import { TrailService } from "../audit/trail_data_storage.ts";
import { TrailFiles } from "../audit/trail_file.ts";
import { type Clock, sleep, systemClock } from "../clock.ts";
import { loadConfig } from "../config.ts";
import { ConfigError } from "../config_faults.ts";
import { describeSink, parseSink } from "../config_values.ts";
import { lineWriter } from "../log.ts";
import { parseDurationMs } from "../workflow/duration.ts";
import { readIfThere } from "./config.ts";

const usage = `Usage: kubernaut-we audit query [flags]
       kubernaut-we audit tail  [--follow] [flags]

query  the events that match, the latest 1000 of them
tail   the latest 10 events; with --follow (-f) those that come, too

  --execution NAME         or NAMESPACE/NAME
  --correlation-id ID      the RemediationRequest's name
  --target TARGET          such as payment/deployment/payment-api, or another spelling of it
  --event NAME             started, completed, failed, skipped or deleted
  --since, --until TIME    2026-11-23T12:00:00Z, or a duration back from now: 30m, 24h
  --limit, -n N            at most so many
  --output, -o FORM        table or json (one event a line)
  --from SINK              file:DIR or http(s)://HOST; default: the first such of audit.sinks
  --config FILE            the controller's configuration
  --token-file, --ca-file  for the Data Storage Service; default: audit.tokenFile, audit.caFile`;

/** A fault on the command line: exit code 2. */
class UsageError extends Error {}

interface Question {
  readonly follow: boolean;
  readonly json: boolean;
  readonly limit: number;
  readonly filter: TrailFilter;
}

/** A place to read from: gives at least what matches, and may give more; when asked again, what has come since. */
type Source = (filter: TrailFilter) => AsyncIterable<TrailEvent>;

/** Runs the command; the result is the exit code: 0, 1 when the trail cannot be read, 2 when the command line is wrong. */
export async function audit(args: string[]): Promise<number> {
  const print = lineWriter(Deno.stdout);
  const complain = lineWriter(Deno.stderr);
  if (args.length === 0 || args[0] === "help" || args.includes("--help") || args.includes("-h")) {
    (args.length === 0 ? complain : print)(usage);
    return args.length === 0 ? 2 : 0;
  }
  try {
    const { values, positionals } = flagsOf(args);
    const question = questionOf(values, positionals, systemClock);
    const source = await sourceOf(values, complain);
    await answer(question, source, systemClock, print, complain);
    return 0;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    if (error instanceof Deno.errors.BrokenPipe) return 0; // `| head`
    if (error instanceof ConfigError) complain(error.toString());
    else complain(`kubernaut-we audit: ${error.message}`);
    return error instanceof UsageError || error instanceof ConfigError ? 2 : 1;
  }
}

type Flags = ReturnType<typeof flagsOf>["values"];

function flagsOf(args: string[]) {
  const text = { type: "string" } as const;
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        execution: text,
        "correlation-id": text,
        target: text,
        event: text,
        since: text,
        until: text,
        limit: { type: "string", short: "n" },
        output: { type: "string", short: "o" },
        follow: { type: "boolean", short: "f" },
        from: text,
        config: text,
        "token-file": text,
        "ca-file": text,
      },
    });
  } catch (error) {
    if (error instanceof TypeError) throw new UsageError(error.message, { cause: error });
    throw error;
  }
}

function questionOf(flags: Flags, positionals: string[], clock: Clock): Question {
  const [command] = positionals;
  if (positionals.length !== 1 || (command !== "tail" && command !== "query")) {
    throw new UsageError(`${JSON.stringify(positionals.join(" "))} is not a command; it is "tail" or "query"`);
  }
  if (flags.follow && command === "query") throw new UsageError("--follow belongs to tail");
  const { output = "table", limit = command === "tail" ? "10" : "1000", event } = flags;
  if (output !== "table" && output !== "json") throw new UsageError(`--output is "table" or "json", not ${output}`);
  if (!/^[1-9]\d{0,5}$/.test(limit)) throw new UsageError(`--limit is a number from 1 to 999999, not ${limit}`);
  const names = ["started", "completed", "failed", "skipped", "deleted"];
  if (event !== undefined && !names.includes(event)) {
    throw new UsageError(`--event is one of ${names.join(", ")}, not ${event}`);
  }
  if (flags.execution !== undefined && !/^([^/]+\/)?[^/]+$/.test(flags.execution)) {
    throw new UsageError(`--execution is NAME or NAMESPACE/NAME, not ${JSON.stringify(flags.execution)}`);
  }
  const filter: TrailFilter = {
    ...(flags.execution === undefined ? {} : { execution: flags.execution }),
    ...(flags["correlation-id"] === undefined ? {} : { correlationId: flags["correlation-id"] }),
    ...(flags.target === undefined ? {} : { target: flags.target }),
    ...(event === undefined ? {} : { event }),
    ...(flags.since === undefined ? {} : { sinceMs: timeOf("--since", flags.since, clock) }),
    ...(flags.until === undefined ? {} : { untilMs: timeOf("--until", flags.until, clock) }),
  };
  if (filter.sinceMs !== undefined && filter.untilMs !== undefined && filter.sinceMs > filter.untilMs) {
    throw new UsageError(`--until ${flags.until} is before --since ${flags.since}`);
  }
  return { follow: flags.follow ?? false, json: output === "json", limit: Number(limit), filter };
}

/** A time, or a duration before now, in milliseconds since the epoch. */
function timeOf(flag: string, text: string, clock: Clock): number {
  const timeMs = /^\d{4}-/.test(text) ? Date.parse(text) : NaN;
  if (!Number.isNaN(timeMs)) return timeMs;
  try {
    const durationMs = parseDurationMs(text);
    if (durationMs < 0) throw new Error(`${JSON.stringify(text)} is below 0`);
    return clock.now() - durationMs;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new UsageError(`${flag} is a time such as 2026-11-23T12:00:00Z, or a duration: ${error.message}`);
  }
}

async function sourceOf(flags: Flags, complain: (line: string) => void): Promise<Source> {
  const config = flags.from === undefined || flags["token-file"] === undefined || flags["ca-file"] === undefined
    ? await loadConfig({
      args: flags.config === undefined ? [] : ["--config", flags.config],
      env: Deno.env.toObject(),
      readFile: readIfThere,
    })
    : undefined;
  const sink = flags.from === undefined
    ? config?.audit.sinks.find(({ kind }) => kind !== "stdout")
    : sinkOf(flags.from);
  if (!sink || sink.kind === "stdout") {
    throw new UsageError(
      "standard output cannot be read back; name a sink with --from file:DIR or --from http(s)://HOST",
    );
  }
  if (sink.kind === "http") {
    const service = {
      url: sink.url,
      tokenFile: flags["token-file"] ?? config?.audit.tokenFile ?? "",
      caFile: flags["ca-file"] ?? config?.audit.caFile ?? "",
    };
    const trail = new TrailService(service, systemClock);
    return (filter) => trail.events(filter);
  }
  const { directory } = sink;
  if (await isMissing(directory)) throw new Error(`there is no directory ${directory} (${describeSink(sink)})`);
  const files = new TrailFiles(directory, (place, why) => complain(`${place}: this line is no audit event: ${why}`));
  return (filter) => files.events(filter.sinceMs);
}

function sinkOf(text: string): ReturnType<typeof parseSink> {
  try {
    return parseSink(text);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new UsageError(`--from: ${error.message}`, { cause: error });
  }
}

async function isMissing(path: string): Promise<boolean> {
  try {
    return !(await Deno.stat(path)).isDirectory;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return true;
    throw error;
  }
}

/** Between two looks at what has come, with --follow. */
const followEveryMs = 1_000;

async function answer(
  question: Question,
  source: Source,
  clock: Clock,
  print: (line: string) => void,
  complain: (line: string) => void,
): Promise<void> {
  const { filter, json, limit, follow } = question;
  const latest = new Latest(limit);
  const seen = new Latest(10_000);
  const table = new Table();
  const show = (events: readonly TrailEvent[]) => {
    for (const line of json ? events.map((event) => JSON.stringify(event)) : table.lines(events)) print(line);
  };
  for await (const event of source(filter)) {
    if (matches(event, filter) && seen.add(event)) latest.add(event);
  }
  show(latest.list());
  let away = false;
  while (follow) {
    await sleep(clock, followEveryMs);
    try {
      for await (const event of source(filter)) {
        if (matches(event, filter) && seen.add(event)) show([event]);
      }
      if (away) complain("kubernaut-we audit: the trail can be read again");
      away = false;
    } catch (error) {
      if (!(error instanceof Error) || error instanceof Deno.errors.BrokenPipe) throw error;
      if (!away) complain(`kubernaut-we audit: ${error.message}; tried again until it can be read`);
      away = true;
    }
  }
}

/** Columns as wide as their widest cell so far; the head is printed once. */
class Table {
  #widths: number[] | undefined;

  lines(events: readonly TrailEvent[]): string[] {
    const head = this.#widths ? [] : [trailColumns];
    const rows = [...head, ...events.map(trailRow)];
    const known = this.#widths ?? [];
    const widths = trailColumns.map((_, i) => Math.max(known[i] ?? 0, ...rows.map((row) => row[i]?.length ?? 0)));
    this.#widths = widths;
    return rows.map((row) => row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join("  ").trimEnd());
  }
}
