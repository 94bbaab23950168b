// The release workflow before it ever runs: it is YAML with the shape of a workflow, it calls tasks that exist, it builds what
// deploy/ builds, and everything it takes from others is pinned.

import { assertEquals, assertMatch } from "@std/assert";
import { yaml } from "../../deps.ts";
import { outputOf, targets } from "../../deploy/binary.ts";
import { defaultImageRepository } from "../../lib/manifests/installation.ts";

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}

interface Workflow {
  readonly env: Readonly<Record<string, string>>;
  readonly permissions: Readonly<Record<string, string>>;
  readonly jobs: Readonly<
    Record<string, {
      readonly needs?: string | readonly string[];
      readonly permissions?: Readonly<Record<string, string>>;
      readonly steps: readonly Step[];
    }>
  >;
}

const root = new URL("../../", import.meta.url);
const read = (path: string) => Deno.readTextFileSync(new URL(path, root));
const workflow = yaml.parse(read(".github/workflows/release.yaml")) as Workflow;
const { tasks, version } = JSON.parse(read("deno.json")) as { tasks: Record<string, unknown>; version: string };
const steps = Object.values(workflow.jobs).flatMap(({ steps }) => steps);
const scripts = steps.flatMap(({ run }) => run ?? []);

Deno.test("every task that the release calls is one of deno.json's", () => {
  const called = scripts.flatMap((script) =>
    [...script.matchAll(/deno task (?:--\S+ )*([a-z]+)/g)].map(([, task]) => task)
  );
  assertEquals(new Set(called), new Set(["ok", "compile", "sbom"]));
  assertEquals(called.filter((task) => !Object.hasOwn(tasks, task ?? "")), []);
});

Deno.test("every action that the release uses is pinned to a major version", () => {
  const used = steps.flatMap(({ uses }) => uses ?? []);
  assertEquals(used.filter((action) => !/^[a-z-]+\/[a-z-]+@v\d+$/.test(action)), []);
});

Deno.test("the release makes the binary of every target, and asks the one that it can run what it is", () => {
  assertEquals(
    scripts.filter((script) => /compile --target all --exec-plugins --commit "\$GITHUB_SHA"/.test(script)).length,
    1,
  );
  const ran = scripts.flatMap((script) =>
    [...script.matchAll(/dist\/kubernaut-we\S*(?= version)/g)].map(([path]) => path)
  );
  assertEquals(ran, [outputOf({ target: "linux-x64" })]);
  assertEquals(Object.keys(targets).length, 5);
});

Deno.test("the image is the one that the manifests name, for two architectures, from deploy/Dockerfile", () => {
  assertEquals(workflow.env["IMAGE"], defaultImageRepository);
  const [build] = steps.filter(({ uses }) => uses?.startsWith("docker/build-push-action@"));
  assertEquals([build?.with?.["file"], build?.with?.["platforms"]], ["deploy/Dockerfile", "linux/amd64,linux/arm64"]);
  assertMatch(String(build?.with?.["build-args"]), /^VERSION=.*\nCOMMIT=.*\n$/);
});

Deno.test("binaries and image are signed, attested and summed, and only after every test has passed", () => {
  const inJob = (job: string, pattern: RegExp) =>
    workflow.jobs[job]?.steps.filter(({ run = "", uses = "" }) => pattern.test(run) || pattern.test(uses)).length;
  assertEquals(["binaries", "image"].map((job) => inJob(job, /cosign sign/)), [1, 1]);
  assertEquals(["binaries", "image"].map((job) => inJob(job, /attest-build-provenance/)), [1, 1]);
  assertEquals(inJob("binaries", /sha256sum kubernaut-we\*/), 1);
  assertEquals(["binaries", "image"].map((job) => workflow.jobs[job]?.needs), ["check", "check"]);
  assertEquals(inJob("check", /deno task ok/), 1);
});

Deno.test("nobody but who needs it may write", () => {
  assertEquals(workflow.permissions, { contents: "read" });
  const writers = Object.entries(workflow.jobs).map(([name, { permissions = {} }]) => [
    name,
    Object.entries(permissions).filter(([, right]) => right === "write").map(([what]) => what),
  ]);
  assertEquals(Object.fromEntries(writers), {
    check: [],
    binaries: ["id-token", "attestations"],
    image: ["packages", "id-token", "attestations"],
    publish: ["contents"],
  });
});

Deno.test("the changelog has a section that is not released yet, and knows the version to come", () => {
  const changelog = read("CHANGELOG.md");
  const sections = [...changelog.matchAll(/^## \[([^\]]+)\](.*)$/gm)].map(([, name = "", rest = ""]) => ({
    name,
    rest,
  }));
  assertEquals(sections[0], { name: "Unreleased", rest: "" });
  const released = sections.slice(1).filter(({ name, rest }) =>
    !/^\d+\.\d+\.\d+$/.test(name) || !/^ - \d{4}-\d\d-\d\d$/.test(rest)
  );
  assertEquals(released, []);
  assertEquals(sections.some(({ name }) => name === version) || changelog.includes(`To be ${version}.`), true);
});
