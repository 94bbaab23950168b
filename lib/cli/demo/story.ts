// What the demo plays, act by act: each creates or deletes something as a user would, and says what the controller must make
// of it. An act that does not come out so fails the demo.

import type { JSONObject } from "../../kube/contract.ts";
import type { Execution } from "../../workflow/execution.ts";
import { apiVersion, kind, plural } from "../../workflow/names.ts";
import { demoNamespace } from "./stage.ts";

export interface Act {
  /** What is about to happen, and why it matters: for a person. */
  readonly says: string;
  readonly create?: JSONObject;
  /** Name of an execution to delete. */
  readonly remove?: string;
  /** The act is over when this holds of the execution of the given name (undefined: it is gone). */
  readonly name: string;
  readonly until: (execution: Execution | undefined) => boolean;
  /** The end that it must have; absent for one that only has to get under way. */
  readonly expects?: { readonly phase: string; readonly reason?: string };
}

const isFinal = (execution: Execution | undefined) =>
  ["Completed", "Failed", "Skipped"].includes(execution?.status.phase ?? "");
const isRunning = (execution: Execution | undefined) => execution?.status.phase === "Running";

export const executionsPath = `/apis/${apiVersion}/namespaces/${demoNamespace}/${plural}`;

export function story(): Act[] {
  const api = "payment/deployment/payment-api";
  return [
    {
      says: "An alert: payment-api leaks memory. A remediation is created, and takes the lock on its target.",
      create: remediation("restart-1", "restart-deployment", "ok", api),
      name: "restart-1",
      until: isRunning,
    },
    {
      says:
        "Another one for the same target, by another of its names: skipped, not queued. Two at once could undo each other.",
      create: remediation("scale-1", "scale-out", "ok", "deploy/payment-api"),
      name: "scale-1",
      until: isFinal,
      expects: { phase: "Skipped", reason: "ResourceBusy" },
    },
    {
      says: "Other targets run meanwhile. This one will fail in its second task.",
      create: remediation("drain-1", "drain-node", "exit-code", "node/ip-10-0-0-1.ec2.internal"),
      name: "drain-1",
      until: isRunning,
    },
    {
      says: "The first one comes to its end.",
      name: "restart-1",
      until: isFinal,
      expects: { phase: "Completed" },
    },
    {
      says: "The same alert again, seconds later: the same workflow on the same target has to wait for the cooldown.",
      create: remediation("restart-2", "restart-deployment", "ok", api),
      name: "restart-2",
      until: isFinal,
      expects: { phase: "Skipped", reason: "RecentlyRemediated" },
    },
    {
      says: "The failure: not the counts that a PipelineRun tells, but task, step, exit code and what to do next.",
      name: "drain-1",
      until: isFinal,
      expects: { phase: "Failed" },
    },
    {
      says: "One more, which hangs.",
      create: remediation("resize-1", "resize-volume", "hang", "payment/statefulset/ledger"),
      name: "resize-1",
      until: isRunning,
    },
    {
      says: "Somebody deletes it: its run goes with it, then the target is free again.",
      remove: "resize-1",
      name: "resize-1",
      until: (execution) => execution === undefined,
    },
  ];
}

function remediation(name: string, workflowId: string, bundle: string, targetResource: string): JSONObject {
  return {
    apiVersion,
    kind,
    metadata: { name, namespace: demoNamespace },
    spec: {
      remediationRequestRef: { kind: "RemediationRequest", name: `rr-${name}`, namespace: demoNamespace },
      workflowRef: { workflowId, version: "1.0.0", containerImage: `registry.example/workflows/${bundle}:v1` },
      targetResource,
      parameters: { REPLICAS: "3" },
      confidence: 0.92,
      rationale: "memory grows steadily since the last rollout",
    },
  };
}
