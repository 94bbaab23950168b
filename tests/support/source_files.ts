// Source text as tests of the architecture see it: which room a file stands in, what it imports and where, cycles, barrels.
// It reads text and knows no file system, so that the tests can be tested on made-up files.

/** The tiny waist, a room of its own: everything may stand on it. */
export const contract = "kube/contract";

/** One TypeScript file. `path` is relative to the repository, with slashes. */
export interface SourceFile {
  readonly path: string;
  readonly room: string;
  readonly text: string;
  /** The text with comments blanked out, line by line. */
  readonly code: string;
}

export interface Import {
  /** A path relative to the repository, or a bare specifier. */
  readonly target: string;
  readonly line: number;
}

export const rooms = {
  /** The room of a file; undefined for what is no code (YAML, JSON) and for packages. */
  of(target: string): string | undefined {
    if (target.startsWith("@cloudydeno/kubernetes-apis/")) return "generated";
    if (!target.endsWith(".ts") || rooms.isBare(target)) return undefined;
    if (target === "lib/kube/contract.ts") return contract;
    const [top = "", second = ""] = target.split("/");
    if (top !== "lib") return top.replace(/\.ts$/, "");
    // config_values.ts is a part of config.ts
    return second.replace(/(_\w+)?\.ts$/, "");
  },
  /** Whether a target is a package or a builtin; the package that generated/ stands in for is neither. */
  isBare(target: string): boolean {
    return !/^(lib|generated|tests|deploy)\/|^[\w.]+\.(ts|json)$|^@cloudydeno\/kubernetes-apis\//.test(target);
  },
};

export function sourceFile(path: string, text: string): SourceFile {
  return { path, room: rooms.of(path) ?? "", text, code: withoutComments(text) };
}

/** Static, dynamic and type imports and re-exports, in the order of the file. Specifiers put together at run time are no imports. */
export function importsOf({ path, code }: SourceFile): Import[] {
  const pattern =
    /(?<=^|\n)(?:import|export)\b[^"`;]*?\bfrom\s+"([^"]+)"|(?<=^|\n)import\s+"([^"]+)"|\bimport\(\s*"([^"]+)"\s*[),]/g;
  return [...code.matchAll(pattern)].flatMap((match) => {
    const specifier = match[1] ?? match[2] ?? match[3] ?? "";
    if (specifier.includes("${")) return [];
    const end = (match.index ?? 0) + match[0].length;
    return [{ target: resolve(path, specifier), line: code.slice(0, end).split("\n").length }];
  });
}

function resolve(from: string, specifier: string): string {
  if (!specifier.startsWith(".")) return specifier;
  return decodeURIComponent(new URL(specifier, `file:///${from}`).pathname.slice(1));
}

/** Each cycle once, as "a → b → a", found by looking for the way back from every file. */
export function cycles(files: readonly SourceFile[]): string[] {
  const known = new Set(files.map(({ path }) => path));
  const standIn = (target: string) =>
    target.replace(/^@cloudydeno\/kubernetes-apis\/(.+?)(\.ts)?$/, (_, path: string) => `generated/${path}.ts`);
  const graph = new Map(
    files.map((file) => [
      file.path,
      importsOf(file).map(({ target }) => standIn(target)).filter((target) => known.has(target)),
    ]),
  );
  const state = new Map<string, "open" | "done">();
  const found: string[] = [];
  const visit = (path: string, way: readonly string[]): void => {
    if (state.get(path) === "done") return;
    if (state.get(path) === "open") {
      found.push([...way.slice(way.indexOf(path)), path].join(" → "));
      return;
    }
    state.set(path, "open");
    for (const next of graph.get(path) ?? []) visit(next, [...way, path]);
    state.set(path, "done");
  };
  for (const { path } of files) visit(path, []);
  return found;
}

/** Whether a file holds re-exports and nothing else. */
export function isBarrel({ code }: SourceFile): boolean {
  const rest = code.replaceAll(/(?<=^|\n)export\s+(type\s+)?(\*(\s+as\s+\w+)?|\{[^}]*\})\s+from\s+"[^"]+";?/g, "");
  return rest.trim() === "" && code.trim() !== "";
}

/** Blanks comments, keeping lines. Strings and templates stay: what stands in quotes is no comment. */
function withoutComments(text: string): string {
  const pattern =
    /("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`)|\/\*[\s\S]*?\*\/|(?<=^|[\s;{}(),])\/\/[^\n]*/g;
  return text.replaceAll(pattern, (match, quoted?: string) => quoted ?? match.replaceAll(/[^\n]/g, " "));
}
