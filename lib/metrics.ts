// Every metric of the controller, in a registry of its own, so that two controllers in one process (and every test) count apart.
// Callers say what happened, in the terms of the rules; names, units and buckets stand here. Each label value that can be known
// starts at 0, and no label carries an execution, a target or anything else that grows.

import { type Clock, systemClock } from "./clock.ts";
import { prometheus } from "../deps.ts";
import { eventMetrics, queueMetrics, requestMetrics, watchMetrics } from "./metrics_kube.ts";
import { registerProcessMetrics } from "./metrics_process.ts";

export type PhaseLabel = "Pending" | "Running" | "Completed" | "Failed" | "Skipped";
export type OutcomeLabel = "Success" | "Failure" | "Skipped";
export type SkipLabel = "ResourceBusy" | "RecentlyRemediated";
export type ReconcileResult = "success" | "error" | "requeue" | "requeue_after";

const controller = "workflowexecution";
const outcomes: OutcomeLabel[] = ["Success", "Failure", "Skipped"];
const skipReasons: SkipLabel[] = ["ResourceBusy", "RecentlyRemediated"];
const results: ReconcileResult[] = ["success", "error", "requeue", "requeue_after"];
const transitions: [PhaseLabel, PhaseLabel][] = [
  ["Pending", "Running"],
  ["Pending", "Failed"],
  ["Pending", "Skipped"],
  ["Running", "Completed"],
  ["Running", "Failed"],
];

