// Rules on metadata that hold for every kind: names, labels, annotations, finalizers, owner references, and what an update
// may not change. Source: k8s.io/apimachinery pkg/api/validation and pkg/util/validation.
import { isRecord, type KubeObject, sameJSON } from "./objects.ts";
import { type FieldFault, forbiddenField, invalidValue, required } from "./status.ts";

const dnsLabel = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const dnsSubdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const labelText = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;
const annotationLimitBytes = 256 * 1024;

const subdomainDetail =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const labelDetail =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const labelValueDetail =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
const namePartDetail =
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

/** What a kind's name must look like: a DNS subdomain, a DNS label, or any path segment (the RBAC kinds). */
export type NameRule = "subdomain" | "label" | "path";

/** Why a text is no DNS-1123 label; empty when it is one. */
export function labelNameFaults(text: string): string[] {
  return [
    ...(text.length > 63 ? ["must be no more than 63 characters"] : []),
    ...(dnsLabel.test(text) ? [] : [text.includes(".") ? "must not contain dots" : labelDetail]),
  ];
}

function subdomainFaults(text: string, unit = "characters"): string[] {
  return [
    ...(text.length > 253 ? [`must be no more than 253 ${unit}`] : []),
    ...(dnsSubdomain.test(text) ? [] : [subdomainDetail]),
  ];
}

function nameFaults(name: string, rule: NameRule): string[] {
  if (rule === "subdomain") return subdomainFaults(name);
  if (rule === "label") return labelNameFaults(name);
  if (name === "." || name === "..") return [`may not be '${name}'`];
  return ["/", "%"].filter((part) => name.includes(part)).map((part) => `may not contain '${part}'`);
}

export function validateMetadata(object: KubeObject, rule: NameRule, old?: KubeObject): FieldFault[] {
  const metadata = object.metadata;
  const faults: FieldFault[] = [];
  if (metadata.generateName && !old) {
    // A trailing dash is fine: something follows it.
    const prefix = metadata.generateName.replace(/-$/, "a");
    for (const why of nameFaults(prefix, rule)) {
      faults.push(invalidValue("metadata.generateName", metadata.generateName, why));
    }
  }
  if (!metadata.name) faults.push(required("metadata.name", "name or generateName is required"));
  else {
    for (const why of nameFaults(metadata.name, rule)) faults.push(invalidValue("metadata.name", metadata.name, why));
  }
  faults.push(...labelFaults(metadata.labels), ...annotationFaults(metadata.annotations));
  for (const finalizer of metadata.finalizers ?? []) {
    for (const why of labelKeyFaults(finalizer)) {
      faults.push(invalidValue(`metadata.finalizers`, finalizer, why));
    }
  }
  if (["orphan", "foregroundDeletion"].every((each) => metadata.finalizers?.includes(each))) {
    const why = "finalizer orphan and foregroundDeletion cannot be both set";
    faults.push(invalidValue("metadata.finalizers", metadata.finalizers, why));
  }
  faults.push(...ownerFaults(object));
  if (old) faults.push(...updateFaults(object, old));
  return faults;
}

function labelFaults(labels: unknown): FieldFault[] {
  if (!isRecord(labels)) return [];
  return Object.entries(labels).flatMap(([key, value]) => [
    ...labelKeyFaults(key).map((why) => invalidValue("metadata.labels", key, why)),
    ...labelValueFaults(String(value)).map((why) => invalidValue("metadata.labels", value, why)),
  ]);
}

/** Why a text is no label value; empty when it is one. */
export function labelValueFaults(value: string): string[] {
  return [
    ...(value.length > 63 ? ["must be no more than 63 bytes"] : []),
    ...(value !== "" && !labelText.test(value) ? [labelValueDetail] : []),
  ];
}

/** Why a text is no key of a label or annotation, nor a finalizer; empty when it is one. */
export function labelKeyFaults(key: string): string[] {
  const parts = key.split("/");
  const name = parts.at(-1) ?? "";
  if (parts.length > 2) {
    return [
      `a valid label key must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]') with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ];
  }
  const faults: string[] = [];
  if (parts.length === 2) {
    if (parts[0] === "") faults.push("prefix part must be non-empty");
    else faults.push(...subdomainFaults(parts[0] ?? "", "bytes").map((why) => `prefix part ${why}`));
  }
  if (name === "") faults.push("name part must be non-empty");
  else if (name.length > 63) faults.push("name part must be no more than 63 bytes");
  if (!labelText.test(name)) faults.push(namePartDetail);
  return faults;
}

function annotationFaults(annotations: unknown): FieldFault[] {
  if (!isRecord(annotations)) return [];
  const faults: FieldFault[] = [];
  const encoder = new TextEncoder();
  let bytes = 0;
  for (const [key, value] of Object.entries(annotations)) {
    for (const why of labelKeyFaults(key.toLowerCase())) {
      faults.push(invalidValue("metadata.annotations", key, why));
    }
    bytes += encoder.encode(key).length + encoder.encode(String(value)).length;
  }
  if (bytes > annotationLimitBytes) {
    faults.push({
      reason: "FieldValueTooLong",
      field: "metadata.annotations",
      message: `Too long: may not be more than ${annotationLimitBytes} bytes`,
    });
  }
  return faults;
}

function ownerFaults(object: KubeObject): FieldFault[] {
  const faults: FieldFault[] = [];
  let controller = "";
  for (const owner of object.metadata.ownerReferences ?? []) {
    const field = `metadata.ownerReferences`;
    // The server names no index here.
    const parts = (owner.apiVersion ?? "").split("/");
    if (parts.length > 2 || parts.at(-1) === "") {
      faults.push(invalidValue(`${field}.apiVersion`, owner.apiVersion ?? "", "version must not be empty"));
    }
    for (const part of ["kind", "name", "uid"] as const) {
      if (!owner[part]) faults.push(invalidValue(`${field}.${part}`, owner[part] ?? "", "must not be empty"));
    }
    if (owner.apiVersion === "v1" && owner.kind === "Event") {
      faults.push(invalidValue(field, owner, "/v1, Kind=Event is disallowed from being an owner"));
    }
    if (!owner.controller) continue;
    if (controller) {
      const why =
        `Only one reference can have Controller set to true. Found "true" in references for ${controller} and ${owner.kind}/${owner.name}`;
      faults.push(invalidValue(field, object.metadata.ownerReferences, why));
    }
    controller = `${owner.kind}/${owner.name}`;
  }
  return faults;
}

/** What an update changed although it may not. */
export function updateFaults(object: KubeObject, old: KubeObject): FieldFault[] {
  const faults: FieldFault[] = [];
  const now = object.metadata;
  for (const field of ["name", "namespace", "uid", "creationTimestamp", "deletionTimestamp"] as const) {
    if (!sameJSON(now[field], old.metadata[field])) {
      faults.push(invalidValue(`metadata.${field}`, now[field] ?? null, "field is immutable"));
    }
  }
  if (old.metadata.deletionTimestamp) {
    const before = new Set(old.metadata.finalizers ?? []);
    const added = (now.finalizers ?? []).filter((finalizer) => !before.has(finalizer));
    if (added.length > 0) {
      const list = `[]string{${added.map((finalizer) => JSON.stringify(finalizer)).join(", ")}}`;
      faults.push(
        forbiddenField(
          "metadata.finalizers",
          `no new finalizers can be added if the object is being deleted, found new finalizers ${list}`,
        ),
      );
    }
  }
  return faults;
}
