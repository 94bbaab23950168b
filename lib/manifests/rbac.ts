// Roles and bindings of the controller's account, made from the table of its calls: each call is in exactly one role, by where
// it goes, and each role is bound where those calls go. So a change of the configuration (some namespaces, an execution
// namespace) changes bindings and never a role.

import type { JSONObject } from "../kube/contract.ts";
import { type Installation, labelsOf } from "./installation.ts";
import { type Grant, grantsOf, type Permission, permissions } from "./permissions.ts";

const group = "rbac.authorization.k8s.io";
const apiVersion = `${group}/v1`;

/** A role's key. `everywhere`: what has no namespace, or has to outlive one. */
export type RoleKey = "everywhere" | "watched" | "runs" | "newRuns" | "lock";
export const roleKeys: readonly RoleKey[] = ["everywhere", "watched", "runs", "newRuns", "lock"];

const suffixes: Readonly<Record<RoleKey, string>> = {
  everywhere: "",
  watched: "-watched",
  runs: "-runs",
  newRuns: "-new-runs",
  lock: "-locks",
};

export function roleKeyOf({ where, outlivesNamespace }: Permission): RoleKey | undefined {
  if (where === "public") return undefined;
  return where === "cluster" || outlivesNamespace ? "everywhere" : where;
}

export function roleName(i: Pick<Installation, "name">, key: RoleKey): string {
  return i.name + suffixes[key];
}

/** The roles: ClusterRoles, for they are bound in several namespaces, and a Role in the lock namespace. */
export function roles(i: Installation): JSONObject[] {
  return roleKeys.map((key) => {
    const rules = rulesOf(grantsOf(i.scope).filter(({ permission }) => roleKeyOf(permission) === key));
    const metadata = { name: roleName(i, key), labels: labelsOf(i) };
    return key === "lock"
      ? { apiVersion, kind: "Role", metadata: { ...metadata, namespace: i.scope.lockNamespace }, rules }
      : { apiVersion, kind: "ClusterRole", metadata, rules };
  });
}

/** Every role bound to the controller's account: in the namespaces that its calls go to, or in the whole cluster. */
export function roleBindings(i: Installation): JSONObject[] {
  return roleKeys.flatMap((key) => {
    const grants = grantsOf(i.scope).filter(({ permission }) => roleKeyOf(permission) === key);
    return [...new Set(grants.map(({ namespace }) => namespace))].map((namespace) => roleBinding(i, key, namespace));
  });
}

/** @param namespace empty: the whole cluster */
export function roleBinding(i: Installation, key: RoleKey, namespace: string): JSONObject {
  const metadata = { name: roleName(i, key), labels: labelsOf(i) };
  return {
    apiVersion,
    ...(namespace
      ? { kind: "RoleBinding", metadata: { ...metadata, namespace } }
      : { kind: "ClusterRoleBinding", metadata }),
    ...bound(key === "lock" ? "Role" : "ClusterRole", roleName(i, key), i.controllerAccount, i.namespace),
  };
}

/** The right to send events to the Data Storage Service, which asks for it under the name of its Service. */
export function dataStorageAccess(i: Installation): JSONObject[] {
  if (!i.dataStorage) return [];
  const name = `${i.name}-audit`;
  const metadata = { name, namespace: i.dataStorage.namespace, labels: labelsOf(i) };
  const rules = [{
    apiGroups: [""],
    resources: ["services"],
    resourceNames: [i.dataStorage.service],
    verbs: ["create"],
  }];
  return [
    { apiVersion, kind: "Role", metadata, rules },
    { apiVersion, kind: "RoleBinding", metadata, ...bound("Role", name, i.controllerAccount, i.namespace) },
  ];
}

/** The part of a binding that says who gets what. */
export function bound(roleKind: "Role" | "ClusterRole", role: string, account: string, namespace: string): JSONObject {
  return {
    roleRef: { apiGroup: group, kind: roleKind, name: role },
    subjects: [{ kind: "ServiceAccount", name: account, namespace }],
  };
}

/** One rule for each resource (and named object), with its verbs in the table's order. */
function rulesOf(grants: readonly Grant[]): JSONObject[] {
  const rules = new Map<string, { grant: Grant; verbs: Set<string> }>();
  for (const grant of grants) {
    const { permission: { group, resource, subresource, verb }, objectName } = grant;
    const key = [group, resource, subresource, objectName].join(" ");
    const rule = rules.get(key) ?? { grant, verbs: new Set() };
    rule.verbs.add(verb);
    rules.set(key, rule);
  }
  return [...rules.values()].map(({ grant: { permission, objectName }, verbs }) => ({
    apiGroups: [permission.group],
    resources: [permission.resource + (permission.subresource && `/${permission.subresource}`)],
    ...(objectName ? { resourceNames: [objectName] } : {}),
    verbs: [...verbs],
  }));
}

/** Why a rule is there: a line a verb, for whoever reads the manifest. Empty for a rule that is not from the table. */
export function reasonsOf(rule: JSONObject): string[] {
  const texts = (key: string) => (Array.isArray(rule[key]) ? rule[key] : []).map(String);
  const named = texts("resourceNames").length > 0;
  return texts("verbs").flatMap((verb) =>
    permissions
      .filter((row) =>
        row.verb === verb && texts("apiGroups").includes(row.group) && (row.name !== undefined) === named &&
        texts("resources").includes(row.resource + (row.subresource && `/${row.subresource}`))
      )
      .map(({ why }) => `${verb}: ${why}`)
  );
}
