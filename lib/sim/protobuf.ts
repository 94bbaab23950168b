// Decodes the protobuf bodies that kubectl sends for built-in kinds (`kubectl create configmap`, `auth can-i`, …): an envelope
// with the kind, then the message. Only kinds and fields that such commands send are known; everything else is skipped, as the
// format allows. Source: k8s.io/apimachinery runtime/generated.proto and k8s.io/api/*/generated.proto (field numbers).
import type { JSONObject, JSONValue } from "../kube/contract.ts";

type FieldType = "text" | "int" | "bool" | "bytes" | "texts" | "textMap" | "bytesMap" | "quantityMap" | Message | [
  Message,
];
interface Message {
  [fieldNumber: number]: [name: string, type: FieldType];
}

const owner: Message = {
  1: ["kind", "text"],
  3: ["name", "text"],
  4: ["uid", "text"],
  5: ["apiVersion", "text"],
  6: ["controller", "bool"],
  7: ["blockOwnerDeletion", "bool"],
};
const metadata: Message = {
  1: ["name", "text"],
  2: ["generateName", "text"],
  3: ["namespace", "text"],
  5: ["uid", "text"],
  6: ["resourceVersion", "text"],
  11: ["labels", "textMap"],
  12: ["annotations", "textMap"],
  13: ["ownerReferences", [owner]],
  14: ["finalizers", "texts"],
};
const rule: Message = {
  1: ["verbs", "texts"],
  2: ["apiGroups", "texts"],
  3: ["resources", "texts"],
  4: ["resourceNames", "texts"],
  5: ["nonResourceURLs", "texts"],
};
const role: Message = { 1: ["metadata", metadata], 2: ["rules", [rule]] };
const subject: Message = {
  1: ["kind", "text"],
  2: ["apiGroup", "text"],
  3: ["name", "text"],
  4: ["namespace", "text"],
};
const roleRef: Message = { 1: ["apiGroup", "text"], 2: ["kind", "text"], 3: ["name", "text"] };
const binding: Message = { 1: ["metadata", metadata], 2: ["subjects", [subject]], 3: ["roleRef", roleRef] };
const resourceAttributes: Message = {
  1: ["namespace", "text"],
  2: ["verb", "text"],
  3: ["group", "text"],
  4: ["version", "text"],
  5: ["resource", "text"],
  6: ["subresource", "text"],
  7: ["name", "text"],
};
const attributes: Message = {
  1: ["resourceAttributes", resourceAttributes],
  2: ["nonResourceAttributes", { 1: ["path", "text"], 2: ["verb", "text"] }],
};
const quotaSpec: Message = { 1: ["hard", "quantityMap"], 2: ["scopes", "texts"] };
const accessReview = (spec: Message): Message => ({ 1: ["metadata", metadata], 2: ["spec", spec] });

const messages: Record<string, Message> = {
  Namespace: { 1: ["metadata", metadata] },
  ConfigMap: {
    1: ["metadata", metadata],
    2: ["data", "textMap"],
    3: ["binaryData", "bytesMap"],
    4: ["immutable", "bool"],
  },
  Secret: { 1: ["metadata", metadata], 2: ["data", "bytesMap"], 3: ["type", "text"], 5: ["immutable", "bool"] },
  ResourceQuota: { 1: ["metadata", metadata], 2: ["spec", quotaSpec] },
  ServiceAccount: { 1: ["metadata", metadata] },
  Role: role,
  ClusterRole: role,
  RoleBinding: binding,
  ClusterRoleBinding: binding,
  SelfSubjectAccessReview: accessReview(attributes),
  SelfSubjectReview: { 1: ["metadata", metadata] },
  SelfSubjectRulesReview: accessReview({ 1: ["namespace", "text"] }),
  SubjectAccessReview: accessReview({ ...attributes, 3: ["user", "text"], 4: ["groups", "texts"] }),
  TokenRequest: accessReview({
    1: ["audiences", "texts"],
    3: ["boundObjectRef", { 1: ["kind", "text"], 2: ["apiVersion", "text"], 3: ["name", "text"], 4: ["uid", "text"] }],
    4: ["expirationSeconds", "int"],
  }),
  DeleteOptions: {
    1: ["gracePeriodSeconds", "int"],
    2: ["preconditions", { 1: ["uid", "text"], 2: ["resourceVersion", "text"] }],
    3: ["orphanDependents", "bool"],
    4: ["propagationPolicy", "text"],
    5: ["dryRun", "texts"],
  },
};

/** The object in a protobuf body; undefined for a kind that is not known here, or for no such body. */
export function decodeProtobuf(bytes: Uint8Array): JSONObject | undefined {
  if (new TextDecoder().decode(bytes.subarray(0, 4)) !== "k8s\0") return undefined;
  const envelope = decode(bytes.subarray(4), {
    1: ["typeMeta", { 1: ["apiVersion", "text"], 2: ["kind", "text"] }],
    2: ["raw", "bytes"],
  });
  const { apiVersion = "", kind = "" } = envelope.typeMeta as { apiVersion?: string; kind?: string };
  const message = messages[kind];
  if (!message) return undefined;
  const raw = Uint8Array.from(atob(String(envelope.raw ?? "")), (letter) => letter.charCodeAt(0));
  return { apiVersion, kind, ...decode(raw, message) };
}

function decode(bytes: Uint8Array, message: Message): JSONObject {
  const object: JSONObject = {};
  for (const { number, value } of fields(bytes)) {
    const field = message[number];
    if (field) take(object, field[0], field[1], value);
  }
  return object;
}

function take(object: JSONObject, name: string, type: FieldType, value: number | Uint8Array): void {
  if (typeof value === "number") {
    object[name] = type === "bool" ? value !== 0 : value;
    return;
  }
  if (type === "textMap" || type === "bytesMap") {
    const entry = decode(value, { 1: ["key", "text"], 2: ["value", type === "textMap" ? "text" : "bytes"] });
    object[name] = { ...(object[name] as JSONObject | undefined), [String(entry.key ?? "")]: entry.value ?? "" };
    return;
  }
  if (type === "quantityMap") {
    const entry = decode(value, { 1: ["key", "text"], 2: ["value", { 1: ["string", "text"] }] });
    const { string = "0" } = (entry.value ?? {}) as JSONObject;
    object[name] = { ...(object[name] as JSONObject | undefined), [String(entry.key ?? "")]: string };
    return;
  }
  const single: JSONValue = Array.isArray(type)
    ? decode(value, type[0])
    : typeof type === "object"
    ? decode(value, type)
    : type === "bytes"
    ? btoa(String.fromCharCode(...value))
    : new TextDecoder().decode(value);
  if (Array.isArray(type) || type === "texts") {
    object[name] = [...(object[name] as JSONValue[] | undefined) ?? [], single];
  } else if (single !== "") object[name] = single;
}

/** Fields of a message: varints as numbers, length-delimited ones as bytes. */
function* fields(bytes: Uint8Array): Generator<{ number: number; value: number | Uint8Array }> {
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let factor = 1;; factor *= 128) {
      const byte = bytes[at++];
      if (byte === undefined) throw new SyntaxError("protobuf: the body ends within a number");
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
  };
  while (at < bytes.length) {
    const tag = varint();
    const number = Math.floor(tag / 8);
    const wire = tag % 8;
    if (wire === 0) yield { number, value: varint() };
    else if (wire === 2) {
      const end = varint() + at;
      yield { number, value: bytes.subarray(at, end) };
      at = end;
    } else if (wire === 1) at += 8;
    else if (wire === 5) at += 4;
    else throw new SyntaxError(`protobuf: wire type ${wire} is not known`);
  }
}
