// What the health port of the whole program answers: ready when it could do its work, and only then; alive unless it is stuck.

import { assertEquals, assertMatch } from "@std/assert";
import { Program } from "../../lib/cli/program.ts";
import { loadConfig } from "../../lib/config.ts";
import { parseSink } from "../../lib/config_values.ts";
import { silentLogger } from "../../lib/log.ts";
import { Metrics } from "../../lib/metrics.ts";
import { manifest } from "../support/builders.ts";
import { phaseOf } from "../support/story.ts";
import { type Carry, World } from "../support/world.ts";

const executions = "/apis/workflowexecution.kubernaut.ai/v1alpha1/namespaces/payment/workflowexecutions";

interface Running extends AsyncDisposable {
  /** The status of /readyz, and the checks that failed by their names. */
  readiness(): Promise<[status: number, failed: Record<string, string>]>;
  /** The status of a path of the health port. */
  get(path: string): Promise<number>;
  readonly leads: () => Promise<boolean>;
  stop(): void;
}

async function start(world: World, o: { carry?: Carry; leaderElection?: boolean } = {}): Promise<Running> {
  const defaults = await loadConfig({ args: [], env: {}, readFile: () => Promise.resolve(undefined) });
  const { clock } = world;
  const client = world.connect(o.carry);
  const metrics = new Metrics(clock);
  const program = new Program({
    config: {
      ...defaults,
      lockNamespace: "kubernaut-system",
      leaderElection: o.leaderElection ?? false,
      audit: { ...defaults.audit, sinks: [parseSink("stdout")] },
    },
    client,
    clock,
    log: silentLogger,
    metrics,
    identity: crypto.randomUUID(),
  });
  const app = program.health();
  const end = new AbortController();
  const ended = program.run(end.signal);
  return {
    async readiness() {
      const response = await app.request("/readyz?verbose");
      const failed = (await response.text()).matchAll(/^\[-\](\w+) failed: (.*)$/gm);
      return [response.status, Object.fromEntries([...failed].map(([, name, detail]) => [name, detail]))];
    },
    get: async (path) => (await app.request(path)).status,
    leads: async () =>
      (await metrics.text()).includes('leader_election_master_status{name="workflowexecution.kubernaut.ai"} 1'),
    stop: () => end.abort(new Error("SIGTERM")),
    async [Symbol.asyncDispose]() {
      end.abort(new Error("SIGTERM"));
      await world.finish(ended);
      client.close();
    },
  };
}

const untilReady = (world: World, program: Running) =>
  world.until("it is ready", async () => await program.get("/readyz") === 200);

/** Never answers, until the caller gives up. */
const silence: Carry = (request) =>
  new Promise((_, reject) => request.signal.addEventListener("abort", () => reject(request.signal.reason)));

Deno.test("readiness waits for every cache and for the API server, and says which is missing", async () => {
  await using world = await World.start();
  let held = true;
  await using program = await start(world, {
    carry: (request, send) => held && request.url.includes("/leases") ? silence(request, send) : send(request),
  });
  assertEquals(await program.readiness(), [503, {
    apiServer: "not asked yet",
    workflowexecutions: "not listed yet",
    pipelineruns: "not listed yet",
    leases: "not listed yet",
  }]);
  await world.pass(1_000);
  assertEquals(await program.readiness(), [503, { leases: "not listed yet" }]);
  held = false;
  await untilReady(world, program);
  assertEquals(await program.readiness(), [200, {}]);
});

Deno.test("readiness tells no secret that stands in a failure: whoever asks needs no token", async () => {
  await using world = await World.start();
  const failed = new TypeError("exec plugin: cannot log in with password=hunter2");
  await using program = await start(world, { carry: () => Promise.reject(failed) });
  await world.pass(60_000);
  const [status, checks] = await program.readiness();
  assertEquals([status, Object.keys(checks)], [503, ["apiServer", "workflowexecutions", "pipelineruns", "leases"]]);
  for (const detail of Object.values(checks)) assertMatch(detail, /cannot log in with password=\[REDACTED\]/);
});

Deno.test("a standby is as ready as the leader", async () => {
  await using world = await World.start();
  await using leader = await start(world, { leaderElection: true });
  await world.until("it leads", leader.leads);
  await using standby = await start(world, { leaderElection: true });
  await untilReady(world, standby);
  await world.pass(60_000);
  assertEquals([await leader.leads(), await standby.leads()], [true, false]);
  assertEquals([await leader.get("/readyz"), await standby.get("/readyz")], [200, 200]);
});

const outages: [what: string, outage: Carry, told: RegExp][] = [
  ["answers nothing", silence, /^no answer for \d+ s: no answer within 5 s$/],
  ["is not reached", () => Promise.reject(new TypeError("connection refused")), /^no answer for \d+ s: .*refused/],
  [
    "answers with 500",
    () => Promise.resolve(new Response("etcd is gone", { status: 500 })),
    /^no answer for \d+ s: GET .*: 500/,
  ],
];
for (const [what, outage, told] of outages) {
  Deno.test(`an API server that ${what} makes it not ready within 30 s, never not alive, until it answers again`, async () => {
    await using world = await World.start();
    let down = false;
    await using program = await start(world, { carry: (request, send) => (down ? outage : send)(request, send) });
    await untilReady(world, program);
    down = true;
    await world.pass(10_000);
    assertEquals((await program.readiness())[1].apiServer, undefined, "a short outage is none");
    await world.pass(20_000);
    const [status, { apiServer = "" }] = await program.readiness();
    assertEquals(status, 503);
    assertMatch(apiServer, told);
    await world.pass(3_600_000);
    assertEquals([await program.get("/readyz"), await program.get("/healthz")], [503, 200]);
    down = false;
    await untilReady(world, program);
  });
}

