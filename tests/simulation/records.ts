// What has become of every execution and every run of a simulated world, read off the server's storage as it changes: the
// laws are judged by this, never by what a controller believes.

import type { AuditEventName } from "../../lib/audit/event.ts";
import type { ExecutionStatus } from "../../lib/workflow/execution.ts";

export interface ExecutionRecord {
  readonly uid: string;
  /** namespace/name. */
  readonly key: string;
  readonly canonical: string;
  readonly workflow: string;
  readonly createdAtMs: number;
  status: ExecutionStatus;
  claimed: boolean;
  /** It came into being with a claim: a copy of another, whose uid that names. */
  readonly copy: boolean;
  /** Our finalizer has stood on it. */
  owed: boolean;
  /** Its finalizer was taken away by hand: it may go before all is done. */
  stripped: boolean;
  deletedAtMs: number | undefined;
  goneAtMs: number | undefined;
  heldLock: boolean;
  /** A hand has taken its lock away: who goes then by force leaves no trace. */
  lostLock: boolean;
  /** How often one of its runs was started. */
  starts: number;
}

export interface RunRecord {
  readonly uid: string;
  readonly name: string;
  readonly namespace: string;
  /** The execution that it was made for; undefined for somebody else's. */
  readonly execution: ExecutionRecord | undefined;
  started: boolean;
  /** The condition Succeeded, once it is no longer Unknown. */
  verdict: "True" | "False" | undefined;
  deleting: boolean;
  gone: boolean;
  /** Somebody else than a controller deleted or cancelled it. */
  byHand: boolean;
  /** TaskRuns of it that have not finished. */
  readonly working: Set<string>;
}

/** Something of it may change the target: it was started, has not finished, and was not deleted to the last TaskRun. */
export function isActive(run: RunRecord): boolean {
  return run.started && run.verdict === undefined && !run.gone && !(run.deleting && run.working.size === 0);
}

export function isFinal({ status }: ExecutionRecord): boolean {
  return ["Completed", "Failed", "Skipped"].includes(status.phase ?? "");
}

/** What the audit trail owes of an execution whose story is over. */
export function owedEvents(execution: ExecutionRecord): AuditEventName[] {
  const { status, deletedAtMs } = execution;
  const owed: AuditEventName[] = status.startTime ? ["started"] : [];
  switch (status.phase) {
    case "Completed":
      return [...owed, "completed"];
    case "Failed":
      return [...owed, "failed"];
    case "Skipped":
      return [...owed, "skipped"];
    default:
      return deletedAtMs === undefined ? owed : [...owed, "deleted"];
  }
}
