// Where an event goes that a sink refused for good: a file of JSON Lines beside the audit file, or, where no directory is
// configured, the log, whole. A refusal counts only once the event is kept here.

import type { Clock } from "../clock.ts";
import type { Logger } from "../log.ts";
import type { AuditEvent } from "./event.ts";
import { appendLines } from "./json_lines_file.ts";
import type { Delivery } from "./sink.ts";

export interface DeadLetter {
  /** "failed" when it cannot be kept now. */
  keep(event: AuditEvent, sink: string, reason: string): Promise<Delivery>;
}

export const deadLetterFileName = "dead-letter.jsonl";

export function deadLetterFile(o: { directory: string; clock: Clock; log: Logger }): DeadLetter {
  return {
    async keep(event, sink, reason) {
      const refused_at = new Date(o.clock.now()).toISOString();
      const path = `${o.directory}/${deadLetterFileName}`;
      const failure = await appendLines(path, [JSON.stringify({ refused_at, sink, reason, event })], o.log);
      return failure === undefined ? { outcome: "delivered" } : { outcome: "failed", reason: failure };
    },
  };
}

export function deadLetterLog(log: Logger): DeadLetter {
  return {
    keep(event, sink, reason) {
      log.error("audit event refused for good, kept in this line", { sink, reason, event: JSON.stringify(event) });
      return Promise.resolve({ outcome: "delivered" });
    },
  };
}
