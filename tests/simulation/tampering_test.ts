// A Lease deleted, emptied or wiped by hand at the worst moments, beside a replica whose caches stand still: tried at every
// change of the story's beginning, for every earlier moment from which the caches are behind. Of two executions exactly one
// runs, whatever the Lease says.

import { assertEquals, assertMatch } from "@std/assert";
import { annotation } from "../../lib/workflow/names.ts";
import { defaultRules } from "../support/builders.ts";
import { type Deed, fineWeather, type Moment, namespaces, type Plan, type PlannedExecution } from "./plan.ts";
import { honest } from "./sabotage.ts";
import { judgePlan } from "./verdict.ts";
import { prepareGround, type Sabotages } from "./world.ts";

const one: PlannedExecution = {
  name: "one",
  namespace: "payment",
  target: 0,
  alias: "payment/deployment/api",
  workflow: "restart",
  image: "ok",
  timeout: "30s",
  createdAtMs: 0,
  pruned: false,
};
const config = { rules: { ...defaultRules, cooldownMs: 60_000 }, namespaces: [] };

interface Moments {
  /** How much later the second execution comes. */
  readonly gapMs: number;
  /** The change from which the second replica's caches are behind. */
  readonly stale: number;
  /** The change at which the Lease is tampered with, and the first replica is cut off for a while. */
  readonly tamper: number;
}

function planOf({ gapMs, stale, tamper }: Moments, how: "deleteLease" | "emptyLease" | "wipeLease"): Plan {
  const behind = (resource: string): Deed => ({ do: "watch", replica: 1, resource, how: "hold", forMs: 40_000 });
  const at = (change: number): Moment => ({ change, thenMs: 0 });
  return {
    seed: 1,
    replicas: 2,
    elects: false,
    config,
    laterConfig: config,
    collectorDelayMs: 0,
    executions: [one, { ...one, name: "two", namespace: "apps", createdAtMs: gapMs }],
    deeds: [
      { when: { atMs: 0 }, deed: { do: "standby", replica: 1, forMs: 500 } },
      { when: at(stale), deed: behind("pipelineruns") },
      { when: at(stale), deed: behind("workflowexecutions") },
      { when: at(tamper), deed: { do: "pause", replica: 0, forMs: 10_000 } },
      { when: at(tamper), deed: { do: how, target: 0 } },
    ],
    weather: fineWeather,
    mood: "wild",
    troubleEndsAtMs: 60_000,
  };
}

/** A replica that knows nothing of the first execution gets the second, while the first runs and its Lease is gone. */
function unknownRunner(how: "deleteLease" | "wipeLease"): Plan {
  const blind = (resource: string): Deed => (
    { do: "watch", replica: 1, resource, namespace: "payment", how: "hold", forMs: 40_000 }
  );
  const plan = planOf({ gapMs: 1_000, stale: 1, tamper: 8 }, how);
  const [standby, , , ...tampering] = plan.deeds;
  const held = ["workflowexecutions", "pipelineruns"].map((resource) => ({ when: { atMs: 8 }, deed: blind(resource) }));
  const apart = { ...config, namespaces };
  return {
    ...plan,
    config: apart,
    laterConfig: apart,
    executions: plan.executions.map((each, i) => ({ ...each, image: "hang", createdAtMs: i === 0 ? 10 : 1_000 })),
    deeds: [...standby ? [standby] : [], ...held, ...tampering],
  };
}

/** Nobody is told what a run stands for, nor whose a Lease was: with that, nobody knows of a rival. */
const withoutSecondLook: Sabotages = () => ({
  ...honest,
  event: (call, line) =>
    call.info.resource === "pipelineruns"
      ? line.replaceAll(annotation.targetResource, "x")
      : call.info.resource === "leases"
      ? line.replaceAll("payment/one/", "nobody/none/").replaceAll(annotation.holder, "x")
      : line,
  answer: (call, given) =>
    call.info.resource === "pipelineruns" && call.info.verb === "list"
      ? { ...given, body: JSON.parse(JSON.stringify(given.body).replaceAll(annotation.targetResource, "x")) }
      : given,
});

for (const how of ["deleteLease", "wipeLease"] as const) {
  Deno.test(`${how}, and the run that goes on is in no cache: the second execution gives way before it starts`, async () => {
    const ground = await prepareGround();
    const { broken, trace } = await judgePlan(unknownRunner(how), ground, { traced: true });
    const starts = trace.filter((line) => / run \S+: started$/.test(line)).length;
    assertEquals({ broken, starts }, { broken: [], starts: 1 });
    const blind = await judgePlan(unknownRunner(how), ground, { sabotage: withoutSecondLook });
    assertMatch(blind.broken[0] ?? "", /^two runs on payment\/deployment\/api/);
  });
}

for (const how of ["deleteLease", "emptyLease", "wipeLease"] as const) {
  Deno.test(`${how} beside a replica that is behind: of two executions exactly one runs`, async () => {
    const ground = await prepareGround();
    for (const gapMs of [0, 5, 9]) {
      for (let stale = 3; stale <= 9; stale += 2) {
        for (let tamper = stale; tamper <= 10; tamper += gapMs === 5 ? 1 : 2) {
          const { ends, broken } = await judgePlan(planOf({ gapMs, stale, tamper }, how), ground);
          const completed = ends.filter((end) => end.endsWith("Completed")).length;
          assertEquals({ gapMs, stale, tamper, completed, broken }, { gapMs, stale, tamper, completed: 1, broken: [] });
        }
      }
    }
  });
}
