// What the caches keep: history without what nobody asks for, and everything of what is not history yet.

import { assertEquals, assertStrictEquals } from "@std/assert";
import { slimExecution, slimRun } from "../../lib/controller/slim.ts";
import { Interner } from "../../lib/kube/interner.ts";
import type { ExecutionStatus } from "../../lib/workflow/execution.ts";
import { finalizer } from "../../lib/workflow/names.ts";
import { endOf } from "../../lib/workflow/recent_end.ts";
import { execution, pipelineRun } from "../support/builders.ts";

const ref = { name: "fix-1", namespace: "payment", uid: "uid-run" };
const status: ExecutionStatus = {
  phase: "Failed",
  startTime: "2026-01-01T00:00:00Z",
  completionTime: "2026-01-01T00:01:00Z",
  duration: "1m0s",
  outcome: "Failure",
  message: "it failed",
  pipelineRunRef: ref,
  pipelineRunStatus: { status: "False", reason: "Failed", message: "Tasks Completed: 1" },
  conditions: [{
    type: "ExecutionComplete",
    status: "False",
    reason: "Failed",
    message: "it failed",
    lastTransitionTime: "2026-01-01T00:01:00Z",
  }],
};
const claim = {
  uid: "uid-fix",
  lease: "wfe-1",
  pipelineRun: { namespace: "payment", name: "fix-1" },
  claimedAt: "2026-01-01T00:00:00Z",
};
const settled = execution({ status, claim, spec: { parameters: { A: "1" }, rationale: "because" } });

Deno.test("an execution that is final and owes nothing is kept with its times, its run and its claim, and no more", () => {
  const kept = slimExecution(settled, new Interner());
  assertEquals(kept, {
    ...settled,
    spec: { ...settled.spec, parameters: {}, rationale: undefined },
    status: {
      phase: "Failed",
      startTime: "2026-01-01T00:00:00Z",
      completionTime: "2026-01-01T00:01:00Z",
      pipelineRunRef: ref,
    },
  });
  assertEquals(endOf(kept), endOf(settled));
});

for (
  const [what, whole] of [
    ["that runs", { ...settled, status: { ...status, phase: "Running" } }],
    ["that has not begun", { ...settled, status: {} }],
    ["that owes an audit event", { ...settled, finalizers: [finalizer] }],
  ] as const
) {
  Deno.test(`an execution ${what} is kept whole`, () => {
    assertStrictEquals(slimExecution(whole, new Interner()), whole);
  });
}

Deno.test("conditions are kept where AuditRecorded among them may still change: a patch replaces them all", () => {
  const conditions = [
    ...status.conditions ?? [],
    {
      type: "AuditRecorded",
      status: "False",
      reason: "DeliveryLate",
      message: "late",
      lastTransitionTime: "2026-01-01T00:01:00Z",
    },
  ] as const;
  const kept = slimExecution({ ...settled, status: { ...status, conditions } }, new Interner());
  assertEquals(kept.status.conditions, conditions);
});

Deno.test("the end that counts for the cooldown is the same, whether an execution is kept whole or slim", () => {
  const [complete] = status.conditions ?? [];
  const statuses: ExecutionStatus[] = [
    status,
    { ...status, phase: "Completed" },
    { ...status, phase: "Skipped" },
    { phase: "Failed", completionTime: "2026-01-01T00:01:00Z" },
    { ...status, conditions: complete ? [{ ...complete, reason: "LockLost" }] : [] },
  ];
  const ends = statuses.flatMap((each) =>
    [claim, undefined, { ...claim, uid: "uid-other" }].map((held) => {
      const whole = { ...settled, status: each, claim: held };
      return [endOf(slimExecution(whole, new Interner())), endOf(whole)];
    })
  );
  assertEquals(ends.map(([slim]) => slim), ends.map(([, whole]) => whole));
  assertEquals(ends.filter(([, whole]) => whole).length, 5);
});

Deno.test("a claim of another uid stays as it is: it tells a copy", () => {
  const copy = { ...settled, claim: { ...claim, uid: "uid-other" } };
  assertEquals(slimExecution(copy, new Interner()).claim, copy.claim);
});

Deno.test("a run is kept as it is", () => {
  const run = pipelineRun({ succeeded: { status: "True", reason: "Succeeded", message: "Tasks Completed: 3" } });
  assertEquals(slimRun(run, new Interner()), run);
});

Deno.test("equal texts are one text, however many different ones there are", () => {
  const { of } = new Interner();
  const texts = Array.from({ length: 10_000 }, (_, i) => `text ${i}`);
  assertEquals(texts.map(of), texts);
  assertEquals(of("text 1"), "text 1");
});
