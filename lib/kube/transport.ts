// `fetch` with the TLS settings of one cluster, whose certificates may change while the program runs: each request goes out
// with the settings of its moment. Connections speak HTTP/1.1, so that one dead connection costs one request, not all.

import type { TlsSettings } from "./access.ts";
import type { Fetch } from "./client.ts";
import { createHttpsFetch } from "./https_fetch.ts";
import { named } from "../traces.ts";

interface Connections {
  fetch: Fetch;
  close(): void;
}

export class Transport implements Disposable {
  readonly #settings: () => Promise<TlsSettings>;
  #open: (Connections & { fingerprint: string }) | undefined;
  #closed = false;

  /** @param settings asked before each request; answers from memory as a rule */
  constructor(settings: () => Promise<TlsSettings>) {
    this.#settings = settings;
  }

  readonly fetch: Fetch = async (input, init) => {
    const settings = await this.#settings();
    if (this.#closed) throw new Error("the client is closed");
    const fingerprint = JSON.stringify(settings);
    if (this.#open?.fingerprint !== fingerprint) {
      const opened = { ...connect(settings), fingerprint };
      this.#open?.close();
      this.#open = opened;
    }
    return await this.#open.fetch(input, init);
  };

  [Symbol.dispose](): void {
    this.#closed = true;
    this.#open?.close();
    this.#open = undefined;
  }
}

function connect(settings: TlsSettings): Connections {
  // These two are not to be had from `fetch`.
  if (settings.serverName !== undefined || settings.insecure) return createHttpsFetch(settings);
  const client = Deno.createHttpClient({
    caCerts: settings.caCerts,
    ...(settings.client ?? {}),
    ...(settings.proxyUrl === undefined ? {} : { proxy: { url: settings.proxyUrl } }),
    http2: false,
    poolIdleTimeout: 30_000,
  });
  return { fetch: (input, init) => fetch(input, named({ ...init, client })), close: () => client.close() };
}
