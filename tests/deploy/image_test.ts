// The image before there is an engine to build it: what the Dockerfile says against what the manifests expect, and the build's
// own step in a folder that holds what the image's context holds, and nothing else.

import { assertEquals, assertMatch } from "@std/assert";
import { targets } from "../../deploy/binary.ts";

const root = new URL("../../", import.meta.url);
const read = (path: string) => Deno.readTextFileSync(new URL(path, root));

interface Stage {
  readonly from: string;
  readonly instructions: readonly (readonly [name: string, rest: string])[];
}

/** The stages of a Dockerfile; continued lines are joined, comments left out. */
function stagesOf(text: string): Stage[] {
  const lines = text.replaceAll(/^#.*\n/gm, "").replaceAll(/\\\n\s*/g, "").split("\n").filter((line) => line !== "");
  const stages: { from: string; instructions: [string, string][] }[] = [];
  for (const line of lines) {
    const [, name = "", rest = ""] = /^([A-Z]+) +(.*)$/.exec(line) ?? [];
    if (name === "FROM") stages.push({ from: rest, instructions: [] });
    else stages.at(-1)?.instructions.push([name, rest]);
  }
  return stages;
}

const text = read("deploy/Dockerfile");
const [build, image] = stagesOf(text);
const said = (name: string) => image?.instructions.filter(([each]) => each === name).map(([, rest]) => rest);

Deno.test("the image is distroless, runs as 65532 and nobody else, and has no shell to run anything with", () => {
  assertEquals(image?.from, "gcr.io/distroless/cc-debian12:nonroot");
  assertEquals([said("USER"), said("RUN"), said("HEALTHCHECK")], [["65532:65532"], [], []]);
  assertEquals([said("ENTRYPOINT"), said("CMD")], [['["/usr/local/bin/kubernaut-we"]'], ['["run"]']]);
  assertEquals(said("COPY"), ["--from=build --chmod=0555 /kubernaut-we /usr/local/bin/kubernaut-we"]);
});

Deno.test("the image is what the manifests expect: its user, its ports, and what it is told to do", () => {
  const deployment = read("deploy/kustomize/base/deployment.yaml");
  const numbers = (pattern: RegExp) => [...deployment.matchAll(pattern)].map(([, number]) => number);
  assertEquals(said("EXPOSE"), [numbers(/containerPort: (\d+)/g).join(" ")]);
  assertEquals(numbers(/runAsUser: (\d+)/g), ["65532"]);
  assertMatch(deployment, /args:\s+(\[\s*)?(- )?"?run"?/);
});

Deno.test("V8 takes the heap's limit from the container's", () => {
  assertEquals(said("ENV"), ["DENO_USE_CGROUPS=1"]);
});

Deno.test("the image is built by the Deno that the project is tested with, for both architectures", () => {
  const [, version = ""] = /^ARG DENO_VERSION=(.*)$/m.exec(text) ?? [];
  assertMatch(read("README.md"), new RegExp(`npx -y deno@${version.replaceAll(".", "\\.")} task test`));
  const [, run = ""] = build?.instructions.find(([name, rest]) => name === "RUN" && rest.includes("compile")) ?? [];
  assertMatch(run, /^case "\$TARGETARCH" in amd64\) target=linux-x64 ;; \*\) target="linux-\$TARGETARCH" ;; esac/);
  assertEquals(["linux-x64", "linux-arm64"].map((name) => name in targets), [true, true]);
});

Deno.test({
  name: "deno compile makes the binary, with its commit and its texts, of the image's context and nothing else",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const folder = await Deno.makeTempDir();
    try {
      for (const path of contextOf(read("deploy/Dockerfile.dockerignore"))) await copy(path, `${folder}/${path}`);
      const { code, stderr } = await new Deno.Command(Deno.execPath(), {
        args: ["task", "--quiet", "compile", "--target", "linux-x64", "--commit", "0123456789ab"],
        cwd: folder,
        // Any small ELF file is a stub good enough to be written into.
        env: { DENORT_BIN: await Deno.realPath("/bin/true"), NO_COLOR: "1" },
        stdin: "null",
        stdout: "null",
      }).output();
      assertEquals([new TextDecoder().decode(stderr), code], ["", 0]);
      const binary = new TextDecoder("latin1").decode(await Deno.readFile(`${folder}/dist/kubernaut-we-linux-x64`));
      const carried = ['"commit":"0123456789ab"', "--optimize-for-size", "# The one source of the resource"];
      assertEquals(carried.map((words) => binary.includes(words)), [true, true, true]);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

/** What a .dockerignore that begins with `*` lets in. */
function contextOf(ignore: string): string[] {
  const lines = ignore.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  assertEquals(lines[0], "*");
  return lines.slice(1).map((line) => line.replace(/^!/, ""));
}

async function copy(path: string, to: string): Promise<void> {
  const from = new URL(path, root);
  if ((await Deno.stat(from)).isDirectory) {
    for await (const { name } of Deno.readDir(from)) await copy(`${path}/${name}`, `${to}/${name}`);
    return;
  }
  await Deno.mkdir(to.slice(0, to.lastIndexOf("/")), { recursive: true });
  await Deno.copyFile(from, to);
}
