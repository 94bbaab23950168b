// A script of faults: what happens to which requests, and how often. Faults are asked for in the order they were added; the
// first that matches and is not used up is taken.
import type { RequestInfo } from "./request_info.ts";

export type FaultAction =
  /** Answered with this status instead of being carried out. */
  | { status: number; reason?: string; message?: string; retryAfterSeconds?: number; body?: string }
  /** Carried out after this time. */
  | { delayMs: number }
  /** The answer is kept back for this time; the request is carried out at once. */
  | { delayAnswerMs: number }
  /** The connection is lost and the request was not carried out. */
  | { dropBefore: true }
  /** The connection is lost although the request was carried out. */
  | { dropAfter: true }
  /** The watch is opened, and its connection is lost after this time, in the middle of a line if wanted. */
  | { cutWatchAfterMs: number; midLine?: boolean }
  /** The watch is opened and never sends a byte. */
  | { silentWatch: true }
  /** Called before the request is carried out: anything a test wants to happen just then. */
  | { run: (info: RequestInfo) => void | Promise<void> };

export interface Fault {
  match(info: RequestInfo): boolean;
  /** How often it happens; without end when absent. */
  times?: number;
  /** Skips this many matching requests first. */
  after?: number;
  /** Happens with this probability, drawn from the server's clock. */
  probability?: number;
  action: FaultAction;
}

export class Faults {
  #script: { fault: Fault; left: number; skip: number }[] = [];
  #random: () => number;

  constructor(random: () => number) {
    this.#random = random;
  }

  /** Adds a fault to the script; disposing takes it out again. */
  add(fault: Fault): Disposable {
    const entry = { fault, left: fault.times ?? Infinity, skip: fault.after ?? 0 };
    this.#script.push(entry);
    return { [Symbol.dispose]: () => void (entry.left = 0) };
  }

  /** Takes every fault out. */
  clear(): void {
    this.#script = [];
  }

  /** What is to happen to this request, if anything. */
  take(info: RequestInfo): FaultAction | undefined {
    for (const entry of this.#script) {
      if (entry.left <= 0 || !entry.fault.match(info)) continue;
      if (entry.skip > 0) {
        entry.skip--;
        continue;
      }
      if (entry.fault.probability !== undefined && this.#random() >= entry.fault.probability) continue;
      entry.left--;
      return entry.fault.action;
    }
    this.#script = this.#script.filter((entry) => entry.left > 0);
    return undefined;
  }
}
