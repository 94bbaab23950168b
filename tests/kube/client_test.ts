// The transport over HTTP: requests as they are sent, refusals, time limits, aborts, broken streams.

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { ManualClock, systemClock } from "../../lib/clock.ts";
import { KubeClient } from "../../lib/kube/client.ts";
import { ConnectionError, StatusError } from "../../lib/kube/errors.ts";
import { KubeconfigError } from "../../lib/kube/kubeconfig_file.ts";
import { ScriptedServer, settle, status, until } from "./scripted_server.ts";

const get = { method: "GET", path: "/api/v1/namespaces/a/pods/b" } as const;

Deno.test("client: a request carries path, query, JSON body, content type and token", async () => {
  const server = new ScriptedServer();
  const client = new KubeClient({
    baseUrl: "http://scripted/prefix/",
    fetch: server.fetch,
    clock: new ManualClock(),
    authorize: () => Promise.resolve("secret"),
  });
  const answer = client.performRequest({
    method: "PATCH",
    path: "/api/v1/pods/b",
    querystring: new URLSearchParams({ fieldManager: "x y" }),
    bodyJson: { a: 1 },
    contentType: "application/merge-patch+json",
    expectJson: true,
  });
  const request = await server.answer({ b: 2 });
  assertEquals(await answer, { b: 2 });
  assertEquals(request, {
    method: "PATCH",
    path: "/prefix/api/v1/pods/b",
    query: { fieldManager: "x y" },
    body: { a: 1 },
    headers: {
      accept: "application/json",
      authorization: "Bearer secret",
      "content-type": "application/merge-patch+json",
      "user-agent": "kubernaut-workflowexecution",
    },
  });
});

const refusals: Record<string, [string | unknown, number, Record<string, string>, Partial<StatusError>]> = {
  "a Status": [
    status(409, "Conflict", "was modified", { name: "b", kind: "pods" }),
    409,
    {},
    {
      httpCode: 409,
      conflict: true,
      retryAfterMs: undefined,
      message: "GET /api/v1/namespaces/a/pods/b: 409 Conflict: was modified",
    },
  ],
  "a NotFound that names kind and object": [
    status(404, "NotFound", "gone", { name: "b", kind: "pods" }),
    404,
    {},
    { objectNotFound: true },
  ],
  "a bare 404": ["404 page not found", 404, {}, { objectNotFound: false, status: undefined }],
  "a proxy's page": ["{<html>", 502, {}, { httpCode: 502, status: undefined }],
  "Retry-After in seconds": ["", 429, { "retry-after": "3" }, { retryAfterMs: 3_000 }],
  "Retry-After as a date": ["", 503, { "retry-after": "Thu, 01 Jan 2026 00:00:09 GMT" }, { retryAfterMs: 9_000 }],
  "retryAfterSeconds in the Status": [status(500, "ServerTimeout", "", { retryAfterSeconds: 2 }), 500, {}, {
    retryAfterMs: 2_000,
  }],
};
for (const [name, [body, code, headers, wanted]] of Object.entries(refusals)) {
  Deno.test(`client: StatusError from ${name}`, async () => {
    const server = new ScriptedServer();
    const rejected = assertRejects(() => server.client(new ManualClock()).performRequest(get), StatusError);
    await server.answer(body, code, headers);
    const error = await rejected;
    for (const [field, value] of Object.entries(wanted)) {
      assertEquals((error as unknown as Record<string, unknown>)[field], value, field);
    }
  });
}

Deno.test("client: a token that no header may have is not sent, and not told", async () => {
  for (const token of ["hunter2\nx", "hunter2\u0000", "hunter2\u20ac", ""]) {
    const server = new ScriptedServer();
    using client = new KubeClient({
      baseUrl: "http://scripted",
      fetch: server.fetch,
      clock: new ManualClock(),
      authorize: () => Promise.resolve(token),
    });
    const error = await assertRejects(() => client.performRequest({ method: "GET", path: "/x" }), ConnectionError);
    const why = token === "" ? "is empty" : "holds a blank, a line break or another character that no token has";
    assertEquals([error.message, server.waiting], [`GET /x: not sent: the bearer token ${why}`, 0]);
  }
});

