// The house rules that a machine can see, read from the text of every file: who may import whom, where third-party packages
// and time come in, how large a file may be, and that nothing names the machine it was written on. A finding is a line
// "file:line what is wrong", and every test shows all of them at once.

import { assertEquals } from "@std/assert";
import { contract, cycles, importsOf, isBarrel, rooms, type SourceFile } from "./support/source_files.ts";
import { sourceFiles, trackedTexts } from "./support/source_tree.ts";

/**
 * Who may import whom: a room and the rooms it may import, beside itself. `config` reads durations as the rules do, which is
 * the one thing it takes from `workflow`.
 */
const law: Readonly<Record<string, readonly string[]>> = {
  [contract]: [],
  generated: [contract],
  kube: [contract, "generated", "clock", "log", "metrics", "traces", "config"],
  workflow: ["generated"],
  audit: [contract, "generated", "kube", "workflow", "clock", "log", "metrics", "traces", "config"],
  controller: [contract, "generated", "kube", "workflow", "audit", "clock", "log", "metrics", "traces", "config"],
  server: [contract, "generated", "kube", "clock", "log", "metrics", "traces", "config"],
  sim: [contract, "generated", "kube", "clock", "log", "metrics", "traces", "config"],
  codegen: [contract, "generated", "kube", "clock", "log"],
  manifests: [contract, "workflow", "config", "metrics"],
  clock: [],
  log: ["clock"],
  metrics: ["clock", "log"],
  traces: ["clock", "log"],
  config: ["workflow"],
  cli: [
    contract,
    "generated",
    "kube",
    "workflow",
    "audit",
    "controller",
    "server",
    "sim",
    "codegen",
    "manifests",
    "clock",
    "log",
    "metrics",
    "traces",
    "config",
  ],
  main: ["cli"],
  deploy: ["log"],
};

/** Packages that tests alone use, past deps.ts: the program does not carry them. */
const testPackages = ["@std/assert", "fast-check", "ajv"];

const files = sourceFiles();
const product = files.filter(({ path }) => !path.startsWith("tests/"));
const library = files.filter(({ path }) => path.startsWith("lib/"));

function findings(
  of: readonly SourceFile[],
  look: (file: SourceFile) => Iterable<readonly [number, string]>,
): string[] {
  return of.flatMap((file) => [...look(file)].map(([line, what]) => `${file.path}:${line} ${what}`));
}

/** Lines of code that match; comments may name what code may not. */
function* linesWith(file: SourceFile, pattern: RegExp, what: string): Generator<readonly [number, string]> {
  for (const [index, line] of file.code.split("\n").entries()) if (pattern.test(line)) yield [index + 1, what];
}

Deno.test("every file stands in a room of the law", () => {
  const homeless = product.filter(({ room }) => !(room in law) && room !== "deps");
  assertEquals(homeless.map(({ path }) => path), []);
});

Deno.test("a room imports only the rooms below it", () => {
  const broken = findings(product, function* (file) {
    for (const { target, line } of importsOf(file)) {
      const to = rooms.of(target);
      if (to === undefined || to === "deps" || to === file.room || law[file.room]?.includes(to)) continue;
      yield [line, `${file.room} imports ${to} (${target})`];
    }
  });
  assertEquals(broken, []);
});

Deno.test("third-party packages come in through deps.ts, and only rooms of the shell ask it for them", () => {
  const broken = findings(files, function* ({ path, room, ...file }) {
    const test = path.startsWith("tests/");
    for (const { target, line } of importsOf({ path, room, ...file })) {
      if (target === "deps.ts" && ["workflow", "generated", contract, "main"].includes(room)) {
        yield [line, `${room} imports deps.ts`];
      }
      if (!rooms.isBare(target) || path === "deps.ts") continue;
      if (target.startsWith("node:")) {
        const allowed = room === "workflow" ? target === "node:crypto" : room !== "generated" && room !== contract;
        if (!allowed) yield [line, `${room} imports ${target}`];
      } else if (!(test && testPackages.includes(target))) {
        yield [line, `imports ${target} past deps.ts`];
      }
    }
  });
  assertEquals(broken, []);
});

