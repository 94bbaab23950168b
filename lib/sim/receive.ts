// From what a client sent to an object of the kind: built-in kinds are decoded by their Go type, custom ones pruned and
// defaulted by their schema; unknown fields are refused, told as warnings, or ignored, as fieldValidation says.
import { decode, metadataFault } from "./decoding.ts";
import type { KubeObject } from "./objects.ts";
import type { WriteOptions } from "./writes.ts";
import { apiVersionOf, type Resources, type ResourceType } from "./resources.ts";
import { type ApiError, badRequest, invalid, invalidValue } from "./status.ts";

/** Refuses a body of another kind or version. */
export function checkKind(resources: Resources, type: ResourceType, object: KubeObject, options: WriteOptions): void {
  const { kind, apiVersion } = object;
  if (type.custom && kind !== type.kind) {
    throw invalid({ ...type, kind }, object.metadata.name ?? "", [invalidValue("kind", kind, `must be ${type.kind}`)]);
  }
  if (options.patched && !(kind && apiVersion)) throw unnamed(object.metadata.name ?? "");
  const ownVersion = apiVersionOf(type);
  const version = type.custom ? apiVersion ?? "" : apiVersion || ownVersion;
  if ((kind || type.kind) === type.kind && version === ownVersion) return;
  if (type.custom) {
    throw badRequest(
      `the API version in the data (${version}) does not match the expected API version (${ownVersion})`,
    );
  }
  const known = resources.ofKind(version, kind || type.kind);
  const why = known
    ? `converting (${version}.${known.kind}) to (${type.group || "core"}.${type.kind}): unknown conversion`
    : `no kind ${JSON.stringify(kind || type.kind)} is registered for version ${JSON.stringify(version)} in scheme`;
  if (options.patched) throw noObject(object, why);
  const short = JSON.stringify(version.split("/").at(-1));
  throw badRequest(`${kind || type.kind} in version ${short} cannot be handled as a ${type.kind}: ${why}`);
}

/** The refusal of a replacement that does not say what it replaces. */
export function unnamed(name: string): ApiError {
  return badRequest(`the name of the object (${name} based on URL) was undeterminable: name must be provided`);
}

/** Throws BadRequest for what is no such object, or Invalid where a patch made it so. */
export function receive(type: ResourceType, given: KubeObject, options: WriteOptions): KubeObject {
  if (!type.custom) {
    if (!type.schema) return given;
    const decoded = decode(given, type.schema);
    if (decoded.fault !== undefined) throw undecodable(type, given, decoded.fault, options);
    tellUnknown(type, given, decoded.unknown, options);
    return { ...type.zero, ...decoded.object };
  }
  const fault = metadataFault(given.metadata);
  if (fault !== undefined) throw undecodable(type, given, fault, options);
  const { object, unknown } = type.custom.normalize(given, options.applied);
  tellUnknown(type, given, unknown, options);
  return object;
}

function tellUnknown(type: ResourceType, given: KubeObject, unknown: string[], options: WriteOptions): void {
  const { duplicates = [] } = options;
  if (unknown.length + duplicates.length === 0 || options.fieldValidation === "Ignore") return;
  const faults = [
    ...duplicates.map((path) => `duplicate field ${JSON.stringify(path)}`),
    ...unknown.map((path) => `unknown field ${JSON.stringify(path)}`),
  ];
  if (options.fieldValidation === "Strict") {
    throw undecodable(type, given, `strict decoding error: ${faults.join(", ")}`, options);
  }
  options.warnings?.push(...faults);
}

function undecodable(type: ResourceType, given: KubeObject, why: string, options: WriteOptions): ApiError {
  if (options.patched) return noObject(given, why);
  const version = JSON.stringify(type.version);
  return badRequest(`${type.kind} in version ${version} cannot be handled as a ${type.kind}: ${why}`);
}

/** The refusal of a patch whose result is no object of the kind. */
function noObject(object: KubeObject, why: string): ApiError {
  return invalid({ group: "", resource: "", kind: "" }, "", [invalidValue("patch", JSON.stringify(object), why)]);
}