Deno.test("client: a credential that cannot be had is told as that, whatever its plugin complains of", async () => {
  const server = new ScriptedServer();
  const why = '/config: user "u": exec.command "login" ended with code 1: connection refused';
  using client = new KubeClient({
    baseUrl: "http://scripted",
    fetch: server.fetch,
    clock: new ManualClock(),
    authorize: () => Promise.reject(new KubeconfigError(why)),
  });
  const error = await assertRejects(() => client.performRequest({ method: "GET", path: "/x" }), ConnectionError);
  assertEquals([error.message, server.waiting], [`GET /x: not sent: ${why}`, 0]);
});

Deno.test("client: after 401 the token is read again and the request repeated once", async () => {
  const server = new ScriptedServer();
  const asked: unknown[] = [];
  const tokens = ["old", "new", "newer", "newest"];
  const client = new KubeClient({
    baseUrl: "http://scripted",
    fetch: server.fetch,
    clock: new ManualClock(),
    authorize: (refused) => {
      asked.push(refused);
      return Promise.resolve(tokens.shift());
    },
  });
  const answer = client.performRequest({ ...get, method: "POST", bodyJson: {}, expectJson: true });
  assertEquals((await server.answer("", 401)).headers.authorization, "Bearer old");
  assertEquals((await server.answer({ ok: true })).headers.authorization, "Bearer new");
  assertEquals(await answer, { ok: true });
  assertEquals(asked, [undefined, { token: "old" }]);
  const refused = assertRejects(() => client.performRequest(get), StatusError, "401");
  await server.answer("", 401);
  await server.answer("", 401);
  await refused;
});

Deno.test("client: nothing else is repeated", async () => {
  const server = new ScriptedServer();
  const rejected = assertRejects(() => server.client(new ManualClock()).performRequest(get), StatusError);
  await server.answer("", 503);
  await rejected;
  await settle();
  assertEquals(server.waiting, 0);
});

Deno.test("client: no more requests at a time than allowed, streams not counted; one that is aborted in line leaves it", async () => {
  const server = new ScriptedServer();
  const client = server.client(new ManualClock(), { maxInFlight: 1 });
  const opened = client.performRequest({ ...get, expectStream: true });
  await server.stream();
  const stream = await opened;
  const [first, third] = [client.performRequest({ ...get, expectJson: true }), new AbortController()];
  const second = client.performRequest({ ...get, path: "/second", abortSignal: third.signal });
  const last = client.performRequest({ ...get, path: "/last", expectJson: true });
  await settle();
  assertEquals(server.waiting, 1);
  third.abort(new Error("not needed"));
  await assertRejects(() => second, Error, "not needed");
  await server.answer(1);
  assertEquals((await server.answer(2)).path, "/last");
  assertEquals([await first, await last], [1, 2]);
  await stream.cancel();
});

Deno.test("client: the time limit covers the body", async () => {
  const server = new ScriptedServer();
  const clock = new ManualClock();
  const client = new KubeClient({
    baseUrl: "http://scripted",
    clock,
    fetch: async (input, init) => {
      const response = await server.fetch(input, init);
      // As the runtime does: the signal breaks the body too.
      const body = response.body!.pipeThrough(new TransformStream(), init.signal ? { signal: init.signal } : {});
      return new Response(body, response);
    },
  });
  const rejected = assertRejects(() => client.performRequest({ ...get, expectJson: true }), ConnectionError);
  const stream = await server.stream();
  stream.raw('{"a":');
  await settle();
  clock.advance(30_000);
  assertStringIncludes((await rejected).message, "it did not answer in time");
});

