// The certificate of a server: given in files, which are read again as they are rotated, or self-signed and renewed before it
// ends. Polled, because a Secret's volume is swapped by symbolic links that file notifications miss. A pair that does not fit
// together, as while it is being written, never replaces one that does.

import { createPrivateKey, X509Certificate } from "node:crypto";
import { createSecureContext } from "node:tls";
import type { Clock } from "../clock.ts";
import type { Logger } from "../log.ts";
import { type KeyPairPem, selfSignedCertificate } from "./self_signed.ts";

export interface TlsSource extends Disposable {
  readonly current: KeyPairPem;
  readonly selfSigned: boolean;
  /** Tells the log which certificate is served: to be called once it is. */
  tell(): void;
  /** Called with each pair that replaces the current one. One listener: the server. */
  onChange: ((pair: KeyPairPem) => void) | undefined;
}

export interface TlsOptions {
  /** Both empty: self-signed. */
  readonly certFile: string;
  readonly keyFile: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly readFile: (path: string) => Promise<string>;
  /** DNS names and addresses of a self-signed certificate; the first names its subject. */
  readonly hosts: readonly string[];
}

const pollEveryMs = 10_000;
const selfSignedDays = 365;
const renewBeforeMs = 30 * 24 * 3600_000;

/**
 * Each certificate that replaces another is told to the log. A self-signed one is told whole, as PEM: nobody has it from
 * elsewhere, and who reads the log trusts this process already.
 * Rejects with an Error that names the file, where the given ones cannot be used at the start.
 */
export async function openTls(o: TlsOptions): Promise<TlsSource> {
  const given = o.certFile !== "";
  const make = () =>
    selfSignedCertificate({
      hosts: o.hosts,
      nowMs: o.clock.now(),
      days: selfSignedDays,
    });
  let current = given ? await readPair(o) : make();
  let complained = "";
  let closed = false;
  let timer: Disposable | undefined;

  const log = (message: string) => {
    const { fingerprint256, validTo, subjectAltName } = new X509Certificate(current.cert);
    o.logger.info(message, {
      fingerprint: fingerprint256,
      validTo: new Date(validTo).toISOString(),
      hosts: subjectAltName?.replaceAll(/\b(DNS|IP Address):/g, ""),
      ...(given ? { certFile: o.certFile } : { certificate: current.cert }),
    });
  };
  const replace = (pair: KeyPairPem) => {
    source.onChange?.(pair);
    current = pair;
    complained = "";
    log("metrics certificate replaced");
  };
  const poll = async () => {
    if (!given) {
      const endsMs = Date.parse(new X509Certificate(current.cert).validTo);
      if (o.clock.now() > endsMs - renewBeforeMs) replace(make());
      return;
    }
    try {
      const pair = await readPair(o);
      if (!closed && (pair.cert !== current.cert || pair.key !== current.key)) replace(pair);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      if (error.message !== complained) {
        o.logger.warn("metrics certificate kept: the new one is unusable", { error: error.message });
      }
      complained = error.message;
    }
  };
  const schedule = () => {
    if (!closed) timer = o.clock.timer(pollEveryMs, () => void poll().finally(schedule));
  };
  const source: TlsSource = {
    get current() {
      return current;
    },
    selfSigned: !given,
    tell: () => log(given ? "metrics certificate" : "metrics certificate, self-signed"),
    onChange: undefined,
    [Symbol.dispose]() {
      closed = true;
      timer?.[Symbol.dispose]();
    },
  };
  schedule();
  return source;
}

async function readPair(o: TlsOptions): Promise<KeyPairPem> {
  const cert = await readNamed(o, o.certFile, "metrics.certFile");
  const key = await readNamed(o, o.keyFile, "metrics.keyFile");
  const certificate = parsed("metrics.certFile", o.certFile, "a PEM certificate", () => new X509Certificate(cert));
  const privateKey = parsed("metrics.keyFile", o.keyFile, "a PEM private key", () => createPrivateKey(key));
  if (!certificate.checkPrivateKey(privateKey)) {
    throw new Error(`metrics.keyFile ${o.keyFile} is not the key of the certificate in metrics.certFile ${o.certFile}`);
  }
  // Those that follow are sent as they are: a client refuses the whole for one that is broken, as while it is being written.
  for (const [issuer] of cert.matchAll(/-----BEGIN CERTIFICATE-----[^-]*(-----END CERTIFICATE-----)?/g)) {
    parsed("metrics.certFile", o.certFile, "a chain of PEM certificates to its end", () => new X509Certificate(issuer));
  }
  try {
    createSecureContext({ cert, key });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : cause;
    throw new Error(`metrics.certFile ${o.certFile} and metrics.keyFile ${o.keyFile} cannot be served: ${why}`, {
      cause,
    });
  }
  return { cert, key };
}

async function readNamed(o: TlsOptions, path: string, key: string): Promise<string> {
  try {
    return await o.readFile(path);
  } catch (cause) {
    throw new Error(`${key} ${path} cannot be read: ${cause instanceof Error ? cause.message : cause}`, { cause });
  }
}

function parsed<T>(key: string, path: string, what: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw new Error(`${key} ${path} is not ${what}`, { cause });
  }
}
