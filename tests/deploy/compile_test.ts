// The binary before there is a runtime stub to try it on: what `deno compile` is told, that it takes it, what is said when the
// stub is missing, and that the program does its work with the binary's permissions and nothing beside it.

import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { yaml } from "../../deps.ts";
import { compileArguments, outputOf, permissionsOf, targets } from "../../deploy/binary.ts";
import { systemClock } from "../../lib/clock.ts";
import type { JSONObject } from "../../lib/kube/contract.ts";
import { ApiServer } from "../../lib/sim/api_server.ts";
import { tektonDefinitions } from "../../lib/sim/permissive_definitions.ts";
import { crdPath } from "../support/crd.ts";

const root = new URL("../../", import.meta.url).pathname;
const build = { target: undefined, execPlugins: false, commit: "0123456789ab" } as const;

Deno.test("a binary may use network, files, environment and the host's names, and asks for nothing", () => {
  assertEquals(permissionsOf({ execPlugins: false }), [
    "--allow-net",
    "--allow-read",
    "--allow-write",
    "--allow-env",
    "--allow-sys=hostname,networkInterfaces",
    "--no-prompt",
  ]);
});

Deno.test("only a binary for credential plugins may run programs", () => {
  assertEquals(permissionsOf({ execPlugins: true }), [...permissionsOf({ execPlugins: false }), "--allow-run"]);
});

Deno.test("a binary's heap has no fixed cap", () => {
  const flags = compileArguments(build, []).filter((argument) => argument.startsWith("--v8-flags"));
  assertEquals(flags, ["--v8-flags=--optimize-for-size,--heap-growing-percent=25"]);
});

Deno.test("each target has a file of its own, named by system and architecture", () => {
  const names = (Object.keys(targets) as (keyof typeof targets)[]).map((target) => outputOf({ target }));
  assertEquals(names, [
    "dist/kubernaut-we-linux-x64",
    "dist/kubernaut-we-linux-arm64",
    "dist/kubernaut-we-macos-x64",
    "dist/kubernaut-we-macos-arm64",
    "dist/kubernaut-we-windows-x64.exe",
  ]);
});

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

interface DenoOptions {
  readonly cwd?: string;
  readonly env?: Record<string, string>;
  readonly clearEnv?: boolean;
}

/** Runs `deno` with these arguments. */
async function deno(args: readonly string[], o: DenoOptions = {}): Promise<Ended> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd: o.cwd ?? root,
    env: { NO_COLOR: "1", ...o.env },
    clearEnv: o.clearEnv ?? false,
    stdin: "null",
  }).output();
  return { code, out: new TextDecoder().decode(stdout), err: new TextDecoder().decode(stderr) };
}

const script = ["run", "--quiet", "-A", "deploy/compile.ts"];

for (
  const { name, args, code, says } of [
    { name: "a target that there is none of", args: ["--target", "amiga"], code: 2, says: '--target is "amiga"' },
    { name: "a commit that is no hash", args: ["--commit", "main"], code: 2, says: '--commit is "main"' },
    { name: "a flag that there is none of", args: ["--fast"], code: 2, says: "'--fast'" },
  ]
) {
  Deno.test(`compile refuses ${name}`, async () => {
    const ended = await deno([...script, ...args]);
    assertEquals(ended.code, code);
    assertStringIncludes(ended.err, says);
  });
}

Deno.test("compile says in one line when DENORT_BIN names no file", async () => {
  assertEquals(await deno(script, { env: { DENORT_BIN: "dist/none" } }), {
    code: 1,
    out: "",
    err: 'compile: DENORT_BIN is "dist/none", and there is no such file\n',
  });
});

Deno.test("compile takes one stub for one target only", async () => {
  assertEquals(await deno([...script, "--target", "all"], { env: { DENORT_BIN: "deno.json" } }), {
    code: 1,
    out: "",
    err: "compile: DENORT_BIN is one stub, for one target: give one --target\n",
  });
});

