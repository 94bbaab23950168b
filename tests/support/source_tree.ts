// The repository's own files, for tests that read them: what .gitignore names is left out, and at the root what is hidden and
// not known to belong there, such as somebody's cache.

import { type SourceFile, sourceFile } from "./source_files.ts";

const root = new URL("../../", import.meta.url);
const hiddenAtRoot: ReadonlySet<string> = new Set([".ci", ".github", ".editorconfig", ".gitattributes", ".gitignore"]);

/** Every TypeScript file of the product and of its tests. */
export function sourceFiles(): SourceFile[] {
  return [...walk("")].filter((path) => path.endsWith(".ts"))
    .map((path) => sourceFile(path, Deno.readTextFileSync(new URL(path, root))));
}

/** Every text of the repository. */
export function* trackedTexts(): Generator<{ path: string; text: string }> {
  for (const path of walk("")) {
    const bytes = Deno.readFileSync(new URL(path, root));
    if (!bytes.includes(0)) yield { path, text: new TextDecoder().decode(bytes) };
  }
}

function* walk(folder: string, ignored: Ignored = readIgnored()): Generator<string> {
  for (const { name, isDirectory, isFile } of Deno.readDirSync(new URL(folder || ".", root))) {
    if (ignored.anywhere.has(name)) continue;
    if (folder === "" && (ignored.atRoot.has(name) || name.startsWith(".") && !hiddenAtRoot.has(name))) continue;
    if (isDirectory) yield* walk(`${folder}${name}/`, ignored);
    else if (isFile) yield `${folder}${name}`;
  }
}

interface Ignored {
  readonly anywhere: ReadonlySet<string>;
  readonly atRoot: ReadonlySet<string>;
}

/** `/dist/` stands at the root alone, `node_modules/` anywhere; patterns are more than this repository needs. */
function readIgnored(): Ignored {
  const lines = Deno.readTextFileSync(new URL(".gitignore", root)).split("\n").map((line) => line.trim());
  const names = lines.filter((line) => line !== "" && !line.startsWith("#")).map((line) => line.replace(/\/$/, ""));
  return {
    anywhere: new Set([".git", ...names.filter((name) => !name.startsWith("/"))]),
    atRoot: new Set(names.filter((name) => name.startsWith("/")).map((name) => name.slice(1))),
  };
}
