// Acting as somebody else: the Impersonate-* headers that `kubectl --as` sends. The caller needs the verb `impersonate` on whom it
// names. Source: kubernetes.io/docs/reference/access-authn-authz/user-impersonation; refusals are worded as v1.36 words them.
import type { UserInfo } from "./auth.ts";
import { accessDenied, type Attributes } from "./rbac.ts";
import { badRequest } from "./status.ts";

type Allowed = (user: UserInfo, wanted: Attributes) => boolean;

/** Whom the request is to be judged by: the caller, or whom it impersonates. Throws 403 where it may not. */
export function impersonated(caller: UserInfo, headers: Headers, request: Attributes, allowed: Allowed): UserInfo {
  const username = headers.get("impersonate-user") ?? "";
  const groups = headers.get("impersonate-group")?.split(", ") ?? [];
  const uid = headers.get("impersonate-uid") ?? "";
  const extra = extraOf(headers);
  if (!username) {
    if (groups.length === 0 && !uid && Object.keys(extra).length === 0) return caller;
    throw badRequest("requested uid, groups or extra without impersonating a user name");
  }
  const account = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(username);
  const may = (wanted: Partial<Attributes>) => allowed(caller, attributes(wanted));
  const named = account
    ? may({ resource: "serviceaccounts", namespace: account[1] ?? "", name: account[2] ?? "" })
    : may({ resource: "users", name: username });
  if (!named || !groups.every((name) => may({ resource: "groups", name }))) {
    const what = account ? "serviceaccount" : "user-info";
    throw accessDenied(caller, { ...request, verb: `impersonate-on:${what}:${request.verb}` });
  }
  const group = "authentication.k8s.io";
  const details = [
    ...(uid ? [{ group, resource: "uids", name: uid }] : []),
    ...Object.entries(extra).flatMap(([subresource, values]) =>
      values.map((name) => ({ group, resource: "userextras", subresource, name }))
    ),
  ];
  for (const wanted of details) if (!may(wanted)) throw accessDenied(caller, attributes(wanted));
  return {
    username,
    ...(uid && { uid }),
    groups: withImplicit(username, groups, account?.[1]),
    ...(Object.keys(extra).length > 0 && { extra }),
  };
}

function attributes(wanted: Partial<Attributes>): Attributes {
  return { verb: "impersonate", group: "", resource: "", subresource: "", namespace: "", name: "", ...wanted };
}

/** A service account is in its own groups unless others are asked for; everybody but the anonymous is authenticated. */
function withImplicit(username: string, groups: string[], namespace: string | undefined): string[] {
  if (username === "system:anonymous") return groups.length > 0 ? groups : ["system:unauthenticated"];
  const own = namespace !== undefined && groups.length === 0
    ? ["system:serviceaccounts", `system:serviceaccounts:${namespace}`]
    : groups;
  return [...new Set([...own, "system:authenticated"])];
}

function extraOf(headers: Headers): Record<string, string[]> {
  const prefix = "impersonate-extra-";
  return Object.fromEntries(
    [...headers].filter(([name]) => name.startsWith(prefix)).map((
      [name, value],
    ) => [decodeURIComponent(name.slice(prefix.length)), value.split(", ")]),
  );
}
