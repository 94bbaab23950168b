// Keys that say where and how the program speaks to others: audit sinks, the webhook, its own two ports. The others are real
// servers; only the API server is in this process.

import { systemClock } from "../../lib/clock.ts";
import type { JSONObject } from "../../lib/kube/contract.ts";
import { selfSignedCertificate } from "../../lib/server/self_signed.ts";
import { manifest } from "../support/builders.ts";
import { type Received, Receiver } from "../support/receiver.ts";
import { phaseOf } from "../support/story.ts";
import type { World } from "../support/world.ts";
import { onStage, type Stage } from "../support/stage.ts";
import type { Effect } from "./effect.ts";

/** An execution that ends as soon as it is seen, with one audit event: its deadline is longer than any may be. */
function doomed(world: World, name: string): void {
  const executionConfig = { timeout: "25h" };
  world.server.install(manifest({ name, target: `payment/deployment/${name}`, spec: { executionConfig } }));
}

async function untilFailed({ world, until }: Stage, ...names: string[]): Promise<void> {
  await until(`${names.join(", ")} failed`, () => names.every((name) => phaseOf(world, name) === "Failed"));
}

const still = { tekton: false };
const selfSigned = () => selfSignedCertificate({ hosts: ["127.0.0.1"], nowMs: systemClock.now(), days: 1 });

/** A file for the length of `work`. */
async function withFile<T>(text: string, work: (path: string) => Promise<T>): Promise<T> {
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(path, text);
    return await work(path);
  } finally {
    await Deno.remove(path);
  }
}

/** What one receiver gets until the program has stopped, when it is told of so many executions; `$URL` stands for its URL. */
async function told(flags: readonly string[], story: (stage: Stage) => Promise<void>): Promise<Received[]> {
  await using receiver = await Receiver.start();
  const url = `http://127.0.0.1:${receiver.port}`;
  await onStage(flags.map((flag) => flag.replace("$URL", url)), async (stage) => {
    await story(stage);
    await stage.stop();
  }, still);
  return receiver.received;
}

const one = async (stage: Stage) => {
  doomed(stage.world, "a");
  await untilFailed(stage, "a");
};

const batches = (received: Received[]) => received.map(({ body }) => Array.isArray(body) ? body.length : body);

/** Whether a server with a certificate that only the file vouches for is spoken to. */
function trusts(key: string, flag: string, base: readonly string[]): Effect {
  return {
    keys: [key],
    flags: [flag],
    shows: "whether a server is trusted whose certificate only that file vouches for",
    with: true,
    without: false,
    observe: async (flags) => {
      const pair = selfSigned();
      await using receiver = await Receiver.start(pair);
      const url = `https://127.0.0.1:${receiver.port}`;
      await withFile(
        pair.cert,
        (path) =>
          onStage(
            [...base, ...flags].map((each) => each.replace("$URL", url).replace("$FILE", path)),
            async (stage) => {
              await one(stage);
              await stage.stop();
            },
            still,
          ),
      );
      return receiver.received.length > 0;
    },
  };
}

/** The status and scheme that /metrics answers with; `$CERT` and `$KEY` stand for files of a pair that only this test has. */
async function scrape(flags: readonly string[], how: { ca?: string; token?: string; scheme?: string } = {}) {
  return await onStage(flags, async ({ serve }) => {
    const { metrics } = await serve();
    const { ca, token, scheme = "http" } = how;
    using client = Deno.createHttpClient(ca ? { caCerts: [ca] } : {});
    const { hostname, port } = metrics.address;
    const headers: HeadersInit = token ? { authorization: `Bearer ${token}` } : {};
    try {
      const response = await fetch(`${scheme}://${hostname}:${port}/metrics`, { client, headers });
      await response.body?.cancel();
      return response.status;
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      return "no answer";
    }
  }, still);
}

