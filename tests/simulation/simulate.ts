// `deno task simulate`: many seeds in several processes at once, or one seed told line by line.
//   --seeds N [--from N] [--processes N]   judges so many seeds, and prints those whose world broke a law
//   --seed N [--trace]                     one seed: what was planned, what happened, and the verdict
//   --mutation NAME                        with one part of the protocol undone (see mutations.ts)

import { type Mutation, mutations } from "./mutations.ts";
import { judge, type Verdict } from "./verdict.ts";
import { prepareGround } from "./world.ts";

interface Flags {
  readonly seed: number | undefined;
  readonly seeds: number;
  readonly from: number;
  readonly processes: number;
  readonly trace: boolean;
  readonly mutation: Mutation | undefined;
  /** A process that was started by another: it prints its findings only. */
  readonly part: boolean;
}

const print = (text: string) => Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));

function flagsOf(args: readonly string[]): Flags {
  const known = ["--seed", "--seeds", "--from", "--processes", "--mutation", "--trace", "--part"];
  const found = new Map<string, string>();
  for (let i = 0; i < args.length; i++) {
    const flag = args[i] ?? "";
    if (!known.includes(flag)) throw new Error(`${flag} is no flag of simulate: ${known.slice(0, -1).join(", ")}`);
    found.set(flag, flag === "--trace" || flag === "--part" ? "" : args[++i] ?? "");
  }
  const whole = (flag: string, otherwise: number) => {
    const text = found.get(flag);
    if (text === undefined) return otherwise;
    if (!/^\d+$/.test(text)) throw new Error(`${flag} is ${JSON.stringify(text)}, must be a whole number`);
    return Number(text);
  };
  const name = found.get("--mutation");
  const mutation = mutations.find((each) => each.name === name);
  if (name !== undefined && !mutation) {
    throw new Error(`--mutation is ${name}, must be one of: ${mutations.map((each) => each.name).join(", ")}`);
  }
  return {
    seed: found.has("--seed") ? whole("--seed", 0) : undefined,
    seeds: whole("--seeds", 1_000),
    from: whole("--from", 1),
    processes: whole("--processes", 2),
    trace: found.has("--trace"),
    mutation,
    part: found.has("--part"),
  };
}

async function one(flags: Flags, seed: number): Promise<boolean> {
  const { mutation, trace } = flags;
  const verdict = await judge(seed, await prepareGround(), {
    traced: trace,
    ...(mutation ? { sabotage: mutation.sabotage } : {}),
  });
  if (trace) { for (const line of verdict.trace) print(line); }
  print(tell(seed, verdict));
  return verdict.broken.length === 0;
}

async function part({ from, seeds, mutation }: Flags): Promise<boolean> {
  const ground = await prepareGround();
  let good = true;
  for (let seed = from; seed < from + seeds; seed++) {
    const verdict = await judge(seed, ground, mutation ? { sabotage: mutation.sabotage } : {});
    if (verdict.broken.length === 0) continue;
    good = false;
    print(tell(seed, verdict));
  }
  return good;
}

function tell(seed: number, { broken }: Verdict): string {
  if (broken.length === 0) return `seed ${seed}: every law is kept`;
  return `seed ${seed}: ${broken[0]} (deno task simulate --seed ${seed} --trace)`;
}

/** Each process takes pieces of the seeds in turn, so that none is left with all the long ones. */
async function many(flags: Flags, args: readonly string[]): Promise<boolean> {
  const startedMs = performance.now();
  const { from, seeds, processes } = flags;
  const piece = Math.min(1_000, Math.ceil(seeds / processes));
  let next = from;
  let good = true;
  const worker = async () => {
    while (next < from + seeds) {
      const first = next;
      next += piece;
      const count = Math.min(piece, from + seeds - first);
      const rest = args.includes("--mutation")
        ? args.slice(args.indexOf("--mutation"), args.indexOf("--mutation") + 2)
        : [];
      const own = ["--part", "--from", `${first}`, "--seeds", `${count}`, ...rest];
      const command = new Deno.Command(Deno.execPath(), {
        args: ["run", "-A", "--no-lock", "--no-check", import.meta.filename ?? "", ...own],
        stdout: "inherit",
        stderr: "inherit",
      });
      const { success } = await command.output();
      good &&= success;
    }
  };
  await Promise.all(Array.from({ length: processes }, worker));
  const tookS = Math.round((performance.now() - startedMs) / 1_000);
  print(
    `seeds ${from} to ${from + seeds - 1}: ${good ? "every law is kept in every world" : "see above"} (${tookS} s)`,
  );
  return good;
}

if (import.meta.main) {
  const flags = flagsOf(Deno.args);
  const good = flags.seed !== undefined
    ? await one(flags, flags.seed)
    : flags.part
    ? await part(flags)
    : await many(flags, Deno.args);
  Deno.exit(good ? 0 : 1);
}
