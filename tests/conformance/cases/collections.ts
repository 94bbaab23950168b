// Lists and watches: selectors, chunks, versions, initial events, bookmarks, and what a watch says of an object that moves in
// and out of its selector.
import { assert, assertEquals } from "@std/assert";
import type { JSONObject } from "../../../lib/kube/contract.ts";
import type { WatchEvent } from "../backend.ts";
import { type ConformanceCase, execution } from "../harness.ts";

const merge = "application/merge-patch+json";
const meta = (object: JSONObject) => object.metadata as Record<string, string>;
const names = (list: JSONObject) => (list.items as JSONObject[]).map((item) => meta(item).name);
const brief = (events: WatchEvent[]) => events.map(({ type, object }) => `${type} ${meta(object).name ?? ""}`.trim());
const revision = async (api: { ok: (m: string, p: string) => Promise<JSONObject> }, path: string) =>
  meta(await api.ok("GET", path)).resourceVersion;

export const collectionCases: ConformanceCase[] = [];
function conformanceCase(name: string, run: ConformanceCase["run"]): void {
  collectionCases.push({ name, run });
}

conformanceCase("label and field selectors choose", async ({ api, leases }) => {
  for (const [name, tier] of [["a", "x"], ["b", "y"], ["c", "x"]]) {
    await api.ok("POST", leases, { body: { metadata: { name: name ?? "", labels: { tier: tier ?? "" } } } });
  }
  const chosen = async (query: string) => names(await api.ok("GET", `${leases}?${query}`));
  assertEquals(await chosen("labelSelector=tier%3Dx"), ["a", "c"]);
  assertEquals(await chosen("labelSelector=tier!%3Dx"), ["b"]);
  assertEquals(await chosen("labelSelector=tier+in+(x,y),!other"), ["a", "b", "c"]);
  assertEquals(await chosen("labelSelector=tier+notin+(y)"), ["a", "c"]);
  assertEquals(await chosen("fieldSelector=metadata.name%3Db"), ["b"]);
});

conformanceCase("an unknown field cannot be selected by", async ({ api, configMaps, executions }) => {
  const builtin = await api.call("GET", `${configMaps}?fieldSelector=data.x%3D1`);
  assertEquals([builtin.code, builtin.body.message], [
    400,
    '"data.x" is not a known field selector: only "metadata.name", "metadata.namespace"',
  ]);
  const custom = await api.call("GET", `${executions}?fieldSelector=spec.x%3D1`);
  assertEquals([custom.code, custom.body.message], [400, "field label not supported: spec.x"]);
});

conformanceCase("a list comes in chunks of one version", async ({ api, leases }) => {
  for (const name of ["a", "b", "c", "d", "e"]) await api.ok("POST", leases, { body: { metadata: { name } } });
  const first = await api.ok("GET", `${leases}?limit=2`);
  await api.ok("DELETE", `${leases}/d`);
  const second = await api.ok("GET", `${leases}?limit=2&continue=${encodeURIComponent(meta(first).continue ?? "")}`);
  const third = await api.ok("GET", `${leases}?limit=2&continue=${encodeURIComponent(meta(second).continue ?? "")}`);
  assertEquals([names(first), names(second), names(third)], [["a", "b"], ["c", "d"], ["e"]]);
  assertEquals([meta(first).remainingItemCount as unknown, meta(second).remainingItemCount as unknown], [3, 1]);
  assertEquals([meta(second).resourceVersion, meta(third).continue || undefined], [
    meta(first).resourceVersion,
    undefined,
  ]);
});

conformanceCase(
  "items of a built-in list carry no kind, those of a custom one do",
  async ({ api, leases, executions }) => {
    await api.ok("POST", leases, { body: { metadata: { name: "a" } } });
    await api.ok("POST", executions, { body: execution("a") });
    const kinds = async (path: string) => {
      const list = await api.ok("GET", path);
      return [list.kind, ((list.items as JSONObject[])[0] ?? {}).kind];
    };
    assertEquals([await kinds(leases), await kinds(executions)], [["LeaseList", undefined], [
      "WorkflowExecutionList",
      "WorkflowExecution",
    ]]);
  },
);

conformanceCase("a version of the future is a Timeout", async ({ api, leases }) => {
  const { code, body } = await api.call("GET", `${leases}?resourceVersion=99999999999`);
  assertEquals([code, body.reason], [504, "Timeout"]);
  assertEquals(body.details, {
    causes: [{ reason: "ResourceVersionTooLarge", message: "Too large resource version" }],
    retryAfterSeconds: 1,
  });
});

conformanceCase("list options that contradict each other are refused", async ({ api, leases }) => {
  const refused = async (query: string) => {
    const { code, body } = await api.call("GET", `${leases}?${query}`);
    return `${code} ${body.message}`;
  };
  assertEquals(
    await refused("resourceVersionMatch=Exact"),
    '422 ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided',
  );
  assertEquals(
    await refused("sendInitialEvents=true"),
    '422 ListOptions.meta.k8s.io "" is invalid: sendInitialEvents: Forbidden: sendInitialEvents is forbidden for list',
  );
  assertEquals((await refused("resourceVersion=abc")).slice(0, 3), "400");
});

