// `deno task sbom`: what the binary is made of, as a CycloneDX 1.6 document in JSON, from deno.lock, deno.json and deps.ts alone.
// The same input gives the same bytes: no time of day, no random serial number. Packages that only tests use are left out, for
// they are not in the binary.

import manifest from "../deno.json" with { type: "json" };
import depsText from "../deps.ts" with { type: "text" };
import { lineWriter } from "../lib/log.ts";

interface LockedPackage {
  readonly integrity: string;
  readonly dependencies?: readonly string[];
  readonly optionalPeers?: readonly string[];
}

/** What of deno.lock (version 5) is read. */
export interface Lock {
  readonly specifiers: Readonly<Record<string, string>>;
  readonly npm: Readonly<Record<string, LockedPackage>>;
}

export interface Component {
  readonly type: "application" | "library" | "platform";
  readonly "bom-ref": string;
  readonly group?: string;
  readonly name: string;
  readonly version: string;
  readonly purl?: string;
  readonly licenses?: readonly { readonly license: { readonly id: string } }[];
  readonly hashes?: readonly { readonly alg: "SHA-512"; readonly content: string }[];
}

/** A CycloneDX 1.6 bill of materials, as far as it is used here. https://cyclonedx.org/docs/1.6/json/ */
export interface Bom {
  readonly bomFormat: "CycloneDX";
  readonly specVersion: "1.6";
  readonly version: 1;
  readonly metadata: { readonly component: Component };
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

/**
 * @param imports specifiers of the packages that the program uses, by the name it imports them by
 * @throws {Error} naming a package that the lock file does not hold
 */
export function bomOf(
  program: { readonly name: string; readonly version: string; readonly license: string },
  imports: Readonly<Record<string, string>>,
  { specifiers, npm }: Lock,
): Bom {
  const versionOf = (specifier: string) => {
    const version = specifiers[specifier];
    if (version === undefined) {
      throw new Error(`deno.lock has no ${specifier}: write it anew by deno install --frozen=false`);
    }
    return `${specifier.replace(/^npm:/, "").replace(/@[^@]*$/, "")}@${version}`;
  };
  const keyOf = (dependency: string) => {
    const found = Object.keys(npm).filter((key) => key === dependency || nameOf(key) === dependency);
    if (found.length !== 1 || found[0] === undefined) {
      throw new Error(`deno.lock has ${found.length} packages for ${dependency}, should have one`);
    }
    return found[0];
  };
  const direct = Object.values(imports).map(versionOf).toSorted();
  const reached = new Map<string, readonly string[]>();
  const visit = (key: string) => {
    if (reached.has(key)) return;
    const dependsOn = (npm[key]?.dependencies ?? []).map(keyOf).toSorted();
    reached.set(key, dependsOn);
    for (const each of dependsOn) visit(each);
  };
  for (const key of direct) visit(key);
  const keys = [...reached.keys()].toSorted();
  const application: Component = {
    type: "application",
    "bom-ref": `${program.name}@${program.version}`,
    ...namesOf(program.name),
    version: program.version,
    licenses: [{ license: { id: program.license } }],
  };
  return {
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    version: 1,
    metadata: { component: application },
    components: keys.map((key) => componentOf(key, npm[key]?.integrity ?? "")),
    dependencies: [
      { ref: application["bom-ref"], dependsOn: direct.map(refOf) },
      ...keys.map((key) => ({ ref: refOf(key), dependsOn: (reached.get(key) ?? []).map(refOf) })),
    ],
  };
}

/** `@hono/node-server@2.1.9_hono@4.13.19` (a package and the peers it was resolved with) → its bare name. */
function nameOf(key: string): string {
  return /^(@?[^@]+)@/.exec(key)?.[1] ?? key;
}

function versionOfKey(key: string): string {
  return /^@?[^@]+@([^_]+)/.exec(key)?.[1] ?? "";
}

function namesOf(name: string): { group?: string; name: string } {
  const [, group, rest] = /^(@[^/]+)\/(.*)$/.exec(name) ?? [];
  return group && rest ? { group, name: rest } : { name };
}

/** Its package URL. https://github.com/package-url/purl-spec */
function refOf(key: string): string {
  const { group, name } = namesOf(nameOf(key));
  return `pkg:npm/${group ? `${encodeURIComponent(group)}/` : ""}${name}@${versionOfKey(key)}`;
}

function componentOf(key: string, integrity: string): Component {
  const [, digest] = /^sha512-(.*)$/.exec(integrity) ?? [];
  if (digest === undefined) throw new Error(`${key} in deno.lock has no SHA-512 integrity`);
  return {
    type: "library",
    "bom-ref": refOf(key),
    ...namesOf(nameOf(key)),
    version: versionOfKey(key),
    purl: refOf(key),
    hashes: [{ alg: "SHA-512", content: Uint8Array.fromBase64(digest).toHex() }],
  };
}

/** The npm packages that deps.ts names, by the names of deno.json. */
export function programImports(): Record<string, string> {
  const names = [...depsText.matchAll(/(?:from|import\()\s*"([^"]+)"/g)].map(([, name]) => name ?? "");
  const known: Readonly<Record<string, string>> = manifest.imports;
  return Object.fromEntries(names.map((name) => [name, known[name] ?? ""]));
}

/** The bill of this repository's program. */
export function programBom(): Bom {
  const lock = JSON.parse(Deno.readTextFileSync(new URL("../deno.lock", import.meta.url))) as Lock;
  return bomOf(manifest, programImports(), lock);
}

if (import.meta.main) lineWriter(Deno.stdout)(JSON.stringify(programBom(), null, 2));
