// The review resources: questions that a client asks by creating an object that is never stored. TokenReview,
// SubjectAccessReview and its relatives, SelfSubjectReview, and the TokenRequest of a service account.
import type { JSONObject, JSONValue } from "../kube/contract.ts";
import { type Authentication, defaultAudience, type UserInfo } from "./auth.ts";
import { isJSONObject, isRecord, type KubeObject, storageKey, textAt, timestamp } from "./objects.ts";
import type { Attributes, Rules } from "./rbac.ts";
import type { Registry } from "./registry.ts";
import type { ResourceType } from "./resources.ts";
import { badRequest, conflict, type FieldFault, invalid, invalidValue } from "./status.ts";

/** Who may do what, in the server's authorization mode. */
export interface Judge {
  decide(user: UserInfo, wanted: Attributes): { allowed: boolean; reason: string };
  /** Everything that the asking user may do in a namespace. */
  rules(namespace: string): Rules;
}

/** The answer to a review of the given resource, asked by `user`. */
export function review(
  { kind, resource, group, version }: ResourceType,
  body: JSONValue | undefined,
  user: UserInfo,
  authentication: Authentication,
  judge: Judge,
  namespace: string,
): JSONObject {
  if (!isJSONObject(body)) throw badRequest("the body of the request is no object");
  const spec: JSONObject = isJSONObject(body.spec) ? body.spec : {};
  const answer = {
    ...body,
    kind,
    apiVersion: `${group}/${version}`,
    metadata: isJSONObject(body.metadata) ? body.metadata : {},
  };
  if (resource === "tokenreviews") return { ...answer, spec, status: tokenStatus(spec, authentication) };
  if (resource === "selfsubjectreviews") return { ...answer, status: { userInfo: userJSON(user) } };
  if (resource === "selfsubjectrulesreviews") {
    const { resourceRules, nonResourceRules } = judge.rules(textAt(spec, "namespace"));
    const rules = { resourceRules, nonResourceRules } as unknown as JSONObject;
    return { ...answer, spec: {}, status: { ...rules, incomplete: false } };
  }
  checkQuestion(spec, resource !== "selfsubjectaccessreviews");
  const subject = resource === "selfsubjectaccessreviews" ? user : subjectOf(spec);
  const wanted = attributes(spec, resource === "localsubjectaccessreviews" ? namespace : undefined);
  const { allowed, reason } = judge.decide(subject, wanted);
  return { ...answer, spec, status: { allowed, ...(reason && { reason }) } };
}

function tokenStatus(spec: JSONObject, authentication: Authentication): JSONObject {
  if (!spec.token) throw badRequest("token is required for TokenReview in authentication");
  const audiences = Array.isArray(spec.audiences) && spec.audiences.length > 0
    ? spec.audiences.map(String)
    : [defaultAudience];
  const found = authentication.review(String(spec.token), audiences);
  if (found) return { authenticated: true, user: userJSON(found.user), audiences: found.audiences };
  const own = authentication.audiencesOf(String(spec.token));
  const quoted = (list: string[]) => `[${list.map((each) => JSON.stringify(each)).join(" ")}]`;
  const why = own && `token audiences ${quoted(own)} is invalid for the target audiences ${quoted(audiences)}`;
  return { user: {}, error: why ? `[invalid bearer token, ${why}]` : "invalid bearer token" };
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
  return { username: String(spec.user ?? ""), groups: Array.isArray(spec.groups) ? spec.groups.map(String) : [] };
}

