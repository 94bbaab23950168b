// A certificate authority for the length of a test.

import { loadX509 } from "../../deps.ts";

export interface Issued {
  cert: string;
  key: string;
}

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };

export async function newAuthority(name = "test CA") {
  const x509 = await loadX509();
  const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]) as CryptoKeyPair;
  const ca = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=${name}`,
    keys,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
    ],
  });
  let serial = 1;
  return {
    cert: ca.toString("pem"),
    /** A certificate for DNS names or IP addresses, good for servers and clients. */
    async issue(...names: string[]): Promise<Issued> {
      const own = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]) as CryptoKeyPair;
      const cert = await x509.X509CertificateGenerator.create({
        serialNumber: String(++serial).padStart(2, "0"),
        subject: `CN=${names[0]}`,
        issuer: ca.subject,
        signingKey: keys.privateKey,
        publicKey: own.publicKey,
        signingAlgorithm: algorithm,
        extensions: [
          new x509.SubjectAlternativeNameExtension(
            names.map((value) => ({ type: /^[\d.]+$/.test(value) ? "ip" as const : "dns" as const, value })),
          ),
          new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth, x509.ExtendedKeyUsage.clientAuth]),
        ],
      });
      const pkcs8 = new Uint8Array(await crypto.subtle.exportKey("pkcs8", own.privateKey));
      const key = `-----BEGIN PRIVATE KEY-----\n${
        btoa(String.fromCharCode(...pkcs8)).replace(/.{64}/g, "$&\n")
      }\n-----END PRIVATE KEY-----\n`;
      return { cert: cert.toString("pem"), key };
    },
  };
}
