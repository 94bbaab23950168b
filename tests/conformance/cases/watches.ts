// Options of watches, and what bookmarks, initial events and selections look like in each representation.
import { assertEquals } from "@std/assert";
import type { JSONObject } from "../../../lib/kube/contract.ts";
import type { WatchEvent } from "../backend.ts";
import type { CaseContext, ConformanceCase } from "../harness.ts";

const merge = "application/merge-patch+json";
const meta = (object: JSONObject) => object.metadata as Record<string, unknown>;
const brief = (events: (WatchEvent | undefined)[]) =>
  events.map((event) => event ? `${event.type} ${meta(event.object).name ?? ""}`.trim() : "end");
const streaming = "watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan";
const end = { "k8s.io/initial-events-end": "true" };

export const watchCases: ConformanceCase[] = [];
function conformanceCase(name: string, run: ConformanceCase["run"]): void {
  watchCases.push({ name, run });
}
function forgottenCase(name: string, run: ConformanceCase["run"]): void {
  watchCases.push({ name, run, forgotten: "watches" });
}

async function create({ api, leases }: CaseContext, name: string, labels: JSONObject = {}): Promise<string> {
  return String(meta(await api.ok("POST", leases, { body: { metadata: { name, labels } } })).resourceVersion);
}

const invalid = 'ListOptions.meta.k8s.io "" is invalid:';
const match = "resourceVersionMatch";
const refusals: [name: string, query: string, answer: string][] = [
  [
    "a match without initial events",
    `${match}=NotOlderThan`,
    `422 ${invalid} ${match}: Forbidden: ` +
    `${match} is forbidden for watch unless sendInitialEvents is provided`,
  ],
  [
    "an exact match",
    `sendInitialEvents=true&${match}=Exact&resourceVersion=1`,
    `422 ${invalid} [${match}: Forbidden: ` +
    `sendInitialEvents requires setting ${match} to NotOlderThan, ` +
    `${match}: Unsupported value: "Exact": supported values: "NotOlderThan"]`,
  ],
  [
    "a match with a token",
    `${streaming}&continue=x`,
    `422 ${invalid} ${match}: Forbidden: ` +
    `${match} is forbidden when continue is provided`,
  ],
  [
    "a version that is no number",
    "resourceVersion=abc",
    "500 resourceVersion: " +
    'Invalid value: "abc": strconv.ParseUint: parsing "abc": invalid syntax',
  ],
];
for (const [name, query, answer] of refusals) {
  conformanceCase(`a watch refuses ${name}`, async ({ api, leases }) => {
    const { code, text } = await api.call("GET", `${leases}?watch=true&timeoutSeconds=1&${query}`);
    assertEquals(`${code} ${JSON.parse(text).message}`, answer);
  });
}

forgottenCase("a watch from before the history says Expired, and ends", async ({ api, leases }) => {
  await using watch = await api.watch(`${leases}?watch=true&resourceVersion=1`);
  const first = await watch.next();
  assertEquals([first?.type, first?.object.code, first?.object.reason], ["ERROR", 410, "Expired"]);
  assertEquals(await watch.next(), undefined);
});

conformanceCase("initial events of a version of the future are a Timeout", async ({ api, leases }) => {
  await using watch = await api.watch(`${leases}?${streaming}&resourceVersion=99999999999`);
  const first = await watch.next();
  assertEquals([first?.type, first?.object.code, first?.object.reason, first?.object.details], [
    "ERROR",
    504,
    "Timeout",
    {
      causes: [{ reason: "ResourceVersionTooLarge", message: "Too large resource version" }],
      retryAfterSeconds: 1,
    },
  ]);
});

conformanceCase("initial events without bookmarks are not told to have ended", async (context) => {
  await create(context, "a");
  await using watch = await context.api.watch(`${context.leases}?${streaming}`);
  assertEquals(brief(await watch.take(1)), ["ADDED a"]);
  await create(context, "b");
  assertEquals(brief(await watch.take(1)), ["ADDED b"]);
});

conformanceCase("initial events that are not wanted are not sent", async (context) => {
  const { api, leases } = context;
  await create(context, "a");
  await using watch = await api.watch(
    `${leases}?watch=true&sendInitialEvents=false&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true`,
  );
  await create(context, "b");
  assertEquals(brief(await watch.take(1)), ["ADDED b"]);
});

