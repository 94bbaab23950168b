// The Grafana dashboard: from what an operator asks first (does it work, what runs, what fails) down to the machinery. Every
// query is in the terms of this controller's metrics, and of the scrape jobs that the dashboard's variable names: some metrics
// have the usual names, which other programs have too.

import type { JSONObject } from "../kube/contract.ts";
import { apiGroup } from "../workflow/names.ts";

interface Query {
  readonly expr: string;
  /** Grafana's template of a series' name. */
  readonly legend: string;
}

interface Panel {
  readonly title: string;
  readonly about: string;
  readonly type: "stat" | "timeseries";
  readonly unit: string;
  /** Of 24 columns. */
  readonly width: number;
  readonly queries: readonly Query[];
}

interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
}

const one = (expr: string, legend = ""): Query[] => [{ expr, legend }];
const stat = (title: string, about: string, expr: string, unit = "none"): Panel => {
  return { title, about, type: "stat", unit, width: 4, queries: one(expr) };
};
const graph = (title: string, about: string, unit: string, queries: readonly Query[], width = 8): Panel => {
  return { title, about, type: "timeseries", unit, width, queries };
};
const quantiles = (metric: string, by = ""): Query[] =>
  ["0.5", "0.95", "0.99"].map((quantile) => ({
    expr: `histogram_quantile(${quantile}, sum by (le${by && `, ${by}`}) (rate(${metric}_bucket[$__rate_interval])))`,
    legend: by ? `p${Number(quantile) * 100} {{${by}}}` : `p${Number(quantile) * 100}`,
  }));
const mine = `controller="workflowexecution"`;
const queue = `name="workflowexecution"`;

const rows: readonly Row[] = [
  {
    title: "Now",
    panels: [
      stat("Leaders", "1 with leader election on", `sum(leader_election_master_status{name="${apiGroup}"})`),
      stat("Running", "Executions that are running", "max(workflowexecution_active)"),
      stat("Locked targets", "Leases with a holder", "max(workflowexecution_locks_held)"),
      stat("Overdue", "Running past their deadline and their rollback", "max(workflowexecution_overdue)"),
      stat("Audit backlog", "Events that no sink has acknowledged yet", "max(audit_backlog)"),
      stat(
        "Oldest watch",
        "Time since a watch brought anything, bookmarks too",
        `max(watch_last_event_age_seconds{resource=~"workflowexecutions|pipelineruns|leases"})`,
        "s",
      ),
    ],
  },
  {
    title: "Executions",
    panels: [
      graph(
        "Ended",
        "Executions that ended, by outcome",
        "none",
        one("sum by (outcome) (increase(workflowexecution_total[$__rate_interval]))", "{{outcome}}"),
      ),
      graph(
        "Skipped",
        "By reason",
        "none",
        one("sum by (reason) (increase(workflowexecution_skip_total[$__rate_interval]))", "{{reason}}"),
      ),
      graph("Running and locked", "Should move together", "none", [
        ...one("max(workflowexecution_active)", "running"),
        ...one("max(workflowexecution_locks_held)", "locked"),
      ]),
      graph(
        "Duration",
        "From start to end, by outcome",
        "s",
        quantiles("workflowexecution_duration_seconds", "outcome"),
      ),
      graph(
        "Phase changes",
        "",
        "none",
        one(
          "sum by (from, to) (increase(workflowexecution_phase_transition_total[$__rate_interval]))",
          "{{from}} to {{to}}",
        ),
      ),
      graph("Creating a PipelineRun", "", "s", quantiles("workflowexecution_pipelinerun_creation_duration_seconds")),
    ],
  },
  {
    title: "Audit and Events",
    panels: [
      graph("Audit events", "Acknowledged by every sink, and refused for good", "none", [
        ...one("sum(increase(audit_events_written_total[$__rate_interval]))", "written"),
        ...one("sum(increase(audit_events_rejected_total[$__rate_interval]))", "refused"),
      ]),
      graph("Backlog", "Owed and not yet acknowledged", "none", one("max(audit_backlog)", "owed")),
      graph("Write to a sink", "", "s", quantiles("audit_write_duration_seconds")),
      graph("Kubernetes Events", "Sent, and shed under load", "none", [
        ...one("sum(increase(kubernetes_events_sent_total[$__rate_interval]))", "sent"),
        ...one("sum by (cause) (increase(kubernetes_events_shed_total[$__rate_interval]))", "shed: {{cause}}"),
      ]),
    ],
  },
  {
    title: "Controller",
    panels: [
      graph(
        "Passes",
        "By result",
        "ops",
        one(`sum by (result) (rate(controller_runtime_reconcile_total{${mine}}[$__rate_interval]))`, "{{result}}"),
      ),
      graph("A pass", "", "s", quantiles("controller_runtime_reconcile_time_seconds")),
      graph("Finding out who holds a target", "", "s", quantiles("workflowexecution_lock_check_duration_seconds")),
      graph("Work queue", "Keys that wait, and keys that are worked on", "none", [
        ...one(`sum(workqueue_depth{${queue}})`, "waiting"),
        ...one(`sum(controller_runtime_active_workers{${mine}})`, "worked on"),
      ]),
      graph("Wait in the queue", "", "s", quantiles("workqueue_queue_duration_seconds")),
      graph(
        "Objects in the caches",
        "",
        "none",
        one("max by (resource) (cached_objects)", "{{resource}}"),
      ),
    ],
  },
  {
    title: "API server and process",
    panels: [
      graph(
        "Requests",
        "By status code",
        "reqps",
        one("sum by (code) (rate(rest_client_requests_total[$__rate_interval]))", "{{code}}"),
      ),
      graph("Request duration", "", "s", quantiles("rest_client_request_duration_seconds", "verb")),
      graph(
        "Watches begun again",
        "By resource and cause; closed is the ordinary one",
        "none",
        one(
          "sum by (resource, cause) (increase(watch_restarts_total[$__rate_interval]))",
          "{{resource}} {{cause}}",
        ),
      ),
      graph("Memory", "", "bytes", [
        ...one("process_resident_memory_bytes", "resident {{pod}}"),
        ...one("deno_memory_heap_used_bytes", "heap {{pod}}"),
      ]),
      graph(
        "CPU",
        "",
        "percentunit",
        one("rate(process_cpu_seconds_total[$__rate_interval])", "{{pod}}"),
      ),
    ],
  },
];

