// What a real API server says to the manifests of deploy/: kubectl's server-side dry run of the kustomization, of `deploy print`
// in several forms, and of the Helm chart where helm is on PATH. Nothing is kept. A dry run asks that the namespaces exist.

import { assertEquals } from "@std/assert";
import { deploy } from "../../lib/cli/deploy.ts";
import { documents, identityOf } from "../manifests/documents.ts";
import { has, helmTemplate, ran } from "../manifests/tools.ts";
import { e2e } from "./cluster.ts";

/** Applies without keeping anything; what the server takes, a line each, and what it refuses. */
async function dryRun(manifests: string): Promise<{ taken: number; refused: string }> {
  const args = ["apply", "--server-side", "--force-conflicts", "--dry-run=server", "--filename", "-"];
  const { out, err } = await ran("kubectl", args, manifests);
  return {
    taken: out.split("\n").filter((line) => line.endsWith("serverside-applied (server dry run)")).length,
    refused: err,
  };
}

async function printed(...flags: string[]): Promise<string> {
  const lines: string[] = [];
  assertEquals(await deploy(["print", ...flags], { print: (line) => lines.push(line) }), 0);
  return lines.join("\n");
}

e2e("the API server takes every manifest of deploy/", async (cluster, t) => {
  const { namespace } = cluster;
  const taken = (text: string) => ({ taken: documents(text).map(identityOf).length, refused: "" });

  for (const part of ["base", "overlays/two-accounts"]) {
    await t.step(`kubectl apply -k deploy/kustomize/${part}`, async () => {
      const folder = ["--server-side", "--force-conflicts", "--dry-run=server", "-k", `deploy/kustomize/${part}`];
      const { code, out, err } = await ran("kubectl", ["apply", ...folder]);
      assertEquals([code, err], [0, ""]);
      const built = await ran("kubectl", ["kustomize", `deploy/kustomize/${part}`]);
      assertEquals(out.trimEnd().split("\n").length, documents(built.out).length);
    });
  }

  const prints: [string, string[]][] = [
    ["without a flag", []],
    ["in another namespace, with two replicas and accounts", [
      "--namespace",
      namespace,
      "--replicas",
      "2",
      "--two-accounts",
    ]],
    ["for some namespaces, with runs in one", [
      "--namespaces",
      `default,${namespace}`,
      "--execution-namespace",
      namespace,
    ]],
    ["with audit files", ["--data-storage", "none", "--namespace", namespace, "--runner-namespaces", "default"]],
  ];
  for (const [how, flags] of prints) {
    await t.step(`deploy print ${how}`, async () => {
      const text = await printed(...flags);
      assertEquals(await dryRun(text), taken(text));
    });
  }

  await t.step({
    name: `helm template${has("helm") ? "" : " (needs helm on PATH)"}`,
    ignore: !has("helm"),
    fn: async () => {
      const text = await helmTemplate();
      assertEquals(await dryRun(text), taken(text));
    },
  });
});
