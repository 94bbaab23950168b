// The door of drain against an API server that is slow to notice: what is said to be shut is shut, and what is said to be open
// is open. The end-to-end suite asks a real API server the same.

import { assertEquals } from "@std/assert";
import { closeDoor, untilOpen } from "../../lib/cli/drain/door.ts";
import { ManualClock } from "../../lib/clock.ts";
import { KubeClient } from "../../lib/kube/client.ts";
import { pass } from "../audit/harness.ts";

const scope = { lockNamespace: "locks", namespaces: ["payment"] };
const refusal = "the controller is being drained, and takes no new executions (kubernaut-we drain --undo allows them)";

/** An API server whose policy comes into force, or out of it, at a time of its clock; it counts how often it was asked. */
function server(refuses: (elapsedMs: number) => boolean, gone: Record<string, "missing" | "terminating"> = {}) {
  const clock = new ManualClock();
  const began = clock.monotonic();
  const state = { asked: 0 };
  const client = new KubeClient({
    baseUrl: "http://api",
    clock,
    fetch: (input, init) => {
      if (new Request(input, init).method !== "POST") return Promise.resolve(Response.json({}));
      state.asked++;
      const failure = { apiVersion: "v1", kind: "Status", status: "Failure" };
      const [, namespace = ""] = /\/namespaces\/([^/]+)\//.exec(new Request(input, init).url) ?? [];
      if (gone[namespace] === "missing") {
        const details = { kind: "namespaces", name: namespace };
        return Promise.resolve(
          Response.json({ ...failure, code: 404, reason: "NotFound", message: "not found", details }, { status: 404 }),
        );
      }
      if (gone[namespace] === "terminating") {
        const message = `unable to create new content in namespace ${namespace} because it is being terminated`;
        return Promise.resolve(Response.json({ ...failure, code: 403, reason: "Forbidden", message }, { status: 403 }));
      }
      const denied = { ...failure, code: 403, reason: "Forbidden", message: refusal };
      return Promise.resolve(
        refuses(clock.monotonic() - began)
          ? Response.json(denied, { status: 403 })
          : Response.json({}, { status: 201 }),
      );
    },
  });
  return { client, clock, state, [Symbol.dispose]: () => client.close() };
}

/** What comes of it in a minute. */
async function passing<T>(clock: ManualClock, promise: Promise<T>): Promise<T> {
  await pass(clock, 60_000);
  return await promise;
}

const never = new AbortController().signal;

Deno.test("drain says that executions are let in only when the API server lets them in", async () => {
  using api = server((elapsedMs) => elapsedMs < 2000);
  assertEquals(await passing(api.clock, untilOpen(api.client, scope, api.clock, never)), true);
  assertEquals(api.state.asked, 5);
});

Deno.test("an API server that refuses executions nobody should refuse is not waited for without end", async () => {
  using api = server(() => true);
  assertEquals(await passing(api.clock, untilOpen(api.client, scope, api.clock, never)), false);
});

Deno.test("drain says that executions are refused only when the API server refuses them", async () => {
  using api = server((elapsedMs) => elapsedMs >= 2000);
  assertEquals(await passing(api.clock, closeDoor(api.client, scope, api.clock, never)), undefined);
  assertEquals(api.state.asked, 5);
});

Deno.test("a policy that does not come into force is told", async () => {
  using api = server(() => false);
  const told = await passing(api.clock, closeDoor(api.client, scope, api.clock, never));
  assertEquals(told, "the policy is not in force after 30 s");
});

Deno.test("whether executions are refused is asked in a watched namespace that is there", async () => {
  const three = { ...scope, namespaces: ["gone", "going", "payment"] };
  const gone = { gone: "missing", going: "terminating" } as const;
  using shut = server(() => true, gone);
  assertEquals(await passing(shut.clock, closeDoor(shut.client, three, shut.clock, never)), undefined);
  using open = server(() => false, gone);
  const told = await passing(open.clock, closeDoor(open.client, three, open.clock, never));
  assertEquals(told, "the policy is not in force after 30 s");
});

Deno.test("where no watched namespace is there, nothing can be created, and nobody waits for a refusal", async () => {
  using api = server(() => true, { payment: "missing" });
  assertEquals(await passing(api.clock, closeDoor(api.client, scope, api.clock, never)), undefined);
  assertEquals(await passing(api.clock, untilOpen(api.client, scope, api.clock, never)), true);
  assertEquals(api.state.asked, 2);
});
