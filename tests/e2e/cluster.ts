// The cluster of KUBECONFIG as the end-to-end tests use it: a namespace of their own, the CRD as it stands in this repository,
// bundles in the registry, and waiting on a condition with a limit. When it is closed, what the tests made is removed again:
// the namespace, and the Leases of its targets in the lock namespace.

import { yaml } from "../../deps.ts";
import { sleep, systemClock } from "../../lib/clock.ts";
import type { KubeClient } from "../../lib/kube/client.ts";
import { getPatchContentType, type HttpMethods, type JSONObject, type JSONValue } from "../../lib/kube/contract.ts";
import { StatusError } from "../../lib/kube/errors.ts";
import { connect } from "../../lib/kube/kubeconfig.ts";
import { silentLogger } from "../../lib/log.ts";
import type { ExecutionStatus } from "../../lib/workflow/execution.ts";
import { annotation, apiVersion, crdName, kind, label } from "../../lib/workflow/names.ts";
import { crdPath } from "../support/crd.ts";

export const lockNamespace = "kubernaut-system";
export const serviceAccount = "kubernaut-workflow-runner";
/** Where the bundles are: each workflow of the cluster as NAME:v1. */
export const registry = Deno.env.get("CLUSTER_REGISTRY") ?? "127.0.0.1:26446";
const kubeconfig = Deno.env.get("KUBECONFIG") ?? "";

/** Registers a test that needs a cluster: ignored, with a word why, where KUBECONFIG names none. */
export function e2e(name: string, run: (cluster: Cluster, t: Deno.TestContext) => Promise<void>): void {
  if (!kubeconfig) return Deno.test.ignore(`${name} (set KUBECONFIG to run it)`, () => {});
  Deno.test(name, async (t) => {
    await using cluster = await Cluster.open();
    await run(cluster, t);
  });
}

const roots = {
  workflowexecutions: `/apis/${apiVersion}`,
  pipelineruns: "/apis/tekton.dev/v1",
  taskruns: "/apis/tekton.dev/v1",
  leases: "/apis/coordination.k8s.io/v1",
  events: "/apis/events.k8s.io/v1",
  serviceaccounts: "/api/v1",
  resourcequotas: "/api/v1",
};
export type Resource = keyof typeof roots;

export interface Metadata {
  name: string;
  namespace: string;
  uid: string;
  creationTimestamp: string;
  deletionTimestamp?: string;
  resourceVersion: string;
  finalizers?: string[];
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  ownerReferences?: JSONObject[];
}

/** What a test says about an execution; everything else has a default. */
export interface Wanted {
  /** A bundle of the registry; default `ok`. */
  readonly bundle?: string;
  /** Default: a deployment of the execution's name, in the tests' namespace. */
  readonly target?: string;
  /** Default: the bundle's name. */
  readonly workflow?: string;
  readonly spec?: JSONObject;
}

export class Cluster implements AsyncDisposable {
  /** What else is to be removed when it is closed. */
  readonly closing = new AsyncDisposableStack();

  private constructor(readonly client: KubeClient, readonly namespace: string) {}

