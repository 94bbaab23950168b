// What was committed, told to people and machines: one log line and one metric a transition, and a Kubernetes Event. Nothing
// here can fail or delay a pass.

import type { EventRecorder } from "../kube/recorder.ts";
import type { LogFields, Logger } from "../log.ts";
import type { Metrics } from "../metrics.ts";
import { type Execution, isLetGo, statusTimeMs } from "../workflow/execution.ts";
import { apiVersion, kind } from "../workflow/names.ts";
import type { Rules } from "../workflow/snapshot.ts";
import { timeoutMsOf } from "../workflow/validate.ts";
import type { Caches } from "./caches.ts";
import type { ControllerObserver } from "./controller.ts";

export function createReporter(o: { metrics: Metrics; log: Logger; recorder: EventRecorder }): ControllerObserver {
  const { metrics, log, recorder } = o;
  return {
    queue: metrics.queue,
    watch: metrics.watches,
    reconciled: (result, durationMs) => metrics.reconciled(result, durationMs),
    lockChecked: (durationMs) => metrics.lockChecked(durationMs),
    pipelineRunCreated: (durationMs) => metrics.pipelineRunCreated(durationMs),
    transition(before, after) {
      const { phase: from = "Pending" } = before.status;
      const { phase: to, outcome } = after.status;
      if (!to || to === from) return;
      metrics.transition(from, to);
      if (outcome) metrics.ended(outcome, durationMsOf(after) ?? 0);
      if (after.status.skipDetails) metrics.skipped(after.status.skipDetails.reason);
      log.info(`${from} → ${to}`, transitionFields(from, after));
    },
    announce(execution, { type, reason, action, note }) {
      const { namespace, name, uid, resourceVersion } = execution;
      const regarding = { apiVersion, kind, namespace, name, uid, resourceVersion };
      recorder.record({ regarding, type, reason, action, note });
    },
  };
}

/** How long after its last deadline a run may take to be gone, before it counts as overdue. */
const overdueAfterMs = 60_000;

/** Gauges that are counted when somebody asks: right after a restart too, and never drifting. */
export function countObjects(metrics: Metrics, caches: Caches, rules: Rules, nowMs: number): void {
  let active = 0;
  let overdue = 0;
  for (const execution of caches.executions.informer.store.values()) {
    if (execution.status.phase !== "Running" || isLetGo(execution)) continue;
    active++;
    const startMs = statusTimeMs(execution.status, "startTime") ?? nowMs;
    if (nowMs - startMs > timeoutMsOf(execution, rules) + rules.rollbackGraceMs + overdueAfterMs) overdue++;
  }
  let held = 0;
  for (const { holder } of caches.locks.informer.store.values()) if (holder) held++;
  metrics.setActive(active);
  metrics.setOverdue(overdue);
  metrics.setLocksHeld(held);
}

function transitionFields(
  from: string,
  { namespace, name, correlationId, spec, status, ...execution }: Execution,
): LogFields {
  const run = status.pipelineRunRef;
  return {
    execution: `${namespace}/${name}`,
    correlationId,
    phase: status.phase,
    from,
    to: status.phase,
    workflowId: spec.workflowId,
    target: spec.targetResource,
    pipelineRun: run && `${run.namespace}/${run.name}`,
    reason: status.skipDetails?.reason ?? status.failureReason,
    durationMs: durationMsOf({ namespace, name, correlationId, spec, status, ...execution }),
    ...(status.failureDetails || status.skipDetails ? { message: status.message } : {}),
  };
}

function durationMsOf({ status }: Execution): number | undefined {
  const startMs = statusTimeMs(status, "startTime");
  const endMs = statusTimeMs(status, "completionTime");
  return startMs === undefined || endMs === undefined ? undefined : Math.max(0, endMs - startMs);
}
