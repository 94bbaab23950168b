// What a deletion makes of an object: refused by its preconditions, gone at once, or marked and held by finalizers. Pure; the
// registry stores the result. Source: k8s.io/apiserver pkg/registry/rest/delete.go and pkg/registry/generic/registry/store.go.
import { markedStatus } from "./definition_status.ts";
import { at, type KubeObject, textAt, timestamp } from "./objects.ts";
import type { ResourceType } from "./resources.ts";
import { conflict } from "./status.ts";

export interface Deletion {
  dryRun?: boolean;
  propagationPolicy?: "Foreground" | "Background" | "Orphan";
  /** The older way to say it. */
  orphanDependents?: boolean;
  /** How long a pod may take to stop; other kinds have nothing to stop. */
  gracePeriodSeconds?: number;
  preconditions?: { uid?: string; resourceVersion?: string };
}

export const foregroundFinalizer = "foregroundDeletion";
export const orphanFinalizer = "orphan";

/** Throws Conflict when the object is not the one that the client meant to delete. */
export function checkPreconditions(type: ResourceType, object: KubeObject, deletion: Deletion): void {
  const { uid, resourceVersion } = deletion.preconditions ?? {};
  const { name = "", uid: ownUid, resourceVersion: ownVersion } = object.metadata;
  // Checked where only the kind is known; the message shows it.
  const subject = { ...type, resource: type.kind };
  if (uid && uid !== ownUid) {
    const why =
      `the UID in the precondition (${uid}) does not match the UID in record (${ownUid}). The object might have been deleted and then recreated`;
    throw conflict(subject, name, why);
  }
  if (resourceVersion && resourceVersion !== ownVersion) {
    const why =
      `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record (${ownVersion}). The object might have been modified`;
    throw conflict(subject, name, why);
  }
}

/** The object as a deletion leaves it until its finalizers are gone; undefined when nothing holds it. */
export function markDeleted(
  type: ResourceType,
  object: KubeObject,
  deletion: Deletion,
  nowMs: number,
): KubeObject | undefined {
  const { deletionTimestamp } = object.metadata;
  const added = deletionTimestamp ? [] : type.deletionFinalizers;
  const finalizers = [...finalizersFor(object, deletion.propagationPolicy), ...added];
  const marked: KubeObject = { ...object, metadata: { ...object.metadata, finalizers } };
  if (finalizers.length === 0) delete marked.metadata.finalizers;
  const grace = type.storage === "/pods" ? graceOf(object, deletion) : 0;
  if (grace === 0 && mayVanish(marked)) return undefined;
  if (deletionTimestamp && grace >= (object.metadata.deletionGracePeriodSeconds ?? 0)) return marked;
  marked.metadata.deletionTimestamp = timestamp(nowMs + grace * 1000);
  if (type.storage === "/namespaces") marked.status = { phase: "Terminating" };
  else if (type.resource === "customresourcedefinitions") marked.status = markedStatus(object, timestamp(nowMs));
  else marked.metadata.deletionGracePeriodSeconds = grace;
  if (type.custom && marked.metadata.generation) marked.metadata.generation++;
  return marked;
}

/** Seconds that a pod has to stop in: none if it runs nowhere, or no more. Source: pkg/registry/core/pod/strategy.go. */
function graceOf(pod: KubeObject, { gracePeriodSeconds }: Deletion): number {
  if (!textAt(pod, "spec", "nodeName") || ["Succeeded", "Failed"].includes(textAt(pod, "status", "phase"))) return 0;
  const own = at(pod, "spec", "terminationGracePeriodSeconds");
  const seconds = gracePeriodSeconds ?? (typeof own === "number" ? own : 30);
  return seconds < 0 ? 1 : seconds;
}

/** No finalizer holds the object, nor, for a namespace, the one in its spec. */
export function mayVanish(object: KubeObject): boolean {
  const inSpec = object.kind === "Namespace" && object.apiVersion === "v1"
    ? (object.spec as { finalizers?: string[] } | undefined)?.finalizers ?? []
    : [];
  return (object.metadata.finalizers ?? []).length === 0 && inSpec.length === 0;
}

function finalizersFor(object: KubeObject, policy: Deletion["propagationPolicy"]): string[] {
  const all = object.metadata.finalizers ?? [];
  if (policy === undefined) return all;
  const others = all.filter((finalizer) => finalizer !== foregroundFinalizer && finalizer !== orphanFinalizer);
  if (policy === "Foreground") return [...others, foregroundFinalizer];
  return policy === "Orphan" ? [...others, orphanFinalizer] : others;
}
