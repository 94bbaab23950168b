// The review resources: questions that a client asks by creating an object that is never stored. TokenReview,
// SubjectAccessReview and its relatives, SelfSubjectReview, and the TokenRequest of a service account.
import type { JSONObject, JSONValue } from "../kube/contract.ts";
import { type Authentication, defaultAudience, type UserInfo } from "./auth.ts";
import { isJSONObject, isRecord, textAt, timestamp } from "./objects.ts";
import type { Attributes, Rules } from "./rbac.ts";
import { badRequest, invalid, invalidValue } from "./status.ts";

/** Who may do what, in the server's authorization mode. */
export interface Judge {
  decide(user: UserInfo, wanted: Attributes): { allowed: boolean; reason: string };
  /** Everything that the asking user may do in a namespace. */
  rules(namespace: string): Rules;
}

/** The answer to a review of the given resource, asked by `user`. */
export function review(
  resource: string,
  body: JSONValue | undefined,
  user: UserInfo,
  authentication: Authentication,
  judge: Judge,
  namespace: string,
): JSONObject {
  if (!isJSONObject(body)) throw badRequest("the body of the request is no object");
  const spec: JSONObject = isJSONObject(body.spec) ? body.spec : {};
  const answer = { ...body, metadata: isJSONObject(body.metadata) ? body.metadata : {} };
  if (resource === "tokenreviews") return { ...answer, spec, status: tokenStatus(spec, authentication) };
  if (resource === "selfsubjectreviews") return { ...answer, status: { userInfo: userJSON(user) } };
  if (resource === "selfsubjectrulesreviews") {
    const { resourceRules, nonResourceRules } = judge.rules(textAt(spec, "namespace"));
    const rules = { resourceRules, nonResourceRules } as unknown as JSONObject;
    return { ...answer, spec: {}, status: { ...rules, incomplete: false } };
  }
  const subject = resource === "selfsubjectaccessreviews" ? user : subjectOf(spec);
  const wanted = attributes(spec, resource === "localsubjectaccessreviews" ? namespace : undefined);
  const { allowed, reason } = judge.decide(subject, wanted);
  return { ...answer, spec, status: { allowed, ...(reason && { reason }) } };
}

function tokenStatus(spec: JSONObject, authentication: Authentication): JSONObject {
  const audiences = Array.isArray(spec.audiences) && spec.audiences.length > 0
    ? spec.audiences.map(String)
    : [defaultAudience];
  const found = authentication.review(String(spec.token ?? ""), audiences);
  if (!found) return { user: {}, error: "invalid bearer token" };
  return { authenticated: true, user: userJSON(found.user), audiences: found.audiences };
}

function userJSON(user: UserInfo): JSONObject {
  return {
    username: user.username,
    ...(user.uid && { uid: user.uid }),
    groups: user.groups,
    ...(user.extra && { extra: user.extra }),
  };
}

function subjectOf(spec: JSONObject): UserInfo {
  const groups = Array.isArray(spec.groups) ? spec.groups.map(String) : [];
  if (!spec.user && groups.length === 0) {
    const subject = { group: "authorization.k8s.io", resource: "subjectaccessreviews", kind: "SubjectAccessReview" };
    throw invalid(subject, "", [invalidValue("spec.user", "", "at least one of user or group must be specified")]);
  }
  return { username: String(spec.user ?? ""), groups };
}

function attributes(spec: JSONObject, namespace?: string): Attributes {
  const asked = spec.resourceAttributes;
  const path = spec.nonResourceAttributes;
  const none = { group: "", resource: "", subresource: "", namespace: "", name: "" };
  if (isRecord(path)) return { ...none, verb: textAt(path, "verb"), path: textAt(path, "path") };
  if (!isRecord(asked)) {
    throw badRequest("exactly one of nonResourceAttributes or resourceAttributes must be specified");
  }
  return {
    verb: textAt(asked, "verb"),
    group: textAt(asked, "group"),
    resource: textAt(asked, "resource"),
    subresource: textAt(asked, "subresource"),
    namespace: namespace ?? textAt(asked, "namespace"),
    name: textAt(asked, "name"),
  };
}

/** The answer to POST serviceaccounts/NAME/token. */
export function tokenRequest(
  body: JSONValue | undefined,
  account: { namespace: string; name: string; uid: string },
  authentication: Authentication,
): JSONObject {
  const spec: JSONObject = isJSONObject(body) && isJSONObject(body.spec) ? body.spec : {};
  const audiences = Array.isArray(spec.audiences) && spec.audiences.length > 0
    ? spec.audiences.map(String)
    : [defaultAudience];
  const seconds = typeof spec.expirationSeconds === "number" ? spec.expirationSeconds : 3600;
  if (seconds < 600) {
    const subject = { group: "authentication.k8s.io", resource: "tokenrequests", kind: "TokenRequest" };
    throw invalid(subject, "", [
      invalidValue("spec.expirationSeconds", seconds, "may not specify a duration less than 10 minutes"),
    ]);
  }
  const { token, expiresAtMs } = authentication.mint(account.namespace, account.name, account.uid, audiences, seconds);
  return {
    kind: "TokenRequest",
    apiVersion: "authentication.k8s.io/v1",
    metadata: { name: account.name, namespace: account.namespace },
    spec: { ...spec, audiences, expirationSeconds: seconds },
    status: { token, expirationTimestamp: timestamp(expiresAtMs) },
  };
}
