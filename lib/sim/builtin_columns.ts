// The columns that kubectl prints for built-in resources.
import { isRecord, type KubeObject, textAt } from "./objects.ts";
import { age, ageColumn, type Column, nameColumn } from "./table.ts";

/** Columns of a built-in resource; Name and Age for one without its own. */
export function builtinColumns(resource: string): Column[] {
  return [nameColumn(), ...(ownColumns[resource] ?? []), ...(resource === "events" ? [] : [ageColumn()])];
}

function text(name: string, ...path: string[]): Column {
  return { name, type: "string", value: (object) => textAt(object, ...path) };
}

function count(name: string, field: string): Column {
  return { name, type: "string", value: (object) => isRecord(object[field]) ? Object.keys(object[field]).length : 0 };
}

const ownColumns: Record<string, Column[]> = {
  namespaces: [text("Status", "status", "phase")],
  configmaps: [count("Data", "data")],
  secrets: [text("Type", "type"), count("Data", "data")],
  pods: [text("Status", "status", "phase")],
  leases: [text("Holder", "spec", "holderIdentity")],
  rolebindings: [{ name: "Role", type: "string", value: roleOf }],
  clusterrolebindings: [{ name: "Role", type: "string", value: roleOf }],
  customresourcedefinitions: [text("Scope", "spec", "scope")].map((column) => ({ ...column, priority: 1 })),
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

function regarding(object: KubeObject): string {
  return `${textAt(object, "regarding", "kind").toLowerCase()}/${textAt(object, "regarding", "name")}`;
}

function lastSeen(object: KubeObject): string {
  return textAt(object, "series", "lastObservedTime") || textAt(object, "deprecatedLastTimestamp") ||
    textAt(object, "eventTime") || String(object.metadata.creationTimestamp ?? "");
}
