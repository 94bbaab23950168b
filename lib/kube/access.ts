// What it takes to reach an API server, wherever that was found out: the waist between kubeconfig, pod and client.

export interface Access {
  baseUrl: string;
  namespace: string | undefined;
  /** TLS of this moment. */
  settings: () => Promise<TlsSettings>;
  /** Bearer token of this moment; `refused` after a 401. */
  authorize?: (refused?: { token: string | undefined }) => Promise<string | undefined>;
  /** The error for a part of the settings that cannot be used: it names the place where that part stands. */
  blame: (part: TlsPart, why: string) => Error;
}

/** Certificate authorities, client certificate with its key, proxy. */
export type TlsPart = "ca" | "client" | "proxy";

export interface TlsSettings {
  /** PEM texts, each with one certificate or several; empty: the system's own. */
  caCerts: string[];
  /** Client certificate and key, PEM. */
  client?: { cert: string; key: string };
  /** The name that the server's certificate has to be for, instead of the URL's host. */
  serverName?: string;
  /** Take any server certificate. */
  insecure?: boolean;
  proxyUrl?: string;
}
