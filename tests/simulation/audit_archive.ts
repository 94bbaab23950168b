// Where audit events arrive in a simulated world: it keeps all, may be away for a while, and may lose its answer.

import type { AuditEvent } from "../../lib/audit/event.ts";
import type { Sink } from "../../lib/audit/sink.ts";
import type { Clock } from "../../lib/clock.ts";
import type { Chance } from "./chance.ts";

export class AuditArchive {
  /** Every delivery, repeats too. */
  readonly events: AuditEvent[] = [];
  readonly #clock: Clock;
  readonly #chance: Chance;
  readonly #lost: number;
  #downUntilMs = 0;

  /** @param lost probability that a delivery fails, or that only its answer is lost */
  constructor(clock: Clock, chance: Chance, lost: number) {
    this.#clock = clock;
    this.#chance = chance;
    this.#lost = lost;
  }

  down(untilMs: number): void {
    this.#downUntilMs = untilMs;
  }

  sink(alive: () => boolean): Sink {
    const failed = (reason: string) => Promise.resolve({ outcome: "failed", reason } as const);
    return {
      name: "archive",
      deliver: (events) => {
        if (!alive()) return failed("the process is gone");
        if (this.#clock.monotonic() < this.#downUntilMs) return failed("down");
        if (this.#chance.happens(this.#lost)) return failed("lost");
        this.events.push(...events);
        if (this.#chance.happens(this.#lost)) return failed("answer lost");
        return Promise.resolve({ outcome: "delivered" });
      },
      setAside: () => Promise.resolve({ outcome: "delivered" }),
      async [Symbol.asyncDispose]() {},
    };
  }
}
