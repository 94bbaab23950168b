// The doubt before anything that would be wrong if the execution has ended meanwhile, by the hand of a replica that knows more.

import { act, type Decision, wait } from "./action.ts";
import type { Snapshot } from "./snapshot.ts";

/** Undefined once the execution was read live in this pass, and stands as the cache has it. */
export function unlessEnded(s: Snapshot): Decision | undefined {
  if (s.gone) return wait("it is gone: somebody has told its end");
  return s.current ? undefined : act({ do: "read", what: "execution" }, "has it ended meanwhile, by another's hand?");
}
