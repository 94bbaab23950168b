// A controller as a process of its own, killed by SIGKILL while its audit events are on their way over real connections, to a
// Data Storage Service that has got them or has not: its successor tells all of them.

import { assert, assertEquals } from "@std/assert";
import { eventsOf } from "../../lib/audit/event.ts";
import { executionFrom } from "../../lib/workflow/execution.ts";
import { trailFaults } from "../support/audited_world.ts";
import { manifest } from "../support/builders.ts";
import { DataStorage } from "../support/data_storage.ts";
import { serveDataStorage } from "../support/data_storage_server.ts";
import { ServedCluster, until } from "../support/served_cluster.ts";

Deno.test("a process killed by SIGKILL, once before and once after its events were stored: nothing is lost", async () => {
  await using cluster = await ServedCluster.start();
  const storage = new DataStorage();
  await using service = await serveDataStorage(storage);
  const flags = ["--audit-sinks", service.url];
  const executions = () =>
    cluster.server.storage.list("workflowexecution.kubernaut.ai/workflowexecutions")
      .map((object) => executionFrom(object as unknown as Parameters<typeof executionFrom>[0]));
  const ended = (count: number) => executions().filter(({ status }) => status.phase === "Completed").length === count;

  storage.always = "hang";
  {
    await using first = await cluster.run(flags);
    cluster.server.install(manifest({ name: "a", target: "payment/deployment/a" }));
    await until("it waits for an answer", () => ended(1) && storage.received.length > 0);
    await first.kill();
  }
  assertEquals(storage.stored, []);
  storage.always = "store and hang";
  {
    await using second = await cluster.run(flags);
    cluster.server.install(manifest({ name: "b", target: "payment/deployment/b" }));
    await until("all is stored, and nothing acknowledged", () => ended(2) && storage.stored.length >= 4);
    await second.kill();
  }
  const storedOnce = storage.stored.length;
  storage.always = undefined;
  await using _third = await cluster.run(flags);
  await until("nothing is owed any more", () => executions().every(({ finalizers }) => finalizers.length === 0));
  assertEquals(trailFaults(storage, executions().flatMap(eventsOf)), []);
  assert(storage.stored.length > storedOnce, "what was not acknowledged was sent again");
});
