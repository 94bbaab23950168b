// Events of executions that are gone: into ConfigMaps, and from there to the sinks, once and for all.

import { assert, assertEquals, assertRejects } from "@std/assert";
import { eventsOf } from "../../lib/audit/event.ts";
import { auditFiles } from "../../lib/audit/file.ts";
import { listSpool, type Spooled, writeSpool } from "../../lib/audit/spool.ts";
import { SpoolDelivery } from "../../lib/audit/spool_delivery.ts";
import type { JSONObject } from "../../lib/kube/contract.ts";
import { KubeClient } from "../../lib/kube/client.ts";
import { StatusError } from "../../lib/kube/errors.ts";
import { ManualClock } from "../../lib/clock.ts";
import { ApiServer } from "../../lib/sim/api_server.ts";
import { onStage } from "../support/stage.ts";
import { type LogLine, recordingLog } from "../support/recording_log.ts";
import { completed, MemorySink, pass, type Running, running, skipped } from "./harness.ts";

const namespace = "kubernaut-system";

/** An API server in this process, and a client to it. */
function cluster(clock = new ManualClock()) {
  const server = new ApiServer({ clock });
  server.install({ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } });
  const client = new KubeClient({
    baseUrl: "http://sim",
    clock,
    fetch: (input, init) => server.handle(new Request(input, init)),
  });
  return {
    clock,
    client,
    spooled: async () => {
      const found: Spooled[] = [];
      for await (const page of listSpool(client, namespace, (name) => void unreadable.push(name))) found.push(...page);
      return found.map(({ event }) => event);
    },
    [Symbol.dispose]() {
      client.close();
      server[Symbol.dispose]();
    },
  };
}
const unreadable: string[] = [];

/** A running delivery; ends with the block. */
function delivering(
  it: Running,
  { client }: ReturnType<typeof cluster>,
): { delivery: SpoolDelivery } & AsyncDisposable {
  const { clock, outbox, lines } = it;
  const delivery = new SpoolDelivery({ client, namespace, outbox, clock, log: recordingLog(lines) });
  const stopping = new AbortController();
  const ended = delivery.run(stopping.signal);
  return {
    delivery,
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await ended;
    },
  };
}

Deno.test("writeSpool: events come back as they were, and writing twice leaves one each", async () => {
  using kube = cluster();
  const events = eventsOf(completed());
  for (let i = 0; i < 2; i++) await writeSpool(kube.client, namespace, completed(), events);
  const byId = (a: { event_id: string }, b: { event_id: string }) => a.event_id.localeCompare(b.event_id);
  assertEquals(await kube.spooled(), [...events].sort(byId));
});

Deno.test("writeSpool: an event too large for a ConfigMap is packed", async () => {
  using kube = cluster();
  const parameters = Object.fromEntries(Array.from({ length: 128 }, (_, i) => [`P${i}`, "\u0001".repeat(4096)]));
  const events = eventsOf(completed("big", { spec: { parameters } })).slice(1);
  assert(JSON.stringify(events).length > 1024 * 1024);
  await writeSpool(kube.client, namespace, completed("big"), events);
  assertEquals(await kube.spooled(), events);
  const [configMap] = await items(kube.client);
  assert(JSON.stringify(configMap).length < 1024 * 1024);
});

Deno.test("writeSpool: a refusal is the caller's to repeat", async () => {
  using kube = cluster();
  await assertRejects(() => writeSpool(kube.client, "nowhere", completed(), eventsOf(completed())), StatusError);
});

Deno.test("listSpool: many come page after page; one that holds no event is named and passed over", async () => {
  using kube = cluster();
  for (let i = 0; i < 130; i++) await writeSpool(kube.client, namespace, skipped(`s${i}`), eventsOf(skipped(`s${i}`)));
  const metadata = { name: "audit-spool-odd", labels: { "kubernaut.ai/audit-spool": "true" } };
  const bodyJson: JSONObject = { apiVersion: "v1", kind: "ConfigMap", metadata, data: { "event.json": "{}" } };
  const path = `/api/v1/namespaces/${namespace}/configmaps`;
  await kube.client.performRequest({ method: "POST", path, bodyJson, expectJson: true });
  unreadable.length = 0;
  assertEquals((await kube.spooled()).length, 130);
  assertEquals(unreadable, ["audit-spool-odd"]);
});

