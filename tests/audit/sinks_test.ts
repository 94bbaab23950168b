// From the configuration to sinks; standard output, and the webhook.

import { assert, assertEquals, assertMatch } from "@std/assert";
import { cloudEvent, CloudEventsSink } from "../../lib/audit/cloudevents.ts";
import { deadLetterLog } from "../../lib/audit/dead_letter.ts";
import { eventsOf } from "../../lib/audit/event.ts";
import { createSinks } from "../../lib/audit/sinks.ts";
import { StdoutSink } from "../../lib/audit/stdout.ts";
import { ManualClock } from "../../lib/clock.ts";
import { parseSink } from "../../lib/config_values.ts";
import { silentLogger } from "../../lib/log.ts";
import { type LogLine, recordingLog } from "../support/recording_log.ts";
import { completed, failed, oneEvent, ownerOf, pass, running, skipped } from "./harness.ts";

Deno.test("createSinks: one sink an entry, the webhook last, names without credentials", async () => {
  const sinks = createSinks({
    sinks: [
      { kind: "http", url: "https://user:secret@data-storage:8443" },
      { kind: "file", directory: "./audit" },
      { kind: "stdout" },
    ],
    notifyUrl: "https://hooks.example/T0/secret-path",
  }, { clock: new ManualClock(), log: silentLogger });
  assertEquals(sinks.map(({ name }) => name), [
    "https://[REDACTED]@data-storage:8443",
    "file:./audit",
    "stdout",
    "webhook https://hooks.example",
  ]);
  for (const sink of sinks) await sink[Symbol.asyncDispose]();
});

