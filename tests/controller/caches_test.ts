// What a cache does with own writes and with what was deleted: nothing comes back, nothing stays for ever, nothing is kept
// that no watch tells of.

import { assertEquals } from "@std/assert";
import { ManualClock } from "../../lib/clock.ts";
import { Cache, createCaches } from "../../lib/controller/caches.ts";
import type { RestClient } from "../../lib/kube/contract.ts";
import { ConnectionError } from "../../lib/kube/errors.ts";
import { type Change, Informer } from "../../lib/kube/informer.ts";
import { silentLogger } from "../../lib/log.ts";
import type { PipelineRun } from "../../lib/workflow/pipeline_run.ts";
import { pipelineRun } from "../support/builders.ts";

const nobody = {
  performRequest: () => Promise.reject(new Error("nobody is asked")),
  close() {},
} as unknown as RestClient;

/** A cache, and the hand that tells it of deletions as its watch would. */
function cacheOver(paths: string[]) {
  const clock = new ManualClock();
  const informer = new Informer<PipelineRun>({
    client: nobody,
    clock,
    log: silentLogger,
    name: "pipelineruns",
    paths,
    project: () => pipelineRun(),
  });
  let tell = (_: Change<PipelineRun>) => {};
  const onChange = informer.onChange.bind(informer);
  informer.onChange = (handler) => {
    tell = handler;
    onChange(handler);
  };
  const cache = new Cache(informer, clock);
  const deleted = (uid: string) => tell({ type: "deleted", object: pipelineRun({ uid }), initial: false });
  return { cache, clock, deleted };
}

const everywhere = ["/apis/tekton.dev/v1/pipelineruns"];

Deno.test("Cache: an own write enters, unless its object was seen to be deleted", () => {
  const { cache, deleted } = cacheOver(everywhere);
  deleted("uid-gone");
  cache.wrote(pipelineRun({ name: "gone", uid: "uid-gone" }));
  cache.wrote(pipelineRun());
  assertEquals([cache.get({ namespace: "payment", name: "gone" })?.uid, cache.get(pipelineRun())?.uid], [
    undefined,
    "uid-run",
  ]);
});

Deno.test("Cache: an own write in a namespace that nobody watches is not kept, for nobody would correct it", () => {
  const { cache } = cacheOver(["/apis/tekton.dev/v1/namespaces/apps/pipelineruns"]);
  cache.wrote(pipelineRun());
  cache.wrote(pipelineRun({ namespace: "apps" }));
  assertEquals([...cache.informer.store.values()].map(({ namespace }) => namespace), ["apps"]);
});

Deno.test("createCaches: a namespace that is named twice is watched once", async () => {
  const asked: string[] = [];
  const client = {
    performRequest: ({ path }: { path: string }) => {
      asked.push(path);
      return Promise.reject(new ConnectionError("nobody answers"));
    },
  } as unknown as RestClient;
  const caches = createCaches({
    client,
    clock: new ManualClock(),
    log: silentLogger,
    namespaces: ["apps", "apps"],
    executionNamespace: "",
    lockNamespace: "kubernaut-system",
  });
  const end = new AbortController();
  const running = caches.pipelineRuns.informer.run(end.signal);
  end.abort();
  await running;
  assertEquals(asked, ["/apis/tekton.dev/v1/namespaces/apps/pipelineruns"]);
});

Deno.test("Cache: what was deleted is remembered for ten minutes", () => {
  const { cache, clock, deleted } = cacheOver(everywhere);
  deleted("first");
  clock.advance(10 * 60_000 - 1);
  deleted("second");
  assertEquals(cache.lastSeen("first")?.uid, "first");
  clock.advance(1);
  deleted("third");
  assertEquals(["first", "second", "third"].map((uid) => cache.lastSeen(uid)?.uid), [undefined, "second", "third"]);
});

Deno.test("Cache: of many deleted at once ten thousand are remembered, the latest", () => {
  const { cache, deleted } = cacheOver(everywhere);
  for (let i = 0; i < 10_001; i++) deleted(`uid-${i}`);
  assertEquals(["uid-0", "uid-1", "uid-10000"].map((uid) => cache.lastSeen(uid)?.uid), [
    undefined,
    "uid-1",
    "uid-10000",
  ]);
});
