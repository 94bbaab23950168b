// The pure parts of the simulated API server: patches, selectors, pruning, validation, rules, paths, durations, protobuf.
import { assertEquals, assertThrows } from "@std/assert";
import type { JSONObject, JSONValue } from "../../lib/kube/contract.ts";
import { ManualClock } from "../../lib/clock.ts";
import { ApiServer } from "../../lib/sim/api_server.ts";
import { compileRules, loadRuleLanguage } from "../../lib/sim/cel.ts";
import { parseGoDuration } from "../../lib/sim/go_duration.ts";
import { asObject } from "../../lib/sim/objects.ts";
import { jsonPatch, mergePatch } from "../../lib/sim/patch.ts";
import { decodeProtobuf } from "../../lib/sim/protobuf.ts";
import { requestInfo } from "../../lib/sim/request_info.ts";
import { type Schema, validate } from "../../lib/sim/schema.ts";
import { labelSelector } from "../../lib/sim/selectors.ts";
import { ApiError } from "../../lib/sim/status.ts";
import { strategicMerge } from "../../lib/sim/strategic_merge.ts";
import { normalize } from "../../lib/sim/structure.ts";
import { age, jsonPath } from "../../lib/sim/table.ts";

const merges: [name: string, target: JSONValue, patch: JSONValue, result: JSONValue][] = [
  ["adds and replaces", { a: 1, b: 2 }, { b: 3, c: 4 }, { a: 1, b: 3, c: 4 }],
  ["removes by null", { a: 1, b: { c: 1, d: 2 } }, { a: null, b: { c: null } }, { b: { d: 2 } }],
  ["replaces a list whole", { a: [1, 2] }, { a: [3] }, { a: [3] }],
  ["drops nulls of a new object", {}, { a: { b: null, c: 1 } }, { a: { c: 1 } }],
  ["replaces a scalar by an object", { a: 1 }, { a: { b: 1 } }, { a: { b: 1 } }],
];
for (const [name, target, patch, result] of merges) {
  Deno.test(`mergePatch() ${name}`, () => assertEquals(mergePatch(target, patch), result));
}

const patches: [name: string, operations: JSONValue, result: JSONObject][] = [
  ["inserts into a list", [{ op: "add", path: "/l/1", value: 9 }], { l: [1, 9, 2], o: { "a/b": 1 } }],
  ["appends with -", [{ op: "add", path: "/l/-", value: 9 }], { l: [1, 2, 9], o: { "a/b": 1 } }],
  ["removes an item", [{ op: "remove", path: "/l/0" }], { l: [2], o: { "a/b": 1 } }],
  ["reads escaped keys", [{ op: "replace", path: "/o/a~1b", value: 2 }], { l: [1, 2], o: { "a/b": 2 } }],
  ["moves", [{ op: "move", from: "/l", path: "/o/l" }], { o: { "a/b": 1, l: [1, 2] } }],
  ["copies", [{ op: "copy", from: "/o", path: "/p" }], { l: [1, 2], o: { "a/b": 1 }, p: { "a/b": 1 } }],
  ["copies null from what is absent", [{ op: "copy", from: "/none", path: "/p" }], {
    l: [1, 2],
    o: { "a/b": 1 },
    p: null,
  }],
  ["counts from the end", [{ op: "add", path: "/l/-1", value: 9 }, { op: "remove", path: "/l/-2" }], {
    l: [1, 9],
    o: { "a/b": 1 },
  }],
  ["tests for absence with null", [{ op: "test", path: "/none", value: null }], { l: [1, 2], o: { "a/b": 1 } }],
];
for (const [name, operations, result] of patches) {
  Deno.test(`jsonPatch() ${name}`, () => assertEquals(jsonPatch({ l: [1, 2], o: { "a/b": 1 } }, operations), result));
}

const impossible: JSONValue[] = [
  [{ op: "test", path: "/a", value: 2 }],
  [{ op: "remove", path: "/none" }],
  [{ op: "add", path: "/none/x", value: 1 }],
  [{ op: "add", path: "/l/7", value: 1 }],
  [{ op: "remove", path: "/l/x" }],
  [{ op: "move", from: "/none", path: "/x" }],
  [{ op: "odd", path: "/a" }],
];
for (const operations of impossible) {
  Deno.test(`jsonPatch() refuses ${JSON.stringify(operations)}, and leaves the target alone`, () => {
    const target = { a: 1, l: [] };
    const error = assertThrows(() => jsonPatch(target, operations), ApiError);
    assertEquals([error.code, error.reason, target], [422, "Invalid", { a: 1, l: [] }]);
  });
}

