// The format of a target, and its one canonical spelling: aliases of one thing are one key.

import { assertEquals, assertThrows } from "@std/assert";
import { lockName } from "../../lib/workflow/lock.ts";
import { canonicalTarget, parseTarget, TargetError } from "../../lib/workflow/target.ts";

/** `kubectl api-resources` of Kubernetes 1.36: plural, short names, group, namespaced, kind. */
const served = `
bindings                           -         -                             true   Binding
componentstatuses                  cs        -                             false  ComponentStatus
configmaps                         cm        -                             true   ConfigMap
endpoints                          ep        -                             true   Endpoints
events                             ev        -                             true   Event
limitranges                        limits    -                             true   LimitRange
namespaces                         ns        -                             false  Namespace
nodes                              no        -                             false  Node
persistentvolumeclaims             pvc       -                             true   PersistentVolumeClaim
persistentvolumes                  pv        -                             false  PersistentVolume
pods                               po        -                             true   Pod
podtemplates                       -         -                             true   PodTemplate
replicationcontrollers             rc        -                             true   ReplicationController
resourcequotas                     quota     -                             true   ResourceQuota
secrets                            -         -                             true   Secret
serviceaccounts                    sa        -                             true   ServiceAccount
services                           svc       -                             true   Service
mutatingadmissionpolicies          -         admissionregistration.k8s.io  false  MutatingAdmissionPolicy
mutatingadmissionpolicybindings    -         admissionregistration.k8s.io  false  MutatingAdmissionPolicyBinding
mutatingwebhookconfigurations      -         admissionregistration.k8s.io  false  MutatingWebhookConfiguration
validatingadmissionpolicies        -         admissionregistration.k8s.io  false  ValidatingAdmissionPolicy
validatingadmissionpolicybindings  -         admissionregistration.k8s.io  false  ValidatingAdmissionPolicyBinding
validatingwebhookconfigurations    -         admissionregistration.k8s.io  false  ValidatingWebhookConfiguration
customresourcedefinitions          crd,crds  apiextensions.k8s.io          false  CustomResourceDefinition
apiservices                        -         apiregistration.k8s.io        false  APIService
controllerrevisions                -         apps                          true   ControllerRevision
daemonsets                         ds        apps                          true   DaemonSet
deployments                        deploy    apps                          true   Deployment
replicasets                        rs        apps                          true   ReplicaSet
statefulsets                       sts       apps                          true   StatefulSet
horizontalpodautoscalers           hpa       autoscaling                   true   HorizontalPodAutoscaler
cronjobs                           cj        batch                         true   CronJob
jobs                               -         batch                         true   Job
certificatesigningrequests         csr       certificates.k8s.io           false  CertificateSigningRequest
leases                             -         coordination.k8s.io           true   Lease
endpointslices                     -         discovery.k8s.io              true   EndpointSlice
events                             ev        events.k8s.io                 true   Event
flowschemas                        -         flowcontrol.apiserver.k8s.io  false  FlowSchema
prioritylevelconfigurations        -         flowcontrol.apiserver.k8s.io  false  PriorityLevelConfiguration
ingressclasses                     -         networking.k8s.io             false  IngressClass
ingresses                          ing       networking.k8s.io             true   Ingress
ipaddresses                        ip        networking.k8s.io             false  IPAddress
networkpolicies                    netpol    networking.k8s.io             true   NetworkPolicy
servicecidrs                       -         networking.k8s.io             false  ServiceCIDR
runtimeclasses                     -         node.k8s.io                   false  RuntimeClass
poddisruptionbudgets               pdb       policy                        true   PodDisruptionBudget
clusterrolebindings                -         rbac.authorization.k8s.io     false  ClusterRoleBinding
clusterroles                       -         rbac.authorization.k8s.io     false  ClusterRole
rolebindings                       -         rbac.authorization.k8s.io     true   RoleBinding
roles                              -         rbac.authorization.k8s.io     true   Role
deviceclasses                      -         resource.k8s.io               false  DeviceClass
resourceclaims                     -         resource.k8s.io               true   ResourceClaim
resourceclaimtemplates             -         resource.k8s.io               true   ResourceClaimTemplate
resourceslices                     -         resource.k8s.io               false  ResourceSlice
priorityclasses                    pc        scheduling.k8s.io             false  PriorityClass
csidrivers                         -         storage.k8s.io                false  CSIDriver
csinodes                           -         storage.k8s.io                false  CSINode
csistoragecapacities               -         storage.k8s.io                true   CSIStorageCapacity
storageclasses                     sc        storage.k8s.io                false  StorageClass
volumeattachments                  -         storage.k8s.io                false  VolumeAttachment
volumeattributesclasses            vac       storage.k8s.io                false  VolumeAttributesClass
`.trim().split("\n").map((line) => line.split(/\s+/));

for (const [plural = "", shortNames = "", group = "", namespaced, kind = ""] of served) {
  const singular = kind.toLowerCase();
  const names = [singular, plural, ...(shortNames === "-" ? [] : shortNames.split(","))];
  Deno.test(`parseTarget brings every name of ${kind}${group === "-" ? "" : `.${group}`} into one form`, () => {
    const expected = namespaced === "true" ? `shop/${singular}/a.b` : `${singular}/a.b`;
    for (const name of names) {
      const groups = group === "-" ? ["", ".v1"] : ["", `.${group}`, `.v1.${group}`, `.v2beta1.${group}`];
      for (const suffix of groups) {
        assertEquals(canonicalTarget(parseTarget(`shop/${name}${suffix}/a.b`, "payment")), expected);
      }
    }
  });
}

