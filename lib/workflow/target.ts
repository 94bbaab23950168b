// What an execution acts on: the format of `targetResource`, and the one canonical spelling that the lock is keyed by.
// Aliases of one thing must be one key, or two workflows would change it at once.

/** A target that does not have the format; the message says what is right. */
export class TargetError extends Error {
  override readonly name = "TargetError";
}

export interface Target {
  /** Empty for a cluster-scoped thing. */
  readonly namespace: string;
  /** Singular, lower case; a custom kind as written. */
  readonly kind: string;
  readonly name: string;
}

/** Built-in kinds as `kubectl api-resources` of Kubernetes 1.36 lists them: group: singular/plural/short names, `*` cluster-scoped. */
const builtIns: Readonly<Record<string, string>> = {
  "": "binding/bindings configmap/configmaps/cm endpoints/endpoints/ep event/events/ev limitrange/limitranges/limits " +
    "persistentvolumeclaim/persistentvolumeclaims/pvc pod/pods/po podtemplate/podtemplates " +
    "replicationcontroller/replicationcontrollers/rc resourcequota/resourcequotas/quota secret/secrets " +
    "serviceaccount/serviceaccounts/sa service/services/svc " +
    "*componentstatus/componentstatuses/cs *namespace/namespaces/ns *node/nodes/no *persistentvolume/persistentvolumes/pv",
  "admissionregistration.k8s.io":
    "*mutatingadmissionpolicy/mutatingadmissionpolicies *mutatingadmissionpolicybinding/mutatingadmissionpolicybindings " +
    "*mutatingwebhookconfiguration/mutatingwebhookconfigurations *validatingadmissionpolicy/validatingadmissionpolicies " +
    "*validatingadmissionpolicybinding/validatingadmissionpolicybindings " +
    "*validatingwebhookconfiguration/validatingwebhookconfigurations",
  "apiextensions.k8s.io": "*customresourcedefinition/customresourcedefinitions/crd/crds",
  "apiregistration.k8s.io": "*apiservice/apiservices",
  "apps": "controllerrevision/controllerrevisions daemonset/daemonsets/ds deployment/deployments/deploy " +
    "replicaset/replicasets/rs statefulset/statefulsets/sts",
  "autoscaling": "horizontalpodautoscaler/horizontalpodautoscalers/hpa",
  "batch": "cronjob/cronjobs/cj job/jobs",
  "certificates.k8s.io":
    "*certificatesigningrequest/certificatesigningrequests/csr *clustertrustbundle/clustertrustbundles " +
    "podcertificaterequest/podcertificaterequests",
  "coordination.k8s.io": "lease/leases leasecandidate/leasecandidates",
  "discovery.k8s.io": "endpointslice/endpointslices",
  "events.k8s.io": "event/events/ev",
  "flowcontrol.apiserver.k8s.io": "*flowschema/flowschemas *prioritylevelconfiguration/prioritylevelconfigurations",
  "networking.k8s.io":
    "ingress/ingresses/ing networkpolicy/networkpolicies/netpol *ingressclass/ingressclasses *ipaddress/ipaddresses/ip " +
    "*servicecidr/servicecidrs",
  "node.k8s.io": "*runtimeclass/runtimeclasses",
  "policy": "poddisruptionbudget/poddisruptionbudgets/pdb",
  "rbac.authorization.k8s.io":
    "role/roles rolebinding/rolebindings *clusterrole/clusterroles *clusterrolebinding/clusterrolebindings",
  "resource.k8s.io":
    "resourceclaim/resourceclaims resourceclaimtemplate/resourceclaimtemplates *deviceclass/deviceclasses " +
    "*resourceslice/resourceslices *devicetaintrule/devicetaintrules",
  "scheduling.k8s.io": "*priorityclass/priorityclasses/pc",
  "storage.k8s.io": "csistoragecapacity/csistoragecapacities *csidriver/csidrivers *csinode/csinodes " +
    "*storageclass/storageclasses/sc *volumeattachment/volumeattachments *volumeattributesclass/volumeattributesclasses/vac",
};

interface BuiltIn {
  readonly singular: string;
  readonly groups: readonly string[];
  readonly clusterScoped: boolean;
}

const builtInByAlias: ReadonlyMap<string, BuiltIn> = (() => {
  const found = new Map<string, BuiltIn>();
  for (const [group, kinds] of Object.entries(builtIns)) {
    for (const entry of kinds.split(" ")) {
      const clusterScoped = entry.startsWith("*");
      const aliases = entry.replace("*", "").split("/");
      for (const alias of aliases) {
        const groups = [...(found.get(alias)?.groups ?? []), group];
        found.set(alias, { singular: aliases[0] ?? alias, groups, clusterScoped });
      }
    }
  }
  return found;
})();

const label = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const subdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const kindWithGroup = /^[a-z][a-z0-9]{0,62}(\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*$/;
const apiVersionWord = /^v[0-9]+((alpha|beta)[0-9]+)?$/;

const format =
  "must be namespace/kind/name or kind/name: namespace a DNS label, kind in lower case (optionally kind.group), name a DNS subdomain; for example payment/deployment/payment-api or node/worker-1";

/**
 * Reads `namespace/kind/name` or `kind/name` and brings it into its canonical form.
 * @param text `spec.targetResource`
 * @param executionNamespace what a built-in namespaced kind gets when none is given
 * @throws {TargetError} with the format, when it does not have it
 */
export function parseTarget(text: string, executionNamespace: string): Target {
  const parts = text.split("/");
  const [name = "", kind = "", namespace = ""] = [...parts].reverse();
  const wellFormed = (parts.length === 2 || (parts.length === 3 && label.test(namespace))) &&
    kindWithGroup.test(kind) && subdomain.test(name) && parts.every((part) => part.length <= 253);
  if (!wellFormed) throw new TargetError(`spec.targetResource ${JSON.stringify(text.slice(0, 300))} ${format}`);

  const builtIn = builtInOf(kind);
  if (!builtIn) return { namespace, kind, name };
  if (builtIn.clusterScoped) return { namespace: "", kind: builtIn.singular, name };
  return { namespace: namespace || executionNamespace, kind: builtIn.singular, name };
}

/** The lock's key: `namespace/kind/name`, or `kind/name` where there is no namespace. */
export function canonicalTarget(target: Target): string {
  return target.namespace ? `${target.namespace}/${target.kind}/${target.name}` : `${target.kind}/${target.name}`;
}

/** `deploy`, `deployments.apps` and `deployment.v1.apps` are one kind; `deployment.example.com` is somebody's own. */
function builtInOf(kind: string): BuiltIn | undefined {
  const [alias = "", ...rest] = kind.split(".");
  const builtIn = builtInByAlias.get(alias);
  if (!builtIn) return undefined;
  if (rest[0] !== undefined && apiVersionWord.test(rest[0])) rest.shift();
  const group = rest.join(".");
  return rest.length === 0 || builtIn.groups.includes(group) ? builtIn : undefined;
}
