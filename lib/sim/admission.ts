// What is refused before an object is stored although the object itself is fine: its namespace is missing or terminating, its
// definition is going, or a ResourceQuota is used up. Source: the NamespaceLifecycle admission plug-in, apiextensions-apiserver.
import { storageKey } from "./objects.ts";
import { admitQuota } from "./quota.ts";
import type { ResourceType } from "./resources.ts";
import { forbidden, notFound } from "./status.ts";
import type { Storage } from "./storage.ts";

const definitions = "apiextensions.k8s.io/customresourcedefinitions";

interface Stored {
  readonly storage: Storage;
}

/** Namespace first, then (after validation) quota: the order in which a real server refuses. */
export function admitCreate(
  registry: Stored,
  type: ResourceType,
  namespace: string,
  name: string,
  stage: "namespace" | "quota",
): void {
  if (stage === "namespace" && type.custom) {
    const definition = registry.storage.get(definitions, storageKey("", type.custom.definition));
    if (definition?.metadata.deletionTimestamp) {
      throw forbidden(type, name, "create not allowed while custom resource definition is terminating");
    }
  }
  if (!type.namespaced || type.verbs.length === 1) return;
  if (stage === "quota") return admitQuota(registry.storage, type, namespace, name);
  const found = registry.storage.get("/namespaces", storageKey("", namespace));
  if (!found) throw notFound({ group: "", resource: "namespaces", kind: "Namespace" }, namespace);
  if (!found.metadata.deletionTimestamp) return;
  throw forbidden(type, name, `unable to create new content in namespace ${namespace} because it is being terminated`, [
    {
      reason: "NamespaceTerminating",
      message: `namespace ${namespace} is being terminated`,
      field: "metadata.namespace",
    },
  ]);
}

/** Some namespaces are there for good. */
export function refuseImmortal(type: ResourceType, name: string): void {
  if (["default", "kube-system", "kube-public"].includes(name)) {
    throw forbidden(type, name, "this namespace may not be deleted");
  }
}