Deno.test("strategicMerge() merges lists by their key and understands $patch: delete", () => {
  const target = { conditions: [{ type: "A", status: "True" }, { type: "B", status: "True" }], args: [1] };
  const patch = {
    conditions: [{ type: "A", $patch: "delete" }, { type: "B", status: "False" }, { type: "C" }],
    args: [2],
  };
  assertEquals(strategicMerge(target, patch), {
    conditions: [{ type: "B", status: "False" }, { type: "C" }],
    args: [2],
  });
});

const selected: [selector: string, labels: Record<string, string>, matches: boolean][] = [
  ["a=b", { a: "b" }, true],
  ["a==b,c!=d", { a: "b", c: "d" }, false],
  ["a!=b", {}, true],
  ["a in (x, y),c", { a: "y", c: "" }, true],
  ["a notin (x)", {}, true],
  ["!a", { a: "" }, false],
];
for (const [selector, labels, matches] of selected) {
  Deno.test(`labelSelector() ${selector} on ${JSON.stringify(labels)} is ${matches}`, () => {
    assertEquals(labelSelector(selector)({ apiVersion: "v1", kind: "X", metadata: { labels } }), matches);
  });
}

const schema: Schema = {
  type: "object",
  properties: {
    spec: {
      type: "object",
      properties: {
        mode: { type: "string", default: "fast", enum: ["fast", "slow"] },
        free: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
        port: { "x-kubernetes-int-or-string": true },
        items: { type: "array", maxItems: 1, items: { type: "object", properties: { name: { type: "string" } } } },
      },
    },
  },
};
const object = (spec: JSONObject) => asObject({ apiVersion: "x/v1", kind: "X", metadata: { name: "a" }, spec });

Deno.test("normalize() prunes what is unknown, keeps what is preserved, and fills in defaults", () => {
  const { object: normal, unknown } = normalize(
    object({ free: { any: 1 }, odd: 1, items: [{ name: "n", odd: 2 }] }),
    schema,
  );
  assertEquals(normal.spec, { free: { any: 1 }, items: [{ name: "n" }], mode: "fast" });
  assertEquals(unknown, ["spec.items[0].odd", "spec.odd"]);
});

Deno.test("validate() holds nothing unchanged against an update", () => {
  const old = object({ mode: "gone", port: true });
  assertEquals(validate(old, schema).map((fault) => fault.field), ["spec.mode", "spec.port"]);
  assertEquals(validate(object({ mode: "gone", port: true, free: {} }), schema, old), []);
});

Deno.test("rules with oldSelf hold for updates only, a message may be an expression, and text that is no rule refuses", async () => {
  const rule = (rule: string, more = {}): Schema => ({
    type: "object",
    properties: { n: { type: "integer", "x-kubernetes-validations": [{ rule, ...more }] } },
  });
  const language = await loadRuleLanguage();
  const check = (of: Schema, n: number, old?: number) => {
    const value = (n: number) => ({ apiVersion: "x/v1", kind: "X", metadata: {}, n });
    return (compileRules(of)?.check(language, value(n), old === undefined ? undefined : value(old)) ?? []).map((
      fault,
    ) => fault.message);
  };
  const grows = rule("self >= oldSelf", { messageExpression: "'was ' + string(oldSelf)" });
  assertEquals([check(grows, 1), check(grows, 1, 2), check(grows, 3, 2)], [[], ["Invalid value: 1: was 2"], []]);
  assertEquals(check(rule("self < 5"), 7), ["Invalid value: 7: failed rule: self < 5"]);
  assertEquals(check(rule("self <"), 1).length, 1);
});