/** The dashboard as Grafana imports it. */
export function dashboard(): JSONObject {
  return {
    uid: "kubernaut-workflowexecution",
    title: "Kubernaut / WorkflowExecution",
    description: "The WorkflowExecution controller: executions, locks, audit trail, and the machinery below.",
    tags: ["kubernaut", "tekton"],
    schemaVersion: 39,
    version: 1,
    editable: true,
    graphTooltip: 1,
    refresh: "30s",
    time: { from: "now-6h", to: "now" },
    timezone: "browser",
    annotations: { list: [] },
    templating: {
      list: [
        { name: "datasource", label: "Data source", type: "datasource", query: "prometheus", current: {}, hide: 0 },
        {
          name: "job",
          label: "Job",
          type: "query",
          datasource: { type: "prometheus", uid: "${datasource}" },
          query: { query: "label_values(workflowexecution_active, job)", refId: "job" },
          definition: "label_values(workflowexecution_active, job)",
          refresh: 2,
          // Without a value of its own, All is each job that has a controller, and not every job there is.
          includeAll: true,
          current: { text: "All", value: "$__all" },
          hide: 0,
        },
      ],
    },
    panels: laidOut(),
  };
}

/** Every query of the dashboard, with Grafana's variables replaced by what Prometheus understands. */
export function dashboardQueries(): string[] {
  return rows.flatMap(({ panels }) =>
    panels.flatMap(({ queries }) =>
      queries.map(({ expr }) => ofJob(expr).replaceAll("$__rate_interval", "5m").replaceAll("$job", ".*"))
    )
  );
}

/** The query, with each of its metrics narrowed to the dashboard's jobs. */
function ofJob(expr: string): string {
  const metric =
    /\b((?:workflowexecution|audit|leader|watch|controller|workqueue|rest|process|deno|cached|kubernetes)_\w+)(?:\{([^}]*)\})?/g;
  return expr.replaceAll(
    metric,
    (_, name: string, labels?: string) => `${name}{job=~"$job"${labels ? `, ${labels}` : ""}}`,
  );
}

/** Panels from left to right, and a new line where one does not fit any more. */
function laidOut(): JSONObject[] {
  const made: JSONObject[] = [];
  let y = 0;
  for (const { title, panels } of rows) {
    made.push({
      id: made.length + 1,
      type: "row",
      title,
      collapsed: false,
      gridPos: { x: 0, y, w: 24, h: 1 },
      panels: [],
    });
    y++;
    let x = 0;
    let height = 0;
    for (const panel of panels) {
      const h = panel.type === "stat" ? 4 : 7;
      if (x + panel.width > 24) {
        x = 0;
        y += height;
      }
      made.push(drawn(panel, made.length + 1, { x, y, w: panel.width, h }));
      x += panel.width;
      height = h;
    }
    y += height;
  }
  return made;
}

function drawn({ title, about, type, unit, queries }: Panel, id: number, gridPos: JSONObject): JSONObject {
  const datasource = { type: "prometheus", uid: "${datasource}" };
  return {
    id,
    type,
    title,
    ...(about ? { description: about } : {}),
    datasource,
    gridPos,
    fieldConfig: { defaults: { unit, min: 0 }, overrides: [] },
    options: type === "stat"
      ? { reduceOptions: { calcs: ["lastNotNull"], fields: "", values: false }, colorMode: "value", graphMode: "area" }
      : {
        legend: { displayMode: "list", placement: "bottom", showLegend: true },
        tooltip: { mode: "multi", sort: "desc" },
      },
    targets: queries.map(({ expr, legend }, index) => ({
      refId: String.fromCharCode("A".charCodeAt(0) + index),
      datasource,
      expr: ofJob(expr),
      ...(legend ? { legendFormat: legend } : {}),
    })),
  };
}
