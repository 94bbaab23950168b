// From an HTTP request's method and path to what it asks for. Source: k8s.io/apiserver pkg/endpoints/request/requestinfo.go.

/** What a request asks for, and who asks. `resource` is empty for a path that names none. */
export interface RequestInfo {
  /** get, list, watch, create, update, patch, delete, deletecollection; for other paths the method in lower case. */
  verb: string;
  method: string;
  path: string;
  query: URLSearchParams;
  group: string;
  version: string;
  resource: string;
  subresource: string;
  /** Empty for cluster-scoped resources and for all namespaces. */
  namespace: string;
  name: string;
  user: string;
}

export function requestInfo(method: string, url: URL): RequestInfo {
  let parts = url.pathname.split("/").filter((part) => part !== "").map(decode);
  const info: RequestInfo = {
    verb: method.toLowerCase(),
    method,
    path: url.pathname,
    query: url.searchParams,
    group: "",
    version: "",
    resource: "",
    subresource: "",
    namespace: "",
    name: "",
    user: "",
  };
  if (parts[0] === "api" && parts.length > 2) [info.version = "", ...parts] = parts.slice(1);
  else if (parts[0] === "apis" && parts.length > 3) {
    info.group = parts[1] ?? "";
    [info.version = "", ...parts] = parts.slice(2);
  } else return info;
  if (parts[0] === "namespaces" && parts.length > 1) {
    info.namespace = parts[1] ?? "";
    const own = parts.length === 2 || ["status", "finalize"].includes(parts[2] ?? "");
    if (!own) parts.splice(0, 2);
  }
  [info.resource = "", info.name = "", info.subresource = ""] = parts;
  if (info.resource === "namespaces") info.namespace = info.name;
  info.verb = verbOf(method, info);
  return info;
}

function verbOf(method: string, info: RequestInfo): string {
  switch (method) {
    case "GET":
    case "HEAD":
      if (info.name) return "get";
      return ["true", "1"].includes(info.query.get("watch") ?? "") ? "watch" : "list";
    case "POST":
      return "create";
    case "PUT":
      return "update";
    case "PATCH":
      return "patch";
    case "DELETE":
      return info.name ? "delete" : "deletecollection";
    default:
      return method.toLowerCase();
  }
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch (error) {
    if (error instanceof URIError) return part;
    throw error;
  }
}
