// What Prometheus is given, and which alert has to fire: values are promtool's notation (`0+2x10`: from 0, ten times 2 more), one
// every 30 s.

export interface AlertCase {
  readonly name: string;
  readonly alert: string;
  readonly series: Readonly<Record<string, string>>;
  /** When it is looked. */
  readonly at: string;
  readonly fires: boolean;
  /** Beside the severity. */
  readonly labels?: Readonly<Record<string, string>>;
  /** The summary as it is shown. */
  readonly summary?: string;
}

const leader = (pod: string) =>
  `leader_election_master_status{name="workflowexecution.kubernaut.ai", pod="${pod}", namespace="n"}`;
const age = (resource: string) => `watch_last_event_age_seconds{resource="${resource}", pod="a", namespace="n"}`;
const ended = (outcome: string) => `workflowexecution_total{outcome="${outcome}"}`;
const passes = (metric: string, result = "") =>
  `${metric}{controller="workflowexecution"${result && `, result="${result}"`}}`;
const longest = (name: string) => `workqueue_longest_running_processor_seconds{name="${name}", pod="a", namespace="n"}`;

export const alertCases: readonly AlertCase[] = [
  {
    name: "nothing is scraped",
    alert: "WorkflowExecutionControllerDown",
    series: { workflowexecution_active: "0 0 0 _x40" },
    at: "15m",
    fires: true,
    summary: "No WorkflowExecution controller is being scraped",
  },
  {
    name: "a restart of a minute",
    alert: "WorkflowExecutionControllerDown",
    series: { workflowexecution_active: "0x8 _x2 0x30" },
    at: "10m",
    fires: false,
  },
  {
    name: "two replicas stand by",
    alert: "WorkflowExecutionNoLeader",
    series: { [leader("a")]: "1x4 0x20", [leader("b")]: "0x24" },
    at: "5m",
    fires: true,
    summary: "No replica of the WorkflowExecution controller leads",
  },
  {
    name: "the other replica took over",
    alert: "WorkflowExecutionNoLeader",
    series: { [leader("a")]: "1x4 0x20", [leader("b")]: "0x5 1x20" },
    at: "5m",
    fires: false,
  },
  {
    name: "two runs do not end",
    alert: "WorkflowExecutionStuckRunning",
    series: { 'workflowexecution_overdue{pod="a"}': "2x20", 'workflowexecution_overdue{pod="b"}': "2x20" },
    at: "6m",
    fires: true,
    summary: "2 executions run past their deadline and their rollback",
  },
  {
    name: "one is overdue for a moment",
    alert: "WorkflowExecutionStuckRunning",
    series: { workflowexecution_overdue: "0x4 1x3 0x20" },
    at: "6m",
    fires: false,
  },
  {
    name: "a lock without a running execution",
    alert: "WorkflowExecutionLockHeldTooLong",
    series: { workflowexecution_locks_held: "3x60", workflowexecution_active: "2x60" },
    at: "16m",
    fires: true,
    summary: "Targets stay locked by executions that do not run",
  },
  {
    name: "locks are given back",
    alert: "WorkflowExecutionLockHeldTooLong",
    series: { workflowexecution_locks_held: "3x10 2x50", workflowexecution_active: "2x60" },
    at: "16m",
    fires: false,
  },
  {
    name: "the audit sink takes nothing",
    alert: "WorkflowExecutionAuditBacklog",
    series: { audit_backlog: "7x60", audit_events_written_total: "40x60" },
    at: "21m",
    fires: true,
    summary: "7 audit events wait, and none was taken for 10 minutes",
  },
  {
    name: "the audit sink takes nothing of ours, and another service's events under the same name",
    alert: "WorkflowExecutionAuditBacklog",
    series: {
      'audit_backlog{job="n/we", instance="a"}': "7x60",
      'audit_events_written_total{job="n/we", instance="a"}': "40x60",
      'audit_events_written_total{job="gateway", instance="b", service="gateway"}': "0+5x60",
    },
    at: "21m",
    fires: true,
    summary: "7 audit events wait, and none was taken for 10 minutes",
  },
  {
    name: "the leader delivers, and the standby sees the same backlog",
    alert: "WorkflowExecutionAuditBacklog",
    series: {
      'audit_backlog{job="n/we", instance="a"}': "7x60",
      'audit_backlog{job="n/we", instance="b"}': "7x60",
      'audit_events_written_total{job="n/we", instance="a"}': "40+1x60",
      'audit_events_written_total{job="n/we", instance="b"}': "0x60",
    },
    at: "21m",
    fires: false,
  },
  {
    name: "the audit sink is slow, and takes them",
    alert: "WorkflowExecutionAuditBacklog",
    series: { audit_backlog: "7x60", audit_events_written_total: "40+1x60" },
    at: "21m",
    fires: false,
  },
  {
    name: "a sink refuses an event",
    alert: "WorkflowExecutionAuditRejected",
    series: { audit_events_rejected_total: "0x10 1x20" },
    at: "8m",
    fires: true,
    summary: "An audit sink refused events for good",
  },
  {
    name: "it refused one long ago",
    alert: "WorkflowExecutionAuditRejected",
    series: { audit_events_rejected_total: "1x80" },
    at: "30m",
    fires: false,
  },
  {
    name: "three of four are skipped",
    alert: "WorkflowExecutionSkipRatio",
    series: {
      'workflowexecution_skip_total{reason="ResourceBusy"}': "0+2x240",
      'workflowexecution_skip_total{reason="RecentlyRemediated"}': "0+1x240",
      [ended("Skipped")]: "0+3x240",
      [ended("Success")]: "0+1x240",
    },
    at: "90m",
    fires: true,
    summary: "75% of the executions of the last hour were skipped",
  },
  {
    name: "three of four are skipped, and that is all there was",
    alert: "WorkflowExecutionSkipRatio",
    series: {
      'workflowexecution_skip_total{reason="ResourceBusy"}': "0x30 3x200",
      [ended("Skipped")]: "0x30 3x200",
      [ended("Success")]: "0x30 1x200",
    },
    at: "40m",
    fires: false,
  },
  {
    name: "most runs fail",
    alert: "WorkflowExecutionFailures",
    series: { [ended("Failure")]: "0+4x240", [ended("Success")]: "0+1x240", [ended("Skipped")]: "0+9x240" },
    at: "70m",
    fires: true,
    summary: "80% of the executions that ran in the last hour failed",
  },
  {
    name: "a tenth of the runs fails",
    alert: "WorkflowExecutionFailures",
    series: { [ended("Failure")]: "0+1x240", [ended("Success")]: "0+9x240" },
    at: "70m",
    fires: false,
  },
  {
    name: "a watch is silent, and another program's too",
    alert: "WorkflowExecutionWatchStale",
    series: { [age("pipelineruns")]: "0+30x20", [age("leases")]: "20x20", [age("widgets")]: "9000x20" },
    at: "10m30s",
    fires: true,
    labels: { namespace: "n", pod: "a", resource: "pipelineruns" },
    summary: "a has heard nothing of pipelineruns for 10m 0s",
  },
  {
    name: "bookmarks come",
    alert: "WorkflowExecutionWatchStale",
    series: { [age("pipelineruns")]: "0 30 60 0 30 60 0 30 60 0 30 60" },
    at: "5m",
    fires: false,
  },
  {
    name: "a quarter of the passes fails",
    alert: "WorkflowExecutionReconcileErrors",
    series: {
      [passes("controller_runtime_reconcile_errors_total")]: "0+1x120",
      [passes("controller_runtime_reconcile_total", "error")]: "0+1x120",
      [passes("controller_runtime_reconcile_total", "success")]: "0+3x120",
    },
    at: "35m",
    fires: true,
    summary: "25% of the controller's passes fail",
  },
  {
    name: "a conflict now and then, and another controller that fails all the time",
    alert: "WorkflowExecutionReconcileErrors",
    series: {
      [passes("controller_runtime_reconcile_errors_total")]: "0+1x120",
      [passes("controller_runtime_reconcile_total", "success")]: "0+30x120",
      'controller_runtime_reconcile_errors_total{controller="other"}': "0+90x120",
    },
    at: "35m",
    fires: false,
  },
  {
    name: "a pass does not end",
    alert: "WorkflowExecutionPassStuck",
    series: { [longest("workflowexecution")]: "0+30x20" },
    at: "10m",
    fires: true,
    labels: { namespace: "n", pod: "a" },
    summary: "a has worked on one execution for 10m 0s",
  },
  {
    name: "another program's pass does not end",
    alert: "WorkflowExecutionPassStuck",
    series: { [longest("workflowexecution")]: "0x20", [longest("other")]: "0+30x20" },
    at: "10m",
    fires: false,
  },
];
