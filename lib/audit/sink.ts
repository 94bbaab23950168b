// What the outbox asks of a place that audit events go to. A sink tries once; when to try again is decided by the outbox.

import type { AuditEvent } from "./event.ts";

export type Delivery =
  /** All of them are kept there for good. */
  | { readonly outcome: "delivered" }
  /** None was taken, and none will be if all are sent again as they are: at least one of them is at fault. */
  | { readonly outcome: "refused"; readonly reason: string }
  /** None may have been taken, or all of them: to be sent again. */
  | {
    readonly outcome: "failed";
    readonly reason: string;
    /** The sink asked for so long a pause. */
    readonly retryAfterMs?: number;
    /** Something in the batch itself may be the cause (an answer of 500, a cut connection): smaller ones are worth a try. */
    readonly perhapsBatch?: boolean;
  };

export interface Sink extends AsyncDisposable {
  /** For logs and conditions; without credentials. */
  readonly name: string;
  /** Events for which this is false are not owed to this sink. Default: it takes all. */
  takes?(event: AuditEvent): boolean;
  /** At most so many in one `deliver`, if less than the outbox's own size of a batch. */
  readonly largestBatch?: number;
  /**
   * Sends the events once. Every failure that the outside can cause is an outcome; it rejects only with the signal's reason
   * when that is aborted.
   */
  deliver(events: readonly AuditEvent[], signal: AbortSignal): Promise<Delivery>;
  /** Keeps an event that was refused for good where a person will find it; "failed" asks for another try. */
  setAside(event: AuditEvent, reason: string): Promise<Delivery>;
}
