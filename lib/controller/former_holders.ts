// Who has held each Lease, as far as its watch and our own writes told, until it is known how they ended. All Leases stand in
// one namespace, so this one watch tells what others leave out: that a Lease which is free, or gone, was somebody's before.

import { type Execution, isFinal } from "../workflow/execution.ts";
import { type Holder, isReadable, type Lock } from "../workflow/lock.ts";

/** More than any Lease has at a time whose holders are not taken away by hand. */
const holdersAtMost = 8;
const leasesAtMost = 10_000;

export class FormerHolders {
  /** Lease name → uid → holder. */
  readonly #byLease = new Map<string, Map<string, Holder>>();

  saw({ name, holder }: Pick<Lock, "name" | "holder">): void {
    if (!holder || !isReadable(holder)) return;
    const holders = this.#byLease.get(name) ?? new Map<string, Holder>();
    holders.set(holder.uid, holder);
    const [oldest] = holders.keys();
    if (holders.size > holdersAtMost && oldest !== undefined) holders.delete(oldest);
    this.#byLease.set(name, holders);
    const [first] = this.#byLease.keys();
    if (this.#byLease.size > leasesAtMost && first !== undefined) this.#byLease.delete(first);
  }

  /** It was read live, and is over. */
  settled(lease: string, uid: string): void {
    this.#byLease.get(lease)?.delete(uid);
  }

  /**
   * Those but `ownUid` of whom nobody knows that they have ended.
   * @param known the execution as it was last seen, gone or not
   */
  unsettled(lease: string, ownUid: string, known: (holder: Holder) => Execution | "gone" | undefined): Holder[] {
    const holders = this.#byLease.get(lease);
    if (!holders) return [];
    for (const [uid, holder] of holders) {
      const now = known(holder);
      if (now === "gone" || (now && isFinal(now))) holders.delete(uid);
    }
    return [...holders.values()].filter(({ uid }) => uid !== ownUid);
  }
}
