// Exhaustive: in each of the basic stories the only controller is killed before and after every single request that it makes,
// reads too. The one that starts afterwards brings the story to the same end, and every law is kept on the way.

import { assertEquals } from "@std/assert";
import { defaultRules } from "../support/builders.ts";
import { type Deed, fineWeather, type Plan, type PlannedExecution } from "./plan.ts";
import { judgePlan } from "./verdict.ts";
import { prepareGround } from "./world.ts";

interface Story {
  readonly name: string;
  readonly executions: readonly PlannedExecution[];
  readonly deeds?: Plan["deeds"];
  readonly laterNamespace?: string;
  readonly ends: readonly string[];
}

const fix: PlannedExecution = {
  name: "fix",
  namespace: "payment",
  target: 0,
  alias: "payment/deployment/api",
  workflow: "restart",
  image: "ok",
  timeout: "30s",
  createdAtMs: 0,
  pruned: false,
};
const other = { ...fix, name: "other", namespace: "apps", alias: "payment/deploy/api", workflow: "scale" };

const stories: readonly Story[] = [
  { name: "one run", executions: [fix], ends: ["payment/fix Completed"] },
  { name: "a failure", executions: [{ ...fix, image: "exit-code" }], ends: ["payment/fix Failed"] },
  {
    name: "two on a target",
    executions: [fix, { ...other, createdAtMs: 1_000 }],
    ends: ["apps/other Skipped", "payment/fix Completed"],
  },
  {
    name: "the same workflow within its cooldown",
    executions: [fix, { ...other, workflow: "restart", createdAtMs: 5_000 }],
    ends: ["apps/other Skipped", "payment/fix Completed"],
  },
  {
    name: "deleted while running",
    executions: [{ ...fix, image: "hang" }],
    deeds: [{ when: { atMs: 2_000 }, deed: { do: "deleteExecution", which: 0 } }],
    ends: ["payment/fix deleted"],
  },
  {
    name: "a deadline, and the rollback after it",
    executions: [{ ...fix, image: "hang-rollback", timeout: "2s" }],
    ends: ["payment/fix Failed"],
  },
  {
    name: "a new configuration after the restart",
    executions: [fix],
    laterNamespace: "workflows",
    ends: ["payment/fix Completed"],
  },
];

for (const story of stories) {
  Deno.test(`${story.name}: a crash before or after any request changes nothing`, async () => {
    const ground = await prepareGround();
    const undisturbed = await judgePlan(planOf(story), ground);
    assertEquals({ ends: undisturbed.ends, broken: undisturbed.broken }, { ends: story.ends, broken: [] });
    for (let nth = 1; nth <= undisturbed.requests; nth++) {
      for (const when of ["before", "after"] as const) {
        const crash: Deed = { do: "killAtRequest", replica: 0, nth, when };
        const { ends, broken, trace } = await judgePlan(planOf(story, crash), ground, { traced: true });
        const crashed = trace.some((line) => line.includes("is killed"));
        assertEquals({ nth, when, ends, broken, crashed }, { nth, when, ends: story.ends, broken: [], crashed: true });
      }
    }
  });
}

function planOf({ executions, deeds = [], laterNamespace = "" }: Story, crash?: Deed): Plan {
  const rules = { ...defaultRules, cooldownMs: 60_000 };
  return {
    seed: 1,
    replicas: 1,
    elects: false,
    config: { rules, namespaces: [] },
    laterConfig: { rules: { ...rules, executionNamespace: laterNamespace }, namespaces: [] },
    collectorDelayMs: 0,
    executions,
    deeds: crash ? [...deeds, { when: { atMs: 0 }, deed: crash }] : deeds,
    weather: fineWeather,
    mood: "hands",
    troubleEndsAtMs: 10_000,
  };
}
