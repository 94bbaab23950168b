// Reads what the file sink has written, also while it is being written: a line counts once its newline is there.

import { checkObj, type JSONValue } from "@cloudydeno/kubernetes-apis/common.ts";
import { auditFiles } from "./file.ts";
import { eventFrom } from "./spool.ts";
import type { TrailEvent } from "./trail.ts";

export class TrailFiles {
  readonly #directory: string;
  /** How far each file has been read, in bytes. */
  readonly #read = new Map<string, number>();
  readonly #unreadable: (place: string, why: string) => void;

  /** `unreadable` is told of a line that is no event, by file and byte; it is passed over. */
  constructor(directory: string, unreadable: (place: string, why: string) => void) {
    this.#directory = directory;
    this.#unreadable = unreadable;
  }

  /**
   * The events that were written since the last call, file after file. Files that were last written to before `sinceMs` are
   * passed over: what they hold happened before.
   */
  async *events(sinceMs?: number): AsyncGenerator<TrailEvent> {
    for (const path of await auditFiles(this.#directory)) {
      const { size, mtime } = await Deno.stat(path);
      const from = this.#read.get(path) ?? 0;
      if (size <= from || (sinceMs !== undefined && mtime && mtime.getTime() < sinceMs)) continue;
      yield* this.#eventsOf(path, from);
    }
  }

  async *#eventsOf(path: string, from: number): AsyncGenerator<TrailEvent> {
    using file = await Deno.open(path, { read: true });
    await file.seek(from, Deno.SeekMode.Start);
    const block = new Uint8Array(256 * 1024);
    let rest = new Uint8Array(0);
    let position = from;
    for (;;) {
      const length = await file.read(block);
      if (length === null) return;
      const bytes = new Uint8Array(rest.length + length);
      bytes.set(rest);
      bytes.set(block.subarray(0, length), rest.length);
      let begin = 0;
      for (let end = bytes.indexOf(0x0a); end >= 0; end = bytes.indexOf(0x0a, begin)) {
        const event = this.#eventIn(bytes.subarray(begin, end), `${path}:${position}`);
        position += end + 1 - begin;
        begin = end + 1;
        this.#read.set(path, position);
        if (event) yield event;
      }
      rest = bytes.slice(begin);
    }
  }

  #eventIn(line: Uint8Array, place: string): TrailEvent | undefined {
    try {
      const event: JSONValue = JSON.parse(new TextDecoder().decode(line));
      eventFrom(event);
      return checkObj(event);
    } catch (error) {
      if (!(error instanceof SyntaxError || error instanceof TypeError)) throw error;
      this.#unreadable(place, error.message);
    }
    return undefined;
  }
}
