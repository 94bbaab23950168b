// Every metric moves in the life of a whole controller: one story, looked at in several moments through the metrics port, and a
// table over all names. A metric that is registered and has no row fails, and so does a name of the table that nobody registers.

import { assert, assertEquals } from "@std/assert";
import { Metrics } from "../../lib/metrics.ts";
import { manifest } from "../support/builders.ts";
import { Receiver } from "../support/receiver.ts";
import { onStage, type Stage } from "../support/stage.ts";
import { phaseOf } from "../support/story.ts";

/**
 * When a metric has moved. `held`: a pass is under way and another key waits. `running`: one runs. `late`: the audit sink takes
 * nothing. `skipped`, `refused`, `failed`: what happened on the way. `later`: an hour on. `always`: it says something at any time.
 */
type Moment = "held" | "running" | "late" | "skipped" | "refused" | "failed" | "later" | "always";

const table: Record<string, Moment> = {
  workflowexecution_total: "skipped",
  workflowexecution_duration_seconds: "skipped",
  workflowexecution_pipelinerun_creation_total: "running",
  workflowexecution_pipelinerun_creation_duration_seconds: "running",
  workflowexecution_skip_total: "skipped",
  workflowexecution_active: "running",
  workflowexecution_overdue: "later",
  workflowexecution_phase_transition_total: "running",
  workflowexecution_lock_check_duration_seconds: "running",
  workflowexecution_locks_held: "running",
  audit_events_written_total: "skipped",
  audit_events_rejected_total: "refused",
  audit_backlog: "late",
  audit_write_duration_seconds: "late",
  controller_runtime_reconcile_total: "running",
  controller_runtime_reconcile_errors_total: "failed",
  controller_runtime_reconcile_time_seconds: "running",
  controller_runtime_max_concurrent_reconciles: "running",
  controller_runtime_active_workers: "held",
  leader_election_master_status: "running",
  rest_client_requests_total: "running",
  rest_client_request_duration_seconds: "running",
  workqueue_adds_total: "running",
  workqueue_depth: "held",
  workqueue_unfinished_work_seconds: "held",
  workqueue_longest_running_processor_seconds: "held",
  workqueue_queue_duration_seconds: "running",
  workqueue_work_duration_seconds: "running",
  workqueue_retries_total: "failed",
  watch_restarts_total: "later",
  watch_lists_total: "running",
  watch_malformed_objects_total: "failed",
  watch_last_event_age_seconds: "running",
  cached_objects: "running",
  kubernetes_events_sent_total: "running",
  kubernetes_events_shed_total: "failed",
  process_cpu_seconds_total: "always",
  process_start_time_seconds: "always",
  process_resident_memory_bytes: "always",
  process_open_fds: "always",
  process_max_fds: "always",
  deno_memory_heap_used_bytes: "always",
  deno_memory_heap_total_bytes: "always",
  deno_memory_external_bytes: "always",
  deno_info: "always",
};

/** Those that the specification names; the rest is the usual equipment. */
const specified = [
  "workflowexecution_total",
  "workflowexecution_duration_seconds",
  "workflowexecution_pipelinerun_creation_total",
  "workflowexecution_pipelinerun_creation_duration_seconds",
  "workflowexecution_skip_total",
  "workflowexecution_active",
  "workflowexecution_phase_transition_total",
  "workflowexecution_lock_check_duration_seconds",
  "workflowexecution_locks_held",
  "audit_events_written_total",
  "audit_events_rejected_total",
  "audit_backlog",
  "audit_write_duration_seconds",
  "watch_last_event_age_seconds",
];

/** By metric, its series with their values; a histogram's are counted with it. */
type Samples = Map<string, Map<string, number>>;

