// Generated files and a folder: writing them, and telling where the folder differs.
import type { Files } from "./generate.ts";

/** How a file in the folder differs from what would be generated. */
export interface Difference {
  /** Below the folder. */
  path: string;
  is: "missing" | "different" | "no longer generated";
}

/**
 * Compares the folder with `files`. `complete`: the files are all that the folder should hold, so that a generated file
 * that is not among them is a difference too.
 */
export async function differences(folder: string, files: Files, complete: boolean): Promise<Difference[]> {
  const found: Difference[] = [];
  for (const [path, text] of files) {
    const present = await readIfThere(`${folder}/${path}`);
    if (present === undefined) found.push({ path, is: "missing" });
    else if (present !== text) found.push({ path, is: "different" });
  }
  if (complete) {
    for (const path of await typescriptFiles(folder, "")) {
      if (!files.has(path)) found.push({ path, is: "no longer generated" });
    }
  }
  return found.sort((a, b) => a.path < b.path ? -1 : 1);
}

/** Writes what is missing or different; gives the paths written. Other files are left alone. */
export async function writeFiles(folder: string, files: Files): Promise<string[]> {
  const changed = await differences(folder, files, false);
  for (const { path } of changed) {
    const file = `${folder}/${path}`;
    await Deno.mkdir(file.slice(0, file.lastIndexOf("/")), { recursive: true });
    await Deno.writeTextFile(file, files.get(path) ?? "");
  }
  return changed.map(({ path }) => path);
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await Deno.readTextFile(file);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

async function typescriptFiles(folder: string, below: string): Promise<string[]> {
  const files: string[] = [];
  try {
    for await (const entry of Deno.readDir(`${folder}/${below}`)) {
      if (entry.isDirectory) files.push(...await typescriptFiles(folder, `${below}${entry.name}/`));
      else if (entry.name.endsWith(".ts")) files.push(below + entry.name);
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return files;
}