Deno.test("client: the caller's abort is the error, before the head and in a stream, also after a collection of garbage", async () => {
  const late = Promise.withResolvers<Response>();
  const server = Deno.serve({ port: 0, onListen() {} }, ({ url }) => {
    if (url.endsWith("/head")) return late.promise;
    return new Response(new ReadableStream({ start: (c) => c.enqueue(new TextEncoder().encode("{}\n")) }));
  });
  using client = new KubeClient({
    baseUrl: `http://127.0.0.1:${server.addr.port}`,
    clock: systemClock,
    httpClient: Deno.createHttpClient({ http2: false }),
  });
  const head = new AbortController();
  const waiting = assertRejects(
    () => client.performRequest({ ...get, path: "/head", abortSignal: head.signal }),
    Error,
    "enough",
  );
  const body = new AbortController();
  const stream = await client.performRequest({
    ...get,
    path: "/body",
    abortSignal: body.signal,
    expectStream: true,
    expectJson: true,
  });
  const reader = stream.getReader();
  assertEquals((await reader.read()).value, {});
  const reading = assertRejects(() => reader.read(), Error, "enough");
  setFlagsFromString("--expose-gc");
  for (let i = 0; i < 3; i++) {
    runInNewContext("gc")();
    await settle();
  }
  head.abort(new Error("enough"));
  body.abort(new Error("enough"));
  await waiting;
  await reading;
  late.resolve(new Response());
  await server.shutdown();
});

Deno.test("client: a broken stream and one cut in a line end with an error, after what came whole", async () => {
  for (
    const [how, wanted] of [["break", "the connection broke"], ["end", "line 2 of the stream: it was cut off"]] as const
  ) {
    const server = new ScriptedServer();
    const opened = server.client(new ManualClock()).performRequest({ ...get, expectStream: true, expectJson: true });
    const script = await server.stream();
    script.raw('{"a":1}\n{"b"');
    const values: unknown[] = [];
    const read = async () => {
      for await (const value of await opened) values.push(value);
    };
    const rejected = assertRejects(read, Error, wanted);
    await until(() => values.length === 1, "the first value");
    script[how]();
    await rejected;
    assertEquals(values, [{ a: 1 }]);
  }
});

Deno.test("client: nobody listens, and no such host", async () => {
  const listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  const { port } = listener.addr;
  listener.close();
  for (
    const [baseUrl, wanted] of [
      [`http://127.0.0.1:${port}`, "nothing listens there"],
      ["http://no-such-host.invalid:6443", "its host name cannot be resolved"],
    ] as const
  ) {
    const client = new KubeClient({ baseUrl, clock: systemClock });
    const error = await assertRejects(() => client.performRequest(get), ConnectionError, wanted);
    assertStringIncludes(error.message, baseUrl);
  }
});

Deno.test("client: an answer that is no JSON", async () => {
  const server = new ScriptedServer();
  const rejected = assertRejects(
    () => server.client(new ManualClock()).performRequest({ ...get, expectJson: true }),
    ConnectionError,
    "the answer is not JSON; is http://scripted an API server?",
  );
  await server.answer("<html>");
  await rejected;
});

Deno.test("client: requests are observed with verb, resource and code, never with a name", async () => {
  const server = new ScriptedServer();
  const clock = new ManualClock();
  const seen: unknown[] = [];
  const client = new KubeClient({
    baseUrl: "http://scripted",
    fetch: server.fetch,
    clock,
    observer: { request: (...all) => seen.push(all) },
  });
  const ok = client.performRequest(get);
  await until(() => server.waiting === 1, "the request");
  clock.advance(7);
  await server.answer({});
  await ok;
  const failed = assertRejects(() => client.performRequest(get), StatusError);
  await server.answer("", 500);
  await failed;
  const late = assertRejects(() => client.performRequest(get), ConnectionError);
  await until(() => server.waiting === 1, "the request");
  clock.advance(30_000);
  await late;
  assertEquals(seen, [["GET", "pods", "200", 7], ["GET", "pods", "500", 0], ["GET", "pods", "<error>", 30_000]]);
});
