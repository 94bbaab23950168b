// The API server as a pod finds it: by two environment variables, and the files of its service account, which the kubelet
// replaces from time to time.

import type { Clock } from "../clock.ts";
import type { Logger } from "../log.ts";
import { FileValue } from "./file_value.ts";
import { KubeconfigError } from "./kubeconfig_file.ts";
import type { Access } from "./access.ts";

const serviceAccountDirectory = "/var/run/secrets/kubernetes.io/serviceaccount";

/** Undefined outside a cluster. Throws KubeconfigError in a pod without a service account's files. */
export async function inClusterAccess(o: {
  env: (name: string) => string | undefined;
  clock: Clock;
  log: Logger;
  /** For tests. */
  directory?: string;
}): Promise<Access | undefined> {
  const host = o.env("KUBERNETES_SERVICE_HOST");
  const port = o.env("KUBERNETES_SERVICE_PORT");
  if (!host || !port) return undefined;
  const directory = o.directory ?? serviceAccountDirectory;
  const token = new FileValue(`${directory}/token`, o);
  const ca = new FileValue(`${directory}/ca.crt`, o);
  const namespace = await readOf(new FileValue(`${directory}/namespace`, o));
  await readOf(token);
  await readOf(ca);
  return {
    baseUrl: `https://${host.includes(":") ? `[${host}]` : host}:${port}`,
    namespace: namespace.trim(),
    settings: async () => ({ caCerts: [await ca.read()] }),
    blame: (_part, why) => new KubeconfigError(`${ca.path}: cannot be used as certificate authority: ${why}`),
    authorize: async (refused) => (await token.read(refused !== undefined)).trim(),
  };
}

async function readOf(file: FileValue): Promise<string> {
  try {
    return await file.read();
  } catch (cause) {
    throw new KubeconfigError(
      `${file.path}: cannot read it (${(cause as Error).message}); is automountServiceAccountToken false? ` +
        "Outside a cluster, unset KUBERNETES_SERVICE_HOST or set KUBECONFIG",
      { cause },
    );
  }
}
