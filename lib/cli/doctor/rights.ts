// Whether the controller may do what it does: each row of the table of permissions, asked of the API server's own authorizer.
// Without an account to ask about, the one that doctor connects with is asked about (SelfSubjectAccessReview).

import type { JSONObject } from "../../kube/contract.ts";
import { StatusError } from "../../kube/errors.ts";
import { type Grant, grantsOf } from "../../manifests/permissions.ts";
import { flagsOf } from "../../manifests/print.ts";
import { defaultAccount, defaultNamespace } from "../../manifests/installation.ts";
import { isObject } from "../../workflow/read.ts";
import type { Finding, Patient } from "./finding.ts";

const check = "permissions";
const root = "/apis/authorization.k8s.io/v1";

/** One failing line a missing right; one good line when none is. */
export async function rights(patient: Patient): Promise<Finding[]> {
  const { config, account } = patient;
  const grants = grantsOf({ ...config, metricsAuth: config.metrics.auth });
  const who = account ? `${account.namespace}/${account.name}` : "this account";
  let answers;
  try {
    answers = await Promise.all(grants.map(async (grant) => ({ grant, allowed: await isAllowed(patient, grant) })));
  } catch (error) {
    if (!(error instanceof StatusError) || error.httpCode !== 403) throw error;
    return [{
      check,
      status: "unknown",
      message: `nobody can be asked about: ${error.status?.message ?? "forbidden"}`,
    }];
  }
  const refused = answers.filter(({ allowed }) => !allowed);
  if (refused.length === 0) {
    return [{
      check,
      status: "ok",
      message: `${who} may make all ${grants.length} kinds of call${account ? "" : " (another: --account)"}`,
    }];
  }
  const print = [
    "deploy",
    "print",
    ...flagsOf(config, account ?? { namespace: defaultNamespace, name: defaultAccount }),
  ];
  const mend = `apply the roles of this program's manifests: kubernaut-we ${print.join(" ")} | ` +
    "kubectl apply --server-side -f -";
  return refused.map(({ grant }) => ({
    check,
    status: "fail",
    message: `${who} may not ${describe(grant)}, which it must to ${grant.permission.why}`,
    mend,
  }));
}

function describe({ permission, namespace, objectName }: Grant): string {
  const { verb, group, resource, subresource } = permission;
  const what = `${resource}${subresource && `/${subresource}`}${group && `.${group}`}${objectName && ` ${objectName}`}`;
  const clusterScoped = permission.where === "cluster" || resource === "namespaces";
  return `${verb} ${what}${clusterScoped ? "" : namespace ? ` in the namespace ${namespace}` : " in every namespace"}`;
}

async function isAllowed({ client, account }: Patient, { permission, namespace, objectName }: Grant): Promise<boolean> {
  const { verb, group, resource, subresource } = permission;
  const resourceAttributes = {
    verb,
    group,
    resource,
    ...(subresource ? { subresource } : {}),
    // A namespace lies in itself: a Role there may grant to read it, and a request for it is judged so.
    ...(namespace ? { namespace } : {}),
    ...(objectName ? { name: objectName } : {}),
  };
  const subject = account && {
    user: `system:serviceaccount:${account.namespace}:${account.name}`,
    groups: ["system:serviceaccounts", `system:serviceaccounts:${account.namespace}`, "system:authenticated"],
  };
  const kind = subject ? "SubjectAccessReview" : "SelfSubjectAccessReview";
  const bodyJson: JSONObject = {
    apiVersion: "authorization.k8s.io/v1",
    kind,
    spec: { resourceAttributes, ...subject },
  };
  const path = `${root}/${kind.toLowerCase()}s`;
  const answer = await client.performRequest({ method: "POST", path, bodyJson, expectJson: true });
  const status = isObject(answer) ? answer["status"] : undefined;
  return isObject(status) && status["allowed"] === true;
}
