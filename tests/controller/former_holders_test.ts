// Who held a Lease before stays known until it is known how they ended; and it is bounded.

import { assertEquals } from "@std/assert";
import { FormerHolders } from "../../lib/controller/former_holders.ts";
import { holder } from "../support/builders.ts";
import { other } from "../workflow/told.ts";

const uids = (of: readonly { uid: string }[]) => of.map(({ uid }) => uid);
const nobody = () => undefined;

Deno.test("FormerHolders: those of whom nothing is known are named, but oneself is not", () => {
  const holders = new FormerHolders();
  for (const uid of ["one", "two"]) holders.saw({ name: "lease", holder: holder({ uid }) });
  holders.saw({ name: "lease", holder: undefined });
  holders.saw({ name: "another", holder: holder({ uid: "three" }) });
  assertEquals(uids(holders.unsettled("lease", "two", nobody)), ["one"]);
  assertEquals(uids(holders.unsettled("lease", "", nobody)), ["one", "two"]);
  assertEquals(holders.unsettled("none", "", nobody), []);
});

Deno.test("FormerHolders: whoever has ended, is gone, or was read live to be over is forgotten", () => {
  const holders = new FormerHolders();
  for (const uid of ["ended", "gone", "runs", "over"]) holders.saw({ name: "lease", holder: holder({ uid }) });
  holders.settled("lease", "over");
  const known = ({ uid }: { uid: string }) =>
    uid === "gone" ? "gone" : other({ status: { phase: uid === "ended" ? "Skipped" : "Running" } });
  assertEquals(uids(holders.unsettled("lease", "", known)), ["runs"]);
  assertEquals(uids(holders.unsettled("lease", "", nobody)), ["runs"]);
});

Deno.test("FormerHolders: a holder that nobody can look up is not kept", () => {
  const holders = new FormerHolders();
  holders.saw({ name: "lease", holder: holder({ name: "" }) });
  assertEquals(holders.unsettled("lease", "", nobody), []);
});

Deno.test("FormerHolders: eight of a Lease are kept, the latest, and ten thousand Leases", () => {
  const holders = new FormerHolders();
  for (let i = 0; i < 10; i++) holders.saw({ name: "lease", holder: holder({ uid: `u${i}` }) });
  assertEquals(uids(holders.unsettled("lease", "", nobody)), Array.from({ length: 8 }, (_, i) => `u${i + 2}`));
  for (let i = 0; i < 10_000; i++) holders.saw({ name: `lease-${i}`, holder: holder() });
  assertEquals(holders.unsettled("lease", "", nobody), []);
  assertEquals(holders.unsettled("lease-0", "", nobody).length, 1);
});