for (const [what, outage] of outages.slice(1)) {
  Deno.test(`an API server that ${what} for minutes is found within 10 s of its return, whenever that is`, async () => {
    await using world = await World.start();
    let down = false;
    await using program = await start(world, { carry: (request, send) => (down ? outage : send)(request, send) });
    await untilReady(world, program);
    for (let time = 0; time < 3; time++) {
      down = true;
      await world.pass(300_000 + time * 1_700);
      assertEquals((await program.readiness())[0], 503);
      down = false;
      await world.pass(10_000);
      assertEquals(await program.readiness(), [200, {}]);
    }
  });
}

/** A watch that opens and brings nothing, not even a bookmark. */
const hush: Carry = (request, send) => {
  if (!request.url.includes("watch=true")) return send(request);
  const body = new ReadableStream({
    start: (stream) => request.signal.addEventListener("abort", () => stream.error(request.signal.reason)),
  });
  return Promise.resolve(new Response(body));
};

/** A program whose watch of PipelineRuns goes quiet, and can then only be had with this fault, for ten minutes. */
async function withoutWatch(world: World, fault: Carry): Promise<Running & { mend(): void }> {
  let faulty = false;
  const program = await start(world, {
    carry: async (request, send) => {
      if (!request.url.includes("/pipelineruns?")) return await send(request);
      if (faulty) return await fault(request, send);
      const response = await send(request);
      return request.url.includes("watch=true") ? gagged(response, () => faulty) : response;
    },
  });
  await untilReady(world, program);
  faulty = true;
  await world.pass(600_000);
  return { ...program, mend: () => void (faulty = false) };
}

Deno.test("one watch that cannot be opened again makes it not ready, and is named", async () => {
  await using world = await World.start();
  await using program = await withoutWatch(world, silence);
  const [status, failed] = await program.readiness();
  assertEquals([status, Object.keys(failed)], [503, ["pipelineruns"]]);
  assertMatch(failed.pipelineruns ?? "", /pipelineruns.*no answer within/);
  assertEquals(await program.get("/healthz"), 200);
  program.mend();
  await untilReady(world, program);
});

Deno.test("one watch that is opened and brings nothing leaves it ready: it lists instead", async () => {
  await using world = await World.start();
  await using program = await withoutWatch(world, hush);
  assertEquals(await program.readiness(), [200, {}]);
});

/** A watch whose bytes are lost once it is faulty. */
function gagged(response: Response, faulty: () => boolean): Response {
  const lossy = new TransformStream<Uint8Array, Uint8Array>({
    transform: (chunk, stream) => faulty() ? undefined : stream.enqueue(chunk),
  });
  return new Response(response.body?.pipeThrough(lossy) ?? null, response);
}

Deno.test("a lock namespace that goes away makes it not ready, with the command that creates it", async () => {
  await using world = await World.start();
  await using program = await start(world);
  await untilReady(world, program);
  await world.request("DELETE", "/api/v1/namespaces/kubernaut-system");
  await world.until("it is gone", () => world.get("namespaces", "", "kubernaut-system") === undefined);
  await world.pass(10_000);
  assertEquals(await program.readiness(), [503, {
    lockNamespace: "it does not exist; create it: kubectl create namespace kubernaut-system",
  }]);
  world.server.install(manifest());
  await world.pass(60_000);
  assertEquals([phaseOf(world, "fix"), await program.get("/healthz")], ["Pending", 200]);
  // Nobody is left who would take a Lease and find that it can be made again.
  await world.request("DELETE", `${executions}/fix`);
  world.server.install({ apiVersion: "v1", kind: "Namespace", metadata: { name: "kubernaut-system" } });
  await untilReady(world, program);
});

Deno.test("without the right to read the lock namespace, a Lease that cannot be made is what tells", async () => {
  await using world = await World.start();
  const refusal = {
    kind: "Status",
    apiVersion: "v1",
    status: "Failure",
    reason: "Forbidden",
    code: 403,
    message: "no",
  };
  await using program = await start(world, {
    carry: (request, send) =>
      request.url.endsWith("/namespaces/kubernaut-system")
        ? Promise.resolve(Response.json(refusal, { status: 403 }))
        : send(request),
  });
  await untilReady(world, program);
  await world.request("DELETE", "/api/v1/namespaces/kubernaut-system");
  await world.until("it is gone", () => world.get("namespaces", "", "kubernaut-system") === undefined);
  world.server.install(manifest());
  await world.pass(60_000);
  const [status, { lockNamespace = "" }] = await program.readiness();
  assertEquals(status, 503);
  assertMatch(lockNamespace, /^no Lease can be made: namespaces "kubernaut-system" not found/);
});

Deno.test("it is not ready any more from the moment that it is told to stop", async () => {
  await using world = await World.start();
  await using program = await start(world);
  await untilReady(world, program);
  program.stop();
  assertEquals(await program.readiness(), [503, { running: "it is stopping" }]);
  assertEquals(await program.get("/healthz"), 200);
});

Deno.test("it is not alive when a pass never ends, and says which", async () => {
  await using world = await World.start();
  const never = Promise.withResolvers<Response>();
  const stuck: Carry = (request, send) =>
    request.method === "POST" && request.url.endsWith("/pipelineruns") ? never.promise : send(request);
  await using program = await start(world, { carry: stuck });
  world.server.install(manifest());
  await world.pass(14 * 60_000);
  assertEquals(await program.get("/healthz"), 200);
  await world.pass(2 * 60_000);
  assertEquals(await program.get("/healthz"), 503);
  never.reject(new TypeError("at last"));
});
