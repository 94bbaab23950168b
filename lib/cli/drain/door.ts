// The door that `drain` closes: an admission policy of the API server that refuses new executions, in the watched namespaces
// and nowhere else, until it is opened again. No controller has to know of it.

import { getPatchContentType, type JSONObject, type RestClient } from "../../kube/contract.ts";
import { StatusError } from "../../kube/errors.ts";
import { type Clock, sleep } from "../../clock.ts";
import { listPath } from "../../controller/api.ts";
import { apiGroup, apiVersion, kind, label, managedBy, plural } from "../../workflow/names.ts";

const registration = "admissionregistration.k8s.io/v1";
const kinds = {
  validatingadmissionpolicies: "ValidatingAdmissionPolicy",
  validatingadmissionpolicybindings: "ValidatingAdmissionPolicyBinding",
} as const;
/** The API server's own caches bring a policy into force, and out of it, within seconds. */
const inForceWithinMs = 30_000;

/** Which door: one an installation, known by its lock namespace. */
export interface Scope {
  readonly lockNamespace: string;
  /** Watched namespaces; empty: all. */
  readonly namespaces: readonly string[];
}

export function doorName({ lockNamespace }: Scope): string {
  return `kubernaut-we-drain.${lockNamespace}`;
}

/** Closes the door and waits until it is shut; a text says why it cannot be closed. */
export async function closeDoor(
  client: RestClient,
  scope: Scope,
  clock: Clock,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    for (const [resource, bodyJson] of Object.entries(policies(scope))) {
      await client.performRequest({
        method: "PATCH",
        path: `/apis/${registration}/${resource}/${doorName(scope)}`,
        querystring: new URLSearchParams({ fieldManager: "kubernaut-we", force: "true" }),
        contentType: getPatchContentType("apply-patch"),
        bodyJson,
        expectJson: true,
        abortSignal: signal,
      });
    }
  } catch (error) {
    if (!(error instanceof StatusError) || (error.httpCode !== 404 && error.httpCode !== 403)) throw error;
    return error.httpCode === 404 ? "the cluster has no ValidatingAdmissionPolicy" : error.message;
  }
  const shut = await becomes(true, client, scope, clock, signal);
  return shut ? undefined : `the policy is not in force after ${inForceWithinMs / 1000} s`;
}

/** Opens it again; one that was never closed is no error. */
export async function openDoor(client: RestClient, scope: Scope): Promise<void> {
  for (const resource of Object.keys(kinds).toReversed()) {
    try {
      const path = `/apis/${registration}/${resource}/${doorName(scope)}`;
      await client.performRequest({ method: "DELETE", path, expectJson: true });
    } catch (error) {
      if (!(error instanceof StatusError) || error.httpCode !== 404) throw error;
    }
  }
}

/** Waits until an opened door lets executions through, too; false when it is time to wait no longer. */
export function untilOpen(client: RestClient, scope: Scope, clock: Clock, signal: AbortSignal): Promise<boolean> {
  return becomes(false, client, scope, clock, signal);
}

/** Whether the API server comes to refuse executions, or to take them, in the time that its caches may need. */
async function becomes(
  closed: boolean,
  client: RestClient,
  scope: Scope,
  clock: Clock,
  signal: AbortSignal,
): Promise<boolean> {
  const untilMs = clock.monotonic() + inForceWithinMs;
  while (await isClosed(client, scope, signal) === !closed) {
    if (clock.monotonic() > untilMs) return false;
    await sleep(clock, 500, signal);
  }
  return true;
}

function policies(scope: Scope): Record<keyof typeof kinds, JSONObject> {
  const object = (resource: keyof typeof kinds, spec: JSONObject): JSONObject => ({
    apiVersion: registration,
    kind: kinds[resource],
    metadata: { name: doorName(scope), labels: { [label.managedBy]: managedBy } },
    spec,
  });
  const resourceRules = [{
    apiGroups: [apiGroup],
    apiVersions: ["*"],
    operations: ["CREATE"],
    resources: [plural],
    scope: "Namespaced",
  }];
  const only = { key: "kubernetes.io/metadata.name", operator: "In", values: [...scope.namespaces] };
  return {
    validatingadmissionpolicies: object("validatingadmissionpolicies", {
      failurePolicy: "Fail",
      matchConstraints: { resourceRules },
      validations: [{ expression: "false", message: refusal, reason: "Forbidden" }],
    }),
    validatingadmissionpolicybindings: object("validatingadmissionpolicybindings", {
      policyName: doorName(scope),
      validationActions: ["Deny"],
      ...(scope.namespaces.length > 0 ? { matchResources: { namespaceSelector: { matchExpressions: [only] } } } : {}),
    }),
  };
}

const refusal = "the controller is being drained, and takes no new executions (kubernaut-we drain --undo allows them)";

/** Undefined where no watched namespace is there, and so no execution can come. */
async function isClosed(client: RestClient, { namespaces }: Scope, signal: AbortSignal): Promise<boolean | undefined> {
  for (const namespace of namespaces.length > 0 ? namespaces : ["default"]) {
    const closed = await isClosedIn(namespace, client, signal);
    if (closed !== undefined) return closed;
  }
  return undefined;
}

/** Asks for an execution, dry: nothing is created, and the policy judges all the same. A namespace that is gone judges first. */
async function isClosedIn(
  namespace: string,
  client: RestClient,
  abortSignal: AbortSignal,
): Promise<boolean | undefined> {
  const spec = {
    remediationRequestRef: { name: "drain" },
    workflowRef: { workflowId: "drain", version: "1.0.0", containerImage: "drain" },
    targetResource: "node/drain",
  };
  const bodyJson = { apiVersion, kind, metadata: { generateName: "drain-", namespace }, spec };
  const querystring = new URLSearchParams({ dryRun: "All" });
  try {
    const path = listPath("execution", namespace);
    await client.performRequest({ method: "POST", path, querystring, bodyJson, expectJson: true, abortSignal });
    return false;
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    if (error.httpCode === 404 || /because it is being terminated/.test(error.message)) return undefined;
    return error.message.includes(refusal);
  }
}
