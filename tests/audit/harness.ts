// What the tests of the audit room share: an outbox that runs on a manual clock, executions of every end, and waiting on a
// condition in place of sleeping.

import { type Clock, ManualClock } from "../../lib/clock.ts";
import { type AuditEvent, eventsOf } from "../../lib/audit/event.ts";
import type { AuditObserver, OutboxOptions } from "../../lib/audit/outbox.ts";
import { Outbox } from "../../lib/audit/outbox.ts";
import type { Delivery, Sink } from "../../lib/audit/sink.ts";
import type { Execution } from "../../lib/workflow/execution.ts";
import { execution, startMs } from "../support/builders.ts";
import { type LogLine, recordingLog } from "../support/recording_log.ts";

export { startMs };

/** Everything that can happen without time passing or bytes moving has happened. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 4; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** Waits on a condition, for what real sockets and disks need; the clock stands still. */
export async function until(what: string, condition: () => boolean): Promise<void> {
  const beganMs = performance.now();
  while (!condition()) {
    if (performance.now() - beganMs > 10_000) throw new Error(`waited 10 s until ${what}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Moves the clock from timer to timer for so long, letting everything happen in between. For sinks without real I/O. */
export async function pass(clock: ManualClock, ms: number): Promise<void> {
  const endMs = clock.monotonic() + ms;
  for (;;) {
    await settled();
    const nextMs = clock.nextTimerInMs();
    if (nextMs === undefined || clock.monotonic() + nextMs > endMs) break;
    clock.advance(nextMs);
  }
  clock.advance(endMs - clock.monotonic());
  await settled();
}

/** The events of a finished execution: started and completed. */
export function completed(name = "fix", o: Parameters<typeof execution>[0] = {}): Execution {
  return execution({
    name,
    uid: `uid-${name}`,
    correlationId: `rr-${name}`,
    status: {
      phase: "Completed",
      startTime: "2026-01-01T00:00:00Z",
      completionTime: "2026-01-01T00:03:30Z",
      duration: "3m30s",
      outcome: "Success",
      pipelineRunRef: { name: `run-${name}`, namespace: "payment", uid: `run-uid-${name}` },
    },
    ...o,
  });
}

export function skipped(name = "skip"): Execution {
  return execution({
    name,
    uid: `uid-${name}`,
    correlationId: `rr-${name}`,
    status: {
      phase: "Skipped",
      completionTime: "2026-01-01T00:00:01Z",
      duration: "0s",
      outcome: "Skipped",
      message: "busy",
      skipDetails: {
        reason: "ResourceBusy",
        message: "target is being remediated by payment/other",
        skippedAt: "2026-01-01T00:00:01Z",
        conflictingWorkflow: {
          name: "other",
          workflowId: "restart",
          startedAt: "2026-01-01T00:00:00Z",
          targetResource: "payment/deployment/api",
        },
      },
    },
  });
}

export function failed(name = "broken"): Execution {
  return execution({
    name,
    uid: `uid-${name}`,
    correlationId: `rr-${name}`,
    status: {
      phase: "Failed",
      startTime: "2026-01-01T00:00:00Z",
      completionTime: "2026-01-01T00:00:07Z",
      duration: "7s",
      outcome: "Failure",
      pipelineRunRef: { name: `run-${name}`, namespace: "payment", uid: `run-uid-${name}` },
      failureReason: "OOMKilled",
      failureDetails: {
        failedTaskIndex: 1,
        failedTaskName: "apply",
        failedStepName: "step-apply",
        reason: "OOMKilled",
        message: '"step-apply" exited with code 137',
        exitCode: 137,
        failedAt: "2026-01-01T00:00:07Z",
        executionTimeBeforeFailure: "7s",
        naturalLanguageSummary: "Out of memory.",
        wasExecutionFailure: true,
        requiresManualReview: true,
      },
    },
  });
}

/** One event, as long as a test needs no more. */
export function oneEvent(name: string): AuditEvent {
  return eventsOf(completed(name))[1]!;
}

export function ownerOf({ namespace, name, uid }: Execution): { key: string; uid: string } {
  return { key: `${namespace}/${name}`, uid };
}

/** A sink that keeps what it takes and answers what the test says. */
export class MemorySink implements Sink {
  readonly taken: AuditEvent[] = [];
  readonly aside: { event: AuditEvent; reason: string }[] = [];
  /** Every batch, taken or not. */
  readonly batches: AuditEvent[][] = [];
  answer: (events: readonly AuditEvent[]) => Delivery | Promise<Delivery> = () => ({ outcome: "delivered" });
  closed = false;
  constructor(readonly name = "memory", readonly largestBatch = 1000) {}

  async deliver(events: readonly AuditEvent[]): Promise<Delivery> {
    this.batches.push([...events]);
    const result = await this.answer(events);
    if (result.outcome === "delivered") this.taken.push(...events);
    return result;
  }

  setAside(event: AuditEvent, reason: string): Promise<Delivery> {
    this.aside.push({ event, reason });
    return Promise.resolve({ outcome: "delivered" });
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.closed = true;
    return Promise.resolve();
  }
}

/** An outbox that runs, with all that it told; ends with the block. */
export interface Running extends AsyncDisposable {
  readonly outbox: Outbox;
  readonly clock: ManualClock;
  readonly lines: LogLine[];
  /** Keys that onChange was called with, in order. */
  readonly changes: string[];
  readonly counts: { written: number; rejected: number; backlog: number; outcomes: string[] };
  /** Ends `run` as a shutdown or a kill does. */
  stop(): Promise<void>;
}

export function running(
  o:
    & { sinks: Sink[]; clock?: ManualClock; lines?: LogLine[] }
    & Partial<Omit<OutboxOptions, "clock" | "log" | "sinks">>,
): Running {
  const { sinks, clock = new ManualClock(), lines = [], ...rest } = o;
  const counts = { written: 0, rejected: 0, backlog: 0, outcomes: [] as string[] };
  const observer: AuditObserver = {
    written: (count) => void (counts.written += count),
    rejected: (count) => void (counts.rejected += count),
    backlog: (count) => void (counts.backlog = count),
    writeDuration: (_, outcome) => void counts.outcomes.push(outcome),
  };
  const changes: string[] = [];
  const outbox = new Outbox({
    sinks,
    clock: clock as Clock,
    log: recordingLog(lines),
    batchSize: 100,
    batchDelayMs: 100,
    observer,
    ...rest,
  });
  outbox.onChange((key) => changes.push(key));
  const stopping = new AbortController();
  const ended = outbox.run(stopping.signal);
  const stop = async () => {
    stopping.abort();
    await ended;
  };
  return {
    outbox,
    clock,
    lines,
    changes,
    counts,
    stop,
    async [Symbol.asyncDispose]() {
      await stop();
      await outbox[Symbol.asyncDispose]();
    },
  };
}
