// The Lease of a target: what is written into it, what is read out of it whoever wrote it, and its ledger.

import { assertEquals, assertThrows } from "@std/assert";
import type { JSONObject } from "../../lib/kube/contract.ts";
import {
  coolingDown,
  identity,
  isReadable,
  type Lock,
  lockFrom,
  newLock,
  type RecentEnd,
  takeLock,
  withEnd,
  writeLedger,
} from "../../lib/workflow/lock.ts";
import { parseTarget } from "../../lib/workflow/target.ts";
import { holder, lock, recentEnd, startMs } from "../support/builders.ts";

const target = parseTarget("payment/deployment/api", "payment");
const where = { namespace: "kubernaut-system", name: "wfe-1", target };
const annotation = { holder: "kubernaut.ai/holder", ends: "kubernaut.ai/recent-ends" };
const ledgerText =
  `[{"workflowId":"restart","namespace":"payment","name":"before","uid":"uid-before","outcome":"Completed","completedAt":"2025-12-31T23:59:00.000Z"}]`;
const labels = {
  "app.kubernetes.io/managed-by": "kubernaut-workflowexecution",
  "kubernaut.ai/target-namespace": "payment",
  "kubernaut.ai/target-kind": "deployment",
  "kubernaut.ai/target-name": "api",
};

Deno.test("newLock makes a Lease that is held from its first moment", () => {
  assertEquals(newLock(where, holder(), [recentEnd()], startMs + 1), {
    apiVersion: "coordination.k8s.io/v1",
    kind: "Lease",
    metadata: {
      name: "wfe-1",
      namespace: "kubernaut-system",
      labels,
      annotations: {
        "kubernaut.ai/target-resource": "payment/deployment/api",
        [annotation.holder]: JSON.stringify(holder()),
        [annotation.ends]: ledgerText,
      },
    },
    spec: {
      holderIdentity: "payment/other/uid-other",
      acquireTime: "2026-01-01T00:00:00.001000Z",
      leaseTransitions: 1,
    },
  });
});

Deno.test("newLock makes a free Lease that keeps a ledger", () => {
  const made = newLock(where, undefined, [recentEnd()], startMs);
  assertEquals(made.spec, { leaseTransitions: 0 });
  assertEquals((made.metadata as JSONObject).annotations, {
    "kubernaut.ai/target-resource": "payment/deployment/api",
    [annotation.ends]: ledgerText,
  });
});

Deno.test("takeLock names the version that was judged, its object, and the next transition", () => {
  assertEquals(takeLock(lock({ transitions: 7 }), target, holder(), [], startMs), {
    metadata: {
      uid: "uid-lease",
      resourceVersion: "30",
      labels,
      annotations: {
        "kubernaut.ai/target-resource": "payment/deployment/api",
        [annotation.holder]: JSON.stringify(holder()),
        [annotation.ends]: null,
      },
    },
    spec: {
      holderIdentity: "payment/other/uid-other",
      acquireTime: "2026-01-01T00:00:00.000000Z",
      leaseTransitions: 8,
    },
  });
});

Deno.test("writeLedger frees the Lease, or leaves it with its holder", () => {
  const metadata = { uid: "uid-lease", resourceVersion: "30" };
  assertEquals(writeLedger(lock(), [recentEnd()], true), {
    metadata: { ...metadata, annotations: { [annotation.ends]: ledgerText, [annotation.holder]: null } },
    spec: { holderIdentity: null, acquireTime: null },
  });
  assertEquals(writeLedger(lock(), [], false), { metadata: { ...metadata, annotations: { [annotation.ends]: null } } });
});

Deno.test("lockFrom reads what newLock wrote", () => {
  const made = newLock(where, holder(), [recentEnd()], startMs);
  const stored = { ...made, metadata: { ...made.metadata as JSONObject, uid: "u", resourceVersion: "5" } };
  assertEquals(lockFrom(stored), {
    namespace: "kubernaut-system",
    name: "wfe-1",
    uid: "u",
    resourceVersion: "5",
    target: "payment/deployment/api",
    holder: holder(),
    emptied: false,
    transitions: 1,
    recentEnds: [recentEnd()],
  });
});

