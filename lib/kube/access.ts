// What it takes to reach an API server, wherever that was found out: the waist between kubeconfig, pod and client.

import type { TlsSettings } from "./transport.ts";

export interface Access {
  baseUrl: string;
  namespace: string | undefined;
  /** TLS of this moment. */
  settings: () => Promise<TlsSettings>;
  /** Bearer token of this moment; `refused` after a 401. */
  authorize?: (refused?: { token: string | undefined }) => Promise<string | undefined>;
}
