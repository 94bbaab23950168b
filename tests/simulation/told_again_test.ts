// Worlds that once showed something nobody had thought of, kept by their seeds. A change of the workload changes what they
// tell: then the sentence is what remains, and the seed is one of many.

import { assertEquals } from "@std/assert";
import { judgeSeeds } from "./seeds.ts";

const found: [seed: number, story: string][] = [
  [31, "a run in a namespace that is watched no longer is deleted, and its execution comes to its end"],
  [140, "a Lease that was wiped before the run could start is taken back, and the run starts"],
  [197, "an execution that gave up its run for another does not keep that other from running"],
  [3_915, "nobody is skipped for an execution that holds the lock again, but has said that its run will go"],
  [5_853, "the run of a holder that is gone is found, though a replica of another configuration wrote its Lease"],
  [15_509, "a replica that was behind takes a lock for one that is long gone, and lets it go"],
  [28_441, "the same for one that holds the lock and is deleted before it ran"],
  [31_383, "an execution that is deleted before it ran is not given way to, though it took the lock"],
  [34_142, "whoever took a lock that was wiped may fail for a reason of its own"],
  [61_089, "a holder that is gone, as its Lease is, is not forgotten while its run may be where nobody watches"],
  [62_120, "an execution that was out of time to start holds its target to its end, which begins a cooldown"],
  [73_187, "the same where its Lease was wiped, and its run is already being deleted"],
  [80_621, "a lock that a hand took away, and another had for a moment, comes back to the one that runs"],
  [201_459, "an execution that has removed its run, and not yet ended, is not given way to"],
];

for (const [seed, story] of found) {
  Deno.test(`seed ${seed}: ${story}`, async () => assertEquals(await judgeSeeds(seed, seed), []));
}
