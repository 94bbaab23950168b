// A namespace that is deleted while an execution runs in it, under a controller that is granted its rights in that namespace
// alone: the RoleBindings there may go first. The namespace must not hang on our finalizer.

import { assertEquals } from "@std/assert";
import type { JSONObject } from "../../lib/kube/contract.ts";
import { StatusError } from "../../lib/kube/errors.ts";
import { defaultInstallation } from "../../lib/manifests/installation.ts";
import { roleBindings, roles } from "../../lib/manifests/rbac.ts";
import { apiVersion } from "../../lib/workflow/names.ts";
import { e2e, executionManifest, metadataOf, serviceAccount } from "./cluster.ts";
import { ControllerProcess } from "./controller_process.ts";
import { kubeconfigFile } from "./kubeconfig.ts";
import { grant, revoke } from "./rights.ts";

e2e("a namespace with a running execution can be deleted, though the rights in it go with it", async (cluster, t) => {
  const home = cluster.namespace;
  const work = `${home}-work`;
  const standard = defaultInstallation("0.0.0");
  const scope = { ...standard.scope, lockNamespace: home, namespaces: [work] };
  const installation = { ...standard, name: work, namespace: home, scope };
  await cluster.request("POST", "/api/v1/namespaces", { metadata: { name: work } });
  await cluster.request("POST", `/api/v1/namespaces/${work}/serviceaccounts`, { metadata: { name: serviceAccount } });
  const rights = [...roles(installation), ...roleBindings(installation)];
  await grant(cluster, rights);
  cluster.closing.defer(() => revoke(cluster, rights));
  await using kubeconfig = await kubeconfigFile(cluster, serviceAccount);
  const directory = await Deno.makeTempDir({ prefix: "e2e-" });
  await using stack = new AsyncDisposableStack();
  stack.defer(() => Deno.remove(directory, { recursive: true }));
  const controller = stack.use(
    await ControllerProcess.spawn([
      ...["run", "--kubeconfig", kubeconfig.path, "--namespaces", work, "--lock-namespace", home],
      ...["--health-address", "127.0.0.1:0", "--metrics-address", "127.0.0.1:0", "--audit-sinks", `file:${directory}`],
    ]),
  );
  const executions = `/apis/${apiVersion}/namespaces/${work}/workflowexecutions`;
  const phase = async (name: string) => {
    const { status } = await cluster.request("GET", `${executions}/${name}`);
    return (status as { phase?: string } | undefined)?.phase;
  };

  await t.step("one has ended, one runs", async () => {
    await cluster.request("POST", executions, executionManifest(work, "done", {}));
    await cluster.request("POST", executions, executionManifest(work, "runs", { bundle: "hang" }));
    await cluster.until(
      "both are as far",
      60_000,
      async () => await phase("done") === "Completed" && await phase("runs") === "Running",
    );
  });

  await t.step("the namespace is gone within a minute, and with it its executions and runs", async () => {
    await cluster.request("DELETE", `/api/v1/namespaces/${work}`);
    const left = async (): Promise<JSONObject | undefined> => {
      try {
        return await cluster.request("GET", `/api/v1/namespaces/${work}`);
      } catch (error) {
        if (error instanceof StatusError && error.objectNotFound) return undefined;
        throw error;
      }
    };
    await cluster.until("the namespace is gone", 60_000, async () => await left() === undefined).catch(
      async (cause) => {
        throw new Error(`${cause.message}: ${JSON.stringify((await left())?.status)}\n${await controller.log()}`, {
          cause,
        });
      },
    );
  });

  await t.step("no lock is left held", async () => {
    const { items } = await cluster.request("GET", `/apis/coordination.k8s.io/v1/namespaces/${home}/leases`);
    const held = (items as JSONObject[]).filter(({ spec }) => (spec as { holderIdentity?: string }).holderIdentity);
    assertEquals(held.map((lease) => metadataOf(lease).name), []);
  });
});