/** Seconds that a workflow runs: 5 s to 85 min, doubled. */
const workflowSeconds = [5, 10, 20, 40, 80, 160, 320, 640, 1280, 2560, 5120];
/** Seconds that one or a few API calls take. */
const callSeconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export class Metrics {
  readonly registry = new prometheus.Registry();
  /** For the API client. */
  readonly requests: ReturnType<typeof requestMetrics>;
  /** For the controller's work queue. */
  readonly queue: ReturnType<typeof queueMetrics>;
  /** For every informer; each is made known by `watches.register(name, …)`. */
  readonly watches: ReturnType<typeof watchMetrics>;
  /** For the event recorder. */
  readonly events: ReturnType<typeof eventMetrics>;
  /** For the audit outbox (`AuditObserver`). An event counts as written once every sink has acknowledged it. */
  readonly audit = {
    written: (count: number): void => this.#auditWritten.inc(count),
    rejected: (count: number): void => this.#auditRejected.inc(count),
    backlog: (count: number): void => this.#auditBacklog.set(count),
    writeDuration: (durationMs: number): void => this.#auditWrite.observe(durationMs / 1000),
  };

  readonly #ended = this.#counter("workflowexecution_total", "Executions that ended, by outcome.", ["outcome"]);
  readonly #duration = this.#histogram(
    "workflowexecution_duration_seconds",
    "Time from an execution's start to its end, by outcome.",
    workflowSeconds,
    ["outcome"],
  );
  readonly #created = this.#counter("workflowexecution_pipelinerun_creation_total", "PipelineRuns created.");
  readonly #creation = this.#histogram(
    "workflowexecution_pipelinerun_creation_duration_seconds",
    "Time that creating a PipelineRun took.",
    callSeconds,
  );
  readonly #skipped = this.#counter("workflowexecution_skip_total", "Executions that were skipped, by reason.", [
    "reason",
  ]);
  readonly #active = this.#gauge("workflowexecution_active", "Executions that are running.");
  readonly #overdue = this.#gauge(
    "workflowexecution_overdue",
    "Executions that run although their deadline and the time for their rollback are over.",
  );
  readonly #transitions = this.#counter(
    "workflowexecution_phase_transition_total",
    "Changes of an execution's phase.",
    ["from", "to"],
  );
  readonly #lockCheck = this.#histogram(
    "workflowexecution_lock_check_duration_seconds",
    "Time that finding out who holds a target, and taking it, took.",
    callSeconds,
  );
  readonly #locksHeld = this.#gauge("workflowexecution_locks_held", "Targets that are locked.");
  readonly #auditWritten = this.#counter(
    "audit_events_written_total",
    "Audit events that every sink has acknowledged.",
  );
  readonly #auditRejected = this.#counter(
    "audit_events_rejected_total",
    "Audit events that a sink has refused for good.",
  );
  readonly #auditBacklog = this.#gauge("audit_backlog", "Audit events that are owed and not yet acknowledged.");
  readonly #auditWrite = this.#histogram(
    "audit_write_duration_seconds",
    "Time that one write to an audit sink took.",
    callSeconds,
  );
  readonly #reconciles = this.#counter("controller_runtime_reconcile_total", "Reconciles, by result.", [
    "controller",
    "result",
  ]);
  readonly #reconcileErrors = this.#counter(
    "controller_runtime_reconcile_errors_total",
    "Reconciles that ended with an error.",
    ["controller"],
  );
  readonly #reconcileTime = this.#histogram(
    "controller_runtime_reconcile_time_seconds",
    "Time that a reconcile took.",
    callSeconds,
    ["controller"],
  );
  readonly #maxReconciles = this.#gauge(
    "controller_runtime_max_concurrent_reconciles",
    "Most reconciles at once.",
    ["controller"],
  );
  readonly #leader = this.#gauge(
    "leader_election_master_status",
    "Whether this process leads: 1, or 0 while it stands by.",
    ["name"],
  );

  constructor(clock: Clock = systemClock) {
    this.requests = requestMetrics(this.registry);
    this.queue = queueMetrics(this.registry, clock, controller);
    this.watches = watchMetrics(this.registry);
    this.events = eventMetrics(this.registry);
    registerProcessMetrics(this.registry);
    for (const outcome of outcomes) {
      this.#ended.inc({ outcome }, 0);
      this.#duration.zero({ outcome });
    }
    for (const reason of skipReasons) this.#skipped.inc({ reason }, 0);
    for (const [from, to] of transitions) this.#transitions.inc({ from, to }, 0);
    for (const result of results) this.#reconciles.inc({ controller, result }, 0);
    this.#reconcileErrors.inc({ controller }, 0);
    this.#reconcileTime.zero({ controller });
    this.#maxReconciles.set({ controller }, 0);
    this.#leader.set({ name: "workflowexecution.kubernaut.ai" }, 0);
  }

  /** An execution's status went from one phase to another. An object without a phase counts as Pending. */
  transition(from: PhaseLabel | "" | undefined, to: PhaseLabel): void {
    this.#transitions.inc({ from: from || "Pending", to });
  }

  /** An execution reached a final phase `durationMs` after its start; 0 where nothing was started. */
  ended(outcome: OutcomeLabel, durationMs: number): void {
    this.#ended.inc({ outcome });
    this.#duration.observe({ outcome }, durationMs / 1000);
  }

  skipped(reason: SkipLabel): void {
    this.#skipped.inc({ reason });
  }

  pipelineRunCreated(durationMs: number): void {
    this.#created.inc();
    this.#creation.observe(durationMs / 1000);
  }

  lockChecked(durationMs: number): void {
    this.#lockCheck.observe(durationMs / 1000);
  }

  setActive(count: number): void {
    this.#active.set(count);
  }

  setOverdue(count: number): void {
    this.#overdue.set(count);
  }

  setLocksHeld(count: number): void {
    this.#locksHeld.set(count);
  }

  reconciled(result: ReconcileResult, durationMs: number): void {
    this.#reconciles.inc({ controller, result });
    if (result === "error") this.#reconcileErrors.inc({ controller });
    this.#reconcileTime.observe({ controller }, durationMs / 1000);
  }

  setMaxConcurrentReconciles(count: number): void {
    this.#maxReconciles.set({ controller }, count);
  }

  setLeader(leads: boolean): void {
    this.#leader.set({ name: "workflowexecution.kubernaut.ai" }, leads ? 1 : 0);
  }

  /** The text exposition format; its media type is `contentType`. */
  text(): Promise<string> {
    return this.registry.metrics();
  }

  get contentType(): string {
    return this.registry.contentType;
  }

  #counter<L extends string = never>(name: string, help: string, labelNames: L[] = []): prometheus.Counter<L> {
    return new prometheus.Counter({ name, help, labelNames, registers: [this.registry] });
  }

  #gauge<L extends string = never>(name: string, help: string, labelNames: L[] = []): prometheus.Gauge<L> {
    return new prometheus.Gauge({ name, help, labelNames, registers: [this.registry] });
  }

  #histogram<L extends string = never>(
    name: string,
    help: string,
    buckets: number[],
    labelNames: L[] = [],
  ): prometheus.Histogram<L> {
    return new prometheus.Histogram({ name, help, buckets, labelNames, registers: [this.registry] });
  }
}
