// Confirms the end of pods that were deleted gracefully, as a kubelet does whose containers stop at once: nothing runs in this
// process, so nothing needs the grace period.
import type { Registry } from "./registry.ts";

/** Confirms every graceful deletion from now on, right after it. */
export function confirmPodEnds(registry: Registry): Disposable {
  return registry.storage.listen(({ type, resource, object }) => {
    const { namespace = "", name = "", uid = "", deletionTimestamp, deletionGracePeriodSeconds } = object.metadata;
    if (resource !== "/pods" || type !== "MODIFIED" || !deletionTimestamp || !deletionGracePeriodSeconds) return;
    queueMicrotask(() => {
      const pods = registry.resources.stored(resource);
      const left = pods && registry.storage.get(resource, `${namespace}/${name}`);
      if (pods && left?.metadata.uid === uid) registry.delete(pods, namespace, name, { gracePeriodSeconds: 0 });
    });
  });
}
