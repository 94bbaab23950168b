// Nobody grants what he does not hold himself: writing roles, binding them, and the verbs that let one do it all the same.
import { assertEquals } from "@std/assert";
import type { JSONObject } from "../../../lib/kube/contract.ts";
import { type CaseContext, type ConformanceCase, eventually } from "../harness.ts";

const rbac = "rbac.authorization.k8s.io";
const writing = {
  apiGroups: [rbac],
  resources: ["roles", "rolebindings"],
  verbs: ["create", "update", "patch", "get"],
};
const reading = { apiGroups: [""], resources: ["configmaps"], verbs: ["get"] };
const secrets = { apiGroups: [""], resources: ["secrets"], verbs: ["get"] };

export const escalationCases: ConformanceCase[] = [];
function conformanceCase(name: string, run: ConformanceCase["run"]): void {
  escalationCases.push({ name, run });
}

/** Somebody who may write roles and bindings, and read ConfigMaps; `more` besides. */
async function writer({ api, namespace }: CaseContext, more: JSONObject[] = []) {
  const roles = `/apis/${rbac}/v1/namespaces/${namespace}/roles`;
  const bindings = `/apis/${rbac}/v1/namespaces/${namespace}/rolebindings`;
  await api.ok("POST", `/api/v1/namespaces/${namespace}/serviceaccounts`, { body: { metadata: { name: "bot" } } });
  await api.ok("POST", roles, { body: { metadata: { name: "writer" }, rules: [writing, reading, ...more] } });
  await api.ok("POST", roles, { body: { metadata: { name: "hidden" }, rules: [secrets] } });
  const subjects = [{ kind: "ServiceAccount", name: "bot", namespace }];
  await api.ok("POST", bindings, { body: { metadata: { name: "writer" }, roleRef: roleRef("writer"), subjects } });
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts/bot/token`;
  const token = String(((await api.ok("POST", path, { body: { spec: {} } })).status as JSONObject).token);
  await eventually(async () => (await api.call("GET", `${roles}/writer`, { token })).code === 200);
  const ask = async (method: string, where: string, body: JSONObject, type = "application/json") => {
    const answer = await api.call(method, where, { token, body, type });
    return answer.code > 299 ? `${answer.code} ${answer.body.message}` : answer.code;
  };
  return { roles, bindings, ask };
}

function roleRef(name: string): JSONObject {
  return { apiGroup: rbac, kind: "Role", name };
}

function refusal(namespace: string, what: string, ...missing: string[]): string {
  const groups = ["system:serviceaccounts", `system:serviceaccounts:${namespace}`, "system:authenticated"];
  const who = `user "system:serviceaccount:${namespace}:bot" (groups=[${groups.map((each) => `"${each}"`).join(" ")}])`;
  const why = "is attempting to grant RBAC permissions not currently held:";
  return [`403 ${what} is forbidden: ${who} ${why}`, ...missing].join("\n");
}

conformanceCase("a role with more than its writer holds is refused, and what he lacks is told", async (context) => {
  const { roles, ask } = await writer(context);
  const rules = [
    { apiGroups: [""], resources: ["secrets", "configmaps"], verbs: ["get", "list"] },
    { apiGroups: ["x.dev"], resources: ["things/status"], resourceNames: ["b", "a"], verbs: ["get"] },
  ];
  assertEquals(
    await ask("POST", roles, { metadata: { name: "more" }, rules }),
    refusal(
      context.namespace,
      'roles.rbac.authorization.k8s.io "more"',
      '{APIGroups:[""], Resources:["configmaps"], Verbs:["list"]}',
      '{APIGroups:[""], Resources:["secrets"], Verbs:["get" "list"]}',
      '{APIGroups:["x.dev"], Resources:["things/status"], ResourceNames:["a"], Verbs:["get"]}',
      '{APIGroups:["x.dev"], Resources:["things/status"], ResourceNames:["b"], Verbs:["get"]}',
    ),
  );
});

conformanceCase("a role with what its writer holds is taken, and may not grow beyond that", async (context) => {
  const { roles, ask } = await writer(context);
  const metadata = { name: "same" };
  const narrower = { ...reading, resourceNames: ["one"] };
  const all = { apiGroups: ["*"], resources: ["*"], verbs: ["*"] };
  const refused = refusal(
    context.namespace,
    'roles.rbac.authorization.k8s.io "same"',
    '{APIGroups:["*"], Resources:["*"], Verbs:["*"]}',
  );
  const merge = "application/merge-patch+json";
  assertEquals(
    [
      await ask("POST", roles, { metadata, rules: [narrower] }),
      await ask("PUT", `${roles}/same`, { metadata, rules: [reading] }),
      await ask("PUT", `${roles}/same`, { metadata, rules: [all] }),
      await ask("PATCH", `${roles}/same`, { rules: [all] }, merge),
      await ask("PATCH", `${roles}/same`, { rules: [] }, merge),
    ],
    [201, 200, refused, refused, 200],
  );
});

conformanceCase("a label on a role that allows more than one holds is refused as well", async (context) => {
  const { roles, ask } = await writer(context);
  const body = { metadata: { labels: { a: "b" } } };
  assertEquals(
    await ask("PATCH", `${roles}/hidden`, body, "application/merge-patch+json"),
    refusal(
      context.namespace,
      'roles.rbac.authorization.k8s.io "hidden"',
      '{APIGroups:[""], Resources:["secrets"], Verbs:["get"]}',
    ),
  );
});

conformanceCase("only a role whose rights one holds may be bound, and one that is there", async (context) => {
  const { bindings, ask } = await writer(context);
  const bind = (name: string) => ask("POST", bindings, { metadata: { name }, roleRef: roleRef(name), subjects: [] });
  assertEquals([await bind("hidden"), await bind("none"), await bind("writer")], [
    refusal(
      context.namespace,
      'rolebindings.rbac.authorization.k8s.io "hidden"',
      '{APIGroups:[""], Resources:["secrets"], Verbs:["get"]}',
    ),
    '404 rolebindings.rbac.authorization.k8s.io "none" not found',
    '409 rolebindings.rbac.authorization.k8s.io "writer" already exists',
  ]);
});

conformanceCase("with the verb bind one may bind that role, with escalate write any", async (context) => {
  const { roles, bindings, ask } = await writer(context, [
    { apiGroups: [rbac], resources: ["roles"], resourceNames: ["hidden"], verbs: ["bind"] },
    { apiGroups: [rbac], resources: ["roles"], verbs: ["escalate"] },
  ]);
  const body = { metadata: { name: "b" }, roleRef: roleRef("hidden"), subjects: [] };
  assertEquals(
    [
      await ask("POST", bindings, body),
      await ask("POST", roles, { metadata: { name: "r" }, rules: [secrets] }),
    ],
    [201, 201],
  );
});
