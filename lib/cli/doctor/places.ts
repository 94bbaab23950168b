// The namespaces that the controller works in: the locks' own, and those of runs with the service account that they act as.

import { listPath } from "../../controller/api.ts";
import { at, type Finding, look, objectsAt, type Patient } from "./finding.ts";

export async function lockNamespace({ client, config }: Patient): Promise<Finding> {
  const check = "lock-namespace";
  const name = config.lockNamespace;
  const seen = await look(client, `/api/v1/namespaces/${name}`);
  if (seen.is === "hidden") return { check, status: "unknown", message: seen.why };
  if (seen.is === "absent") {
    const message = `${name} (lockNamespace) does not exist`;
    return { check, status: "fail", message, mend: `kubectl create namespace ${name}` };
  }
  if (at(seen.object, "status", "phase") === "Terminating") {
    const message = `${name} (lockNamespace) is being deleted`;
    return { check, status: "fail", message, mend: `kubectl describe namespace ${name}` };
  }
  return { check, status: "ok", message: name };
}

const check = "service-account";
/** Executions that are looked at for their namespaces. */
const pageSize = 500;

/** One failing line a namespace where runs could not start; one good line when there is none. */
export async function serviceAccounts(patient: Patient): Promise<Finding[]> {
  const { client, config: { serviceAccount } } = patient;
  const namespaces = await runNamespaces(patient);
  if (typeof namespaces === "string") return [{ check, status: "unknown", message: namespaces }];
  if (namespaces.length === 0) {
    const message = `no execution yet: ${serviceAccount} is needed in each namespace that will have one`;
    return [{ check, status: "ok", message }];
  }
  const findings = await Promise.all(namespaces.map((namespace) => inNamespace(client, namespace, serviceAccount)));
  const bad = findings.filter(({ status }) => status !== "ok");
  return bad.length > 0 ? bad : [{ check, status: "ok", message: `${serviceAccount} in ${namespaces.join(", ")}` }];
}

async function inNamespace(client: Patient["client"], namespace: string, account: string): Promise<Finding> {
  const seen = await look(client, `/api/v1/namespaces/${namespace}/serviceaccounts/${account}`);
  if (seen.is === "there") return { check, status: "ok", message: account };
  if (seen.is === "hidden") return { check, status: "unknown", message: seen.why };
  const create = `kubectl create serviceaccount ${account} --namespace ${namespace}`;
  const home = await look(client, `/api/v1/namespaces/${namespace}`);
  if (home.is === "absent") {
    const message = `runs are to be in the namespace ${namespace}, which does not exist`;
    return { check, status: "fail", message, mend: `kubectl create namespace ${namespace} && ${create}` };
  }
  const message = `${account} is missing in the namespace ${namespace}: no run can start there`;
  return { check, status: "fail", message, mend: create };
}

/** Where runs are, or will be; a text says why that is not known. */
async function runNamespaces({ client, config }: Patient): Promise<readonly string[] | string> {
  if (config.executionNamespace) return [config.executionNamespace];
  if (config.namespaces.length > 0) return config.namespaces;
  const list = await look(client, listPath("execution", ""), { limit: String(pageSize) });
  if (list.is === "hidden") return list.why;
  if (list.is === "absent") return "which namespaces have executions is not known: the CRD is not installed";
  const names = objectsAt(list.object, "items").map((item) => String(at(item, "metadata", "namespace")));
  return [...new Set(names)].toSorted();
}
