// Real TLS servers with certificates made for the test: who is trusted, what is said of the rest, rotation.

import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import https from "node:https";
import { ManualClock, systemClock } from "../../lib/clock.ts";
import type { KubeClient } from "../../lib/kube/client.ts";
import { ConnectionError } from "../../lib/kube/errors.ts";
import { inClusterAccess } from "../../lib/kube/in_cluster.ts";
import { Transport } from "../../lib/kube/transport.ts";
import { connect } from "../../lib/kube/kubeconfig.ts";
import { silentLogger } from "../../lib/log.ts";
import { type Issued, newAuthority } from "./certificates.ts";

/** A TLS server that answers with the client's certificate name; `/stream` answers line by line and stays open. */
async function serve(identity: Issued, clientCa?: string) {
  const server = https.createServer({
    ...identity,
    ...(clientCa === undefined ? {} : { ca: clientCa, requestCert: true, rejectUnauthorized: true }),
  }, (request, response) => {
    if (request.url?.startsWith("/stream")) return void response.write('{"line":1}\n');
    let body = "";
    request.on("data", (chunk) => body += chunk);
    request.on("end", () => response.end(JSON.stringify({ method: request.method, body })));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address() as { port: number };
  return {
    url: `https://127.0.0.1:${address.port}`,
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function clientFor(cluster: object, user: object = {}): Promise<KubeClient> {
  const file = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(
      file,
      JSON.stringify({
        "current-context": "c",
        contexts: [{ name: "c", context: { cluster: "k", user: "u" } }],
        clusters: [{ name: "k", cluster }],
        users: [{ name: "u", user }],
      }),
    );
    return await connect({ kubeconfig: file, env: () => undefined, clock: systemClock, log: silentLogger });
  } finally {
    await Deno.remove(file);
  }
}

const post = { method: "POST", path: "/x", bodyJson: { a: 1 }, expectJson: true } as const;
const echo = { method: "POST", body: '{"a":1}' };

Deno.test("tls: a bundle of several CAs, and a client certificate", async () => {
  await using authority = await newAuthority();
  await using other = await newAuthority("other");
  await using clients = await newAuthority("clients");
  await using server = await serve(await authority.issue("127.0.0.1"), clients.cert);
  const { cert, key } = await clients.issue("me");
  using client = await clientFor(
    { server: server.url, "certificate-authority-data": btoa(`${other.cert}\n${authority.cert}\n`) },
    { "client-certificate-data": btoa(cert), "client-key-data": btoa(key) },
  );
  assertEquals(await client.performRequest(post), echo);
});

Deno.test("tls: what is said of a certificate that is not accepted", async () => {
  await using authority = await newAuthority();
  await using other = await newAuthority("other");
  await using server = await serve(await authority.issue("127.0.0.1"));
  await using named = await serve(await authority.issue("kubernetes.default.svc"));
  for (
    const [cluster, wanted] of [
      [{ server: server.url, "certificate-authority-data": btoa(other.cert) }, "check certificate-authority(-data)"],
      [{ server: named.url, "certificate-authority-data": btoa(authority.cert) }, "or set tls-server-name"],
      [
        { server: server.url, "certificate-authority-data": btoa(authority.cert), "tls-server-name": "elsewhere" },
        "its certificate is for another name",
      ],
    ] as const
  ) {
    using client = await clientFor(cluster);
    const error = await assertRejects(() => client.performRequest(post), ConnectionError, wanted);
    assertStringIncludes(error.message, cluster.server);
  }
});

Deno.test("tls: tls-server-name and insecure-skip-tls-verify, requests and streams", async () => {
  await using authority = await newAuthority();
  await using server = await serve(await authority.issue("kubernetes.default.svc"));
  for (
    const cluster of [
      {
        server: server.url,
        "certificate-authority-data": btoa(authority.cert),
        "tls-server-name": "kubernetes.default.svc",
      },
      { server: server.url, "insecure-skip-tls-verify": true },
    ]
  ) {
    using client = await clientFor(cluster);
    assertEquals(await client.performRequest(post), echo);
    const abort = new AbortController();
    const stream = await client.performRequest({
      method: "GET",
      path: "/stream",
      abortSignal: abort.signal,
      expectStream: true,
      expectJson: true,
    });
    const reader = stream.getReader();
    assertEquals((await reader.read()).value, { line: 1 });
    const reading = assertRejects(() => reader.read(), Error, "enough");
    abort.abort(new Error("enough"));
    await reading;
  }
});

Deno.test("tls: a file that rotates is followed without a restart", async () => {
  await using first = await newAuthority("first");
  await using second = await newAuthority("second");
  const directory = await Deno.makeTempDir();
  try {
    await using one = await serve(await first.issue("127.0.0.1"));
    await using two = await serve(await second.issue("127.0.0.1"));
    await Deno.writeTextFile(`${directory}/token`, "t");
    await Deno.writeTextFile(`${directory}/namespace`, "team\n");
    await Deno.writeTextFile(`${directory}/ca.crt`, first.cert);
    const clock = new ManualClock();
    const env = (name: string) => ({ KUBERNETES_SERVICE_HOST: "fd00::1", KUBERNETES_SERVICE_PORT: "443" })[name];
    const access = (await inClusterAccess({ env, clock, log: silentLogger, directory }))!;
    assertEquals([access.baseUrl, access.namespace], ["https://[fd00::1]:443", "team"]);
    using transport = new Transport(access.settings);
    const ask = async (url: string) => await (await transport.fetch(url, { method: "POST", body: "b" })).json();
    // In this order: two servers of one process share session tickets, and a resumed session shows no certificate.
    const refused = await assertRejects(() => ask(two.url), TypeError);
    assertStringIncludes(String(refused.cause), "UnknownIssuer");
    assertEquals(await ask(one.url), { method: "POST", body: "b" });
    await Deno.writeTextFile(`${directory}/ca.crt`, second.cert);
    clock.advance(60_000);
    await assertRejects(() => ask(one.url), TypeError);
    assertEquals(await ask(two.url), { method: "POST", body: "b" });
    await Deno.writeTextFile(`${directory}/token`, "t2");
    assertEquals(await access.authorize!(), "t2");
    await Deno.writeTextFile(`${directory}/token`, "t3");
    assertEquals(await access.authorize!(), "t2");
    assertEquals(await access.authorize!({ token: "t2" }), "t3");
    await Deno.remove(`${directory}/token`);
    clock.advance(60_000);
    assertEquals(await access.authorize!(), "t3");
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
