// The rights of the tests' controllers: the roles of deploy/ and nothing else, bound to the service account
// kubernaut-workflow-runner of the tests' namespace. They have names of their own, so that tests can run beside each other.

import type { JSONObject } from "../../lib/kube/contract.ts";
import { StatusError } from "../../lib/kube/errors.ts";
import { defaultInstallation, type Installation } from "../../lib/manifests/installation.ts";
import { roleBindings, roles } from "../../lib/manifests/rbac.ts";
import { type Cluster, lockNamespace, metadataOf } from "./cluster.ts";

/** @param locks where the locks are: most tests have them in the common namespace, some in their own */
export function installationIn(namespace: string, locks = lockNamespace): Installation {
  const standard = defaultInstallation("0.0.0");
  return { ...standard, name: namespace, namespace, scope: { ...standard.scope, lockNamespace: locks } };
}

/** The path of an RBAC object, or (without its name) of its list. */
export function rbacPath(object: JSONObject, name = metadataOf(object).name): string {
  const { namespace } = metadataOf(object);
  const resource = `${String(object.kind).toLowerCase()}s`;
  const where = namespace ? `namespaces/${namespace}/` : "";
  return `/apis/rbac.authorization.k8s.io/v1/${where}${resource}${name && `/${name}`}`;
}

/** Grants them once for a cluster and a lock namespace; they are revoked when the cluster is closed. */
export async function grantRights(cluster: Cluster, locks = lockNamespace): Promise<void> {
  const before = granted.get(cluster) ?? new Set();
  const installation = installationIn(cluster.namespace, locks);
  const rights = [...roles(installation), ...roleBindings(installation)].filter((right) =>
    !before.has(rbacPath(right))
  );
  granted.set(cluster, before.union(new Set(rights.map((right) => rbacPath(right)))));
  cluster.closing.defer(() => revoke(cluster, rights));
  await grant(cluster, rights);
}

/** The paths of what is granted already. */
const granted = new WeakMap<Cluster, Set<string>>();

export async function grant(cluster: Cluster, rights: readonly JSONObject[]): Promise<void> {
  for (const right of rights) await cluster.request("POST", rbacPath(right, ""), right);
}

export async function revoke(cluster: Cluster, rights: readonly JSONObject[]): Promise<void> {
  for (const right of rights) {
    await cluster.request("DELETE", rbacPath(right)).catch((error) => {
      // What was in the tests' namespace may have gone with it.
      if (!(error instanceof StatusError && error.objectNotFound)) throw error;
    });
  }
}
