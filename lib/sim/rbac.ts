// Role-based access control, evaluated from the Role, ClusterRole and binding objects in storage at the time of the request.
// Source: kubernetes.io/docs/reference/access-authn-authz/rbac.
import type { UserInfo } from "./auth.ts";
import { isRecord, type KubeObject, storageKey, textAt } from "./objects.ts";
import type { RequestInfo } from "./request_info.ts";
import { selectedName } from "./selectors.ts";
import { ApiError, qualified } from "./status.ts";
import type { Storage } from "./storage.ts";

/** What access is asked for: a resource, or a path that is none. */
export interface Attributes {
  verb: string;
  group: string;
  resource: string;
  subresource: string;
  namespace: string;
  name: string;
  /** Set for a path that names no resource; the rest is empty then. */
  path?: string;
}

export interface Rule {
  verbs?: string[];
  apiGroups?: string[];
  resources?: string[];
  resourceNames?: string[];
  nonResourceURLs?: string[];
}

/** What somebody may do in a namespace, as a SelfSubjectRulesReview tells it. */
export interface Rules {
  resourceRules: Rule[];
  nonResourceRules: Rule[];
}

export const everything: Rules = {
  resourceRules: [{ verbs: ["*"], apiGroups: ["*"], resources: ["*"] }],
  nonResourceRules: [{ verbs: ["*"], nonResourceURLs: ["*"] }],
};

export const rbacGroup = "rbac.authorization.k8s.io";

/** Paths that everybody may read, as the roles system:discovery and system:public-info-viewer grant. */
const publicPaths = ["/healthz", "/livez", "/readyz", "/version", "/version/"];
const discoveryPaths = ["/api", "/api/*", "/apis", "/apis/*", "/openapi", "/openapi/*"];

/** What everybody may ask about himself, as the role system:basic-user grants. */
const selfReviews: readonly (readonly [apiGroup: string, resource: string])[] = [
  ["authorization.k8s.io", "selfsubjectaccessreviews"],
  ["authorization.k8s.io", "selfsubjectrulesreviews"],
  ["authentication.k8s.io", "selfsubjectreviews"],
];

/** Whether RBAC allows it, and by which binding. */
export function authorize(storage: Storage, user: UserInfo, wanted: Attributes): { allowed: boolean; reason: string } {
  if (user.groups.includes("system:masters")) return { allowed: true, reason: "" };
  const authenticated = user.groups.includes("system:authenticated");
  if (wanted.path !== undefined && wanted.verb === "get") {
    const known = authenticated || user.groups.includes("system:unauthenticated");
    const open = known ? [...publicPaths, ...(authenticated ? discoveryPaths : [])] : [];
    if (open.some((pattern) => matchesPath(pattern, wanted.path ?? ""))) return { allowed: true, reason: "" };
  }
  const isSelfReview = selfReviews.some(([apiGroup, resource]) =>
    apiGroup === wanted.group && resource === wanted.resource
  );
  if (authenticated && wanted.verb === "create" && isSelfReview) {
    return { allowed: true, reason: "" };
  }
  for (const binding of storage.list(`${rbacGroup}/clusterrolebindings`)) {
    if (!binds(binding, user, "") || !rulesOf(storage, binding, "").some((rule) => allows(rule, wanted))) continue;
    return { allowed: true, reason: because("ClusterRoleBinding", binding, user) };
  }
  for (const binding of wanted.namespace ? storage.list(`${rbacGroup}/rolebindings`, wanted.namespace) : []) {
    if (!binds(binding, user, wanted.namespace)) continue;
    if (!rulesOf(storage, binding, wanted.namespace).some((rule) => allows(rule, wanted))) continue;
    return { allowed: true, reason: because("RoleBinding", binding, user) };
  }
  return { allowed: false, reason: "" };
}

/** All that the user may do in this namespace. */
export function rulesFor(storage: Storage, user: UserInfo, namespace: string): Rules {
  if (user.groups.includes("system:masters")) return everything;
  const clusterWide = storage.list(`${rbacGroup}/clusterrolebindings`)
    .filter((binding) => binds(binding, user, "")).flatMap((binding) => rulesOf(storage, binding, ""));
  const here = (namespace ? storage.list(`${rbacGroup}/rolebindings`, namespace) : [])
    .filter((binding) => binds(binding, user, namespace)).flatMap((binding) => rulesOf(storage, binding, namespace));
  const authenticated = user.groups.includes("system:authenticated");
  const granted = [...clusterWide, ...here];
  return {
    resourceRules: [
      ...(authenticated ? selfReviews.map(selfReviewRule) : []),
      ...granted.filter(({ resources }) => resources?.length),
    ],
    nonResourceRules: [
      { verbs: ["get"], nonResourceURLs: [...publicPaths, ...(authenticated ? discoveryPaths : [])] },
      ...clusterWide.filter(({ nonResourceURLs }) => nonResourceURLs?.length),
    ],
  };
}

function selfReviewRule([apiGroup, resource]: readonly [string, string]): Rule {
  return { verbs: ["create"], apiGroups: [apiGroup], resources: [resource] };
}

export function attributesOf(info: RequestInfo): Attributes {
  if (!info.resource) {
    return { verb: info.verb, group: "", resource: "", subresource: "", namespace: "", name: "", path: info.path };
  }
  return {
    verb: info.verb,
    group: info.group,
    resource: info.resource,
    subresource: info.subresource,
    namespace: info.namespace,
    name: info.name || pinnedName(info),
  };
}

