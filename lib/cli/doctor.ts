// `kubernaut-we doctor`: everything that the controller needs, looked at once, each a line; what fails says how to mend it.
// Changes nothing. The checks stand in doctor/, this is their order and the report.

import { type Clock, systemClock } from "../clock.ts";
import { type Config, loadConfig } from "../config.ts";
import { ConfigError } from "../config_faults.ts";
import { KubeClient } from "../kube/client.ts";
import { ConnectionError, StatusError } from "../kube/errors.ts";
import { connect } from "../kube/kubeconfig.ts";
import { KubeconfigError } from "../kube/kubeconfig_file.ts";
import { lineWriter, silentLogger } from "../log.ts";
import { commands } from "./commands.ts";
import { readIfThere } from "./config.ts";
import { clocks, kubernetes } from "./doctor/cluster.ts";
import { definitions } from "./doctor/definitions.ts";
import type { Finding, Patient } from "./doctor/finding.ts";
import { dataStorage, ports } from "./doctor/outside.ts";
import { lockNamespace, serviceAccounts } from "./doctor/places.ts";
import { rights } from "./doctor/rights.ts";
import { tekton } from "./doctor/tekton.ts";
import { takeOwnFlags } from "./own_flags.ts";

const usage =
  `Usage: kubernaut-we doctor [-o|--output text|json] [--account NAMESPACE/NAME] [--kubeconfig FILE] [--context NAME]
                           [--config FILE] [--KEY VALUE …]

Looks at everything the controller needs, with the configuration it would run with, and changes nothing.
--account   whose permissions are looked at; default: those of the account that doctor itself connects with
--output    text, or json

Exit code 0 when nothing fails, 1 when something does, 2 for a wrong command line or configuration.`;

/** Runs the command. */
export async function doctor(args: string[]): Promise<number> {
  const print = lineWriter(Deno.stdout);
  const complain = lineWriter(Deno.stderr);
  if (args.includes("--help") || args.includes("-h")) {
    print(usage);
    return 0;
  }
  const own = takeOwnFlags(args, { "--output": "value", "--account": "value" }, { "-o": "--output" });
  const fault = typeof own === "string" ? own : faultIn(own.values);
  if (typeof own === "string" || fault !== undefined) {
    complain(`kubernaut-we doctor: ${fault}\n\n${usage}`);
    return 2;
  }
  let config: Config;
  try {
    config = await loadConfig({
      args: own.rest,
      otherFlags: Object.keys(commands.doctor.flags),
      env: Deno.env.toObject(),
      readFile: readIfThere,
    });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    complain(error.toString());
    return 2;
  }
  const [namespace = "", name = ""] = own.values.get("--account")?.split("/") ?? [];
  try {
    const findings = await examine({
      config,
      clock: systemClock,
      account: name ? { namespace, name } : undefined,
      open: (observer) =>
        connect({
          clock: systemClock,
          log: silentLogger,
          observer,
          ...(config.kubeconfig ? { kubeconfig: config.kubeconfig } : {}),
          ...(config.context ? { context: config.context } : {}),
        }),
    });
    print(own.values.get("--output") === "json" ? json(findings) : text(findings));
    return findings.some(({ status }) => status === "fail") ? 1 : 0;
  } catch (error) {
    const expected = error instanceof KubeconfigError || error instanceof ConnectionError ||
      error instanceof StatusError;
    if (!expected) throw error;
    complain(`kubernaut-we doctor: ${error.message}`);
    return 1;
  }
}

function faultIn(values: ReadonlyMap<string, string>): string | undefined {
  const output = values.get("--output") ?? "text";
  if (output !== "text" && output !== "json") return `--output is ${JSON.stringify(output)}, should be text or json`;
  const account = values.get("--account");
  if (account !== undefined && !/^[^/]+\/[^/]+$/.test(account)) {
    return `--account is ${JSON.stringify(account)}, should be NAMESPACE/NAME of a service account`;
  }
  return undefined;
}

export interface Examination extends Pick<Patient, "config" | "account"> {
  readonly clock: Clock;
  /** Opens the cluster; disposed of here. */
  readonly open: (observer: { answered(headers: Headers): void }) => Promise<KubeClient>;
}

/** All checks, in the order of the report. One that can say nothing without another says so. */
export async function examine({ config, account, clock, open }: Examination): Promise<Finding[]> {
  let time: { atMs: number; readAtMs: number } | undefined;
  using client = await open({
    answered: (headers) => {
      const atMs = Date.parse(headers.get("date") ?? "");
      if (!Number.isNaN(atMs)) time = { atMs, readAtMs: clock.now() };
    },
  });
  const patient: Patient = { client, config, clock, account, serverTime: () => time };
  const first = await kubernetes(patient);
  const here = [...await dataStorage(patient), ...await ports(patient)];
  if (time === undefined && first.status === "fail") return [first, ...here];
  return [
    first,
    clocks(patient),
    await definitions(patient),
    ...await tekton(patient),
    ...await rights(patient),
    await lockNamespace(patient),
    ...await serviceAccounts(patient),
    ...here,
  ];
}

function json(findings: readonly Finding[]): string {
  return JSON.stringify({ ok: findings.every(({ status }) => status !== "fail"), findings }, null, 2);
}

function text(findings: readonly Finding[]): string {
  const width = Math.max(...findings.map(({ check }) => check.length));
  const lines = findings.flatMap(({ check, status, message, mend }) => [
    `${status.padEnd(7)}  ${check.padEnd(width)}  ${message}`,
    ...(mend === undefined ? [] : [`${" ".repeat(width + 11)}mend: ${mend}`]),
  ]);
  const failures = findings.filter(({ status }) => status === "fail").length;
  return [...lines, "", failures === 0 ? "nothing is missing" : `${failures} to mend`].join("\n");
}