conformanceCase("a watch tells what happened after its version", async ({ api, leases }) => {
  await api.ok("POST", leases, { body: { metadata: { name: "old" } } });
  await using watch = await api.watch(`${leases}?watch=true&resourceVersion=${await revision(api, leases)}`);
  await api.ok("POST", leases, { body: { metadata: { name: "a" } } });
  await api.ok("PATCH", `${leases}/a`, { type: merge, body: { metadata: { labels: { k: "v" } } } });
  const before = await api.ok("GET", `${leases}/a`);
  await api.ok("DELETE", `${leases}/a`);
  const events = await watch.take(3);
  assertEquals(brief(events), ["ADDED a", "MODIFIED a", "DELETED a"]);
  const last = meta(events[2]?.object ?? {});
  assert(Number(last.resourceVersion) > Number(meta(before).resourceVersion));
  assertEquals([last.labels as unknown, last.deletionTimestamp], [{ k: "v" }, undefined]);
});

conformanceCase("a watch without a version begins with what is there", async ({ api, leases }) => {
  for (const name of ["a", "b"]) await api.ok("POST", leases, { body: { metadata: { name } } });
  await using watch = await api.watch(`${leases}?watch=true`);
  assertEquals(brief(await watch.take(2)).sort(), ["ADDED a", "ADDED b"]);
});

conformanceCase("a streaming list ends with a bookmark that says so", async ({ api, executions }) => {
  for (const name of ["a", "b"]) await api.ok("POST", executions, { body: execution(name) });
  const query = "watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true";
  await using watch = await api.watch(`${executions}?${query}`);
  const events = await watch.take(3);
  assertEquals(brief(events.slice(0, 2)), ["ADDED a", "ADDED b"]);
  const { type, object } = events[2] ?? { type: "", object: {} };
  assertEquals([type, object.kind, (object.metadata as JSONObject).annotations], ["BOOKMARK", "WorkflowExecution", {
    "k8s.io/initial-events-end": "true",
  }]);
  await api.ok("POST", executions, { body: execution("c") });
  assertEquals(brief(await watch.take(1)), ["ADDED c"]);
});

conformanceCase("sendInitialEvents needs resourceVersionMatch", async ({ api, leases }) => {
  const { code } = await api.call("GET", `${leases}?watch=true&sendInitialEvents=true&timeoutSeconds=1`);
  assertEquals(code, 422);
});

conformanceCase("a selecting watch sees an object come and go by its labels", async ({ api, leases }) => {
  await api.ok("POST", leases, { body: { metadata: { name: "a" } } });
  const from = await revision(api, leases);
  await using watch = await api.watch(`${leases}?watch=true&labelSelector=k%3Dv&resourceVersion=${from}`);
  const label = (k: string | null) =>
    api.ok("PATCH", `${leases}/a`, { type: merge, body: { metadata: { labels: { k } } } });
  await label("v");
  const out = await label("w");
  const events = await watch.take(2);
  assertEquals(brief(events), ["ADDED a", "DELETED a"]);
  assertEquals([meta(events[1]?.object ?? {}).resourceVersion, meta(events[1]?.object ?? {}).labels as unknown], [
    meta(out).resourceVersion,
    { k: "v" },
  ]);
});

conformanceCase("a watch by name sees that object alone", async ({ api, leases }) => {
  const from = await revision(api, leases);
  await using watch = await api.watch(`${leases}?watch=true&fieldSelector=metadata.name%3Db&resourceVersion=${from}`);
  for (const name of ["a", "b"]) await api.ok("POST", leases, { body: { metadata: { name } } });
  assertEquals(brief(await watch.take(1)), ["ADDED b"]);
});

conformanceCase("a watch ends after its timeoutSeconds", async ({ api, leases }) => {
  await using watch = await api.watch(
    `${leases}?watch=true&timeoutSeconds=1&resourceVersion=${await revision(api, leases)}`,
  );
  assertEquals(await watch.next(), undefined);
});

conformanceCase(
  "an object held by a finalizer is MODIFIED when deleted and DELETED when released",
  async ({ api, executions }) => {
    await api.ok("POST", executions, { body: execution("a", {}, { finalizers: ["k.dev/held"] }) });
    await using watch = await api.watch(`${executions}?watch=true&resourceVersion=${await revision(api, executions)}`);
    await api.ok("DELETE", `${executions}/a`);
    await api.ok("PATCH", `${executions}/a`, { type: merge, body: { metadata: { finalizers: null } } });
    const events = await watch.take(2);
    assertEquals(brief(events), ["MODIFIED a", "DELETED a"]);
    assert(meta(events[1]?.object ?? {}).deletionTimestamp);
    assertEquals(meta(events[1]?.object ?? {}).finalizers as unknown, ["k.dev/held"]);
  },
);
