// The HTTP server over TLS: who trusts it, what it speaks, and a certificate that is replaced while it runs.

import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { ManualClock, systemClock } from "../../lib/clock.ts";
import { silentLogger } from "../../lib/log.ts";
import { openTls } from "../../lib/server/tls.ts";
import { exchange, selfSigned, serve, source, text } from "./served.ts";

Deno.test("over TLS the server answers whoever trusts its certificate, and speaks HTTP/1.1 only", async () => {
  const clock = new ManualClock(systemClock.now());
  const readFile = () => Promise.reject(new Error("nothing is read"));
  using tls = await openTls({
    certFile: "",
    keyFile: "",
    clock,
    logger: silentLogger,
    readFile,
    hosts: ["localhost", "127.0.0.1"],
  });
  await using server = await serve({ tls });
  const { port } = server.address;
  const caCerts = [tls.current.cert];
  using client = Deno.createHttpClient({ caCerts, poolMaxIdlePerHost: 0 });
  assertEquals(await text(`https://localhost:${port}/a`, client), "hello /a");
  await assertRejects(() => fetch(`https://localhost:${port}/`), TypeError);
  using conn = await Deno.connectTls({ hostname: "127.0.0.1", port, caCerts, alpnProtocols: ["h2", "http/1.1"] });
  assertEquals((await conn.handshake()).alpnProtocol, "http/1.1");
});

Deno.test("a new certificate is used from the next connection on", async () => {
  const tls = source();
  await using server = await serve({ tls });
  const connect = async (cert: string) => {
    using conn = await Deno.connectTls({ hostname: "127.0.0.1", port: server.address.port, caCerts: [cert] });
    return await exchange(conn, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  };
  assertMatch(await connect(tls.current.cert), /hello/);
  const next = selfSigned("second");
  tls.replace(next);
  assertMatch(await connect(next.cert), /hello/);
  await assertRejects(() => connect(tls.current.cert), Deno.errors.InvalidData);
});

Deno.test("a Secret's volume that is swapped while the server runs is served from the next poll on", async () => {
  const volume = await Deno.makeTempDir();
  await using stack = new AsyncDisposableStack();
  stack.defer(() => Deno.remove(volume, { recursive: true }));
  // As the kubelet does it: the files are links into a folder that a link names, and that link is replaced at once.
  const put = async (revision: string) => {
    const pair = selfSigned(revision);
    await Deno.mkdir(`${volume}/${revision}`);
    await Deno.writeTextFile(`${volume}/${revision}/tls.crt`, pair.cert);
    await Deno.writeTextFile(`${volume}/${revision}/tls.key`, pair.key);
    await Deno.symlink(revision, `${volume}/next`);
    await Deno.rename(`${volume}/next`, `${volume}/data`);
    return pair;
  };
  const first = await put("first");
  for (const name of ["tls.crt", "tls.key"]) await Deno.symlink(`data/${name}`, `${volume}/${name}`);
  const clock = new ManualClock(systemClock.now());
  const told = Promise.withResolvers<void>();
  using tls = await openTls({
    certFile: `${volume}/tls.crt`,
    keyFile: `${volume}/tls.key`,
    clock,
    logger: { ...silentLogger, info: () => told.resolve(), warn: () => told.resolve() },
    readFile: (path) => Deno.readTextFile(path),
    hosts: [],
  });
  await using server = await serve({ tls });
  const served = async (cert: string) => {
    const { port } = server.address;
    using client = Deno.createHttpClient({ caCerts: [cert], poolMaxIdlePerHost: 0 });
    return await text(`https://127.0.0.1:${port}/`, client).catch((error) => (error as Error).name);
  };
  assertEquals(await served(first.cert), "hello /");
  const second = await put("second");
  assertEquals([await served(first.cert), await served(second.cert)], ["hello /", "TypeError"]);
  clock.advance(10_000);
  await told.promise;
  assertEquals([await served(first.cert), await served(second.cert)], ["TypeError", "hello /"]);
});

Deno.test("a client that opens a TLS port and says nothing, or speaks plain HTTP, is cut off", async () => {
  await using server = await serve({ tls: source(), limits: { headersTimeoutMs: 100 } });
  for (const words of ["", "GET / HTTP/1.1\r\nHost: x\r\n\r\n"]) {
    using conn = await Deno.connect({ hostname: "127.0.0.1", port: server.address.port });
    assertEquals(/^HTTP\/1\.1 200/.test(await exchange(conn, words)), false);
  }
});
