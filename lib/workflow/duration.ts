// Durations in the text form of Go's time package, which is what Kubernetes objects and this project's configuration use.
// Pure. Numbers are milliseconds everywhere else in the program; this is the one place that reads and writes the text.

const unitMs: Record<string, number> = {
  ns: 1e-6,
  us: 1e-3,
  "µs": 1e-3,
  "μs": 1e-3,
  ms: 1,
  s: 1e3,
  m: 60e3,
  h: 3600e3,
};

/** The longest duration that Go can hold: 2^63 - 1 nanoseconds, about 292 years. */
const longestMs = 9_223_372_036_854.775;

const wholeGrammar = /^[+-]?(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/;
const oneTerm = /(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g;

/**
 * Milliseconds of a Go duration such as "1h30m", "1.5h", "300ms", "-5s" or "0"; exact to the nanosecond below 100 days.
 * Throws an Error that says what is right. Source: https://pkg.go.dev/time#ParseDuration.
 */
export function parseDurationMs(text: string): number {
  if (/^[+-]?0$/.test(text)) return 0;
  if (!wholeGrammar.test(text)) throw new Error(`${JSON.stringify(text)} is not a duration; ${reasonFor(text)}`);
  let totalMs = 0;
  for (const [, amount, unit] of text.matchAll(oneTerm)) totalMs += Number(amount) * (unitMs[unit ?? ""] ?? NaN);
  if (totalMs > longestMs) {
    throw new Error(`${JSON.stringify(text)} is longer than a duration can be (about 292 years)`);
  }
  const exactMs = Math.round(totalMs * 1e6) / 1e6;
  return text.startsWith("-") && exactMs !== 0 ? -exactMs : exactMs;
}

/**
 * Go's form of a duration in whole seconds: 210000 is "3m30s", 0 is "0s", 3600000 is "1h0m0s". What is left over of a second
 * is dropped; round before, where that matters.
 */
export function formatDuration(ms: number): string {
  if (!Number.isFinite(ms)) throw new RangeError(`a duration is a finite number of milliseconds, not ${ms}`);
  const seconds = Math.floor(Math.abs(ms) / 1000);
  const sign = ms < 0 && seconds > 0 ? "-" : "";
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  if (hours > 0) return `${sign}${hours}h${minutes}m${seconds % 60}s`;
  return minutes > 0 ? `${sign}${minutes}m${seconds % 60}s` : `${sign}${seconds}s`;
}

function reasonFor(text: string): string {
  const right = `write a number and a unit, as in 30s, 5m or 1h30m (units: ns, us, ms, s, m, h)`;
  if (/^[+-]?[\d.]+$/.test(text)) return `the unit is missing: ${right}`;
  if (/\d\s*d/.test(text)) return `there is no unit for days, 24h is one day: ${right}`;
  return right;
}
