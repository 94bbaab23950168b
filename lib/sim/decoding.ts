// What cannot be decoded into the kind's Go type is refused before anything else looks at it.
import { isRecord, type KubeObject } from "./objects.ts";
import type { ResourceType } from "./resources.ts";
import { badRequest } from "./status.ts";

/** Text maps hold text: anything else cannot be decoded there. */
export function refuseWrongTypes(type: ResourceType, object: KubeObject): void {
  const where = type.custom ? "" : "metadata.";
  const maps: [string, unknown][] = [
    [`ObjectMeta.${where}labels`, object.metadata.labels],
    [`ObjectMeta.${where}annotations`, object.metadata.annotations],
    ...(type.storage === "/configmaps" ? [["ConfigMap.data", object.data] as [string, unknown]] : []),
  ];
  for (const [field, map] of maps) {
    if (!isRecord(map)) continue;
    const wrong = Object.values(map).find((value) => typeof value !== "string" && value !== null);
    if (wrong === undefined) continue;
    const why = `json: cannot unmarshal ${goKind(wrong)} into Go struct field ${field} of type string`;
    throw badRequest(
      `${type.kind} in version ${JSON.stringify(type.version)} cannot be handled as a ${type.kind}: ${why}`,
    );
  }
}

function goKind(value: unknown): string {
  if (typeof value === "boolean") return "bool";
  return typeof value === "number" ? "number" : Array.isArray(value) ? "array" : "object";
}
