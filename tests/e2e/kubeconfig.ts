// Kubeconfigs made from the one that KUBECONFIG names: the same cluster, somebody else's credentials.

import { yaml } from "../../deps.ts";
import type { Cluster } from "./cluster.ts";

export interface KubeconfigParts {
  cluster: Record<string, unknown>;
  user: Record<string, unknown>;
}

/** The current context of KUBECONFIG as a kubeconfig of its own, changed. */
export async function changedKubeconfig(change: (entry: KubeconfigParts) => void): Promise<string> {
  const [path = ""] = (Deno.env.get("KUBECONFIG") ?? "").split(":");
  const config = yaml.parse(await Deno.readTextFile(path));
  const find = (list: { name: string }[], name: string) => list.find((each) => each.name === name);
  const { context } = find(config.contexts, config["current-context"]) as unknown as {
    context: { cluster: string; user: string };
  };
  const { cluster } = find(config.clusters, context.cluster) as unknown as Pick<KubeconfigParts, "cluster">;
  const { user } = find(config.users, context.user) as unknown as Pick<KubeconfigParts, "user">;
  const authority = cluster["certificate-authority"];
  if (typeof authority === "string" && !authority.startsWith("/")) {
    cluster["certificate-authority"] = `${path.slice(0, path.lastIndexOf("/"))}/${authority}`;
  }
  const entry = { cluster, user };
  change(entry);
  return yaml.stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "c", cluster: entry.cluster }],
    users: [{ name: "u", user: entry.user }],
    contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
    "current-context": "x",
  });
}

/** A token of a service account in the tests' namespace, good for an hour. */
export async function tokenOf(cluster: Cluster, account: string): Promise<string> {
  // A namespace's default account is made a moment after the namespace.
  await cluster.until(`the account ${account}`, 30_000, () => cluster.get("serviceaccounts", account));
  const answer = await cluster.request("POST", `${cluster.path("serviceaccounts", account)}/token`, {
    apiVersion: "authentication.k8s.io/v1",
    kind: "TokenRequest",
    spec: { expirationSeconds: 3600 },
  });
  return (answer.status as { token: string }).token;
}

/** A kubeconfig whose user is a service account of the tests' namespace. */
export async function kubeconfigOf(cluster: Cluster, account: string): Promise<string> {
  const token = await tokenOf(cluster, account);
  return await changedKubeconfig((entry) => entry.user = { token });
}

/** The same as a file, which is removed when it is disposed of. */
export async function kubeconfigFile(cluster: Cluster, account: string): Promise<{ path: string } & AsyncDisposable> {
  const path = await Deno.makeTempFile({ prefix: "e2e-kubeconfig-" });
  await Deno.writeTextFile(path, await kubeconfigOf(cluster, account));
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path) };
}
