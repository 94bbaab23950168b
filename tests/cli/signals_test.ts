// Signals, exit codes and the pid file of the real process, against the simulated cluster.

import { assert, assertEquals } from "@std/assert";
import { serve } from "../../lib/sim/serve.ts";
import { manifest } from "../support/builders.ts";
import { kubeconfigFor, ServedCluster, until } from "../support/served_cluster.ts";

async function isThere(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

Deno.test("SIGTERM ends it with 0, and takes its pid file away", async () => {
  await using cluster = await ServedCluster.start({ tekton: false });
  const pidFile = `${cluster.directory}/pid`;
  const { process } = await cluster.started(["--pid-file", pidFile]);
  await using _ = process;
  assertEquals((await Deno.readTextFile(pidFile)).trim(), String(process.pid));
  assertEquals((await process.stop()).code, 0);
  assertEquals(await isThere(pidFile), false);
  const told = (await process.log()).trim().split("\n").map((line) => JSON.parse(line).msg);
  assertEquals(told.slice(-3), [
    "SIGTERM received",
    "stopping: finishing what is under way; PipelineRuns go on",
    "stopped",
  ]);
});

Deno.test("SIGTERM while it is starting ends it with 0, too, whatever it waits for", async () => {
  await using cluster = await ServedCluster.start({ tekton: false });
  let asked = false;
  await using silent = await serve((request) => {
    asked = true;
    return new Promise<Response>((_, reject) =>
      request.signal.addEventListener("abort", () => reject(request.signal.reason))
    );
  });
  const kubeconfig = `${cluster.directory}/silent`;
  await Deno.writeTextFile(kubeconfig, kubeconfigFor(silent.url));
  await using process = await cluster.run(["--kubeconfig", kubeconfig]);
  await until("it asks", () => asked || undefined);
  assertEquals((await process.stop()).code, 0);
  const told = (await process.log()).trim().split("\n").map((line) => JSON.parse(line).msg);
  assertEquals(told, ["SIGTERM received", "stopped"]);
});

Deno.test({
  name: "a log that cannot be written ends nothing",
  ignore: Deno.build.os !== "linux", // no /dev/full elsewhere
  async fn() {
    await using cluster = await ServedCluster.start({ tekton: false });
    const pidFile = `${cluster.directory}/pid`;
    const main = new URL("../../main.ts", import.meta.url).pathname;
    const flags = ["--kubeconfig", cluster.kubeconfig, "--lock-namespace", "kubernaut-system", "--pid-file", pidFile];
    const ports = ["--health-address", "127.0.0.1:0", "--metrics-address", "127.0.0.1:0"];
    const sinks = ["--audit-sinks", `file:${cluster.directory}/audit`];
    const process = new Deno.Command("sh", {
      args: ["-c", 'exec "$0" run -A "$@" 2>/dev/full', Deno.execPath(), main, "run", ...flags, ...ports, ...sinks],
      stdin: "null",
    }).spawn();
    let over = false;
    const ended = process.status.finally(() => over = true);
    await until("it runs", async () => over || await isThere(pidFile) || undefined);
    if (!over) process.kill("SIGTERM");
    assertEquals((await ended).code, 0);
  },
});

for (const [first, second, code] of [["SIGTERM", "SIGTERM", 143], ["SIGTERM", "SIGINT", 130]] as const) {
  Deno.test(`${second} after ${first} ends it at once with ${code}, and takes its pid file away`, async () => {
    await using cluster = await ServedCluster.start({ tekton: false });
    // Writes are never answered, so that the pass under way is waited for as long as may be.
    cluster.server.install(manifest());
    let writing = false;
    await using silent = await serve(async (request) => {
      if (request.method === "GET") return await cluster.server.handle(request);
      writing = true;
      return await new Promise<Response>((_, reject) =>
        request.signal.addEventListener("abort", () => reject(request.signal.reason))
      );
    });
    const kubeconfig = `${cluster.directory}/silent`;
    await Deno.writeTextFile(kubeconfig, kubeconfigFor(silent.url));
    const pidFile = `${cluster.directory}/pid`;
    const { process } = await cluster.started(["--kubeconfig", kubeconfig, "--pid-file", pidFile]);
    await using _ = process;
    await until("a write is under way", () => writing || undefined);
    Deno.kill(process.pid, first);
    await until("it is stopping", async () => (await process.log()).includes(`"${first} received"`) || undefined);
    Deno.kill(process.pid, second);
    const ended = await process.end(30_000);
    assertEquals(ended.code, code);
    assertEquals(await isThere(pidFile), false);
    assert(!(await process.log()).includes('"stopped"'));
  });
}
