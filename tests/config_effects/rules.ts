// Keys that decide what becomes of an execution.

import type { JSONObject } from "../../lib/kube/contract.ts";
import { manifest } from "../support/builders.ts";
import { phaseOf, statusOf } from "../support/story.ts";
import type { World } from "../support/world.ts";
import { onStage, type StageOptions } from "../support/stage.ts";
import type { Effect } from "./effect.ts";

const still = { tekton: false };

/** The phase that an execution gets to, other than Pending. */
async function phaseReached(world: World, name = "fix"): Promise<string> {
  const decided = () => !["", "Pending"].includes(phaseOf(world, name));
  await world.until(`${name} is decided`, decided);
  return phaseOf(world, name);
}

/** A key, told by what becomes of one execution. */
function decides(key: string, flags: readonly string[], spec: JSONObject, reason: string): Effect {
  return {
    keys: [key],
    flags,
    shows: "whether the execution runs",
    with: `Failed ${reason}`,
    without: "Running ",
    observe: (given) =>
      onStage(given, async ({ world }) => {
        world.server.install(manifest({ spec }));
        return `${await phaseReached(world)} ${statusOf(world, "fix").failureReason ?? ""}`;
      }, still),
  };
}

/** A key, told by the PipelineRun that is made. */
function makes(
  key: string,
  flag: string,
  shows: string,
  read: (run: JSONObject) => unknown,
  values: { with: unknown; without: unknown },
): Effect {
  const observe = (given: readonly string[]) =>
    onStage(given, async ({ world }) => {
      world.server.install(manifest());
      await phaseReached(world);
      const [run] = world.list("pipelineruns");
      return run && read(run);
    }, still);
  return { keys: [key], flags: [flag], shows, ...values, observe };
}

const timeouts = (run: JSONObject) => ((run.spec as JSONObject).timeouts as JSONObject).pipeline;

/** How many Leases of locks are being created at the same moment, at most. */
function counting(): { options: StageOptions; most: () => number } {
  let now = 0;
  let most = 0;
  const options: StageOptions = {
    ...still,
    prepare: (world) => {
      for (const name of ["a", "b", "c"]) {
        world.server.install(manifest({ name, target: `payment/deployment/${name}` }));
      }
    },
    carry: async (request, send) => {
      if (request.method !== "POST" || !request.url.endsWith("/leases")) return await send(request);
      most = Math.max(most, ++now);
      for (let turn = 0; turn < 100; turn++) await new Promise((resolve) => setImmediate(resolve));
      now--;
      return await send(request);
    },
  };
  return { options, most: () => most };
}

export const ruleEffects: readonly Effect[] = [
  {
    keys: ["cooldown"],
    flags: ["--cooldown=1m"],
    shows: "what becomes of the same workflow on the same target two minutes after its end",
    with: "Running",
    without: "Skipped",
    observe: (flags) =>
      onStage(flags, async ({ world }) => {
        world.server.install(manifest());
        await world.until("the first has ended", () => phaseOf(world, "fix") === "Completed");
        await world.pass(120_000);
        world.server.install(manifest({ name: "again" }));
        return await phaseReached(world, "again");
      }),
  },
  makes("timeout", "--timeout=10m", "the run's timeout, rollback grace included", timeouts, {
    with: "15m0s",
    without: "35m0s",
  }),
  makes("rollbackGrace", "--rollback-grace=1m", "the run's timeout, rollback grace included", timeouts, {
    with: "31m0s",
    without: "35m0s",
  }),
  decides("maxTimeout", ["--max-timeout=1h"], { executionConfig: { timeout: "2h" } }, "ConfigurationError"),
  {
    keys: ["startDeadline"],
    flags: ["--start-deadline=10s"],
    shows: "what is ordered of a run that nobody has begun after 30 s",
    with: "Cancelled",
    without: undefined,
    observe: (flags) =>
      onStage(flags, async ({ world }) => {
        world.server.install(manifest());
        await phaseReached(world);
        await world.pass(30_000);
        return (world.list("pipelineruns")[0]?.spec as JSONObject).status;
      }, still),
  },
  makes("executionNamespace", "--execution-namespace=apps", "the run's namespace", (run) => {
    return (run.metadata as JSONObject).namespace;
  }, { with: "apps", without: "payment" }),
  makes("serviceAccount", "--service-account=other", "the run's service account", (run) => {
    return ((run.spec as JSONObject).taskRunTemplate as JSONObject).serviceAccountName;
  }, { with: "other", without: "kubernaut-workflow-runner" }),
  decides("allowedServiceAccounts", ["--allowed-service-accounts=a,b"], {
    executionConfig: { serviceAccountName: "c" },
  }, "Forbidden"),
  decides("allowedImages", ["--allowed-images=ghcr.io/kubernaut/"], {}, "Forbidden"),
  decides("requireDigest", ["--require-digest=true"], {}, "ConfigurationError"),
  {
    keys: ["namespaces"],
    flags: ["--namespaces=apps"],
    shows: "the phase of an execution in another namespace, once one in `apps` runs",
    with: "Pending",
    without: "Running",
    observe: (flags) =>
      onStage(flags, async ({ world }) => {
        world.server.install(manifest());
        world.server.install(manifest({ namespace: "apps", target: "apps/deployment/api" }));
        await world.until("the one in apps runs", () => phaseOf(world, "fix", "apps") === "Running");
        await world.pass(1_000);
        return phaseOf(world, "fix");
      }, still),
  },
  {
    keys: ["lockNamespace"],
    flags: ["--lock-namespace=apps"],
    shows: "where the Lease of a target is",
    with: ["apps"],
    without: ["kubernaut-system"],
    observe: (flags) =>
      onStage(flags, async ({ world }) => {
        world.server.install(manifest());
        await phaseReached(world);
        return world.list("leases").map(({ metadata }) => (metadata as JSONObject).namespace);
      }, still),
  },
  {
    keys: ["leaderElection"],
    flags: ["--leader-election=true"],
    shows: "whether there is a leader's Lease",
    with: true,
    without: false,
    observe: (flags) =>
      onStage(flags, async ({ world }) => {
        world.server.install(manifest());
        await phaseReached(world);
        return world.get("leases", "kubernaut-system", "workflowexecution.kubernaut.ai") !== undefined;
      }, still),
  },
  {
    keys: ["concurrency"],
    flags: ["--concurrency=1"],
    shows: "how many of three executions are worked on at once",
    with: 1,
    without: 3,
    observe: async (flags) => {
      const { options, most } = counting();
      await onStage(flags, async ({ world, until }) => {
        await until("all three run", () => ["a", "b", "c"].every((name) => phaseOf(world, name) === "Running"));
      }, options);
      return most();
    },
  },
];
