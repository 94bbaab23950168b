// JSON merge patch (RFC 7396) and JSON patch (RFC 6902), pure.
import type { JSONObject, JSONValue } from "../kube/contract.ts";
import { isJSONObject, sameJSON } from "./objects.ts";
import { ApiError, badRequest, goKind } from "./status.ts";

/** The target with the patch merged in; null removes. */
export function mergePatch(target: JSONValue | undefined, patch: JSONValue): JSONValue {
  if (!isJSONObject(patch)) return patch;
  const merged: JSONObject = isJSONObject(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key];
    else merged[key] = mergePatch(merged[key], value);
  }
  return merged;
}

/** The target after the operations, in order; Invalid (422) when one cannot be done, a failed `test` included. */
export function jsonPatch(target: JSONObject, operations: JSONValue): JSONObject {
  if (operations !== null && !Array.isArray(operations)) throw undecodable(operations, "[]handlers.jsonPatchOp");
  let document: JSONValue = structuredClone(target);
  for (const operation of operations ?? []) {
    if (!isJSONObject(operation)) throw undecodable(operation, "handlers.jsonPatchOp");
    document = apply(document, operation);
  }
  if (!isJSONObject(document)) throw refused("jsonpatch replaced the whole document by something that is no object");
  return document;
}

function undecodable(found: JSONValue, wanted: string): ApiError {
  return badRequest(`error decoding patch: json: cannot unmarshal ${goKind(found)} into Go value of type ${wanted}`);
}

function refused(message: string): ApiError {
  // The server keeps to itself which operation it was; a person with a debugger finds it here.
  const generic = "the server rejected our request due to an error in our request";
  const error = new ApiError(422, "Invalid", generic, {});
  error.cause = message;
  return error;
}

function apply(document: JSONValue, operation: JSONObject): JSONValue {
  const op = String(operation.op);
  const path = String(operation.path ?? "");
  const from = String(operation.from ?? "");
  switch (op) {
    case "test": {
      const found = read(document, path);
      if (!found.present && operation.value !== null && operation.value !== undefined) {
        throw refused(`testing path ${path} failed: missing value`);
      }
      if (!sameJSON(found.value ?? null, operation.value ?? null)) throw refused(`testing value ${path} failed`);
      return document;
    }
    case "add":
      return write(document, path, operation.value ?? null, "add");
    case "replace":
      // Replacing a key that is absent adds it: the library that the API server uses is lenient there.
      return write(document, path, operation.value ?? null, "replace");
    case "remove":
      return remove(document, path, "remove");
    case "move": {
      const { present, value } = read(document, from);
      if (!present) throw refused(`error in move for path: '${path}': missing value`);
      return write(remove(document, from, "move"), path, value ?? null, "add");
    }
    case "copy": {
      // Copying what is absent writes null: the library that the API server uses is lenient there too.
      return write(document, path, structuredClone(read(document, from).value ?? null), "add");
    }
    default:
      throw refused(`Unexpected kind: ${op}`);
  }
}

function tokens(path: string): string[] {
  return path.split("/").slice(1).map((token) => token.replaceAll("~1", "/").replaceAll("~0", "~"));
}

function read(document: JSONValue, path: string): { present: boolean; value?: JSONValue } {
  let here: JSONValue | undefined = document;
  for (const token of tokens(path)) {
    if (Array.isArray(here)) here = /^-?\d+$/.test(token) ? here.at(Number(token)) : undefined;
    else if (isJSONObject(here) && Object.hasOwn(here, token)) here = here[token];
    else return { present: false };
  }
  return here === undefined ? { present: false } : { present: true, value: here };
}

/** Changes the document in place: it is a clone already. */
function write(document: JSONValue, path: string, value: JSONValue, op: string): JSONValue {
  const all = tokens(path);
  const last = all.pop();
  if (last === undefined) return value;
  const parent = read(document, path.slice(0, path.lastIndexOf("/"))).value;
  if (Array.isArray(parent)) {
    const given = last === "-" ? parent.length : Number(last);
    // A negative index counts from the end, and inserting at -1 appends.
    const index = given < 0 ? given + parent.length + (op === "replace" ? 0 : 1) : given;
    if (!Number.isInteger(index) || index < 0 || index > parent.length - (op === "replace" ? 1 : 0)) {
      throw refused(`${op} operation does not apply: doc is missing path: ${path}: invalid index referenced`);
    }
    parent.splice(index, op === "replace" ? 1 : 0, value);
  } else if (isJSONObject(parent)) {
    parent[last] = value;
  } else {
    throw refused(`${op} operation does not apply: doc is missing path: ${JSON.stringify(path)}: missing value`);
  }
  return document;
}

function remove(document: JSONValue, path: string, op: string): JSONValue {
  if (!read(document, path).present) {
    const text = op === "remove"
      ? `remove operation does not apply: doc is missing path: ${JSON.stringify(path)}: missing value`
      : "";
    throw refused(text || `error in ${op} for path: '${path}': missing value`);
  }
  const last = tokens(path).at(-1) ?? "";
  const parent = read(document, path.slice(0, path.lastIndexOf("/"))).value;
  if (Array.isArray(parent)) parent.splice(Number(last), 1);
  else if (isJSONObject(parent)) delete parent[last];
  return document;
}
