// Durations as Go writes them: `1h30m`, `2.5s`, `100ms`.

const units: Record<string, number> = { ns: 1e-6, us: 1e-3, "µs": 1e-3, ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** Milliseconds; undefined for what Go's time.ParseDuration refuses. */
export function parseGoDuration(text: string): number | undefined {
  const found = /^([+-]?)((?:\d+\.?\d*|\.\d+)(?:ns|us|µs|ms|s|m|h))+$|^[+-]?0$/.exec(text);
  if (!found) return undefined;
  let ms = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+\.?\d*|\.\d+)(ns|us|µs|ms|s|m|h)/g)) {
    ms += Number(amount) * (units[unit ?? ""] ?? 0);
  }
  return text.startsWith("-") ? -ms : ms;
}
