// Newline-delimited JSON, as a watch sends it: bytes in, values out. A line that is no JSON, or an end in the middle of a line,
// is an error and never skipped, for the line may have been the one that mattered.
// Work is linear in the bytes, however many chunks a line comes in, and UTF-8 may be split anywhere.

import type { JSONValue } from "./contract.ts";

/** The API server stops objects long before this; more means that the other side does not speak lines. */
const maxLineBytes = 64 * 2 ** 20;

export class JsonLines {
  readonly #decoder = new TextDecoder("utf-8", { fatal: true });
  #pieces: Uint8Array[] = [];
  #pieceBytes = 0;
  #line = 0;

  /** The values whose lines end in this chunk. Throws an error that names the line. */
  push(chunk: Uint8Array): JSONValue[] {
    const values: JSONValue[] = [];
    let start = 0;
    for (let end = chunk.indexOf(newline); end !== -1; end = chunk.indexOf(newline, start)) {
      const line = this.#complete(chunk.subarray(start, end));
      start = end + 1;
      this.#line++;
      if (line.length > 0) values.push(this.#parse(line));
    }
    if (start < chunk.length) {
      this.#pieces.push(chunk.subarray(start));
      this.#pieceBytes += chunk.length - start;
      if (this.#pieceBytes > maxLineBytes) {
        throw new Error(`Cannot read line ${this.#line + 1} of the stream: it is longer than ${maxLineBytes} bytes`);
      }
    }
    return values;
  }

  /** To be called when the stream ends. Throws if it ended in the middle of a line. */
  end(): void {
    if (this.#pieceBytes > 0) {
      throw new Error(
        `Cannot read line ${this.#line + 1} of the stream: it was cut off after ${this.#pieceBytes} bytes`,
      );
    }
  }

  #complete(tail: Uint8Array): Uint8Array {
    if (this.#pieces.length === 0) return tail;
    const whole = new Uint8Array(this.#pieceBytes + tail.length);
    let at = 0;
    for (const piece of this.#pieces) {
      whole.set(piece, at);
      at += piece.length;
    }
    whole.set(tail, at);
    this.#pieces = [];
    this.#pieceBytes = 0;
    return whole;
  }

  #parse(line: Uint8Array): JSONValue {
    try {
      return JSON.parse(this.#decoder.decode(line)) as JSONValue;
    } catch (cause) {
      throw new Error(`Cannot read line ${this.#line} of the stream: it is not JSON`, { cause });
    }
  }
}

const newline = 0x0a;

/** A stage for `pipeThrough`: bytes to values. */
export function jsonLines(): TransformStream<Uint8Array, JSONValue> {
  const lines = new JsonLines();
  return new TransformStream({
    transform(chunk, controller) {
      for (const value of lines.push(chunk)) controller.enqueue(value);
    },
    flush: () => lines.end(),
  });
}
