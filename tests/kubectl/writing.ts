// What kubectl writes: apply from the client and by the server, diff, create, replace, patch, edit, label, annotate; and how it
// tells a person what was refused.

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import type { Kubectl } from "../support/kubectl.ts";
import { type CaseCluster, execution, type KubectlCase, qualified } from "./case.ts";

/** An execution that is skipped at once, and so may be changed by nobody but the test. */
function idle(kubectl: Kubectl, cluster: CaseCluster, name: string, o: Partial<Parameters<typeof execution>[2]> = {}) {
  return execution(kubectl, cluster, { name, target: `${kubectl.namespace}/deployment/slow`, ...o });
}

const immutable = "spec: Forbidden: spec is immutable: create a new WorkflowExecution instead";

export const writing: readonly KubectlCase[] = [
  {
    name: "apply creates, sees that nothing changed, changes a label, and is refused another spec",
    async run(kubectl, cluster) {
      const manifest = idle(kubectl, cluster, "applied");
      const apply = ["apply", "-f", "-"];
      assertEquals(await kubectl.ok(apply, manifest), `${qualified}/applied created\n`);
      await kubectl.ok(["wait", "wfe/applied", "--for=jsonpath={.status.phase}=Skipped", "--timeout=30s"]);
      assertEquals(await kubectl.ok(apply, manifest), `${qualified}/applied unchanged\n`);
      const labelled = idle(kubectl, cluster, "applied", { metadata: { labels: { a: "b" } } });
      assertEquals(await kubectl.ok(apply, labelled), `${qualified}/applied configured\n`);
      assertEquals(await kubectl.ok(apply, manifest), `${qualified}/applied configured\n`);
      assertEquals(await kubectl.ok(["get", "wfe", "applied", "-o", "jsonpath={.metadata.labels}"]), "");
      const other = idle(kubectl, cluster, "applied", { workflow: "other" });
      assertEquals(await kubectl.refused(apply, other), `The WorkflowExecution "applied" is invalid: ${immutable}`);
    },
  },
  {
    name: "apply names the field that is wrong: unknown, missing, badly formed",
    async run(kubectl, cluster) {
      const create = ["apply", "-f", "-"];
      const refused = async (spec: Parameters<typeof execution>[2]["spec"], ...flags: string[]) =>
        await kubectl.refused([...create, ...flags], execution(kubectl, cluster, { name: "wrong", spec: spec ?? {} }));
      const strict =
        'Error from server (BadRequest): error when creating "STDIN": WorkflowExecution in version "v1alpha1" ' +
        'cannot be handled as a WorkflowExecution: strict decoding error: unknown field "spec.parametres"';
      assertEquals(await refused({ parametres: {} }), strict);
      assertEquals(
        await refused({ parametres: {} }, "--server-side"),
        `Error from server: failed to create typed patch object (${kubectl.namespace}/wrong; ` +
          "workflowexecution.kubernaut.ai/v1alpha1, Kind=WorkflowExecution): .spec.parametres: field not declared in schema",
      );
      assertMatch(
        await refused({ workflowRef: { workflowId: "ok", version: "1" } }),
        /^The WorkflowExecution "wrong" is invalid: \n\* spec\.workflowRef\.containerImage: Required value\n/,
      );
      assertMatch(
        await refused({ targetResource: "payment-api" }),
        /spec\.targetResource: Invalid value: (null|"payment-api"|"string"): .*must be namespace\/kind\/name or kind\/name/,
      );
      assertStringIncludes(
        await refused({ confidence: 2 }),
        "spec.confidence: Invalid value: 2: spec.confidence in body should be less than or equal to 1",
      );
    },
  },
  {
    name: "apply --server-side keeps owners apart, and lets one take over by force",
    async run(kubectl, cluster) {
      const apply = (manager: string, ...flags: string[]) => [
        ...["apply", "--server-side", "--field-manager", manager, "-f", "-"],
        ...flags,
      ];
      const labelled = (value: string) => idle(kubectl, cluster, "owned", { metadata: { labels: { tier: value } } });
      assertEquals(await kubectl.ok(apply("first"), labelled("one")), `${qualified}/owned serverside-applied\n`);
      assertMatch(
        await kubectl.refused(apply("second"), labelled("two")),
        /^error: Apply failed with 1 conflict: conflict with "first": \.metadata\.labels\.tier\nPlease review the fields above/,
      );
      await kubectl.ok(apply("second", "--force-conflicts"), labelled("two"));
      // The first one no longer owns it: leaving it out takes nothing away.
      await kubectl.ok(apply("first"), idle(kubectl, cluster, "owned"));
      assertEquals(await kubectl.ok(["get", "wfe", "owned", "-o", "jsonpath={.metadata.labels.tier}"]), "two");
      const owners = await kubectl.ok([
        ...["get", "wfe", "owned", "--show-managed-fields"],
        ...["-o", 'jsonpath={range .metadata.managedFields[?(@.operation=="Apply")]}{.manager} {end}'],
      ]);
      assertEquals(owners.split(" ").filter((word) => word).toSorted(), ["first", "second"]);
    },
  },
  {
    name: "apply --server-side takes over what was applied from the client, without a warning",
    async run(kubectl, cluster) {
      const manifest = idle(kubectl, cluster, "moved");
      await kubectl.ok(["apply", "-f", "-"], manifest);
      await kubectl.ok(["wait", "wfe/moved", "--for=jsonpath={.status.phase}=Skipped", "--timeout=30s"]);
      assertEquals(await kubectl.run(["apply", "--server-side", "-f", "-"], { input: manifest }), {
        code: 0,
        out: `${qualified}/moved serverside-applied\n`,
        err: "",
      });
      const empty = manifest.replace("spec:\n", "spec:\n  parameters:\n");
      assertMatch(
        await kubectl.refused(["apply", "--server-side", "-f", "-"], empty),
        /spec\.parameters: Invalid value: "null": spec\.parameters in body must be of type object: "null"/,
      );
    },
  },
  {
    name: "--dry-run=server and diff show what would be, and change nothing",
    async run(kubectl, cluster) {
      const manifest = idle(kubectl, cluster, "dry");
      assertEquals(
        await kubectl.ok(["apply", "--dry-run=server", "-f", "-"], manifest),
        `${qualified}/dry created (server dry run)\n`,
      );
      assertEquals(
        await kubectl.ok(["create", "--dry-run=server", "-o", "jsonpath={.status.phase}", "-f", "-"], manifest),
        "Pending",
      );
      const { code, out } = await kubectl.run(["diff", "-f", "-"], { input: manifest });
      assertEquals(code, 1);
      assertMatch(out, /\n\+kind: WorkflowExecution\n/);
      assertEquals(await kubectl.ok(["get", "wfe", "dry", "--ignore-not-found"]), "");
      const relabelled = execution(kubectl, cluster, {
        name: "slow",
        bundle: "hang",
        metadata: { labels: { team: "b" } },
      });
      const change = await kubectl.run(["diff", "-f", "-"], { input: relabelled });
      assertEquals(change.code, 1, change.err);
      assertMatch(change.out, /\n- {4}team: a\n\+ {4}team: b\n/);
    },
  },
  {
    name: "create takes a generated name, and refuses one that is taken",
    async run(kubectl, cluster) {
      const manifest = idle(kubectl, cluster, "", { metadata: { generateName: "some-" } }).replace('  name: ""\n', "");
      assertMatch(
        await kubectl.ok(["create", "-f", "-", "-o", "name"], manifest),
        new RegExp(`^${qualified}/some-[a-z0-9]{5}\n$`),
      );
      assertEquals(
        await kubectl.refused(["create", "-f", "-"], idle(kubectl, cluster, "late")),
        'Error from server (AlreadyExists): error when creating "STDIN": workflowexecutions.workflowexecution.kubernaut.ai "late" already exists',
      );
    },
  },
  {
    name: "replace needs the object, and the version it was read at",
    async run(kubectl) {
      const read = await kubectl.ok(["get", "configmap", "replaced", "-o", "yaml"]);
      assertEquals(
        await kubectl.ok(["replace", "-f", "-"], read.replace('"1"', '"2"')),
        "configmap/replaced replaced\n",
      );
      assertEquals(
        await kubectl.refused(["replace", "-f", "-"], read.replace('"1"', '"3"')),
        'Error from server (Conflict): error when replacing "STDIN": Operation cannot be fulfilled on configmaps "replaced": ' +
          "the object has been modified; please apply your changes to the latest version and try again",
      );
      assertEquals(
        await kubectl.refused(["replace", "-f", "-"], read.replaceAll("replaced", "absent")),
        'Error from server (NotFound): error when replacing "STDIN": configmaps "absent" not found',
      );
    },
  },
  {
    name: "patch: strategic, merge and JSON for what is built in, merge and JSON for executions",
    async run(kubectl) {
      const patch = async (...args: string[]) => await kubectl.ok(["patch", ...args]);
      assertEquals(
        await patch("configmap", "patched", "-p", '{"data":{"a":null,"b":"1","c":"3"}}'),
        "configmap/patched patched\n",
      );
      await patch("configmap", "patched", "--type=merge", "-p", '{"data":{"c":"4"}}');
      await patch(
        "configmap",
        "patched",
        "--type=json",
        "-p",
        '[{"op":"test","path":"/data/c","value":"4"},{"op":"move","from":"/data/c","path":"/data/d"}]',
      );
      assertEquals(await kubectl.ok(["get", "configmap", "patched", "-o", "jsonpath={.data}"]), '{"b":"1","d":"4"}');
      assertEquals(
        await patch("configmap", "patched", "-p", '{"data":{"d":"4"}}'),
        "configmap/patched patched (no change)\n",
      );
      assertEquals(
        await kubectl.refused([
          "patch",
          "configmap",
          "patched",
          "--type=json",
          "-p",
          '[{"op":"test","path":"/data/d","value":"5"}]',
        ]),
        "The request is invalid: the server rejected our request due to an error in our request",
      );
      assertMatch(
        await kubectl.refused(["patch", "wfe", "slow", "-p", '{"metadata":{"labels":{"x":"y"}}}']),
        /^error: application\/strategic-merge-patch\+json is not supported by workflowexecution\.kubernaut\.ai\/v1alpha1, Kind=WorkflowExecution: /,
      );
      assertEquals(
        await kubectl.refused(["patch", "wfe", "late", "--type=merge", "-p", '{"spec":{"targetResource":"a/b/c"}}']),
        `The WorkflowExecution "late" is invalid: ${immutable}`,
      );
      assertMatch(
        await kubectl.refused([
          "patch",
          "wfe",
          "late",
          "--subresource=status",
          "--type=merge",
          "-p",
          '{"status":{"phase":"Running"}}',
        ]),
        /^The WorkflowExecution "late" is invalid: status: Invalid value: .*a final phase is never left$/,
      );
    },
  },
  {
    name: "edit writes what the editor leaves, and keeps a copy of what was refused",
    async run(kubectl) {
      const edit = async (script: string, ...what: string[]) =>
        await kubectl.run(["edit", ...what], { env: { KUBE_EDITOR: `sed -i ${script}` } });
      assertEquals(await edit(`'s/a: "1"/a: "2"/'`, "configmap", "edited"), {
        code: 0,
        out: "configmap/edited edited\n",
        err: "",
      });
      assertEquals(await kubectl.ok(["get", "configmap", "edited", "-o", "jsonpath={.data.a}"]), "2");
      assertEquals((await edit("s/nothing/else/", "configmap", "edited")).err, "Edit cancelled, no changes made.\n");
      const refused = await edit("'s/workflowId: ok/workflowId: other/'", "wfe", "late");
      assertEquals(refused.code, 1);
      assertMatch(refused.err, /"late" is invalid\nA copy of your changes has been stored to /);
    },
  },
  {
    name: "label and annotate add, refuse to overwrite, and remove",
    async run(kubectl) {
      const mark = async (...args: string[]) =>
        await kubectl.ok([args[0] ?? "", "configmap", "marked", ...args.slice(1)]);
      assertEquals(await mark("label", "a=1"), "configmap/marked labeled\n");
      assertEquals(
        await kubectl.refused(["label", "configmap", "marked", "a=2"]),
        "error: 'a' already has a value (1), and --overwrite is false",
      );
      assertEquals(await mark("label", "a=2", "--overwrite"), "configmap/marked labeled\n");
      assertEquals(await mark("annotate", "note=some text"), "configmap/marked annotated\n");
      assertEquals(await mark("label", "a-"), "configmap/marked unlabeled\n");
      const left = JSON.parse(await kubectl.ok(["get", "configmap", "marked", "-o", "json"])).metadata;
      assertEquals([left.labels, left.annotations], [undefined, { note: "some text" }]);
      const badly = await kubectl.refused(["label", "wfe", "late", "a=not a label"]);
      assert(badly.includes("a valid label must be an empty string or consist of alphanumeric characters"), badly);
    },
  },
];
