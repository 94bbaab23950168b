// Laws that hold for every snapshot, drawn at random from states that make sense alone and often not together: whatever a
// cache, a hand or a crash may put side by side.

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { decide } from "../../lib/workflow/decide.ts";
import { type Execution, isFinal, isOwed, type Phase } from "../../lib/workflow/execution.ts";
import { decideFreeLock } from "../../lib/workflow/free_lock.ts";
import type { Lock } from "../../lib/workflow/lock.ts";
import { isPending, type PipelineRun } from "../../lib/workflow/pipeline_run.ts";
import { holdsLock, type Seen, type Snapshot } from "../../lib/workflow/snapshot.ts";
import {
  defaultRules,
  execution,
  holder,
  lock,
  pipelineRun,
  recentEnd,
  runningExecution,
  snapshot,
  startMs,
} from "../support/builders.ts";
import { finalizers, ours, told } from "./told.ts";

const numRuns = 3_000;
const seed = 20260101;
const maybe = <T>(of: fc.Arbitrary<T>) => fc.option(of, { nil: undefined, freq: 3 });
/** What is usual four times out of five, so that the later rules are reached too. */
const mostly = <T>(usual: T, of: fc.Arbitrary<T>) =>
  fc.oneof({ arbitrary: fc.constant(usual), weight: 4 }, { arbitrary: of, weight: 1 });
const aroundMs = fc.integer({ min: -2_000_000, max: 2_000_000 }).map((ms) => startMs + ms);
const durationMs = fc.constantFrom(0, 1, 120_000, 300_000, 1_800_000);

const rules = fc.record({
  cooldownMs: durationMs,
  rollbackGraceMs: durationMs,
  startDeadlineMs: durationMs,
  requireDigest: mostly(false, fc.constant(true)),
  executionNamespace: fc.constantFrom("", "runs"),
  allowedImages: mostly<string[]>([], fc.constant(["other/"])),
}).map((o) => ({ ...defaultRules, ...o }));

const runs = fc.record({
  deletedAtMs: mostly(undefined, aroundMs),
  ordered: fc.constantFrom(
    "",
    "PipelineRunPending",
    "PipelineRunPending",
    "Cancelled",
    "CancelledRunFinally",
    "StoppedRunFinally",
  ),
  endedBecause: fc.constantFrom("", "DeadlineExceeded", "ExecutionDeleted", "LockLost") as fc.Arbitrary<
    PipelineRun["endedBecause"]
  >,
  endedAtMs: maybe(aroundMs),
  succeeded: maybe(fc.record({
    status: fc.constantFrom("True", "False", "Unknown") as fc.Arbitrary<"True" | "False" | "Unknown">,
    reason: fc.constantFrom("", "Running", "ResolvingPipelineRef", "Cancelled"),
    message: fc.constantFrom("", "Tasks Completed: 1 (Failed: 0, Cancelled 0), Incomplete: 1, Skipped: 0"),
  })),
  startTimeMs: maybe(aroundMs),
  completionTimeMs: maybe(aroundMs),
  childCount: fc.nat(1),
}).map((o) => pipelineRun(o));

const otherRuns = runs.map((run) => ({ ...run, name: "other-run", uid: "uid-other-run", executionUid: "uid-other" }));
const ends = fc.array(
  fc.record({
    workflowId: fc.constantFrom("restart", "scale"),
    uid: fc.constantFrom("uid-fix", "uid-other", "uid-before"),
    completedAtMs: aroundMs,
    outcome: fc.constantFrom("Completed", "Failed") as fc.Arbitrary<"Completed" | "Failed">,
  }).map(recentEnd),
  { maxLength: 3 },
);
const holders = fc.constantFrom(
  undefined,
  ours,
  ours,
  ours,
  ours,
  holder(),
  holder({ workflowId: "restart" }),
  holder({ name: "", uid: "" }),
  holder({ pipelineRun: { namespace: "", name: "" } }),
);
const locks = fc.record({
  holder: holders,
  emptied: mostly(false, fc.constant(true)),
  target: fc.constantFrom("payment/deployment/api", "", "x/y/z"),
  recentEnds: ends,
})
  .map((o) => lock(o));

