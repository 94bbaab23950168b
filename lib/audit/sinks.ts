// From the configuration to sinks. A file sink's directory also takes what another sink refuses for good; without one the
// log does.

import type { Clock } from "../clock.ts";
import type { AuditSink } from "../config_values.ts";
import type { Logger } from "../log.ts";
import { CloudEventsSink } from "./cloudevents.ts";
import { DataStorageSink } from "./data_storage.ts";
import { deadLetterFile, deadLetterLog } from "./dead_letter.ts";
import { FileSink } from "./file.ts";
import type { Fetch } from "./http_post.ts";
import type { Sink } from "./sink.ts";
import { StdoutSink } from "./stdout.ts";
import { type AuditTracing, TracedSink } from "./traced_sink.ts";

/** Empty texts mean: none. */
export interface SinksConfig {
  readonly sinks: readonly AuditSink[];
  readonly tokenFile?: string;
  readonly caFile?: string;
  readonly notifyUrl?: string;
  readonly notifyCaFile?: string;
}

export interface SinksDeps {
  readonly clock: Clock;
  readonly log: Logger;
  /** In place of the runtime's own, for http sinks: requests, and the files of token and CA. */
  readonly fetch?: Fetch;
  readonly readFile?: (path: string) => Promise<string>;
  readonly tracing?: AuditTracing;
}

/** The sinks, in the order of the configuration, the webhook last. Nothing is opened or asked before the first event. */
export function createSinks(config: SinksConfig, deps: SinksDeps): Sink[] {
  const { clock, log, fetch, readFile, tracing } = deps;
  const directory = config.sinks.find((sink) => sink.kind === "file")?.directory;
  const deadLetter = directory === undefined ? deadLetterLog(log) : deadLetterFile({ directory, clock, log });
  const http = {
    deadLetter,
    clock,
    ...(fetch ? { fetch } : {}),
    ...(readFile ? { readFile } : {}),
    ...(tracing ? { tracing } : {}),
  };
  const sinks = config.sinks.map((sink): Sink => {
    switch (sink.kind) {
      case "http":
        return new DataStorageSink({
          ...http,
          url: sink.url,
          tokenFile: config.tokenFile ?? "",
          caFile: config.caFile ?? "",
        });
      case "file":
        return new FileSink({ directory: sink.directory, clock, log });
      case "stdout":
        return new StdoutSink(Deno.stdout);
    }
  });
  if (config.notifyUrl) {
    sinks.push(new CloudEventsSink({ ...http, url: config.notifyUrl, caFile: config.notifyCaFile ?? "" }));
  }
  return tracing ? sinks.map((sink) => new TracedSink(sink, tracing)) : sinks;
}
