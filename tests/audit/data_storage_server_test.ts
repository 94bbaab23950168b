// The Data Storage sink over real sockets: kept connections, a cut, a hang, TLS with a CA file.

import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { DataStorageSink } from "../../lib/audit/data_storage.ts";
import { deadLetterLog } from "../../lib/audit/dead_letter.ts";
import { ManualClock } from "../../lib/clock.ts";
import { silentLogger } from "../../lib/log.ts";
import { newAuthority } from "../kube/certificates.ts";
import { DataStorage } from "../support/data_storage.ts";
import { serveDataStorage } from "../support/data_storage_server.ts";
import { oneEvent, until } from "./harness.ts";

function sinkFor(url: string, o: { clock?: ManualClock; caFile?: string } = {}): DataStorageSink {
  const { clock = new ManualClock(), ...rest } = o;
  return new DataStorageSink({ url, deadLetter: deadLetterLog(silentLogger), clock, ...rest });
}

Deno.test("DataStorageSink: 500 events go in one request over a real connection", async () => {
  const clock = new ManualClock();
  const storage = new DataStorage(clock);
  await using server = await serveDataStorage(storage);
  await using sink = sinkFor(server.url, { clock });
  const events = Array.from({ length: 500 }, (_, i) => oneEvent(`e${i}`));
  assertEquals(await sink.deliver(events, new AbortController().signal), { outcome: "delivered" });
  assertEquals([storage.received.length, storage.stored.length], [1, 500]);
});

Deno.test("DataStorageSink: a cut connection is a failure, and the next attempt opens another", async () => {
  const clock = new ManualClock();
  const storage = new DataStorage(clock);
  storage.script.push("store and cut");
  await using server = await serveDataStorage(storage);
  await using sink = sinkFor(server.url, { clock });
  const { signal } = new AbortController();
  const cut = await sink.deliver([oneEvent("fix")], signal);
  assert(cut.outcome === "failed" && cut.perhapsBatch);
  assertEquals(await sink.deliver([oneEvent("fix")], signal), { outcome: "delivered" });
  assertEquals(
    storage.stored.map(({ event }) => JSON.stringify(event.event_data)).at(0),
    JSON.stringify(storage.stored[1]?.event["event_data"]),
  );
});

Deno.test("DataStorageSink: no answer ends after its timeout; a stop ends it at once", async () => {
  const clock = new ManualClock();
  const storage = new DataStorage(clock);
  storage.always = "hang";
  await using server = await serveDataStorage(storage);
  await using sink = sinkFor(server.url, { clock });
  const slow = sink.deliver([oneEvent("fix")], new AbortController().signal);
  await until("it was received", () => storage.received.length === 1);
  clock.advance(10_000);
  assertEquals(await slow, { outcome: "failed", reason: "no answer within 10000 ms", perhapsBatch: true });
  const stopping = new AbortController();
  const stopped = sink.deliver([oneEvent("fix")], stopping.signal);
  await until("it was received", () => storage.received.length === 2);
  stopping.abort(new Error("stopping"));
  await assertRejects(() => stopped, Error, "stopping");
});

Deno.test("DataStorageSink: nothing listening is a failure that is not the batch's", async () => {
  const server = await serveDataStorage(new DataStorage());
  await server[Symbol.asyncDispose]();
  await using sink = sinkFor(server.url);
  const result = await sink.deliver([oneEvent("fix")], new AbortController().signal);
  assert(result.outcome === "failed" && !result.perhapsBatch);
  assertStringIncludes(result.reason, "refused");
});

Deno.test("DataStorageSink: TLS with the CA of a file, read again after a failure", async () => {
  const clock = new ManualClock();
  await using authority = await newAuthority();
  await using other = await newAuthority("other CA");
  await using server = await serveDataStorage(new DataStorage(clock), await authority.issue("localhost"));
  const caFile = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(caFile, other.cert);
    await using sink = sinkFor(server.url, { caFile, clock });
    const { signal } = new AbortController();
    const wrong = await sink.deliver([oneEvent("fix")], signal);
    assert(wrong.outcome === "failed");
    assertStringIncludes(wrong.reason, "certificate");
    await Deno.writeTextFile(caFile, authority.cert);
    assertEquals(await sink.deliver([oneEvent("fix")], signal), { outcome: "delivered" });
  } finally {
    await Deno.remove(caFile);
  }
});
