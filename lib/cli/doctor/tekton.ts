// Tekton Pipelines: served, new enough, and its bundles resolver on and running. Its parts are looked for where its releases
// put them, and where OpenShift Pipelines does.

import type { RestClient } from "../../kube/contract.ts";
import { tektonApiVersion } from "../../workflow/names.ts";
import { at, type Finding, type Look, look, objectsAt, type Patient } from "./finding.ts";

const installTekton = "kubectl apply -f https://storage.googleapis.com/tekton-releases/pipeline/latest/release.yaml";
const homes = ["tekton-pipelines", "openshift-pipelines"] as const;
const resolverHomes = ["tekton-pipelines-resolvers", "openshift-pipelines"] as const;
const resolverDeployment = "tekton-pipelines-remote-resolvers";

export async function tekton(patient: Patient): Promise<Finding[]> {
  const { client } = patient;
  const check = "tekton";
  const served = await look(client, `/apis/${tektonApiVersion}`);
  const resources = served.is === "there" ? objectsAt(served.object, "resources").map(({ name }) => name) : [];
  const lacking = ["pipelineruns", "taskruns"].filter((name) => !resources.includes(name));
  if (lacking.length > 0) {
    const message = `the cluster serves no ${lacking.join(" and no ")} of ${tektonApiVersion}`;
    return [
      { check, status: "fail", message, mend: installTekton },
      { check: "resolver", status: "unknown", message: "not looked for: there is no Tekton" },
    ];
  }
  return [await version(client), await bundlesResolver(patient)];
}

async function version(client: RestClient): Promise<Finding> {
  const check = "tekton";
  const info = await firstThere(client, homes.map((home) => configMap(home, "pipelines-info")));
  const told = info?.is === "there" ? String(at(info.object, "data", "version") ?? "") : "";
  const [, major] = /^v?(\d+)\.\d+/.exec(told) ?? [];
  if (major === "0") {
    return {
      check,
      status: "fail",
      message: `Tekton Pipelines ${told} is too old: 1.0 or later is needed`,
      mend: installTekton,
    };
  }
  return {
    check,
    status: "ok",
    message: major ? `Tekton Pipelines ${told}` : `${tektonApiVersion} (release not told)`,
  };
}

async function bundlesResolver(patient: Patient): Promise<Finding> {
  const check = "resolver";
  const { client } = patient;
  const flags = await firstThere(client, resolverHomes.map((home) => configMap(home, "resolvers-feature-flags")));
  if (!flags) {
    const message = `Tekton's remote resolvers are not installed (no ConfigMap resolvers-feature-flags in ${
      resolverHomes.join(" or ")
    })`;
    return { check, status: "fail", message, mend: installTekton };
  }
  if (flags.is === "hidden") return { check, status: "unknown", message: flags.why };
  const home = String(at(flags.object, "metadata", "namespace"));
  const flag = String(at(flags.object, "data", "enable-bundles-resolver") ?? "true");
  if (/^(0|f|false)$/i.test(flag)) {
    return {
      check,
      status: "fail",
      message: `the bundles resolver is off (enable-bundles-resolver in ConfigMap ${home}/resolvers-feature-flags)`,
      mend: `kubectl patch configmap resolvers-feature-flags --namespace ${home} --type merge ` +
        `--patch '{"data":{"enable-bundles-resolver":"true"}}'`,
    };
  }
  return await runs(patient, home);
}

/** By its Deployment; where there is none, by the Lease that it renews. */
async function runs({ client, clock, serverTime }: Patient, home: string): Promise<Finding> {
  const check = "resolver";
  const mend = `kubectl rollout restart deployment/${resolverDeployment} --namespace ${home}`;
  const deployment = await look(client, `/apis/apps/v1/namespaces/${home}/deployments/${resolverDeployment}`);
  if (deployment.is === "there") {
    const available = Number(at(deployment.object, "status", "availableReplicas") ?? 0);
    return available > 0
      ? { check, status: "ok", message: `the bundles resolver is on and runs in ${home}` }
      : { check, status: "fail", message: `no pod of ${home}/${resolverDeployment} is available`, mend };
  }
  const leases = await look(client, `/apis/coordination.k8s.io/v1/namespaces/${home}/leases`);
  if (leases.is !== "there") {
    const why = leases.is === "hidden" ? leases.why : `there are no Leases in ${home}`;
    return { check, status: "unknown", message: `the bundles resolver is on; whether it runs is not known: ${why}` };
  }
  const renewedAtMs = objectsAt(leases.object, "items")
    .filter((lease) => /\.bundleresolver\b/.test(String(at(lease, "metadata", "name"))))
    .map((lease) => Date.parse(String(at(lease, "spec", "renewTime"))))
    .filter((ms) => !Number.isNaN(ms));
  if (renewedAtMs.length === 0) {
    return { check, status: "fail", message: `no bundles resolver has ever run in ${home}`, mend };
  }
  const server = serverTime();
  const agoMs = (server?.atMs ?? clock.now()) - Math.max(...renewedAtMs);
  if (agoMs <= silentMs) return { check, status: "ok", message: `the bundles resolver is on and runs in ${home}` };
  const message = `the bundles resolver in ${home} does not run: its Lease was last renewed ${
    Math.round(agoMs / 1000)
  } s ago`;
  return { check, status: "fail", message, mend };
}

/** Its Lease lasts a minute. */
const silentMs = 3 * 60_000;

function configMap(namespace: string, name: string): string {
  return `/api/v1/namespaces/${namespace}/configmaps/${name}`;
}

/** The first that is there, else the first that is hidden, else undefined. */
async function firstThere(
  client: RestClient,
  paths: readonly string[],
): Promise<Exclude<Look, { is: "absent" }> | undefined> {
  let hidden: Exclude<Look, { is: "absent" }> | undefined;
  for (const path of paths) {
    const seen = await look(client, path);
    if (seen.is === "there") return seen;
    if (seen.is === "hidden") hidden ??= seen;
  }
  return hidden;
}
