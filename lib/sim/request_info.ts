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
  /** Of the client program; empty when it says none. */
  userAgent: string;
}

export function requestInfo(method: string, url: URL, userAgent = ""): RequestInfo {
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
    userAgent,
  };
  if (parts[0] === "api" && parts.length > 2) [info.version = "", ...parts] = parts.slice(1);
  else if (parts[0] === "apis" && parts.length > 3) {
    info.group = parts[1] ?? "";
    [info.version = "", ...parts] = parts.slice(2);
  } else return info;
  // The older way to watch: /api/v1/watch/…
  const watched = parts[0] === "watch" && parts.length > 1;
  if (watched) parts = parts.slice(1);
  if (parts[0] === "namespaces" && parts.length > 1) {
    info.namespace = parts[1] ?? "";
    const own = parts.length === 2 || ["status", "finalize"].includes(parts[2] ?? "");
    if (!own) parts.splice(0, 2);
  }
  [info.resource = "", info.name = "", info.subresource = ""] = parts;
  if (info.resource === "namespaces") info.namespace = info.name;
  info.verb = watched && method === "GET" ? "watch" : verbOf(method, info);
  return info;
}

function verbOf(method: string, info: RequestInfo): string {
  switch (method) {
    case "GET":
    case "HEAD":
      if (info.name) return "get";
      return isTrue(info.query.get("watch")) ? "watch" : "list";
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

/** Any text but "0" and "false" counts as true, an empty one too, as long as the option is there at all. */
export function isTrue(option: string | null): boolean {
  return option !== null && option !== "0" && option.toLowerCase() !== "false";
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch (error) {
    if (error instanceof URIError) return part;
    throw error;
  }
}
