// The bill of materials: the same bytes each time, the rules of CycloneDX 1.6 kept, and every package of the program in it, with
// its hash, and none that only tests use.

import { assertEquals, assertThrows } from "@std/assert";
import { bomOf, type Lock, programBom, programImports } from "../../deploy/sbom.ts";

const bom = programBom();
const refs = bom.components.map((component) => component["bom-ref"]);

Deno.test("the bill is the same each time", () => {
  assertEquals(JSON.stringify(programBom()), JSON.stringify(bom));
});

Deno.test("the bill names what deps.ts names, and nothing that only tests use", () => {
  const names = bom.components.map(({ group, name }) => group ? `${group}/${name}` : name);
  assertEquals(Object.keys(programImports()).filter((name) => !names.includes(name)), []);
  assertEquals(["fast-check", "ajv", "pure-rand"].filter((name) => names.includes(name)), []);
});

/** What the schema of CycloneDX 1.6 asks of the parts that are used here. https://cyclonedx.org/docs/1.6/json/ */
Deno.test("the bill keeps the rules of CycloneDX 1.6", () => {
  assertEquals([bom.bomFormat, bom.specVersion, bom.version], ["CycloneDX", "1.6", 1]);
  const all = [bom.metadata.component, ...bom.components];
  const faults = all.flatMap((component) => [
    ...(component.name === "" || component.version === "" ? [`${component["bom-ref"]}: name or version is empty`] : []),
    ...(component.hashes ?? []).filter(({ content }) => !/^[0-9a-f]{128}$/.test(content))
      .map(() => `${component["bom-ref"]}: no SHA-512`),
    ...(component.purl !== undefined && !/^pkg:npm\/(%40[a-z0-9-]+\/)?[a-z0-9.-]+@\d+\.\d+\.\d+$/.test(component.purl)
      ? [`${component["bom-ref"]}: purl is ${component.purl}`]
      : []),
  ]);
  assertEquals(faults, []);
  const known = all.map((component) => component["bom-ref"]);
  assertEquals(known.length, new Set(known).size);
  assertEquals(bom.dependencies.map(({ ref }) => ref).toSorted(), known.toSorted());
  assertEquals(bom.dependencies.flatMap(({ dependsOn }) => dependsOn).filter((ref) => !known.includes(ref)), []);
});

Deno.test("every package in the bill is reached from the program", () => {
  const edges = new Map(bom.dependencies.map(({ ref, dependsOn }) => [ref, dependsOn]));
  const reached = new Set<string>();
  const visit = (ref: string) => {
    if (reached.has(ref)) return;
    reached.add(ref);
    for (const each of edges.get(ref) ?? []) visit(each);
  };
  visit(bom.metadata.component["bom-ref"]);
  assertEquals(refs.filter((ref) => !reached.has(ref)), []);
});

const digest = new Uint8Array(64).fill(7);
const integrity = `sha512-${digest.toBase64()}`;
const program = { name: "@team/program", version: "1.2.3", license: "Apache-2.0" };
const lock: Lock = {
  specifiers: { "npm:@scope/one@1.0.0": "1.0.0_two@2.0.0" },
  npm: {
    "@scope/one@1.0.0_two@2.0.0": { integrity, dependencies: ["two"] },
    "two@2.0.0": { integrity },
    "three@3.0.0": { integrity },
  },
};

Deno.test("a bill in full: scopes, peers, what a package needs, and hashes in hexadecimal", () => {
  const hashes = [{ alg: "SHA-512" as const, content: digest.toHex() }];
  const [one, two] = ["pkg:npm/%40scope/one@1.0.0", "pkg:npm/two@2.0.0"];
  assertEquals(bomOf(program, { one: "npm:@scope/one@1.0.0" }, lock), {
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    version: 1,
    metadata: {
      component: {
        type: "application",
        "bom-ref": "@team/program@1.2.3",
        group: "@team",
        name: "program",
        version: "1.2.3",
        licenses: [{ license: { id: "Apache-2.0" } }],
      },
    },
    components: [
      { type: "library", "bom-ref": one, group: "@scope", name: "one", version: "1.0.0", purl: one, hashes },
      { type: "library", "bom-ref": two, name: "two", version: "2.0.0", purl: two, hashes },
    ],
    dependencies: [
      { ref: "@team/program@1.2.3", dependsOn: [one] },
      { ref: one, dependsOn: [two] },
      { ref: two, dependsOn: [] },
    ],
  });
});

Deno.test("a package that the lock file does not hold is named, with the command that mends it", () => {
  assertThrows(
    () => bomOf(program, { four: "npm:four@4.0.0" }, lock),
    Error,
    "deno.lock has no npm:four@4.0.0: write it anew by deno install --frozen=false",
  );
});
