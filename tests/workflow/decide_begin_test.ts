// A new execution that may run: lock, claim, creation, commit. One row a rule; the sentence is the rule.

import { assertEquals } from "@std/assert";
import { decide } from "../../lib/workflow/decide.ts";
import type { Refusal } from "../../lib/workflow/refusal.ts";
import type { Rival, Snapshot } from "../../lib/workflow/snapshot.ts";
import { defaultRules, execution, pipelineRun, snapshot, startMs } from "../support/builders.ts";
import {
  cached,
  claim,
  claimed,
  finalizers,
  free,
  live,
  mine,
  none,
  noneLive,
  other,
  otherRun,
  pendingRun,
  recommended,
  said,
  told,
} from "./told.ts";

const refused = (o: Partial<Refusal>): Refusal => ({
  httpCode: 500,
  reason: "",
  message: "no",
  kind: "",
  retryAfterMs: undefined,
  ...o,
});
const missing = execution({
  status: {
    phase: "Pending",
    conditions: [{
      type: "ResourceLockAcquired",
      status: "Unknown",
      reason: "LockNamespaceMissing",
      message: "",
      lastTransitionTime: "",
    }],
  },
});
const rival = (execution?: ReturnType<typeof other>, run = otherRun()) => [{ run, execution }];
const around = (value: Rival[], live = true) => ({ value, live, complete: true });
const pendingOther = otherRun({ ordered: "PipelineRunPending" });

const removal = { type: "ExecutionComplete", status: "Unknown", reason: "LockLost", message: "why" } as const;
const givingUp = { phase: "Running", conditions: [{ ...removal, lastTransitionTime: "" }] } as const;
const announced = (o: Partial<Snapshot> = {}) => {
  const status = { conditions: [{ ...removal, lastTransitionTime: "" }] };
  return claimed({ execution: execution({ finalizers, claim, status }), ...o });
};

const leavingOther = { ...pendingOther, deletedAtMs: startMs };