/** A list or watch that selects one name may be allowed for that name. */
function pinnedName(info: RequestInfo): string {
  if (info.verb !== "list" && info.verb !== "watch") return "";
  return selectedName(info.query.get("fieldSelector") ?? "") ?? "";
}

/** The refusal of a request that no rule allows, in the API server's words. */
export function accessDenied(user: UserInfo, wanted: Attributes): ApiError {
  const who = `User ${JSON.stringify(user.username)} cannot`;
  if (wanted.path !== undefined) {
    const message = `forbidden: ${who} ${wanted.verb} path ${JSON.stringify(wanted.path)}`;
    return new ApiError(403, "Forbidden", message, {});
  }
  const resource = wanted.subresource ? `${wanted.resource}/${wanted.subresource}` : wanted.resource;
  const where = wanted.namespace ? `in the namespace ${JSON.stringify(wanted.namespace)}` : "at the cluster scope";
  const subject = { group: wanted.group, resource: wanted.resource };
  const what = wanted.name ? `${qualified(subject)} ${JSON.stringify(wanted.name)}` : qualified(subject);
  const message = `${what} is forbidden: ${who} ${wanted.verb} resource ${JSON.stringify(resource)} in API group ${
    JSON.stringify(wanted.group)
  } ${where}`;
  return new ApiError(403, "Forbidden", message, {
    ...(wanted.name && { name: wanted.name }),
    ...(wanted.group && { group: wanted.group }),
    kind: wanted.resource,
  });
}

function because(kind: string, binding: KubeObject, user: UserInfo): string {
  const { namespace = "", name = "" } = binding.metadata;
  const where = namespace ? `${name}/${namespace}` : name;
  const subject = subjectFor(binding, user, namespace);
  const account = textAt(subject, "namespace") || namespace;
  const who = textAt(subject, "kind") === "ServiceAccount"
    ? `${textAt(subject, "name")}/${account}`
    : textAt(subject, "name");
  return `RBAC: allowed by ${kind} ${JSON.stringify(where)} of ${textAt(binding, "roleRef", "kind")} ${
    JSON.stringify(textAt(binding, "roleRef", "name"))
  } to ${textAt(subject, "kind")} ${JSON.stringify(who)}`;
}

function binds(binding: KubeObject, user: UserInfo, namespace: string): boolean {
  return subjectFor(binding, user, namespace) !== undefined;
}

/** The first subject of a binding that the user is; undefined when he is none. */
function subjectFor(binding: KubeObject, user: UserInfo, namespace: string): unknown {
  const subjects: unknown[] = Array.isArray(binding.subjects) ? binding.subjects : [];
  return subjects.find((subject) => {
    const name = textAt(subject, "name");
    switch (textAt(subject, "kind")) {
      case "User":
        return name === "*" || name === user.username;
      case "Group":
        return user.groups.includes(name);
      case "ServiceAccount":
        return user.username === `system:serviceaccount:${textAt(subject, "namespace") || namespace}:${name}`;
      default:
        return false;
    }
  });
}

function rulesOf(storage: Storage, binding: KubeObject, namespace: string): Rule[] {
  return rulesOfRole(storage, textAt(binding, "roleRef", "kind"), textAt(binding, "roleRef", "name"), namespace) ?? [];
}

/** What a role allows, with what it gathers from others by label; undefined when there is no such role. */
export function rulesOfRole(storage: Storage, kind: string, name: string, namespace: string): Rule[] | undefined {
  const role = kind === "ClusterRole"
    ? storage.get(`${rbacGroup}/clusterroles`, storageKey("", name))
    : storage.get(`${rbacGroup}/roles`, storageKey(namespace, name));
  if (!role) return undefined;
  const own = Array.isArray(role.rules) ? role.rules as Rule[] : [];
  const aggregation = isRecord(role.aggregationRule) ? role.aggregationRule.clusterRoleSelectors : undefined;
  if (!Array.isArray(aggregation)) return own;
  const aggregated = storage.list(`${rbacGroup}/clusterroles`).filter((each) =>
    aggregation.some((selector) =>
      isRecord(selector) && isRecord(selector.matchLabels) &&
      Object.entries(selector.matchLabels).every(([key, value]) => each.metadata.labels?.[key] === value)
    )
  );
  return [...own, ...aggregated.flatMap((each) => Array.isArray(each.rules) ? each.rules as Rule[] : [])];
}

function allows(rule: Rule, wanted: Attributes): boolean {
  const has = (list: string[] | undefined, value: string) => list?.includes("*") || list?.includes(value) || false;
  if (!has(rule.verbs, wanted.verb)) return false;
  const path = wanted.path;
  if (path !== undefined) return (rule.nonResourceURLs ?? []).some((pattern) => matchesPath(pattern, path));
  if (!has(rule.apiGroups, wanted.group)) return false;
  const resource = wanted.subresource ? `${wanted.resource}/${wanted.subresource}` : wanted.resource;
  const matches = has(rule.resources, resource) ||
    (wanted.subresource !== "" && has(rule.resources, `*/${wanted.subresource}`));
  if (!matches) return false;
  return !rule.resourceNames?.length || rule.resourceNames.includes(wanted.name);
}

/** Whether a path of a rule, which may end with `*`, means this one. */
export function matchesPath(pattern: string, path: string): boolean {
  return pattern === path || pattern === "*" || (pattern.endsWith("*") && path.startsWith(pattern.slice(0, -1)));
}
