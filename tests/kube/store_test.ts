// The laws of the cache: what overwrites what, and what a relist changes.

import { assertEquals, assertThrows } from "@std/assert";
import { compareResourceVersions, keyOf, Store, type Stored } from "../../lib/kube/store.ts";

interface Pod extends Stored {
  readonly nodes: readonly string[];
}

function pod(name: string, version: number, o: Partial<Pod> = {}): Pod {
  return { namespace: "default", name, uid: `uid-${name}`, resourceVersion: String(version), nodes: [], ...o };
}
const newStore = () => new Store<Pod>({ node: (one) => one.nodes });

Deno.test("keyOf: a namespaced and a cluster-scoped object", () => {
  assertEquals(keyOf({ namespace: "a", name: "b" }), "a/b");
  assertEquals(keyOf({ namespace: "", name: "b" }), "b");
});

Deno.test("compareResourceVersions: numbers of any length; what is no number compares as equal", () => {
  const sign = (a: string, b: string) => Math.sign(compareResourceVersions(a, b));
  assertEquals(sign("9", "10"), -1);
  assertEquals(sign("10", "10"), 0);
  assertEquals(sign("18446744073709551615", "18446744073709551614"), 1);
  assertEquals(sign("abc", "1"), 0);
});

Deno.test("store: indexes follow additions, changes and removals", () => {
  const store = newStore();
  const first = pod("a", 1, { nodes: ["x", "y"] });
  assertEquals(store.upsert(first), [{ type: "added", object: first }]);
  assertEquals(store.by("node", "y"), [first]);
  const second = pod("a", 2, { nodes: ["x"] });
  assertEquals(store.upsert(second), [{ type: "modified", object: second, old: first }]);
  assertEquals([store.by("node", "x"), store.by("node", "y")], [[second], []]);
  const last = pod("a", 3);
  assertEquals(store.remove(last), { type: "deleted", object: last, old: second });
  assertEquals([store.by("node", "x"), store.size, store.get("default/a")], [[], 0, undefined]);
  assertThrows(() => store.by("zone", "x"), Error, "Cannot read index zone: the indexes are node");
});

Deno.test("store: an older version never overwrites a newer one, and the same version is no change", () => {
  const store = newStore();
  store.upsert(pod("a", 10));
  assertEquals(store.upsert(pod("a", 9)), []);
  assertEquals(store.upsert(pod("a", 10)), []);
  assertEquals(store.upsert(pod("a", 9, { uid: "former" })), []);
  assertEquals(store.get("default/a"), pod("a", 10));
});

Deno.test("store: an object that took another's name is a deletion and an addition", () => {
  const store = newStore();
  const former = pod("a", 10);
  const next = pod("a", 12, { uid: "next" });
  store.upsert(former);
  assertEquals(store.upsert(next), [
    { type: "deleted", object: former, old: former },
    { type: "added", object: next },
  ]);
});

Deno.test("store: the late deletion of a former object leaves the new one of that name alone", () => {
  const store = newStore();
  store.upsert(pod("a", 12, { uid: "next" }));
  const former = pod("a", 11);
  assertEquals(store.remove(former), { type: "deleted", object: former });
  assertEquals(store.get("default/a")?.uid, "next");
});

Deno.test("store: replace swaps the content and tells the differences, deletions first", () => {
  const store = newStore();
  const [gone, same, old] = [pod("gone", 1), pod("same", 2), pod("changed", 3)];
  for (const one of [gone, same, old]) store.upsert(one);
  const changed = pod("changed", 5);
  const added = pod("added", 4);
  assertEquals(store.replace([pod("same", 2), changed, added], { asOf: "6" }), [
    { type: "deleted", object: gone, old: gone },
    { type: "modified", object: changed, old },
    { type: "added", object: added },
  ]);
  assertEquals([...store.values()].map(keyOf).sort(), ["default/added", "default/changed", "default/same"]);
});

Deno.test("store: replace keeps what was written after the list, and other namespaces", () => {
  const store = newStore();
  store.upsert(pod("own-write", 20));
  store.upsert(pod("elsewhere", 1, { namespace: "other" }));
  assertEquals(store.replace([], { asOf: "19", within: (one) => one.namespace === "default" }), []);
  assertEquals(store.size, 2);
  assertEquals(store.replace([], { asOf: "20", within: (one) => one.namespace === "default" }).length, 1);
});

Deno.test("store: replace without a version takes the list as it is, for history may have gone back", () => {
  const store = newStore();
  store.upsert(pod("a", 100));
  store.upsert(pod("b", 101));
  const restored = pod("a", 50);
  assertEquals(store.replace([restored]).map((one) => one.type), ["deleted", "modified"]);
  assertEquals([...store.values()], [restored]);
});

Deno.test("store: an index gives what is there, whatever came and went under a value before", () => {
  const store = newStore();
  const names = () => store.by("node", "x").map(({ name }) => name);
  store.upsert(pod("a", 1, { nodes: ["x"] }));
  assertEquals(names(), ["a"]);
  store.upsert(pod("a", 2, { nodes: ["x"] }));
  assertEquals(store.by("node", "x").map(({ resourceVersion }) => resourceVersion), ["2"]);
  store.upsert(pod("b", 3, { nodes: ["x"] }));
  assertEquals(names(), ["a", "b"]);
  store.remove(pod("a", 4, { nodes: ["x"] }));
  assertEquals(names(), ["b"]);
  store.upsert(pod("b", 5, { nodes: ["y"] }));
  assertEquals(names(), []);
  store.upsert(pod("c", 6, { nodes: ["x"] }));
  assertEquals(names(), ["c"]);
});
