// Between the network and the API server: carries a request out as the fault script says, late, twice wrong, or not at all.
import { type Clock, sleep } from "../clock.ts";
import type { Faults } from "./faults.ts";
import { errorResponse } from "./http_body.ts";
import type { RequestInfo } from "./request_info.ts";
import { ApiError } from "./status.ts";
import type { WatchHub } from "./watch_hub.ts";

const reasons: Record<number, [reason: string, message: string]> = {
  409: ["Conflict", "the object has been modified; please apply your changes to the latest version and try again"],
  429: ["TooManyRequests", "Too many requests, please try again later."],
  500: ["InternalError", "Internal error occurred: fault"],
  503: ["ServiceUnavailable", "apiserver not ready"],
  504: ["Timeout", "Timeout: request did not complete within the allotted timeout"],
};

/** Thrown where a connection is lost: what `fetch` rejects with. */
export class LostConnection extends TypeError {
  constructor() {
    super("error sending request: connection closed before the answer (fault)");
  }
}

export class FaultyTransport implements Disposable {
  #timers = new Set<Disposable>();

  constructor(readonly faults: Faults, readonly watches: WatchHub, readonly clock: Clock) {}

  [Symbol.dispose](): void {
    for (const timer of this.#timers) timer[Symbol.dispose]();
  }

  /** The answer of `carryOut`, or what the next matching fault makes of it. */
  async carry(info: RequestInfo, request: Request, carryOut: () => Promise<Response>): Promise<Response> {
    const action = this.faults.take(info);
    if (!action) return await carryOut();
    if ("status" in action) {
      await request.arrayBuffer();
      if (action.body !== undefined) return new Response(action.body, { status: action.status });
      const [reason, message] = reasons[action.status] ?? ["", `fault ${action.status}`];
      const seconds = action.retryAfterSeconds ?? (action.status === 429 ? 1 : undefined);
      const details = seconds === undefined ? undefined : { retryAfterSeconds: seconds };
      return errorResponse(new ApiError(action.status, action.reason ?? reason, action.message ?? message, details));
    }
    if ("dropBefore" in action) {
      await request.arrayBuffer();
      throw new LostConnection();
    }
    if ("delayMs" in action) {
      await sleep(this.clock, action.delayMs, request.signal);
      return await carryOut();
    }
    if ("silentWatch" in action) {
      using _silence = this.watches.silence((opened) => opened === info);
      return await carryOut();
    }
    if ("run" in action) {
      await action.run(info);
      return await carryOut();
    }
    const response = await carryOut();
    if ("dropAfter" in action) {
      await response.body?.cancel();
      throw new LostConnection();
    }
    if ("cutWatchAfterMs" in action) {
      const { midLine = false } = action;
      const timer = this.clock.timer(action.cutWatchAfterMs, () => {
        this.#timers.delete(timer);
        this.watches.cut((opened) => opened === info, { midLine });
      });
      this.#timers.add(timer);
      return response;
    }
    await sleep(this.clock, action.delayAnswerMs, request.signal);
    return response;
  }
}
