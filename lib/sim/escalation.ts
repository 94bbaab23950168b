// Nobody grants what he does not hold himself: whoever writes a role, or binds one, needs all of its rights in that place, or
// the verb `escalate` on the role, or `bind`. Judged before the object itself is looked at, as a real server judges.
// Source: kubernetes.io/docs/reference/access-authn-authz/rbac#privilege-escalation-prevention-and-bootstrapping.
import type { UserInfo } from "./auth.ts";
import { isRecord, type KubeObject, sameJSON, textAt } from "./objects.ts";
import { authorize, matchesPath, rbacGroup, type Rule, rulesFor, rulesOfRole } from "./rbac.ts";
import { forbidden, notFound } from "./status.ts";
import type { Storage } from "./storage.ts";
import type { WriteOptions } from "./writes.ts";

const fullAuthority: readonly Rule[] = [
  { verbs: ["*"], apiGroups: ["*"], resources: ["*"] },
  { verbs: ["*"], nonResourceURLs: ["*"] },
];

/** Judges the writes of a user; it throws Forbidden, and NotFound where the role to be bound is not there. */
export function noEscalation(storage: Storage, user: UserInfo): NonNullable<WriteOptions["admit"]> {
  return (type, namespace, before, after) => {
    if (type.group !== rbacGroup || user.groups.includes("system:masters")) return;
    // The garbage collector takes owners and finalizers away without a look at rights.
    if (before && sameJSON(withoutOwners(before), withoutOwners(after))) return;
    const name = after.metadata.name ?? "";
    const may = (verb: string, resource: string, of: string) =>
      authorize(storage, user, { verb, group: rbacGroup, resource, subresource: "", namespace, name: of }).allowed;
    const isRole = type.kind === "Role" || type.kind === "ClusterRole";
    if (isRole && may("escalate", type.resource, before ? name : "")) return;
    const bound = textAt(after, "roleRef", "name");
    const kind = textAt(after, "roleRef", "kind");
    if (!isRole && may("bind", kind === "ClusterRole" ? "clusterroles" : "roles", bound)) return;
    const granted = isRole ? rulesWritten(before, after) : rulesOfRole(storage, kind, bound, namespace);
    if (!granted) throw notFound(type, bound);
    const held = rulesFor(storage, user, namespace);
    const missing = missingRights([...held.resourceRules, ...held.nonResourceRules], granted);
    if (missing.length === 0) return;
    const groups = user.groups.map((group) => JSON.stringify(group)).join(" ");
    const who = `user ${JSON.stringify(user.username)} (groups=[${groups}])`;
    const why = `${who} is attempting to grant RBAC permissions not currently held:\n${missing.join("\n")}`;
    throw forbidden(type, name, why);
  };
}

/** A role that gathers others by label could come to allow anything. */
function rulesWritten(before: KubeObject | undefined, after: KubeObject): readonly Rule[] {
  const gathers = isRecord(after.aggregationRule) && !sameJSON(before?.aggregationRule, after.aggregationRule);
  return gathers ? fullAuthority : Array.isArray(after.rules) ? after.rules as Rule[] : [];
}

function withoutOwners({ metadata, ...rest }: KubeObject): unknown {
  const { ownerReferences: _owners, finalizers: _finalizers, managedFields: _fields, ...kept } = metadata;
  return { ...rest, metadata: kept };
}

/** One verb on one resource (of one name), or on one path. */
interface Right {
  verb: string;
  group?: string;
  resource?: string;
  name?: string;
  path?: string;
}

function* rightsOf({ verbs = [], apiGroups = [], resources = [], resourceNames = [], nonResourceURLs = [] }: Rule) {
  for (const group of apiGroups) {
    for (const resource of resources) {
      for (const verb of verbs) {
        if (resourceNames.length === 0) yield { verb, group, resource };
        for (const name of resourceNames) yield { verb, group, resource, name };
      }
    }
  }
  for (const path of nonResourceURLs) for (const verb of verbs) yield { verb, path };
}

/** The rights that are not held, those on one thing in one line, in the API server's form and order. */
function missingRights(held: readonly Rule[], granted: readonly Rule[]): string[] {
  const verbsOf = new Map<string, string[]>();
  for (const rule of granted) {
    for (const right of rightsOf(rule)) {
      if (held.some((each) => covers(each, right))) continue;
      const subject = subjectOf(right);
      const verbs = verbsOf.get(subject) ?? [];
      if (!verbs.includes(right.verb)) verbsOf.set(subject, [...verbs, right.verb]);
    }
  }
  return [...verbsOf].map(([subject, verbs]) => `{${subject}, Verbs:${list(verbs)}}`).toSorted();
}

function subjectOf({ group = "", resource = "", name, path }: Right): string {
  if (path !== undefined) return `NonResourceURLs:${list([path])}`;
  const names = name === undefined ? "" : `, ResourceNames:${list([name])}`;
  return `APIGroups:${list([group])}, Resources:${list([resource])}${names}`;
}

function list(texts: readonly string[]): string {
  return `[${texts.map((text) => JSON.stringify(text)).join(" ")}]`;
}

function covers(rule: Rule, { verb, group = "", resource = "", name, path }: Right): boolean {
  const has = (texts: unknown, text: string) => Array.isArray(texts) && (texts.includes("*") || texts.includes(text));
  if (!has(rule.verbs, verb)) return false;
  if (path !== undefined) return (rule.nonResourceURLs ?? []).some((pattern) => matchesPath(pattern, path));
  const [, subresource] = resource.split("/");
  const named = has(rule.resources, resource) ||
    (subresource !== undefined && has(rule.resources?.filter((each) => each !== "*"), `*/${subresource}`));
  if (!has(rule.apiGroups, group) || !named) return false;
  return !rule.resourceNames?.length || (name !== undefined && rule.resourceNames.includes(name));
}
