// The options of writes, from the query and, for deletions, from the body; checked as the API server checks them.
// Source: k8s.io/apimachinery pkg/apis/meta/v1/validation.
import type { JSONObject, JSONValue } from "../kube/contract.ts";
import type { Deletion } from "./deletion.ts";
import { afterUpdate } from "./managed_fields.ts";
import { isJSONObject, isRecord } from "./objects.ts";
import type { FieldValidation, WriteOptions } from "./writes.ts";
import { isTrue, type RequestInfo } from "./request_info.ts";
import {
  badRequest,
  type FieldFault,
  forbiddenField,
  goKind,
  invalid,
  invalidValue,
  notSupported,
  required,
} from "./status.ts";

export type OptionsKind = "CreateOptions" | "UpdateOptions" | "PatchOptions" | "DeleteOptions";

export interface RequestOptions extends WriteOptions {
  warnings: string[];
  /** Who writes, as managedFields name it. */
  fieldManager: string;
  /** Take fields over from other managers. */
  force: boolean;
}

const managerLimitBytes = 128;
const applyType = "application/apply-patch+yaml";

/** Throws Invalid for options that the server does not know. `patchType` is the media type of a patch. */
export function readWriteOptions(
  info: RequestInfo,
  nowMs: number,
  kind: OptionsKind,
  patchType = "",
): RequestOptions {
  const { query } = info;
  const dryRun = query.getAll("dryRun");
  const fieldValidation = query.get("fieldValidation") ?? "";
  const fieldManager = query.get("fieldManager") ?? "";
  const force = query.get("force");
  const faults: FieldFault[] = [];
  if (patchType && patchType !== applyType && force !== null) {
    faults.push(forbiddenField("force", "may not be specified for non-apply patch"));
  }
  if (patchType === applyType && !fieldManager) faults.push(required("fieldManager", "is required for apply patch"));
  faults.push(...managerFaults(fieldManager), ...dryRunFaults(dryRun));
  if (!["", "Ignore", "Strict", "Warn"].includes(fieldValidation)) {
    faults.push(notSupported("fieldValidation", fieldValidation, ["", "Ignore", "Strict", "Warn"]));
  }
  refuse(kind, faults);
  const writer = { manager: fieldManager || userAgentOf(info), subresource: info.subresource, nowMs };
  return {
    dryRun: dryRun.length > 0,
    fieldManager: writer.manager,
    owners: (type, before, after) => afterUpdate(type, before, after, writer),
    fieldValidation: (fieldValidation || "Warn") as FieldValidation,
    subresource: info.subresource,
    force: isTrue(force),
    warnings: [],
  };
}

/** What a deletion is asked to do: in its body, or else in its query. */
export function readDeletion(info: RequestInfo, body: JSONValue | undefined): Deletion {
  const given: JSONObject = body === undefined ? fromQuery(info.query) : deleteOptions(body);
  const { propagationPolicy: policy, orphanDependents, gracePeriodSeconds } = given;
  const dryRun = Array.isArray(given.dryRun) ? given.dryRun : [];
  const faults: FieldFault[] = [];
  if (policy !== undefined && orphanDependents !== undefined) {
    const why = "orphanDependents and deletionPropagation cannot be both set";
    faults.push(invalidValue("propagationPolicy", policy, why));
  }
  if (policy !== undefined && !isPolicy(policy)) {
    faults.push(notSupported("propagationPolicy", policy, ["Foreground", "Background", "Orphan", "nil"]));
  }
  faults.push(...dryRunFaults(dryRun));
  refuse("DeleteOptions", faults);
  return {
    dryRun: dryRun.length > 0,
    ...(typeof orphanDependents === "boolean" && { orphanDependents }),
    ...(isPolicy(policy) && { propagationPolicy: policy }),
    ...(!isPolicy(policy) && orphanDependents === true && { propagationPolicy: "Orphan" }),
    ...(typeof gracePeriodSeconds === "number" && { gracePeriodSeconds }),
    ...(isRecord(given.preconditions) && { preconditions: preconditionsOf(given.preconditions) }),
  };
}

/** Throws BadRequest for a body that is something else. */
function deleteOptions(body: JSONValue): JSONObject {
  if (body === null) return {};
  if (!isJSONObject(body)) {
    const wanted =
      'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }';
    const why = `json: cannot unmarshal ${goKind(body)} into Go value of type ${wanted}`;
    throw badRequest(`couldn't get version/kind; json parse error: ${why}`);
  }
  const { kind = "DeleteOptions", apiVersion = "v1", gracePeriodSeconds } = body;
  if (kind !== "DeleteOptions") {
    const which = `no kind ${JSON.stringify(kind)} is registered for version ${JSON.stringify(apiVersion)}`;
    throw badRequest(`${which} in scheme "pkg/runtime/scheme.go:111"`);
  }
  if (gracePeriodSeconds !== undefined && gracePeriodSeconds !== null && typeof gracePeriodSeconds !== "number") {
    const field = "Go struct field DeleteOptions.gracePeriodSeconds of type int64";
    throw badRequest(`json: cannot unmarshal ${goKind(gracePeriodSeconds)} into ${field}`);
  }
  return body;
}

function fromQuery(query: URLSearchParams): JSONObject {
  const options: JSONObject = {};
  const policy = query.get("propagationPolicy");
  const grace = query.get("gracePeriodSeconds");
  const orphan = query.get("orphanDependents");
  if (policy !== null) options.propagationPolicy = policy;
  if (grace !== null) {
    if (!/^[+-]?\d+$/.test(grace)) {
      throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(grace)}: invalid syntax`);
    }
    options.gracePeriodSeconds = Number(grace);
  }
  if (orphan !== null) options.orphanDependents = isTrue(orphan);
  if (query.has("dryRun")) options.dryRun = query.getAll("dryRun");
  return options;
}

function preconditionsOf(given: Record<string, unknown>): NonNullable<Deletion["preconditions"]> {
  const { uid, resourceVersion } = given;
  return {
    ...(typeof uid === "string" && { uid }),
    ...(typeof resourceVersion === "string" && { resourceVersion }),
  };
}

function isPolicy(value: unknown): value is NonNullable<Deletion["propagationPolicy"]> {
  return value === "Foreground" || value === "Background" || value === "Orphan";
}

function dryRunFaults(dryRun: readonly unknown[]): FieldFault[] {
  return dryRun.some((each) => each !== "All") ? [notSupported("dryRun", dryRun, ["All"])] : [];
}

function managerFaults(manager: string): FieldFault[] {
  const faults: FieldFault[] = [];
  if (new TextEncoder().encode(manager).length > managerLimitBytes) {
    const message = `Too long: may not be more than ${managerLimitBytes} bytes`;
    faults.push({ reason: "FieldValueTooLong", field: "fieldManager", message });
  }
  for (const [i, letter] of [...manager].entries()) {
    if (/[^\p{C}\p{Z}]| /u.test(letter)) continue;
    const code = `U+${(letter.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`;
    faults.push(invalidValue("fieldManager", manager, `invalid character ${code} (at position ${i})`));
    break;
  }
  return faults;
}

function refuse(kind: OptionsKind, faults: FieldFault[]): void {
  if (faults.length > 0) throw invalid({ group: "meta.k8s.io", resource: kind.toLowerCase(), kind }, "", faults);
}

/** Who writes, where the request does not say: the user agent up to its version. */
function userAgentOf(info: RequestInfo): string {
  return (info.userAgent.split("/")[0] ?? "").slice(0, managerLimitBytes) || "unknown";
}
