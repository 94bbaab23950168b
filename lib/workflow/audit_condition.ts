// The condition AuditRecorded: a person sees that the trail is behind, or that an event was refused.

import { act, type Announcement, type Decision } from "./action.ts";
import type { Snapshot } from "./snapshot.ts";
import { conditions } from "./status.ts";

/** AuditRecorded is written only when delivery is late or refused, and when it then succeeds. */
export function auditCondition(s: Snapshot): Decision | undefined {
  const { execution, audit, nowMs } = s;
  const known = execution.status.conditions?.find(({ type }) => type === "AuditRecorded");
  if (audit.is === "waiting") return undefined;
  const wanted = audit.is === "delivered"
    ? known && { status: "True", reason: "Recorded", message: "every audit event has been delivered" } as const
    : {
      status: "False",
      reason: audit.is === "late" ? "DeliveryLate" : "Rejected",
      message: audit.why,
    } as const;
  if (!wanted || (known?.status === wanted.status && known.reason === wanted.reason)) return undefined;
  if (known?.reason === "Rejected" && audit.is === "delivered") return undefined;
  const patch = { conditions: conditions(execution, nowMs, [{ type: "AuditRecorded", ...wanted }]) };
  const announce: Announcement[] = wanted.reason === "Rejected"
    ? [{ type: "Warning", reason: "AuditRejected", action: "Audit", note: wanted.message }]
    : [];
  return act({ do: "writeStatus", patch, announce }, `audit: ${wanted.reason}`);
}
