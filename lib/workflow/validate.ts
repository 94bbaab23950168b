// The checks on a spec that must hold before anything is done for it: an ordered chain, the first fault decides. The CRD's
// schema refuses most of this at the door; what gets past it (an older CRD, another cluster's objects) ends here.

import { parseDurationMs } from "./duration.ts";
import type { Execution, FailureReason } from "./execution.ts";
import type { Rules } from "./snapshot.ts";
import { parseTarget, TargetError } from "./target.ts";

export interface Fault {
  readonly reason: FailureReason;
  /** Names the field, what is there and what would be right. */
  readonly message: string;
}

type Check = (execution: Execution, rules: Rules) => Fault | undefined;

const checks: readonly Check[] = [
  copied,
  hasRequiredFields,
  hasTarget,
  hasDigestForm,
  hasTimeout,
  hasSmallParameters,
  mayUseServiceAccount,
  mayUseImage,
  hasPinnedImage,
];

/** The first fault of a spec, if it has one. */
export function validate(execution: Execution, rules: Rules): Fault | undefined {
  for (const check of checks) {
    const fault = check(execution, rules);
    if (fault) return fault;
  }
  return undefined;
}

/** executionConfig.timeout, else (none, or a text that is none) the default: whatever runs has a deadline. */
export function timeoutMsOf(execution: Execution, rules: Rules): number {
  const { timeout } = execution.spec;
  const anyLength = { ...rules, maxTimeoutMs: Infinity }; // one that was valid when it started stays so
  return timeout === undefined || hasTimeout(execution, anyLength) ? rules.timeoutMs : parseDurationMs(timeout);
}

/** A claim of another uid came with a copy of the object: running it would repeat what the original did. */
export function copied({ claim, uid }: Execution): Fault | undefined {
  if (!claim || claim.uid === uid) return undefined;
  return wrong(
    `this is a copy of another execution (uid ${claim.uid || "unreadable"} in its annotation kubernaut.ai/claim), ` +
      "perhaps a restored backup; create a new WorkflowExecution instead",
  );
}

function hasRequiredFields({ spec }: Execution): Fault | undefined {
  const required = {
    "spec.remediationRequestRef.name": spec.remediationRequest,
    "spec.workflowRef.workflowId": spec.workflowId,
    "spec.workflowRef.version": spec.version,
    "spec.workflowRef.containerImage": spec.containerImage,
  };
  const missing = Object.entries(required).filter(([, value]) => !value).map(([field]) => field);
  return missing.length ? wrong(`${missing.join(", ")} must be set`) : undefined;
}

function hasTarget({ spec, namespace }: Execution): Fault | undefined {
  try {
    parseTarget(spec.targetResource, namespace);
    return undefined;
  } catch (error) {
    if (error instanceof TargetError) return wrong(error.message);
    throw error;
  }
}

function hasDigestForm({ spec }: Execution): Fault | undefined {
  if (spec.containerDigest === undefined || /^sha256:[0-9a-f]{64}$/.test(spec.containerDigest)) return undefined;
  return wrong(
    `spec.workflowRef.containerDigest is "${spec.containerDigest}", must be sha256: and 64 hexadecimal digits`,
  );
}

function hasTimeout({ spec }: Execution, rules: Rules): Fault | undefined {
  if (spec.timeout === undefined) return undefined;
  const field = `spec.executionConfig.timeout is "${spec.timeout}", must be a Go duration`;
  let timeoutMs;
  try {
    timeoutMs = parseDurationMs(spec.timeout);
  } catch (error) {
    if (error instanceof Error) return wrong(`${field}, for example 30m or 1h30m`);
    throw error;
  }
  if (timeoutMs > 0 && timeoutMs <= rules.maxTimeoutMs) return undefined;
  return wrong(`${field} above 0 and at most ${rules.maxTimeoutMs / 1000} s (maxTimeout)`);
}

/** What fits into an object beside the rest of it: with more, no status could be written to it any more. */
function hasSmallParameters({ spec }: Execution): Fault | undefined {
  const entries = Object.entries(spec.parameters);
  if (entries.length > 128) return wrong(`spec.parameters has ${entries.length} entries, must have at most 128`);
  const bytes = (text: string) => new TextEncoder().encode(text).length;
  const large = entries.find(([, value]) => [...value].length > 131072);
  if (large) return wrong(`spec.parameters.${large[0]} must have at most 128 KiB`);
  const total = entries.reduce((sum, [name, value]) => sum + name.length + bytes(value), 0);
  return total > 524288 ? wrong(`spec.parameters has ${total} bytes, must have at most 512 KiB`) : undefined;
}

function mayUseServiceAccount({ spec }: Execution, rules: Rules): Fault | undefined {
  const name = spec.serviceAccountName;
  const allowed = rules.allowedServiceAccounts;
  if (name === undefined || name === rules.serviceAccount || allowed.length === 0 || allowed.includes(name)) {
    return undefined;
  }
  return {
    reason: "Forbidden",
    message: `spec.executionConfig.serviceAccountName is "${name}", allowed are: ${allowed.join(", ")}`,
  };
}

function mayUseImage({ spec }: Execution, rules: Rules): Fault | undefined {
  const allowed = rules.allowedImages;
  if (allowed.length === 0 || allowed.some((prefix) => spec.containerImage.startsWith(prefix))) return undefined;
  return {
    reason: "Forbidden",
    message: `spec.workflowRef.containerImage is "${spec.containerImage}", must begin with one of: ${
      allowed.join(", ")
    }`,
  };
}

function hasPinnedImage({ spec }: Execution, rules: Rules): Fault | undefined {
  if (!rules.requireDigest || /@sha256:[0-9a-f]{64}$/.test(spec.containerImage)) return undefined;
  return wrong(
    `spec.workflowRef.containerImage is "${spec.containerImage}", must end with @sha256: and a digest (requireDigest)`,
  );
}

function wrong(message: string): Fault {
  return { reason: "ConfigurationError", message };
}
