// What a CustomResourceDefinition's status says: whether its names were free, whether it is served, that it is going. Pure.
// Source: k8s.io/apiextensions-apiserver pkg/controller/status/naming_controller.go.
import type { JSONObject } from "../kube/contract.ts";
import { at, isRecord, type KubeObject, sameJSON, textAt } from "./objects.ts";
import { versionsOf } from "./definition_validation.ts";

export interface Names {
  plural: string;
  kind: string;
  singular?: string;
  listKind?: string;
  shortNames?: string[];
  categories?: string[];
}

export interface NameConflict {
  reason: string;
  message: string;
  field: keyof Names;
}

/** Names that other definitions of the group were given before, in the order in which they are looked at. */
export function nameConflicts(definition: KubeObject, others: KubeObject[]): NameConflict[] {
  const own = namesOf(definition);
  const taken = others.filter((other) => conditionStatus(other, "NamesAccepted") === "True").map(namesOf);
  const resources = new Set(
    taken.flatMap(({ plural, singular = "", shortNames = [] }) => [plural, singular, ...shortNames]),
  );
  const kinds = new Set(taken.flatMap(({ kind, listKind = "" }) => [kind, listKind]));
  const found: NameConflict[] = [];
  const check = (field: keyof Names, name: string | undefined, among: Set<string>, reason: string) => {
    if (name && among.has(name)) found.push({ field, reason, message: `${JSON.stringify(name)} is already in use` });
  };
  check("plural", own.plural, resources, "PluralConflict");
  check("singular", own.singular, resources, "SingularConflict");
  for (const name of own.shortNames ?? []) check("shortNames", name, resources, "ShortNamesConflict");
  check("kind", own.kind, kinds, "KindConflict");
  check("listKind", own.listKind, kinds, "ListKindConflict");
  return found;
}

/** What its Go type writes before anybody has looked at a definition. */
export const noDefinitionStatus: JSONObject = {
  conditions: null,
  acceptedNames: { plural: "", kind: "" },
  storedVersions: null,
};

/** The status that a definition is created with: its conditions come later. */
export function initialStatus(definition: KubeObject): JSONObject {
  return { ...noDefinitionStatus, storedVersions: storageVersions(definition) };
}

/** The status of a definition whose deletion was asked for, until its objects are being deleted. */
export function markedStatus(definition: KubeObject, now: string): unknown {
  const terminating = {
    type: "Terminating",
    status: "True",
    reason: "InstanceDeletionPending",
    message: "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon",
    lastTransitionTime: now,
  };
  const others = conditionsOf(definition).filter(({ type }) => type !== terminating.type);
  return { ...definition.status as JSONObject, conditions: [...others, terminating] };
}

/** Conditions keep the time of their last transition. */
export function definitionStatus(definition: KubeObject, conflicts: NameConflict[], now: string): unknown {
  const last = conflicts.at(-1);
  const established = conditionStatus(definition, "Established") === "True";
  const names = namesOf(definition);
  const kept = Object.fromEntries(
    Object.entries(names).filter(([field]) => !conflicts.some((conflict) => conflict.field === field)),
  );
  const wanted = [
    last
      ? { type: "NamesAccepted", status: "False", reason: last.reason, message: last.message }
      : { type: "NamesAccepted", status: "True", reason: "NoConflicts", message: "no conflicts found" },
    last && !established
      ? { type: "Established", status: "False", reason: "NotAccepted", message: "not all names are accepted" }
      : {
        type: "Established",
        status: "True",
        reason: "InitialNamesAccepted",
        message: "the initial names have been accepted",
      },
    ...(definition.metadata.deletionTimestamp
      ? [{
        type: "Terminating",
        status: "True",
        reason: "InstanceDeletionInProgress",
        message: "CustomResource deletion is in progress",
      }]
      : []),
  ];
  const stored = at(definition, "status", "storedVersions");
  return {
    conditions: wanted.map((condition) => withTime(definition, condition, now)),
    acceptedNames: { kind: "", plural: "", ...kept },
    storedVersions: [
      ...new Set([...Array.isArray(stored) ? stored.map(String) : [], ...storageVersions(definition)]),
    ],
  };
}

function storageVersions(definition: KubeObject): string[] {
  return versionsOf(definition).filter((version) => version.storage === true).map(({ name }) => String(name));
}

function namesOf(definition: KubeObject): Names {
  const names = at(definition, "spec", "names") as Names;
  return {
    ...names,
    singular: names.singular ?? names.kind.toLowerCase(),
    listKind: names.listKind ?? `${names.kind}List`,
  };
}

function conditionsOf(definition: KubeObject): Record<string, unknown>[] {
  const conditions = at(definition, "status", "conditions");
  return Array.isArray(conditions) ? conditions.filter(isRecord) : [];
}

function conditionStatus(definition: KubeObject, type: string): string {
  return textAt(conditionsOf(definition).find((condition) => condition.type === type), "status");
}

function withTime(definition: KubeObject, condition: Record<string, string>, now: string): Record<string, unknown> {
  const before = conditionsOf(definition).find(({ type }) => type === condition.type);
  const { lastTransitionTime: _, ...same } = before ?? {};
  return before && sameJSON(same, condition) ? before : { ...condition, lastTransitionTime: now };
}
