// Long outages in virtual time: nothing lost, nobody delayed, every event at least once and identical when repeated.

import { assertEquals } from "@std/assert";
import { DataStorageSink } from "../../lib/audit/data_storage.ts";
import { deadLetterLog } from "../../lib/audit/dead_letter.ts";
import { type AuditEvent, eventsOf } from "../../lib/audit/event.ts";
import { ManualClock } from "../../lib/clock.ts";
import type { JSONObject } from "../../lib/kube/contract.ts";
import { silentLogger } from "../../lib/log.ts";
import type { Execution } from "../../lib/workflow/execution.ts";
import { DataStorage, type Scripted } from "../support/data_storage.ts";
import { completed, ownerOf, pass, running } from "./harness.ts";

const hour = 3600_000;
const outages: Record<string, [lengthMs: number, how: Scripted]> = {
  "an hour without an answer": [hour, "hang"],
  "an hour of storing without an answer": [hour, "store and cut"],
  "an hour of cut connections": [hour, "cut"],
  "eight days of 503": [8 * 24 * hour, { status: 503, headers: { "retry-after": "300" } }],
};

for (const [what, [lengthMs, how]] of Object.entries(outages)) {
  Deno.test(`Outbox: 300 executions end during ${what}; all is delivered after`, async () => {
    const clock = new ManualClock();
    const storage = new DataStorage(clock);
    const sink = new DataStorageSink({
      url: "http://data-storage.test",
      deadLetter: deadLetterLog(silentLogger),
      clock,
      fetch: storage.fetch,
    });
    await using it = running({ sinks: [sink], clock, batchSize: 20 });
    storage.always = how;
    const lives = new Map<string, Execution>();
    it.outbox.onChange((key) => {
      const life = lives.get(key);
      if (life) it.outbox.offer(ownerOf(life), eventsOf(life));
    });
    for (let i = 0; i < 300; i++) {
      if (i % 15 === 0) await pass(clock, lengthMs / 20);
      const life = completed(`e${i}`, { status: ended(clock.now()) });
      lives.set(`payment/${life.name}`, life);
      it.outbox.offer(ownerOf(life), eventsOf(life));
    }
    assertEquals(it.outbox.backlog, 600);
    storage.always = undefined;
    await pass(clock, 10 * 60_000);
    assertEquals([it.outbox.backlog, it.counts.written, it.counts.rejected], [0, 600, 0]);
    assertEquals(faults(storage, [...lives.values()].flatMap(eventsOf)), []);
  });
}

function ended(nowMs: number): Execution["status"] {
  const at = new Date(nowMs).toISOString();
  return { phase: "Completed", startTime: at, completionTime: at, duration: "0s", outcome: "Success" };
}

/** What is missing, or was told differently when it was repeated (the time of sending alone may differ). */
function faults(storage: DataStorage, owed: readonly AuditEvent[]): string[] {
  const found = new Map<string, string>();
  const differing: string[] = [];
  for (const { event } of storage.stored) {
    const { event_timestamp, event_data, ...rest } = event;
    const { event_id, occurred_at, ...data } = event_data as JSONObject;
    const text = JSON.stringify([rest, data, occurred_at ?? event_timestamp]);
    const id = String(event_id);
    if ((found.get(id) ?? text) !== text) differing.push(`${id} differs`);
    found.set(id, text);
  }
  return [
    ...differing,
    ...owed.filter(({ event_id }) => !found.has(event_id)).map(({ event_id }) => `${event_id} lost`),
  ];
}