/** Throws Invalid for a question about nobody, about nothing, or about two things at once. */
function checkQuestion(spec: JSONObject, namesSubject: boolean): void {
  const { resourceAttributes, nonResourceAttributes, user, groups } = spec;
  const faults: FieldFault[] = [];
  if (isRecord(resourceAttributes) && isRecord(nonResourceAttributes)) {
    const shown = { Path: textAt(nonResourceAttributes, "path"), Verb: textAt(nonResourceAttributes, "verb") };
    const why = "cannot be specified in combination with resourceAttributes";
    faults.push(invalidValue("spec.nonResourceAttributes", shown, why));
  }
  if (!isRecord(resourceAttributes) && !isRecord(nonResourceAttributes)) {
    const why = "exactly one of nonResourceAttributes or resourceAttributes must be specified";
    faults.push(invalidValue("spec.resourceAttributes", null, why));
  }
  if (namesSubject && !user && !(Array.isArray(groups) && groups.length > 0)) {
    faults.push(invalidValue("spec.user", "", "at least one of user or group must be specified"));
  }
  // The server leaves the kind out here.
  if (faults.length > 0) throw invalid({ group: "authorization.k8s.io", resource: "", kind: "" }, "", faults);
}

function attributes(spec: JSONObject, namespace?: string): Attributes {
  const asked = spec.resourceAttributes;
  const path = spec.nonResourceAttributes;
  const none = { group: "", resource: "", subresource: "", namespace: "", name: "" };
  if (isRecord(path)) return { ...none, verb: textAt(path, "verb"), path: textAt(path, "path") };
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
  account: KubeObject,
  registry: Registry,
  authentication: Authentication,
): JSONObject {
  const spec: JSONObject = isJSONObject(body) && isJSONObject(body.spec) ? body.spec : {};
  const { namespace = "", name = "", uid = "" } = account.metadata;
  const audiences = Array.isArray(spec.audiences) && spec.audiences.length > 0
    ? spec.audiences.map(String)
    : [defaultAudience];
  const seconds = typeof spec.expirationSeconds === "number" ? spec.expirationSeconds : 3600;
  checkExpiration(seconds);
  const bound = boundObject(spec.boundObjectRef, namespace, registry);
  // A token ends with its account, and with the object that it is bound to.
  const lives = ([storage, object]: readonly [string, KubeObject]) =>
    registry.storage.get(storage, storageKey(namespace, object.metadata.name ?? ""))?.metadata.uid ===
      object.metadata.uid;
  const holders = [["/serviceaccounts", account] as const, ...(bound ? [bound] : [])];
  const isAlive = () => holders.every(lives);
  const { token, expiresAtMs } = authentication.mint(namespace, name, uid, audiences, seconds, isAlive);
  return {
    kind: "TokenRequest",
    apiVersion: "authentication.k8s.io/v1",
    metadata: { name, namespace, creationTimestamp: timestamp(registry.clock.now()) },
    spec: { ...spec, audiences, expirationSeconds: seconds, boundObjectRef: spec.boundObjectRef ?? null },
    status: { token, expirationTimestamp: timestamp(expiresAtMs) },
  };
}

function checkExpiration(seconds: number): void {
  const why = seconds < 600
    ? "may not specify a duration less than 10 minutes"
    : seconds > 2 ** 32
    ? "may not specify a duration larger than 2^32 seconds"
    : "";
  if (!why) return;
  const subject = { group: "authentication.k8s.io", resource: "tokenrequests", kind: "TokenRequest" };
  throw invalid(subject, "", [invalidValue("spec.expirationSeconds", seconds, why)]);
}

/** The Secret or Pod that a token is to be bound to, with its storage; undefined when it is bound to none. */
function boundObject(
  reference: JSONValue | undefined,
  namespace: string,
  registry: Registry,
): readonly [string, KubeObject] | undefined {
  if (!isJSONObject(reference)) return undefined;
  const storage = { Secret: "/secrets", Pod: "/pods" }[textAt(reference, "kind")];
  const type = storage && registry.resources.stored(storage);
  if (!storage || !type) {
    throw badRequest(
      `cannot bind token to object of type /${textAt(reference, "apiVersion")}, Kind=${textAt(reference, "kind")}`,
    );
  }
  const object = registry.get(type, namespace, textAt(reference, "name"));
  const uid = textAt(reference, "uid");
  if (uid && uid !== object.metadata.uid) {
    throw conflict(
      type,
      object.metadata.name ?? "",
      `the UID in the bound object reference (${uid}) does not match the UID in record. The object might have been deleted and then recreated`,
    );
  }
  return [storage, object];
}
