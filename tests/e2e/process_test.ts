// `kubernaut-we run` as a process: what it says when it cannot start, its exit codes, its pid file, and how it stops.

import { assert, assertEquals, assertMatch } from "@std/assert";
import { e2e } from "./cluster.ts";
import { ControllerProcess } from "./controller_process.ts";
import { changedKubeconfig, type KubeconfigParts, tokenOf } from "./kubeconfig.ts";

interface Refused {
  readonly name: string;
  readonly code: 1 | 2;
  /** Every line that it writes, in order. */
  readonly lines: readonly RegExp[];
  readonly flags: readonly string[];
}

const anyPorts = ["--health-address", "127.0.0.1:0", "--metrics-address", "127.0.0.1:0"];

e2e("a start that must fail says why in one line, and ends with an exit code", async (cluster, t) => {
  const directory = await Deno.makeTempDir({ prefix: "e2e-" });
  await using stack = new AsyncDisposableStack();
  stack.defer(() => Deno.remove(directory, { recursive: true }));
  const free = freePort();
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  const kubeconfig = async (name: string, change: (entry: KubeconfigParts) => void) => {
    const path = `${directory}/${name}`;
    await Deno.writeTextFile(path, await changedKubeconfig(change));
    return ["--kubeconfig", path, ...anyPorts];
  };
  const unreachable = await kubeconfig("unreachable", ({ cluster }) => cluster.server = `https://127.0.0.1:${free}`);
  const wrongToken = await kubeconfig("token", (entry) => entry.user = { token: "not-a-token" });
  const token = await tokenOf(cluster, "default");
  const noRights = await kubeconfig("rights", (entry) => entry.user = { token });
  const cases: Refused[] = [
    {
      name: "the API server cannot be reached",
      code: 1,
      lines: [new RegExp(`^kubernaut-we: .*https://127\\.0\\.0\\.1:${free}\\b.*refused`, "i")],
      flags: unreachable,
    },
    {
      name: "the API server does not know the token",
      code: 1,
      lines: [/^kubernaut-we: the API server does not accept the credentials of the kubeconfig: .*401/],
      flags: wrongToken,
    },
    {
      name: "the account may not do what is needed",
      code: 1,
      lines: [
        /^kubernaut-we: this account may not list workflowexecutions: .*forbidden/,
        /^kubernaut-we: this account may not list pipelineruns: .*forbidden/,
        /^kubernaut-we: this account may not list leases in the namespace kubernaut-system: .*forbidden/,
      ],
      flags: noRights,
    },
    {
      name: "the lock namespace does not exist",
      code: 1,
      lines: [/^kubernaut-we: the lock namespace nowhere \(lockNamespace\) .*kubectl create namespace nowhere$/],
      flags: [...anyPorts, "--lock-namespace", "nowhere"],
    },
    {
      name: "the health port is taken",
      code: 1,
      lines: [
        new RegExp(`^kubernaut-we: Cannot listen on health\\.address 127\\.0\\.0\\.1:${port}: the port is taken`),
      ],
      flags: [...anyPorts, "--health-address", `127.0.0.1:${port}`],
    },
    {
      name: "the metrics port is taken",
      code: 1,
      lines: [
        new RegExp(`^kubernaut-we: Cannot listen on metrics\\.address 127\\.0\\.0\\.1:${port}: the port is taken`),
      ],
      flags: [...anyPorts, "--metrics-address", `127.0.0.1:${port}`],
    },
    {
      name: "the kubeconfig is not there",
      code: 1,
      lines: [/^kubernaut-we: .*\/nothing-here\b/],
      flags: [...anyPorts, "--kubeconfig", `${directory}/nothing-here`],
    },
    {
      name: "the configuration has faults",
      code: 2,
      lines: [/./, /cooldown.*"soon"/, /concurrency.*0/],
      flags: [...anyPorts, "--cooldown", "soon", "--concurrency", "0"],
    },
  ];
  for (const { name, code, lines, flags } of cases) {
    await t.step(`${name}: exit code ${code}`, async () => {
      const known = ["--namespaces", cluster.namespace, "--audit-sinks", `file:${directory}/audit`];
      await using process = await ControllerProcess.spawn(["run", ...known, ...lastOf(flags)]);
      const ended = await process.end(60_000);
      const written = (await process.log()).trimEnd().split("\n");
      assertEquals(written.length, lines.length, written.join("\n"));
      for (const [i, line] of lines.entries()) assertMatch(written[i] ?? "", line);
      assertEquals([ended.code, ended.signal], [code, null]);
    });
  }
});

e2e("a controller that is told to stop", async (cluster, t) => {
  const directory = await Deno.makeTempDir({ prefix: "e2e-" });
  await using stack = new AsyncDisposableStack();
  stack.defer(() => Deno.remove(directory, { recursive: true }));
  const pidFile = `${directory}/pid`;
  await using first = await ControllerProcess.start(cluster, ["--pid-file", pidFile]);
  const names = Array.from({ length: 8 }, (_, i) => `run-${i}`);

  await t.step("has written its process id", async () => {
    assertEquals(await Deno.readTextFile(pidFile), `${first.pid}\n`);
  });

  await t.step("ends with exit code 0 within 10 s while executions run", async () => {
    await cluster.execute("hangs", { bundle: "hang" });
    for (const name of names) await cluster.execute(name);
    await cluster.untilPhase("hangs", "Running");
    const { code, signal, afterMs } = await first.stop();
    assertEquals([code, signal], [0, null], await first.log());
    assert(afterMs < 10_000, `it took ${afterMs} ms`);
    assertEquals((await cluster.status("hangs")).phase, "Running");
  });

  await t.step("has removed its pid file", async () => {
    const there = await Deno.stat(pidFile).then(() => true, () => false);
    assertEquals(there, false);
  });

  await t.step(
    "has left every PipelineRun running; the next controller brings the executions to their end",
    async () => {
      await using _second = await ControllerProcess.start(cluster);
      for (const name of names) {
        await cluster.untilPhase(name, "Completed", 60_000);
        assertEquals((await cluster.runsOf(name)).length, 1);
      }
      assertEquals((await cluster.status("hangs")).phase, "Running");
    },
  );
});

/** Nobody listens there, at least a moment ago. */
function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return (listener.addr as Deno.NetAddr).port;
}

/** Each flag once: what was given last. */
function lastOf(flags: readonly string[]): string[] {
  const given = new Map<string, string>();
  for (let i = 0; i < flags.length; i += 2) given.set(flags[i] ?? "", flags[i + 1] ?? "");
  return [...given].flat();
}
