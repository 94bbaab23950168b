// What happens in the world of a seed: which executions are created when, what people and machines do in between, and how the
// network behaves. A pure function of the seed, so that a failing world can be told in words before it is run.

import type { Rules } from "../../lib/workflow/snapshot.ts";
import { defaultRules } from "../support/builders.ts";
import { Chance } from "./chance.ts";
import type { Weather } from "./fates.ts";

/** One thing by all its names. */
export const targets: readonly { canonical: string; aliases: readonly string[] }[] = [
  {
    canonical: "payment/deployment/api",
    aliases: [
      "payment/deployment/api",
      "payment/deploy/api",
      "payment/deployments.apps/api",
      "payment/deployment.v1.apps/api",
    ],
  },
  {
    canonical: "node/worker-1.internal",
    aliases: ["node/worker-1.internal", "no/worker-1.internal", "apps/nodes/worker-1.internal"],
  },
  { canonical: "payment/rollout.example.com/web", aliases: ["payment/rollout.example.com/web"] },
];

/** Where executions are created. */
export const namespaces = ["payment", "apps", "billing"];

export interface PlannedExecution {
  readonly name: string;
  readonly namespace: string;
  /** Place in `targets`. */
  readonly target: number;
  readonly alias: string;
  readonly workflow: string;
  readonly image: string;
  readonly timeout: string;
  readonly createdAtMs: number;
  /** Created in place of that time when this one has ended: somebody tries the next workflow as soon as one is through. */
  readonly follows?: { readonly which: number; readonly afterMs: number };
  /** Its run is deleted the moment it has finished. */
  readonly pruned: boolean;
}

/** After so much time, or after the nth change of an execution, a run or a Lease and a little more. */
export type Moment = { readonly atMs: number } | { readonly change: number; readonly thenMs: number };

export type Deed =
  | {
    readonly do:
      | "deleteExecution"
      | "stripFinalizer"
      | "addForeignFinalizer"
      | "createAgain"
      | "restoreCopy"
      | "replaceByForce"
      | "squat";
    readonly which: number;
  }
  | { readonly do: "deleteRun"; readonly which: number; readonly policy: "Foreground" | "Background" }
  | { readonly do: "cancelRun"; readonly which: number; readonly mode: string }
  /** Emptied: only holderIdentity goes. Wiped: the holder's annotation as well, so that it looks released. */
  | { readonly do: "deleteLease" | "emptyLease" | "wipeLease"; readonly target: number }
  | { readonly do: "jump"; readonly replica: number; readonly byMs: number }
  | { readonly do: "kill" | "stop"; readonly replica: number; readonly againAfterMs: number }
  | { readonly do: "killAtRequest"; readonly replica: number; readonly nth: number; readonly when: "before" | "after" }
  | { readonly do: "pause" | "standby"; readonly replica: number; readonly forMs: number }
  | { readonly do: "notServed"; readonly group: string; readonly forMs: number }
  | { readonly do: "serverDown"; readonly forMs: number; readonly compacts: boolean }
  | { readonly do: "compact" }
  | { readonly do: "auditDown"; readonly forMs: number }
  | {
    readonly do: "watch";
    readonly replica: number;
    /** Of this plural; empty: of all. */
    readonly resource: string;
    /** Only the watches over this namespace. */
    readonly namespace?: string;
    readonly how: "hold" | "cut" | "cutMidLine" | "expire" | "silence";
    readonly forMs: number;
  };

/**
 * calm: nothing goes wrong, and nobody interferes. hands: people and other programs do what they like, but processes and
 * network are well. wild: everything.
 */
export type Mood = "calm" | "hands" | "wild";

export interface Configuration {
  readonly rules: Rules;
  /** Watched, each on its own; empty: all, on one watch. */
  readonly namespaces: readonly string[];
}

export interface Plan {
  readonly seed: number;
  readonly replicas: number;
  /** The replicas elect a leader; else all work at once. */
  readonly elects: boolean;
  readonly config: Configuration;
  /** What a controller that is started again is configured with. */
  readonly laterConfig: Configuration;
  /** How long the garbage collector takes to begin. */
  readonly collectorDelayMs: number;
  readonly executions: readonly PlannedExecution[];
  readonly deeds: readonly { readonly when: Moment; readonly deed: Deed }[];
  readonly weather: Weather;
  readonly mood: Mood;
  /** From then on nothing is done from outside, and nothing goes wrong any more. */
  readonly troubleEndsAtMs: number;
}

const second = 1_000;
export const fineWeather: Weather = {
  latencyMs: 3,
  watchLagMs: 0,
  conflict: 0,
  tooMany: 0,
  serverError: 0,
  lost: 0,
  answerLost: 0,
  late: 0,
  refusedAfterLost: 0,
};

