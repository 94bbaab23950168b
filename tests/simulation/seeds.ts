// Many worlds in a row.

import { judge } from "./verdict.ts";
import { prepareGround, type WorldOptions } from "./world.ts";

/** The seeds from `first` to `last` whose world broke a law, each with the law and the command that tells its story. */
export async function judgeSeeds(
  first: number,
  last: number,
  o: Pick<WorldOptions, "sabotage"> & { readonly stopAtFirst?: boolean } = {},
): Promise<string[]> {
  const { stopAtFirst = false, ...options } = o;
  const ground = await prepareGround();
  const found: string[] = [];
  for (let seed = first; seed <= last; seed++) {
    const { broken } = await judge(seed, ground, options);
    if (broken.length === 0) continue;
    found.push(`seed ${seed}: ${broken[0]} (deno task simulate --seed ${seed} --trace)`);
    if (stopAtFirst) break;
  }
  return found;
}