Deno.test("time and chance come in through lib/clock.ts", () => {
  const pattern =
    /\bDate\.now\b|\bnew Date\(\s*\)|\bDate\(\s*\)|\bset(Timeout|Interval)\b|\bMath\.random\b|\bAbortSignal\.timeout\b/;
  const broken = findings(library, (file) => linesWith(file, pattern, "reads time or chance past the clock"));
  assertEquals(broken.filter((each) => !each.startsWith("lib/clock.ts:")), []);
});

Deno.test("the rules touch nothing outside: no Deno, no network, no process", () => {
  const rules = library.filter(({ room }) => room === "workflow");
  assertEquals(
    findings(rules, (file) => linesWith(file, /\bDeno\.|\bfetch\(|\bprocess\.|\bawait\b/, "is not pure")),
    [],
  );
});

Deno.test("nothing under lib/ writes to the console or ignores a rule of the linter for a whole file", () => {
  assertEquals(findings(library, (file) => linesWith(file, /\bconsole\.\w/, "writes to the console")), []);
  const silenced = findings(files, function* ({ text }) {
    for (const [index, line] of text.split("\n").entries()) {
      if (/^\s*\/\/ (deno-lint-ignore-file|@ts-(ignore|nocheck))/.test(line)) yield [index + 1, "silences a check"];
    }
  });
  assertEquals(silenced, []);
});

Deno.test("a module keeps no state of its own and does no work when it is imported", () => {
  const pattern =
    /^(export )?(let|var) |^await |^for |^if (?!\(import\.meta\.main\))|^const \w+ = (await|new (Map|Set|WeakMap)\(\))/;
  const broken = findings(product, (file) => linesWith(file, pattern, "state or work at import time"));
  assertEquals(broken, []);
});

Deno.test("no file imports itself by way of others", () => {
  assertEquals(cycles(files), []);
});

Deno.test("no file only passes on what others export", () => {
  const barrels = files.filter((file) => isBarrel(file) && !["generated/common.ts", "deps.ts"].includes(file.path));
  assertEquals(barrels.map(({ path }) => path), []);
});

Deno.test("no file is longer than 400 lines", () => {
  const long = files.filter(({ room, text }) => room !== "generated" && text.trimEnd().split("\n").length > 400);
  assertEquals(long.map(({ path, text }) => `${path} ${text.trimEnd().split("\n").length}`), []);
});

Deno.test("every file opens with a comment that says what it is for", () => {
  assertEquals(files.filter(({ text }) => !/^(\/\/|\/\*\*)/.test(text)).map(({ path }) => path), []);
});

Deno.test("no text names a machine's folders or the registry it fetched from", () => {
  const folders = ["work", "root", "home", "Users"].map((name) => `/${name}/`);
  const registry = /https?:\/\/[^\s"'/]*(npm|artifactory|nexus|verdaccio)[^\s"'/]*/i;
  const broken = [...trackedTexts()].flatMap(({ path, text }) =>
    text.split("\n").flatMap((line, index) => {
      const folder = folders.find((name) => new RegExp(`(^|[\\s"'\`=:(,])${name}`).test(line));
      const found = folder ?? registry.exec(line)?.[0];
      return found ? [`${path}:${index + 1} names ${found}`] : [];
    })
  );
  assertEquals(broken, []);
});

Deno.test("deno.jsr.json differs from deno.json in the packages that JSR has, and in nothing else", () => {
  const read = (name: string) => JSON.parse(Deno.readTextFileSync(new URL(`../${name}`, import.meta.url)));
  const { imports, lock: _lock, ...rest } = read("deno.json");
  const { imports: jsrImports, lock, ...jsrRest } = read("deno.jsr.json");
  const fromJsr = ["@cloudydeno/kubernetes-apis/", "@std/assert"];
  const others = (map: Record<string, string>) =>
    Object.fromEntries(Object.entries(map).filter(([name]) => !fromJsr.some((prefix) => name.startsWith(prefix))));
  assertEquals(jsrRest, rest);
  assertEquals(lock, false);
  assertEquals(jsrImports, {
    "@cloudydeno/kubernetes-apis/": "jsr:/@cloudydeno/kubernetes-apis@^0.7.2/",
    "@std/assert": "jsr:@std/assert@^1.0.19",
    ...others(imports),
  });
});
