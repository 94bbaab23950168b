// Who may do what: tokens of service accounts and their ends, roles with names, and the reviews that tell of it.
import { assertEquals } from "@std/assert";
import type { JSONObject } from "../../../lib/kube/contract.ts";
import { type CaseContext, type ConformanceCase, eventually } from "../harness.ts";

const rbac = "rbac.authorization.k8s.io";

export const accessCases: ConformanceCase[] = [];
function conformanceCase(name: string, run: ConformanceCase["run"]): void {
  accessCases.push({ name, run });
}

/** The service account `bot`, and a token of it. */
async function bot({ api, namespace }: CaseContext): Promise<string> {
  const accounts = `/api/v1/namespaces/${namespace}/serviceaccounts`;
  await api.ok("POST", accounts, { body: { metadata: { name: "bot" } } });
  const { status } = await api.ok("POST", `${accounts}/bot/token`, { body: { spec: {} } });
  return String((status as JSONObject).token);
}

/** Lets `bot` do this in the case's namespace. */
async function allow({ api, namespace }: CaseContext, rule: JSONObject): Promise<void> {
  const roles = `/apis/${rbac}/v1/namespaces/${namespace}`;
  await api.ok("POST", `${roles}/roles`, { body: { metadata: { name: "r" }, rules: [rule] } });
  await api.ok("POST", `${roles}/rolebindings`, {
    body: {
      metadata: { name: "r" },
      roleRef: { apiGroup: rbac, kind: "Role", name: "r" },
      subjects: [{ kind: "ServiceAccount", name: "bot", namespace }],
    },
  });
}

conformanceCase("a token that nobody has is Unauthorized", async ({ api, configMaps }) => {
  const { code, body } = await api.call("GET", configMaps, { token: "stolen" });
  assertEquals([code, body.reason, body.message], [401, "Unauthorized", "Unauthorized"]);
});

conformanceCase("an account without roles is refused by name, namespace and group", async (context) => {
  const { api, configMaps, namespace } = context;
  const token = await bot(context);
  const refused = async (method: string, path: string, body?: JSONObject) => {
    const answer = await api.call(method, path, { token, ...(body && { body }) });
    return `${answer.code} ${answer.body.message}`;
  };
  const who = `403 %: User "system:serviceaccount:${namespace}:bot" cannot`;
  const where = `in API group "" in the namespace "${namespace}"`;
  const refusal = (what: string, rest: string) => `${who.replace("%", what)} ${rest}`;
  assertEquals(
    await refused("GET", `${configMaps}/x`),
    refusal('configmaps "x" is forbidden', `get resource "configmaps" ${where}`),
  );
  assertEquals(
    await refused("POST", configMaps, { metadata: { name: "x" } }),
    refusal("configmaps is forbidden", `create resource "configmaps" ${where}`),
  );
  assertEquals(
    await refused("DELETE", configMaps),
    refusal("configmaps is forbidden", `deletecollection resource "configmaps" ${where}`),
  );
  assertEquals(
    await refused("GET", "/api/v1/configmaps"),
    refusal("configmaps is forbidden", 'list resource "configmaps" in API group "" at the cluster scope'),
  );
  assertEquals(await refused("GET", "/metrics"), refusal("forbidden", 'get path "/metrics"'));
});

conformanceCase("everybody may discover, and read the version", async (context) => {
  const token = await bot(context);
  const codes = await Promise.all(
    ["/api", "/apis", "/version", "/readyz"].map(async (path) => (await context.api.call("GET", path, { token })).code),
  );
  assertEquals(codes, [200, 200, 200, 200]);
});

conformanceCase("a role with names allows those, and a list that selects one", async (context) => {
  const { api, configMaps } = context;
  const token = await bot(context);
  await allow(context, { apiGroups: [""], resources: ["configmaps"], resourceNames: ["only"], verbs: ["get", "list"] });
  await api.ok("POST", configMaps, { body: { metadata: { name: "only" } } });
  const code = async (path: string) => (await api.call("GET", path, { token })).code;
  await eventually(async () => await code(`${configMaps}/only`) === 200);
  assertEquals(
    [
      await code(`${configMaps}/other`),
      await code(configMaps),
      await code(`${configMaps}?fieldSelector=metadata.name%3Donly`),
    ],
    [403, 403, 200],
  );
});

