// Authentication and RBAC of the simulated API server: who gets in, who is refused with which words, and what the reviews say.
import { assertEquals } from "@std/assert";
import { ManualClock } from "../../lib/clock.ts";
import type { JSONObject } from "../../lib/kube/contract.ts";
import { ApiServer } from "../../lib/sim/api_server.ts";

const rbac = "rbac.authorization.k8s.io";

function secured() {
  const server = new ApiServer({
    clock: new ManualClock(),
    authorization: "rbac",
    tokens: new Map<string, string | { username: string; groups: string[] }>([
      ["root-token", { username: "root", groups: ["system:masters"] }],
      ["jane-token", "jane"],
    ]),
  });
  const role = (kind: string, metadata: JSONObject, rules: JSONObject[]) =>
    server.install({ apiVersion: `${rbac}/v1`, kind, metadata, rules });
  const bind = (kind: string, metadata: JSONObject, roleKind: string, name: string, subject: JSONObject) =>
    server.install({
      apiVersion: `${rbac}/v1`,
      kind,
      metadata,
      roleRef: { apiGroup: rbac, kind: roleKind, name },
      subjects: [subject],
    });
  role("Role", { name: "reader", namespace: "default" }, [{
    apiGroups: [""],
    resources: ["configmaps"],
    verbs: ["get", "list"],
  }]);
  bind("RoleBinding", { name: "jane", namespace: "default" }, "Role", "reader", { kind: "User", name: "jane" });
  role("ClusterRole", { name: "metrics" }, [{ nonResourceURLs: ["/metrics"], verbs: ["get"] }]);
  bind("ClusterRoleBinding", { name: "metrics" }, "ClusterRole", "metrics", {
    kind: "ServiceAccount",
    name: "scraper",
    namespace: "default",
  });
  const call = async (method: string, path: string, token?: string, body?: JSONObject) => {
    const headers: Record<string, string> = {
      "content-type": "application/json",
      ...(token && { authorization: `Bearer ${token}` }),
    };
    const init = { method, headers, ...(body && { body: JSON.stringify(body) }) };
    const response = await server.handle(new Request(`http://sim${path}`, init));
    const answer = await response.json();
    return { code: response.status, ...answer } as JSONObject & { code: number };
  };
  return { server, call, [Symbol.dispose]: () => server[Symbol.dispose]() };
}

Deno.test("a token that nobody has is Unauthorized", async () => {
  using test = secured();
  const { code, reason, message } = await test.call("GET", "/api/v1/namespaces", "stolen");
  assertEquals([code, reason, message], [401, "Unauthorized", "Unauthorized"]);
});

Deno.test("without a token one is anonymous, and forbidden", async () => {
  using test = secured();
  const { code, message } = await test.call("GET", "/api/v1/namespaces/default/configmaps");
  assertEquals([code, message], [
    403,
    'configmaps is forbidden: User "system:anonymous" cannot list resource "configmaps" in API group "" in the namespace "default"',
  ]);
});

Deno.test("a role allows its verbs on its resources in its namespace, and nothing else", async () => {
  using test = secured();
  const code = async (method: string, path: string) =>
    (await test.call(method, path, "jane-token", method === "POST" ? {} : undefined)).code;
  assertEquals(await code("GET", "/api/v1/namespaces/default/configmaps"), 200);
  assertEquals(await code("GET", "/api/v1/namespaces/default/secrets"), 403);
  assertEquals(await code("GET", "/api/v1/namespaces/kube-system/configmaps"), 403);
  assertEquals(await code("GET", "/api/v1/configmaps"), 403);
  assertEquals(await code("POST", "/api/v1/namespaces/default/configmaps"), 403);
});

Deno.test("a refusal at the cluster scope says so", async () => {
  using test = secured();
  const { message } = await test.call("GET", "/api/v1/namespaces/default", "jane-token");
  assertEquals(
    message,
    'namespaces "default" is forbidden: User "jane" cannot get resource "namespaces" in API group "" in the namespace "default"',
  );
});

Deno.test("a SubjectAccessReview answers as a request would be", async () => {
  using test = secured();
  const allowed = async (user: string) => {
    const spec = { user, nonResourceAttributes: { path: "/metrics", verb: "get" } };
    const { status } = await test.call("POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews", "root-token", {
      spec,
    });
    return (status as JSONObject).allowed;
  };
  assertEquals([await allowed("system:serviceaccount:default:scraper"), await allowed("jane")], [true, false]);
});

Deno.test("a minted service account token works until it expires", async () => {
  const clock = new ManualClock();
  const server = new ApiServer({
    clock,
    authorization: "rbac",
    tokens: new Map([["root-token", { username: "root", groups: ["system:masters"] }]]),
  });
  using _ = server;
  const call = (path: string, token: string, body: JSONObject) =>
    server.handle(
      new Request(`http://sim${path}`, {
        method: "POST",
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        body: JSON.stringify(body),
      }),
    );
  server.install({ apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "runner", namespace: "default" } });
  const minted = await (await call("/api/v1/namespaces/default/serviceaccounts/runner/token", "root-token", {
    spec: { expirationSeconds: 600 },
  })).json();
  const whoami = async () => {
    const response = await call("/apis/authentication.k8s.io/v1/selfsubjectreviews", minted.status.token, {});
    return [response.status, (await response.json()).status?.userInfo?.username];
  };
  assertEquals(await whoami(), [201, "system:serviceaccount:default:runner"]);
  clock.advance(600_000);
  assertEquals((await whoami())[0], 401);
});
