// The whole simulated Tekton on the simulated API server, in process and on a clock moved by hand.

import { assert, assertEquals, assertThrows } from "@std/assert";
import { ManualClock } from "../../../lib/clock.ts";
import { KubeClient } from "../../../lib/kube/client.ts";
import type { JSONObject, JSONValue } from "../../../lib/kube/contract.ts";
import { ApiServer, type RequestLogEntry } from "../../../lib/sim/api_server.ts";
import { builtinBundles } from "../../../lib/sim/tekton/builtin.ts";
import { tektonDefinitions } from "../../../lib/sim/permissive_definitions.ts";
import { Tekton } from "../../../lib/sim/tekton/tekton.ts";
import type { PipelineRun, TaskRun } from "../../../lib/sim/tekton/types.ts";
import { pipelineRun } from "./player.ts";

const runs = "/apis/tekton.dev/v1/namespaces/apps/pipelineruns";
const taskRuns = "/apis/tekton.dev/v1/namespaces/apps/taskruns";

/** A server with the account that runs use, a client for the test, and a Tekton that can be stopped and started. */
class World implements AsyncDisposable {
  readonly clock = new ManualClock();
  readonly log: RequestLogEntry[] = [];
  readonly server = new ApiServer({ clock: this.clock, onRequest: (entry) => this.log.push(entry) });
  readonly client = this.#newClient();
  readonly #speed: number;
  /** Called before each request of Tekton's reaches the server. */
  beforeRequest: (request: Request) => Promise<void> = () => Promise.resolve();
  /** Called with each request before its answer goes back. */
  beforeAnswer: (request: Request) => Promise<void> = () => Promise.resolve();
  #tekton: { stop: AbortController; ended: Promise<void>; client: KubeClient } | undefined;

  constructor(speed = 1) {
    this.#speed = speed;
    for (const crd of tektonDefinitions()) this.server.install(crd);
    this.server.install({ apiVersion: "v1", kind: "Namespace", metadata: { name: "apps" } });
    const account = { name: "kubernaut-workflow-runner", namespace: "apps" };
    this.server.install({ apiVersion: "v1", kind: "ServiceAccount", metadata: account });
    this.start();
  }

