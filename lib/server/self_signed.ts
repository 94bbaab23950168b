// A self-signed server certificate (X.509 v3, ECDSA P-256) for a process that was given none. Written in DER by hand: it is one
// fixed form of some forty lines, where a library brings twenty packages and a change to the global Reflect object.
// Source: RFC 5280; https://letsencrypt.org/docs/a-warm-welcome-to-asn1-and-der/ for the encoding.

import { generateKeyPairSync, randomBytes, sign } from "node:crypto";
import { isIP } from "node:net";

export interface KeyPairPem {
  /** The certificate, or a chain with the server's own first. */
  readonly cert: string;
  readonly key: string;
}

const dayMs = 24 * 3600_000;

/** Valid from a day ago (clocks differ) for `days`. `hosts` are DNS names and IP addresses; the first names the subject. */
export function selfSignedCertificate(o: { hosts: readonly string[]; nowMs: number; days: number }): KeyPairPem {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
  const subject = sequence(
    der(0x31, sequence(commonName(), der(0x0c, utf8((o.hosts[0] ?? "localhost").slice(0, 64))))),
  );
  const body = sequence(
    der(0xa0, integer([2])),
    integer([0x40 | (randomBytes(1)[0] ?? 0) & 0x3f, ...randomBytes(15)]),
    ecdsaWithSha256(),
    subject,
    sequence(utcTime(o.nowMs - dayMs), utcTime(o.nowMs + o.days * dayMs)),
    subject,
    new Uint8Array(publicKey.export({ type: "spki", format: "der" })),
    der(
      0xa3,
      sequence(
        extension([0x55, 0x1d, 0x13], true, sequence()),
        extension([0x55, 0x1d, 0x0f], true, der(0x03, [7, 0x80])),
        extension([0x55, 0x1d, 0x25], false, sequence(der(0x06, [0x2b, 6, 1, 5, 5, 7, 3, 1]))),
        extension([0x55, 0x1d, 0x11], false, sequence(...o.hosts.map(alternativeName))),
      ),
    ),
  );
  const signature = new Uint8Array(sign("sha256", body, privateKey));
  const certificate = sequence(body, ecdsaWithSha256(), der(0x03, [0, ...signature]));
  return { cert: pem(certificate), key: String(privateKey.export({ type: "pkcs8", format: "pem" })) };
}

/** A value in DER: tag, length in one to four bytes, contents. */
function der(tag: number, ...contents: readonly (Uint8Array | readonly number[])[]): Uint8Array {
  const bytes = contents.flatMap((content) => [...content]);
  if (bytes.length < 0x80) return Uint8Array.from([tag, bytes.length, ...bytes]);
  const length: number[] = [];
  for (let rest = bytes.length; rest > 0; rest >>= 8) length.unshift(rest & 0xff);
  return Uint8Array.from([tag, 0x80 | length.length, ...length, ...bytes]);
}

function sequence(...contents: readonly Uint8Array[]): Uint8Array {
  return der(0x30, ...contents);
}

function integer(bytes: readonly number[]): Uint8Array {
  return der(0x02, bytes);
}

/** basicConstraints (no CA), keyUsage (digitalSignature), extKeyUsage (serverAuth) and subjectAltName have this form. */
function extension(oid: readonly number[], critical: boolean, value: Uint8Array): Uint8Array {
  return sequence(der(0x06, oid), ...(critical ? [der(0x01, [0xff])] : []), der(0x04, value));
}

/** dNSName [2] or iPAddress [7]. */
function alternativeName(host: string): Uint8Array {
  return isIP(host) === 0 ? der(0x82, utf8(host)) : der(0x87, addressBytes(host));
}

function addressBytes(host: string): number[] {
  if (isIP(host) === 4) return host.split(".").map(Number);
  // The URL parser writes an IPv6 address in its shortest form, whatever form it was given in.
  const [head = "", tail] = new URL(`http://[${host}]`).hostname.slice(1, -1).split("::");
  const groups = (text: string | undefined) => text ? text.split(":").map((group) => parseInt(group, 16)) : [];
  const [left, right] = [groups(head), groups(tail)];
  const all = [...left, ...Array<number>(8 - left.length - right.length).fill(0), ...right];
  return all.flatMap((group) => [group >> 8, group & 0xff]);
}

/** Good until 2049, which is where UTCTime ends. */
function utcTime(ms: number): Uint8Array {
  const digits = new Date(ms).toISOString().replaceAll(/\D/g, "");
  return der(0x17, utf8(`${digits.slice(2, 14)}Z`));
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function pem(bytes: Uint8Array): string {
  const lines = bytes.toBase64().match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
}

function commonName(): Uint8Array {
  return der(0x06, [0x55, 0x04, 0x03]);
}

function ecdsaWithSha256(): Uint8Array {
  return sequence(der(0x06, [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02]));
}
