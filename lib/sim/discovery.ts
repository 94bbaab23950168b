// What kubectl asks before it asks for anything: versions, groups, resources, and a minimal OpenAPI v3 index.
import type { JSONObject } from "../kube/contract.ts";
import { apiVersionOf, type Resources, type ResourceType } from "./resources.ts";

/** The version that this server says it is. */
export const gitVersion = "v1.36.3";

/** The document of a discovery path; undefined when the server has none there. */
export function discover(resources: Resources, path: string): JSONObject | undefined {
  const parts = path.split("/").filter((part) => part !== "");
  const [root = "", group = "", version = ""] = parts;
  if (root === "") return { paths: paths(resources) };
  if (root === "version") return versionInfo();
  if (root === "api" && parts.length === 1) {
    return { kind: "APIVersions", versions: ["v1"], serverAddressByClientCIDRs: [] };
  }
  if (root === "apis" && parts.length === 1) {
    return { kind: "APIGroupList", apiVersion: "v1", groups: groups(resources) };
  }
  if (root === "api" && parts.length === 2) return resourceList(resources, "", group);
  if (root === "apis" && parts.length === 2) {
    const found = groups(resources).find((each) => each.name === group);
    return found && { kind: "APIGroup", apiVersion: "v1", ...found };
  }
  if (root === "apis" && parts.length === 3) return resourceList(resources, group, version);
  return undefined;
}

/** What `GET /` lists. */
function paths(resources: Resources): string[] {
  const own = ["/api", "/apis", "/healthz", "/livez", "/openapi/v3", "/readyz", "/version"];
  const served = resources.all().flatMap(({ group, version }) =>
    group ? [`/apis/${group}`, `/apis/${group}/${version}`] : [`/api/${version}`]
  );
  return [...new Set([...own, ...served])].sort();
}

function versionInfo(): JSONObject {
  return {
    major: "1",
    minor: "36",
    gitVersion,
    gitCommit: "0000000000000000000000000000000000000000",
    gitTreeState: "clean",
    buildDate: "2026-01-01T00:00:00Z",
    goVersion: "none",
    compiler: "none",
    platform: "sim/deno",
  };
}

function groups(resources: Resources): JSONObject[] {
  const versions = new Map<string, Set<string>>();
  for (const type of resources.all()) {
    if (type.group) versions.set(type.group, (versions.get(type.group) ?? new Set()).add(type.version));
  }
  return [...versions].map(([name, all]) => {
    const each = [...all].sort(byPriority).map((version): JSONObject => ({
      groupVersion: `${name}/${version}`,
      version,
    }));
    return { name, versions: each, preferredVersion: each[0] ?? {} };
  });
}

/** As the API server ranks versions: stable before beta before alpha, and the higher first. */
function byPriority(a: string, b: string): number {
  const rank = (version: string) => {
    const [, major = "", stage = "", minor = ""] = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(version) ?? [];
    return [{ "": 2, beta: 1, alpha: 0 }[stage] ?? 0, Number(major), Number(minor)];
  };
  const [left, right] = [rank(a), rank(b)];
  for (const [i, value] of left.entries()) if (value !== right[i]) return (right[i] ?? 0) - value;
  return 0;
}

function resourceList(resources: Resources, group: string, version: string): JSONObject | undefined {
  const types = resources.all().filter((type) => type.group === group && type.version === version);
  if (types.length === 0) return undefined;
  const entries = types.flatMap((type): JSONObject[] => {
    const { singular: singularName, namespaced, kind, verbs, shortNames, categories } = type;
    const entry: JSONObject = { name: type.resource, singularName, namespaced, kind, verbs };
    if (shortNames.length > 0) entry.shortNames = shortNames;
    if (categories.length > 0) entry.categories = categories;
    return [entry, ...subresourcesOf(type)];
  });
  return {
    kind: "APIResourceList",
    apiVersion: "v1",
    groupVersion: apiVersionOf({ group, version }),
    resources: entries,
  };
}

/** Entries of a resource list for what can be asked below an object. */
export function subresourcesOf(type: ResourceType): JSONObject[] {
  const { namespaced, kind } = type;
  const found: JSONObject[] = [];
  if (type.hasStatus) {
    found.push({
      name: `${type.resource}/status`,
      singularName: "",
      namespaced,
      kind,
      verbs: ["get", "patch", "update"],
    });
  }
  if (type.resource === "serviceaccounts") {
    found.push({
      name: "serviceaccounts/token",
      singularName: "",
      namespaced,
      group: "authentication.k8s.io",
      version: "v1",
      kind: "TokenRequest",
      verbs: ["create"],
    });
  }
  return found;
}
