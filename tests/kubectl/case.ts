// One thing that a person does with kubectl, and what must be shown. Every case runs against the demo's embedded cluster and,
// in the end-to-end suite, against a real one: what is asserted is what both say.

import { yaml } from "../../deps.ts";
import type { JSONObject } from "../../lib/kube/contract.ts";
import { apiVersion, kind } from "../../lib/workflow/names.ts";
import type { Kubectl } from "../support/kubectl.ts";

export interface KubectlCase {
  readonly name: string;
  /** The cluster has what `stageObjects` makes, and a controller at work. */
  readonly run: (kubectl: Kubectl, cluster: CaseCluster) => Promise<void>;
}

/** How a cluster names what differs from one to another. */
export interface CaseCluster {
  /** The image reference of a bundle. */
  image(bundle: string): string;
  /** Who a kubeconfig's user is. */
  readonly user: string;
}

/** What `kubectl` and resources call an execution. */
export const qualified = "workflowexecution.workflowexecution.kubernaut.ai";

/** An execution in YAML, valid by default. */
export function execution(
  { namespace }: Kubectl,
  cluster: CaseCluster,
  o: { name: string; bundle?: string; target?: string; workflow?: string; spec?: JSONObject; metadata?: JSONObject },
): string {
  const { name, bundle = "ok", target = `${namespace}/deployment/${name}`, workflow = bundle } = o;
  return yaml.stringify({
    apiVersion,
    kind,
    metadata: { name, namespace, ...o.metadata },
    spec: {
      remediationRequestRef: { name: `rr-${name}` },
      workflowRef: { workflowId: workflow, version: "1.0.0", containerImage: cluster.image(bundle) },
      targetResource: target,
      ...o.spec,
    },
  });
}

/** A ConfigMap in YAML, to be joined with `---`. */
export function configMap(name: string, o: { data?: Record<string, string>; metadata?: JSONObject } = {}): string {
  const { data, metadata } = o;
  return yaml.stringify({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name, ...metadata },
    ...(data && { data }),
  });
}

/** `slow` runs on and on, `late` was skipped for it, `refused` failed before anything ran: none of them changes any more. */
export async function stageObjects(kubectl: Kubectl, cluster: CaseCluster): Promise<void> {
  const slow = execution(kubectl, cluster, { name: "slow", bundle: "hang", metadata: { labels: { team: "a" } } });
  const refused = execution(kubectl, cluster, { name: "refused", spec: { executionConfig: { timeout: "48h" } } });
  // Each has a case of its own that changes it; made at once, for every command costs a process.
  const changed = ["replaced", "patched", "edited", "marked"].map((name) => configMap(name, { data: { a: "1" } }));
  const held = configMap("held", { metadata: { finalizers: ["example.com/hold"] } });
  await kubectl.ok(["create", "-f", "-"], [slow, refused, ...changed, held].join("---\n"));
  await kubectl.ok(["wait", "wfe/slow", "--for=jsonpath={.status.phase}=Running", "--timeout=30s"]);
  const target = `${kubectl.namespace}/deployment/slow`;
  await kubectl.ok(["create", "-f", "-"], execution(kubectl, cluster, { name: "late", target }));
  await kubectl.ok(["wait", "wfe/late", "--for=jsonpath={.status.phase}=Skipped", "--timeout=30s"]);
  await kubectl.ok(["wait", "wfe/refused", "--for=jsonpath={.status.phase}=Failed", "--timeout=30s"]);
}
