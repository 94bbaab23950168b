// The reader of source text, on made-up files: what it takes for an import, a room, a cycle and a barrel.

import { assertEquals } from "@std/assert";
import { cycles, importsOf, isBarrel, rooms, sourceFile } from "./source_files.ts";

const targets = (path: string, text: string) => importsOf(sourceFile(path, text)).map(({ target }) => target);

Deno.test("importsOf finds static, type, side-effect and dynamic imports, and re-exports", () => {
  const text = [
    `import { a } from "./a.ts";`,
    `import type { B } from "../kube/b.ts";`,
    `import {`,
    `  c,`,
    `} from "../c.ts";`,
    `import "./d.ts";`,
    `export * from "./e.ts";`,
    `import text from "../../x/f.yaml" with { type: "text" };`,
    `const load = async () => (await import("./g.ts")).g;`,
    `let type: import("./h.ts").H;`,
    `import { i } from "zod";`,
  ].join("\n");
  assertEquals(targets("lib/cli/file.ts", text), [
    "lib/cli/a.ts",
    "lib/kube/b.ts",
    "lib/c.ts",
    "lib/cli/d.ts",
    "lib/cli/e.ts",
    "x/f.yaml",
    "lib/cli/g.ts",
    "lib/cli/h.ts",
    "zod",
  ]);
  assertEquals(importsOf(sourceFile("lib/a.ts", text)).map(({ line }) => line), [1, 2, 5, 6, 7, 8, 9, 10, 11]);
});

Deno.test("importsOf passes over comments, and over text that only looks like an import", () => {
  const text = [
    `// import { a } from "./a.ts";`,
    `/* import { a } from "./b.ts"; */`,
    "const text = `",
    'import * as c from "${up}c.ts";',
    "`;",
    `const url = "https://host/path"; // import("./d.ts")`,
    `const words = 'say from "nowhere"';`,
  ].join("\n");
  assertEquals(targets("lib/cli/file.ts", text), []);
});

Deno.test("rooms.of names the room of a path", () => {
  const of = (path: string) => rooms.of(path);
  assertEquals(of("lib/kube/contract.ts"), "kube/contract");
  assertEquals(of("lib/kube/client.ts"), "kube");
  assertEquals(of("lib/cli/demo/story.ts"), "cli");
  assertEquals(of("lib/config_values.ts"), "config");
  assertEquals(of("lib/clock.ts"), "clock");
  assertEquals(of("generated/core/v1.ts"), "generated");
  assertEquals(of("@cloudydeno/kubernetes-apis/core/v1"), "generated");
  assertEquals(of("main.ts"), "main");
  assertEquals(of("deps.ts"), "deps");
  assertEquals(of("deploy/crd/x.yaml"), undefined);
  assertEquals(of("zod"), undefined);
});

Deno.test("cycles finds a way back through several files, and through the mapped package", () => {
  const files = [
    sourceFile("lib/a.ts", `import "./b.ts";`),
    sourceFile("lib/b.ts", `import type { C } from "./kube/c.ts";`),
    sourceFile("lib/kube/c.ts", `export { a } from "../a.ts";`),
    sourceFile("lib/d.ts", `import { a } from "./a.ts";\nimport { e } from "@cloudydeno/kubernetes-apis/core/v1";`),
    sourceFile("generated/core/v1.ts", `import "../../lib/d.ts";`),
  ];
  assertEquals(cycles(files), [
    "lib/a.ts → lib/b.ts → lib/kube/c.ts → lib/a.ts",
    "lib/d.ts → generated/core/v1.ts → lib/d.ts",
  ]);
  assertEquals(cycles(files.slice(1, 4)), []);
});

Deno.test("isBarrel is true for re-exports alone", () => {
  const barrel = (text: string) => isBarrel(sourceFile("lib/a.ts", text));
  assertEquals(barrel(`// all of it\nexport * from "./a.ts";\nexport {\n  type B,\n  c,\n} from "./b.ts";\n`), true);
  assertEquals(barrel(`export * from "./a.ts";\nexport const b = 1;\n`), false);
  assertEquals(barrel(`import { a } from "./a.ts";\nexport const b = a;\n`), false);
});