const canonical: [sentence: string, text: string, expected: string][] = [
  ["a namespaced kind without a namespace gets the execution's", "deploy/api", "payment/deployment/api"],
  ["a namespaced kind keeps its own namespace", "shop/deploy/api", "shop/deployment/api"],
  ["a cluster-scoped kind loses a namespace", "shop/node/worker-1", "node/worker-1"],
  ["a namespace is a cluster-scoped thing", "ns/shop", "namespace/shop"],
  ["names of nodes have dots", "no/ip-10-0-0-1.ec2.internal", "node/ip-10-0-0-1.ec2.internal"],
  ["a custom kind stays as written", "shop/canaries.flagger.app/api", "shop/canaries.flagger.app/api"],
  ["a custom kind without a namespace gets none", "cluster.example.com/eu", "cluster.example.com/eu"],
  ["another group's deployment is somebody's own", "shop/deployment.example.com/a", "shop/deployment.example.com/a"],
  ["a kind of the core group has no group to give", "shop/pod.apps/a", "shop/pod.apps/a"],
  ["an event is one thing in both of its groups", "shop/ev.events.k8s.io/a", "shop/event/a"],
  ["an unknown word is a custom kind", "shop/widget/a", "shop/widget/a"],
  ["a kind may end in digits", "shop/kafka2.example.com/a", "shop/kafka2.example.com/a"],
];

for (const [sentence, text, expected] of canonical) {
  Deno.test(`parseTarget: ${sentence}`, () => {
    assertEquals(canonicalTarget(parseTarget(text, "payment")), expected);
  });
}

const long = (length: number) => "a".repeat(length);
const malformed: [sentence: string, text: string][] = [
  ["nothing", ""],
  ["one part", "deployment"],
  ["four parts", "a/b/c/d"],
  ["only a slash", "/"],
  ["an empty namespace", "/deployment/api"],
  ["an empty kind", "payment//api"],
  ["an empty name", "payment/deployment/"],
  ["two parts, the first empty", "/api"],
  ["two parts, the second empty", "deployment/"],
  ["a kind with upper case", "payment/Deployment/api"],
  ["a kind with a dash", "payment/my-kind/api"],
  ["a kind that begins with a digit", "payment/2kind/api"],
  ["a kind that ends with a dot", "payment/deployment./api"],
  ["a kind that begins with a dot", "payment/.apps/api"],
  ["a group with two dots in a row", "payment/deployment..apps/api"],
  ["a group that ends with a dash", "payment/deployment.apps-/api"],
  ["a namespace with upper case", "Payment/deployment/api"],
  ["a namespace with a dot", "pay.ment/deployment/api"],
  ["a namespace that ends with a dash", "payment-/deployment/api"],
  ["a namespace of 64 characters", `${long(64)}/deployment/api`],
  ["a name with upper case", "payment/deployment/Api"],
  ["a name with an underscore", "payment/deployment/my_api"],
  ["a name that begins with a dash", "payment/deployment/-api"],
  ["a name that ends with a dot", "payment/deployment/api."],
  ["a name with two dots in a row", "payment/deployment/a..b"],
  ["a name of 254 characters", `payment/deployment/${long(254)}`],
  ["a space before it", " payment/deployment/api"],
  ["a space after it", "payment/deployment/api "],
  ["a newline after it", "payment/deployment/api\n"],
  ["a path upwards", "payment/deployment/../api"],
  ["letters that are not ASCII", "payment/deployment/äpi"],
  ["a colon, as in a role's name", "clusterrole/system:node"],
];

for (const [sentence, text] of malformed) {
  Deno.test(`parseTarget refuses ${sentence}, and says what is right`, () => {
    const error = assertThrows(() => parseTarget(text, "payment"), TargetError, "namespace/kind/name or kind/name");
    assertEquals(error.message.startsWith(`spec.targetResource ${JSON.stringify(text)} `), true);
  });
}

Deno.test("parseTarget accepts namespaces of 63 and names of 253 characters", () => {
  assertEquals(parseTarget(`${long(63)}/po/${long(253)}`, "x"), {
    namespace: long(63),
    kind: "pod",
    name: long(253),
  });
});

Deno.test("parseTarget shows no more than 300 characters of a text that it refuses", () => {
  const { message } = assertThrows(() => parseTarget(long(100_000), "payment"), TargetError);
  assertEquals(message.length < 600, true);
});

const lockNames: [canonical: string, name: string][] = [
  ["payment/deployment/payment-api", "wfe-cf0cc089293b1165"],
  ["node/worker-node-1", "wfe-ac45b7d6911e97a5"],
];

for (const [target, name] of lockNames) {
  Deno.test(`lockName of ${target} is ${name}`, () => {
    assertEquals(lockName(canonicalTarget(parseTarget(target, "elsewhere"))), name);
  });
}
