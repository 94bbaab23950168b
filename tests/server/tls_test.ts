// The certificate of a server: given and reloaded, or self-signed and renewed.

import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { X509Certificate } from "node:crypto";
import { ManualClock } from "../../lib/clock.ts";
import { silentLogger } from "../../lib/log.ts";
import { ownHosts } from "../../lib/server/own_hosts.ts";
import { type KeyPairPem, selfSignedCertificate } from "../../lib/server/self_signed.ts";
import { openTls } from "../../lib/server/tls.ts";

const dayMs = 24 * 3600_000;
const nowMs = Date.UTC(2026, 0, 1);
const make = (host: string): KeyPairPem => selfSignedCertificate({ hosts: [host], nowMs, days: 30 });

/** Given files, as they can be changed by hand, and what becomes of it. */
function given(pair: KeyPairPem) {
  const files: Record<string, string | undefined> = { "/crt": pair.cert, "/key": pair.key };
  const clock = new ManualClock(nowMs);
  const warnings: unknown[] = [];
  const told: unknown[] = [];
  let reads = 0;
  return {
    files,
    clock,
    warnings,
    told,
    options: {
      certFile: "/crt",
      keyFile: "/key",
      clock,
      hosts: [],
      logger: {
        ...silentLogger,
        info: (...line: unknown[]) => void told.push(line),
        warn: (...line: unknown[]) => void warnings.push(line),
      },
      readFile(path: string): Promise<string> {
        reads++;
        const text = files[path];
        return text === undefined ? Promise.reject(new Error("no such file")) : Promise.resolve(text);
      },
    },
    /** Lets one poll happen, and waits until it is over: the next one is then scheduled. */
    async poll(): Promise<void> {
      const before = reads;
      clock.advance(10_000);
      while (reads === before || clock.nextTimerInMs() === undefined) await Promise.resolve();
    },
  };
}

Deno.test("a self-signed certificate is for its hosts, for a server, and for its time", () => {
  const { cert, key } = selfSignedCertificate({ hosts: ["metrics.svc", "10.0.0.1", "fd00::1:2"], nowMs, days: 10 });
  const certificate = new X509Certificate(cert);
  assertEquals(certificate.subjectAltName, "DNS:metrics.svc, IP Address:10.0.0.1, IP Address:fd00::1:2");
  assertEquals([certificate.subject, certificate.issuer, certificate.ca], ["CN=metrics.svc", "CN=metrics.svc", false]);
  assertEquals([Date.parse(certificate.validFrom), Date.parse(certificate.validTo)], [
    nowMs - dayMs,
    nowMs + 10 * dayMs,
  ]);
  assertEquals(certificate.verify(certificate.publicKey), true);
  assertMatch(key, /^-----BEGIN PRIVATE KEY-----/);
});

Deno.test("given files are used, and read again when they change", async () => {
  const [first, second] = [make("first"), make("second")];
  const { files, options, poll, told } = given(first);
  using tls = await openTls(options);
  const replaced: KeyPairPem[] = [];
  tls.onChange = (pair) => replaced.push(pair);
  assertEquals([tls.current, tls.selfSigned], [first, false]);
  assertEquals(told, [], "nothing is served yet");
  tls.tell();
  await poll();
  assertEquals(replaced, []);
  Object.assign(files, { "/crt": second.cert, "/key": second.key });
  await poll();
  assertEquals([tls.current, replaced], [second, [second]]);
  const line = (host: string, { cert }: KeyPairPem) => ({
    fingerprint: new X509Certificate(cert).fingerprint256,
    validTo: new Date(nowMs + 30 * dayMs).toISOString(),
    hosts: host,
    certFile: "/crt",
  });
  assertEquals(told, [["metrics certificate", line("first", first)], [
    "metrics certificate replaced",
    line("second", second),
  ]]);
});

Deno.test("a pair that does not fit together, or is gone, does not replace a good one, and is told once", async () => {
  const [first, second] = [make("first"), make("second")];
  const { files, options, poll, warnings } = given(first);
  using tls = await openTls(options);
  files["/crt"] = second.cert;
  await poll();
  await poll();
  files["/key"] = undefined;
  await poll();
  assertEquals(tls.current, first);
  assertEquals(warnings, [
    ["metrics certificate kept: the new one is unusable", {
      error: "metrics.keyFile /key is not the key of the certificate in metrics.certFile /crt",
    }],
    ["metrics certificate kept: the new one is unusable", {
      error: "metrics.keyFile /key cannot be read: no such file",
    }],
  ]);
  files["/key"] = second.key;
  await poll();
  assertEquals(tls.current, second);
});

