// The file sink, the embedded default: JSON Lines, one fsync a batch, a new file when the present one is large or old. A
// file's name is the time of its first event, so the last by name is the one that grows. No file is ever removed: how long
// an audit trail is kept is for its owner to decide. A full disk is a failure like any other: reported, and tried again.

import { dirname } from "node:path";
import type { Clock } from "../clock.ts";
import type { Logger } from "../log.ts";
import type { AuditEvent } from "./event.ts";
import { appendLines } from "./json_lines_file.ts";
import type { Delivery, Sink } from "./sink.ts";

export interface FileSinkOptions {
  directory: string;
  clock: Clock;
  log: Logger;
  /** A file that is larger is not continued. Default 64 MiB. */
  maxFileBytes?: number;
  /** A file that is older is not continued. Default 24 h. */
  maxFileAgeMs?: number;
}

const namePattern = /^audit-(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(\d{3})Z\.jsonl$/;

export class FileSink implements Sink {
  readonly name: string;
  readonly #o: FileSinkOptions;
  /** The file that grows; undefined until the directory has been looked into. */
  #current: { path: string; sinceMs: number } | undefined;

  constructor(o: FileSinkOptions) {
    this.#o = o;
    this.name = `file:${o.directory}`;
  }

  async deliver(events: readonly AuditEvent[], signal?: AbortSignal): Promise<Delivery> {
    try {
      const path = await this.#path();
      const failure = await appendLines(
        path,
        events.map((event) => JSON.stringify(event)),
        this.#o.log,
        signal ? { signal } : {},
      );
      return failure === undefined ? { outcome: "delivered" } : { outcome: "failed", reason: failure };
    } catch (error) {
      if (!(error instanceof Error) || (signal?.aborted && error === signal.reason)) throw error;
      return { outcome: "failed", reason: `${this.#o.directory}: ${error.message}` };
    }
  }

  /** It refuses nothing, so there is nothing to set aside. */
  setAside(event: AuditEvent): Promise<Delivery> {
    return this.deliver([event]);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }

  /** The file to continue, or the name of a new one. */
  async #path(): Promise<string> {
    const { directory, clock, maxFileBytes = 64 * 1024 * 1024, maxFileAgeMs = 24 * 3600_000 } = this.#o;
    const nowMs = clock.now();
    this.#current ??= await lastFile(directory);
    if (this.#current && nowMs - this.#current.sinceMs < maxFileAgeMs) {
      const size = await sizeOf(this.#current.path);
      if (size !== undefined && size < maxFileBytes) return this.#current.path;
    }
    this.#current = { path: `${directory}/${fileName(nowMs)}`, sinceMs: nowMs };
    return this.#current.path;
  }
}

/** Paths of a file sink's files, the oldest first; empty when there is no such directory. */
export async function auditFiles(directory: string): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const { name } of Deno.readDir(directory)) if (namePattern.test(name)) names.push(name);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return names.sort().map((name) => `${directory}/${name}`);
}

/**
 * Why a file sink could keep nothing in its directory, in words for a person; undefined when it could. A directory that is
 * missing is made only with the first event: the nearest one above it has to do.
 */
export async function directoryFault(directory: string): Promise<string | undefined> {
  for (let path = directory;; path = dirname(path)) {
    try {
      if (!(await Deno.stat(path)).isDirectory) return `${path} is no directory`;
      await Deno.remove(await Deno.makeTempFile({ dir: path, prefix: ".audit-" }));
      return undefined;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound && path !== dirname(path) && !await exists(path)) continue;
      // Below a file nothing is found, and the runtime says so in its own way.
      if (error instanceof Deno.errors.NotADirectory && path !== dirname(path)) continue;
      if (!(error instanceof Error)) throw error;
      return `nothing can be written to ${path}: ${error.message}`;
    }
  }
}

async function exists(path: string): Promise<boolean> {
  return await sizeOf(path) !== undefined;
}

async function lastFile(directory: string): Promise<{ path: string; sinceMs: number } | undefined> {
  const path = (await auditFiles(directory)).at(-1);
  return path === undefined ? undefined : { path, sinceMs: timeOf(path.slice(directory.length + 1)) };
}

function fileName(ms: number): string {
  return `audit-${new Date(ms).toISOString().replaceAll(/[-:.]/g, "")}.jsonl`;
}

function timeOf(name: string): number {
  return Date.parse(name.replace(namePattern, "$1-$2-$3T$4:$5:$6.$7Z"));
}

async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await Deno.stat(path)).size;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
