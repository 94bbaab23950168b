// How Tekton writes names, durations, times and conditions; the names are those that knative.dev/pkg printed.

import { assertEquals, assertThrows } from "@std/assert";
import { childName, durationMs, goDuration, same, timestamp, withCondition } from "../../../lib/sim/tekton/format.ts";
import type { TaskRunStatus } from "../../../lib/sim/tekton/types.ts";

Deno.test("childName gives the names that kmeta.ChildName gives", () => {
  const a = (n: number) => "a".repeat(n);
  const b = (n: number) => "-" + "b".repeat(n);
  const table: [parent: string, suffix: string, name: string][] = [
    ["ok", "-check", "ok-check"],
    [a(57), "-check", `${a(57)}-check`],
    [a(58), "-check", `${a(25)}dc2f2f2462a0d72358b2f99389458606-check`],
    [a(63), "-check", `${a(25)}b06521f39153d618550606be297466d5-check`],
    ["short", b(60), `shortbd7e08a8c25921561b2f837046d2cf77${b(25)}`],
    [a(40), b(31), `${a(31)}28367e3ab103f0bf193ef5b57628a071`],
    [a(40), b(30), `${a(31)}15d5c245778e720889c41ff9d69192d0`],
    [a(40), b(29), `a4697843037d962f62a5a429e611e0f5f${b(29)}`],
    ["a-b", `${b(26)}-${"c".repeat(40)}`, `a-bb0c5e21a23f9279ee72d145cbd38e51d${b(26)}`],
  ];
  for (const [parent, suffix, name] of table) assertEquals(childName(parent, suffix), name);
});

Deno.test("timestamp cuts to whole seconds", () => {
  assertEquals(timestamp(Date.UTC(2026, 10, 23, 6, 22, 52) + 999), "2026-11-23T06:22:52Z");
});

Deno.test("durations are read and written as Go does", () => {
  const table: [text: string, ms: number, written: string][] = [
    ["5s", 5000, "5s"],
    ["90s", 90_000, "1m30s"],
    ["1h", 3_600_000, "1h0m0s"],
    ["35m0s", 2_100_000, "35m0s"],
    ["1.5h", 5_400_000, "1h30m0s"],
    ["500ms", 500, "500ms"],
    ["0", 0, "0s"],
  ];
  for (const [text, ms, written] of table) assertEquals([durationMs(text), goDuration(ms)], [ms, written]);
  for (const wrong of ["", "5", "s", "-1s", "1 h"]) {
    assertThrows(() => durationMs(wrong), Error, "Cannot read the duration");
  }
});

Deno.test("withCondition moves the time when, and only when, something else of the condition moves", () => {
  const none: TaskRunStatus = {};
  const first = withCondition(none, { status: "Unknown", reason: "Running", message: "1 of 2" }, 0);
  assertEquals(first.conditions, [
    {
      type: "Succeeded",
      status: "Unknown",
      reason: "Running",
      message: "1 of 2",
      lastTransitionTime: "1970-01-01T00:00:00Z",
    },
  ]);
  assertEquals(withCondition(first, { status: "Unknown", reason: "Running", message: "1 of 2" }, 5000), first);
  const second = withCondition(first, { status: "Unknown", reason: "Running", message: "2 of 2" }, 5000);
  assertEquals(second.conditions?.[0]?.lastTransitionTime, "1970-01-01T00:00:05Z");
});

Deno.test("same looks at values, not at the order of keys", () => {
  assertEquals(same({ a: 1, b: [{ c: null }] }, { b: [{ c: null }], a: 1 }), true);
  const different: [unknown, unknown][] = [[{ a: 1 }, {}], [[1, 2], [2, 1]], [[], {}], [{ a: undefined }, { b: 1 }], [
    null,
    {},
  ]];
  for (const [left, right] of different) assertEquals(same(left, right), false);
});
