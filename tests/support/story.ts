// What a scenario looks at, in the words of the resource.

import type { JSONObject } from "../../lib/kube/contract.ts";
import type { ExecutionStatus } from "../../lib/workflow/execution.ts";
import type { World } from "./world.ts";

export function statusOf(world: World, name: string, namespace = "payment"): ExecutionStatus {
  return (world.get("workflowexecutions", namespace, name)?.status ?? {}) as ExecutionStatus & JSONObject;
}

export function phaseOf(world: World, name: string, namespace = "payment"): string {
  return statusOf(world, name, namespace).phase ?? "";
}

/** Lets time pass until the execution is in this phase. */
export async function untilPhase(world: World, name: string, phase: string, namespace = "payment"): Promise<void> {
  await world.until(
    `${name} ${phase} (it is ${phaseOf(world, name, namespace)})`,
    () => phaseOf(world, name, namespace) === phase,
  );
}

/** Every execution final, no finalizer of ours left, no Lease held: nothing more is owed by anybody. */
export async function untilQuiet(world: World): Promise<void> {
  await world.until("everything is settled", () => {
    const executions = world.list("workflowexecutions");
    const open = executions.filter(({ metadata, status }) => {
      const { finalizers = [] } = metadata as { finalizers?: string[] };
      const { phase = "" } = (status ?? {}) as { phase?: string };
      return finalizers.length > 0 || !["Completed", "Failed", "Skipped"].includes(phase);
    });
    return open.length === 0 && heldLocks(world).length === 0;
  });
}

/** Ends of a story: an hour passes (a cooldown too), and nobody writes anything but the clearing away of free Leases. */
export async function nothingMoreHappens(world: World): Promise<void> {
  const from = world.requests.length;
  await world.pass(3_600_000);
  const writes = world.writes(from).filter((write) => write !== "delete leases");
  if (writes.length > 0) throw new Error(`further writes: ${writes.join(", ")}`);
  const leases = world.list("leases", "kubernaut-system");
  if (leases.length > 0) throw new Error(`Leases left behind: ${JSON.stringify(leases)}`);
}

export function heldLocks(world: World): JSONObject[] {
  return world.list("leases", "kubernaut-system").filter(({ spec }) => (spec as JSONObject).holderIdentity);
}

/** `metadata.name` of the PipelineRuns in a namespace (empty: all). */
export function runNames(world: World, namespace = ""): string[] {
  return world.list("pipelineruns", namespace).map(({ metadata }) => String((metadata as JSONObject).name));
}

/** What the audit trail says, in the order of its first arrival; a repeat is the same event. */
export function auditTrail(world: World): string[] {
  const events = new Map(world.audit.events.map((event) => [event.event_id, event]));
  return [...events.values()].map(({ event_type, resource_id }) => `${resource_id} ${event_type.split(".").at(-1)}`);
}
