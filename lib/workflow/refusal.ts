// What an API server's refusal to create the PipelineRun means for the execution: the first row that fits decides.

import type { FailureReason } from "./execution.ts";

/** An answer other than 2xx, or none at all (`httpCode` 0). */
export interface Refusal {
  readonly httpCode: number;
  /** Status.reason; empty when the body was no Status. */
  readonly reason: string;
  readonly message: string;
  /** Status.details.kind: what a NotFound is about. */
  readonly kind: string;
  readonly retryAfterMs: number | undefined;
}

/** For good, or to be tried again. */
export type Verdict =
  | { readonly final: true; readonly reason: FailureReason; readonly message: string }
  | { readonly final: false };

interface Row {
  readonly when: (refusal: Refusal) => boolean;
  readonly reason: FailureReason;
  readonly says: string;
}

const rows: readonly Row[] = [
  {
    when: (r) => r.httpCode === 403 && /exceeded quota/i.test(r.message),
    reason: "ResourceExhausted",
    says: "a resource quota refuses the PipelineRun",
  },
  {
    when: (r) => r.httpCode === 403 && /because it is being terminated/i.test(r.message),
    reason: "ConfigurationError",
    says: "the namespace is being deleted",
  },
  { when: (r) => r.httpCode === 403, reason: "Forbidden", says: "the PipelineRun may not be created" },
  {
    when: (r) => r.httpCode === 422 || r.httpCode === 400,
    reason: "ConfigurationError",
    says: "the PipelineRun is refused as invalid",
  },
  {
    when: (r) => r.httpCode === 404 && r.kind === "namespaces",
    reason: "ConfigurationError",
    says: "the namespace of the PipelineRun does not exist",
  },
  {
    when: (r) => r.httpCode === 404,
    reason: "ConfigurationError",
    says: "the cluster serves no PipelineRuns: Tekton is not installed",
  },
  {
    when: (r) => r.httpCode === 413 || (r.httpCode === 500 && /request is too large/i.test(r.message)),
    reason: "ConfigurationError",
    says: "the PipelineRun is too large",
  },
];

/** Conflicts, 429, every other 5xx and no answer at all are worth another try; the rest is final. */
export function judgeRefusal(refusal: Refusal): Verdict {
  const row = rows.find((each) => each.when(refusal));
  if (!row) return { final: false };
  return { final: true, reason: row.reason, message: `${row.says}: ${refusal.message}` };
}
