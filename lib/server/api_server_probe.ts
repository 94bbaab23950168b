// Whether the API server answers, and whether the lock namespace is there: asked again and again, because an idle controller
// would not notice otherwise. Its watches only bring what others do, and are silent for minutes when nobody does anything.

import { type Clock, sleep } from "../clock.ts";
import type { JSONObject, RestClient } from "../kube/contract.ts";
import { ConnectionError, StatusError } from "../kube/errors.ts";
import { isObject } from "../kube/watch.ts";
import type { Check } from "./health.ts";

export interface ApiServerProbeOptions {
  readonly client: RestClient;
  readonly clock: Clock;
  readonly lockNamespace: string;
}

const everyMs = 5_000;
const timeoutMs = 5_000;
/** One lost answer, or a short restart, is no reason to be taken out. */
const silentMs = 15_000;

export class ApiServerProbe {
  readonly #o: ApiServerProbeOptions;
  #answeredMs: number | undefined;
  #failure = "not asked yet";
  /** What is wrong with the lock namespace; undefined when it is there. */
  #namespaceFault: string | undefined;
  /** False without the right to read that namespace. */
  #sees = false;

  constructor(o: ApiServerProbeOptions) {
    this.#o = o;
  }

  /** Asks until the signal is aborted, then resolves. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#ask(signal);
      await sleep(this.#o.clock, everyMs, signal).catch((error) => {
        if (!signal.aborted) throw error;
      });
    }
  }

  apiServer(): Check {
    if (this.#answeredMs === undefined) return { ok: false, detail: this.#failure };
    const ageMs = this.#o.clock.monotonic() - this.#answeredMs;
    if (ageMs <= silentMs) return { ok: true, detail: "it answers" };
    return { ok: false, detail: `no answer for ${Math.round(ageMs / 1_000)} s: ${this.#failure}` };
  }

  /** @param refusal why the last Lease could not be made, if it could not: said where the namespace cannot be read */
  lockNamespace(refusal: string | undefined): Check {
    const fault = this.#sees ? this.#namespaceFault : refusal && `no Lease can be made: ${refusal}`;
    return fault === undefined
      ? { ok: true, detail: this.#sees ? "it is there" : "it may not be read; no Lease was refused" }
      : { ok: false, detail: fault };
  }

  async #ask(signal: AbortSignal): Promise<void> {
    const { client, clock, lockNamespace } = this.#o;
    const late = new AbortController();
    const reason = new ConnectionError(`no answer within ${timeoutMs / 1_000} s`);
    using _timer = clock.timer(timeoutMs, () => late.abort(reason));
    try {
      const namespace = await client.performRequest({
        method: "GET",
        path: `/api/v1/namespaces/${lockNamespace}`,
        expectJson: true,
        abortSignal: AbortSignal.any([signal, late.signal]),
      });
      this.#answered(true, isObject(namespace) && isTerminating(namespace) ? "it is being deleted" : undefined);
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof StatusError || error instanceof ConnectionError)) throw error;
      if (error instanceof StatusError && error.objectNotFound) {
        this.#answered(true, `it does not exist; create it: kubectl create namespace ${lockNamespace}`);
      } else if (error instanceof StatusError && error.httpCode === 403) this.#answered(false, undefined);
      else if (error instanceof StatusError && error.httpCode === 429) {
        this.#answered(this.#sees, this.#namespaceFault); // it answers, and of the namespace nothing new is known
      } else this.#failure = error.message;
    }
  }

  #answered(sees: boolean, namespaceFault: string | undefined): void {
    this.#answeredMs = this.#o.clock.monotonic();
    this.#sees = sees;
    this.#namespaceFault = namespaceFault;
  }
}

function isTerminating({ metadata }: JSONObject): boolean {
  return isObject(metadata) && metadata.deletionTimestamp !== undefined;
}
