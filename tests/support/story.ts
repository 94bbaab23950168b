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
