// ResourceQuotas on the number of objects: a create beyond one is refused. Source: the ResourceQuota admission plug-in.
import { at, isRecord, type KubeObject } from "./objects.ts";
import { quantityValue } from "./quantity.ts";
import type { ResourceType } from "./resources.ts";
import { forbidden } from "./status.ts";
import type { Storage } from "./storage.ts";

export const quotas = "/resourcequotas";

/** Throws Forbidden when one more object of the type is more than a quota of the namespace allows. */
export function admitQuota(storage: Storage, type: ResourceType, namespace: string, name: string): void {
  for (const quota of storage.list(quotas, namespace)) {
    for (const [what, limit] of Object.entries(hardOf(quota))) {
      if (storageOf(what) !== type.storage) continue;
      const used = storage.list(type.storage, namespace).length;
      if (used < quantityValue(limit)) continue;
      const figures = `requested: ${what}=1, used: ${what}=${used}, limited: ${what}=${limit}`;
      throw forbidden(type, name, `exceeded quota: ${quota.metadata.name}, ${figures}`);
    }
  }
}

/** What a quota limits, and to how many. */
export function hardOf(quota: KubeObject): Record<string, unknown> {
  const hard = at(quota, "spec", "hard");
  return isRecord(hard) ? hard : {};
}

/** The storage of what a quota counts: `count/pipelineruns.tekton.dev`, `count/configmaps`, or `configmaps`. */
export function storageOf(what: string): string {
  const [, plural = "", group = ""] = /^(?:count\/)?([^./]+)(?:\.(.+))?$/.exec(what) ?? [];
  return `${group}/${plural}`;
}
