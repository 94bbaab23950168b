// What a decision asks for: one action at a time, each one request to the API server (or one live read). After it, everything
// is looked at again, so that a decision never rests on what an earlier one assumed.

import type { JSONObject } from "@cloudydeno/kubernetes-apis/common.ts";
import type { Claim, ExecutionStatus } from "./execution.ts";
import type { Lock } from "./lock.ts";
import type { EndedBecause, PipelineRun } from "./pipeline_run.ts";

/** A Kubernetes Event that tells of what has just been committed. */
export interface Announcement {
  readonly type: "Normal" | "Warning";
  readonly reason: string;
  readonly action: string;
  readonly note: string;
}

export type Action =
  | {
    readonly do: "read";
    readonly what:
      | "pipelineRun"
      | "taskRuns"
      | "waiting"
      | "lock"
      | "holder"
      | "holderRun"
      | "rivals"
      | "execution"
      | "evidence";
  }
  /** Finalizer and, with it, the claim: one patch. Without a claim, only "something is owed". */
  | { readonly do: "claim"; readonly claim: Claim | undefined }
  | { readonly do: "createLock"; readonly body: JSONObject }
  | {
    readonly do: "patchLock";
    readonly lock: Lock;
    readonly patch: JSONObject;
    readonly for: "take" | "release" | "ledger";
  }
  | { readonly do: "deleteLock"; readonly lock: Lock }
  | {
    readonly do: "createPipelineRun";
    readonly where: { readonly namespace: string; readonly name: string };
    readonly body: JSONObject;
  }
  | { readonly do: "startPipelineRun"; readonly run: PipelineRun }
  | {
    readonly do: "cancelPipelineRun";
    readonly run: PipelineRun;
    readonly mode: "Cancelled" | "CancelledRunFinally";
    readonly because: EndedBecause;
  }
  /** In the foreground, this very object; a pending one only while it is still the version that was seen. */
  | { readonly do: "deletePipelineRun"; readonly run: PipelineRun; readonly because: EndedBecause }
  | {
    readonly do: "writeStatus";
    readonly patch: ExecutionStatus;
    readonly announce: readonly Announcement[];
  }
  /** What is still owed to the audit trail goes into a ConfigMap, so that a deletion need not wait for it. */
  | { readonly do: "spoolAudit" }
  | { readonly do: "removeFinalizer"; readonly announce: readonly Announcement[] };

export interface Decision {
  /** Absent: nothing to do now. */
  readonly action?: Action;
  /** Look again after this time, in milliseconds, if nothing happens before. */
  readonly requeueAfterMs?: number;
  /** A failure to be tried again with growing delays (at least this many milliseconds, when the server said so). */
  readonly retryAfterMs?: number;
  /** Why, in a few words: for the log, and for a person who reads a test. */
  readonly reason: string;
}

export function act(action: Action, reason: string): Decision {
  return { action, reason };
}

export function wait(reason: string, requeueAfterMs?: number): Decision {
  return requeueAfterMs === undefined ? { reason } : { requeueAfterMs, reason };
}
