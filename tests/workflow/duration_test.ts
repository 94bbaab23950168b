// Go durations: what parses, what does not, and the form that is written.

import { assertEquals, assertThrows } from "@std/assert";
import { formatDuration, parseDurationMs } from "../../lib/workflow/duration.ts";

const parsed: [text: string, ms: number][] = [
  ["0", 0],
  ["+0", 0],
  ["-0", 0],
  ["0s", 0],
  ["-0s", 0],
  ["5s", 5_000],
  ["30m", 1_800_000],
  ["1h30m", 5_400_000],
  ["1h0m0s", 3_600_000],
  ["1.5h", 5_400_000],
  [".5s", 500],
  ["1.s", 1_000],
  ["1.005s", 1_005],
  ["300ms", 300],
  ["2us", 0.002],
  ["2µs", 0.002],
  ["2μs", 0.002],
  ["1500000ns", 1.5],
  ["-1m30s", -90_000],
  ["+5s", 5_000],
  ["10h5m3.25s", 36_303_250],
  ["1s1s", 2_000],
];

for (const [text, ms] of parsed) {
  Deno.test(`parseDurationMs reads ${text}`, () => assertEquals(parseDurationMs(text), ms));
}

const refused: [text: string, message: string][] = [
  ["", "as in 30s, 5m or 1h30m"],
  ["5", "the unit is missing"],
  ["1.5", "the unit is missing"],
  ["1d", "24h is one day"],
  ["5 m", "is not a duration"],
  [" 5m", "is not a duration"],
  ["five minutes", "is not a duration"],
  [".s", "is not a duration"],
  ["s", "is not a duration"],
  ["1m-5s", "is not a duration"],
  ["1H", "is not a duration"],
  ["5m\n", "is not a duration"],
  ["9999999h", "longer than a duration can be"],
];

for (const [text, message] of refused) {
  Deno.test(`parseDurationMs refuses ${JSON.stringify(text)}`, () => {
    assertThrows(() => parseDurationMs(text), Error, message);
  });
}

const written: [ms: number, text: string][] = [
  [0, "0s"],
  [999, "0s"],
  [-999, "0s"],
  [1_000, "1s"],
  [59_999, "59s"],
  [60_000, "1m0s"],
  [210_000, "3m30s"],
  [3_600_000, "1h0m0s"],
  [3_661_000, "1h1m1s"],
  [90_000_000, "25h0m0s"],
  [-90_000, "-1m30s"],
];

for (const [ms, text] of written) {
  Deno.test(`formatDuration writes ${ms} ms as ${text}`, () => assertEquals(formatDuration(ms), text));
}

Deno.test("formatDuration and parseDurationMs agree on every second of three hours", () => {
  for (let ms = 0; ms <= 3 * 3_600_000; ms += 1_000) assertEquals(parseDurationMs(formatDuration(ms)), ms);
});

Deno.test("formatDuration refuses what is not a number of milliseconds", () => {
  assertThrows(() => formatDuration(NaN), RangeError, "finite number");
});
