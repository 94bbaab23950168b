// What kubectl shows: tables, other output, selections, watches, descriptions, events, the API's own description.

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import type { JSONObject } from "../../lib/kube/contract.ts";
import { rows } from "../support/kubectl.ts";
import { execution, type KubectlCase, qualified } from "./case.ts";

const names = ["late", "refused", "slow"];

export const reading: readonly KubectlCase[] = [
  {
    name: "get shows phase, workflow, target and duration",
    async run(kubectl) {
      const target = (name: string) => `${kubectl.namespace}/deployment/${name}`;
      const [late, refused, slow] = [
        { NAME: "late", PHASE: "Skipped", WORKFLOWID: "ok", TARGET: target("slow"), DURATION: "0s" },
        { NAME: "refused", PHASE: "Failed", WORKFLOWID: "ok", TARGET: target("refused"), DURATION: "0s" },
        { NAME: "slow", PHASE: "Running", WORKFLOWID: "hang", TARGET: target("slow"), DURATION: "" },
      ];
      assertEquals(rows(await kubectl.ok(["get", "wfe"])), [late, refused, slow]);
      assertEquals(
        rows(await kubectl.ok(["get", "workflowexecutions.workflowexecution.kubernaut.ai", "slow", "late"])),
        [slow, late],
      );
      assertEquals(rows(await kubectl.ok(["get", "kubernaut", "--sort-by=.spec.workflowRef.workflowId"]))[0], slow);
      const inNamespace = { NAMESPACE: kubectl.namespace, ...slow };
      assertEquals(
        rows(await kubectl.ok(["get", "wfe", "-l", "team=a", "--all-namespaces"])).filter(({ NAMESPACE }) =>
          NAMESPACE === kubectl.namespace
        ),
        [inNamespace],
      );
    },
  },
  {
    name: "get -o wide says why, --show-labels and -L add columns, --no-headers leaves the head out",
    async run(kubectl) {
      const reasons = rows(await kubectl.ok(["get", "wfe", "-o", "wide"])).map(({ REASON }) => REASON);
      assertEquals(reasons, ["ResourceBusy", "ConfigurationError", ""]);
      const [slow] = rows(await kubectl.ok(["get", "wfe", "slow", "--show-labels", "-L", "team"]));
      assertEquals([slow?.TEAM, slow?.LABELS], ["a", "team=a"]);
      const bare = await kubectl.ok(["get", "wfe", "--no-headers"]);
      assertEquals(bare.trimEnd().split("\n").map((line) => line.split(" ")[0]), names);
    },
  },
  {
    name: "get gives names, YAML, JSON, JSON paths, columns of one's own, and the list in chunks",
    async run(kubectl) {
      assertEquals(
        await kubectl.ok(["get", "wfe", "-o", "name"]),
        names.map((name) => `${qualified}/${name}\n`).join(""),
      );
      const text = await kubectl.ok(["get", "wfe", "late", "-o", "yaml"]);
      assertMatch(
        text,
        /^apiVersion: workflowexecution\.kubernaut\.ai\/v1alpha1\nkind: WorkflowExecution\nmetadata:\n/,
      );
      assertStringIncludes(text, "  skipDetails:\n    conflictingWorkflow:\n      name: slow\n");
      const list = JSON.parse(await kubectl.ok(["get", "wfe", "-o", "json", "--chunk-size=2"]));
      assertEquals([list.kind, list.items.map(({ metadata }: JSONObject) => (metadata as JSONObject).name)], [
        "List",
        names,
      ]);
      assertEquals(
        await kubectl.ok([
          "get",
          "wfe",
          "-o",
          'jsonpath={range .items[*]}{.metadata.name}={.status.phase}{"\\n"}{end}',
        ]),
        "late=Skipped\nrefused=Failed\nslow=Running\n",
      );
      assertEquals(
        await kubectl.ok(["get", "wfe", "-o", "custom-columns=N:.metadata.name,PARAMS:.spec.parameters", "slow"]),
        "N      PARAMS\nslow   <none>\n",
      );
    },
  },
  {
    name: "get selects by label and by field, and says which it cannot select by",
    async run(kubectl) {
      const selected = async (...args: string[]) => await kubectl.ok(["get", "wfe", "-o", "name", ...args]);
      assertEquals(await selected("-l", "team in (a,b)"), `${qualified}/slow\n`);
      assertEquals(await selected("-l", "!team,team notin (a)"), `${qualified}/late\n${qualified}/refused\n`);
      assertEquals(
        await selected("--field-selector", "metadata.name!=slow"),
        `${qualified}/late\n${qualified}/refused\n`,
      );
      assertEquals(
        await kubectl.refused(["get", "wfe", "--field-selector", "spec.confidence=1"]),
        'Error from server (BadRequest): Unable to find "workflowexecution.kubernaut.ai/v1alpha1, Resource=workflowexecutions" ' +
          'that match label selector "", field selector "spec.confidence=1": field label not supported: spec.confidence',
      );
      assertEquals(
        await kubectl.run(["get", "wfe", "-l", "team=none"]),
        { code: 0, out: "", err: `No resources found in ${kubectl.namespace} namespace.\n` },
      );
    },
  },
  {
    name: "get of what is not there says what is not",
    async run(kubectl) {
      assertEquals(
        await kubectl.refused(["get", "wfe", "nobody"]),
        'Error from server (NotFound): workflowexecutions.workflowexecution.kubernaut.ai "nobody" not found',
      );
      assertEquals(
        await kubectl.refused(["get", "nothings"]),
        'error: the server doesn\'t have a resource type "nothings"',
      );
      assertEquals(await kubectl.ok(["get", "wfe", "nobody", "--ignore-not-found"]), "");
    },
  },
  {
    name: "get --watch goes on with every change, and --output-watch-events says of which kind",
    async run(kubectl, cluster) {
      const watching = ["get", "wfe", "--watch", "--no-headers"];
      await using events = kubectl.follow([...watching, "--output-watch-events"]);
      await using phases = kubectl.follow([
        ...watching,
        "-o",
        "custom-columns=NAME:.metadata.name,PHASE:.status.phase",
      ]);
      // What is there already comes first, and says that both are watching.
      for (const each of [events, phases]) await each.lines(names.length);
      const target = `${kubectl.namespace}/deployment/slow`;
      await kubectl.ok(["create", "-f", "-"], execution(kubectl, cluster, { name: "seen", target }));
      await kubectl.ok(["wait", "wfe/seen", "--for=jsonpath={.status.phase}=Skipped", "--timeout=30s"]);
      await kubectl.ok(["delete", "wfe", "seen"]);
      const of = (lines: string[]) =>
        lines.map((line) => line.trim().split(/\s+/)).filter((words) => words.includes("seen"));
      const seen = of(await events.until(/^DELETED +seen/m)).map((words) => words.slice(0, 3));
      assertEquals([seen[0], seen.at(-1)], [["ADDED", "seen", "Pending"], ["DELETED", "seen", "Skipped"]]);
      const [first] = of(await phases.until(/^seen +Skipped/m));
      assertEquals(first, ["seen", "Pending"]);
    },
  },
  {
    name: "describe tells the story, with its events",
    async run(kubectl) {
      const text = await kubectl.ok(["describe", "wfe", "late"]);
      for (
        const line of [
          "Name:         late",
          `Namespace:    ${kubectl.namespace}`,
          "Kind:         WorkflowExecution",
          "  Phase:                   Skipped",
          "    Reason:             ResourceBusy",
        ]
      ) assertStringIncludes(text, `${line}\n`);
      const [, events = ""] = text.split("\nEvents:\n");
      const target = `${kubectl.namespace}/deployment/slow`;
      assertMatch(
        events,
        new RegExp(
          `^ +Type +Reason +Age +From +Message\\n.*\\n +Normal +WorkflowSkipped +\\S+ +workflowexecution-controller +ResourceBusy: ${target} is held by ${kubectl.namespace}/slow \\(workflow hang\\)\\n$`,
        ),
      );
    },
  },
  {
    name: "events lists them in the order of time, and those of one object",
    async run(kubectl) {
      const skipped = rows(await kubectl.ok(["events", "--for", "wfe/late"]));
      assertEquals(skipped.map(({ TYPE, REASON, OBJECT }) => [TYPE, REASON, OBJECT]), [
        ["Normal", "WorkflowSkipped", "WorkflowExecution/late"],
      ]);
      const all = rows(await kubectl.ok(["events", "--types=Warning"]));
      assert(all.some(({ REASON, OBJECT }) => REASON === "WorkflowFailed" && OBJECT === "WorkflowExecution/refused"));
      const listed = rows(
        await kubectl.ok(["get", "events", "--field-selector", "reason=WorkflowSkipped,type=Normal"]),
      );
      assert(listed.some(({ OBJECT }) => OBJECT === "workflowexecution/late"), JSON.stringify(listed));
    },
  },
  {
    name: "explain says what each field is, and which there is not",
    async run(kubectl) {
      assertEquals(
        await kubectl.ok(["explain", "wfe.spec.workflowRef.containerImage"]),
        `GROUP:      workflowexecution.kubernaut.ai
KIND:       WorkflowExecution
VERSION:    v1alpha1

FIELD: containerImage <string>


DESCRIPTION:
    OCI bundle with a Tekton Pipeline called \`workflow\`, passed to Tekton's
    bundles resolver as it is written here; for example
    registry.example/workflows/restart:v1 or the same with @sha256:….
    

`,
      );
      const fields = await kubectl.ok(["explain", "wfe.spec", "--recursive"]);
      assertMatch(
        fields,
        /\n {2}workflowRef\t<Object> -required-\n {4}containerDigest\t<string>\n {4}containerImage\t<string> -required-\n/,
      );
      assertMatch(
        await kubectl.ok(["explain", "wfe"]),
        /\n {2}metadata\t<ObjectMeta>\n {4}Standard object's metadata\./,
      );
      assertEquals(await kubectl.refused(["explain", "wfe.spec.nothing"]), 'error: field "nothing" does not exist');
      // Built-in kinds too: what the locks and configuration are made of.
      assertMatch(await kubectl.ok(["explain", "lease.spec"]), /\n {2}holderIdentity\t<string>\n/);
      assertMatch(await kubectl.ok(["explain", "configmap.data"]), /\nFIELD: data <map\[string\]string>\n/);
      assertMatch(await kubectl.ok(["explain", "role.rules"]), /\n {2}verbs\t<\[\]string>/);
    },
  },
  {
    name: "api-resources, api-versions, version and get --raw describe the server",
    async run(kubectl) {
      assertEquals(
        rows(await kubectl.ok(["api-resources", "--api-group=workflowexecution.kubernaut.ai", "-o", "wide"])),
        [{
          NAME: "workflowexecutions",
          SHORTNAMES: "wfe",
          APIVERSION: "workflowexecution.kubernaut.ai/v1alpha1",
          NAMESPACED: "true",
          KIND: "WorkflowExecution",
          VERBS: "delete,deletecollection,get,list,patch,create,update,watch",
          CATEGORIES: "kubernaut",
        }],
      );
      const versions = (await kubectl.ok(["api-versions"])).split("\n");
      for (const each of ["v1", "tekton.dev/v1", "coordination.k8s.io/v1", "workflowexecution.kubernaut.ai/v1alpha1"]) {
        assert(versions.includes(each), each);
      }
      assertMatch(await kubectl.ok(["version"]), /^Server Version: v1\.\d+\.\d+/m);
      assertEquals(await kubectl.ok(["get", "--raw", "/readyz"]), "ok");
    },
  },
];
