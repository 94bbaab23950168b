// What is wrong with a command line is told in the same words by every command, with what was probably meant, exit code 2.

import { assertEquals, assertStringIncludes } from "@std/assert";
import { commandLineFaults, unknownCommand } from "../../lib/cli/command_line.ts";
import { crds } from "../../lib/cli/crds.ts";
import { explain } from "../../lib/cli/explain.ts";
import { type CommandOptions, generate } from "../../lib/cli/generate.ts";
import { KubeconfigError } from "../../lib/kube/kubeconfig_file.ts";
import { type CommandLine, type CommandName, commands } from "../../lib/cli/commands.ts";

const faults: [command: CommandName, args: string[], faults: string[]][] = [
  ["crds", ["print"], []],
  ["crds", ["install", "--dry-run", "--context", "--kubeconfig=x"], [
    "flag --context: lacks its value: --context VALUE",
  ]],
  ["crds", ["instal"], ['there is no "instal", only print or install; did you mean install?']],
  ["crds", ["install", "--dry-rn", "more"], [
    'argument "more": is not expected',
    "flag --dry-rn: is no flag; did you mean --dry-run?",
  ]],
  ["crds", [], ["a word is missing: print or install"]],
  ["crds", ["--dry-run"], ["a word is missing: print or install"]],
  ["completion", ["tcsh"], ['there is no "tcsh", only one of bash, zsh, fish']],
  ["config", ["prnt", "--cooldown=soon"], ['there is no "prnt", only print or schema; did you mean print?']],
  ["config", ["print", "--json", "--cooldown", "soon"], []],
  ["explain", ["payment/fix", "-n", "payment", "--namespce=x"], [
    "flag --namespce: is no flag; did you mean --namespace?",
  ]],
  ["explain", ["-x"], ["flag -x: is no flag"]],
  ["explain", ["--", "-x"], []],
  ["audit", ["tail", "-f", "-n", "3", "-o=json"], []],
  ["audit", ["tail", "--limit"], ["flag --limit: lacks its value: --limit VALUE"]],
  ["generate", ["a.yaml", "b.yaml", "--out", "x"], []],
  ["demo", ["now", "--sreve"], ['argument "now": is not expected', "flag --sreve: is no flag; did you mean --serve?"]],
  ["demo", ["--serve=yes", "--speed=10"], ["flag --serve: takes no value"]],
  ["version", ["--output=json"], []],
  ["run", ["--cooldwn", "1m"], []], // the configuration's to tell, with all its other faults
];
for (const [command, args, expected] of faults) {
  Deno.test(`kubernaut-we ${[command, ...args].join(" ")}: ${expected.length === 0 ? "nothing wrong here" : "is refused"}`, () => {
    assertEquals(commandLineFaults(command, args), expected);
  });
}

for (const [name, line] of Object.entries<CommandLine>(commands)) {
  Deno.test(`kubernaut-we ${name} --help is asked for, whatever else stands there`, () => {
    assertEquals(commandLineFaults(name as CommandName, ["oops", "--oops", "--help"]), []);
  });
  if (line.configured) continue;
  Deno.test(`kubernaut-we ${name} knows no flag --oops`, () => {
    const args = [...(line.words?.slice(0, 1) ?? []), "--oops"];
    assertEquals(commandLineFaults(name as CommandName, args), ["flag --oops: is no flag"]);
  });
}

for (
  const [name, run] of [
    ["crds install", (args: string[], o: CommandOptions) => crds(["install", ...args], o)],
    ["generate --from-cluster", (args: string[], o: CommandOptions) => generate(["--from-cluster", ...args], o)],
    ["explain a", (args: string[], o: CommandOptions) => explain(["a", ...args], { ...o, connect: o.connect! })],
  ] as const
) {
  Deno.test(`kubernaut-we ${name} goes to the cluster of --kubeconfig and --context`, async () => {
    const asked: unknown[] = [];
    const told: string[] = [];
    const connect: CommandOptions["connect"] = ({ kubeconfig, context }) => {
      asked.push({ kubeconfig, context });
      return Promise.reject(new KubeconfigError("no such file"));
    };
    const code = await run(["--kubeconfig", "some/file", "--context=blue"], {
      connect,
      complain: (line) => told.push(line),
    });
    assertEquals([code, asked], [1, [{ kubeconfig: "some/file", context: "blue" }]]);
    assertStringIncludes(told.join(), "no such file");
  });
}

Deno.test("a command that there is not: what was probably meant", () => {
  assertEquals(unknownCommand("explian"), 'there is no command "explian"; did you mean explain?');
  assertEquals(unknownCommand("reconcile"), 'there is no command "reconcile"');
});

Deno.test("a flag before the command: where it stands instead", () => {
  assertEquals(
    unknownCommand("--config"),
    "flag --config: stands before the command; write kubernaut-we COMMAND --config …",
  );
});

async function program(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const main = new URL("../../main.ts", import.meta.url).pathname;
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "-A", main, ...args],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
  const { code, stdout, stderr } = await command.output();
  return { code, out: new TextDecoder().decode(stdout), err: new TextDecoder().decode(stderr) };
}

Deno.test("the program ends with exit code 2, one line a fault, and where to read more", async () => {
  assertEquals(await program("crds", "install", "--dry-rn", "--contxt=x"), {
    code: 2,
    out: "",
    err: "kubernaut-we crds: flag --dry-rn: is no flag; did you mean --dry-run?\n" +
      "kubernaut-we crds: flag --contxt: is no flag; did you mean --context?\n\n" +
      "kubernaut-we crds --help tells more.\n",
  });
});

Deno.test("a misspelt flag of a command that takes the configuration's, too, is told among its faults", async () => {
  const { code, out, err } = await program("doctor", "--acount=a/b", "--cooldown=soon");
  assertEquals([code, out], [2, ""]);
  assertStringIncludes(err, "flag --acount: is no flag; did you mean --account?");
  assertStringIncludes(err, "flag --cooldown: ");
});
