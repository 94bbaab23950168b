// The informers of upstream client-go (main.go beside this file) on the embedded API server over HTTP: whatever happens to the
// server, at the end they hold what it holds. Needs Go; the first build takes a while, so it is with the end-to-end suite.

import { assert, assertEquals } from "@std/assert";
import { yaml } from "../../deps.ts";
import { sleep, systemClock } from "../../lib/clock.ts";
import type { JSONObject } from "../../lib/kube/contract.ts";
import { ApiServer } from "../../lib/sim/api_server.ts";
import { serve, type ServedApi } from "../../lib/sim/serve.ts";
import { manifest } from "../support/builders.ts";
import { isOnPath } from "../support/commands.ts";
import { crdPath } from "../support/crd.ts";

const namespace = "payment";
const resources = ["workflowexecutions", "configmaps"] as const;
type Resource = (typeof resources)[number];
const paths: Record<Resource, string> = {
  workflowexecutions: `/apis/workflowexecution.kubernaut.ai/v1alpha1/namespaces/${namespace}/workflowexecutions`,
  configmaps: `/api/v1/namespaces/${namespace}/configmaps`,
};
/** client-go waits longer with every failure, up to 30 s and as much again by chance. */
const patienceMs = 120_000;

Deno.test({
  name: `client-go's informers hold what the server holds${isOnPath("go") ? "" : " (left out: there is no go)"}`,
  ignore: !isOnPath("go"),
  fn: async (t) => {
    await using test = await Test.start();
    const { server } = test;

    await t.step("what was there before, listed by a streaming list", async () => {
      await test.same();
      assertEquals(test.streamingLists(), resources.length);
      for (const query of test.asked.slice(0, resources.length)) {
        assertEquals([query.get("watch"), query.get("resourceVersionMatch")], ["true", "NotOlderThan"]);
      }
    });

    await t.step("what is created, changed and deleted while they watch", async () => {
      await test.churn("watched");
      await test.same();
    });

    await t.step("a history that expires under an open watch: they list again", async () => {
      test.asked.length = 0;
      server.compactAndExpire();
      await test.churn("expired");
      await test.same();
      assert(test.streamingLists() >= resources.length, "each listed again");
    });

    await t.step(
      "what happened while it was away, and was forgotten: they list again, and miss no deletion",
      async () => {
        await test.settle();
        test.asked.length = 0;
        await test.served.stop();
        await test.churn("forgotten");
        server.compact();
        await test.served.start();
        await test.same();
        assert(test.resumed() >= resources.length, "each asked for what came after the version it knew");
        assert(test.streamingLists() >= resources.length, "each listed again");
      },
    );

    await t.step(
      "a server that was away, then watches cut in the middle of a line: they go on where they were",
      async () => {
        await test.settle();
        test.asked.length = 0;
        await test.served.stop();
        await test.churn("away");
        using _cuts = server.faults.add({
          match: ({ verb }) => verb === "watch",
          times: resources.length,
          action: { cutWatchAfterMs: 300, midLine: true },
        });
        await test.served.start();
        await test.same();
        await test.reopened(2 * resources.length);
        await test.churn("cut");
        await test.same();
        // Whether a watch that ended soon is opened again or listed anew is client-go's choice.
        assert(test.resumed() > 0, "one went on from the version it knew");
      },
    );
  },
});

/** A served API server that notes what watches ask for, and the Go program beside it. */
class Test implements AsyncDisposable {
  #lines: AsyncIterator<string>;
  #settled = 0;
  #toInformers: WritableStreamDefaultWriter<Uint8Array>;

  private constructor(
    readonly server: ApiServer,
    readonly served: ServedApi,
    /** Queries of the requests for the two resources since this was emptied. */
    readonly asked: URLSearchParams[],
    readonly informers: Deno.ChildProcess,
    readonly stack: AsyncDisposableStack,
  ) {
    this.#lines = linesOf(informers.stdout);
    this.#toInformers = informers.stdin.getWriter();
  }