export const outsideEffects: readonly Effect[] = [
  {
    keys: ["audit.sinks"],
    flags: ["--audit-sinks=$URL"],
    shows: "how many audit events a server is told of",
    with: [1],
    without: [],
    observe: async (flags) => batches(await told(flags, one)),
  },
  {
    keys: ["audit.tokenFile"],
    flags: ["--audit-token-file=$FILE"],
    shows: "what a server is told in Authorization",
    with: "Bearer the-token",
    without: undefined,
    observe: (flags) =>
      withFile("the-token\n", async (path) => {
        const given = ["--audit-sinks=$URL", ...flags].map((flag) => flag.replace("$FILE", path));
        return (await told(given, one))[0]?.headers["authorization"];
      }),
  },
  trusts("audit.caFile", "--audit-ca-file=$FILE", ["--audit-sinks=$URL"]),
  {
    keys: ["audit.batchSize"],
    flags: ["--audit-batch-size=2"],
    shows: "how many of three events go in each request",
    with: [2, 1],
    without: [3],
    observe: async (flags) =>
      batches(
        await told(["--audit-sinks=$URL", "--audit-batch-delay=60s", ...flags], async (stage) => {
          for (const name of ["a", "b", "c"]) doomed(stage.world, name);
          await untilFailed(stage, "a", "b", "c");
        }),
      ),
  },
  {
    keys: ["audit.batchDelay"],
    flags: ["--audit-batch-delay=60s"],
    shows: "whether an event waits for another that comes a second later",
    with: [2],
    without: [1, 1],
    observe: async (flags) =>
      batches(
        await told(["--audit-sinks=$URL", ...flags], async (stage) => {
          for (const name of ["a", "b"]) {
            doomed(stage.world, name);
            await untilFailed(stage, name);
            stage.world.clock.advance(1_000);
          }
        }),
      ),
  },
  {
    keys: ["notify.url"],
    flags: ["--notify-url=$URL"],
    shows: "the type of what the webhook gets",
    with: ["ai.kubernaut.workflowexecution.workflow.failed"],
    without: [],
    observe: async (flags) => (await told(flags, one)).map(({ body }) => (body as JSONObject).type),
  },
  trusts("notify.caFile", "--notify-ca-file=$FILE", ["--notify-url=$URL"]),
  {
    keys: ["health.address"],
    flags: ["--health-address=127.0.0.2:0"],
    shows: "where /healthz is answered",
    with: "127.0.0.2",
    without: "127.0.0.1",
    observe: (flags) =>
      onStage(flags, async ({ serve }) => {
        const { hostname, port } = (await serve()).health.address;
        const response = await fetch(`http://${hostname}:${port}/healthz`);
        await response.body?.cancel();
        return response.ok && hostname;
      }, still),
  },
  {
    keys: ["metrics.address"],
    flags: ["--metrics-address=127.0.0.2:0"],
    shows: "where /metrics is answered",
    with: "127.0.0.2",
    without: "127.0.0.1",
    observe: (flags) =>
      onStage(["--metrics-auth=false", ...flags], async ({ serve }) => {
        const { hostname, port } = (await serve()).metrics.address;
        const response = await fetch(`http://${hostname}:${port}/metrics`);
        await response.body?.cancel();
        return response.ok && hostname;
      }, still),
  },
  {
    keys: ["metrics.auth"],
    flags: ["--metrics-auth=false"],
    shows: "what /metrics answers without a token",
    with: 200,
    without: 401,
    observe: (flags) => scrape(flags),
  },
  {
    keys: ["metrics.audiences"],
    flags: ["--metrics-audiences=prometheus"],
    shows: "the audiences that the API server is asked about",
    with: ["prometheus"],
    without: undefined,
    observe: async (flags) => {
      let asked: unknown = "nothing was asked";
      await onStage(flags, async ({ serve }) => {
        const { hostname, port } = (await serve()).metrics.address;
        const response = await fetch(`http://${hostname}:${port}/metrics`, { headers: { authorization: "Bearer t" } });
        await response.body?.cancel();
      }, {
        ...still,
        carry: async (request, send) => {
          if (request.url.endsWith("/tokenreviews")) {
            const review = await request.clone().json() as { spec: { audiences?: string[] } };
            asked = review.spec.audiences;
          }
          return await send(request);
        },
      });
      return asked;
    },
  },
  {
    keys: ["metrics.plainHttp"],
    flags: ["--metrics-plain-http=true"],
    shows: "whether /metrics is answered over plain HTTP",
    with: 401,
    without: "no answer",
    observe: (flags) => scrape(flags.length > 0 ? flags : ["--metrics-plain-http=false"]),
  },
  {
    keys: ["metrics.certFile", "metrics.keyFile"],
    flags: ["--metrics-cert-file=$CERT", "--metrics-key-file=$KEY"],
    shows: "whether a client that trusts only that certificate gets an answer",
    with: 401,
    without: "no answer",
    observe: async (flags) => {
      const { cert, key } = selfSigned();
      return await withFile(cert, (certPath) =>
        withFile(key, (keyPath) => {
          const given = flags.map((flag) => flag.replace("$CERT", certPath).replace("$KEY", keyPath));
          return scrape(["--metrics-plain-http=false", ...given], { ca: cert, scheme: "https" });
        }));
    },
  },
];
