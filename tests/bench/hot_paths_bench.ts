// What a running controller does most: watch bytes into values, values into the store, a target into its lock's name.

import { systemClock } from "../../lib/clock.ts";
import { JsonLines } from "../../lib/kube/json_lines.ts";
import { keyOf, Store, type Stored } from "../../lib/kube/store.ts";
import { ApiServer } from "../../lib/sim/api_server.ts";
import { lockName } from "../../lib/workflow/lock.ts";
import { canonicalTarget, parseTarget } from "../../lib/workflow/target.ts";

const recorded = new URL("../fixtures/tekton/watch-exit-code.pipelineruns.ndjson", import.meta.url);

Deno.bench("json_lines: a recorded watch stream, in chunks of 4 KiB", { group: "watch" }, (b) => {
  const bytes = Deno.readFileSync(recorded);
  b.start();
  const lines = new JsonLines();
  for (let from = 0; from < bytes.length; from += 4096) lines.push(bytes.subarray(from, from + 4096));
  lines.end();
  b.end();
});

interface Run extends Stored {
  readonly target: string;
}

const run = (number: number, resourceVersion: number): Run => ({
  namespace: "payment",
  name: `run-${number}`,
  uid: `uid-${number}`,
  resourceVersion: String(resourceVersion),
  target: `payment/deployment/api-${number % 100}`,
});

Deno.bench("store: 10,000 objects put in and each changed once, with an index", { group: "store" }, (b) => {
  const objects = [1, 2].flatMap((round) => Array.from({ length: 10_000 }, (_, number) => run(number, round)));
  b.start();
  const store = new Store<Run>({ target: ({ target }) => [target] });
  for (const object of objects) store.upsert(object);
  b.end();
  if (store.get(keyOf(run(0, 2)))?.resourceVersion !== "2") throw new Error("the store holds an old version");
});

Deno.bench("lock: a target as written to its Lease's name", { group: "lock" }, () => {
  lockName(canonicalTarget(parseTarget("deploy/payment-api", "payment")));
});

Deno.bench("sim: 100 ConfigMaps created", { group: "sim" }, async (b) => {
  using server = new ApiServer({ clock: systemClock });
  b.start();
  for (let number = 0; number < 100; number++) {
    const body = JSON.stringify({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: `map-${number}` } });
    const headers = { "content-type": "application/json" };
    const url = "http://sim/api/v1/namespaces/default/configmaps";
    const response = await server.handle(new Request(url, { method: "POST", headers, body }));
    if (response.status !== 201) {
      throw new Error(`the answer is ${response.status}, must be 201: ${await response.text()}`);
    }
    await response.body?.cancel();
  }
  b.end();
});
