// What of an update is taken: fields that a client may not change keep their values, status goes through its subresource, and
// the generation counts changes of the desired state. Pure. Source: k8s.io/apiserver pkg/registry/rest/update.go.
import { type KubeObject, sameJSON } from "./objects.ts";
import type { ResourceType } from "./resources.ts";

/** The object to be stored: what a client may not change comes from `old`. */
export function prepareUpdate(
  type: ResourceType,
  wanted: KubeObject,
  old: KubeObject,
  subresource: string,
): KubeObject {
  if (subresource === "status" && type.hasStatus) {
    const next: KubeObject = { ...old, metadata: { ...old.metadata } };
    if (wanted.status === undefined) delete next.status;
    else next.status = wanted.status;
    if (wanted.metadata.managedFields) next.metadata.managedFields = wanted.metadata.managedFields;
    return next;
  }
  const kept = old.metadata;
  const next: KubeObject = { ...wanted, metadata: { ...wanted.metadata } };
  for (
    const field of [
      "uid",
      "creationTimestamp",
      "deletionTimestamp",
      "deletionGracePeriodSeconds",
      "generation",
      "resourceVersion",
    ] as const
  ) {
    if (field === "uid" && wanted.metadata.uid) continue;
    if (kept[field] === undefined) delete next.metadata[field];
    else Object.assign(next.metadata, { [field]: kept[field] });
  }
  if (kept.generateName && !next.metadata.generateName) next.metadata.generateName = kept.generateName;
  if (kept.managedFields && !next.metadata.managedFields) next.metadata.managedFields = kept.managedFields;
  if (type.storage === "/namespaces") keepNamespace(next, old, subresource);
  if (type.hasStatus && type.resource !== "pods") {
    if (old.status === undefined) delete next.status;
    else next.status = old.status;
  }
  return next;
}

/** Desired state is everything but metadata, and but status where that is a subresource. */
export function countGeneration(type: ResourceType, next: KubeObject, old: KubeObject): void {
  const desired = (object: KubeObject) => ({
    ...object,
    metadata: null,
    apiVersion: null,
    ...(type.hasStatus && { status: null }),
  });
  if (!sameJSON(desired(next), desired(old))) next.metadata.generation = (old.metadata.generation ?? 0) + 1;
}

/** A namespace keeps its label, and the finalizers of its spec go by a subresource of their own. */
function keepNamespace(next: KubeObject, old: KubeObject, subresource: string): void {
  next.metadata.labels = { ...next.metadata.labels, "kubernetes.io/metadata.name": old.metadata.name ?? "" };
  if (subresource !== "finalize") next.spec = old.spec;
}
