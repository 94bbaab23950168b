// Whether the runtime can use TLS settings at all. Tried before the first request, so that what is wrong is said of the field it
// stands in, and not told as a server that does not answer.

import type { TlsPart, TlsSettings } from "./access.ts";

/** The first part that cannot be used, and the runtime's word for it, which repeats nothing of a key; undefined when all can. */
export function unusablePart({ caCerts, client, proxyUrl }: TlsSettings): { part: TlsPart; why: string } | undefined {
  // The runtime passes over every other kind of PEM, and would then trust nobody.
  if (caCerts.some((ca) => !ca.includes("-----BEGIN CERTIFICATE-----"))) {
    return { part: "ca", why: "no -----BEGIN CERTIFICATE----- in it" };
  }
  const trials: [TlsPart, Deno.CreateHttpClientOptions | Required<TlsSettings>["client"] | undefined][] = [
    ["ca", { caCerts }],
    ["client", client],
    ["proxy", proxyUrl === undefined ? undefined : { proxy: { url: proxyUrl } }],
  ];
  for (const [part, options] of trials) {
    try {
      if (options) Deno.createHttpClient({ ...options }).close();
    } catch (error) {
      return { part, why: (error as Error).message };
    }
  }
  return undefined;
}