const unknown = { workflowId: "", startedAt: "", pipelineRun: { namespace: "", name: "" } };
const held = (identity: string, details: string) => ({ spec: { holderIdentity: identity }, details, ends: "" });
const damaged: [sentence: string, lease: { spec?: JSONObject; details?: string; ends?: string }, Partial<Lock>][] = [
  ["without a spec it is free", {}, { holder: undefined }],
  [
    "an empty holderIdentity beside the holder's annotation was emptied by hand: held",
    held("", JSON.stringify(holder())),
    {
      holder: holder(),
      emptied: true,
    },
  ],
  ["an empty holderIdentity beside an annotation that names nobody is free", held("", `{"uid":"u"}`), {
    holder: undefined,
    emptied: false,
  }],
  ["a holder without details is a holder", held("payment/other/uid-other", ""), {
    holder: { namespace: "payment", name: "other", uid: "uid-other", ...unknown },
  }],
  ["details of another uid are not this holder's", held("payment/other/uid-new", JSON.stringify(holder())), {
    holder: { namespace: "payment", name: "other", uid: "uid-new", ...unknown },
  }],
  ["details that are no JSON are none", held("payment/other/uid-other", "{"), {
    holder: { namespace: "payment", name: "other", uid: "uid-other", ...unknown },
  }],
  ["details with numbers in place of texts are none", held("a/b/u", `{"uid":"u","workflowId":3,"pipelineRun":[]}`), {
    holder: { namespace: "a", name: "b", uid: "u", ...unknown },
  }],
  ["one word is still a holder", held("somebody", ""), {
    holder: { namespace: "somebody", name: "", uid: "", ...unknown },
  }],
  ["a ledger that is no JSON is empty", { ends: "[{" }, { recentEnds: [] }],
  ["a ledger that is no list is empty", { ends: `{"uid":"a"}` }, { recentEnds: [] }],
  ["entries without a time or a uid are dropped", {
    ends: `[1, null, {"uid":"a"}, {"completedAt":"2026-01-01T00:00:00Z"}, {"uid":"a","completedAt":"soon"}]`,
  }, { recentEnds: [] }],
  ["an outcome that is none counts as Failed", {
    ends: `[{"uid":"a","completedAt":"2026-01-01T00:00:00Z","outcome":"Skipped"}]`,
  }, {
    recentEnds: [{
      workflowId: "",
      namespace: "",
      name: "",
      uid: "a",
      outcome: "Failed",
      completedAtMs: startMs,
    }],
  }],
];

for (const [sentence, { spec = {}, details = "", ends = "" }, expected] of damaged) {
  Deno.test(`lockFrom, damaged by hand: ${sentence}`, () => {
    const annotations = { [annotation.holder]: details, [annotation.ends]: ends };
    const read = lockFrom({ metadata: { name: "wfe-1", uid: "u", resourceVersion: "5", annotations }, spec });
    const seen = Object.fromEntries(Object.keys(expected).map((key) => [key, read[key as keyof typeof read]]));
    assertEquals(seen as Partial<Lock>, expected);
  });
}

Deno.test("lockFrom refuses what is no Lease at all, and names the field", () => {
  assertThrows(() => lockFrom({ metadata: { name: "a", uid: "u" } }), TypeError, "metadata.resourceVersion is missing");
  const metadata = { name: "a", uid: "u", resourceVersion: "1" };
  assertThrows(
    () => lockFrom({ metadata, spec: { holderIdentity: 3 } }),
    TypeError,
    "spec.holderIdentity must be a string",
  );
});

const readable: [text: string, expected: boolean][] = [
  ["payment/fix/0c1b", true],
  ["payment/fix.2/0c1b", true],
  ["somebody", false],
  ["payment/fix", false],
  ["payment/fix/", false],
  ["/fix/uid", false],
  ["payment//uid", false],
  ["pay ment/fix/uid", false],
  ["payment/../uid", false],
  ["payment/fix?watch=1/uid", false],
];
for (const [text, expected] of readable) {
  Deno.test(`isReadable: the holder ${JSON.stringify(text)} ${expected ? "can" : "cannot"} be looked up`, () => {
    const spec = { holderIdentity: text };
    const { holder } = lockFrom({ metadata: { name: "wfe-1", uid: "u", resourceVersion: "5" }, spec });
    assertEquals(holder && isReadable(holder), expected);
  });
}

Deno.test("identity is namespace, name and uid", () => assertEquals(identity(holder()), "payment/other/uid-other"));

// ---- the ledger