const table: [sentence: string, s: Snapshot, answer: string, reason: string][] = [
  // 4. the lock
  ["no Lease: it is made, held", snapshot(), "createLock payment/fix/uid-fix", "the target is free: make its lock"],
  [
    "a free Lease: it is taken",
    snapshot({ lock: cached(free()) }),
    "patchLock take",
    "the target is free: take its lock",
  ],
  [
    "no namespace for Leases: said once",
    snapshot({ lockRefusal: `namespaces "x" not found` }),
    "condition ResourceLockAcquired Unknown LockNamespaceMissing",
    `no lock can be made: namespaces "x" not found`,
  ],
  [
    "no namespace for Leases: waited for",
    snapshot({ execution: missing, lockRefusal: "gone" }),
    "retry 1000",
    "no lock can be made: gone",
  ],
  // 5. rivals
  [
    "somebody's unfinished run without a lock: looked at live",
    claimed({ rivals: around(rival(other()), false) }),
    "read rivals",
    "somebody else's run is on the target: is it still?",
  ],
  [
    "a live rival goes first: our finalizer",
    snapshot({ lock: cached(mine), rivals: around(rival(other())) }),
    "claim nothing",
    "another run is on the target: an outcome will be owed",
  ],
  [
    "a live rival goes first: has a run of ours been created?",
    claimed({ rivals: around(rival(other())) }),
    "read pipelineRun",
    "has a run of ours been created?",
  ],
  [
    "a live rival goes first: skipped",
    claimed({ rivals: around(rival(other())), pipelineRun: noneLive }),
    "status Skipped ResourceBusy",
    "payment/deployment/api is held by payment/other (workflow scale)",
  ],
  [
    "a rival's run that outlives it is waited for",
    claimed({ rivals: around(rival(undefined)) }),
    "wait 1000",
    "a run without an execution is being ended on this target",
  ],
  [
    "so is one of an execution that has ended",
    claimed({ rivals: around(rival(other({ status: { phase: "Failed" } }))) }),
    "wait 1000",
    "a run without an execution is being ended on this target",
  ],
  [
    "a rival that has not started gives up, if it is we who hold the lock: read live",
    claimed({ rivals: around(rival(other(), pendingOther)) }),
    "read lock",
    "which of two that have not started holds the lock?",
  ],
  [
    "a rival that has not started, and does not hold the lock, is waited for",
    claimed({ lock: live(mine), rivals: around(rival(other(), pendingOther)) }),
    "wait 1000",
    "another run on this target has lost its lock, and is about to be removed",
  ],
  [
    "a rival that has said that its run is removed, and has none any more, is waited for, too",
    claimed({ lock: live(mine), rivals: around([{ run: undefined, execution: other({ status: givingUp }) }]) }),
    "wait 1000",
    "another run on this target has lost its lock, and is about to be removed",
  ],
  [
    "a rival that runs, and whose run nobody knows, goes first",
    claimed({ rivals: around([{ run: undefined, execution: other() }]), pipelineRun: noneLive }),
    "status Skipped ResourceBusy",
    "payment/deployment/api is held by payment/other (workflow scale)",
  ],
  [
    "of several rivals, the one that has started goes first",
    claimed({ rivals: around([...rival(other(), pendingOther), ...rival(other())]), pipelineRun: noneLive }),
    "status Skipped ResourceBusy",
    "payment/deployment/api is held by payment/other (workflow scale)",
  ],
  [
    "a rival's pending run that is being deleted never starts",
    claimed({ rivals: around(rival(other(said("LockLost")), leavingOther), false) }),
    "createPipelineRun payment/fix-run",
    "create the run, pending",
  ],
  [
    "nor does one that was never committed",
    claimed({ rivals: around(rival(other({ status: {} }), leavingOther), false) }),
    "createPipelineRun payment/fix-run",
    "create the run, pending",
  ],
  [
    "where the rival's end begins a cooldown, that is waited for: it is read live",
    claimed({ rivals: around(rival(other(said("StartDeadlineExceeded")), leavingOther), false) }),
    "read rivals",
    "somebody else's run is on the target: is it still?",
  ],
  [
    "and then waited for",
    claimed({ lock: live(mine), rivals: around(rival(other(said("StartDeadlineExceeded")), leavingOther)) }),
    "wait 1000",
    "another run on this target has lost its lock, and is about to be removed",
  ],
  [
    "a rival that is being deleted, and has no run any more, is waited for",
    claimed({
      lock: live(mine),
      rivals: around([{ run: undefined, execution: other({ status: { phase: "Running" }, deletedAtMs: startMs }) }]),
    }),
    "wait 1000",
    "another run on this target has lost its lock, and is about to be removed",
  ],
  [
    "a rival that has started goes before a run that was created and not committed: that is removed",
    claimed({ pipelineRun: cached(pendingRun), rivals: around(rival(other())) }),
    "condition ExecutionComplete Unknown LockLost",
    "the lock on the target was taken away before the PipelineRun could start: say so before it is deleted",
  ],
  [
    "a run whose removal was announced is removed, though the lock is ours again",
    announced({ pipelineRun: cached(pendingRun) }),
    "delete uid-run LockLost",
    "why",
  ],
  [
    "a run whose removal was announced is not committed while it is being deleted",
    announced({ pipelineRun: cached({ ...pendingRun, deletedAtMs: startMs }) }),
    "wait 1000",
    "its run is being removed",
  ],
  [
    "a run whose removal was announced: is it gone?",
    announced(),
    "read pipelineRun",
    "is the run that was removed really gone?",
  ],
  [
    "a run whose removal was announced is gone: the announcement is taken back before there is another",
    announced({ pipelineRun: noneLive }),
    "condition ExecutionComplete Unknown Pending",
    "the lock is held again: the PipelineRun is created anew",
  ],
  [
    "a rival that turns out to be none is none",
    claimed({ rivals: around([]) }),
    "createPipelineRun payment/fix-run",
    "create the run, pending",
  ],
  // 6. the claim
  ["our lock, no claim: claimed", snapshot({ lock: cached(mine) }), "claim uid-fix payment", "claim lock and run"],
  [
    "the claim is made for the configured namespace",
    snapshot({ lock: cached(mine), rules: { ...defaultRules, executionNamespace: "runs" } }),
    "claim uid-fix runs",
    "claim lock and run",
  ],
  [
    "a claim whose finalizer was stripped: both again, as claimed",
    claimed({ execution: execution({ claim }), rules: { ...defaultRules, executionNamespace: "runs" } }),
    "claim uid-fix payment",
    "claim lock and run",
  ],
  // 7. creation
  [
    "claimed: the run is created, where the claim says",
    claimed({ rules: { ...defaultRules, executionNamespace: "runs" } }),
    "createPipelineRun payment/fix-run",
    "create the run, pending",
  ],
  [
    "any refusal: was it created all the same?",
    claimed({ refusal: refused({}) }),
    "read pipelineRun",
    "creation was refused: was the run created all the same?",
  ],
  [
    "a lost answer hid our run: adopted",
    claimed({ refusal: refused({ httpCode: 0 }), pipelineRun: live(pendingRun) }),
    "status Running",
    "the run exists: say so, then it may start",
  ],
  [
    "somebody else's run has the name: Failed, naming it",
    claimed({
      refusal: refused({ httpCode: 409 }),
      pipelineRun: noneLive,
      foreignRun: pipelineRun({ uid: "uid-x", executionUid: "" }),
    }),
    "status Failed ConfigurationError",
    "PipelineRun payment/fix-run exists and is not ours (uid uid-x)",
  ],
  [
    "a refusal for good: Failed",
    claimed({ refusal: refused({ httpCode: 403, message: "exceeded quota: runs" }), pipelineRun: noneLive }),
    "status Failed ResourceExhausted",
    "a resource quota refuses the PipelineRun: exceeded quota: runs",
  ],
  [
    "a refusal that may pass: again",
    claimed({ refusal: refused({ httpCode: 503 }), pipelineRun: noneLive }),
    "retry 0",
    "creation was refused: no",
  ],
  [
    "with Retry-After: not before",
    claimed({ refusal: refused({ httpCode: 429, retryAfterMs: 7_000 }), pipelineRun: noneLive }),
    "retry 7000",
    "creation was refused: no",
  ],
  [
    "a webhook that refuses beyond the start deadline: Failed",
    claimed({
      refusal: refused({ message: 'failed calling webhook "w"' }),
      pipelineRun: noneLive,
      claimAgeMs: 120_000,
    }),
    "status Failed ConfigurationError",
    'the PipelineRun could not be created within 120 s: failed calling webhook "w"',
  ],
  [
    "an API server that is not well is waited for, beyond the start deadline too",
    claimed({ refusal: refused({}), pipelineRun: noneLive, claimAgeMs: 120_000 }),
    "retry 0",
    "creation was refused: no",
  ],
  [
    "without a start deadline it is tried for ever",
    claimed({
      refusal: refused({}),
      pipelineRun: noneLive,
      claimAgeMs: 1e9,
      rules: { ...defaultRules, startDeadlineMs: 0 },
    }),
    "retry 0",
    "creation was refused: no",
  ],
  [
    "no answer at all is tried beyond the start deadline",
    claimed({ refusal: refused({ httpCode: 0 }), pipelineRun: noneLive, claimAgeMs: 1e9 }),
    "retry 0",
    "creation was refused: no",
  ],
  ["asked for patience: waited for", claimed({ holdOffMs: 6_000 }), "wait 6000", "the API server asked for patience"],
  // 8. the commit
  [
    "the run exists: Running, and not started before that is written",
    claimed({ pipelineRun: cached(pendingRun) }),
    "status Running",
    "the run exists: say so, then it may start",
  ],
  [
    "no phase at all is Pending",
    snapshot({ execution: execution({ status: {} }), pipelineRun: none }),
    "createLock payment/fix/uid-fix",
    "the target is free: make its lock",
  ],
];

for (const [sentence, s, answer, reason] of table) {
  Deno.test(`decide, new: ${sentence}`, () => {
    const decision = decide(s);
    assertEquals([told(decision), decision.reason], [answer, reason]);
  });
}

const notTheWorkflows =
  "Allow what the cause names: by the controller's configuration, by the rights of its account, or by " +
  "the policy that refused it.";
const forbidden: [sentence: string, s: Snapshot][] = [
  [
    "a service account that is not allowed is refused by the configuration",
    snapshot({
      execution: execution({ finalizers, spec: { serviceAccountName: "root" } }),
      rules: { ...defaultRules, allowedServiceAccounts: ["runner"] },
    }),
  ],
  [
    "a run that may not be created is refused to the controller",
    claimed({ refusal: refused({ httpCode: 403, message: "pipelineruns is forbidden" }), pipelineRun: noneLive }),
  ],
];
for (const [sentence, s] of forbidden) {
  Deno.test(`decide, new: ${sentence}, not to the workflow's account`, () => {
    const decision = decide(s);
    assertEquals([told(decision), recommended(decision)], ["status Failed Forbidden", notTheWorkflows]);
  });
}
