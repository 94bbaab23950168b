// Readers of the texts that a configuration value may be: addresses, audit sinks, Kubernetes names. Pure. Each throws an Error
// whose message says what is there and what should be; the place of the value is added by whoever knows it.

/** Where a server listens. No hostname means every interface; port 0 means one that the system picks. */
export interface ListenAddress {
  readonly hostname: string | undefined;
  readonly port: number;
}

/** Where audit events go. */
export type AuditSink =
  | { readonly kind: "http"; readonly url: string }
  | { readonly kind: "file"; readonly directory: string }
  | { readonly kind: "stdout" };

/** Reads ":8081", "127.0.0.1:8081", "host:8081" or "[::1]:8081". */
export function parseAddress(text: string): ListenAddress {
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9.-]*)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (!match || port > 65_535) {
    throw new Error(`${JSON.stringify(text)} is not an address; write ":8081", "127.0.0.1:8081" or "[::1]:8081"`);
  }
  return { hostname: match[1] || match[2] || undefined, port };
}

/** As `parseAddress` reads it, and as a URL has it: an IPv6 address in brackets. */
export function addressText({ hostname, port }: { readonly hostname: string; readonly port: number }): string {
  return `${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`;
}

/** Reads "stdout", "file:DIR" or an http(s) URL, which is the base that the paths of the Data Storage Service follow. */
export function parseSink(text: string): AuditSink {
  if (text === "stdout") return { kind: "stdout" };
  if (text.startsWith("file:")) {
    const directory = text.slice("file:".length);
    if (directory === "") throw new Error(`"file:" names no directory; write file:DIR, as in file:./audit`);
    return { kind: "file", directory };
  }
  if (!/^https?:/i.test(text)) {
    throw new Error(
      `${JSON.stringify(withoutCredentials(text))} is not an audit sink; write http(s)://HOST, file:DIR or stdout`,
    );
  }
  const url = parseHttpUrl(text);
  if (url.search || url.hash) {
    throw new Error(`${JSON.stringify(withoutCredentials(text))} has a query or fragment; write the base URL alone`);
  }
  return { kind: "http", url: url.href.replace(/\/+$/, "") };
}

/** The text of a sink, as it may be printed: a password in its URL is not shown. */
export function describeSink(sink: AuditSink): string {
  if (sink.kind === "stdout") return "stdout";
  return sink.kind === "file" ? `file:${sink.directory}` : withoutCredentials(sink.url);
}

export function parseHttpUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw new Error(`${JSON.stringify(withoutCredentials(text))} is not a URL; write http://HOST or https://HOST`);
  }
  return url;
}

/** Hides what of a URL may be a secret, however it is written: all before the last "@", and the query. */
export function withoutCredentials(text: string): string {
  return text.replace(/\/\/[^\s"]*@/g, "//[REDACTED]@").replace(/(:\/\/[^\s"?]*\?)[^\s"]+/g, "$1[REDACTED]");
}

/** A webhook's URL as it may be printed: where it is. Some have their secret in the path. */
export function describeWebhook(text: string): string {
  const { protocol, host, pathname, search, username } = parseHttpUrl(text);
  const bare = `${protocol}//${username ? "[REDACTED]@" : ""}${host}`;
  return pathname === "/" && search === "" ? bare : `${bare}/[REDACTED]`;
}

/** A DNS label (RFC 1123), as namespaces are named. */
export function checkNamespace(text: string): void {
  if (!/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(text)) {
    throw new Error(
      `${JSON.stringify(text)} is not a namespace's name; ` +
        "it has at most 63 lower-case letters, digits and '-', and starts and ends with a letter or digit",
    );
  }
}

/** A DNS subdomain (RFC 1123), as service accounts are named. */
export function checkServiceAccount(text: string): void {
  if (text.length > 253 || !/^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/.test(text)) {
    throw new Error(
      `${JSON.stringify(text)} is not a service account's name; ` +
        "it has at most 253 lower-case letters, digits, '-' and '.', and starts and ends with a letter or digit",
    );
  }
}
