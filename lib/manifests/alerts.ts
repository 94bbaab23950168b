// What somebody should be woken or told for: Prometheus' alerting rules, in the terms of this controller's own metrics. A
// standby's caches are as full as the leader's, so whatever is counted from caches is the greatest of the replicas, and what is
// counted by whoever works is their sum.

import type { JSONObject } from "../kube/contract.ts";
import { apiGroup } from "../workflow/names.ts";

export interface Alert {
  readonly name: string;
  /** PromQL; it fires for each series that this leaves. */
  readonly expr: string;
  /** How long it must hold, in Prometheus' form. */
  readonly for: string;
  /** critical: remediations do not happen, or are not recorded. */
  readonly severity: "critical" | "warning";
  readonly summary: string;
  /** What it means and what to look at first. */
  readonly description: string;
}

const mine = `controller="workflowexecution"`;
const election = `leader_election_master_status{name="${apiGroup}"}`;
const watched = `resource=~"workflowexecutions|pipelineruns|leases"`;

export const alerts: readonly Alert[] = [
  {
    name: "WorkflowExecutionControllerDown",
    expr: "absent(workflowexecution_active)",
    for: "5m",
    severity: "critical",
    summary: "No WorkflowExecution controller is being scraped",
    description:
      "No remediation starts, and none that runs is followed; PipelineRuns go on by themselves. Look at the Deployment's pods, then at the scrape (401 or 403: the token of the PodMonitor and its ClusterRole).",
  },
  {
    name: "WorkflowExecutionNoLeader",
    expr: `sum(${election}) < 1`,
    for: "2m",
    severity: "critical",
    summary: "No replica of the WorkflowExecution controller leads",
    description:
      `Executions wait. Look at the Lease ${apiGroup} in the lock namespace and at the replicas' logs for "lease could not be acquired": the API server, or the right to update that Lease.`,
  },
  {
    name: "WorkflowExecutionStuckRunning",
    expr: "max(workflowexecution_overdue) > 0",
    for: "5m",
    severity: "critical",
    summary: "{{ $value }} executions run past their deadline and their rollback",
    description:
      "Their targets stay locked. Find them with kubectl get workflowexecutions -A, and read kubernaut-we explain NAMESPACE/NAME: a PipelineRun that does not end although it was cancelled means that Tekton's controller does not work.",
  },
  {
    name: "WorkflowExecutionLockHeldTooLong",
    expr: "max(workflowexecution_locks_held) > max(workflowexecution_active)",
    for: "15m",
    severity: "warning",
    summary: "Targets stay locked by executions that do not run",
    description:
      "New executions on those targets are Skipped. kubectl get leases in the lock namespace shows the holders; an execution that has ended releases its lock once its PipelineRun is finished or gone.",
  },
  {
    name: "WorkflowExecutionAuditBacklog",
    // Other services count the events that they write under the same name: ours are those of who has a backlog.
    expr:
      "max(audit_backlog) > 0 and sum(increase(audit_events_written_total[10m]) and on (job, instance) audit_backlog) == 0",
    for: "10m",
    severity: "critical",
    summary: "{{ $value }} audit events wait, and none was taken for 10 minutes",
    description:
      "Nothing is lost: executions keep their finalizer until their events are acknowledged. Look at the Data Storage Service, and at the controller's log for the answer it gives (401 and 403: the account's Role there).",
  },
  {
    name: "WorkflowExecutionAuditRejected",
    expr: "sum(increase(audit_events_rejected_total[15m])) > 0",
    for: "0m",
    severity: "warning",
    summary: "An audit sink refused events for good",
    description:
      'They are kept in the dead letter: beside the audit file if there is one, else in the controller\'s log ("audit event refused for good"). The condition AuditRecorded of their executions says why.',
  },
  {
    name: "WorkflowExecutionSkipRatio",
    expr:
      "sum(increase(workflowexecution_skip_total[1h])) / sum(increase(workflowexecution_total[1h])) > 0.5 and sum(increase(workflowexecution_total[1h])) >= 10",
    for: "15m",
    severity: "warning",
    summary: "{{ $value | humanizePercentage }} of the executions of the last hour were skipped",
    description:
      "The orchestrator asks for more than may run: many executions on one target (ResourceBusy), or the same workflow again and again (RecentlyRemediated), which means that it does not help.",
  },
  {
    name: "WorkflowExecutionFailures",
    expr:
      `sum(increase(workflowexecution_total{outcome="Failure"}[1h])) / sum(increase(workflowexecution_total{outcome=~"Success|Failure"}[1h])) > 0.5 and sum(increase(workflowexecution_total{outcome="Failure"}[1h])) >= 3`,
    for: "5m",
    severity: "warning",
    summary: "{{ $value | humanizePercentage }} of the executions that ran in the last hour failed",
    description:
      "kubectl get workflowexecutions -A -o wide shows the reasons. The same one everywhere (ImagePullBackOff, Forbidden, ConfigurationError) points at the registry, the runner's rights or Tekton rather than at the workflows.",
  },
  {
    name: "WorkflowExecutionWatchStale",
    expr: `max by (namespace, pod, resource) (watch_last_event_age_seconds{${watched}}) > 270`,
    for: "1m",
    severity: "critical",
    summary: "{{ $labels.pod }} has heard nothing of {{ $labels.resource }} for {{ $value | humanizeDuration }}",
    description:
      "Its caches are old and it is not ready. Look at the API server, at the pod's network, and at the rights on that resource.",
  },
  {
    name: "WorkflowExecutionReconcileErrors",
    expr:
      `sum(increase(controller_runtime_reconcile_errors_total{${mine}}[15m])) / sum(increase(controller_runtime_reconcile_total{${mine}}[15m])) > 0.1`,
    for: "15m",
    severity: "warning",
    summary: "{{ $value | humanizePercentage }} of the controller's passes fail",
    description:
      'Each is tried again; the log says why ("tried again"). 403: a right is missing, see kubernaut-we doctor. 5xx: the API server.',
  },
  {
    name: "WorkflowExecutionPassStuck",
    expr: `max by (namespace, pod) (workqueue_longest_running_processor_seconds{name="workflowexecution"}) > 300`,
    for: "1m",
    severity: "warning",
    summary: "{{ $labels.pod }} has worked on one execution for {{ $value | humanizeDuration }}",
    description:
      "No pass should take longer than its requests' deadlines. After 15 minutes /healthz fails and the pod is started again.",
  },
];

/** The rules as Prometheus reads them, and as a PrometheusRule holds them. */
export function alertGroups(): JSONObject {
  return {
    groups: [{
      name: "kubernaut-workflowexecution",
      rules: alerts.map(({ name, expr, for: held, severity, summary, description }) => ({
        alert: name,
        expr,
        for: held,
        labels: { severity },
        annotations: { summary, description },
      })),
    }],
  };
}
