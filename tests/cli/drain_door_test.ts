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
function server(refuses: (elapsedMs: number) => boolean) {
  const clock = new ManualClock();
  const began = clock.monotonic();
  const state = { asked: 0 };
  const client = new KubeClient({
    baseUrl: "http://api",
    clock,
    fetch: (input, init) => {
      if (new Request(input, init).method !== "POST") return Promise.resolve(Response.json({}));
      state.asked++;
      const denied = {
        apiVersion: "v1",
        kind: "Status",
        status: "Failure",
        code: 403,
        reason: "Forbidden",
        message: refusal,
      };
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
