// A file whose content somebody else replaces from time to time: a token, a certificate. Read again at most once a minute.

import type { Clock } from "../clock.ts";
import type { Logger } from "../log.ts";

export class FileValue {
  readonly path: string;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #maxAgeMs: number;
  #value: string | undefined;
  #readMs = -Infinity;

  constructor(path: string, o: { clock: Clock; log: Logger; maxAgeMs?: number }) {
    this.path = path;
    this.#clock = o.clock;
    this.#log = o.log;
    this.#maxAgeMs = o.maxAgeMs ?? 60_000;
  }

  /**
   * The content, at most a minute old; with `anew` as it is now. While the file cannot be read, its last content;
   * throws only if there never was any.
   */
  async read(anew = false): Promise<string> {
    const nowMs = this.#clock.monotonic();
    if (this.#value !== undefined && !anew && nowMs - this.#readMs < this.#maxAgeMs) return this.#value;
    try {
      const value = await Deno.readTextFile(this.path);
      // Written in place, a file is empty for a moment.
      if (value.trim() === "" && this.#value !== undefined) throw new Error("the file is empty");
      this.#value = value;
    } catch (error) {
      if (this.#value === undefined) throw error;
      this.#log.warn("file cannot be read, its last content is used", {
        file: this.path,
        error: (error as Error).message,
      });
    }
    this.#readMs = nowMs;
    return this.#value;
  }
}
