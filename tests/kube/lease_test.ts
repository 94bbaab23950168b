// Leader election, attempt by attempt.

import { assert, assertEquals, assertThrows } from "@std/assert";
import { ManualClock } from "../../lib/clock.ts";
import { LeaderElection } from "../../lib/kube/lease.ts";
import { silentLogger } from "../../lib/log.ts";
import { ScriptedServer, settle, status, until } from "./scripted_server.ts";

const path = "/apis/coordination.k8s.io/v1/namespaces/ops/leases/leader";
const notFound = status(404, "NotFound", "no lease", { kind: "leases", name: "leader" });
const lease = (version: number, holder: string, o: Record<string, unknown> = {}) => ({
  apiVersion: "coordination.k8s.io/v1",
  kind: "Lease",
  metadata: { namespace: "ops", name: "leader", resourceVersion: String(version), labels: { kept: "yes" } },
  spec: { holderIdentity: holder, leaseDurationSeconds: 15, leaseTransitions: 3, ...o },
});

function start() {
  const clock = new ManualClock();
  const server = new ScriptedServer();
  const changes: boolean[] = [];
  const election = new LeaderElection({
    client: server.client(clock),
    clock,
    log: silentLogger,
    namespace: "ops",
    name: "leader",
    identity: "me",
    onChange: (leading) => changes.push(leading),
  });
  const abort = new AbortController();
  const running = election.run(abort.signal);
  return {
    clock,
    server,
    election,
    changes,
    abort,
    running,
    /** Moves time on to the next attempt. */
    attempt: async () => {
      await settle();
      for (let i = 0; server.waiting === 0; i++) {
        assert(i < 30, "no attempt within 3 s");
        clock.advance(100);
        await settle();
      }
    },
  };
}
type Running = ReturnType<typeof start>;

async function lead(t: Running): Promise<void> {
  await t.server.answer(notFound, 404);
  const created = await t.server.answer(lease(1, "me"), 201);
  assertEquals(created.method, "POST");
  await until(() => t.election.leading, "leading");
}

async function stop(t: Running): Promise<void> {
  t.abort.abort();
  await settle();
  if (t.server.waiting > 0) await t.server.answer(lease(99, ""));
  await t.running;
  assertEquals(t.clock.nextTimerInMs(), undefined, "no timer is left");
}

Deno.test("lease: a missing Lease is created, held and renewed without reading it", async () => {
  const t = start();
  const read = await t.server.answer(notFound, 404);
  assertEquals([read.method, read.path], ["GET", path]);
  const { body } = await t.server.answer(lease(1, "me"), 201);
  assertEquals(body, {
    apiVersion: "coordination.k8s.io/v1",
    kind: "Lease",
    metadata: { namespace: "ops", name: "leader" },
    spec: {
      holderIdentity: "me",
      leaseDurationSeconds: 15,
      acquireTime: "2026-01-01T00:00:00.000000Z",
      renewTime: "2026-01-01T00:00:00.000000Z",
      leaseTransitions: 0,
    },
  });
  await until(() => t.election.leading, "leading");
  await t.attempt();
  const renewal = await t.server.answer(lease(2, "me"));
  assertEquals([renewal.method, renewal.path], ["PUT", path]);
  assertEquals(t.changes, [true]);
  await stop(t);
  assertEquals(t.changes, [true, false]);
});

Deno.test("lease: a holder is left alone until it has been quiet for its duration, by our clock, and no longer", async () => {
  const t = start();
  await t.server.answer(lease(5, "other", { renewTime: "2001-01-01T00:00:00.000000Z" }));
  while (t.clock.monotonic() < 14_900) {
    await t.attempt();
    assertEquals((await t.server.answer(lease(5, "other"))).method, "GET");
  }
  const taken = await t.server.answer(lease(6, "me"));
  assertEquals(t.clock.monotonic(), 15_000);
  const body = taken.body as ReturnType<typeof lease>;
  assertEquals([taken.method, body.metadata.resourceVersion, body.metadata.labels], ["PUT", "5", { kept: "yes" }]);
  assertEquals(body.spec.leaseTransitions, 4);
  await until(() => t.election.leading, "leading");
  await stop(t);
});

Deno.test("lease: a released Lease is taken at once", async () => {
  const t = start();
  await t.server.answer(lease(5, ""));
  assertEquals((await t.server.answer(lease(6, "me"))).method, "PUT");
  await until(() => t.election.leading, "leading");
  await stop(t);
});

Deno.test("lease: who loses the race stands by", async () => {
  const t = start();
  await t.server.answer(lease(5, ""));
  await t.server.answer(status(409, "Conflict"), 409);
  await t.server.answer(lease(6, "other"));
  await t.attempt();
  assertEquals([t.election.leading, t.election.holder, t.changes], [false, "other", []]);
  await stop(t);
});

Deno.test("lease: a renewal whose answer was lost conflicts with itself, and leads on", async () => {
  const t = start();
  await lead(t);
  await t.attempt();
  await t.server.answer(status(409, "Conflict"), 409);
  await t.server.answer(lease(2, "me"));
  assertEquals((await t.server.answer(lease(3, "me"))).method, "PUT");
  await settle();
  assertEquals([t.election.leading, t.changes], [true, [true]]);
  await stop(t);
});

Deno.test("lease: another holder ends leading at once", async () => {
  const t = start();
  await lead(t);
  await t.attempt();
  await t.server.answer(status(409, "Conflict"), 409);
  await t.server.answer(lease(7, "other"));
  await until(() => t.changes.length === 2, "the end");
  assertEquals(t.changes, [true, false]);
  await stop(t);
});

Deno.test("lease: without renewals leading ends at the deadline, also while a request hangs", async () => {
  const t = start();
  await lead(t);
  for (let ms = 0; ms < 9_900; ms += 100) {
    t.clock.advance(100);
    await settle();
    if (t.server.waiting > 0 && ms < 5_000) await t.server.answer("", 500);
  }
  assertEquals(t.election.leading, true);
  t.clock.advance(100);
  assertEquals([t.election.leading, t.changes], [false, [true, false]]);
  t.abort.abort();
  await t.running;
});

Deno.test("lease: stopping gives it back, after saying so", async () => {
  const t = start();
  await lead(t);
  t.abort.abort();
  await until(() => t.server.waiting === 1, "the release");
  assertEquals(t.changes, [true, false]);
  const { body } = await t.server.answer(lease(2, ""));
  const { holderIdentity, leaseDurationSeconds } = (body as ReturnType<typeof lease>).spec;
  assertEquals([holderIdentity, leaseDurationSeconds], ["", 1]);
  await t.running;
});

Deno.test("lease: times that cannot work are refused", () => {
  const server = new ScriptedServer();
  const clock = new ManualClock();
  assertThrows(
    () =>
      new LeaderElection({
        client: server.client(clock),
        clock,
        log: silentLogger,
        namespace: "ops",
        name: "leader",
        identity: "me",
        renewDeadlineMs: 20_000,
        onChange: () => {},
      }),
    Error,
    "renewDeadlineMs (20000), and that less than leaseDurationMs (15000)",
  );
});
