// The service account `default` of every namespace, which a real cluster's controller manager makes.
import { storageKey } from "./objects.ts";
import type { Registry } from "./registry.ts";

/** Makes it for every namespace from now on, right after the namespace. */
export function makeDefaultServiceAccounts(registry: Registry): Disposable {
  return registry.storage.listen(({ type, resource, object }) => {
    const name = object.metadata.name ?? "";
    if (resource !== "/namespaces" || type !== "ADDED") return;
    queueMicrotask(() => {
      const accounts = registry.resources.stored("/serviceaccounts");
      const namespace = registry.storage.get(resource, storageKey("", name));
      if (!accounts || !namespace || namespace.metadata.deletionTimestamp) return;
      if (registry.storage.get(accounts.storage, storageKey(name, "default"))) return;
      const account = { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "default" } };
      registry.create(accounts, name, account);
    });
  });
}