const cooldownMs = 300_000;
const ended = (workflowId: string, agoMs: number, uid = `uid-${workflowId}`) =>
  recentEnd({ workflowId, uid, completedAtMs: startMs - agoMs });

const ledgers: [sentence: string, ends: RecentEnd[], end: RecentEnd | undefined, cooldownMs: number, RecentEnd[]][] = [
  ["nothing stays nothing", [], undefined, cooldownMs, []],
  ["an end is added", [], ended("a", 0), cooldownMs, [ended("a", 0)]],
  ["of one workflow only the latest end is kept", [ended("a", 9, "old")], ended("a", 0), cooldownMs, [ended("a", 0)]],
  ["a late entry does not push out a later end", [ended("a", 0)], ended("a", 9, "old"), cooldownMs, [ended("a", 0)]],
  ["workflows are kept apart, the oldest first", [ended("b", 1)], ended("a", 5), cooldownMs, [
    ended("a", 5),
    ended("b", 1),
  ]],
  ["an end exactly one cooldown ago is dropped", [ended("a", cooldownMs)], ended("b", 0), cooldownMs, [ended("b", 0)]],
  ["one a millisecond younger is kept", [ended("a", cooldownMs - 1)], undefined, cooldownMs, [
    ended("a", cooldownMs - 1),
  ]],
  ["an end in the future (the clock went back) is kept", [ended("a", -3_600_000)], undefined, cooldownMs, [
    ended("a", -3_600_000),
  ]],
  ["a cooldown of 0 keeps nothing", [ended("a", 0)], ended("b", 0), 0, []],
  ["a cooldown of 0 keeps nothing of the future either", [ended("a", -1)], ended("b", -9), 0, []],
];

for (const [sentence, ends, end, cooldown, expected] of ledgers) {
  Deno.test(`withEnd: ${sentence}`, () => assertEquals(withEnd(ends, end, startMs, cooldown), expected));
}

Deno.test("withEnd drops the oldest when the annotation would grow beyond 128 KiB", () => {
  const many = Array.from({ length: 1_000 }, (_, i) => ended(`${"w".repeat(240)}-${i}`, 1_000 - i));
  const kept = withEnd(many, undefined, startMs, cooldownMs);
  const text = String(
    (writeLedger(lock(), kept, false) as { metadata: { annotations: Record<string, string> } }).metadata
      .annotations[annotation.ends],
  );
  const limit = 128 * 1024;
  assertEquals(text.length <= limit && text.length > limit - 1_000, true, `${text.length} bytes`);
  assertEquals(kept.at(-1), many.at(-1));
  assertEquals(kept, many.slice(-kept.length));
});

const cooldowns: [
  sentence: string,
  ends: RecentEnd[],
  cooldownMs: number,
  { uid: string; remainingMs: number } | undefined,
][] = [
  ["nothing ended, nothing to wait for", [], cooldownMs, undefined],
  ["another workflow's end does not count", [ended("other", 0)], cooldownMs, undefined],
  ["one that ended just now has the whole cooldown to wait", [ended("restart", 0, "a")], cooldownMs, {
    uid: "a",
    remainingMs: cooldownMs,
  }],
  ["a millisecond before its end", [ended("restart", cooldownMs - 1, "a")], cooldownMs, { uid: "a", remainingMs: 1 }],
  ["at its end it is over", [ended("restart", cooldownMs, "a")], cooldownMs, undefined],
  [
    "of several the latest decides",
    [ended("restart", 10, "a"), ended("restart", 5, "b"), ended("restart", 20, "c")],
    cooldownMs,
    {
      uid: "b",
      remainingMs: cooldownMs - 5,
    },
  ],
  ["the clock went back an hour: no more than the cooldown", [ended("restart", -3_600_000, "a")], cooldownMs, {
    uid: "a",
    remainingMs: cooldownMs,
  }],
  ["the clock went forth an hour: it is over", [ended("restart", 3_600_000, "a")], cooldownMs, undefined],
  ["a cooldown of 0 is off", [ended("restart", 0, "a")], 0, undefined],
  ["a cooldown of 0 is off, whatever the clock says", [ended("restart", -1, "a")], 0, undefined],
];

for (const [sentence, ends, cooldown, expected] of cooldowns) {
  Deno.test(`coolingDown: ${sentence}`, () => {
    const found = coolingDown(ends, "restart", startMs, cooldown);
    assertEquals(found && { uid: found.end.uid, remainingMs: found.remainingMs }, expected);
  });
}