Deno.test("jsonPath() reads fields, quoted keys, unions, indexes and filters", () => {
  const value = { a: { "b.c": 1, d: 2 }, l: [{ type: "X", status: "True" }, { type: "Y", status: "False" }] };
  const read = (path: string) => jsonPath(path)(value);
  assertEquals(read(".a.d"), [2]);
  assertEquals(read(".a['b.c','d']"), [1, 2]);
  assertEquals(read(".l[1].status"), ["False"]);
  assertEquals(read('.l[?(@.type=="X")].status'), ["True"]);
  assertEquals(read(".l[*].type"), ["X", "Y"]);
  assertEquals(read(".none.x"), []);
});

Deno.test("age() is worded as kubectl words it", () => {
  const ages = [0, 119, 120, 150, 3600 * 3, 3600 * 5 + 60, 3600 * 48, 3600 * 24 * 9];
  const nowMs = Date.UTC(2026, 0, 1);
  const shown = ages.map((seconds) => age(new Date(nowMs - seconds * 1000).toISOString(), nowMs));
  assertEquals(shown, ["0s", "119s", "2m", "2m30s", "3h", "5h1m", "2d", "9d"]);
});

Deno.test("a table's watch tells the age of an object at the time of each event, as kubectl get --watch shows it", async () => {
  const clock = new ManualClock();
  using server = new ApiServer({ clock });
  const url = "http://sim/api/v1/namespaces/default/configmaps";
  const accept = "application/json;as=Table;v=v1;g=meta.k8s.io";
  const { body } = await server.handle(new Request(`${url}?watch=true`, { headers: { accept } }));
  server.install({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a" } });
  clock.advance(3_000);
  const headers = { "content-type": "application/merge-patch+json" };
  const patch = JSON.stringify({ data: { key: "value" } });
  await server.handle(new Request(`${url}/a`, { method: "PATCH", headers, body: patch }));
  server.watches.close();
  const events = (await new Response(body).text()).trim().split("\n").map((line) => JSON.parse(line));
  assertEquals(events.map(({ type, object: { rows: [{ cells }] } }) => [type, ...cells]), [
    ["ADDED", "a", 0, "0s"],
    ["MODIFIED", "a", 1, "3s"],
  ]);
});

Deno.test("parseGoDuration() reads what Go reads, and nothing else", () => {
  assertEquals(["1h30m", "2.5s", "100ms", "-1m", "0"].map(parseGoDuration), [5_400_000, 2500, 100, -60_000, 0]);
  assertEquals(["", "1", "1d", "h", "1 m"].map(parseGoDuration), [
    undefined,
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});

Deno.test("requestInfo() names verb, resource, subresource, namespace and name", () => {
  const brief = (method: string, path: string) => {
    const { verb, group, version, resource, subresource, namespace, name } = requestInfo(
      method,
      new URL(`http://x${path}`),
    );
    return [verb, group, version, resource, subresource, namespace, name].join(" ");
  };
  assertEquals(brief("GET", "/api/v1/namespaces"), "list  v1 namespaces   ");
  assertEquals(brief("DELETE", "/api/v1/namespaces/x"), "delete  v1 namespaces  x x");
  assertEquals(brief("PATCH", "/api/v1/namespaces/x/status"), "patch  v1 namespaces status x x");
  assertEquals(brief("GET", "/apis/g.io/v1/things?watch=true"), "watch g.io v1 things   ");
  assertEquals(brief("PUT", "/apis/g.io/v1/namespaces/n/things/t/status"), "update g.io v1 things status n t");
  assertEquals(brief("DELETE", "/apis/g.io/v1/namespaces/n/things"), "deletecollection g.io v1 things  n ");
  assertEquals(brief("GET", "/healthz"), "get      ");
});

Deno.test("decodeProtobuf() reads a ConfigMap as kubectl sends it, and no unknown kind", () => {
  const field = (number: number, content: number[]) => [number * 8 + 2, content.length, ...content];
  const text = (number: number, value: string) => field(number, [...new TextEncoder().encode(value)]);
  const body = (kind: string) => {
    const message = [...field(1, text(1, "c")), ...field(2, [...text(1, "k"), ...text(2, "v")])];
    const envelope = [...field(1, [...text(1, "v1"), ...text(2, kind)]), ...field(2, message)];
    return new Uint8Array([...new TextEncoder().encode("k8s\0"), ...envelope]);
  };
  assertEquals(decodeProtobuf(body("ConfigMap")), {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "c" },
    data: { k: "v" },
  });
  assertEquals(decodeProtobuf(body("Deployment")), undefined);
});
