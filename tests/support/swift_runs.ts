// In place of the simulated Tekton, for scenarios of thousands of executions: each PipelineRun that is started succeeds after a
// while, in two writes and without TaskRuns. What a run looks like in between is told by the other scenarios.

import type { JSONObject } from "../../lib/kube/contract.ts";
import { asJSON, asObject } from "../../lib/sim/objects.ts";
import type { Clock } from "../../lib/clock.ts";
import type { ApiServer } from "../../lib/sim/api_server.ts";

const resource = "tekton.dev/pipelineruns";

/** Every run that is started from now on succeeds `lastsMs` later. */
export function swiftRuns({ clock, server }: { clock: Clock; server: ApiServer }, lastsMs: number): Disposable {
  const { registry, resources, storage } = server;
  const type = resources.all().find(({ storage }) => storage === resource);
  if (!type) throw new Error("PipelineRuns are not served");
  const started = new Set<string>();
  const write = (namespace: string, name: string, status: JSONObject) =>
    registry.update(type, namespace, name, (run) => asObject({ ...run && asJSON(run), status }), {
      subresource: "status",
    });
  return storage.listen(({ type: change, resource: changed, object }) => {
    const { namespace = "", name = "", uid = "" } = object.metadata;
    const { status } = (object as { spec?: { status?: string } }).spec ?? {};
    if (changed !== resource || change === "DELETED" || status || started.has(uid)) return;
    started.add(uid);
    const startTime = new Date(clock.now()).toISOString();
    clock.timer(0, () => write(namespace, name, { startTime, conditions: [succeeded("Unknown", "Running")] }));
    clock.timer(lastsMs, () => {
      const completionTime = new Date(clock.now()).toISOString();
      write(namespace, name, { startTime, completionTime, conditions: [succeeded("True", "Succeeded")] });
    });
  });
}

function succeeded(status: string, reason: string): JSONObject {
  return { type: "Succeeded", status, reason, message: reason };
}