Deno.test("SpoolDelivery: what an earlier process spooled is sent at the start and then removed", async () => {
  using kube = cluster();
  await writeSpool(kube.client, namespace, completed(), eventsOf(completed()));
  const sink = new MemorySink();
  await using it = running({ sinks: [sink], clock: kube.clock });
  await using _ = delivering(it, kube);
  await pass(kube.clock, 1000);
  assertEquals(
    new Set(sink.taken.map(({ event_id }) => event_id)),
    new Set(eventsOf(completed()).map((e) => e.event_id)),
  );
  assertEquals([await kube.spooled(), it.changes], [[], []]);
});

Deno.test("SpoolDelivery: an event stays spooled until its sink is back, however its owner is forgotten", async () => {
  using kube = cluster();
  const sink = new MemorySink();
  sink.answer = () => ({ outcome: "failed", reason: "503" });
  await using it = running({ sinks: [sink], clock: kube.clock });
  await using running_ = delivering(it, kube);
  const life = completed();
  it.outbox.offer({ key: "payment/fix", uid: life.uid }, eventsOf(life));
  await pass(kube.clock, 30_000);
  await writeSpool(kube.client, namespace, life, eventsOf(life));
  running_.delivery.wake();
  it.outbox.forget(life.uid);
  await pass(kube.clock, 3600_000);
  assertEquals([(await kube.spooled()).length, it.outbox.backlog], [2, 2]);
  sink.answer = () => ({ outcome: "delivered" });
  await pass(kube.clock, 60_000);
  assertEquals(await kube.spooled(), []);
  assertEquals(new Set(sink.taken.map((event) => JSON.stringify(event))).size, 2);
});

Deno.test("SpoolDelivery: killed after sending and before removing, it sends again, identical", async () => {
  using kube = cluster();
  await writeSpool(kube.client, namespace, skipped(), eventsOf(skipped()));
  const sink = new MemorySink();
  await using it = running({ sinks: [sink], clock: kube.clock });
  it.outbox.offer({ key: "x", uid: "of the killed process" }, eventsOf(skipped()));
  await pass(kube.clock, 1000);
  await using _ = delivering(it, kube);
  await pass(kube.clock, 1000);
  assertEquals(sink.taken, [...eventsOf(skipped()), ...eventsOf(skipped())]);
  assertEquals(await kube.spooled(), []);
});

Deno.test("SpoolDelivery: an API server that does not answer is asked again later, and that is said", async () => {
  using kube = cluster();
  const lines: LogLine[] = [];
  const client = new KubeClient({
    baseUrl: "http://down",
    clock: kube.clock,
    fetch: () => Promise.reject(new TypeError("connection refused")),
  });
  await using it = running({ sinks: [new MemorySink()], clock: kube.clock, lines });
  await using _ = delivering(it, { ...kube, client });
  await pass(kube.clock, 1000);
  assertEquals(lines.map(({ level, message }) => [level, message]), [
    ["warn", "the audit spool cannot be read or cleared now, tried again"],
  ]);
  client.close();
});

async function items(client: KubeClient): Promise<JSONObject[]> {
  const path = `/api/v1/namespaces/${namespace}/configmaps`;
  const list = await client.performRequest({ method: "GET", path, expectJson: true }) as { items: JSONObject[] };
  return list.items;
}

for (const election of [false, true]) {
  Deno.test(`the program sends what it finds spooled, ${election ? "once it leads" : "without an election"}`, async () => {
    const [event] = eventsOf(skipped());
    const metadata = {
      name: `audit-spool-${event?.event_id}`,
      namespace,
      labels: { "kubernaut.ai/audit-spool": "true" },
    };
    const data = { "event.json": JSON.stringify(event) };
    await onStage([`--leader-election=${election}`], async ({ world, config, until }) => {
      await until("it is sent and removed", () => world.list("configmaps", namespace).length === 0, 50);
      const [sink] = config.audit.sinks;
      const [file = ""] = sink?.kind === "file" ? await auditFiles(sink.directory) : [];
      assertEquals(await Deno.readTextFile(file), JSON.stringify(event) + "\n");
    }, {
      prepare: (world) => world.server.install({ apiVersion: "v1", kind: "ConfigMap", metadata, data }),
    });
  });
}
