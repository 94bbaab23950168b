// Whatever the Data Storage Service answers, executions run, end and free their targets as if it had taken everything; the
// condition AuditRecorded says what is late and why; and once it takes events again, it gets each as it happened.

import { assert, assertEquals, assertMatch } from "@std/assert";
import type { JSONObject } from "../../lib/kube/contract.ts";
import {
  type AuditedWorld,
  auditedWorld,
  metricOf,
  owedBy,
  storedTrail,
  trailFaults,
} from "../support/audited_world.ts";
import { manifest } from "../support/builders.ts";
import type { DataStorage, Scripted } from "../support/data_storage.ts";
import { heldLocks, nothingMoreHappens, phaseOf, statusOf, untilPhase, untilQuiet } from "../support/story.ts";
import type { World } from "../support/world.ts";

const everything = ["fix workflow.started", "fix workflow.completed"];

for (const queues of [false, true]) {
  Deno.test(`an answer of ${queues ? 202 : 201} is all that is needed`, async () => {
    await using audited = await auditedWorld({ direct: true });
    const { world, storage, lines } = audited;
    storage.queues = queues;
    const { metrics } = world.startController();
    world.server.install(manifest());
    await untilQuiet(world);
    assertEquals([storedTrail(storage), trailFaults(storage, owedBy(world))], [everything, []]);
    assertEquals(recorded(world, "fix"), undefined, "nothing was late: nothing is said");
    assertEquals(lines.filter(({ level }) => level !== "info"), []);
    assertEquals(await metricOf(metrics, "audit_events_written_total"), 2);
    assert(await metricOf(metrics, "audit_write_duration_seconds_count") > 0);
    await nothingMoreHappens(world);
  });
}

interface Trouble {
  /** Lets the service answer so. */
  readonly begins: (audited: AuditedWorld) => void;
  /** What AuditRecorded says. */
  readonly says: RegExp;
  /** What a person does about it; by default the service just takes events again. */
  readonly ends?: (audited: AuditedWorld) => void;
}

const answered = (answer: Scripted): Trouble["begins"] => ({ storage }) => void (storage.always = answer);
const listed = ({ storage }: AuditedWorld): DataStorage => {
  storage.tokens.add("good").add("without-a-Role");
  storage.withoutRole.add("without-a-Role");
  return storage;
};

const troubles: Record<string, Trouble> = {
  "401, until the token is rotated": {
    begins: (audited) => void (listed(audited), audited.token = "expired"),
    says: /: 401: status 401$/,
    ends: (audited) => void (audited.token = "good\n"),
  },
  "403, until the account has its Role": {
    begins: (audited) => void (listed(audited), audited.token = "without-a-Role"),
    says: /: 403: status 403$/,
    ends: ({ storage }) => storage.withoutRole.clear(),
  },
  "404": { begins: answered({ status: 404 }), says: /: 404: status 404$/ },
  "429 with Retry-After": {
    begins: answered({ status: 429, headers: { "retry-after": "120" }, detail: "slow down" }),
    says: /: 429: status 429: slow down$/,
  },
  "500": { begins: answered({ status: 500 }), says: /: 500: status 500$/ },
  "503": { begins: answered({ status: 503 }), says: /: 503: status 503$/ },
  "nothing": { begins: answered("hang"), says: /: no answer within 10000 ms$/ },
  "nothing, having stored everything": { begins: answered("store and hang"), says: /: no answer within 10000 ms$/ },
  "by cutting the connection": { begins: answered("cut"), says: /: error sending request: connection closed/ },
  "by cutting the connection, having stored everything": {
    begins: answered("store and cut"),
    says: /: error sending request: connection closed/,
  },
};

