// Alerts and dashboard: every query names a metric that the program has, with labels that it has; and where promtool is on PATH,
// Prometheus itself reads the rules and fires each alert when it should, and not before.
import { assertEquals, assertMatch } from "@std/assert";
import { yaml } from "../../deps.ts";
import type { JSONObject } from "../../lib/kube/contract.ts";
import { alerts } from "../../lib/manifests/alerts.ts";
import { dashboard, dashboardQueries } from "../../lib/manifests/dashboard.ts";
import { defaultInstallation } from "../../lib/manifests/installation.ts";
import { Metrics } from "../../lib/metrics.ts";
import { alertCases } from "./alert_cases.ts";
import { SecuredProgram } from "./secured_program.ts";
import { selectorsOf } from "./metric_names.ts";
import { ran, testWith } from "./tools.ts";

/** What a scrape adds to each series. */
const scraped = ["job", "namespace", "pod", "instance"];

/** Label names by the name of a series: a histogram has three. */
async function known(): Promise<Map<string, readonly string[]>> {
  const metrics = new Metrics();
  metrics.watches.register("workflowexecutions", { ageMs: () => 0, objects: () => 0 });
  const found = new Map<string, Set<string>>();
  for (const line of (await metrics.text()).split("\n")) {
    const [, name = "", inside = ""] = /^(\w+)(?:\{(.*)\})? /.exec(line) ?? [];
    if (line.startsWith("#") || name === "") continue;
    const labels = found.get(name) ?? new Set();
    for (const [, label = ""] of inside.matchAll(/(\w+)="/g)) labels.add(label);
    found.set(name, labels);
  }
  return new Map([...found].map(([name, labels]) => [name, [...labels]]));
}

async function faultsOf(queries: readonly string[]): Promise<string[]> {
  const metrics = await known();
  return queries.flatMap((expr) =>
    selectorsOf(expr).flatMap(({ metric, labels }) => {
      const has = metrics.get(metric);
      if (!has) return [`there is no metric ${metric}: ${expr}`];
      return labels.filter((label) => !has.includes(label) && !scraped.includes(label))
        .map((label) => `${metric} has no label ${label}: ${expr}`);
    })
  );
}

Deno.test("a query that names no metric of ours, or no label that it has, is found", async () => {
  assertEquals(await faultsOf(['sum by (reason) (rate(workflowexecution_skips{reason="x"}[5m]))']), [
    'there is no metric workflowexecution_skips: sum by (reason) (rate(workflowexecution_skips{reason="x"}[5m]))',
  ]);
  assertEquals(await faultsOf(['max(audit_backlog{sink="a"}) > 0 and sum by (cause) (workflowexecution_active) > 1']), [
    'audit_backlog has no label sink: max(audit_backlog{sink="a"}) > 0 and sum by (cause) (workflowexecution_active) > 1',
    'audit_backlog has no label cause: max(audit_backlog{sink="a"}) > 0 and sum by (cause) (workflowexecution_active) > 1',
    'workflowexecution_active has no label cause: max(audit_backlog{sink="a"}) > 0 and sum by (cause) (workflowexecution_active) > 1',
  ]);
});

Deno.test("every alert's query names metrics and labels that there are", async () => {
  assertEquals(await faultsOf(alerts.map(({ expr }) => expr)), []);
});

Deno.test("every query of the dashboard names metrics and labels that there are", async () => {
  assertEquals(await faultsOf(dashboardQueries()), []);
});

Deno.test("every query of the dashboard keeps to its jobs, and every legend names labels that its query leaves", () => {
  const panels = dashboard().panels as {
    title: string;
    type: string;
    targets?: { expr: string; legendFormat?: string }[];
  }[];
  const targets = panels.flatMap(({ title, targets = [] }) => targets.map((target) => ({ title, ...target })));
  assertEquals(targets.filter(({ expr }) => selectorsOf(expr).some(({ labels }) => !labels.includes("job"))), []);
  const lost = targets.flatMap(({ title, expr, legendFormat = "" }) =>
    [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label = ""]) => label)
      .filter((label) =>
        !(/\bby \(/.test(expr) ? new RegExp(`by \\([^)]*\\b${label}\\b`).test(expr) : scraped.includes(label))
      )
      .map((label) => `${title}: ${label}`)
  );
  assertEquals(lost, []);
});

Deno.test("all of the dashboard's jobs are those that have a controller, and not every job there is", () => {
  const { list } = dashboard().templating as { list: { name: string; includeAll?: boolean; allValue?: string }[] };
  const job = list.find(({ name }) => name === "job");
  // Without a value of its own, Grafana's All is the variable's values, one after the other.
  assertEquals({ includeAll: job?.includeAll, allValue: job?.allValue }, { includeAll: true, allValue: undefined });
});

Deno.test("panels do not overlap, and stay within Grafana's 24 columns", () => {
  const places = (dashboard().panels as { id: number; gridPos: { x: number; y: number; w: number; h: number } }[])
    .map(({ id, gridPos }) => ({ id, ...gridPos }));
  assertEquals(places.filter(({ x, w }) => x + w > 24), []);
  const overlaps = places.flatMap((a, index) =>
    places.slice(index + 1)
      .filter((b) => a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h)
      .map((b) => `${a.id} and ${b.id}`)
  );
  assertEquals(overlaps, []);
});

Deno.test("each alert has a case in which it fires, and one in which it does not", () => {
  const cases = (fires: boolean) => alertCases.filter((each) => each.fires === fires).map(({ alert }) => alert);
  const names = alerts.map(({ name }) => name).toSorted();
  assertEquals([...new Set(cases(true))].toSorted(), names);
  assertEquals([...new Set(cases(false))].toSorted(), names);
});

Deno.test("a controller without leader election says that it leads, so that nobody is told that there is no leader", async () => {
  const installation = defaultInstallation("0.0.0");
  await using secured = await SecuredProgram.start({ ...installation, config: {} });
  await secured.letAuditBeWritten();
  assertMatch(await secured.metrics.text(), /^leader_election_master_status\{.*\} 1$/m);
  await secured.stop();
});

testWith("promtool", "promtool takes the rules", async () => {
  const { code, out, err } = await ran("promtool", ["check", "rules", "--lint-fatal", "deploy/monitoring/alerts.yaml"]);
  assertEquals(code, 0, out + err);
});

testWith("promtool", "each alert fires when it should, and not before", async () => {
  const file = await Deno.makeTempFile({ suffix: ".yaml" });
  try {
    await Deno.writeTextFile(file, yaml.stringify(promtoolTests()));
    const { code, out, err } = await ran("promtool", ["test", "rules", file]);
    assertEquals(code, 0, out + err);
  } finally {
    await Deno.remove(file);
  }
});

/** promtool compares labels and annotations, too: those of a case that fires are written out in it. */
function promtoolTests(): JSONObject {
  const severity = Object.fromEntries(alerts.map(({ name, severity }) => [name, severity]));
  return {
    rule_files: [new URL("../../deploy/monitoring/alerts.yaml", import.meta.url).pathname],
    evaluation_interval: "1m",
    tests: alertCases.map(({ name, alert, series, at, fires, labels = {}, summary = "" }) => ({
      name,
      interval: "30s",
      input_series: Object.entries(series).map(([series, values]) => ({ series, values })),
      alert_rule_test: [{
        eval_time: at,
        alertname: alert,
        exp_alerts: fires
          ? [{
            exp_labels: { severity: severity[alert] ?? "", ...labels },
            exp_annotations: { summary, description: descriptionOf(alert) },
          }]
          : [],
      }],
    })),
  };
}

function descriptionOf(alert: string): string {
  return alerts.find(({ name }) => name === alert)?.description ?? "";
}
