// Refusals as a real API server words them: metav1.Status with code, reason, message and details. Messages follow
// k8s.io/apimachinery's api/errors and api/validation; clients and people read them, so they are part of the behaviour.
import type { JSONObject } from "../kube/contract.ts";

/** A fault found in one field. */
export interface FieldFault {
  /** `FieldValueRequired`, `FieldValueInvalid`, `FieldValueNotSupported`, … */
  reason: string;
  message: string;
  field: string;
}

/** Which object a refusal is about. `kind` is the resource's plural, except for Invalid, where it is the kind. */
export interface Subject {
  group: string;
  resource: string;
  kind: string;
}

export interface StatusDetails {
  name?: string;
  group?: string;
  kind?: string;
  uid?: string;
  causes?: FieldFaultLike[];
  retryAfterSeconds?: number;
}

type FieldFaultLike = { reason?: string; message?: string; field?: string };

/** The request is refused with this Status. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  constructor(
    readonly code: number,
    readonly reason: string,
    message: string,
    readonly details?: StatusDetails,
    /** ListMeta of the Status: the continue token of a list that went stale. */
    readonly listMeta: JSONObject = {},
  ) {
    super(message);
  }

  /** The Status object on the wire. */
  body(): JSONObject {
    const body: JSONObject = {
      kind: "Status",
      apiVersion: "v1",
      metadata: this.listMeta,
      status: "Failure",
      message: this.message,
    };
    if (this.reason) body.reason = this.reason;
    if (this.details) body.details = this.details as unknown as JSONObject;
    body.code = this.code;
    return body;
  }
}

/** `pipelineruns.tekton.dev`, or `leases`' plain plural in the core group. */
export function qualified(subject: { group: string; resource: string }): string {
  return subject.group ? `${subject.resource}.${subject.group}` : subject.resource;
}

function detailsOf(subject: Subject, name: string): StatusDetails {
  return { ...(name && { name }), ...(subject.group && { group: subject.group }), kind: subject.resource };
}

export function notFound(subject: Subject, name: string): ApiError {
  return new ApiError(404, "NotFound", `${qualified(subject)} "${name}" not found`, detailsOf(subject, name));
}

export function alreadyExists(subject: Subject, name: string): ApiError {
  return new ApiError(409, "AlreadyExists", `${qualified(subject)} "${name}" already exists`, detailsOf(subject, name));
}

export function conflict(subject: Subject, name: string, why?: string): ApiError {
  const cause = why ?? "the object has been modified; please apply your changes to the latest version and try again";
  const message = `Operation cannot be fulfilled on ${qualified(subject)} "${name}": ${cause}`;
  return new ApiError(409, "Conflict", message, detailsOf(subject, name));
}

export function forbidden(subject: Subject, name: string, why: string, causes?: FieldFaultLike[]): ApiError {
  const what = name ? `${qualified(subject)} "${name}" is forbidden` : `${qualified(subject)} is forbidden`;
  return new ApiError(403, "Forbidden", `${what}: ${why}`, { ...detailsOf(subject, name), ...(causes && { causes }) });
}

export function badRequest(message: string): ApiError {
  return new ApiError(400, "BadRequest", message);
}

/** 422 with one cause a faulty field. */
export function invalid(subject: Subject, name: string, faults: FieldFault[]): ApiError {
  const each = [...new Set(faults.map((fault) => `${fault.field}: ${fault.message}`))];
  const list = each.length === 1 ? each[0] ?? "" : `[${each.join(", ")}]`;
  const kind = subject.group ? `${subject.kind}.${subject.group}` : subject.kind;
  return new ApiError(422, "Invalid", `${kind} "${name}" is invalid${faults.length ? `: ${list}` : ""}`, {
    ...(name && { name }),
    ...(subject.group && { group: subject.group }),
    ...(subject.kind && { kind: subject.kind }),
    causes: faults.map(({ reason, message, field }) => ({ reason, message, field })),
  });
}

export function gone(message: string, listMeta: JSONObject = {}): ApiError {
  return new ApiError(410, "Expired", message, undefined, listMeta);
}

/** A path that the server does not serve, within a group and version that it does. */
export function unknownResource(): ApiError {
  return new ApiError(404, "NotFound", "the server could not find the requested resource", {});
}

export function methodNotAllowed(): ApiError {
  return new ApiError(405, "MethodNotAllowed", "the server does not allow this method on the requested resource", {});
}

/** A verb that a subresource does not have; custom resources are told apart only behind the router. */
export function unsupportedVerb(subject: Subject & { custom?: unknown }, verb: string): ApiError {
  if (!subject.custom) return methodNotAllowed();
  const message = `${verb} is not supported on resources of kind ${JSON.stringify(qualified(subject))}`;
  return new ApiError(405, "MethodNotAllowed", message, detailsOf(subject, ""));
}

export function unsupportedMediaType(accepted: string[]): ApiError {
  const message = `the body of the request was in an unknown format - accepted media types include: ${
    accepted.join(", ")
  }`;
  return new ApiError(415, "UnsupportedMediaType", message);
}

/** The same, said by the router that built-in resources are behind. */
export function unroutedMediaType(): ApiError {
  return new ApiError(415, "UnsupportedMediaType", "415: Unsupported Media Type", {});
}

/** What Go calls a JSON value that it cannot decode. */
export function goKind(value: unknown): string {
  if (value === null) return "null";
  if (typeof value === "boolean") return "bool";
  if (typeof value === "number" && !Number.isInteger(value)) return `number ${value}`;
  return Array.isArray(value) ? "array" : typeof value;
}

/** A value as Go prints it in a field's message: quoted text, plain numbers, JSON for the rest. */
export function show(value: unknown): string {
  return typeof value === "string" ? JSON.stringify(value) : value === undefined ? "null" : JSON.stringify(value);
}

export function required(field: string, detail = ""): FieldFault {
  return { reason: "FieldValueRequired", field, message: detail ? `Required value: ${detail}` : "Required value" };
}

export function invalidValue(field: string, value: unknown, detail: string): FieldFault {
  return { reason: "FieldValueInvalid", field, message: `Invalid value: ${show(value)}: ${detail}` };
}

export function notSupported(field: string, value: unknown, supported: readonly unknown[]): FieldFault {
  const known = supported.map(show).join(", ");
  return {
    reason: "FieldValueNotSupported",
    field,
    message: `Unsupported value: ${show(value)}: supported values: ${known}`,
  };
}

export function forbiddenField(field: string, detail: string): FieldFault {
  return { reason: "FieldValueForbidden", field, message: `Forbidden: ${detail}` };
}
