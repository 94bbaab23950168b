// The columns that kubectl prints for built-in resources.
import { at, isRecord, type KubeObject, textAt } from "./objects.ts";
import { age, ageColumn, type Column, nameColumn } from "./table.ts";

/** Columns of a built-in resource; Name and Age for one without its own. */
export function builtinColumns(resource: string): Column[] {
  const [before = [], after = []] = (ownColumns[resource] ?? []).reduce<[Column[], Column[]]>(
    ([narrow, wide], column) => column.priority ? [narrow, [...wide, column]] : [[...narrow, column], wide],
    [[], []],
  );
  const ageless = ["events", "roles", "clusterroles", "customresourcedefinitions"].includes(resource);
  return [nameColumn(), ...before, ...(ageless ? [] : [ageColumn()]), ...after];
}

function text(name: string, ...path: string[]): Column {
  return { name, type: "string", value: (object) => textAt(object, ...path) };
}

function count(name: string, field: string): Column {
  return { name, type: "string", value: (object) => isRecord(object[field]) ? Object.keys(object[field]).length : 0 };
}

const createdAt: Column = { ...text("Created At", "metadata", "creationTimestamp"), type: "date" };

const bindingColumns: Column[] = [
  { name: "Role", type: "string", value: roleOf },
  ...[["Users", "User"], ["Groups", "Group"], ["ServiceAccounts", "ServiceAccount"]].map(([name = "", kind = ""]) => ({
    name,
    type: "string",
    priority: 1,
    value: (object: KubeObject) => subjectsOf(object, kind),
  })),
];

const ownColumns: Record<string, Column[]> = {
  namespaces: [text("Status", "status", "phase")],
  configmaps: [count("Data", "data")],
  secrets: [text("Type", "type"), count("Data", "data")],
  pods: [
    { name: "Ready", type: "string", value: readyContainers },
    text("Status", "status", "phase"),
    { name: "Restarts", type: "string", value: (object) => sum(object, "restartCount") },
  ],
  resourcequotas: [
    { name: "Request", type: "string", value: (object) => quotas(object, (name) => !name.startsWith("limits.")) },
    { name: "Limit", type: "string", value: (object) => quotas(object, (name) => name.startsWith("limits.")) },
  ],
  roles: [createdAt],
  clusterroles: [createdAt],
  leases: [text("Holder", "spec", "holderIdentity")],
  rolebindings: bindingColumns,
  clusterrolebindings: bindingColumns,
  customresourcedefinitions: [createdAt],
  events: [
    { name: "Last Seen", type: "string", value: (object, nowMs) => age(lastSeen(object), nowMs) },
    text("Type", "type"),
    text("Reason", "reason"),
    { name: "Object", type: "string", value: regarding },
    text("Message", "note"),
  ],
};

function roleOf(object: KubeObject): string {
  return `${textAt(object, "roleRef", "kind")}/${textAt(object, "roleRef", "name")}`;
}

/** The subjects of one kind; a service account with its namespace. */
function subjectsOf(binding: KubeObject, kind: string): string {
  const subjects = Array.isArray(binding.subjects) ? binding.subjects : [];
  return subjects.filter((subject) => textAt(subject, "kind") === kind)
    .map((subject) =>
      kind === "ServiceAccount" ? `${textAt(subject, "namespace")}/${textAt(subject, "name")}` : textAt(subject, "name")
    ).join(", ");
}

function containerStatuses(pod: KubeObject): unknown[] {
  const statuses = at(pod, "status", "containerStatuses");
  return Array.isArray(statuses) ? statuses : [];
}

function readyContainers(pod: KubeObject): string {
  const containers = at(pod, "spec", "containers");
  const ready = containerStatuses(pod).filter((each) => at(each, "ready") === true);
  return `${ready.length}/${Array.isArray(containers) ? containers.length : 0}`;
}

function sum(pod: KubeObject, field: string): string {
  return String(containerStatuses(pod).reduce<number>((total, each) => total + Number(at(each, field) ?? 0), 0));
}

/** "resource: used/hard" of what the quota counts, in the order of the names. */
function quotas(quota: KubeObject, matches: (name: string) => boolean): string {
  const hard = at(quota, "status", "hard") ?? at(quota, "spec", "hard");
  const names = isRecord(hard) ? Object.keys(hard).filter(matches).toSorted() : [];
  return names.map((name) => `${name}: ${at(quota, "status", "used", name) ?? "0"}/${at(hard, name)}`).join(", ");
}

function regarding(object: KubeObject): string {
  return `${textAt(object, "regarding", "kind").toLowerCase()}/${textAt(object, "regarding", "name")}`;
}

function lastSeen(object: KubeObject): string {
  return textAt(object, "series", "lastObservedTime") || textAt(object, "deprecatedLastTimestamp") ||
    textAt(object, "eventTime") || String(object.metadata.creationTimestamp ?? "");
}
