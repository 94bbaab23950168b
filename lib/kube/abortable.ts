// A client whose every request ends with a signal: for work that must not outlive its owner.

import type { RestClient } from "./contract.ts";

/** The same client, disposed of by its owner alone; requests keep a signal of their own beside this one. */
export function abortable(client: RestClient, signal: AbortSignal): RestClient {
  const performRequest = (opts: Parameters<RestClient["performRequest"]>[0]) =>
    client.performRequest({
      ...opts,
      abortSignal: opts.abortSignal ? AbortSignal.any([opts.abortSignal, signal]) : signal,
    });
  return {
    performRequest: performRequest as RestClient["performRequest"],
    ...(client.defaultNamespace === undefined ? {} : { defaultNamespace: client.defaultNamespace }),
    [Symbol.dispose]() {},
  };
}