const phases = fc.constantFrom(
  undefined,
  "Pending",
  "Running",
  "Running",
  "Running",
  "Completed",
  "Failed",
  "Skipped",
) as fc.Arbitrary<
  Phase | undefined
>;
const { claim } = runningExecution();
const executions = fc.record({
  phase: phases,
  started: fc.boolean(),
  deletedAtMs: mostly(undefined, aroundMs),
  finalizers: mostly<string[]>(finalizers, fc.constantFrom([], ["theirs"], ["theirs", ...finalizers])),
  claim: mostly(
    claim,
    fc.constantFrom(undefined, claim, claim && { ...claim, uid: "uid-of-another" }, claim && { ...claim, lease: "" }),
  ),
  targetResource: mostly("payment/deployment/api", fc.constantFrom("payment/deployment/api", "deploy/api", "api", "")),
  timeout: mostly<string | undefined>(undefined, fc.constantFrom(undefined, "10m", "soon", "-1s", "0")),
}).map(({ phase, started, targetResource, timeout, ...o }): Execution =>
  execution({
    ...o,
    status: {
      ...(phase ? { phase } : {}),
      ...(started
        ? {
          startTime: "2026-01-01T00:00:00Z",
          pipelineRunRef: { namespace: "payment", name: "fix-run", uid: "uid-run" },
        }
        : {}),
      ...(phase === "Completed" || phase === "Failed" ? { completionTime: "2026-01-01T00:00:30Z" } : {}),
    },
    spec: { targetResource, timeout },
  })
);
const others = phases.map((phase) => execution({ name: "other", uid: "uid-other", status: phase ? { phase } : {} }));

const seen = <T>(of: fc.Arbitrary<T>): fc.Arbitrary<Seen<T>> =>
  fc.record({ value: maybe(of), live: mostly(true, fc.boolean()) });
const anything = fc.record({
  nowMs: aroundMs,
  rules,
  execution: executions,
  claimAgeMs: mostly(0, fc.constantFrom(119_999, 120_000, Infinity)),
  deletionAgeMs: mostly(25_000, fc.constantFrom(0, 24_999)),
  sinceProgressMs: fc.constantFrom(0, 999, Infinity),
  pipelineRun: seen(runs),
  foreignRun: maybe(fc.oneof(otherRuns, runs.map((run) => ({ ...run, uid: "uid-stray" })))),
  unfinishedTaskRuns: maybe(fc.boolean()),
  lock: seen(locks),
  holder: seen(others),
  holderHidden: mostly(false, fc.constant(true)),
  holderRun: seen(otherRuns),
  rivals: fc.record({
    value: mostly(
      [],
      fc.array(fc.record({ run: otherRuns, execution: maybe(others) }), { maxLength: 2 }),
    ),
    live: fc.boolean(),
    complete: mostly(true, fc.constant(false)),
  }),
  recentEnds: ends,
  lockRefusal: mostly<string | undefined>(undefined, fc.constant("no namespace")),
  holdOffMs: mostly(0, fc.constant(5_000)),
  refusal: mostly(
    undefined,
    fc.record({
      httpCode: fc.constantFrom(0, 400, 403, 404, 409, 413, 422, 429, 500, 503),
      reason: fc.constantFrom("", "AlreadyExists", "Conflict"),
      message: fc.constantFrom("", "exceeded quota", "request is too large"),
      kind: fc.constantFrom("", "namespaces"),
      retryAfterMs: maybe(fc.nat(10_000)),
    }),
  ),
  evidence: fc.constantFrom(undefined, { pipelineRun: {}, taskRuns: [] }),
  audit: fc.constantFrom<Snapshot["audit"][]>({ is: "delivered" }, { is: "waiting" }, { is: "late", why: "503" }, {
    is: "rejected",
    why: "422",
  }),
}).map((o): Snapshot => snapshot(o));

