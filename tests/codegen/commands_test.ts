// `kubernaut-we generate` and `kubernaut-we crds` as a user meets them: exit codes, what they print, what they write.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { yaml } from "../../deps.ts";
import { crds } from "../../lib/cli/crds.ts";
import { type CommandOptions, generate } from "../../lib/cli/generate.ts";
import { ManualClock } from "../../lib/clock.ts";
import { workflowExecutionCrd } from "../../lib/codegen/builtin.ts";
import { builtinFiles } from "../../lib/codegen/generate.ts";
import { recordingServer } from "./recording_server.ts";

const golden = new URL("./golden/", import.meta.url).pathname;

/** Runs a command and gathers what it says. */
async function run(
  command: (args: string[], options: CommandOptions) => Promise<number>,
  args: string[],
  options: CommandOptions = {},
): Promise<{ code: number; out: string; err: string }> {
  const [out, err]: [string[], string[]] = [[], []];
  const code = await command(args, {
    print: (line) => void out.push(line),
    complain: (line) => void err.push(line),
    ...options,
  });
  return { code, out: out.join("\n"), err: err.join("\n") };
}

async function temporaryFolder(): Promise<AsyncDisposable & { path: string }> {
  const path = await Deno.makeTempDir();
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

Deno.test("generate --check: the repository's generated/ is as generated", async () => {
  const folder = new URL("../../generated", import.meta.url).pathname;
  const { code, err } = await run(generate, ["--check", "--out", folder]);
  assertEquals([code, err], [0, ""]);
});

Deno.test("generate writes what is missing or different, and --check names it", async () => {
  await using folder = await temporaryFolder();
  const out = `${folder.path}/generated`;
  const count = builtinFiles().size;
  const written = await run(generate, ["--out", out]);
  assertEquals([written.code, written.err], [0, ""]);
  assertStringIncludes(written.out, `${out}/meta/v1.ts`);
  assertStringIncludes(written.out, `${count} files, ${count} of them written`);
  assertEquals(await run(generate, ["--out", out]), {
    code: 0,
    err: "",
    out: `${out}: ${count} files, 0 of them written`,
  });

  await Deno.writeTextFile(`${out}/meta/v1.ts`, "changed");
  await Deno.remove(`${out}/core/v1.ts`);
  await Deno.writeTextFile(`${out}/core/v2.ts`, "");
  assertEquals(await run(generate, ["--check", "--out", out]), {
    code: 1,
    out: "",
    err: [
      `${out}/core/v1.ts: missing`,
      `${out}/core/v2.ts: no longer generated`,
      `${out}/meta/v1.ts: different`,
      `kubernaut-we generate: 3 of ${count} files are not as generated; run generate without --check`,
    ].join("\n"),
  });
});

Deno.test("generate reads files and URLs, and --check does not mind other files beside them", async () => {
  await using folder = await temporaryFolder();
  await using server = recordingServer(() => new Response(Deno.readTextFileSync(`${golden}openapi.yaml`)));
  const args = ["--out", folder.path, `${golden}crd.yaml`, `${server.url}/dock.yaml`];
  assertEquals((await run(generate, args)).code, 0);
  for (const [source, path] of [["crd", "harbour.example/v1.ts"], ["openapi", "dock.example/v1.ts"]]) {
    assertEquals(Deno.readTextFileSync(`${folder.path}/${path}`), Deno.readTextFileSync(`${golden}${source}.ts.txt`));
  }
  Deno.writeTextFileSync(`${folder.path}/mine.ts`, "");
  assertEquals((await run(generate, ["--check", ...args])).code, 0);
});

Deno.test("generate --from-cluster reads CustomResourceDefinitions, --group an OpenAPI document", async () => {
  await using folder = await temporaryFolder();
  const { spec } = yaml.parse(Deno.readTextFileSync(`${golden}crd.yaml`));
  const openapi = yaml.parse(Deno.readTextFileSync(`${golden}openapi.yaml`));
  await using server = recordingServer(({ path }) => {
    if (path === "/openapi/v3") {
      return Response.json({
        paths: {
          "api/v1": {},
          "apis/dock.example/v1": { serverRelativeURL: "/openapi/v3/apis/dock.example/v1?hash=5" },
        },
      });
    }
    if (path === "/openapi/v3/apis/dock.example/v1?hash=5") return Response.json(openapi);
    return Response.json({
      kind: "CustomResourceDefinitionList",
      items: [{ metadata: { name: "boats.harbour.example" }, spec }],
    });
  });
  const { connect } = server;
  const args = ["--out", folder.path, "--from-cluster"];
  assertEquals((await run(generate, args, { connect })).err, "");
  assertEquals((await run(generate, [...args, "--group", "dock.example/v1"], { connect })).err, "");
  const [dock, recorded] = [`${folder.path}/dock.example/v1.ts`, `${golden}openapi.ts.txt`];
  assertEquals(Deno.readTextFileSync(dock), Deno.readTextFileSync(recorded));
  assertEquals(
    Deno.readTextFileSync(`${folder.path}/harbour.example/v1.ts`),
    Deno.readTextFileSync(`${golden}crd.ts.txt`),
  );
});

Deno.test("generate --group names what the cluster serves when it does not serve that", async () => {
  const paths = { "api/v1": {}, "apis/apps/v1": {}, "apis/apps": {}, "version": {} };
  await using server = recordingServer(() => Response.json({ paths }));
  const { connect } = server;
  assertEquals(await run(generate, ["--from-cluster", "--group", "apps/v2"], { connect }), {
    code: 1,
    out: "",
    err: "kubernaut-we generate: The cluster serves no apps/v2; it serves core/v1, apps/v1",
  });
});

for (
  const [name, args, code, expected] of [
    ["an unknown flag", ["--chekc"], 2, "Unknown option '--chekc'"],
    ["sources and a cluster", ["a.yaml", "--from-cluster"], 2, "Give either sources or --from-cluster, not both"],
    ["a folder without a name", ["--check", "--out", ""], 2, "--out names no folder"],
    ["a group without a cluster", ["--group", "apps/v1"], 2, "--group goes with --from-cluster"],
    [
      "a group without version",
      ["--from-cluster", "--group", "apps"],
      2,
      '--group is "apps", must be GROUP/VERSION, for example apps/v1',
    ],
    [
      "no cluster",
      ["--from-cluster"],
      1,
      "kubernaut-we generate: --from-cluster: there is no connection to a cluster here",
    ],
    [
      "a file that is not there",
      ["no-such-file.yaml"],
      1,
      "kubernaut-we generate: Cannot read no-such-file.yaml: No such file",
    ],
    ["a file that is no schema", [`${golden}crd.ts.txt`], 1, `kubernaut-we generate: ${golden}crd.ts.txt: `],
  ] satisfies [string, string[], number, string][]
) {
  Deno.test(`generate refuses ${name}, with exit code ${code}`, async () => {
    const result = await run(generate, args);
    assertEquals([result.code, result.out], [code, ""]);
    assertStringIncludes(result.err, expected);
    assertEquals(result.err.split(":")[0], "kubernaut-we generate");
    assertEquals(result.err.includes("Usage: kubernaut-we generate"), code === 2);
  });
}

Deno.test("generate reports a URL that answers with an error", async () => {
  await using server = recordingServer(() => new Response("no", { status: 503 }));
  const { code, err } = await run(generate, [`${server.url}/x.yaml`]);
  assertEquals([code, err], [1, `kubernaut-we generate: Cannot read ${server.url}/x.yaml: the server answers 503`]);
});

Deno.test("--help explains, with exit code 0", async () => {
  assert((await run(generate, ["--help"])).out.startsWith("Usage: kubernaut-we generate"));
  assert((await run(crds, ["--help"])).out.startsWith("Usage: kubernaut-we crds"));
});

Deno.test("crds print prints the CustomResourceDefinition of deploy/crd", async () => {
  const file = new URL(`../../${workflowExecutionCrd.file}`, import.meta.url);
  assertEquals(await run(crds, ["print"]), { code: 0, err: "", out: Deno.readTextFileSync(file).trimEnd() });
});

const crdPath =
  "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/workflowexecutions.workflowexecution.kubernaut.ai";
const crdWith = (...conditions: object[]) =>
  Response.json({
    spec: { group: "g", names: { kind: "K", plural: "ks" }, scope: "Namespaced", versions: [] },
    // As a kube-apiserver says it of one that is a moment old.
    status: { conditions: conditions.length > 0 ? conditions : null },
  });

/** A clock on which every wait is over at once. */
class InstantClock extends ManualClock {
  override timer(delayMs: number, callback: () => void): Disposable {
    const timer = super.timer(delayMs, callback);
    queueMicrotask(() => this.advance(delayMs));
    return timer;
  }
}

Deno.test("crds install applies, and waits until the kind is served", async () => {
  const answers = [
    crdWith(),
    crdWith({ type: "Established", status: "False" }),
    crdWith({ type: "Established", status: "True" }),
  ];
  await using server = recordingServer(() => answers.shift() ?? new Response(null, { status: 500 }));
  const { connect } = server;
  const clock = new InstantClock();
  const result = await run((args, o) => crds(args, { ...o, clock }), ["install"], { connect });
  assertEquals(result, { code: 0, err: "", out: "workflowexecutions.workflowexecution.kubernaut.ai: installed" });
  assertEquals(server.requests.map(({ method, path }) => `${method} ${path}`), [
    `PATCH ${crdPath}?fieldManager=kubernaut-we&force=true`,
    `GET ${crdPath}`,
    `GET ${crdPath}`,
  ]);
});

Deno.test("crds install gives up when the kind is not served in time", async () => {
  await using server = recordingServer(() => crdWith());
  const { connect } = server;
  const clock = new InstantClock();
  const { code, err } = await run((args, o) => crds(args, { ...o, clock }), ["install"], { connect });
  assertEquals(code, 1);
  assertStringIncludes(err, "was accepted but is not served after 30 s");
});

Deno.test("crds install --dry-run asks, and changes nothing", async () => {
  await using server = recordingServer(() => crdWith());
  const result = await run(crds, ["install", "--dry-run"], { connect: server.connect });
  assertStringIncludes(result.out, "would be accepted (nothing was changed)");
  assertEquals(server.requests.map(({ method, path }) => `${method} ${path}`), [
    `PATCH ${crdPath}?fieldManager=kubernaut-we&force=true&dryRun=All`,
  ]);
});

Deno.test("crds install says why the cluster refused", async () => {
  const forbidden = {
    apiVersion: "v1",
    kind: "Status",
    status: "Failure",
    reason: "Forbidden",
    message: "no right",
    code: 403,
  };
  await using server = recordingServer(() => Response.json(forbidden, { status: 403 }));
  const { code, err } = await run(crds, ["install"], { connect: server.connect });
  assertEquals(code, 1);
  assertStringIncludes(err, "403 Forbidden: no right");
  await using conflicting = recordingServer(() =>
    crdWith({ type: "NamesAccepted", status: "False", reason: "ShortNamesConflict", message: "wfe is taken" })
  );
  const names = await run(crds, ["install"], { connect: conflicting.connect });
  assertEquals(
    [names.code, names.err.endsWith("is not served: ShortNamesConflict: wfe is taken")],
    [1, true],
    names.err,
  );
});

for (const args of [[], ["instal"], ["print", "x"], ["install", "--force"]]) {
  Deno.test(`crds refuses the command line ${JSON.stringify(args)}, with exit code 2`, async () => {
    const { code, out, err } = await run(crds, args);
    assertEquals([code, out], [2, ""]);
    assertStringIncludes(err, "Usage: kubernaut-we crds");
  });
}
