// What the audit trail costs: how many executions a second a whole controller brings to their end on the embedded API server,
// without any sink and with a Data Storage Service that answers in 200 ms. Both in one process, by turns, so that a machine's
// moods fall on both; each begins every other round. Prints each pair and the median of their ratios, and the same of the CPU
// time that an execution takes, which other programs disturb less. The API server's own work is in both, the service's in neither.
//
//     deno run -A tests/bench/audit_throughput.ts [EXECUTIONS] [ROUNDS]

import { cpuUsage } from "node:process";
import { yaml } from "../../deps.ts";
import { createSinks } from "../../lib/audit/sinks.ts";
import { Outbox } from "../../lib/audit/outbox.ts";
import { sleep, systemClock } from "../../lib/clock.ts";
import { Controller } from "../../lib/controller/controller.ts";
import { KubeClient } from "../../lib/kube/client.ts";
import type { JSONObject } from "../../lib/kube/contract.ts";
import { lineWriter, silentLogger } from "../../lib/log.ts";
import { ApiServer } from "../../lib/sim/api_server.ts";
import { tektonDefinitions } from "../../lib/sim/permissive_definitions.ts";
import { defaultRules, manifest } from "../support/builders.ts";
import { crdPath } from "../support/crd.ts";
import { swiftRuns } from "../support/swift_runs.ts";

const executionsType = "workflowexecution.kubernaut.ai/workflowexecutions";
const answerMs = 200;
const clock = systemClock;

interface Measured {
  /** Executions a second, until the last has ended. */
  readonly ended: number;
  /** Executions a second, until nothing is owed for any of them. */
  readonly settled: number;
  /** CPU time of this process for one execution, the API server's included. */
  readonly cpuMs: number;
}

async function measure(count: number, audited: boolean): Promise<Measured> {
  await using stack = new AsyncDisposableStack();
  const server = stack.use(new ApiServer({ clock }));
  let stored = 0;
  const crd = yaml.parse(await Deno.readTextFile(crdPath)) as JSONObject;
  for (const definition of [crd, ...tektonDefinitions()]) server.install(definition);
  for (const name of ["kubernaut-system", "payment"]) {
    server.install({ apiVersion: "v1", kind: "Namespace", metadata: { name } });
  }
  const account = { name: "kubernaut-workflow-runner", namespace: "payment" };
  server.install({ apiVersion: "v1", kind: "ServiceAccount", metadata: account });
  stack.use(swiftRuns({ clock, server }, 0));
  const { url } = stack.use(await server.serve());
  const client = stack.use(new KubeClient({ baseUrl: url, clock }));
  const sinks = audited
    ? createSinks({ sinks: [{ kind: "http", url: "http://data-storage.test" }] }, {
      clock,
      log: silentLogger,
      fetch: async (_, { body }) => {
        await sleep(clock, answerMs);
        stored += (JSON.parse(String(body)) as JSONObject[]).length;
        return Response.json({ event_ids: [], message: "stored" }, { status: 201 });
      },
    })
    : [];
  const outbox = stack.use(new Outbox({ sinks, clock, log: silentLogger, batchSize: 100, batchDelayMs: 100 }));
  const controller = new Controller({
    client,
    clock,
    log: silentLogger,
    rules: defaultRules,
    namespaces: [],
    concurrency: 32,
    audit: outbox,
    spoolAudit: () => Promise.reject(new Error("nothing is deleted here")),
    traces: undefined,
  });
  controller.leading = true;
  const end = new AbortController();
  const running = Promise.all([controller.run(end.signal), outbox.run(end.signal)]);
  stack.defer(async () => {
    end.abort(new Error("measured"));
    await running;
  });
  while (!controller.synced) await sleep(clock, 10);

  const before = cpuUsage();
  const beganMs = clock.monotonic();
  for (let i = 0; i < count; i++) server.install(manifest({ name: `e${i}`, target: `payment/deployment/d${i}` }));
  const all = (holds: (object: JSONObject) => boolean) =>
    (server.storage.list(executionsType) as unknown as JSONObject[]).every(holds);
  const rateWhen = async (holds: (object: JSONObject) => boolean) => {
    while (!all(holds)) await sleep(clock, 10);
    return count / ((clock.monotonic() - beganMs) / 1000);
  };
  const ended = await rateWhen(({ status }) => (status as JSONObject | undefined)?.["phase"] === "Completed");
  const settled = await rateWhen(({ metadata }) => !(metadata as { finalizers?: string[] }).finalizers?.length);
  if (audited && stored < 2 * count) throw new Error(`only ${stored} events arrived`);
  const { user, system } = cpuUsage(before);
  return { ended, settled, cpuMs: (user + system) / 1000 / count };
}

const print = lineWriter(Deno.stdout);
const [count = 500, rounds = 5] = Deno.args.map(Number);
await measure(50, true); // what is compiled at first use is compiled
const ratios: Measured[] = [];
for (let round = 0; round < rounds; round++) {
  const order = round % 2 === 0 ? [false, true] : [true, false];
  const results = new Map<boolean, Measured>();
  for (const audited of order) results.set(audited, await measure(count, audited));
  const [without, audited] = [results.get(false)!, results.get(true)!];
  const pair = (what: keyof Measured) =>
    `${what} ${without[what].toFixed(1)} without, ${audited[what].toFixed(1)} with audit`;
  print(`${pair("ended")}; ${pair("settled")}; ${pair("cpuMs")}`);
  ratios.push({
    ended: audited.ended / without.ended,
    settled: audited.settled / without.settled,
    cpuMs: audited.cpuMs / without.cpuMs,
  });
}
const median = (what: keyof Measured) => (ratios.map((ratio) => ratio[what]).sort((a, b) => a - b)[rounds >> 1] ?? NaN);
for (const what of ["ended", "settled", "cpuMs"] as const) {
  print(`${what}: median of the ratios ${median(what).toFixed(3)}`);
}