export function planOf(seed: number): Plan {
  const chance = Chance.of(seed, "plan");
  const mood = chance.pick<Mood>(["calm", "hands", "hands", "wild", "wild", "wild", "wild", "wild"]);
  const calm = mood === "calm";
  const executions = planExecutions(chance, calm);
  const replicas = chance.happens(calm ? 0.2 : 0.5) ? 2 : 1;
  const rules: Rules = {
    ...defaultRules,
    cooldownMs: chance.pick([0, 20, 60, 60, 60]) * second,
    startDeadlineMs: chance.pick([0, 20, 40]) * second,
    rollbackGraceMs: chance.pick([0, 15]) * second,
    executionNamespace: chance.happens(0.4) ? "workflows" : "",
  };
  const elsewhere = chance.happens(0.3) ? (rules.executionNamespace ? "" : "workflows") : rules.executionNamespace;
  const cooldownMs = chance.happens(0.2) ? chance.pick([20, 60]) * second : rules.cooldownMs;
  const watched = () => (chance.happens(0.2) ? namespaces : []);
  const config = { rules, namespaces: watched() };
  return {
    seed,
    replicas,
    elects: replicas === 2 && chance.happens(0.3),
    config,
    laterConfig: {
      rules: { ...rules, cooldownMs, executionNamespace: elsewhere },
      namespaces: chance.happens(0.3) ? watched() : config.namespaces,
    },
    collectorDelayMs: calm ? 0 : chance.pick([0, 0, 0, 1, 10]) * second,
    executions,
    deeds: calm ? [] : planDeeds(chance, executions, replicas, mood === "hands" ? hands : [...hands, ...misfortunes]),
    weather: mood === "wild" ? planWeather(chance) : fineWeather,
    mood,
    troubleEndsAtMs: calm ? 1 : 100 * second,
  };
}

function planExecutions(chance: Chance, calm: boolean): PlannedExecution[] {
  const count = chance.whole(calm ? 1 : 2, 6);
  const kinds = chance.whole(1, count > 3 ? 3 : 2);
  const workflows = chance.pick([["a"], ["a", "b"], ["a", "b"]]);
  // They come in bursts: what happens at the same moment is what a lock is for.
  const bursts = Array.from({ length: chance.whole(1, 3) }, () => chance.whole(0, chance.pick([1, 20, 60]) * second));
  const spreadMs = chance.pick([0, 10, 300, 3 * second]);
  return Array.from({ length: count }, (_, i) => {
    const target = chance.whole(0, kinds - 1);
    const aliases = targets[target]?.aliases ?? [];
    return {
      name: `e${i}`,
      namespace: chance.pick(namespaces),
      target,
      alias: chance.pick(aliases),
      workflow: chance.pick(workflows),
      image: chance.pick(["ok", "ok", "ok", "exit-code", "rollback", "hang", "hang-rollback", "no-such"]),
      timeout: `${chance.pick([10, 30, 60])}s`,
      createdAtMs: chance.pick(bursts) + chance.whole(0, spreadMs),
      pruned: !calm && chance.happens(0.1),
      ...(i > 0 && chance.happens(0.35)
        ? { follows: { which: chance.whole(0, i - 1), afterMs: chance.whole(0, chance.pick([2, 300])) } }
        : {}),
    };
  });
}

function planWeather(chance: Chance): Weather {
  const some = (most: number) => (chance.happens(0.4) ? chance.next() * most : 0);
  return {
    latencyMs: chance.pick([0, 3, 20, 200]),
    watchLagMs: chance.pick([0, 0, 20, 500, 5_000]),
    conflict: some(0.1),
    tooMany: some(0.1),
    serverError: some(0.1),
    lost: some(0.1),
    answerLost: some(0.15),
    late: some(0.1),
    refusedAfterLost: some(0.8),
  };
}

function planDeeds(
  chance: Chance,
  executions: readonly PlannedExecution[],
  replicas: number,
  troubles: readonly Trouble[],
): Plan["deeds"] {
  // Few kinds of trouble a world, each perhaps several times: combinations stay telling, and all of them come.
  const kinds = Array.from({ length: chance.whole(0, 4) }, () => chance.pick(troubles));
  return kinds.flatMap((kind) =>
    Array.from({ length: chance.whole(1, 2) }, () => ({
      when: planMoment(chance),
      deed: kind(chance, executions.length, chance.whole(0, replicas - 1)),
    }))
  );
}

function planMoment(chance: Chance): Moment {
  if (chance.happens(0.4)) return { atMs: chance.whole(0, chance.pick([100, 5_000, 60_000])) };
  return { change: chance.whole(1, chance.pick([10, 40])), thenMs: chance.whole(0, chance.pick([0, 5, 300, 3_000])) };
}

