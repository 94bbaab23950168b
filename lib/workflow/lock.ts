// The lock on a target: one Lease, changed only by compare-and-swap. This file reads it and says what to write into it; who
// may take it is decided in decide.ts. A Lease carries who holds the target and, for the cooldown, who held it last: the
// ledger survives the executions it tells of.

import { createHash } from "node:crypto";
import type { JSONObject, JSONValue } from "@cloudydeno/kubernetes-apis/common.ts";
import { annotation, label, labelValue, managedBy } from "./names.ts";
import { identityFrom, isObject, numberAt, objectAt, textAt, textMapAt } from "./read.ts";
import { canonicalTarget, type Target } from "./target.ts";

/** Who holds a target, as the Lease tells it. */
export interface Holder {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly workflowId: string;
  /** RFC 3339. */
  readonly startedAt: string;
  readonly pipelineRun: { readonly namespace: string; readonly name: string };
}

/** One entry of the ledger: an execution that held the lock and has ended. */
export interface RecentEnd {
  readonly workflowId: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly outcome: "Completed" | "Failed";
  readonly completedAtMs: number;
}

/** A Lease as the rules see it. */
export interface Lock {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  /** The canonical target it was made for; empty when somebody removed the annotation. */
  readonly target: string;
  readonly holder: Holder | undefined;
  /** A hand has emptied holderIdentity and left the rest: whom the annotation names is the holder all the same. */
  readonly emptied: boolean;
  readonly transitions: number;
  readonly recentEnds: readonly RecentEnd[];
}

/** The API server stops at 256 KiB of annotations; the ledger takes half of that at most. */
const ledgerLimitBytes = 128 * 1024;

/** `payment/deployment/payment-api` → `wfe-cf0cc089293b1165`. */
export function lockName(canonical: string): string {
  return `wfe-${createHash("sha256").update(canonical).digest("hex").slice(0, 16)}`;
}

/** The Lease that is to be created: held from its first moment, or free with a ledger. */
export function newLock(
  where: { namespace: string; name: string; target: Target },
  holder: Holder | undefined,
  recentEnds: readonly RecentEnd[],
  nowMs: number,
): JSONObject {
  const content = lockContent(where.target, holder, recentEnds);
  return {
    apiVersion: "coordination.k8s.io/v1",
    kind: "Lease",
    metadata: { name: where.name, namespace: where.namespace, ...withoutNulls(content.metadata) },
    spec: holder
      ? { holderIdentity: identity(holder), acquireTime: microTime(nowMs), leaseTransitions: 1 }
      : { leaseTransitions: 0 },
  };
}

/** A merge patch that hands the Lease to `holder`: refused with a conflict if anybody wrote to it since it was read. */
export function takeLock(
  lock: Lock,
  target: Target,
  holder: Holder,
  recentEnds: readonly RecentEnd[],
  nowMs: number,
): JSONObject {
  return {
    metadata: { ...precondition(lock), ...lockContent(target, holder, recentEnds).metadata },
    spec: { holderIdentity: identity(holder), acquireTime: microTime(nowMs), leaseTransitions: lock.transitions + 1 },
  };
}

/** A merge patch that frees the Lease, or leaves it with its holder, and writes the ledger. */
export function writeLedger(lock: Lock, recentEnds: readonly RecentEnd[], release: boolean): JSONObject {
  const annotations: JSONObject = { [annotation.recentEnds]: ledgerText(recentEnds) };
  if (release) annotations[annotation.holder] = null;
  return {
    metadata: { ...precondition(lock), annotations },
    ...(release ? { spec: { holderIdentity: null, acquireTime: null } } : {}),
  };
}

/**
 * The ledger with one more end: one entry a workflow (its latest), none older than the cooldown, the oldest dropped when it
 * grows too large. A cooldown of 0 keeps nothing.
 */
export function withEnd(
  ends: readonly RecentEnd[],
  end: RecentEnd | undefined,
  nowMs: number,
  cooldownMs: number,
): RecentEnd[] {
  const latest = new Map<string, RecentEnd>();
  for (const entry of end ? [...ends, end] : ends) {
    if (cooldownMs <= 0 || nowMs - entry.completedAtMs >= cooldownMs) continue;
    const known = latest.get(entry.workflowId);
    if (!known || known.completedAtMs <= entry.completedAtMs) latest.set(entry.workflowId, entry);
  }
  const kept = [...latest.values()].sort((a, b) => a.completedAtMs - b.completedAtMs);
  while (kept.length > 0 && new TextEncoder().encode(ledgerText(kept) ?? "").length > ledgerLimitBytes) kept.shift();
  return kept;
}

/**
 * The latest end of `workflowId` that lies less than the cooldown ago; a time in the future counts as just now.
 * An end exactly one cooldown ago no longer counts.
 */
export function coolingDown(
  ends: readonly RecentEnd[],
  workflowId: string,
  nowMs: number,
  cooldownMs: number,
): { end: RecentEnd; remainingMs: number } | undefined {
  let found: { end: RecentEnd; remainingMs: number } | undefined;
  for (const end of ends) {
    if (end.workflowId !== workflowId) continue;
    const elapsedMs = Math.max(0, nowMs - end.completedAtMs);
    if (elapsedMs >= cooldownMs) continue;
    if (!found || end.completedAtMs > found.end.completedAtMs) found = { end, remainingMs: cooldownMs - elapsedMs };
  }
  return found;
}

