// The table of commands against the commands themselves: what each says of its flags is what the table says, and what a shell
// completes follows from both.

import { assertEquals } from "@std/assert";
import { commands } from "../../lib/cli/commands.ts";
import { completable } from "../../lib/cli/completion.ts";

const main = new URL("../../main.ts", import.meta.url).pathname;

async function output(command: string, args: readonly string[]): Promise<string> {
  const { stdout } = await new Deno.Command(command, { args: [...args], stdin: "null", stderr: "inherit" }).output();
  return new TextDecoder().decode(stdout);
}

for (const { name, flags, words } of completable()) {
  Deno.test(`the help of ${name} names its flags and words, and no other`, async () => {
    const help = await output(Deno.execPath(), ["run", "--quiet", "-A", main, name, "--help"]);
    const own = Object.keys(commands[name as keyof typeof commands].flags);
    const known = new Set(flags.map(([flag]) => flag));
    const named = new Set(help.match(/--[a-z][a-z-]*/g));
    assertEquals(own.filter((flag) => !named.has(flag)), []);
    assertEquals([...named].filter((flag) => !known.has(flag)), []);
    assertEquals(words.filter((word) => !new RegExp(`\\b${word}\\b`).test(help)), []);
  });
}

const completions = [
  { typed: ["ex"], gives: ["explain"] },
  { typed: ["audit", "t"], gives: ["tail"] },
  { typed: ["run", "--log-l"], gives: ["--log-level"] },
  { typed: ["run", "--log-level", ""], gives: ["debug", "info", "warn", "error"] },
  { typed: ["audit", "query", "--event", "s"], gives: ["started", "skipped"] },
  { typed: ["doctor", "-o", ""], gives: ["text", "json"] },
  { typed: ["audit", "tail", "-n", ""], gives: [] },
  { typed: ["explain", "--con"], gives: ["--context"] },
  { typed: ["explain", "--context", "de"], gives: [] },
];
const hasBash = await isThere("bash");
const once = new Map<string, Promise<string>>();

function bashScript(): Promise<string> {
  const made = once.get("bash") ?? output(Deno.execPath(), ["run", "--quiet", "-A", main, "completion", "bash"]);
  once.set("bash", made);
  return made;
}

for (const { typed, gives } of completions) {
  const line = ["kubernaut-we", ...typed].join(" ");
  Deno.test({
    name: `bash completes "${line}" to ${gives.join(", ") || "nothing"}${hasBash ? "" : " (there is no bash)"}`,
    ignore: !hasBash,
    async fn() {
      const quoted = ["kubernaut-we", ...typed].map((word) => `'${word}'`).join(" ");
      const asks =
        `COMP_WORDS=(${quoted}); COMP_CWORD=${typed.length}; _kubernaut_we; printf '%s\\n' "\${COMPREPLY[@]}"`;
      const given = await output("bash", ["-c", `${await bashScript()}\n${asks}`]);
      assertEquals(given.split("\n").filter((word) => word !== ""), gives);
    },
  });
}

async function isThere(command: string): Promise<boolean> {
  try {
    return (await new Deno.Command(command, { args: ["--version"], stdout: "null", stderr: "null" }).output()).success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