type Trouble = (chance: Chance, executions: number, replica: number) => Deed;

/** What people and other programs do to the objects. */
const hands: readonly Trouble[] = [
  (c, n) => ({ do: "deleteExecution", which: c.whole(0, n - 1) }),
  (c, n) => ({ do: "deleteExecution", which: c.whole(0, n - 1) }),
  (c, n) => ({ do: "stripFinalizer", which: c.whole(0, n - 1) }),
  (c, n) => ({ do: "addForeignFinalizer", which: c.whole(0, n - 1) }),
  (c, n) => ({ do: "createAgain", which: c.whole(0, n - 1) }),
  (c, n) => ({ do: "restoreCopy", which: c.whole(0, n - 1) }),
  (c, n) => ({ do: "deleteRun", which: c.whole(0, n - 1), policy: c.pick(["Foreground", "Background"]) }),
  (c, n) => ({
    do: "cancelRun",
    which: c.whole(0, n - 1),
    mode: c.pick(["Cancelled", "CancelledRunFinally", "StoppedRunFinally"]),
  }),
  (c, n) => ({ do: "squat", which: c.whole(0, n - 1) }),
  (c) => ({ do: "deleteLease", target: c.whole(0, 1) }),
  () => ({ do: "deleteLease", target: 0 }),
  (c) => ({ do: c.pick(["emptyLease", "wipeLease"]), target: c.whole(0, 1) }),
  (c, n) => ({ do: "replaceByForce", which: c.whole(0, n - 1) }),
];

/** What happens to processes and network. */
const misfortunes: readonly Trouble[] = [
  (c, _, replica) => ({ do: "jump", replica, byMs: c.whole(-1, 1) * c.pick([5, 5, 200]) * second }),
  (c, _, replica) => ({ do: "kill", replica, againAfterMs: c.pick([1, 1_000, 20_000]) }),
  (c, _, replica) => ({ do: "kill", replica, againAfterMs: c.pick([1, 1_000, 20_000]) }),
  (c, _, replica) => ({ do: "killAtRequest", replica, nth: c.whole(1, 40), when: c.pick(["before", "after"]) }),
  (c, _, replica) => ({ do: "killAtRequest", replica, nth: c.whole(1, 40), when: c.pick(["before", "after"]) }),
  (c, _, replica) => ({ do: "stop", replica, againAfterMs: c.pick([1, 1_000, 20_000]) }),
  (c, _, replica) => ({ do: "pause", replica, forMs: c.pick([100, 5_000, 25_000, 45_000]) }),
  (c, _, replica) => ({ do: "pause", replica, forMs: c.pick([100, 5_000, 25_000, 45_000]) }),
  (c, _, replica) => ({ do: "standby", replica, forMs: c.pick([100, 5_000, 25_000]) }),
  (c) => ({
    do: "notServed",
    group: c.pick(["workflowexecution.kubernaut.ai", "tekton.dev", "coordination.k8s.io"]),
    forMs: c.whole(1, 30) * second,
  }),
  (c) => ({ do: "serverDown", forMs: c.whole(1, 15) * second, compacts: c.happens(0.5) }),
  () => ({ do: "compact" }),
  (c) => ({ do: "auditDown", forMs: c.whole(1, 60) * second }),
  watchTrouble,
  watchTrouble,
  watchTrouble,
];

function watchTrouble(chance: Chance, _: number, replica: number): Deed {
  return {
    do: "watch",
    replica,
    resource: chance.pick(["", "workflowexecutions", "pipelineruns", "leases"]),
    how: chance.pick(["hold", "hold", "hold", "cut", "cutMidLine", "expire", "silence"]),
    forMs: chance.pick([200, 5_000, 40_000]),
  };
}

/** What lies at least between an end and the next start of that workflow: each of two clocks may have been set. */
export function leastCooldownMs({ config, laterConfig, deeds, replicas }: Plan): number {
  const jumps = Array.from(
    { length: replicas },
    (_, place) => deeds.flatMap(({ deed }) => (deed.do === "jump" && deed.replica === place ? [deed.byMs] : [])),
  );
  const sum = (of: number[]) => of.reduce((total, ms) => total + ms, 0);
  const aheadMs = Math.max(0, ...jumps.map((each) => sum(each.filter((ms) => ms > 0))));
  const behindMs = Math.max(0, ...jumps.map((each) => -sum(each.filter((ms) => ms < 0))));
  return Math.min(config.rules.cooldownMs, laterConfig.rules.cooldownMs) - aheadMs - behindMs;
}
