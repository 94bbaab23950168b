// Roles and bindings of the controller's account, made from the table of its calls: each call is in exactly one role, by where
// it goes, and each role is bound where those calls go. So a change of the configuration (some namespaces, an execution
// namespace) changes bindings and never a role.

import type { JSONObject } from "../kube/contract.ts";
import { type Installation, labelsOf } from "./installation.ts";
import {
  type Grant,
  grantsOf,
  objectNameOf,
  type Permission,
  permissions,
  type PermissionScope,
} from "./permissions.ts";

const group = "rbac.authorization.k8s.io";
const apiVersion = `${group}/v1`;

/** A role's key. `everywhere`: what has no namespace, or has to outlive one. */
export type RoleKey = "everywhere" | "watched" | "runs" | "newRuns" | "named" | "lock";
export const roleKeys: readonly RoleKey[] = ["everywhere", "watched", "runs", "newRuns", "named", "lock"];

const suffixes: Readonly<Record<RoleKey, string>> = {
  everywhere: "",
  watched: "-watched",
  runs: "-runs",
  newRuns: "-new-runs",
  named: "-named-namespaces",
  lock: "-locks",
};

export function roleKeyOf({ where, outlivesNamespace }: Permission): RoleKey | undefined {
  if (where === "public") return undefined;
  return where === "cluster" || outlivesNamespace ? "everywhere" : where;
}

export function roleName(i: Pick<Installation, "name">, key: RoleKey): string {
  return i.name + suffixes[key];
}

/** The roles that this installation binds: ClusterRoles, for they may be bound in several namespaces, and a Role for locks. */
export function roles(i: Installation): JSONObject[] {
  return roleKeys.filter((key) => grantsWith(i, key).length > 0).map((key) => roleWith(i, key));
}

export function roleWith(i: Installation, key: RoleKey): JSONObject {
  const rows = permissions.filter((row) => roleKeyOf(row) === key && (row.only === undefined || i.scope[row.only]));
  const rules = rulesOf(rows, i.scope);
  const metadata = { name: roleName(i, key), labels: labelsOf(i) };
  return key === "lock"
    ? { apiVersion, kind: "Role", metadata: { ...metadata, namespace: i.scope.lockNamespace }, rules }
    : { apiVersion, kind: "ClusterRole", metadata, rules };
}

function grantsWith(i: Installation, key: RoleKey): Grant[] {
  return grantsOf(i.scope).filter(({ permission }) => roleKeyOf(permission) === key);
}

/** Every role bound to the controller's account: in the namespaces that its calls go to, or in the whole cluster. */
export function roleBindings(i: Installation): JSONObject[] {
  return roleKeys.flatMap((key) => {
    return [...new Set(grantsWith(i, key).map(({ namespace }) => namespace))].map((namespace) =>
      roleBinding(i, key, namespace)
    );
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
function rulesOf(rows: readonly Permission[], scope: PermissionScope): JSONObject[] {
  const rules = new Map<string, { row: Permission; verbs: string[] }>();
  for (const row of rows) {
    const key = [row.group, row.resource, row.subresource, row.name].join(" ");
    const rule = rules.get(key) ?? { row, verbs: [] };
    rule.verbs.push(row.verb);
    rules.set(key, rule);
  }
  return [...rules.values()].map(({ row, verbs }) => ({
    apiGroups: [row.group],
    resources: [row.resource + (row.subresource && `/${row.subresource}`)],
    ...(row.name ? { resourceNames: [objectNameOf(row, scope)] } : {}),
    verbs,
  }));
}

/** Why a rule is there: a line a verb, for whoever reads the manifest. Empty for a rule that is not from the table. */
export function reasonsOf(rule: JSONObject): string[] {
  return rowsOf(rule).map(({ verb, why }) => `${verb}: ${why}`);
}

/** The switch of the configuration that a rule goes with, if it goes with one. */
export function switchOf(rule: JSONObject): Permission["only"] {
  const [first, ...others] = rowsOf(rule).map(({ only }) => only);
  return others.every((only) => only === first) ? first : undefined;
}

/** The rows of the table that a rule was made of, in the order of its verbs. */
function rowsOf(rule: JSONObject): Permission[] {
  const texts = (key: string) => (Array.isArray(rule[key]) ? rule[key] : []).map(String);
  const named = texts("resourceNames").length > 0;
  return texts("verbs").flatMap((verb) =>
    permissions.filter((row) =>
      row.verb === verb && texts("apiGroups").includes(row.group) && (row.name !== undefined) === named &&
      texts("resources").includes(row.resource + (row.subresource && `/${row.subresource}`))
    )
  );
}