const unusable: [sentence: string, change: Record<string, string | undefined>, message: string][] = [
  ["a certificate that is not there", { "/crt": undefined }, "metrics.certFile /crt cannot be read: no such file"],
  ["a certificate that is none", { "/crt": "hello" }, "metrics.certFile /crt is not a PEM certificate"],
  ["a key that is none", { "/key": "hello" }, "metrics.keyFile /key is not a PEM private key"],
  [
    "a key of another certificate",
    { "/key": make("other").key },
    "metrics.keyFile /key is not the key of the certificate",
  ],
];
for (const [sentence, change, message] of unusable) {
  Deno.test(`openTls refuses ${sentence}`, async () => {
    const { files, options, clock } = given(make("first"));
    Object.assign(files, change);
    await assertRejects(() => openTls(options), Error, message);
    assertEquals(clock.nextTimerInMs(), undefined);
  });
}

Deno.test("a chain of which a further certificate is broken, or not there to its end, is refused, and a whole one is not", async () => {
  const [own, issuer] = [make("first"), make("issuer")];
  const broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
  for (const rest of [broken, issuer.cert.slice(0, 300), issuer.cert + broken]) {
    const { options } = given({ ...own, cert: own.cert + rest });
    await assertRejects(
      () => openTls(options),
      Error,
      "metrics.certFile /crt is not a chain of PEM certificates to its end",
    );
  }
  const whole = { ...own, cert: own.cert + issuer.cert };
  using tls = await openTls(given(whole).options);
  assertEquals(tls.current, whole);
});

Deno.test("a certificate that TLS does not serve is said with its file", async () => {
  const directory = await Deno.makeTempDir();
  try {
    const request = "req -x509 -newkey rsa:1024 -nodes -keyout key -out crt -subj /CN=weak";
    const { success } = await new Deno.Command("openssl", {
      args: request.split(" "),
      cwd: directory,
      stderr: "null",
    }).output();
    assertEquals(success, true);
    const [cert, key] = await Promise.all(["crt", "key"].map((name) => Deno.readTextFile(`${directory}/${name}`)));
    const { options } = given({ cert: cert ?? "", key: key ?? "" });
    await assertRejects(
      () => openTls(options),
      Error,
      "metrics.certFile /crt and metrics.keyFile /key cannot be served: ",
    );
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("a self-signed certificate is told whole, and renewed 30 days before its end", async () => {
  const clock = new ManualClock(nowMs);
  const told: unknown[] = [];
  const logger = { ...silentLogger, info: (...line: unknown[]) => void told.push(line) };
  const readFile = () => Promise.reject(new Error("nothing is read"));
  using tls = await openTls({ certFile: "", keyFile: "", clock, logger, readFile, hosts: ["ours", "10.0.0.1"] });
  const line = ({ cert }: KeyPairPem, days: number) => ({
    fingerprint: new X509Certificate(cert).fingerprint256,
    validTo: new Date(clock.now() + days * dayMs).toISOString(),
    hosts: "ours, 10.0.0.1",
    certificate: cert,
  });
  const first = tls.current;
  tls.tell();
  assertEquals(told.splice(0), [["metrics certificate, self-signed", line(first, 365)]]);
  const poll = async () => {
    clock.advance(10_000);
    while (clock.nextTimerInMs() === undefined) await Promise.resolve();
  };
  clock.jump(334 * dayMs);
  await poll();
  assertEquals([tls.current, tls.selfSigned, told], [first, true, []]);
  clock.jump(2 * dayMs);
  await poll();
  assertEquals(tls.current.cert === first.cert, false);
  assertEquals(told, [["metrics certificate replaced", line(tls.current, 365)]]);
});

const interfaces = ["127.0.0.1", "10.1.2.3", "::1", "fd00::2", "fe80::1"].map((address) => ({ address }));
const hosts: [sentence: string, listen: string, hosts: string[]][] = [
  ["every address that is listened on", ":9090", ["127.0.0.1", "10.1.2.3", "::1", "fd00::2"]],
  ["every address, where the one that stands for all is given", "0.0.0.0:9090", [
    "127.0.0.1",
    "10.1.2.3",
    "::1",
    "fd00::2",
  ]],
  ["the one address that is listened on", "10.1.2.3:0", ["10.1.2.3"]],
  ["the one name that is listened on", "localhost:0", []],
];
for (const [sentence, listen, addresses] of hosts) {
  Deno.test(`a self-signed certificate is for the names of the process and for ${sentence}`, () => {
    const named = ownHosts({ name: "workflowexecution-controller", listen, hostname: "pod-1", interfaces });
    assertEquals(named, ["workflowexecution-controller", "localhost", "pod-1", ...addresses]);
  });
}

Deno.test("nothing runs on once the source is disposed of", async () => {
  const { options, clock } = given(make("first"));
  const tls = await openTls(options);
  tls[Symbol.dispose]();
  assertEquals(clock.nextTimerInMs(), undefined);
});
