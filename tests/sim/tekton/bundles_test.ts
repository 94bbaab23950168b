// Which references a bundle answers to, and what is refused as a bundle.

import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { builtinBundles } from "../../../lib/sim/tekton/builtin.ts";
import { bundlesFromYaml, loadBundles } from "../../../lib/sim/tekton/bundles.ts";

const digest = "ab".repeat(32);

Deno.test("Bundles finds a name under any registry, path, tag and digest", () => {
  const bundles = bundlesFromYaml({
    "registry.example/kubernaut/ok:v1": pipeline("{name: a, taskSpec: {steps: [{image: x}]}}"),
  });
  const own = bundles.resolve("ok")?.digest ?? "";
  assertMatch(own, /^[0-9a-f]{64}$/);
  const table: [reference: string, uri: string, digest: string][] = [
    ["ok", "ok", own],
    ["registry.example/kubernaut/ok:v1", "registry.example/kubernaut/ok", own],
    ["127.0.0.1:5000/ok:v2", "127.0.0.1:5000/ok", own],
    ["127.0.0.1:5000/ok", "127.0.0.1:5000/ok", own],
    [`quay.example/ok:v1@sha256:${digest}`, "quay.example/ok", digest],
    [`quay.example/ok@sha256:${digest}`, "quay.example/ok", digest],
  ];
  for (const [reference, uri, expected] of table) {
    const found = bundles.resolve(reference);
    assertEquals([found?.uri, found?.digest], [uri, expected]);
  }
  for (const unknown of ["", "registry.example/okay:v1", "ok/other"]) assertEquals(bundles.resolve(unknown), undefined);
});

Deno.test("bundlesFromYaml says what cannot be played", () => {
  const step = "taskSpec: {steps: [{image: x}]}";
  const table: [tasks: string, message: string][] = [
    ["{name: a}", "should be one document of kind Pipeline"],
    ["{name: a, taskSpec: {steps: []}}", "spec.tasks[a].taskSpec.steps: there are none"],
    [`{name: a, ${step}, matrix: {}}`, "spec.tasks[a].matrix: not simulated"],
    [`{name: a, ${step}, runAfter: [b]}`, "spec.tasks[a].runAfter: task b is not among spec.tasks"],
    [`{name: a, ${step}, runAfter: [b]}, {name: b, ${step}, runAfter: [a]}`, "spec.tasks[a].runAfter: a cycle"],
    [`{name: a, ${step}}, {name: a, ${step}}`, "two tasks have the same name"],
    [`{name: a, ${step}, when: [{cel: "true"}]}`, "spec.tasks[a].when: each needs input, operator and values"],
    [
      `{name: a, ${step}, params: [{name: p, value: $(tasks.b.results.c)}]}`,
      "params or when: task b is not among spec.tasks",
    ],
    [`{name: a, ${step}, params: [{name: p, value: $(tasks.a.results.c)}]}`, "spec.tasks[a].runAfter: a cycle"],
    ["{name: a, taskSpec: {results: [{name: r, type: array}], steps: [{image: x}]}}", "only those of type string"],
    ["{name: a, taskSpec: {steps: [{image: x, script: $(tasks.a.results.c)}]}}", "in params and when only"],
    [`{name: a, ${step}, timeout: soon}`, 'spec.tasks[a].timeout or image: Cannot read the duration "soon"'],
  ];
  for (const [tasks, message] of table) assertThrows(() => bundlesFromYaml({ wrong: pipeline(tasks) }), Error, message);
});

Deno.test("loadBundles reads the files of a folder: the built-in ones are those", async () => {
  const folder = new URL("../../../lib/sim/tekton/workflows", import.meta.url).pathname;
  const [loaded, builtin] = [await loadBundles(folder), builtinBundles()];
  assertEquals(loaded.names.toSorted(), builtin.names.toSorted());
  for (const name of builtin.names) assertEquals(loaded.resolve(name), builtin.resolve(name));
});

function pipeline(tasks: string): string {
  return `apiVersion: tekton.dev/v1\nkind: Pipeline\nmetadata: {name: workflow}\nspec: {tasks: [${tasks}]}`;
}
