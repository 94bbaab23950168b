// The condition AuditRecorded: a person sees that the trail is behind, or that an event was refused.

import { act, type Announcement, type Decision } from "./action.ts";
import type { Snapshot } from "./snapshot.ts";
import { conditions } from "./status.ts";

/** An event counts as late after this long: nothing that came after AuditRecorded was True can be late before. */
const lateAfterMs = 30_000;

/**
 * AuditRecorded is written only when delivery is late or refused, and when it then succeeds. Two replicas may see it
 * differently for as long as they like, and each wakes the other by what it writes: so they contradict each other at most
 * once in 30 s, and a refusal by nothing but another. What is being deleted is told by its going: of that, only bad news.
 */
export function auditCondition(s: Snapshot): Decision | undefined {
  const { execution, audit, nowMs } = s;
  const known = execution.status.conditions?.find(({ type }) => type === "AuditRecorded");
  if (audit.is === "waiting" || (known?.reason === "Rejected" && audit.is !== "rejected")) return undefined;
  if (audit.is === "delivered" && execution.deletedAtMs !== undefined) return undefined;
  if (audit.is === "late" && known?.status === "True") {
    const steadyMs = Math.abs(nowMs - Date.parse(known.lastTransitionTime));
    if (steadyMs < lateAfterMs) return undefined;
  }
  const wanted = audit.is === "delivered"
    ? known && { status: "True", reason: "Recorded", message: "every audit event has been delivered" } as const
    : {
      status: "False",
      reason: audit.is === "late" ? "DeliveryLate" : "Rejected",
      message: audit.why,
    } as const;
  if (!wanted || (known?.status === wanted.status && known.reason === wanted.reason)) return undefined;
  const patch = { conditions: conditions(execution, nowMs, [{ type: "AuditRecorded", ...wanted }]) };
  const announce: Announcement[] = wanted.reason === "Rejected"
    ? [{ type: "Warning", reason: "AuditRejected", action: "Audit", note: wanted.message }]
    : [];
  return act({ do: "writeStatus", patch, announce }, `audit: ${wanted.reason}`);
}
