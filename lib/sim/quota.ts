// ResourceQuotas on the number of objects: a create beyond one is refused. Source: the ResourceQuota admission plug-in.
import { at, isRecord, type KubeObject } from "./objects.ts";
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

/** The number that a quantity stands for: 1k, 1e3 and 1000000m are 1000, 1Ki is 1024; NaN for what is no quantity. */
export function quantityValue(quantity: unknown): number {
  const [, number = "", suffix = ""] = /^([+-]?[\d.]+)(.*)$/.exec(String(quantity)) ?? [];
  if (/^([eE][+-]?\d+)?$/.test(suffix)) return Number.parseFloat(number + suffix);
  const [, unit = "", binary = ""] = /^([numkKMGTPE])(i?)$/.exec(suffix) ?? [];
  const parts = ["m", "u", "n"].indexOf(unit) + 1;
  if (parts > 0) return Number(number) / 1000 ** parts;
  const times = "kMGTPE".indexOf(unit.replace("K", "k")) + 1;
  return unit === "" ? NaN : Number(number) * (binary ? 1024 : 1000) ** times;
}

/** The storage of what a quota counts: `count/pipelineruns.tekton.dev`, `count/configmaps`, or `configmaps`. */
export function storageOf(what: string): string {
  const [, plural = "", group = ""] = /^(?:count\/)?([^./]+)(?:\.(.+))?$/.exec(what) ?? [];
  return `${group}/${plural}`;
}
