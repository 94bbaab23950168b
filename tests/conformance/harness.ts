// How conformance cases are written once and run on two API servers: a list of cases, and a runner that gives each case a
// namespace of its own.
import type { Api, Backend } from "./backend.ts";

export interface CaseContext {
  api: Api;
  /** A namespace of this case alone, gone afterwards. */
  namespace: string;
  /** Collection paths in that namespace. */
  leases: string;
  configMaps: string;
  events: string;
  executions: string;
}

export type Forgetful = "lists" | "watches";

export interface ConformanceCase {
  name: string;
  run(context: CaseContext): Promise<void>;
  /** It is about what lists or watches have forgotten: a server that has just been started remembers everything. */
  forgotten?: Forgetful;
}

/**
 * Registers every case as a test on the given server. The first failure to open it fails each.
 * @param forgetful what of the server has forgotten its first versions
 */
export function register(
  cases: ConformanceCase[],
  forgetful: readonly Forgetful[],
  backend: () => Promise<Backend> | Backend,
): void {
  for (const each of cases) {
    const leftOut = each.forgotten !== undefined && !forgetful.includes(each.forgotten);
    const name = leftOut ? `${each.name} (left out: nothing is forgotten yet)` : each.name;
    Deno.test({ name, ignore: leftOut }, async () => {
      await using opened = await backend();
      await runCase(opened, each);
    });
  }
}

/** What of the server has forgotten its first versions, or does so within half a minute. */
export async function forgetfulOf(api: Api): Promise<Forgetful[]> {
  const first = "/api/v1/namespaces?limit=1&resourceVersionMatch=Exact&resourceVersion=1";
  try {
    await eventually(async () => (await api.call("GET", first)).code === 410);
  } catch (error) {
    if (error instanceof Error && error.message === notWithin) return [];
    throw error;
  }
  // Watches are served from a cache, which remembers longer.
  const leases = "/apis/coordination.k8s.io/v1/namespaces/default/leases";
  await using watch = await api.watch(`${leases}?watch=true&resourceVersion=1&timeoutSeconds=2`);
  return (await watch.next())?.type === "ERROR" ? ["lists", "watches"] : ["lists"];
}

const notWithin = "did not come to hold within 30 s";

/** An execution that the definition accepts, with parts of its spec and metadata replaced. */
export function execution(name: string, spec: Record<string, unknown> = {}, metadata: Record<string, unknown> = {}) {
  return {
    apiVersion: `${group}/v1alpha1`,
    kind: "WorkflowExecution",
    metadata: { name, ...metadata },
    spec: {
      remediationRequestRef: { name: "rr-1" },
      workflowRef: { workflowId: "restart", version: "1", containerImage: "registry.local/restart:1" },
      targetResource: "payment/deployment/payment-api",
      ...spec,
    },
  } as never;
}

/** The group that the cases install our definition under, so that a cluster's own stays untouched. */
export const group = "conformance.kubernaut.ai";
export const executionsCrd = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

async function runCase({ api, unique }: Backend, each: ConformanceCase): Promise<void> {
  const namespace = `conformance-${unique}-${hash(each.name)}`;
  await installDefinition(api);
  await api.ok("POST", "/api/v1/namespaces", {
    body: { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } },
  });
  try {
    await each.run({
      api,
      namespace,
      leases: `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`,
      configMaps: `/api/v1/namespaces/${namespace}/configmaps`,
      events: `/apis/events.k8s.io/v1/namespaces/${namespace}/events`,
      executions: `/apis/${group}/v1alpha1/namespaces/${namespace}/workflowexecutions`,
    });
  } finally {
    await api.call("DELETE", `/api/v1/namespaces/${namespace}`);
  }
}

async function installDefinition(api: Api): Promise<void> {
  const name = `workflowexecutions.${group}`;
  if ((await api.call("GET", `${executionsCrd}/${name}`)).code === 404) {
    const { yaml } = await import("../../deps.ts");
    const file = new URL("../../deploy/crd/workflowexecution.kubernaut.ai_workflowexecutions.yaml", import.meta.url);
    const definition = yaml.parse(await Deno.readTextFile(file));
    definition.metadata = { name };
    definition.spec.group = group;
    definition.spec.names = { ...definition.spec.names, shortNames: ["cwfe"], categories: [] };
    await api.call("POST", executionsCrd, { body: definition });
  }
  await eventually(async () => (await api.call("GET", `/apis/${group}/v1alpha1/workflowexecutions`)).code === 200);
}

/** Asks again until it holds, for at most 30 s: what a controller of the cluster does later. */
export async function eventually(holds: () => Promise<boolean>): Promise<void> {
  const { sleep, systemClock } = await import("../../lib/clock.ts");
  const deadlineMs = systemClock.monotonic() + 30_000;
  for (let waitMs = 5; !(await holds()); waitMs = Math.min(waitMs * 2, 500)) {
    if (systemClock.monotonic() > deadlineMs) throw new Error(notWithin);
    await sleep(systemClock, waitMs);
  }
}

function hash(text: string): string {
  let value = 7;
  for (const letter of text) value = (value * 31 + (letter.codePointAt(0) ?? 0)) % 0x7fffffff;
  return value.toString(36);
}