/**
 * Reads a Lease. What somebody wrote into it by hand never frees it: a holderIdentity that cannot be read is still a holder,
 * one that was emptied stands in the annotation, which only a release removes; an unreadable ledger is an empty one.
 * @throws {TypeError} naming the field, when it is no Lease of ours at all
 */
export function lockFrom(json: JSONObject): Lock {
  const metadata = objectAt(json, "metadata");
  const { namespace, name, uid, resourceVersion } = identityFrom(metadata);
  const annotations = textMapAt(metadata, "annotations", "metadata.");
  const spec = objectAt(json, "spec");
  const details = annotations[annotation.holder] ?? "";
  const holderIdentity = textAt(spec, "holderIdentity", "spec.") ?? "";
  const holder = holderIdentity ? holderFrom(holderIdentity, details) : annotatedHolder(details);
  return {
    namespace,
    name,
    uid,
    resourceVersion,
    target: annotations[annotation.targetResource] ?? "",
    holder,
    emptied: holder !== undefined && holderIdentity === "",
    transitions: numberAt(spec, "leaseTransitions", "spec.") ?? 0,
    recentEnds: ledgerFrom(annotations[annotation.recentEnds] ?? ""),
  };
}

/** `namespace/name/uid`: the holderIdentity of an execution. */
export function identity(holder: { namespace: string; name: string; uid: string }): string {
  return `${holder.namespace}/${holder.name}/${holder.uid}`;
}

/** Whether the holder can be looked up at all: a hand-written identity may name nothing that an object can be called. */
export function isReadable({ namespace, name, uid }: Holder): boolean {
  const subdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
  return uid !== "" && subdomain.test(namespace) && subdomain.test(name);
}

function holderFrom(text: string, detailsText: string): Holder {
  const [namespace = "", name = "", uid = ""] = text.split("/");
  const details = parsed(detailsText);
  const known = isObject(details) && details.uid === uid ? details : {};
  const run = isObject(known.pipelineRun) ? known.pipelineRun : {};
  return {
    namespace,
    name,
    uid,
    workflowId: textIn(known, "workflowId"),
    startedAt: textIn(known, "startedAt"),
    pipelineRun: { namespace: textIn(run, "namespace"), name: textIn(run, "name") },
  };
}

function annotatedHolder(detailsText: string): Holder | undefined {
  const details = parsed(detailsText);
  if (!isObject(details)) return undefined;
  const named = { namespace: textIn(details, "namespace"), name: textIn(details, "name"), uid: textIn(details, "uid") };
  const holder = holderFrom(identity(named), detailsText);
  return isReadable(holder) ? holder : undefined;
}

function ledgerFrom(text: string): RecentEnd[] {
  return asList(parsed(text)).filter(isObject).flatMap((entry) => {
    const completedAtMs = Date.parse(textIn(entry, "completedAt"));
    if (Number.isNaN(completedAtMs) || !textIn(entry, "uid")) return [];
    return [{
      workflowId: textIn(entry, "workflowId"),
      namespace: textIn(entry, "namespace"),
      name: textIn(entry, "name"),
      uid: textIn(entry, "uid"),
      outcome: entry.outcome === "Completed" ? "Completed" as const : "Failed" as const,
      completedAtMs,
    }];
  });
}

function ledgerText(ends: readonly RecentEnd[]): string | null {
  if (ends.length === 0) return null;
  return JSON.stringify(
    ends.map(({ completedAtMs, ...end }) => ({ ...end, completedAt: new Date(completedAtMs).toISOString() })),
  );
}

function lockContent(target: Target, holder: Holder | undefined, recentEnds: readonly RecentEnd[]) {
  return {
    metadata: {
      labels: {
        [label.managedBy]: managedBy,
        [label.targetNamespace]: labelValue(target.namespace),
        [label.targetKind]: labelValue(target.kind),
        [label.targetName]: labelValue(target.name),
      },
      annotations: {
        [annotation.targetResource]: canonicalTarget(target),
        [annotation.holder]: holder ? JSON.stringify(holder) : null,
        [annotation.recentEnds]: ledgerText(recentEnds),
      },
    },
  };
}

/** With the resourceVersion alone, a write to a Lease that is gone would create it. */
function precondition(lock: Lock): JSONObject {
  return { uid: lock.uid, resourceVersion: lock.resourceVersion };
}

function withoutNulls(
  metadata: { labels: Record<string, string>; annotations: Record<string, string | null> },
): JSONObject {
  const annotations = Object.entries(metadata.annotations).filter(([, value]) => value !== null);
  return { labels: metadata.labels, annotations: Object.fromEntries(annotations) };
}

/** metav1.MicroTime: RFC 3339 with six digits. */
function microTime(ms: number): string {
  return new Date(ms).toISOString().replace("Z", "000Z");
}

/** Somebody's hand may have written it: what is no JSON is nothing. */
function parsed(text: string): JSONValue | undefined {
  try {
    return text ? JSON.parse(text) : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function asList(value: JSONValue | undefined): JSONValue[] {
  return Array.isArray(value) ? value : [];
}

function textIn(from: JSONObject, key: string): string {
  const value = from[key];
  return typeof value === "string" ? value : "";
}