  start(): void {
    const stop = new AbortController();
    const client = this.#newClient();
    const tekton = new Tekton({ client, clock: this.clock, bundles: builtinBundles(), speed: this.#speed });
    this.#tekton = { stop, client, ended: tekton.run(stop.signal) };
  }

  async stop(): Promise<void> {
    this.#tekton?.stop.abort();
    await this.#tekton?.ended;
    this.#tekton?.client[Symbol.dispose]();
    this.#tekton = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    this.client[Symbol.dispose]();
    this.server[Symbol.dispose]();
  }

  /** Moves time by at most `ms`, as far as each next timer, until the condition holds; fails when it never does. */
  async until(condition: () => Promise<boolean>, ms = 60_000): Promise<void> {
    const endMs = this.clock.now() + ms;
    for (;;) {
      for (let quiet = 0, seen = this.log.length; quiet < 20; seen = this.log.length) {
        await new Promise((resolve) => setImmediate(resolve));
        quiet = this.log.length === seen ? quiet + 1 : 0;
      }
      if (await condition()) return;
      const nextMs = this.clock.nextTimerInMs();
      assert(
        nextMs !== undefined && this.clock.now() + nextMs <= endMs,
        `the condition never held; last: ${this.lastWrites()}`,
      );
      this.clock.advance(nextMs);
    }
  }

  lastWrites(): string {
    return JSON.stringify(this.log.slice(-5).map(({ verb, path, code }) => [verb, path, code]));
  }

  async create(run: PipelineRun): Promise<void> {
    await this.client.performRequest({
      method: "POST",
      path: runs,
      bodyJson: run as unknown as JSONValue,
      expectJson: true,
    });
  }

  async run(name: string): Promise<PipelineRun> {
    return await this.client.performRequest({
      method: "GET",
      path: `${runs}/${name}`,
      expectJson: true,
    }) as unknown as PipelineRun;
  }

  async taskRuns(): Promise<TaskRun[]> {
    const list = await this.client.performRequest({ method: "GET", path: taskRuns, expectJson: true }) as JSONObject;
    return list.items as unknown as TaskRun[];
  }

  async ended(name: string): Promise<boolean> {
    return (await this.run(name)).status?.completionTime !== undefined;
  }

  #newClient(): KubeClient {
    return new KubeClient({
      baseUrl: "http://simulated",
      fetch: async (input, init) => {
        const request = new Request(input, init);
        await this.beforeRequest(request);
        const response = await this.server.handle(request);
        await this.beforeAnswer(request);
        // As over a network: once the caller aborts, what is being read ends.
        const body = response.body?.pipeThrough(new TransformStream(), init.signal ? { signal: init.signal } : {});
        return body ? new Response(body, response) : response;
      },
      clock: this.clock,
    });
  }
}

Deno.test("Tekton plays a run to its end, then writes nothing more", async () => {
  await using world = new World();
  await world.create(pipelineRun("ok", "ok"));
  await world.until(() => world.ended("ok"));
  const { status } = await world.run("ok");
  const startMs = Date.parse(status?.startTime ?? "");
  assertEquals(
    [
      status?.conditions?.[0]?.reason,
      status?.conditions?.[0]?.message,
      Date.parse(status?.completionTime ?? "") - startMs,
    ],
    ["Succeeded", "Tasks Completed: 2 (Failed: 0, Cancelled 0), Skipped: 0", 3000],
  );
  assertEquals((await world.taskRuns()).map(({ metadata }) => metadata.name).sort(), ["ok-check", "ok-restart"]);
  const writes = () => world.log.filter(({ verb }) => !["get", "list", "watch"].includes(verb)).length;
  const before = writes();
  await world.until(() => Promise.resolve(world.clock.now() > startMs + 300_000), 600_000);
  assertEquals(writes(), before);
});

Deno.test("Tekton starts a pending run once spec.status is removed", async () => {
  await using world = new World();
  await world.create(pipelineRun("pending", "ok", { status: "PipelineRunPending" }));
  await world.until(async () => (await world.run("pending")).status?.conditions?.[0]?.reason === "PipelineRunPending");
  assertEquals(await world.taskRuns(), []);
  await world.client.performRequest({
    method: "PATCH",
    path: `${runs}/pending`,
    contentType: "application/json-patch+json",
    bodyJson: [{ op: "remove", path: "/spec/status" }],
    expectJson: true,
  });
  await world.until(() => world.ended("pending"));
  assertEquals((await world.run("pending")).status?.conditions?.[0]?.reason, "Succeeded");
});

Deno.test("Tekton reads the service account through the API", async () => {
  await using world = new World();
  await world.create(pipelineRun("no-sa", "ok", { taskRunTemplate: { serviceAccountName: "nothere" } }));
  await world.until(() => world.ended("no-sa"));
  assertEquals((await world.taskRuns()).map(({ status }) => status?.conditions?.[0]?.reason), ["PodCreationFailed"]);
});

Deno.test("Tekton cancels, runs the finally tasks, and says so", async () => {
  await using world = new World();
  await world.create(pipelineRun("stuck", "hang-rollback"));
  await world.until(async () => (await world.taskRuns())[0]?.status?.conditions?.[0]?.reason === "Running");
  await world.client.performRequest({
    method: "PATCH",
    path: `${runs}/stuck`,
    contentType: "application/merge-patch+json",
    bodyJson: { spec: { status: "CancelledRunFinally" } },
    expectJson: true,
  });
  await world.until(() => world.ended("stuck"));
  assertEquals((await world.run("stuck")).status?.conditions?.[0]?.message, 'PipelineRun "stuck" was cancelled');
  assertEquals(
    Object.fromEntries((await world.taskRuns()).map((one) => [one.metadata.name, one.status?.conditions?.[0]?.reason])),
    { "stuck-change": "TaskRunCancelled", "stuck-rollback": "Succeeded" },
  );
});

Deno.test("Tekton goes on where another one stopped", async () => {
  await using world = new World();
  await world.create(pipelineRun("exit-code", "exit-code"));
  await world.until(async () => (await world.taskRuns()).length === 2);
  await world.stop();
  world.clock.advance(5000);
  world.start();
  await world.until(() => world.ended("exit-code"));
  const { status } = await world.run("exit-code");
  assertEquals(status?.conditions?.[0]?.message, "Tasks Completed: 2 (Failed: 1, Cancelled 0), Skipped: 0");
  assertEquals((await world.taskRuns()).length, 2);
});

Deno.test("Tekton leaves a deleted run alone, and its TaskRuns go with it", async () => {
  await using world = new World();
  await world.create(pipelineRun("hang", "hang"));
  await world.until(async () => (await world.taskRuns())[0]?.status?.conditions?.[0]?.reason === "Running");
  await world.client.performRequest({ method: "DELETE", path: `${runs}/hang`, expectJson: true });
  await world.until(async () => (await world.taskRuns()).length === 0);
});

Deno.test("Tekton drops a run that was deleted under its hands, and plays its successor of the same name", async () => {
  await using world = new World();
  let deleted = false;
  world.beforeRequest = async ({ method, url }) => {
    if (method !== "PUT" || deleted) return;
    deleted = true;
    await world.server.handle(new Request(url.replace("/status", ""), { method: "DELETE" }));
  };
  await world.create(pipelineRun("ok", "ok"));
  await world.until(() => Promise.resolve(world.log.some(({ code }) => code === 404)));
  await world.create(pipelineRun("ok", "ok"));
  await world.until(() => world.ended("ok"));
  assertEquals((await world.run("ok")).status?.conditions?.[0]?.reason, "Succeeded");
  assertEquals(world.log.filter(({ code }) => code === 404).length, 1);
});

Deno.test("Tekton does not keep a run whose deletion it saw before the answer to its own write", async () => {
  await using world = new World();
  let deleted = false;
  world.beforeAnswer = async ({ method, url }) => {
    if (method !== "PUT" || deleted) return;
    deleted = true;
    await world.server.handle(new Request(url.replace("/status", ""), { method: "DELETE" }));
    for (let i = 0; i < 10; i++) await new Promise((resolve) => setImmediate(resolve));
  };
  await world.create(pipelineRun("ok", "ok"));
  const startMs = world.clock.now();
  const refusedAfter = async (ms: number) => {
    await world.until(() => Promise.resolve(world.clock.now() > startMs + ms), 300_000);
    return world.log.filter(({ code }) => code === 404).length;
  };
  assertEquals(await refusedAfter(1000), await refusedAfter(60_000));
});

Deno.test("Tekton survives an expired watch", async () => {
  await using world = new World();
  await world.create(pipelineRun("ok", "ok"));
  await world.until(async () => (await world.taskRuns()).length === 1);
  world.server.compactAndExpire();
  await world.until(() => world.ended("ok"));
  assertEquals((await world.run("ok")).status?.conditions?.[0]?.reason, "Succeeded");
});

Deno.test("Tekton decides again on the newest version after a conflict", async () => {
  await using world = new World();
  let meanwhile = 3;
  world.beforeRequest = async ({ method, url }) => {
    if (method !== "PUT" || meanwhile === 0) return;
    meanwhile--;
    await world.server.handle(
      new Request(url.replace("/status", ""), {
        method: "PATCH",
        headers: { "content-type": "application/merge-patch+json" },
        body: JSON.stringify({ metadata: { annotations: { touched: String(meanwhile) } } }),
      }),
    );
  };
  await world.create(pipelineRun("ok", "ok"));
  await world.until(() => world.ended("ok"));
  assertEquals((await world.run("ok")).status?.conditions?.[0]?.reason, "Succeeded");
  assertEquals((await world.run("ok")).metadata.annotations, { touched: "0" });
  assertEquals(world.log.filter(({ code }) => code === 409).length, 3);
});

Deno.test("Tekton waits while another's TaskRun has the name it needs", async () => {
  await using world = new World();
  const foreign = {
    apiVersion: "tekton.dev/v1",
    kind: "TaskRun",
    metadata: { name: "ok-check" },
    spec: { taskSpec: { steps: [] } },
  };
  await world.client.performRequest({ method: "POST", path: taskRuns, bodyJson: foreign, expectJson: true });
  await world.create(pipelineRun("ok", "ok"));
  await world.until(() => Promise.resolve(world.log.filter(({ code }) => code === 409).length > 3));
  assertEquals((await world.run("ok")).status?.conditions?.[0]?.reason, "ResolvingPipelineRef");
  await world.client.performRequest({ method: "DELETE", path: `${taskRuns}/ok-check`, expectJson: true });
  await world.until(() => world.ended("ok"));
  assertEquals((await world.run("ok")).status?.conditions?.[0]?.reason, "Succeeded");
});

Deno.test("Tekton plays 200 runs at once, ten times as fast", async () => {
  await using world = new World(10);
  const names = Array.from({ length: 200 }, (_, i) => `run-${i}`);
  for (const name of names) await world.create(pipelineRun(name, "rollback"));
  const list = async () =>
    (await world.client.performRequest({ method: "GET", path: runs, expectJson: true }) as JSONObject).items;
  const startMs = world.clock.now();
  await world.until(async () =>
    (await list() as unknown as PipelineRun[]).every(({ status }) => status?.completionTime)
  );
  assert(world.clock.now() - startMs < 1000, "two steps of 1 s take 200 ms");
  assertEquals((await world.taskRuns()).length, 400);
});

Deno.test("Tekton refuses a speed that is not above 0", () => {
  const clock = new ManualClock();
  using client = new KubeClient({ baseUrl: "http://simulated", clock });
  assertThrows(() => new Tekton({ client, clock, bundles: builtinBundles(), speed: 0 }), Error, "should be above 0");
});
