// Keys that only the process as a whole obeys: what it logs and how, and how many requests it has under way at once. Two
// processes are looked at, one with all of these keys and one with none.

import { sleep, systemClock } from "../../lib/clock.ts";
import { serve } from "../../lib/sim/serve.ts";
import { manifest } from "../support/builders.ts";
import { kubeconfigFor, ServedCluster, until } from "../support/served_cluster.ts";
import type { Effect } from "./effect.ts";

interface Observed {
  readonly informs: boolean;
  readonly warning: string;
  readonly mostRequests: number;
}

const names = ["a", "b", "c", "d", "e", "f"];

/** Runs the program until six executions have failed that were there before it, and stops it. */
async function observe(flags: readonly string[]): Promise<Observed> {
  await using cluster = await ServedCluster.start({ tekton: false });
  for (const name of names) {
    const executionConfig = { timeout: "25h" };
    cluster.server.install(manifest({ name, target: `payment/deployment/${name}`, spec: { executionConfig } }));
  }
  let now = 0;
  let most = 0;
  await using slow = await serve(async (request) => {
    if (request.url.includes("watch=true")) return await cluster.server.handle(request);
    most = Math.max(most, ++now);
    await sleep(systemClock, 30);
    now--;
    return await cluster.server.handle(request);
  });
  const kubeconfig = `${cluster.directory}/slow`;
  await Deno.writeTextFile(kubeconfig, kubeconfigFor(slow.url));
  await using process = await cluster.run(["--kubeconfig", kubeconfig, "--namespaces=payment,nowhere", ...flags]);
  await until("all have failed", () => names.every((name) => phaseOf(cluster, name) === "Failed") || undefined);
  await process.stop();
  const lines = (await process.log()).split("\n");
  return {
    informs: lines.some((line) => /info/i.test(line)),
    warning: lines.find((line) => line.includes("nowhere"))?.replace(/\d[\d:.TZ-]{7,}/, "TIME") ?? "",
    mostRequests: most,
  };
}

function phaseOf(cluster: ServedCluster, name: string): unknown {
  return (cluster.get("workflowexecutions", "payment", name)?.status as { phase?: string } | undefined)?.phase;
}

const message = "the namespace nowhere (namespaces) does not exist; create it: kubectl create namespace nowhere";

/** Two processes serve all rows. */
export function processEffects(): readonly Effect[] {
  const flags = ["--log-level=warn", "--log-format=text", "--max-in-flight=1"];
  const processes = new Map<string, Promise<Observed>>();
  const row = (
    key: string,
    shows: string,
    read: (observed: Observed) => unknown,
    values: [unknown, unknown],
  ): Effect => ({
    keys: [key],
    flags,
    shows,
    with: values[0],
    without: values[1],
    observe: async (given) => {
      const known = processes.get(given.join()) ?? observe(given);
      processes.set(given.join(), known);
      return read(await known);
    },
  });
  return [
    row("log.level", "whether there is a line of level INFO", ({ informs }) => informs, [false, true]),
    row("log.format", "a warning, to no terminal", ({ warning }) => warning, [
      `TIME WARN  ${message}`,
      JSON.stringify({ ts: "TIME", level: "warn", msg: message }),
    ]),
    row("maxInFlight", "whether requests go out beside each other", ({ mostRequests }) => mostRequests > 1, [
      false,
      true,
    ]),
  ];
}
