// How Tekton writes times, durations, names and conditions. Pure.

import { createHash } from "node:crypto";
import type { Condition } from "./types.ts";

/** RFC 3339 in whole seconds, cut and not rounded, as metav1.Time is written. */
export function timestamp(ms: number): string {
  return new Date(Math.floor(ms / 1000) * 1000).toISOString().replace(".000Z", "Z");
}

const unitMs: Record<string, number> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 };

/** Milliseconds of a Go duration of hours, minutes, seconds and milliseconds ("1h30m", "4s", "0"). Throws on anything else. */
export function durationMs(text: string): number {
  if (text === "0") return 0;
  if (!/^(\d+(\.\d+)?(h|ms|m|s))+$/.test(text)) {
    throw new Error(`Cannot read the duration ${JSON.stringify(text)}: it should be like "1h30m", "4s" or "500ms"`);
  }
  let totalMs = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(h|ms|m|s)/g)) {
    totalMs += Number(amount) * (unitMs[unit ?? ""] ?? NaN);
  }
  return totalMs;
}

/** What Go's Duration.String prints: "5s", "1m0s", "1h0m0s", "500ms". */
export function goDuration(ms: number): string {
  if (ms > 0 && ms < 1000) return `${ms}ms`;
  const hours = Math.floor(ms / 3_600_000);
  const minutes = Math.floor(ms / 60_000) % 60;
  const seconds = `${(ms % 60_000) / 1000}s`;
  if (hours > 0) return `${hours}h${minutes}m${seconds}`;
  return minutes > 0 ? `${minutes}m${seconds}` : seconds;
}

/**
 * The name of an object made for another: parent and suffix, at most 63 characters. Too long, the parent is cut and its MD5
 * appended, and with a suffix of more than 30 characters the MD5 of both. Source: kmeta.ChildName of knative.dev/pkg.
 */
export function childName(parent: string, suffix: string): string {
  const longest = 63;
  const head = 31;
  if (parent.length <= longest - suffix.length) return parent + suffix;
  const md5 = (text: string) => createHash("md5").update(text).digest("hex");
  if (suffix.length < head) return parent.slice(0, head - suffix.length) + md5(parent) + suffix;
  const name = parent.slice(0, head) + md5(parent + suffix);
  return (name + suffix.slice(0, Math.max(0, longest - name.length))).replace(/[^a-zA-Z0-9]+$/, "");
}

/** The status with this condition: its time moves when anything else of it does, as knative's conditions do it. */
export function withCondition<S extends { conditions?: Condition[] }>(
  status: S,
  condition: Omit<Condition, "type" | "lastTransitionTime">,
  nowMs: number,
): S {
  const before = status.conditions?.[0];
  const same = before?.status === condition.status && before.reason === condition.reason &&
    before.message === condition.message;
  if (same) return status;
  return { ...status, conditions: [{ ...condition, type: "Succeeded", lastTransitionTime: timestamp(nowMs) }] };
}

/** Whether the run has ended, and how: undefined while it has not. */
export function outcome(status: { conditions?: Condition[] } | undefined): "True" | "False" | undefined {
  const now = status?.conditions?.[0]?.status;
  return now === "Unknown" ? undefined : now;
}

/** status.provenance.featureFlags of Tekton v1.12 with its default configuration. */
export function featureFlags() {
  return {
    awaitSidecarReadiness: true,
    coschedule: "workspaces",
    enableAPIFields: "beta",
    enableProvenanceInStatus: true,
    enforceNonfalsifiability: "none",
    maxResultSize: 4096,
    resultExtractionMethod: "termination-message",
    runningInEnvWithInjectedSidecars: true,
    sendCloudEventsForRuns: true,
    verificationNoMatchPolicy: "ignore",
  };
}

/** Whether two JSON values are equal, in whatever order their keys stand. */
export function same(a: unknown, b: unknown): boolean {
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return a === b;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const [left, right] = [new Map(Object.entries(a)), new Map(Object.entries(b))];
  return left.size === right.size && [...left].every(([key, value]) => right.has(key) && same(value, right.get(key)));
}
