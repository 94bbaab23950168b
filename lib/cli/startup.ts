// What must be there before a controller can do its work, looked at once at the start: each thing that is missing is one
// line that says how to mend it.

import { directoryFault } from "../audit/file.ts";
import type { Config } from "../config.ts";
import { describeSink } from "../config_values.ts";
import type { RestClient } from "../kube/contract.ts";
import { ConnectionError, StatusError } from "../kube/errors.ts";
import { listPath } from "../controller/api.ts";
import { crdName } from "../workflow/names.ts";

/** The controller cannot start; the message is for a person. */
export class StartupError extends Error {
  override readonly name = "StartupError";
}

/**
 * @returns what is missing and does not stop it from starting: to be warned of, one line each
 * @throws {StartupError} with every line that applies
 */
export async function checkCluster(client: RestClient, config: Config): Promise<string[]> {
  const namespace = config.namespaces[0] ?? "";
  await reachable(client);
  const lines = [
    await served(
      client,
      listPath("execution", namespace),
      `the cluster serves no WorkflowExecutions; install the CRD (${crdName}): kubernaut-we crds install`,
      "list workflowexecutions",
    ),
    await served(
      client,
      listPath("pipelineRun", namespace),
      "the cluster serves no PipelineRuns; install Tekton Pipelines 1.0 or later: https://tekton.dev/docs/installation/pipelines/",
      "list pipelineruns",
    ),
    await lockNamespaceExists(client, config.lockNamespace),
    await served(
      client,
      listPath("lock", config.lockNamespace),
      "the cluster serves no Leases (coordination.k8s.io/v1)",
      `list leases in the namespace ${config.lockNamespace}`,
    ),
  ].filter((line) => line !== undefined);
  if (lines.length > 0) throw new StartupError(lines.join("\n"));
  return await missingNamespaces(client, config);
}

/** Directories of audit sinks that cannot be written to: what runs is not held up by them, but its audit trail is. */
export async function checkAuditDirectories({ audit }: Config): Promise<string[]> {
  const lines = await Promise.all(audit.sinks.map(async (sink) => {
    const fault = sink.kind === "file" ? await directoryFault(sink.directory) : undefined;
    return fault && `audit.sinks ${describeSink(sink)} cannot be used, audit events wait until it can: ${fault}`;
  }));
  return lines.filter((line) => line !== undefined);
}

/** Namespaces that are named and not there, and service accounts that are missing where PipelineRuns are created. */
async function missingNamespaces(client: RestClient, config: Config): Promise<string[]> {
  const { namespaces, executionNamespace, serviceAccount } = config;
  const named = new Map<string, string>(namespaces.map((name) => [name, "namespaces"]));
  if (executionNamespace) named.set(executionNamespace, "executionNamespace");
  const lines = await Promise.all([...named].map(async ([namespace, key]) => {
    const ours = executionNamespace === "" || namespace === executionNamespace;
    const account = `/api/v1/namespaces/${namespace}/serviceaccounts/${serviceAccount}`;
    if (ours && !await isMissing(client, account)) return undefined;
    if (await isMissing(client, `/api/v1/namespaces/${namespace}`)) {
      return `the namespace ${namespace} (${key}) does not exist; create it: kubectl create namespace ${namespace}`;
    }
    if (!ours) return undefined;
    return `the service account ${namespace}/${serviceAccount} (serviceAccount), which PipelineRuns run as, does not ` +
      `exist; create it: kubectl create serviceaccount ${serviceAccount} --namespace ${namespace}`;
  }));
  return lines.filter((line) => line !== undefined);
}

/** Whether the API server says that this very object does not exist; whoever may not ask is not told, and starts all the same. */
async function isMissing(client: RestClient, path: string): Promise<boolean> {
  try {
    await client.performRequest({ method: "GET", path, expectJson: true });
    return false;
  } catch (error) {
    if (error instanceof StatusError) return error.objectNotFound;
    if (error instanceof ConnectionError) return false;
    throw error;
  }
}

async function reachable(client: RestClient): Promise<void> {
  try {
    await client.performRequest({ method: "GET", path: "/version", expectJson: true });
  } catch (error) {
    if (error instanceof ConnectionError) throw new StartupError(error.message, { cause: error });
    if (error instanceof StatusError && error.httpCode === 401) {
      throw new StartupError(`the API server does not accept the credentials of the kubeconfig: ${error.message}`, {
        cause: error,
      });
    }
    if (!(error instanceof StatusError)) throw error;
    if (error.httpCode !== 403) {
      throw new StartupError(`the API server is not well: ${error.message}`, { cause: error });
    }
  }
}

async function served(client: RestClient, path: string, missing: string, right: string): Promise<string | undefined> {
  try {
    await client.performRequest({
      method: "GET",
      path,
      querystring: new URLSearchParams({ limit: "1" }),
      expectJson: true,
    });
    return undefined;
  } catch (error) {
    if (error instanceof ConnectionError) return error.message;
    if (!(error instanceof StatusError)) throw error;
    if (error.httpCode === 404) return missing;
    if (error.httpCode === 403) return `this account may not ${right}: ${error.status?.message ?? "forbidden"}`;
    return error.message;
  }
}

async function lockNamespaceExists(client: RestClient, namespace: string): Promise<string | undefined> {
  try {
    await client.performRequest({ method: "GET", path: `/api/v1/namespaces/${namespace}`, expectJson: true });
    return undefined;
  } catch (error) {
    if (error instanceof ConnectionError) return error.message;
    if (!(error instanceof StatusError)) throw error;
    // Without the right to look at namespaces nothing can be said now; the first Lease will tell.
    if (error.httpCode === 403) return undefined;
    if (!error.objectNotFound) return error.message;
    return `the lock namespace ${namespace} (lockNamespace) does not exist; create it: kubectl create namespace ${namespace}`;
  }
}
