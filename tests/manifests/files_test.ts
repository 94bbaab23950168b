// deploy/ is what lib/manifests makes of it: nothing edited by hand, nothing forgotten, nothing left over.
import { assertEquals } from "@std/assert";
import { deploy, deployFiles } from "../../lib/cli/deploy.ts";

const root = new URL("../../deploy/", import.meta.url);

/** Files of the chart that are written by hand. */
const byHand = ["helm/.helmignore", "helm/values.yaml", "helm/templates/NOTES.txt"];

async function* filesBelow(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(new URL(folder, root))) {
    if (isDirectory) yield* filesBelow(`${folder}${name}/`);
    else yield folder + name;
  }
}

Deno.test("every generated file of deploy/ is as lib/manifests writes it, and there is no other", async () => {
  const files = deployFiles();
  const different: string[] = [];
  for (const [path, text] of files) {
    const present = await Deno.readTextFile(new URL(path, root)).catch((error) => {
      if (error instanceof Deno.errors.NotFound) return undefined;
      throw error;
    });
    if (present !== text) different.push(path);
  }
  assertEquals(different, [], "run deno task manifests");
  const present: string[] = [];
  for (const folder of ["kustomize/", "helm/", "monitoring/"]) {
    for await (const path of filesBelow(folder)) present.push(path);
  }
  assertEquals(present.toSorted(), [...files.keys(), ...byHand].toSorted());
});

Deno.test("deploy files --check names what differs, writes nothing, and ends with 1", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const said: string[] = [];
    const run = (...args: string[]) =>
      deploy(["files", "--out", folder, ...args], { print: () => {}, complain: (line) => said.push(line) });
    assertEquals(await run(), 0);
    await Deno.writeTextFile(`${folder}/helm/Chart.yaml`, "name: other\n");
    await Deno.remove(`${folder}/kustomize/base/roles.yaml`);
    assertEquals(await run("--check"), 1);
    assertEquals(said, [
      `${folder}/helm/Chart.yaml: different`,
      `${folder}/kustomize/base/roles.yaml: missing`,
      `kubernaut-we deploy: 2 of ${deployFiles().size} files are not as generated; run it without --check`,
    ]);
    assertEquals(await Deno.readTextFile(`${folder}/helm/Chart.yaml`), "name: other\n");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
