// What happens to each request on its way, drawn from the seed: how likely each kind of misfortune is in this world, and the
// misfortunes that need a memory (a lost answer that is followed by a refusal; a kind that is not served for a while).

import type { Chance } from "./chance.ts";
import { type Answer, type Call, pathNotServed } from "./direct_api.ts";

/** How this world's network is. Probabilities are of each request. */
export interface Weather {
  /** The longest that a request takes there, and its answer back. */
  readonly latencyMs: number;
  /** The longest that a watch lags behind. */
  readonly watchLagMs: number;
  readonly conflict: number;
  readonly tooMany: number;
  readonly serverError: number;
  readonly lost: number;
  readonly answerLost: number;
  /** Of being on the way for seconds; a few of them arrive after their sender has given up. */
  readonly late: number;
  /** Of a creation whose answer was lost: that the next try is refused for good. */
  readonly refusedAfterLost: number;
}

export interface Fate {
  readonly thereMs: number;
  readonly backMs: number;
  readonly loses?: "request" | "answer";
  readonly refusal?: Answer;
}

export class Fates {
  readonly #weather: Weather;
  readonly #chance: Chance;
  readonly #untilMs: number;
  readonly #notServed = new Map<string, number>();
  readonly #refuseNext = new Set<string>();
  #downUntilMs = 0;

  /** @param untilMs from then on the weather is fine */
  constructor(weather: Weather, chance: Chance, untilMs: number) {
    this.#weather = weather;
    this.#chance = chance;
    this.#untilMs = untilMs;
  }

  /** The group is not served until then: a bare 404, as while a CustomResourceDefinition is being replaced. */
  notServed(group: string, untilMs: number): void {
    this.#notServed.set(group, untilMs);
  }

  /** The API server cannot be reached until then. */
  down(untilMs: number): void {
    this.#downUntilMs = untilMs;
  }

  watchLagMs(): number {
    return this.#weather.watchLagMs === 0 ? 0 : this.#chance.whole(0, this.#weather.watchLagMs);
  }

  of(call: Call, nowMs: number): Fate {
    const { info } = call;
    const w = this.#weather;
    const chance = this.#chance;
    const thereMs = chance.whole(0, w.latencyMs);
    const backMs = w.latencyMs === 0 || chance.happens(0.5) ? 0 : chance.whole(0, w.latencyMs);
    const fate: Fate = { thereMs, backMs };
    if (nowMs < this.#downUntilMs) return { ...fate, loses: "request" };
    if (nowMs < (this.#notServed.get(info.group) ?? 0)) return { ...fate, refusal: pathNotServed };
    if (nowMs >= this.#untilMs) return fate;
    const isWrite = !["get", "list", "watch"].includes(info.verb);
    const creates = `${info.verb} ${info.namespace}/${info.resource}`;
    if (this.#refuseNext.delete(creates)) return { ...fate, refusal: chance.pick(refusals) };
    if (isWrite && chance.happens(w.conflict)) return { ...fate, refusal: conflict };
    if (chance.happens(w.tooMany)) return { ...fate, refusal: tooMany };
    if (chance.happens(w.serverError)) return { ...fate, refusal: serverError };
    if (chance.happens(w.lost)) return { ...fate, loses: "request" };
    if (chance.happens(w.answerLost)) {
      if (info.verb === "create" && chance.happens(w.refusedAfterLost)) this.#refuseNext.add(creates);
      return { ...fate, loses: "answer" };
    }
    if (info.verb !== "watch" && chance.happens(w.late)) {
      const lateMs = chance.whole(100, chance.happens(0.2) ? 45_000 : 5_000);
      return chance.happens(0.5) ? { ...fate, thereMs: lateMs } : { ...fate, backMs: lateMs };
    }
    return fate;
  }
}

function status(code: number, reason: string, message: string, details?: { retryAfterSeconds: number }): Answer {
  return {
    code,
    body: {
      kind: "Status",
      apiVersion: "v1",
      status: "Failure",
      reason,
      message,
      code,
      ...(details ? { details } : {}),
    },
  };
}

const conflict = status(
  409,
  "Conflict",
  "the object has been modified; please apply your changes to the latest version",
);
const tooMany = status(429, "TooManyRequests", "please try again later", { retryAfterSeconds: 1 });
const serverError = status(500, "InternalError", "etcdserver: leader changed");
const refusals = [
  status(403, "Forbidden", "pods is forbidden: exceeded quota: runs"),
  status(403, "Forbidden", "admission webhook denied the request"),
  status(422, "Invalid", "admission webhook found it invalid"),
];