Deno.test("createSinks: what the Data Storage refuses lies beside the audit file, or whole in the log without one", async () => {
  const directory = await Deno.makeTempDir();
  try {
    const lines: LogLine[] = [];
    const deps = { clock: new ManualClock(), log: recordingLog(lines) };
    const http = { kind: "http", url: "http://x" } as const;
    const [beside] = createSinks({ sinks: [http, { kind: "file", directory }] }, deps);
    await beside?.setAside(oneEvent("a"), "400");
    assertEquals((await Deno.readTextFile(`${directory}/dead-letter.jsonl`)).split("\n").length, 2);
    assertEquals(lines, []);
    const [alone] = createSinks({ sinks: [http] }, deps);
    await alone?.setAside(oneEvent("b"), "400");
    assertEquals(lines.map(({ level, fields }) => [level, fields["event"]]), [[
      "error",
      JSON.stringify(oneEvent("b")),
    ]]);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("createSinks: user and password of a URL are sent as they are written, a percent sign of its own, too", async () => {
  const sent: string[] = [];
  const deps = {
    clock: new ManualClock(),
    log: silentLogger,
    fetch: (_: string | URL, init: RequestInit) => {
      sent.push(atob(new Headers(init.headers).get("authorization")?.replace("Basic ", "") ?? ""));
      return Promise.resolve(new Response(null, { status: 202 }));
    },
  };
  for (const password of ["a%40b", "50%", "50%zz%40", "%ff"]) {
    const url = `https://user:${password}@sink.test`;
    for (const sink of createSinks({ sinks: [parseSink(url)], notifyUrl: url }, deps)) {
      await sink.deliver([oneEvent("a")], new AbortController().signal);
    }
  }
  assertEquals(sent, ["a@b", "50%", "50%zz@", "%ff"].flatMap((password) => [`user:${password}`, `user:${password}`]));
});

Deno.test("StdoutSink: a line an event, whole, however little one write takes", async () => {
  let text = "";
  const sink = new StdoutSink({
    writeSync(bytes) {
      text += new TextDecoder().decode(bytes.subarray(0, 100));
      return Math.min(100, bytes.length);
    },
  });
  const events = eventsOf(completed());
  assertEquals(await sink.deliver(events), { outcome: "delivered" });
  assertEquals(text, events.map((event) => JSON.stringify(event) + "\n").join(""));
});

Deno.test("StdoutSink: a closed pipe is a failure that is tried again", async () => {
  const sink = new StdoutSink({
    writeSync() {
      throw new Deno.errors.BrokenPipe("broken pipe");
    },
  });
  assertEquals(await sink.deliver([oneEvent("fix")]), { outcome: "failed", reason: "broken pipe" });
});

Deno.test("CloudEventsSink: one structured CloudEvent for each terminal state, retried until it is taken", async () => {
  const clock = new ManualClock();
  const posted: { type: string | null; body: unknown }[] = [];
  let down = true;
  const sink = new CloudEventsSink({
    url: "http://hooks.test/end",
    deadLetter: deadLetterLog(silentLogger),
    clock,
    fetch: async (input, init) => {
      if (down) return new Response("later", { status: 503 });
      const request = new Request(input, init);
      posted.push({ type: request.headers.get("content-type"), body: await request.json() });
      return new Response(null, { status: 204 });
    },
  });
  await using it = running({ sinks: [sink], clock });
  const lives = [completed(), failed(), skipped()];
  for (const life of lives) it.outbox.offer(ownerOf(life), eventsOf(life));
  await pass(clock, 60_000);
  assertEquals([posted.length, it.outbox.backlog], [0, 3]);
  down = false;
  await pass(clock, 60_000);
  assertEquals(new Set(posted.map(({ type }) => type)), new Set(["application/cloudevents+json; charset=utf-8"]));
  const terminal = lives.map((life) => eventsOf(life).at(-1)!);
  const byId = (a: unknown, b: unknown) => JSON.stringify(a).localeCompare(JSON.stringify(b));
  assertEquals(
    posted.map(({ body }) => body).sort(byId),
    terminal.map((event) => cloudEvent(event)).sort(byId) as unknown[],
  );
  assertEquals(it.outbox.backlog, 0);
});

Deno.test("CloudEventsSink: a connection that fails is told without the webhook's path and query, which are its secret", async () => {
  const { port } = (() => {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    return listener.addr as Deno.NetAddr;
  })();
  for (const scheme of ["http", "https"]) {
    await using sink = new CloudEventsSink({
      url: `${scheme}://user:pass@127.0.0.1:${port}/T0/secret-path(x)?key=secret-query`,
      deadLetter: deadLetterLog(silentLogger),
      clock: new ManualClock(),
    });
    const result = await sink.deliver([oneEvent("fix")], new AbortController().signal);
    assert(result.outcome === "failed");
    assertMatch(result.reason, /refused/);
    assert(!/secret|pass/.test(result.reason), result.reason);
  }
});

Deno.test("CloudEventsSink: an answer that repeats the webhook's path is told without it", async () => {
  await using sink = new CloudEventsSink({
    url: "https://hooks.test/T0/secret-path?key=secret-query",
    deadLetter: deadLetterLog(silentLogger),
    clock: new ManualClock(),
    fetch: () =>
      Promise.resolve(new Response("Cannot POST /T0/secret-path?key=secret-query or /T0/secret-path", { status: 404 })),
  });
  assertEquals(await sink.deliver([oneEvent("fix")], new AbortController().signal), {
    outcome: "failed",
    reason: "404: Cannot POST /[REDACTED] or /[REDACTED]",
    perhapsBatch: false,
  });
});

Deno.test("cloudEvent: the attributes that CloudEvents 1.0 requires, and the audit event's data", () => {
  const event = oneEvent("fix");
  const { data, ...attributes } = cloudEvent(event);
  assertEquals(attributes, {
    specversion: "1.0",
    id: event.event_id,
    source: "/apis/workflowexecution.kubernaut.ai/v1alpha1/namespaces/payment/workflowexecutions/fix",
    type: "ai.kubernaut.workflowexecution.workflow.completed",
    subject: "payment/fix",
    time: "2026-01-01T00:03:30Z",
    datacontenttype: "application/json",
  });
  assertEquals(data, {
    ...event.event_data,
    event_outcome: "success",
    correlation_id: "rr-fix",
    duration_ms: 210_000,
  });
});
