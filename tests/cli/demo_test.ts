// The demo as a process, as a new user runs it: what it leaves behind, how it ends, and what it says of a wrong flag.

import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import type { JSONObject } from "../../lib/kube/contract.ts";
import { yaml } from "../../deps.ts";

const program = new URL("../../main.ts", import.meta.url).pathname;

interface Demo extends AsyncDisposable {
  /** Everything printed up to and with the line that matches. */
  until(pattern: RegExp): Promise<string>;
  signal(signal: Deno.Signal): void;
  /** Exit code, what was printed in all, what was complained of, and the files left in its temporary folder. */
  end(): Promise<{ code: number; out: string; err: string; left: string[] }>;
  readonly directory: string;
}

/** A process with a temporary folder of its own. */
async function start(...args: string[]): Promise<Demo> {
  const directory = await Deno.makeTempDir({ prefix: "demo-test-" });
  const temporary = `${directory}/tmp`;
  await Deno.mkdir(temporary);
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-check",
      "--allow-net=127.0.0.1",
      "--allow-env",
      "--allow-read",
      "--allow-write",
      program,
      "demo",
      ...args,
    ],
    env: { TMPDIR: temporary, NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const complaints = new Response(child.stderr).text();
  let out = "";
  const more = async () => {
    const { value, done } = await reader.read();
    out += value ?? "";
    return !done;
  };
  return {
    directory,
    async until(pattern) {
      while (!pattern.test(out)) if (!await more()) throw new Error(`it ended: ${out}${await complaints}`);
      return out;
    },
    signal: (signal) => child.kill(signal),
    async end() {
      while (await more());
      const { code } = await child.status;
      const left = [...Deno.readDirSync(temporary)].map(({ name }) => name);
      return { code, out, err: await complaints, left };
    },
    async [Symbol.asyncDispose]() {
      try {
        child.kill("SIGKILL");
      } catch (error) {
        // It has ended.
        if (!(error instanceof TypeError)) throw error;
      }
      while (await more());
      await complaints;
      await child.status;
      await Deno.remove(directory, { recursive: true });
    },
  };
}

Deno.test("demo --serve tells its story, serves the cluster to a kubeconfig, and leaves nothing behind", async () => {
  await using demo = await start("--serve", "--speed", "10");
  const told = await demo.until(/metrics http.*\n/);
  assertStringIncludes(told, "\n1 completed, 1 failed, 2 skipped, 1 deleted, in ");
  assertMatch(told, /\nThe audit trail has 8 events: .*\bresize-1 deleted\n/);
  const [, kubeconfig = ""] = /export KUBECONFIG=(\S+)/.exec(told) ?? [];
  const config = yaml.parse(await Deno.readTextFile(kubeconfig));
  assertEquals(config.contexts[0].context.namespace, "payment");
  const executions = "/apis/workflowexecution.kubernaut.ai/v1alpha1/namespaces/payment/workflowexecutions";
  const response = await fetch(`${config.clusters[0].cluster.server}${executions}`);
  const { items } = await response.json() as { items: { metadata: JSONObject; status: JSONObject }[] };
  assertEquals(items.map(({ metadata, status }) => [metadata.name, status.phase]), [
    ["drain-1", "Failed"],
    ["restart-1", "Completed"],
    ["restart-2", "Skipped"],
    ["scale-1", "Skipped"],
  ]);
  demo.signal("SIGINT");
  const { code, err, left } = await demo.end();
  assertEquals([code, err, left], [0, "", []]);
});

Deno.test("demo clears up when it is stopped in the middle of its story", async () => {
  await using demo = await start();
  await demo.until(/restart-1 +Running/);
  demo.signal("SIGINT");
  const { code, err, left } = await demo.end();
  assertEquals([code, err, left], [130, "", []]);
});

Deno.test("demo says of a wrong value what is wrong with it, before it plays", async (t) => {
  const bundles = await Deno.makeTempDir({ prefix: "demo-bundles-" });
  await Deno.writeTextFile(
    `${bundles}/mine.yaml`,
    "kind: Pipeline\nmetadata: {name: workflow}\nspec: {tasks: [{name: a}]}\n",
  );
  const table: [args: string[], code: number, message: RegExp][] = [
    [["--speed", "0"], 2, /^kubernaut-we demo: --speed is "0", should be a number above 0 and at most 1000\n/],
    [
      ["--serve", "--kubeconfig-file", `${bundles}/mine.yaml/k`],
      1,
      /^kubernaut-we demo: --kubeconfig-file \S+\/mine\.yaml\/k: Not a directory.*\n$/,
    ],
    [["--bundles", "/dev/null"], 1, /^kubernaut-we demo: --bundles \/dev\/null: Not a directory.*\n$/],
    [["--bundles", bundles], 1, /^kubernaut-we demo: --bundles \S+: Cannot read the bundle mine: it should be .*\n$/],
  ];
  try {
    for (const [args, code, message] of table) {
      await t.step(args[0] ?? "", async () => {
        await using demo = await start(...args);
        const ended = await demo.end();
        assertMatch(ended.err, message);
        assertEquals([ended.code, ended.out, ended.left], [code, "", []]);
      });
    }
  } finally {
    await Deno.remove(bundles, { recursive: true });
  }
});
