// Why there was no answer, in words that say what to check. `fetch` and `node:https` put the cause into texts and codes only.

import { ConnectionError } from "./errors.ts";
import { KubeconfigError } from "./kubeconfig_file.ts";

/** Ordered: the first pattern that the cause's texts match gives the advice. */
const causes: readonly (readonly [pattern: RegExp, advice: string])[] = [
  [
    /UnknownIssuer|SELF_SIGNED|UNABLE_TO_(GET_ISSUER|VERIFY)|self.signed certificate|unable to (get|verify)/i,
    "its certificate is not signed by the CA that is trusted here: check certificate-authority(-data) in the kubeconfig",
  ],
  [
    /UnsupportedCertVersion/i,
    "a certificate of X.509 version 1 is not accepted: make one of version 3 (openssl x509 -req with -extfile)",
  ],
  [
    /NotValidForName|not valid for name|ERR_TLS_CERT_ALTNAME|altnames/i,
    "its certificate is for another name: check the server's address, or set tls-server-name in the kubeconfig",
  ],
  [/CaUsedAsEndEntity/i, "its certificate is a CA's own: give the server a certificate of its own, signed by that CA"],
  [
    /certificate.*(expired|not valid yet)|CERT_HAS_EXPIRED|CERT_NOT_YET_VALID|Expired\b|NotValidYet/i,
    "its certificate is not valid at this time: check its dates and this machine's clock",
  ],
  [
    /CertificateRequired|BadCertificate|AccessDenied|UnknownCA|alert.*(certificate|unknown ca)/i,
    "it refused the client certificate: check client-certificate and client-key in the kubeconfig",
  ],
  [/invalid peer certificate|certificate/i, "its certificate was not accepted: check the CA and the server's address"],
  [
    /InvalidContentType|corrupt message|WRONG_VERSION_NUMBER|packet length too long/i,
    "it does not speak TLS there: check scheme and port",
  ],
  [
    /dns error|failed to lookup|ENOTFOUND|EAI_AGAIN|Name or service not known/i,
    "its host name cannot be resolved: check the server's address and DNS",
  ],
  [/connection refused|ECONNREFUSED/i, "nothing listens there: check that the API server runs, its address and port"],
  [/proxy|tunnel/i, "the proxy did not let it through: check proxy-url and HTTPS_PROXY"],
  [
    /no answer within|timed out|ETIMEDOUT/i,
    "it did not answer in time: check the network between here and there, and the server's load",
  ],
  [
    /error reading a body|reset|ECONNRESET|broken pipe|EPIPE|connection closed|closed before message completed|unexpected end|UnexpectedEof|socket hang up|aborted/i,
    "the connection broke: the server may be restarting",
  ],
  [/unreachable|EHOSTUNREACH|ENETUNREACH/i, "there is no route to it: check the network"],
];

/**
 * The error for a request that got no whole answer.
 * @param request method and path
 * @param server the server's base URL
 * @param cause what the transport threw
 */
export function explainConnectionFailure(request: string, server: string, cause: unknown): ConnectionError {
  // A credential that could not be had, say: what a plugin writes of its own troubles tells nothing of the API server.
  if (cause instanceof KubeconfigError) {
    return new ConnectionError(`${request}: not sent: ${cause.message}`, { cause });
  }
  const texts = textsOf(cause);
  const advice = causes.find(([pattern]) => pattern.test(texts))?.[1] ?? "there was no answer";
  return new ConnectionError(`${request}: ${server}: ${advice} (${texts})`, { cause });
}

/** The messages and codes of an error and of its causes, in one line. */
function textsOf(error: unknown): string {
  const texts: string[] = [];
  for (let depth = 0; error instanceof Error && depth < 5; depth++) {
    const code = (error as Error & { code?: unknown }).code;
    const text = typeof code === "string" && !error.message.includes(code)
      ? `${code}: ${error.message}`
      : error.message;
    if (!texts.some((known) => known.includes(text))) texts.push(text);
    error = error.cause;
  }
  return texts.length > 0 ? texts.join(": ") : String(error);
}