  static async start(): Promise<Test> {
    await using stack = new AsyncDisposableStack();
    const directory = await Deno.makeTempDir({ prefix: "clientgo-" });
    stack.defer(() => Deno.remove(directory, { recursive: true }));
    const program = await build(directory);
    const server = stack.use(new ApiServer({ clock: systemClock }));
    server.install(yaml.parse(await Deno.readTextFile(crdPath)) as JSONObject);
    server.install({ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } });
    const asked: URLSearchParams[] = [];
    const served = stack.use(
      await serve((request) => {
        const { pathname, searchParams } = new URL(request.url);
        if (request.method === "GET" && Object.values(paths).includes(pathname)) asked.push(searchParams);
        return server.handle(request);
      }),
    );
    for (const name of ["first", "second", "third"]) install(server, name);
    await Deno.writeTextFile(`${directory}/kubeconfig`, server.kubeconfig(served.url));
    const informers = new Deno.Command(program, {
      args: [`${directory}/kubeconfig`, namespace],
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    stack.defer(async () => {
      informers.kill("SIGKILL");
      await informers.status;
    });
    return new Test(server, served, asked, informers, stack.move());
  }

  /** Two objects of each resource more, one changed, one gone. In process: it works while the server is away, too. */
  async churn(prefix: string): Promise<void> {
    const [first = ""] = Object.keys(this.#held("configmaps"));
    for (const name of [`${prefix}-1`, `${prefix}-2`]) install(this.server, name);
    for (const resource of resources) {
      await this.#send("DELETE", `${paths[resource]}/${first}`);
      await this.#send("PATCH", `${paths[resource]}/${prefix}-1`, { metadata: { labels: { changed: "yes" } } });
    }
  }

  /** client-go lists anew when a watch ends soon and without an event, whatever the server keeps: after this, each has had one. */
  async settle(): Promise<void> {
    this.#settled++;
    await this.churn(`known-${this.#settled}`);
    await this.same();
  }

  /** Waits until the informers hold what the server holds, and their handlers were told so; shows both when they do not. */
  async same(): Promise<void> {
    const untilMs = systemClock.monotonic() + patienceMs;
    for (;;) {
      const expected = Object.fromEntries(resources.map((resource) => {
        const held = this.#held(resource);
        return [resource, { store: held, handled: held }];
      }));
      const told = await this.#told();
      try {
        return assertEquals(told, expected);
      } catch (error) {
        if (systemClock.monotonic() > untilMs) throw error;
      }
      await sleep(systemClock, 50);
    }
  }

  /** Waits until this many watches have been asked for. */
  async reopened(count: number): Promise<void> {
    const untilMs = systemClock.monotonic() + patienceMs;
    while (this.asked.length < count) {
      assert(systemClock.monotonic() < untilMs, `${this.asked.length} watches were asked for, not ${count}`);
      await sleep(systemClock, 50);
    }
  }

  /** How many watches that go on after a version were asked for. */
  resumed(): number {
    return this.asked.filter((query) => !query.has("sendInitialEvents") && Number(query.get("resourceVersion")) > 0)
      .length;
  }

  /** How many watches that begin with all that there is were asked for. */
  streamingLists(): number {
    return this.asked.filter((query) => query.get("sendInitialEvents") === "true").length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#toInformers.abort();
    await this.#lines.return?.();
    await this.stack.disposeAsync();
  }

  /** Name to resourceVersion, as the server has it. */
  #held(resource: Resource): Record<string, string> {
    const type = this.server.resources.all().find((each) => each.resource === resource);
    const objects = type ? this.server.storage.list(type.storage, namespace) : [];
    return Object.fromEntries(
      objects.map(({ metadata: { name = "", resourceVersion = "" } }) => [name, resourceVersion]),
    );
  }

  async #told(): Promise<unknown> {
    await this.#toInformers.write(new TextEncoder().encode("tell\n"));
    const { value, done } = await this.#lines.next();
    if (done) throw new Error("the Go program has ended");
    return JSON.parse(value);
  }

  async #send(method: string, path: string, body?: JSONObject): Promise<void> {
    const headers = { "content-type": "application/merge-patch+json" };
    const init = { method, headers, ...(body && { body: JSON.stringify(body) }) };
    const response = await this.server.handle(new Request(`http://sim${path}`, init));
    if (!response.ok) throw new Error(`${method} ${path}: ${await response.text()}`);
  }
}

function install(server: ApiServer, name: string): void {
  server.install(manifest({ name, namespace }));
  server.install({ apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace }, data: { name } });
}

async function build(directory: string): Promise<string> {
  const program = `${directory}/informers`;
  const { success, stderr } = await new Deno.Command("go", {
    args: ["build", "-buildvcs=false", "-o", program, "."],
    cwd: new URL(".", import.meta.url).pathname,
    stdout: "null",
    stderr: "piped",
  }).output();
  if (!success) throw new Error(`go build: ${new TextDecoder().decode(stderr)}`);
  return program;
}

async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
}
