// The demo's cluster: the embedded API server with Tekton on a real port, and the controller beside them, all in this process
// and all speaking HTTP to each other.

import { yaml } from "../../../deps.ts";
import { parseSink } from "../../config_values.ts";
import { type Config, loadConfig } from "../../config.ts";
import type { Clock } from "../../clock.ts";
import { KubeClient, type RequestObserver } from "../../kube/client.ts";
import type { JSONObject } from "../../kube/contract.ts";
import type { Logger } from "../../log.ts";
import { Metrics } from "../../metrics.ts";
import { ApiServer } from "../../sim/api_server.ts";
import { tektonDefinitions } from "../../sim/permissive_definitions.ts";
import { builtinBundles } from "../../sim/tekton/builtin.ts";
import type { Bundles } from "../../sim/tekton/bundles.ts";
import { Tekton } from "../../sim/tekton/tekton.ts";
import crdText from "../../../deploy/crd/workflowexecution.kubernaut.ai_workflowexecutions.yaml" with { type: "text" };
import { Program } from "../program.ts";

export interface Stage extends AsyncDisposable {
  /** Of the API server. */
  readonly url: string;
  readonly healthPort: number;
  readonly metricsPort: number;
  readonly metrics: Metrics;
  readonly server: ApiServer;
  /** A client of its own, as any user's. */
  readonly client: KubeClient;
}

export const demoNamespace = "payment";
const lockNamespace = "kubernaut-system";

/** Starts everything, with these bundles (default: the built-in ones) and steps that go `speed` times faster; it all ends with the result. */
export async function openStage(
  o: { clock: Clock; log: Logger; auditDirectory: string; bundles?: Bundles; speed?: number },
): Promise<Stage> {
  const { clock, log } = o;
  await using stack = new AsyncDisposableStack();
  const server = stack.use(new ApiServer({ clock }));
  for (const manifest of manifests()) server.install(manifest);
  const served = stack.use(await server.serve());
  const end = new AbortController();
  const connect = (observer: RequestObserver = {}) =>
    stack.use(new KubeClient({ baseUrl: served.url, clock, observer }));

  const tekton = new Tekton({
    client: connect(),
    clock,
    bundles: o.bundles ?? builtinBundles(),
    speed: o.speed ?? 1,
    log,
  });
  const metrics = new Metrics(clock);
  const config = await demoConfig(o.auditDirectory);
  const program = new Program({ config, client: connect(metrics.requests), clock, log, metrics, identity: "demo" });
  const ports = stack.use(await program.serve());
  const client = connect();
  const running = Promise.all([tekton.run(end.signal), program.run(end.signal)]);
  stack.defer(async () => {
    end.abort(new Error("the demo is over"));
    await running;
  });
  const owned = stack.move();
  return {
    url: served.url,
    healthPort: ports.health.address.port,
    metricsPort: ports.metrics.address.port,
    metrics,
    server,
    client,
    [Symbol.asyncDispose]: () => owned[Symbol.asyncDispose](),
  };
}

function manifests(): JSONObject[] {
  const account = (namespace: string) => ({
    apiVersion: "v1",
    kind: "ServiceAccount",
    metadata: { name: "kubernaut-workflow-runner", namespace },
  });
  return [
    yaml.parse(crdText) as JSONObject,
    ...tektonDefinitions(),
    ...[lockNamespace, demoNamespace].map((name) => ({ apiVersion: "v1", kind: "Namespace", metadata: { name } })),
    account(demoNamespace),
  ];
}

/** What everybody gets by default, but for ports and the place of the audit trail. */
async function demoConfig(auditDirectory: string): Promise<Config> {
  const defaults = await loadConfig({ args: [], env: {}, readFile: () => Promise.resolve(undefined) });
  return {
    ...defaults,
    lockNamespace,
    audit: { ...defaults.audit, sinks: [parseSink(`file:${auditDirectory}`)] },
    health: { address: "127.0.0.1:0" },
    metrics: { ...defaults.metrics, address: "127.0.0.1:0", plainHttp: true, auth: false },
  };
}