function samplesOf(text: string): Samples {
  const names = [...text.matchAll(/^# TYPE (\S+)/gm)].map((match) => match[1] ?? "");
  const samples: Samples = new Map(names.map((name) => [name, new Map()]));
  for (const line of text.split("\n").filter((line) => line !== "" && !line.startsWith("#"))) {
    const at = line.lastIndexOf(" ");
    const series = line.slice(0, at);
    const bare = series.replace(/\{.*/, "");
    const name = samples.has(bare) ? bare : bare.replace(/_(bucket|sum|count)$/, "");
    samples.get(name)?.set(series, Number(line.slice(at + 1)));
  }
  return samples;
}

/** What the story does to the requests of the controller. */
interface Hand {
  holdLocks: PromiseWithResolvers<void> | undefined;
  failStatus: boolean;
  refuseEvents: boolean;
}

Deno.test("every metric moves in the life of a controller", async () => {
  await using receiver = await Receiver.start();
  receiver.status = 503;
  const hand: Hand = { holdLocks: Promise.withResolvers(), failStatus: false, refuseEvents: false };
  const flags = [`--audit-sinks=http://127.0.0.1:${receiver.port}`, "--leader-election=true", "--concurrency=1"];
  const moments = await onStage([...flags, "--metrics-auth=false"], (stage) => story(stage, receiver, hand), {
    tekton: false,
    prepare: (world) => {
      world.server.install(manifest({ name: "a" }));
      world.server.install(manifest({ name: "b", target: "payment/deployment/other" }));
    },
    carry: async (request, send) => {
      if (
        request.method === "POST" && request.url.endsWith("/leases") && (await request.clone().text()).includes("wfe-")
      ) {
        await hand.holdLocks?.promise;
      }
      const failing = hand.failStatus && request.url.endsWith("/status");
      const refused = hand.refuseEvents && request.url.endsWith("/events");
      if (failing || refused) return new Response("{}", { status: failing ? 500 : 403 });
      return await send(request);
    },
  });
  const fresh = samplesOf(await new Metrics().text());
  assertEquals([...fresh.keys()].toSorted(), Object.keys(table).toSorted());
  assertEquals(specified.filter((name) => !(name in table)), []);
  const unmoved = Object.entries(table).filter(([name, moment]) => {
    const then = [...moments[moment === "always" ? "held" : moment]?.get(name) ?? []];
    return !then.some(([series, value]) =>
      moment === "always" ? value > 0 : value !== (fresh.get(name)?.get(series) ?? 0)
    );
  });
  assertEquals(unmoved, []);
  assertEquals(emptyMetrics(fresh), ["watch_restarts_total", "watch_lists_total", "watch_malformed_objects_total"]);
});

/** Metrics that have no series before a controller makes its resources known; every other label value starts at 0. */
function emptyMetrics(samples: Samples): string[] {
  const counters = [...samples].filter(([name, series]) => series.size === 0 && name.endsWith("_total"));
  return counters.map(([name]) => name);
}

async function story({ world, serve, until }: Stage, receiver: Receiver, hand: Hand) {
  const { metrics: { address } } = await serve();
  const scrape = async () => {
    const response = await fetch(`http://${address.hostname}:${address.port}/metrics`);
    assert(response.ok);
    return samplesOf(await response.text());
  };
  /** As soon as this metric says anything: answers are on their way for a moment. */
  const scrapeWith = (name: string) =>
    until(`${name} moves`, async () => {
      const samples = await scrape();
      return [...samples.get(name)?.values() ?? []].some((value) => value !== 0) && samples;
    }, 20);
  const moments: Partial<Record<Moment, Samples>> = {};
  const waiting = () =>
    world.requests.filter(({ resource, verb }) => resource === "leases" && verb === "create").length;
  await until("it leads", () => waiting() === 1); // the leader's own Lease: the locks' are held up
  let turns = 0;
  await until("a moment passes", () => ++turns > 20);
  moments.held = await scrape();

  hand.holdLocks?.resolve();
  hand.holdLocks = undefined;
  await until("both run", () => phaseOf(world, "a") === "Running" && phaseOf(world, "b") === "Running");
  await world.pass(2_000);
  moments.running = await scrape();
  await until("the sink has refused", () => receiver.received.length > 0);
  moments.late = await scrapeWith("audit_write_duration_seconds");

  receiver.status = 201;
  world.server.install(manifest({ name: "c" }));
  const delivered = () => receiver.received.some(({ body }) => JSON.stringify(body).includes("selection.completed"));
  await until("one is skipped", () => phaseOf(world, "c") === "Skipped");
  await until("it is recorded", delivered, 50);
  moments.skipped = await scrapeWith("audit_events_written_total");
  return { ...moments, ...await faults() };

  async function faults() {
    receiver.status = 400;
    world.server.install(manifest({ name: "d" }));
    const count = receiver.received.length;
    await until("its event is refused", () => receiver.received.length > count, 50);
    await world.pass(1_000);
    moments.refused = await scrapeWith("audit_events_rejected_total");

    receiver.status = 201;
    hand.failStatus = hand.refuseEvents = true;
    world.server.install(manifest({ name: "e" }));
    const odd = { "app.kubernetes.io/managed-by": "kubernaut-workflowexecution" };
    world.server.install({
      apiVersion: "tekton.dev/v1",
      kind: "PipelineRun",
      metadata: { name: "odd", namespace: "payment", labels: odd },
      spec: { status: 7 },
    });
    await world.pass(1_000);
    hand.failStatus = false;
    await until("it is skipped in the end", () => phaseOf(world, "e") === "Skipped", 50);
    await world.pass(5_000);
    moments.failed = await scrape();
    await world.pass(3_600_000);
    moments.later = await scrape();
    return moments;
  }
}
