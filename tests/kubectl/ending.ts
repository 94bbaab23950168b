// Waiting and deleting: conditions, finalizers, what goes with its owner and what stays, namespaces; and who may do what.

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { yaml } from "../../deps.ts";
import { rows } from "../support/kubectl.ts";
import type { Kubectl } from "../support/kubectl.ts";
import { configMap, execution, type KubectlCase, qualified } from "./case.ts";

/** ConfigMaps of these names, each the owner of one called NAME-child. */
async function families(kubectl: Kubectl, names: readonly string[]): Promise<void> {
  await kubectl.ok(["create", "-f", "-"], names.map((name) => configMap(name)).join("---\n"));
  const uids = (await kubectl.ok(["get", "configmaps", ...names, "-o", "jsonpath={.items[*].metadata.uid}"])).split(
    " ",
  );
  const children = names.map((name, at) => {
    const owner = { apiVersion: "v1", kind: "ConfigMap", name, uid: uids[at] ?? "", blockOwnerDeletion: true };
    const finalizers = name === "foreground" ? ["example.com/hold"] : [];
    return configMap(`${name}-child`, { metadata: { ownerReferences: [owner], finalizers } });
  });
  await kubectl.ok(["create", "-f", "-"], children.join("---\n"));
}

export const ending: readonly KubectlCase[] = [
  {
    name: "wait for a condition and for a value, and not for ever",
    async run(kubectl, cluster) {
      await kubectl.ok(["create", "-f", "-"], execution(kubectl, cluster, { name: "finishes" }));
      const waited = `${qualified}/finishes condition met\n`;
      assertEquals(
        await kubectl.ok(["wait", "wfe/finishes", "--for=condition=ExecutionComplete", "--timeout=60s"]),
        waited,
      );
      assertEquals(await kubectl.ok(["wait", "wfe/finishes", "--for=jsonpath={.status.phase}=Completed"]), waited);
      assertEquals(
        await kubectl.refused(["wait", "wfe/slow", "--for=condition=ExecutionComplete", "--timeout=200ms"]),
        `error: timed out waiting for the condition on workflowexecutions/slow`,
      );
      assertMatch(await kubectl.ok(["events", "--for", "wfe/finishes"]), /WorkflowCompleted/);
    },
  },
  {
    name: "delete of one that runs waits until its run has gone, and wait --for=delete sees it go",
    async run(kubectl, cluster) {
      await kubectl.ok(["create", "-f", "-"], execution(kubectl, cluster, { name: "stopped", bundle: "hang" }));
      await kubectl.ok(["wait", "wfe/stopped", "--for=jsonpath={.status.phase}=Running", "--timeout=30s"]);
      const run = ["get", "pipelineruns", "-l", "kubernaut.ai/workflow-execution=stopped", "-o", "name"];
      assertMatch(await kubectl.ok(run), /^pipelinerun\.tekton\.dev\/stopped-[0-9a-f]+\n$/);
      await using waiting = kubectl.follow(["wait", "wfe/stopped", "--for=delete", "--timeout=60s"]);
      assertMatch(
        await kubectl.ok(["delete", "wfe", "stopped"]),
        new RegExp(`^${qualified.replaceAll(".", "\\.")}.? "stopped" deleted|"stopped" deleted`),
      );
      assertEquals(await waiting.lines(1), [`${qualified}/stopped condition met`]);
      assertEquals(await kubectl.ok(run), "");
    },
  },
  {
    name: "delete is held by a finalizer until that is taken away",
    async run(kubectl) {
      await kubectl.ok(["delete", "configmap", "held", "--wait=false"]);
      const { metadata } = JSON.parse(await kubectl.ok(["get", "configmap", "held", "-o", "json"]));
      assertEquals([typeof metadata.deletionTimestamp, metadata.finalizers], ["string", ["example.com/hold"]]);
      await kubectl.ok([
        "patch",
        "configmap",
        "held",
        "--type=json",
        "-p",
        '[{"op":"remove","path":"/metadata/finalizers"}]',
      ]);
      assertEquals(await kubectl.ok(["get", "configmap", "held", "--ignore-not-found"]), "");
    },
  },
  {
    name: "--cascade says what becomes of what the object owns",
    async run(kubectl) {
      const left = async (name: string) =>
        await kubectl.ok(["get", "configmaps", name, `${name}-child`, "--ignore-not-found", "-o", "name"]);
      await families(kubectl, ["orphaning", "foreground", "background"]);
      await kubectl.ok(["delete", "configmap", "orphaning", "--cascade=orphan"]);
      assertEquals(await left("orphaning"), "configmap/orphaning-child\n");
      assertEquals(
        await kubectl.ok(["get", "configmap", "orphaning-child", "-o", "jsonpath={.metadata.ownerReferences}"]),
        "",
      );
      await kubectl.ok(["delete", "configmap", "foreground", "--cascade=foreground", "--wait=false"]);
      assertEquals(await left("foreground"), "configmap/foreground\nconfigmap/foreground-child\n");
      await kubectl.ok(["patch", "configmap", "foreground-child", "-p", '{"metadata":{"finalizers":null}}']);
      await kubectl.ok(["wait", "configmap/foreground", "--for=delete", "--timeout=30s"]);
      assertEquals(await left("foreground"), "");
      await kubectl.ok(["delete", "configmap", "background"]);
      await kubectl.ok(["wait", "configmap/background-child", "--for=delete", "--timeout=30s"]);
    },
  },
  {
    name: "delete by label, of what is not there, and as a dry run",
    async run(kubectl) {
      const labelled = ["many-1", "many-2"].map((name) => configMap(name, { metadata: { labels: { group: "many" } } }));
      await kubectl.ok(["create", "-f", "-"], labelled.join("---\n"));
      const many = ["get", "configmaps", "-l", "group=many", "-o", "name"];
      await kubectl.ok(["delete", "configmaps", "-l", "group=many", "--dry-run=server"]);
      assertEquals(await kubectl.ok(many), "configmap/many-1\nconfigmap/many-2\n");
      await kubectl.ok(["delete", "configmaps", "-l", "group=many"]);
      assertEquals(await kubectl.ok(many), "");
      assertEquals(
        await kubectl.refused(["delete", "wfe", "nobody"]),
        'Error from server (NotFound): workflowexecutions.workflowexecution.kubernaut.ai "nobody" not found',
      );
      assertEquals(await kubectl.ok(["delete", "wfe", "nobody", "--ignore-not-found"]), "");
    },
  },
  {
    name: "a namespace goes with everything in it",
    async run(kubectl) {
      const name = `${kubectl.namespace}-other`;
      const there = ["--namespace", name];
      assertEquals(await kubectl.ok(["create", "namespace", name]), `namespace/${name} created\n`);
      await kubectl.ok(["create", "configmap", "inside", ...there]);
      await kubectl.ok(["create", "secret", "generic", "hidden", "--from-literal=a=1", ...there]);
      await kubectl.ok(["delete", "namespace", name, "--timeout=60s"]);
      assertMatch(
        await kubectl.refused(["create", "configmap", "late", ...there]),
        new RegExp(`^error: failed to create configmap: namespaces "${name}" not found$`),
      );
    },
  },
  {
    name: "auth can-i, whoami and tokens",
    async run(kubectl, cluster) {
      assertEquals(await kubectl.ok(["auth", "can-i", "create", "wfe"]), "yes\n");
      const rights = rows(await kubectl.ok(["auth", "can-i", "--list"]));
      const everything = (right: Record<string, string>) => [right.Resources, right["Non-Resource URLs"], right.Verbs];
      assertEquals(rights.slice(0, 2).map(everything), [["*.*", "[]", "[*]"], ["", "[*]", "[*]"]]);
      const whoami = rows(await kubectl.ok(["auth", "whoami"]));
      assertEquals(whoami.find(({ ATTRIBUTE }) => ATTRIBUTE === "Username"), {
        ATTRIBUTE: "Username",
        VALUE: cluster.user,
      });
      const jane = rows(await kubectl.ok(["auth", "whoami", "--as=jane", "--as-group=remediators"]));
      assertEquals(jane.map(({ VALUE }) => VALUE), ["jane", "[remediators system:authenticated]"]);
      const account = `system:serviceaccount:${kubectl.namespace}:default`;
      const token = (await kubectl.ok(["create", "token", "default", "--duration=10m"])).trim();
      const review = { apiVersion: "authentication.k8s.io/v1", kind: "TokenReview", spec: { token } };
      assertEquals(
        await kubectl.ok(["create", "-f", "-", "-o", "jsonpath={.status.user.username}"], yaml.stringify(review)),
        account,
      );
      assertStringIncludes(
        await kubectl.refused(["create", "token", "default", "--duration=1m"]),
        "may not specify a duration less than 10 minutes",
      );
      assertStringIncludes(await kubectl.refused(["create", "token", "nobody"]), 'serviceaccounts "nobody" not found');
      assertStringIncludes(
        await kubectl.refused(["create", "token", "default", "--bound-object-kind=Secret", "--bound-object-name=none"]),
        'secrets "none" not found',
      );
    },
  },
  {
    name: "what kubectl sends as protobuf is understood: a quota, a role and its binding",
    async run(kubectl) {
      await kubectl.ok(["create", "quota", "runs", "--hard=count/pipelineruns.tekton.dev=20,configmaps=1k"]);
      assertEquals(
        JSON.parse(await kubectl.ok(["get", "quota", "runs", "-o", "jsonpath={.spec.hard}"])),
        { configmaps: "1k", "count/pipelineruns.tekton.dev": "20" },
      );
      await kubectl.ok(["delete", "quota", "runs"]);
      await kubectl.ok(["create", "role", "reader", "--verb=get,list", "--resource=pods,configmaps"]);
      await kubectl.ok(["create", "rolebinding", "readers", "--role=reader", "--user=jane", "--serviceaccount=a:b"]);
      assertEquals(rows(await kubectl.ok(["get", "rolebindings", "readers", "-o", "wide"])), [
        { NAME: "readers", ROLE: "Role/reader", USERS: "jane", GROUPS: "", SERVICEACCOUNTS: "a/b" },
      ]);
    },
  },
  {
    name: "logs of an execution are refused with the reason",
    async run(kubectl) {
      assertMatch(
        await kubectl.refused(["logs", "wfe/slow"]),
        /no kind "WorkflowExecution" is registered|cannot get the logs/,
      );
      assertMatch(await kubectl.refused(["logs", "no-such-pod"]), /pods "no-such-pod" not found/);
      assert(rows(await kubectl.ok(["get", "taskruns"])).some(({ NAME }) => NAME?.startsWith("slow-")));
    },
  },
];