for (const [what, { begins, says, ends }] of Object.entries(troubles)) {
  Deno.test(`the service answers ${what}: nothing waits for it, and nothing is lost`, async () => {
    await using audited = await auditedWorld({ direct: true, config: { tokenFile: "token" } });
    const { world, storage, lines } = audited;
    begins(audited);
    const { metrics } = world.startController();
    world.server.install(manifest());
    await untilPhase(world, "fix", "Completed");
    // The lock is free at once: another workflow gets the target while the audit of the first still waits.
    await world.until("its lock is free", () => heldLocks(world).length === 0, 1_000);
    world.server.install(manifest({ name: "next", workflow: "scale" }));
    await world.until("the next one has run", () => phaseOf(world, "next") === "Completed", 30_000);

    await world.pass(5 * 60_000);
    assertMatch(recorded(world, "fix") ?? "", /^False DeliveryLate http:\/\/data-storage.test: /);
    assertMatch(recorded(world, "fix") ?? "", says);
    assertEquals(await metricOf(metrics, "audit_backlog"), 4);
    const warned = lines.filter(({ level }) => level === "warn").length;
    assert(warned >= 2 && warned <= 6, `${warned} lines in five minutes`);

    storage.always = undefined;
    ends?.(audited);
    await world.pass(5 * 60_000);
    await untilQuiet(world);
    assertEquals(trailFaults(storage, owedBy(world)), []);
    assertEquals(recorded(world, "fix"), "True Recorded every audit event has been delivered");
    assertEquals(lines.filter(({ message }) => message.endsWith("takes events again")).length, 1);
    assertEquals(await metricOf(metrics, "audit_backlog"), 0);
    await nothingMoreHappens(world);
  });
}

for (const status of [400, 413]) {
  Deno.test(`an event refused with ${status} lies in the dead-letter; the rest of its batch is delivered`, async () => {
    const directory = await Deno.makeTempDir();
    try {
      const sinks = [{ kind: "http", url: "http://data-storage.test" }, { kind: "file", directory }] as const;
      await using audited = await auditedWorld({ direct: true, config: { sinks } });
      const { world, storage, lines } = audited;
      storage.refuses = ({ resource_id, event_action }) =>
        resource_id === "e3" && event_action === "workflow.completed";
      storage.refusal = status;
      const { metrics } = world.startController();
      const names = Array.from({ length: 6 }, (_, i) => `e${i}`);
      for (const name of names) world.server.install(manifest({ name, target: `payment/deployment/${name}` }));
      await untilQuiet(world);

      const owed = owedBy(world);
      const refused = owed.filter(({ resource_id, event_action }) =>
        resource_id === "e3" && event_action !== "workflow.started"
      );
      assertEquals(trailFaults(storage, owed.filter((event) => !refused.includes(event))), []);
      const letters = (await Deno.readTextFile(`${directory}/dead-letter.jsonl`)).trimEnd().split("\n");
      assertEquals(
        letters.map((line) => JSON.parse(line)).map(({ sink, reason, event }) => ({ sink, reason, event })),
        refused.map((event) => ({ sink: "http://data-storage.test", reason: `${status}: status ${status}`, event })),
      );
      assertEquals(
        names.map((name) => recorded(world, name)),
        names.map((name) =>
          name === "e3" ? `False Rejected http://data-storage.test: ${status}: status ${status}` : undefined
        ),
      );
      assertEquals(phaseOf(world, "e3"), "Completed");
      assertEquals(await metricOf(metrics, "audit_events_rejected_total"), 1);
      assertEquals(await metricOf(metrics, "audit_events_written_total"), owed.length - 1);
      assertEquals(
        lines.filter(({ level }) => level === "error").map(({ message, fields }) => [message, fields["execution"]]),
        [["audit event refused for good and set aside", "payment/e3"]],
      );
      const warnings = world.list("events", "payment").filter(({ reason }) => reason === "AuditRejected");
      assertEquals(warnings.map(({ type, regarding, note }) => [type, (regarding as JSONObject)["name"], note]), [
        ["Warning", "e3", `http://data-storage.test: ${status}: status ${status}`],
      ]);
      await nothingMoreHappens(world);
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  });
}

/** What the condition AuditRecorded says; undefined when there is none. */
function recorded(world: World, name: string): string | undefined {
  const found = statusOf(world, name).conditions?.find(({ type }) => type === "AuditRecorded");
  return found && `${found.status} ${found.reason} ${found.message}`;
}
