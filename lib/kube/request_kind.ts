// What a request is about, in the few words that metrics and traces may hold: the plural of its resource and the verb as
// RBAC has it, and never a name. Source: https://kubernetes.io/docs/reference/access-authn-authz/authorization/#request-verb-resource

import type { RequestOptions } from "./contract.ts";

const namespaceSubresources: ReadonlySet<string> = new Set(["status", "finalize"]);

/** The plural of a path, with the subresource; of a path that is no resource's, its first part. */
export function resourceOf(path: string): string {
  const { resource, subresource, first } = partsOf(path);
  if (resource === undefined) return first;
  return subresource === undefined ? resource : `${resource}/${subresource}`;
}

/** get, list, watch, create, update, patch, delete or deletecollection; what is not about a resource is told by its method. */
export function verbOf({ method, path, querystring }: Pick<RequestOptions, "method" | "path" | "querystring">): string {
  const { resource, name } = partsOf(path);
  switch (method) {
    case "GET":
      if (querystring?.get("watch") === "true") return "watch";
      return resource !== undefined && name === undefined ? "list" : "get";
    case "POST":
      return "create";
    case "PUT":
      return "update";
    case "DELETE":
      return name === undefined ? "deletecollection" : "delete";
    default:
      return method.toLowerCase();
  }
}

function partsOf(path: string) {
  const parts = path.split("/").filter((part) => part !== "");
  const rest = parts[0] === "api" ? parts.slice(2) : parts[0] === "apis" ? parts.slice(3) : [];
  const namespaced = rest[0] === "namespaces" && rest[2] !== undefined && !namespaceSubresources.has(rest[2]);
  const [resource, name, subresource] = namespaced ? rest.slice(2) : rest;
  return { resource, name, subresource, first: parts[0] ?? "" };
}
