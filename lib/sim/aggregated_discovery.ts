// Discovery in one answer, as kubectl asks for it first: every group, version and resource in a list.
// Source: kubernetes.io "Aggregated discovery", k8s.io/api apidiscovery/v2.
import type { JSONObject } from "../kube/contract.ts";
import { subresourcesOf } from "./discovery.ts";
import type { Resources, ResourceType } from "./resources.ts";

export const aggregatedType = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

/** Whether the client takes the aggregated form. */
export function wantsAggregated(accept: string): boolean {
  return accept.split(",").some((choice) => {
    const parts = choice.split(";").map((part) => part.trim());
    return ["g=apidiscovery.k8s.io", "v=v2", "as=APIGroupDiscoveryList"].every((part) => parts.includes(part));
  });
}

/** The document of `/api` or `/apis`; undefined for any other path. */
export function discoverAggregated(resources: Resources, path: string): JSONObject | undefined {
  const root = path.replace(/\/$/, "");
  if (root !== "/api" && root !== "/apis") return undefined;
  const groups = new Map<string, Map<string, ResourceType[]>>();
  for (const type of resources.all()) {
    if ((type.group === "") !== (root === "/api")) continue;
    const versions = groups.get(type.group) ?? new Map<string, ResourceType[]>();
    versions.set(type.version, [...versions.get(type.version) ?? [], type]);
    groups.set(type.group, versions);
  }
  const items = [...groups].map(([name, versions]): JSONObject => ({
    metadata: name ? { name } : {},
    versions: [...versions].map(([version, types]): JSONObject => ({
      version,
      resources: types.map(resourceOf),
      freshness: "Current",
    })),
  }));
  return { kind: "APIGroupDiscoveryList", apiVersion: "apidiscovery.k8s.io/v2", metadata: {}, items };
}

function resourceOf(type: ResourceType): JSONObject {
  const { shortNames, categories } = type;
  const subresources = subresourcesOf(type).map(({ name, verbs, group, version, kind }): JSONObject => ({
    subresource: String(name).slice(type.resource.length + 1),
    responseKind: group ? { group, version: version ?? "", kind: kind ?? "" } : kindOf(type),
    verbs: verbs ?? [],
  }));
  return {
    resource: type.resource,
    responseKind: kindOf(type),
    scope: type.namespaced ? "Namespaced" : "Cluster",
    singularResource: type.singular,
    verbs: type.verbs,
    ...(shortNames.length > 0 && { shortNames }),
    ...(categories.length > 0 && { categories }),
    ...(subresources.length > 0 && { subresources }),
  };
}

/** Built-in kinds leave group and version to where they stand. */
function kindOf({ custom, group, version, kind }: ResourceType): JSONObject {
  return custom ? { group, version, kind } : { group: "", version: "", kind };
}