conformanceCase("a watch of version 0 with bookmarks is told where the initial events end", async (context) => {
  await create(context, "a");
  for (const version of ["", "&resourceVersion=0"]) {
    await using watch = await context.api.watch(`${context.leases}?watch=true&allowWatchBookmarks=true${version}`);
    const [added, bookmark] = await watch.take(2);
    assertEquals([brief([added]), bookmark?.type, meta(bookmark?.object ?? {}).annotations], [
      ["ADDED a"],
      "BOOKMARK",
      end,
    ]);
  }
});

conformanceCase("the bookmark of a Lease is an empty Lease", async (context) => {
  const version = await create(context, "a");
  await using watch = await context.api.watch(
    `${context.leases}?${streaming}&allowWatchBookmarks=true&labelSelector=none`,
  );
  const bookmark = await watch.next();
  const { metadata, ...rest } = bookmark?.object ?? {};
  assertEquals([bookmark?.type, rest], ["BOOKMARK", { kind: "Lease", apiVersion: "coordination.k8s.io/v1", spec: {} }]);
  const { annotations, resourceVersion } = metadata as JSONObject;
  assertEquals([annotations, Number(resourceVersion) >= Number(version)], [end, true]);
});

conformanceCase("a table's watch sends its columns once, and its bookmarks as tables", async (context) => {
  await create(context, "a");
  const table = "application/json;as=Table;v=v1;g=meta.k8s.io";
  await using watch = await context.api.watch(`${context.leases}?${streaming}&allowWatchBookmarks=true`, table);
  const [added, bookmark] = await watch.take(2);
  const columns = (object: JSONObject) =>
    (object.columnDefinitions as { name: string }[] | null)?.map(({ name }) => name);
  assertEquals([added?.object.kind, columns(added?.object ?? {})], ["Table", ["Name", "Holder", "Age"]]);
  assertEquals([bookmark?.type, bookmark?.object.kind, columns(bookmark?.object ?? {})], [
    "BOOKMARK",
    "Table",
    undefined,
  ]);
  const [row] = bookmark?.object.rows as { object: JSONObject }[];
  assertEquals([row?.object.kind, meta(row?.object ?? {}).annotations], ["PartialObjectMetadata", end]);
});

conformanceCase("a watch of metadata sends nothing else", async (context) => {
  await create(context, "a");
  const accept = "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io";
  await using watch = await context.api.watch(`${context.leases}?watch=true`, accept);
  const { kind, apiVersion, spec } = (await watch.next())?.object ?? {};
  assertEquals([kind, apiVersion, spec], ["PartialObjectMetadata", "meta.k8s.io/v1", undefined]);
});

conformanceCase("the older path of a watch still watches, one object too", async (context) => {
  await create(context, "a");
  await create(context, "b");
  const older = context.leases.replace("/v1/", "/v1/watch/");
  await using all = await context.api.watch(`${older}?timeoutSeconds=1`);
  assertEquals(brief(await all.take(2)).sort(), ["ADDED a", "ADDED b"]);
  await using one = await context.api.watch(`${older}/b?timeoutSeconds=1`);
  assertEquals([brief(await one.take(1)), await one.next()], [["ADDED b"], undefined]);
});

conformanceCase("a deletion is seen by whoever selected the object, and by nobody else", async (context) => {
  const { api, leases } = context;
  const from = await create(context, "a", { k: "v" });
  await using selecting = await api.watch(`${leases}?watch=true&labelSelector=k%3Dv&resourceVersion=${from}`);
  await using other = await api.watch(`${leases}?watch=true&labelSelector=k%3Dw&resourceVersion=${from}`);
  await api.ok("PATCH", `${leases}/a`, { type: merge, body: { metadata: { annotations: { x: "y" } } } });
  await api.ok("DELETE", `${leases}/a`);
  await create(context, "last", { k: "w" });
  assertEquals(brief(await selecting.take(2)), ["MODIFIED a", "DELETED a"]);
  assertEquals(brief(await other.take(1)), ["ADDED last"]);
});
