// What README.md says that a machine can check: its configuration table is the schema's, its tasks are deno.json's, and every
// file it links to is there.

import { assertEquals } from "@std/assert";
import { configKeys } from "../lib/config_schema.ts";
import { Metrics } from "../lib/metrics.ts";

const root = new URL("../", import.meta.url);
const readme = Deno.readTextFileSync(new URL("README.md", root));

/** The cells of the table whose head begins with this word, without code marks. */
function table(head: string): string[][] {
  const lines = readme.split("\n");
  const from = lines.findIndex((line) => line.startsWith(`| ${head} `));
  const rows = lines.slice(from + 2);
  return rows.slice(0, rows.findIndex((line) => !line.startsWith("|")))
    .map((line) => line.slice(1, -1).split("|").map((cell) => cell.trim().replaceAll("`", "")));
}

Deno.test("README's configuration table holds every key, its default and its meaning", () => {
  const text = (value: unknown) => value === "" ? "" : typeof value === "string" ? value : JSON.stringify(value);
  assertEquals(table("key"), configKeys().map(({ name, default: value, about }) => [name, text(value), about]));
});

Deno.test("README's table of metrics holds every one of ours, its type and its meaning", async () => {
  const ours = /^(workflowexecution|audit|leader_election|watch|cached|kubernetes_events)_/;
  const all = await new Metrics().registry.getMetricsAsJSON();
  const rows = all.filter(({ name }) => ours.test(name))
    .map(({ name, type, help }) => [name, String(type), help.replace(/\.$/, "")]);
  assertEquals(table("metric"), rows);
});

Deno.test("README's tasks are those of deno.json", () => {
  const { tasks } = JSON.parse(Deno.readTextFileSync(new URL("deno.json", root)));
  const named = table("task").flatMap(([names = ""]) => names.split(", "));
  assertEquals(named.toSorted(), Object.keys(tasks).toSorted());
});

Deno.test("README's links to files lead to files", () => {
  const links = [...readme.matchAll(/\]\((?!https?:)([^)#]+)\)/g)].map((match) => match[1] ?? "");
  const missing = links.filter((path) => {
    try {
      return !Deno.statSync(new URL(path, root)).isFile;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return true;
      throw error;
    }
  });
  assertEquals(missing, []);
});

Deno.test("README begins with the two commands, for the Deno that the project is tested with", () => {
  const [demo, test] = readme.split("```")[1]?.split("\n").slice(1) ?? [];
  assertEquals(demo, "npx -y deno@2.9.6 task demo");
  assertEquals(test, "npx -y deno@2.9.6 task test");
});
