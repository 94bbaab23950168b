// Results of tasks and of the run. Everything that a PipelineRun is asserted to say here was seen of Tekton v1.12 on a real API
// server, with pods that wrote the same.

import { assertEquals } from "@std/assert";
import { builtinBundles } from "../../../lib/sim/tekton/builtin.ts";
import { writtenResults } from "../../../lib/sim/tekton/results.ts";
import type { PipelineRunStatus, PipelineSpec, PipelineTask } from "../../../lib/sim/tekton/types.ts";
import { pipelineRun, type Played, playRun } from "./player.ts";

const when = (operator: "in" | "notin") => [{ input: "$(tasks.a.results.digest)", operator, values: ["abc"] }];

/** A task whose only step says this, and that declares these results. */
function task(name: string, script: string, results: string[], rest: Partial<PipelineTask> = {}): PipelineTask {
  return {
    name,
    taskSpec: {
      params: rest.params?.map(({ name }) => ({ name, type: "string" })) ?? [],
      results: results.map((name) => ({ name })),
      steps: [{ name: "s", image: "sim.local/ok:1s", script }],
    },
    ...rest,
  };
}

const writes = task("a", "echo -n abc | tee $(results.digest.path)", ["digest"]);
const silent = task("a", "true", ["digest"]);
const needs = (name: string, reference = "$(tasks.a.results.digest)") =>
  task(name, "run $(params.from)", [], { params: [{ name: "from", value: reference }] });

function played(pipelineSpec: PipelineSpec): Played {
  return playRun(pipelineRun("run", "none", { pipelineSpec }), { bundles: builtinBundles() });
}

/** What a client sees: how it ended, what it gives, which tasks ran and which did not. */
function told({ pipelineRun: { status }, taskRuns }: Played) {
  const { results, skippedTasks = [] }: PipelineRunStatus = status ?? {};
  const [condition] = status?.conditions ?? [];
  return {
    ends: `${condition?.reason}: ${condition?.message}`,
    ran: taskRuns.map(({ metadata }) => metadata.labels?.["tekton.dev/pipelineTask"]),
    ...(results && { results }),
    ...(skippedTasks.length > 0 && { skipped: Object.fromEntries(skippedTasks.map((one) => [one.name, one.reason])) }),
  };
}

Deno.test("results: go into parameters and when expressions of later tasks, and into those of the run", () => {
  const run = played({
    results: [
      { name: "digest", value: "$(tasks.a.results.digest)" },
      { name: "both", value: "$(tasks.a.results.digest)/$(tasks.b.results.count)" },
    ],
    tasks: [
      writes,
      {
        ...needs("b"),
        when: when("in"),
        taskSpec: task("b", "printf '3' > $(results.count.path)", ["count"]).taskSpec,
      },
      task("c", "true", ["nothing"], { when: when("notin") }),
    ],
    finally: [needs("f"), needs("g", "$(tasks.c.results.nothing)")],
  });
  assertEquals(told(run), {
    ends: "Completed: Tasks Completed: 3 (Failed: 0, Cancelled 0), Skipped: 2",
    ran: ["a", "b", "f"],
    results: [{ name: "digest", value: "abc" }, { name: "both", value: "abc/3" }],
    skipped: { c: "When Expressions evaluated to false", g: "Results were missing" },
  });
  const { status } = run.pipelineRun;
  assertEquals(status?.childReferences?.map(({ whenExpressions }) => whenExpressions), [
    undefined,
    [{ input: "abc", operator: "in", values: ["abc"] }],
    undefined,
  ]);
  assertEquals(status?.skippedTasks?.[0]?.whenExpressions, [{ input: "abc", operator: "notin", values: ["abc"] }]);
  const [a, b] = run.taskRuns;
  assertEquals(a?.status?.results, [{ name: "digest", type: "string", value: "abc" }]);
  assertEquals(a?.status?.steps?.[0]?.terminated?.message, '[{"key":"digest","value":"abc","type":1}]');
  assertEquals(a?.status?.taskSpec?.steps[0]?.script, "echo -n abc | tee /tekton/results/digest");
  assertEquals(b?.spec.params, [{ name: "from", value: "abc" }]);
});

Deno.test("results: a task that ended well without writing one fails those who need it, and finally runs", () => {
  assertEquals(told(played({ tasks: [silent, needs("b")], finally: [task("f", "true", [])] })), {
    ends: "PipelineValidationFailed: Tasks Completed: 2 (Failed: 0, Cancelled 0), Skipped: 0, Failed Validation: 1 " +
      '(task "a" completed successfully but did not emit the result "digest", which is referenced by task "b")',
    ran: ["a", "f"],
  });
});

Deno.test("results: a run whose own result was not written fails although its tasks did not", () => {
  assertEquals(told(played({ tasks: [silent], results: [{ name: "out", value: "$(tasks.a.results.digest)" }] })), {
    ends: "CouldntGetPipelineResult: Failed to get PipelineResult from TaskRun Results for PipelineRun run: " +
      "invalid pipelineresults [out], the referenced results don't exist",
    ran: ["a"],
  });
});

Deno.test("results: after a failure the finally task that needs one is left out, and so is the run's", () => {
  const failing = task("a", "true", ["digest"]);
  failing.taskSpec.steps = [{
    name: "s",
    image: "sim.local/exit-1:0s",
    script: "echo -n abc > $(results.digest.path)",
  }];
  const results = [{ name: "out", value: "$(tasks.a.results.digest)" }];
  assertEquals(told(played({ results, tasks: [failing, needs("b")], finally: [needs("f")] })), {
    ends: "Failed: Tasks Completed: 1 (Failed: 1, Cancelled 0), Skipped: 2",
    ran: ["a"],
    skipped: { b: "PipelineRun was stopping", f: "Results were missing" },
  });
});

Deno.test("results: of a task that was left out are missing", () => {
  const never = task("a", "true", ["digest"], { when: [{ input: "a", operator: "in", values: ["b"] }] });
  assertEquals(told(played({ tasks: [never, needs("b")] })), {
    ends: "Completed: Tasks Completed: 0 (Failed: 0, Cancelled 0), Skipped: 2",
    ran: [],
    skipped: { a: "When Expressions evaluated to false", b: "Results were missing" },
  });
});

Deno.test("results: one that no task declares ends the run before anything runs", () => {
  assertEquals(told(played({ tasks: [task("a", "true", []), needs("b")] })), {
    ends:
      'InvalidTaskResultReference: invalid result reference in pipeline task "b": "digest" is not a named result returned by pipeline task "a"',
    ran: [],
  });
});

Deno.test("writtenResults: what of a step's text counts as writing one", () => {
  const table: [script: string, value: string | undefined][] = [
    ["echo -n abc > /tekton/results/r", "abc"],
    ["echo abc > /tekton/results/r", "abc\n"],
    ['printf "two words" | tee /tekton/results/r', "two words"],
    ["echo -n 'it''s' > /tekton/results/other", undefined],
    ["echo -n one > /tekton/results/r\necho -n two > /tekton/results/r", "two"],
    ["kubectl get pods > /tekton/results/r", undefined],
  ];
  for (const [script, value] of table) {
    const written = writtenResults({ name: "s", image: "x", script }, { results: [{ name: "r" }], steps: [] });
    assertEquals(written, value === undefined ? [] : [{ key: "r", value, type: 1 }], script);
  }
  const args = ["-c", "echo -n abc > /tekton/results/r"];
  assertEquals(writtenResults({ name: "s", image: "x", args }, { results: [{ name: "r" }], steps: [] }), [
    { key: "r", value: "abc", type: 1 },
  ]);
});
