// Standard output as a sink: one JSON line an event, for a log collector that keeps them. A batch is one write.

import type { AuditEvent } from "./event.ts";
import type { Delivery, Sink } from "./sink.ts";

export class StdoutSink implements Sink {
  readonly name = "stdout";
  readonly #output: { writeSync(bytes: Uint8Array): number };

  constructor(output: { writeSync(bytes: Uint8Array): number }) {
    this.#output = output;
  }

  /** Synchronous, so that no log line of this process gets in between. */
  deliver(events: readonly AuditEvent[]): Promise<Delivery> {
    let rest = new TextEncoder().encode(events.map((event) => JSON.stringify(event) + "\n").join(""));
    try {
      while (rest.length > 0) rest = rest.subarray(this.#output.writeSync(rest));
      return Promise.resolve({ outcome: "delivered" });
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      return Promise.resolve({ outcome: "failed", reason: error.message });
    }
  }

  /** It refuses nothing, so there is nothing to set aside. */
  setAside(event: AuditEvent): Promise<Delivery> {
    return this.deliver([event]);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}