/** New executions before their run exists: where most of the policy is. */
const beginnings = anything.map((s): Snapshot => ({
  ...s,
  execution: { ...s.execution, status: { phase: "Pending" }, deletedAtMs: undefined, finalizers },
  pipelineRun: { value: undefined, live: s.pipelineRun.live },
  refusal: undefined,
}));
/** Committed, and about to start: what is left to chance is lock and company. */
const starts = anything.map((s): Snapshot => ({
  ...s,
  execution: { ...runningExecution(), deletedAtMs: s.execution.deletedAtMs },
  pipelineRun: { value: pipelineRun({ ordered: "PipelineRunPending" }), live: false },
}));
const snapshots = fc.oneof(
  { arbitrary: anything, weight: 2 },
  { arbitrary: beginnings, weight: 2 },
  { arbitrary: starts, weight: 1 },
);

Deno.test("the snapshots of the laws lead to every action there is, and often enough", () => {
  const counts = new Map<string, number>();
  for (const s of fc.sample(snapshots, { numRuns, seed })) {
    const what = told(decide(s)).split(" ").slice(0, 2).join(" ").replace(/uid-\S+|payment\/\S+/, "…");
    counts.set(what, (counts.get(what) ?? 0) + 1);
  }
  const wanted = [
    "start …",
    "status Skipped",
    "status Running",
    "patchLock take",
    "patchLock release",
    "patchLock ledger",
  ]
    .concat(["createLock …", "createLock free", "createPipelineRun …", "cancel …", "delete …", "removeFinalizer"])
    .concat(["spoolAudit", "claim …", "claim nothing", "status Completed", "status Failed"]);
  assertEquals(wanted.filter((what) => (counts.get(what) ?? 0) < 3), [], JSON.stringify([...counts]));
});

/** Holds for some thousand snapshots, the same ones every time. */
function law(sentence: string, holds: (s: Snapshot) => void): void {
  Deno.test(`law: ${sentence}`, () => {
    fc.assert(fc.property(snapshots, holds), { numRuns, seed });
  });
}

law("every snapshot has an answer, with a reason", (s) => {
  assert(decide(s).reason !== "");
});

law("the same snapshot has the same answer, and is not changed by it", (s) => {
  const frozen = deepFreeze(s);
  assertEquals(decide(frozen), decide(frozen));
});

law("a wait that ends is at least a millisecond long, and a retry is never in the past", (s) => {
  const { requeueAfterMs = 1, retryAfterMs = 0 } = decide(s);
  assert(requeueAfterMs > 0 && retryAfterMs >= 0, `${requeueAfterMs} ${retryAfterMs}`);
});

law("what is being deleted without our finalizer is left alone", (s) => {
  if (s.execution.deletedAtMs !== undefined && !isOwed(s.execution)) assertEquals(decide(s).action, undefined);
});

law("a final phase is never written again", (s) => {
  const { action } = decide(s);
  if (isFinal(s.execution) && action?.do === "writeStatus") assertEquals(Object.keys(action.patch), ["conditions"]);
});

law("a final phase is written only where our finalizer stands", (s) => {
  const { action } = decide(s);
  const ends = action?.do === "writeStatus" && ["Completed", "Failed", "Skipped"].includes(action.patch.phase ?? "");
  if (ends) assert(isOwed(s.execution));
});

law("a run is started only when the status names it, and a live lock is ours", (s) => {
  const { action } = decide(s);
  if (action?.do !== "startPipelineRun") return;
  assert(s.execution.status.phase === "Running" && isPending(action.run) && action.run.uid === "uid-run");
  assert(s.lock.live && holdsLock(s) && s.execution.deletedAtMs === undefined);
});

law("a run is started only when every earlier run on the target is known, and none of them may start or go on", (s) => {
  const { action } = decide(s);
  if (action?.do !== "startPipelineRun") return;
  assert(s.rivals.complete);
  for (const { run } of s.rivals.value) assert(run && isPending(run) && run.deletedAtMs !== undefined);
});

law("nobody is told that a run was deleted by somebody unless its absence was read live", (s) => {
  const { action } = decide(s);
  if (action?.do !== "writeStatus" || action.patch.phase !== "Failed") return;
  if (/deleted by someone/.test(action.patch.message ?? "")) {
    assert(s.execution.status.phase === "Running" && s.pipelineRun.live && s.pipelineRun.value === undefined);
  }
});

