// Keeps what a ResourceQuota's status says is used, as kube-controller-manager's resourcequota controller does.
import { sameJSON, storageKey } from "./objects.ts";
import { hardOf, quotas, storageOf } from "./quota.ts";
import type { Registry } from "./registry.ts";

/** Keeps the status of every quota, right after the write that changed it. */
export function keepQuotas(registry: Registry): Disposable {
  const { storage } = registry;
  return storage.listen(({ type, resource, object }) => {
    const namespace = object.metadata.namespace ?? "";
    if (namespace === "" || (type === "MODIFIED" && resource !== quotas)) return;
    for (const quota of storage.list(quotas, namespace)) {
      if (resource !== quotas && !Object.keys(hardOf(quota)).some((what) => storageOf(what) === resource)) continue;
      queueMicrotask(() => update(registry, namespace, quota.metadata.name ?? ""));
    }
  });
}

function update(registry: Registry, namespace: string, name: string): void {
  const type = registry.resources.stored(quotas);
  const quota = registry.storage.get(quotas, storageKey(namespace, name));
  if (!type || !quota) return;
  const hard = hardOf(quota);
  const used = Object.fromEntries(
    Object.keys(hard).map((what) => [what, String(registry.storage.list(storageOf(what), namespace).length)]),
  );
  const status = { hard, used };
  if (sameJSON(quota.status, status)) return;
  registry.update(type, namespace, name, (current) => ({ ...(current ?? quota), status }), { subresource: "status" });
}
