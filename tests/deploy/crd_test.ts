// The CustomResourceDefinition in deploy/crd: complete, explained, and in step with the rules of the specification.
import { assert, assertEquals } from "@std/assert";
import { yaml } from "../../deps.ts";
import { workflowExecutionCrd } from "../../lib/codegen/builtin.ts";
import { checkObj, checkStr, type JSONObject, type JSONValue, readList } from "../../lib/kube/contract.ts";

const crd = checkObj(yaml.parse(workflowExecutionCrd.text));
const version = readList(checkObj(crd["spec"])["versions"], checkObj)[0] ?? {};
const schema = checkObj(checkObj(version["schema"])["openAPIV3Schema"]);

/** The schema at a path of properties. */
function at(path: string, from: JSONObject = schema): JSONObject {
  return path.split(".").reduce((node, name) => checkObj(checkObj(node["properties"])[name]), from);
}

/** The texts of the CEL rules there. */
function rules(node: JSONObject): string[] {
  return readList(node["x-kubernetes-validations"] ?? [], (raw) => checkStr(checkObj(raw)["rule"]));
}

function fieldsBelow(node: JSONObject, path: string): { path: string; schema: JSONObject }[] {
  const inner = checkObj(node["items"] ?? node);
  return Object.entries(checkObj(inner["properties"] ?? {})).flatMap(([name, raw]) => {
    const field = { path: `${path}.${name}`, schema: checkObj(raw) };
    return [field, ...fieldsBelow(field.schema, field.path)];
  });
}

Deno.test("the definition names group, kind, short name and category, and serves v1alpha1 with a status subresource", () => {
  const spec = checkObj(crd["spec"]);
  assertEquals(checkObj(crd["metadata"])["name"], "workflowexecutions.workflowexecution.kubernaut.ai");
  assertEquals([spec["group"], spec["scope"]], ["workflowexecution.kubernaut.ai", "Namespaced"]);
  assertEquals(spec["names"], {
    kind: "WorkflowExecution",
    listKind: "WorkflowExecutionList",
    plural: "workflowexecutions",
    singular: "workflowexecution",
    shortNames: ["wfe"],
    categories: ["kubernaut"],
  });
  assertEquals([version["name"], version["served"], version["storage"]], ["v1alpha1", true, true]);
  assertEquals(version["subresources"], { status: {} });
});

Deno.test("kubectl get shows phase, workflow, target, duration and age, and the reason with -o wide", () => {
  assertEquals(
    readList(version["additionalPrinterColumns"], checkObj).map((c) => [c["name"], c["priority"] ?? 0, c["jsonPath"]]),
    [
      ["Phase", 0, ".status.phase"],
      ["WorkflowID", 0, ".spec.workflowRef.workflowId"],
      ["Target", 0, ".spec.targetResource"],
      ["Duration", 0, ".status.duration"],
      ["Reason", 1, ".status['skipDetails','failureDetails'].reason"],
      ["Age", 0, ".metadata.creationTimestamp"],
    ],
  );
});

Deno.test("kubectl explain explains every field", () => {
  const fields = [...fieldsBelow(at("spec"), "spec"), ...fieldsBelow(at("status"), "status")];
  assert(fields.length > 60, String(fields.length));
  assertEquals(fields.filter(({ schema }) => !schema["description"]).map(({ path }) => path), []);
});

Deno.test("what must be there is required, and the closed sets are the specification's", () => {
  assertEquals(schema["required"], ["spec"]);
  assertEquals(at("spec")["required"], ["remediationRequestRef", "workflowRef", "targetResource"]);
  assertEquals(at("spec.remediationRequestRef")["required"], ["name"]);
  assertEquals(at("spec.workflowRef")["required"], ["workflowId", "version", "containerImage"]);
  assertEquals(at("status.phase")["enum"], ["Pending", "Running", "Completed", "Failed", "Skipped"]);
  assertEquals(at("status.outcome")["enum"], ["Success", "Failure", "Skipped"]);
  assertEquals(at("status.skipDetails.reason")["enum"], ["ResourceBusy", "RecentlyRemediated"]);
  assertEquals(at("status.failureDetails.reason")["enum"], [
    "OOMKilled",
    "DeadlineExceeded",
    "Forbidden",
    "ResourceExhausted",
    "ConfigurationError",
    "ImagePullBackOff",
    "Unknown",
  ]);
  assertEquals(at("status")["default"], { phase: "Pending" });
  const conditions = at("status.conditions");
  assertEquals([conditions["x-kubernetes-list-type"], conditions["x-kubernetes-list-map-keys"]], ["map", ["type"]]);
});

Deno.test("every time is a date-time, and no words of a truth value slipped in as a boolean", () => {
  const status = fieldsBelow(at("status"), "status");
  const times = status.filter(({ path }) => /(Time|At)$/.test(path));
  assertEquals(times.map(({ schema }) => schema["format"]), times.map(() => "date-time"));
  const words = status.flatMap(({ schema }) => Array.isArray(schema["enum"]) ? schema["enum"] : []);
  assertEquals(words.filter((word: JSONValue) => typeof word !== "string"), []);
});

Deno.test("the rules: an immutable spec, a final phase, limits of parameters and timeout", () => {
  assertEquals(rules(at("spec")), ["self == oldSelf"]);
  assertEquals(rules(at("status")), [
    "!(has(oldSelf.phase) && oldSelf.phase in ['Completed','Failed','Skipped']) || (has(self.phase) && self.phase == oldSelf.phase)",
  ]);
  assertEquals(rules(at("spec.parameters")).length, 1);
  assertEquals(at("spec.parameters")["maxProperties"], 128);
  assertEquals(rules(at("spec.executionConfig.timeout")).length, 1);
});

/** The regular expression of a rule `self.matches('…')`; CEL's RE2 and JavaScript agree on what it uses. */
function pattern(rule: string): RegExp {
  const source = /self\.matches\('((?:[^'\\]|\\.)*)'\)/.exec(rule)?.[1] ?? "no pattern";
  return new RegExp(source.replaceAll("\\\\", "\\"));
}

for (
  const [target, fits] of [
    ["payment/deployment/payment-api", true],
    ["node/worker-1", true],
    ["node/ip-10-0-0-1.ec2.internal", true],
    ["shop/certificate.cert-manager.io/www.example.com", true],
    ["deployment", false],
    ["a/b/c/d", false],
    ["a//b", false],
    ["/deployment/x", false],
    ["a/deployment/", false],
    ["Payment/deployment/x", false],
    ["payment/Deployment/x", false],
    ["payment/deployment/Payment", false],
    ["payment.eu/deployment/x", false],
    ["payment/deployment./x", false],
    ["payment/deployment/x-", false],
    ["payment/deployment/x y", false],
    [`${"n".repeat(64)}/deployment/x`, false],
  ] satisfies [string, boolean][]
) {
  Deno.test(`the pattern of targetResource ${fits ? "takes" : "refuses"} ${target.slice(0, 60)}`, () => {
    assertEquals(pattern(rules(at("spec.targetResource"))[0] ?? "").test(target), fits);
  });
}

Deno.test("the pattern of timeout takes Go durations only", () => {
  const timeout = pattern(rules(at("spec.executionConfig.timeout"))[0] ?? "");
  assertEquals(["30m", "1h30m", "1.5h", "90s", "500ms"].filter((text) => !timeout.test(text)), []);
  assertEquals(["30", "m", "1d", "-5m", " 5m", "5 m", ""].filter((text) => timeout.test(text)), []);
});
