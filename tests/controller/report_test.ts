// The gauges that are counted from the caches when they are asked for.
import { assertEquals } from "@std/assert";
import { ManualClock } from "../../lib/clock.ts";
import { createCaches } from "../../lib/controller/caches.ts";
import { countObjects } from "../../lib/controller/report.ts";
import { KubeClient } from "../../lib/kube/client.ts";
import { silentLogger } from "../../lib/log.ts";
import { Metrics } from "../../lib/metrics.ts";
import { defaultRules, execution, holder, lock, runningExecution, startMs } from "../support/builders.ts";

Deno.test("running executions, those beyond their last deadline, and locks with a holder are counted", async () => {
  const clock = new ManualClock();
  const fetch = () => Promise.reject(new TypeError("nothing is read by counting"));
  using client = new KubeClient({ baseUrl: "http://nowhere", clock, fetch });
  const namespaces = { namespaces: [], executionNamespace: "", lockNamespace: "kubernaut-system" };
  const caches = createCaches({ client, clock, log: silentLogger, ...namespaces });
  const running = runningExecution();
  const { spec, status } = running;
  caches.executions.wrote({ ...running, name: "default-deadline", uid: "1" });
  caches.executions.wrote({ ...running, name: "own-deadline", uid: "2", spec: { ...spec, timeout: "2h" } });
  caches.executions.wrote({ ...running, name: "ended", uid: "3", status: { ...status, phase: "Completed" } });
  caches.executions.wrote({ ...execution(), name: "pending", uid: "4" });
  const keptByAnother = { deletedAtMs: startMs, finalizers: ["example.com/keep"] };
  caches.executions.wrote({ ...running, ...keptByAnother, name: "let-go", uid: "7" });
  caches.locks.wrote({ ...lock(), name: "held", uid: "5", holder: holder() });
  caches.locks.wrote({ ...lock(), name: "free", uid: "6", holder: undefined });
  const metrics = new Metrics(clock);
  const countedAfter = async (ms: number) => {
    countObjects(metrics, caches, defaultRules, startMs + ms);
    const text = await metrics.text();
    return ["active", "overdue", "locks_held"].map((name) =>
      Number(new RegExp(`^workflowexecution_${name} (\\d+)$`, "m").exec(text)?.[1])
    );
  };
  const lastMs = defaultRules.timeoutMs + defaultRules.rollbackGraceMs + 60_000;
  assertEquals(await countedAfter(lastMs), [2, 0, 1]);
  assertEquals(await countedAfter(lastMs + 1), [2, 1, 1]);
  assertEquals(await countedAfter(3 * 3_600_000), [2, 2, 1]);
});