Deno.test("compile says in one line which stub is missing and how to get it, without a network", async () => {
  const cache = await Deno.makeTempDir();
  try {
    // Packages are there, as after any other task; the stub never was.
    const { npmCache } = JSON.parse((await deno(["info", "--json"])).out) as { npmCache: string };
    await Deno.symlink(npmCache, `${cache}/npm`);
    const env = { DENO_DIR: cache, HTTPS_PROXY: "http://127.0.0.1:9", PATH: Deno.env.get("PATH") ?? "" };
    const { code, out, err } = await deno([...script, "--target", "linux-arm64"], { env, clearEnv: true });
    assertEquals([code, out], [1, ""]);
    assertMatch(
      err,
      /^compile: the runtime stub cannot be fetched; fetch https:\/\/\S+\/denort-aarch64-unknown-linux-gnu\.zip where that is possible, unpack it, and name it: DENORT_BIN=<path of denort> deno task compile\n$/,
    );
  } finally {
    await Deno.remove(cache, { recursive: true });
  }
});

Deno.test("run does its work with a binary's permissions", async () => {
  const folder = await Deno.makeTempDir();
  try {
    using server = new ApiServer({ clock: systemClock });
    for (const definition of tektonDefinitions()) server.install(definition);
    server.install(yaml.parse(await Deno.readTextFile(crdPath)) as JSONObject);
    server.install({ apiVersion: "v1", kind: "Namespace", metadata: { name: "kubernaut-system" } });
    await using served = await server.serve();
    await Deno.writeTextFile(`${folder}/kubeconfig`, server.kubeconfig(served.url));
    const child = new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "--quiet", ...permissionsOf(build), `${root}main.ts`, "run", "--kubeconfig", `${folder}/kubeconfig`],
        ...["--health-address", "127.0.0.1:0", "--metrics-address", "127.0.0.1:0", "--pid-file", `${folder}/pid`],
        ...["--lock-namespace", "kubernaut-system", "--leader-election", "--log-format", "json"],
        ...["--audit-sinks", `file:${folder}/audit`],
      ],
      cwd: folder,
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    const log = new Response(child.stderr.pipeThrough(stopOnce(child, "caches are filled"))).text();
    const { code } = await child.status;
    const messages = (await log).trimEnd().split("\n").map((line) =>
      JSON.parse(line) as { level: string; msg: string }
    );
    assertEquals([code, messages.at(-1)?.msg], [0, "stopped"]);
    assertEquals(messages.filter(({ level }) => level === "error" || level === "warn"), []);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

/** Ends a process by SIGTERM as soon as it has written these words. */
function stopOnce(child: Deno.ChildProcess, words: string): TransformStream<Uint8Array, Uint8Array> {
  let seen = "";
  return new TransformStream({
    transform(chunk, controller) {
      const before = seen.includes(words);
      seen += new TextDecoder().decode(chunk);
      if (!before && seen.includes(words)) child.kill("SIGTERM");
      controller.enqueue(chunk);
    },
  });
}

for (
  const { args, shows } of [
    { args: ["version"], shows: /^kubernaut-we \d+\.\d+\.\d+ from its sources / },
    { args: ["--help"], shows: /^Usage: kubernaut-we COMMAND/ },
    { args: ["crds", "print"], shows: /^# The one source of the resource/ },
    { args: ["generate", "--out", "written"], shows: /\nwritten: \d+ files, \d+ of them written\n$/ },
    { args: ["config", "schema"], shows: /"title": "Configuration of the WorkflowExecution controller"/ },
    { args: ["completion", "bash"], shows: /complete -F _kubernaut_we kubernaut-we/ },
    { args: ["demo", "--keep-audit", "audit"], shows: /1 completed, 1 failed, 2 skipped, 1 deleted/ },
  ]
) {
  Deno.test(`what "${args.join(" ")}" needs is in the program: it reads nothing beside its working folder`, async () => {
    const folder = await Deno.makeTempDir();
    try {
      const narrow = permissionsOf(build).map((flag) =>
        /^--allow-(read|write)$/.test(flag) ? `${flag}=${folder}` : flag
      );
      const { code, out, err } = await deno(["run", "--quiet", ...narrow, `${root}main.ts`, ...args], {
        cwd: folder,
        env: { TMPDIR: folder },
      });
      assertEquals([code, err], [0, ""]);
      assertMatch(out, shows);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}