law("nobody is skipped unless the Lease was read live, or the rival's run was", (s) => {
  const { action } = decide(s);
  if (action?.do !== "writeStatus" || action.patch.phase !== "Skipped") return;
  if (action.patch.skipDetails?.reason === "RecentlyRemediated") assert(s.lock.live);
  else assert(holdsLock(s) ? s.rivals.live : s.lock.live);
});

law("nobody is skipped while a run of its own may exist", (s) => {
  const { action } = decide(s);
  if (action?.do !== "writeStatus" || action.patch.phase !== "Skipped") return;
  assert(s.pipelineRun.value === undefined);
  if (s.execution.claim && !holdsLock(s)) assert(s.pipelineRun.live);
});

law("a lock changes hands only when its holder was read live, and is gone or final", (s) => {
  const { action } = decide(s);
  const former = s.lock.value?.holder;
  if (action?.do !== "patchLock" || action.for !== "take" || !former) return;
  if (former.uid === s.execution.uid) return assert(s.lock.live && s.lock.value?.emptied);
  const alive = s.holder.value?.uid === former.uid && !isFinal(s.holder.value);
  assert(s.lock.live && s.holder.live && !s.holderHidden && !alive && former.uid !== "");
  assertEquals(metadataOf(action.patch), { uid: s.lock.value?.uid, resourceVersion: s.lock.value?.resourceVersion });
});

law("a lock is released only by its holder, and with no run of its own that may go on", (s) => {
  const { action } = decide(s);
  if (action?.do !== "patchLock" || action.for !== "release") return;
  const { value: run, live } = s.pipelineRun;
  assert(holdsLock(s));
  const over = run
    ? run.succeeded?.status === "True" || run.succeeded?.status === "False" || run.deletedAtMs !== undefined
    : live;
  assert(over || s.execution.claim === undefined);
});

law(
  "a run is created only under a claim of the execution's own, while it holds the lock and our finalizer stands",
  (s) => {
    const { action } = decide(s);
    if (action?.do !== "createPipelineRun") return;
    assert(holdsLock(s) && isOwed(s.execution) && s.execution.claim?.uid === s.execution.uid);
    assertEquals(action.where, s.execution.claim?.pipelineRun);
  },
);

law("only a run of one's own, or one that its gone owner left, is ended", (s) => {
  const { action } = decide(s);
  if (action?.do !== "cancelPipelineRun" && action?.do !== "deletePipelineRun") return;
  const { run, because } = action;
  if (run.executionUid === s.execution.uid) return;
  const holder = s.lock.value?.holder;
  assert(because === "ExecutionGone" && s.lock.live && s.holder.live && holder?.uid !== s.execution.uid);
});

law(
  "our finalizer goes only when nothing of ours runs, no lock is held, and nothing is owed to the audit trail",
  (s) => {
    const { action } = decide(s);
    if (action?.do !== "removeFinalizer") return;
    assert(!holdsLock(s) && ["delivered", "rejected"].includes(s.audit.is));
    assert(isFinal(s.execution) || s.execution.deletedAtMs !== undefined);
  },
);

Deno.test("law: a free Lease is deleted or looked at again, and a held one left alone", () => {
  fc.assert(fc.property(locks, durationMs, aroundMs, (of: Lock, cooldownMs, nowMs) => {
    const { action, requeueAfterMs } = decideFreeLock(of, cooldownMs, nowMs);
    if (of.holder) assertEquals([action, requeueAfterMs], [undefined, undefined]);
    else assert(action?.do === "deleteLock" || (requeueAfterMs !== undefined && requeueAfterMs >= 1));
  }));
});

function metadataOf(patch: { metadata?: unknown }): { uid?: string; resourceVersion?: string } {
  const { uid = "", resourceVersion = "" } = patch.metadata as { uid?: string; resourceVersion?: string };
  return { uid, resourceVersion };
}

function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const each of Object.values(value)) deepFreeze(each);
  }
  return value;
}
