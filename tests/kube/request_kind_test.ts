// What metrics and traces say of a request: its resource and its verb, and never a name.

import { assertEquals } from "@std/assert";
import type { HttpMethods } from "../../lib/kube/contract.ts";
import { resourceOf, verbOf } from "../../lib/kube/request_kind.ts";

const table: [method: HttpMethods, path: string, verb: string, resource: string][] = [
  ["GET", "/api/v1/namespaces", "list", "namespaces"],
  ["GET", "/api/v1/namespaces/a", "get", "namespaces"],
  ["GET", "/api/v1/namespaces/a/status", "get", "namespaces/status"],
  ["GET", "/api/v1/namespaces/a/pods", "list", "pods"],
  ["GET", "/api/v1/namespaces/a/pods?watch=true", "watch", "pods"],
  ["GET", "/api/v1/namespaces/a/pods/b", "get", "pods"],
  ["GET", "/apis/x.io/v1/things", "list", "things"],
  ["GET", "/apis/x.io/v1", "get", "apis"],
  ["GET", "/readyz", "get", "readyz"],
  ["POST", "/apis/x.io/v1/namespaces/a/things", "create", "things"],
  ["PUT", "/apis/x.io/v1/namespaces/a/things/b", "update", "things"],
  ["PATCH", "/apis/x.io/v1/namespaces/a/things/b/status", "patch", "things/status"],
  ["DELETE", "/apis/x.io/v1/namespaces/a/things/b", "delete", "things"],
  ["DELETE", "/apis/x.io/v1/namespaces/a/things", "deletecollection", "things"],
];

for (const [method, url, verb, resource] of table) {
  Deno.test(`request_kind: ${method} ${url} is ${verb} ${resource}`, () => {
    const [path = "", query = ""] = url.split("?");
    assertEquals([verbOf({ method, path, querystring: new URLSearchParams(query) }), resourceOf(path)], [
      verb,
      resource,
    ]);
  });
}
