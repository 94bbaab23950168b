// The metrics: names, types, labels and buckets as dashboards expect them, what each call moves, and that nothing grows.

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { ManualClock } from "../lib/clock.ts";
import { Metrics } from "../lib/metrics.ts";

/** The samples of a registry that are not 0, by name with labels. */
async function samples(metrics: Metrics): Promise<Record<string, number>> {
  const lines = (await metrics.text()).split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return Object.fromEntries(lines.map((line) => {
    const at = line.lastIndexOf(" ");
    return [line.slice(0, at), Number(line.slice(at + 1))];
  }));
}

const ofProcess = /^(process_|deno_)/;

/** What a call changes, apart from buckets and the process's own. */
async function changes(act: (metrics: Metrics, clock: ManualClock) => void): Promise<Record<string, number>> {
  const clock = new ManualClock();
  const metrics = new Metrics(clock);
  const before = await samples(metrics);
  act(metrics, clock);
  const after = Object.entries(await samples(metrics));
  return Object.fromEntries(
    after.filter(([name, value]) => value !== before[name] && !/_bucket\{/.test(name) && !ofProcess.test(name)),
  );
}

const labels = (name: string) => `{name="${name}"}`;
const queue = labels("workflowexecution");
const reconciler = 'controller="workflowexecution"';

const moves: [sentence: string, act: (metrics: Metrics, clock: ManualClock) => void, moved: Record<string, number>][] =
  [
    ["a transition", (m) => m.transition("Running", "Failed"), {
      'workflowexecution_phase_transition_total{from="Running",to="Failed"}': 1,
    }],
    ["a transition of a new object counts as one from Pending", (m) => m.transition(undefined, "Skipped"), {
      'workflowexecution_phase_transition_total{from="Pending",to="Skipped"}': 1,
    }],
    ["an end", (m) => m.ended("Success", 90_500), {
      'workflowexecution_total{outcome="Success"}': 1,
      'workflowexecution_duration_seconds_sum{outcome="Success"}': 90.5,
      'workflowexecution_duration_seconds_count{outcome="Success"}': 1,
    }],
    ["a skip", (m) => m.skipped("ResourceBusy"), { 'workflowexecution_skip_total{reason="ResourceBusy"}': 1 }],
    ["a PipelineRun's creation", (m) => m.pipelineRunCreated(20), {
      workflowexecution_pipelinerun_creation_total: 1,
      workflowexecution_pipelinerun_creation_duration_seconds_sum: 0.02,
      workflowexecution_pipelinerun_creation_duration_seconds_count: 1,
    }],
    ["a lock's check", (m) => m.lockChecked(3), {
      workflowexecution_lock_check_duration_seconds_sum: 0.003,
      workflowexecution_lock_check_duration_seconds_count: 1,
    }],
    ["the gauges", (m) => (m.setActive(3), m.setOverdue(2), m.setLocksHeld(4), m.audit.backlog(5), m.setLeader(true)), {
      workflowexecution_active: 3,
      workflowexecution_overdue: 2,
      workflowexecution_locks_held: 4,
      audit_backlog: 5,
      'leader_election_master_status{name="workflowexecution.kubernaut.ai"}': 1,
    }],
    ["audit", (m) => (m.audit.written(7), m.audit.rejected(1), m.audit.writeDuration(250)), {
      audit_events_written_total: 7,
      audit_events_rejected_total: 1,
      audit_write_duration_seconds_sum: 0.25,
      audit_write_duration_seconds_count: 1,
    }],
    ["Kubernetes Events", (m) => (m.events.eventSent(), m.events.eventDropped("full")), {
      kubernetes_events_sent_total: 1,
      'kubernetes_events_shed_total{cause="full"}': 1,
    }],
    ["a reconcile", (m) => (m.setMaxConcurrentReconciles(32), m.reconciled("requeue_after", 40)), {
      [`controller_runtime_reconcile_total{${reconciler},result="requeue_after"}`]: 1,
      [`controller_runtime_reconcile_time_seconds_sum{${reconciler}}`]: 0.04,
      [`controller_runtime_reconcile_time_seconds_count{${reconciler}}`]: 1,
      [`controller_runtime_max_concurrent_reconciles{${reconciler}}`]: 32,
    }],
    ["a reconcile that fails", (m) => m.reconciled("error", 0), {
      [`controller_runtime_reconcile_total{${reconciler},result="error"}`]: 1,
      [`controller_runtime_reconcile_errors_total{${reconciler}}`]: 1,
      [`controller_runtime_reconcile_time_seconds_count{${reconciler}}`]: 1,
    }],
    ["an API request", (m) => m.requests.request("PATCH", "workflowexecutions/status", "409", 12), {
      'rest_client_requests_total{code="409",method="PATCH"}': 1,
      'rest_client_request_duration_seconds_sum{verb="PATCH"}': 0.012,
      'rest_client_request_duration_seconds_count{verb="PATCH"}': 1,
    }],
    ["an API request without an answer", (m) => m.requests.request("GET", "pods", "<error>", 0), {
      'rest_client_requests_total{code="<error>",method="GET"}': 1,
      'rest_client_request_duration_seconds_count{verb="GET"}': 1,
    }],
    ["keys that wait", (m) => (m.queue.added(), m.queue.added(), m.queue.retried(), m.queue.depth(2)), {
      [`workqueue_adds_total${queue}`]: 2,
      [`workqueue_retries_total${queue}`]: 1,
      [`workqueue_depth${queue}`]: 2,
    }],
    ["keys that are worked on", (m, clock) => {
      m.queue.started(500);
      clock.advance(2_000);
      m.queue.started(0);
      clock.advance(3_000);
    }, {
      [`workqueue_queue_duration_seconds_sum${queue}`]: 0.5,
      [`workqueue_queue_duration_seconds_count${queue}`]: 2,
      [`workqueue_unfinished_work_seconds${queue}`]: 8,
      [`workqueue_longest_running_processor_seconds${queue}`]: 5,
      [`controller_runtime_active_workers{${reconciler}}`]: 2,
    }],
    ["keys of which the first is done", (m, clock) => {
      m.queue.started(0);
      clock.advance(2_000);
      m.queue.started(0);
      clock.advance(3_000);
      m.queue.finished(5_000);
    }, {
      [`workqueue_queue_duration_seconds_count${queue}`]: 2,
      [`workqueue_work_duration_seconds_sum${queue}`]: 5,
      [`workqueue_work_duration_seconds_count${queue}`]: 1,
      [`workqueue_unfinished_work_seconds${queue}`]: 3,
      [`workqueue_longest_running_processor_seconds${queue}`]: 3,
      [`controller_runtime_active_workers{${reconciler}}`]: 1,
    }],
  ];

for (const [sentence, act, moved] of moves) {
  Deno.test(`${sentence}: exactly its metrics move`, async () => assertEquals(await changes(act), moved));
}

Deno.test("a watch tells its age, its restarts, its lists and how much is cached", async () => {
  const metrics = new Metrics(new ManualClock());
  const cache = { ms: 0, size: 3 };
  metrics.watches.register("pipelineruns", { ageMs: () => cache.ms, objects: () => cache.size });
  const of = async (pattern: RegExp) => Object.entries(await samples(metrics)).filter(([name]) => pattern.test(name));
  assertEquals(Object.fromEntries(await of(/pipelineruns/)), {
    'watch_restarts_total{resource="pipelineruns",cause="closed"}': 0,
    'watch_restarts_total{resource="pipelineruns",cause="silent"}': 0,
    'watch_restarts_total{resource="pipelineruns",cause="expired"}': 0,
    'watch_restarts_total{resource="pipelineruns",cause="error"}': 0,
    'watch_lists_total{resource="pipelineruns"}': 0,
    'watch_malformed_objects_total{resource="pipelineruns"}': 0,
    'watch_last_event_age_seconds{resource="pipelineruns"}': 0,
    'cached_objects{resource="pipelineruns"}': 3,
  });
  Object.assign(cache, { ms: 30_000, size: 4 });
  metrics.watches.restarted("pipelineruns", "silent");
  metrics.watches.listed("pipelineruns", 4);
  metrics.watches.malformed("pipelineruns");
  assertEquals(Object.fromEntries((await of(/pipelineruns/)).filter(([, value]) => value !== 0)), {
    'watch_restarts_total{resource="pipelineruns",cause="silent"}': 1,
    'watch_lists_total{resource="pipelineruns"}': 1,
    'watch_malformed_objects_total{resource="pipelineruns"}': 1,
    'watch_last_event_age_seconds{resource="pipelineruns"}': 30,
    'cached_objects{resource="pipelineruns"}': 4,
  });
});

Deno.test("each label value that can be known is there from the start, at 0", async () => {
  const start = await samples(new Metrics(new ManualClock()));
  const names = [
    ...["Success", "Failure", "Skipped"].flatMap((outcome) => [
      `workflowexecution_total{outcome="${outcome}"}`,
      `workflowexecution_duration_seconds_count{outcome="${outcome}"}`,
    ]),
    ...["ResourceBusy", "RecentlyRemediated"].map((reason) => `workflowexecution_skip_total{reason="${reason}"}`),
    ...[["Pending", "Running"], ["Pending", "Failed"], ["Pending", "Skipped"], ["Running", "Completed"], [
      "Running",
      "Failed",
    ]]
      .map(([from, to]) => `workflowexecution_phase_transition_total{from="${from}",to="${to}"}`),
    ...["success", "error", "requeue", "requeue_after"]
      .map((result) => `controller_runtime_reconcile_total{${reconciler},result="${result}"}`),
  ];
  assertEquals(names.map((name) => [name, start[name]]), names.map((name) => [name, 0]));
});

Deno.test("a workflow's duration has buckets from 5 to 5120 s, doubled", async () => {
  const text = await new Metrics(new ManualClock()).text();
  const found = [...text.matchAll(/^workflowexecution_duration_seconds_bucket\{le="([^"]+)",outcome="Skipped"\}/gm)];
  assertEquals(found.map(([, le]) => le), [5, 10, 20, 40, 80, 160, 320, 640, 1280, 2560, 5120, "+Inf"].map(String));
});

Deno.test("10,000 executions add no series", async () => {
  const metrics = new Metrics(new ManualClock());
  const before = Object.keys(await samples(metrics));
  for (let index = 0; index < 10_000; index++) {
    metrics.transition("Pending", index % 2 ? "Running" : "Skipped");
    metrics.ended(index % 2 ? "Success" : "Skipped", index);
    metrics.requests.request("GET", `things-${index}`, "200", 1);
    metrics.requests.request("POST", "x", `made up ${index}`, 1);
    metrics.queue.added();
  }
  assertEquals(Object.keys(await samples(metrics)), before);
});

Deno.test("two Metrics count apart", async () => {
  const [one, other] = [new Metrics(new ManualClock()), new Metrics(new ManualClock())];
  one.skipped("ResourceBusy");
  assertEquals((await samples(other))['workflowexecution_skip_total{reason="ResourceBusy"}'], 0);
});

Deno.test("the process tells its memory, time, files and runtime", async () => {
  const metrics = new Metrics(new ManualClock());
  const now = await samples(metrics);
  for (const name of ["process_cpu_seconds_total", "process_resident_memory_bytes", "process_start_time_seconds"]) {
    assert((now[name] ?? 0) > 0, name);
  }
  if (Deno.build.os === "linux") assert((now.process_open_fds ?? 0) > 2 && (now.process_max_fds ?? 0) > 2);
  assertEquals(now[`deno_info{version="${Deno.version.deno}",v8="${Deno.version.v8}"}`], 1);
});

Deno.test("the text has help, type and a media type for each metric", async () => {
  const metrics = new Metrics(new ManualClock());
  const text = await metrics.text();
  assertStringIncludes(text, "# TYPE workflowexecution_total counter\n");
  assertMatch(metrics.contentType, /^text\/plain; version=0\.0\.4/);
  for (const [, name] of text.matchAll(/^# TYPE (\S+)/gm)) assertMatch(text, new RegExp(`^# HELP ${name} .+\\.$`, "m"));
});
