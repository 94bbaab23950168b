// Acting as somebody else on the simulated API server, what somebody is told of his own rights, and what a pod without a node says.
import { assertEquals } from "@std/assert";
import { ManualClock } from "../../lib/clock.ts";
import type { JSONObject } from "../../lib/kube/contract.ts";
import { ApiServer } from "../../lib/sim/api_server.ts";

const rbac = "rbac.authorization.k8s.io";

class Secured implements Disposable {
  readonly server = new ApiServer({
    clock: new ManualClock(),
    authorization: "rbac",
    tokens: new Map([["root", { username: "root", groups: ["system:masters"] }], ["clerk", {
      username: "clerk",
      groups: [],
    }]]),
  });

  /** The clerk may do this everywhere. */
  allow(rules: JSONObject[]): void {
    const roleRef = { apiGroup: rbac, kind: "ClusterRole", name: "clerk" };
    this.server.install({ apiVersion: `${rbac}/v1`, kind: "ClusterRole", metadata: { name: "clerk" }, rules });
    const subjects = [{ kind: "User", name: "clerk" }];
    const metadata = { name: "clerk" };
    this.server.install({ apiVersion: `${rbac}/v1`, kind: "ClusterRoleBinding", metadata, roleRef, subjects });
  }

  async ask(token: string, headers: Record<string, string>, path: string, body?: JSONObject): Promise<JSONObject> {
    const response = await this.server.handle(
      new Request(`http://sim${path}`, {
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json", ...headers },
        ...(body && { method: "POST", body: JSON.stringify(body) }),
      }),
    );
    return await response.json();
  }

  async whoami(token: string, headers: Record<string, string>): Promise<JSONObject> {
    const review = { apiVersion: "authentication.k8s.io/v1", kind: "SelfSubjectReview" };
    const answer = await this.ask(token, headers, "/apis/authentication.k8s.io/v1/selfsubjectreviews", review);
    return (answer.status as JSONObject).userInfo as JSONObject ?? answer;
  }

  [Symbol.dispose](): void {
    this.server[Symbol.dispose]();
  }
}

Deno.test("an administrator may act as anybody, and has then what that one has", async () => {
  using test = new Secured();
  const table: [headers: Record<string, string>, userInfo: JSONObject][] = [
    [{ "impersonate-user": "jane" }, { username: "jane", groups: ["system:authenticated"] }],
    [
      {
        "impersonate-user": "jane",
        "impersonate-group": "a, b",
        "impersonate-uid": "1",
        "impersonate-extra-scope": "x",
      },
      { username: "jane", uid: "1", groups: ["a", "b", "system:authenticated"], extra: { scope: ["x"] } },
    ],
    [
      { "impersonate-user": "system:serviceaccount:apps:web" },
      {
        username: "system:serviceaccount:apps:web",
        groups: ["system:serviceaccounts", "system:serviceaccounts:apps", "system:authenticated"],
      },
    ],
  ];
  for (const [headers, userInfo] of table) assertEquals(await test.whoami("root", headers), userInfo);
  assertEquals(
    (await test.ask("root", { "impersonate-user": "jane" }, "/api/v1/pods")).message,
    'pods is forbidden: User "jane" cannot list resource "pods" in API group "" at the cluster scope',
  );
});

Deno.test("whoever may not act as somebody else is told what is missing", async () => {
  using test = new Secured();
  const message = async (headers: Record<string, string>) => (await test.ask("clerk", headers, "/api/v1/pods")).message;
  const mayNot = (what: string) => `User "clerk" cannot ${what}`;
  const pods = 'resource "pods" in API group "" at the cluster scope';
  assertEquals(
    await message({ "impersonate-user": "jane" }),
    `pods is forbidden: ${mayNot(`impersonate-on:user-info:list ${pods}`)}`,
  );
  assertEquals(
    await message({ "impersonate-user": "system:serviceaccount:apps:web" }),
    `pods is forbidden: ${mayNot(`impersonate-on:serviceaccount:list ${pods}`)}`,
  );
  test.allow([{ apiGroups: [""], resources: ["users"], verbs: ["impersonate"] }]);
  assertEquals(await message({ "impersonate-user": "jane" }), `pods is forbidden: User "jane" cannot list ${pods}`);
  assertEquals(
    await message({ "impersonate-user": "jane", "impersonate-group": "system:masters" }),
    `pods is forbidden: ${mayNot(`impersonate-on:user-info:list ${pods}`)}`,
  );
  assertEquals(
    await message({ "impersonate-user": "jane", "impersonate-uid": "1" }),
    `uids.authentication.k8s.io "1" is forbidden: ${
      mayNot('impersonate resource "uids" in API group "authentication.k8s.io" at the cluster scope')
    }`,
  );
  assertEquals(
    await message({ "impersonate-group": "a" }),
    "requested uid, groups or extra without impersonating a user name",
  );
});

Deno.test("SelfSubjectRulesReview lists what the asking user may do in a namespace", async () => {
  using test = new Secured();
  test.allow([{ apiGroups: [""], resources: ["pods"], verbs: ["list"] }, {
    nonResourceURLs: ["/metrics"],
    verbs: ["get"],
  }]);
  const rulesOf = async (token: string) => {
    const body = {
      apiVersion: "authorization.k8s.io/v1",
      kind: "SelfSubjectRulesReview",
      spec: { namespace: "default" },
    };
    return (await test.ask(token, {}, "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews", body))
      .status as JSONObject;
  };
  const { resourceRules, nonResourceRules, incomplete } = await rulesOf("clerk");
  assertEquals((resourceRules as JSONObject[]).at(-1), { apiGroups: [""], resources: ["pods"], verbs: ["list"] });
  assertEquals((resourceRules as JSONObject[]).length, 4);
  assertEquals((nonResourceRules as JSONObject[]).at(-1), { nonResourceURLs: ["/metrics"], verbs: ["get"] });
  assertEquals(incomplete, false);
  assertEquals((await rulesOf("root")).resourceRules, [{ verbs: ["*"], apiGroups: ["*"], resources: ["*"] }]);
});

Deno.test("the logs of a pod are refused as those of one that no node has", async () => {
  using test = new Secured();
  test.server.install({ apiVersion: "v1", kind: "Pod", metadata: { name: "p", namespace: "default" } });
  const { code, reason, message } = await test.ask("root", {}, "/api/v1/namespaces/default/pods/p/log");
  assertEquals([code, reason, message], [400, "BadRequest", "pod p does not have a host assigned"]);
});
