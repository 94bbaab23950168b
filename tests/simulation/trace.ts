// The story of a simulated world as text, one line a thing that happened: virtual time, who, request and answer, what changed.
// Two worlds of one seed tell the same story to the letter.

import type { Clock } from "../../lib/clock.ts";
import type { Call } from "./direct_api.ts";

export class Trace {
  readonly lines: string[] = [];
  readonly #clock: Pick<Clock, "monotonic">;
  readonly #wanted: boolean;

  constructor(clock: Pick<Clock, "monotonic">, wanted: boolean) {
    this.#clock = clock;
    this.#wanted = wanted;
  }

  get wanted(): boolean {
    return this.#wanted;
  }

  note(text: string): void {
    if (!this.#wanted) return;
    this.lines.push(`${(this.#clock.monotonic() / 1000).toFixed(3).padStart(9)}  ${text}`);
  }

  request(who: string, { info, body }: Call, outcome: string): void {
    if (!this.#wanted) return;
    const { verb, namespace, resource, name, subresource } = info;
    const place = [resource, namespace, name, subresource].filter((part) => part !== "").join("/");
    const text = body === undefined ? "" : ` ${short(JSON.stringify(body))}`;
    this.note(`${who.padEnd(4)} ${verb} ${place} → ${outcome}${text}`);
  }
}

function short(text: string): string {
  return text.length > 240 ? `${text.slice(0, 237)}…` : text;
}