conformanceCase("an access review names the binding, the role and the account", async (context) => {
  const { api, namespace } = context;
  const token = await bot(context);
  await allow(context, { apiGroups: ["x.dev"], resources: ["*/status"], verbs: ["patch"] });
  const review = async (subresource: string) => {
    const resourceAttributes = { namespace, verb: "patch", group: "x.dev", resource: "things", subresource };
    const path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
    return (await api.ok("POST", path, { token, body: { spec: { resourceAttributes } } })).status as JSONObject;
  };
  await eventually(async () => (await review("status")).allowed === true);
  assertEquals([await review("status"), (await review("")).allowed], [{
    allowed: true,
    reason: `RBAC: allowed by RoleBinding "r/${namespace}" of Role "r" to ServiceAccount "bot/${namespace}"`,
  }, false]);
});

const questions: [name: string, spec: JSONObject, fields: string[]][] = [
  ["about nobody and nothing", {}, ["spec.resourceAttributes", "spec.user"]],
  ["about nothing", { user: "jane" }, ["spec.resourceAttributes"]],
  ["about two things", {
    user: "jane",
    resourceAttributes: { verb: "get", resource: "x" },
    nonResourceAttributes: { verb: "get", path: "/x" },
  }, ["spec.nonResourceAttributes"]],
];
for (const [name, spec, fields] of questions) {
  conformanceCase(`an access review ${name} is Invalid`, async ({ api }) => {
    const { code, body } = await api.call("POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews", {
      body: { spec },
    });
    const causes = (body.details as JSONObject).causes as { field: string }[];
    assertEquals([code, causes.map(({ field }) => field)], [422, fields]);
  });
}

conformanceCase("a review of a group needs no user", async ({ api }) => {
  const spec = { groups: ["system:masters"], resourceAttributes: { verb: "get", resource: "x" } };
  const { status } = await api.ok("POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews", { body: { spec } });
  assertEquals((status as JSONObject).allowed, true);
});

conformanceCase("a token review needs a token, and tells a wrong audience", async (context) => {
  const { api } = context;
  const path = "/apis/authentication.k8s.io/v1/tokenreviews";
  const none = await api.call("POST", path, { body: { spec: {} } });
  assertEquals([none.code, none.body.message], [400, "token is required for TokenReview in authentication"]);
  const { status } = await api.ok("POST", path, { body: { spec: { token: await bot(context), audiences: ["x"] } } });
  const why =
    '[invalid bearer token, token audiences ["https://kubernetes.default.svc"] is invalid for the target audiences ["x"]]';
  assertEquals(status, { user: {}, error: why });
});

const tokenSpecs: [name: string, spec: JSONObject, answer: string][] = [
  [
    "for less than ten minutes",
    { expirationSeconds: 10 },
    "422 spec.expirationSeconds: Invalid value: 10: may not specify a duration less than 10 minutes",
  ],
  [
    "for ever",
    { expirationSeconds: 2 ** 33 },
    "422 spec.expirationSeconds: Invalid value: 8589934592: may not specify a duration larger than 2^32 seconds",
  ],
  [
    "bound to what is not there",
    { boundObjectRef: { kind: "Secret", apiVersion: "v1", name: "none" } },
    '404 secrets "none" not found',
  ],
  [
    "bound to what tokens cannot be bound to",
    { boundObjectRef: { kind: "Foo", apiVersion: "v1", name: "x" } },
    "400 cannot bind token to object of type /v1, Kind=Foo",
  ],
];
for (const [name, spec, expected] of tokenSpecs) {
  conformanceCase(`a token ${name} is refused`, async (context) => {
    const { api, namespace } = context;
    await bot(context);
    const path = `/api/v1/namespaces/${namespace}/serviceaccounts/bot/token`;
    const { code, body } = await api.call("POST", path, { body: { spec } });
    const message = String(body.message).replace('TokenRequest.authentication.k8s.io "" is invalid: ', "");
    assertEquals(`${code} ${message}`, expected);
  });
}

conformanceCase("a token bound to a Secret ends with it", async (context) => {
  const { api, namespace } = context;
  await bot(context);
  const secrets = `/api/v1/namespaces/${namespace}/secrets`;
  await api.ok("POST", secrets, { body: { metadata: { name: "s" } } });
  const spec = { boundObjectRef: { kind: "Secret", apiVersion: "v1", name: "s" }, audiences: ["metrics"] };
  const { status } = await api.ok("POST", `/api/v1/namespaces/${namespace}/serviceaccounts/bot/token`, {
    body: { spec },
  });
  const authenticated = async () => {
    const review = { spec: { token: (status as JSONObject).token ?? "", audiences: ["metrics"] } };
    const answer = await api.ok("POST", "/apis/authentication.k8s.io/v1/tokenreviews", { body: review });
    return (answer.status as JSONObject).authenticated;
  };
  assertEquals(await authenticated(), true);
  await api.ok("DELETE", `${secrets}/s`);
  await eventually(async () => await authenticated() === undefined);
});