  static async open(): Promise<Cluster> {
    using stack = new DisposableStack();
    const client = stack.use(await connect({ clock: systemClock, log: silentLogger }));
    const cluster = new Cluster(client, `e2e-${crypto.randomUUID().slice(0, 8)}`);
    await cluster.#installDefinition();
    for (const name of [lockNamespace, cluster.namespace]) {
      const namespace = { apiVersion: "v1", kind: "Namespace", metadata: { name } };
      await cluster.request("POST", "/api/v1/namespaces", namespace).catch((error) => {
        if (!(error instanceof StatusError && error.alreadyExists)) throw error;
      });
    }
    const account = { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: serviceAccount } };
    await cluster.request("POST", cluster.path("serviceaccounts"), account);
    stack.move();
    return cluster;
  }

  /** The path of a resource's list, or of one object: in the tests' namespace; Leases in the lock namespace. */
  path(resource: Resource, name = ""): string {
    const namespace = resource === "leases" ? lockNamespace : this.namespace;
    return `${roots[resource]}/namespaces/${namespace}/${resource}${name && `/${name}`}`;
  }

  async request(method: HttpMethods, path: string, body?: JSONValue, contentType?: string): Promise<JSONObject> {
    const [bare = "", query] = path.split("?");
    return await this.client.performRequest({
      method,
      path: bare,
      expectJson: true,
      ...(query === undefined ? {} : { querystring: new URLSearchParams(query) }),
      ...(body === undefined ? {} : { bodyJson: body }),
      ...(contentType === undefined ? {} : { contentType }),
    }) as JSONObject;
  }

  async list(resource: Resource, labelSelector = ""): Promise<JSONObject[]> {
    const query = new URLSearchParams(labelSelector ? { labelSelector } : {});
    return (await this.request("GET", `${this.path(resource)}?${query}`)).items as JSONObject[];
  }

  /** The object, or undefined when there is none of this name. */
  async get(resource: Resource, name: string): Promise<JSONObject | undefined> {
    try {
      return await this.request("GET", this.path(resource, name));
    } catch (error) {
      if (error instanceof StatusError && error.objectNotFound) return undefined;
      throw error;
    }
  }

  mergePatch(resource: Resource, name: string, patch: JSONObject): Promise<JSONObject> {
    return this.request("PATCH", this.path(resource, name), patch, getPatchContentType("json-merge"));
  }

  delete(resource: Resource, name: string): Promise<JSONObject> {
    return this.request("DELETE", this.path(resource, name));
  }

  /** Creates an execution in the tests' namespace. */
  execute(name: string, wanted: Wanted = {}): Promise<JSONObject> {
    return this.request("POST", this.path("workflowexecutions"), executionManifest(this.namespace, name, wanted));
  }

  target(name: string): string {
    return `${this.namespace}/deployment/${name}`;
  }

  async status(name: string): Promise<ExecutionStatus> {
    return ((await this.get("workflowexecutions", name))?.status ?? {}) as ExecutionStatus & JSONObject;
  }

  /** Its PipelineRuns, found by the uid label alone. */
  async runsOf(name: string): Promise<JSONObject[]> {
    const execution = await this.get("workflowexecutions", name);
    return execution ? await this.list("pipelineruns", `${label.executionUid}=${metadataOf(execution).uid}`) : [];
  }

  /** The Lease of a target as it was given by a test, if there is one. */
  async leaseOf(target: string): Promise<JSONObject | undefined> {
    return (await this.list("leases")).find((lease) =>
      metadataOf(lease).annotations?.[annotation.targetResource] === target
    );
  }

  /** Asks again until `probe` gives something; names what was waited for when that is not within the limit. */
  async until<T>(what: string, limitMs: number, probe: () => Promise<T | undefined | false>): Promise<T> {
    const untilMs = systemClock.monotonic() + limitMs;
    for (let waitMs = 20;; waitMs = Math.min(waitMs * 2, 200)) {
      const found = await probe();
      if (found !== undefined && found !== false) return found;
      if (systemClock.monotonic() > untilMs) throw new Error(`${what}: not within ${limitMs / 1000} s`);
      await sleep(systemClock, waitMs);
    }
  }

  /** Waits for one of these phases, and gives the status. A final phase that is none of them fails at once. */
  async untilPhase(name: string, phases: string | readonly string[], limitMs = 30_000): Promise<ExecutionStatus> {
    const wanted: readonly string[] = [phases].flat();
    let seen: ExecutionStatus | undefined;
    const end = await this.until(`${name} ${wanted.join(" or ")}`, limitMs, async () => {
      seen = await this.status(name);
      const phase = seen.phase ?? "";
      return (wanted.includes(phase) || ["Completed", "Failed", "Skipped"].includes(phase)) && seen;
    }).catch((cause) => {
      throw new Error(`${cause.message}; it is ${seen && describe(seen)}`, { cause });
    });
    if (!wanted.includes(end.phase ?? "")) throw new Error(`${name} is ${describe(end)}, not ${wanted.join(" or ")}`);
    return end;
  }

  /** Waits until no Lease of this target has a holder: there may be a free one left, with its ledger. */
  async untilFree(target: string, limitMs = 10_000): Promise<JSONObject | undefined> {
    const free = await this.until(`the lock of ${target} is free`, limitMs, async () => {
      const lease = await this.leaseOf(target);
      return (lease?.spec as JSONObject | undefined)?.holderIdentity ? undefined : { lease };
    });
    return free.lease;
  }

  /** Controllers must have ended before: nobody else would pay what is owed. */
  async [Symbol.asyncDispose](): Promise<void> {
    using _client = this.client;
    for (const execution of await this.list("workflowexecutions")) {
      const { name, finalizers } = metadataOf(execution);
      if (finalizers) await this.mergePatch("workflowexecutions", name, { metadata: { finalizers: null } });
    }
    await this.request("DELETE", `/api/v1/namespaces/${this.namespace}`);
    await this.closing.disposeAsync();
    for (const lease of await this.list("leases")) {
      const { name, annotations = {} } = metadataOf(lease);
      const ours = [annotation.targetResource, annotation.holder, annotation.recentEnds]
        .some((key) => annotations[key]?.includes(this.namespace));
      if (ours) await this.delete("leases", name);
    }
  }

  async #installDefinition(): Promise<void> {
    const path = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${crdName}`;
    const definition: JSONObject = yaml.parse(await Deno.readTextFile(crdPath));
    const contentType = getPatchContentType("apply-patch");
    await this.request("PATCH", `${path}?fieldManager=e2e&force=true`, definition, contentType);
    await this.until("WorkflowExecutions are served", 30_000, async () => {
      // A definition that is seconds old has `conditions: null`; an established one may take a moment more to be served.
      const { conditions } = ((await this.request("GET", path)).status ?? {}) as { conditions?: JSONObject[] | null };
      if (!conditions?.some(({ type, status }) => type === "Established" && status === "True")) return false;
      return await this.request("GET", `${roots.workflowexecutions}/workflowexecutions?limit=1`).catch((error) => {
        if (error instanceof StatusError && error.httpCode === 404) return false as const;
        throw error;
      });
    });
  }
}

/** An execution as its creator sends it. */
export function executionManifest(
  namespace: string,
  name: string,
  { bundle = "ok", target, workflow, spec }: Wanted,
): JSONObject {
  return {
    apiVersion,
    kind,
    metadata: { name },
    spec: {
      remediationRequestRef: { kind: "RemediationRequest", name: `rr-${name}`.slice(0, 253), namespace },
      workflowRef: { workflowId: workflow ?? bundle, version: "1.0.0", containerImage: `${registry}/${bundle}:v1` },
      targetResource: target ?? `${namespace}/deployment/${name}`,
      ...spec,
    },
  };
}

export function metadataOf(object: JSONObject): Metadata {
  return object.metadata as unknown as Metadata;
}

export function specOf(object: JSONObject): JSONObject {
  return object.spec as JSONObject;
}

function describe({ phase, message }: ExecutionStatus): string {
  return `${phase ?? "without a phase"}${message ? ` (${message})` : ""}`;
}
