// Bodies in and out: JSON and YAML requests, Status and object responses.
import { yaml } from "../../deps.ts";
import type { JSONObject, JSONValue } from "../kube/contract.ts";
import { duplicateFields } from "./duplicate_fields.ts";
import { bodyTypes } from "./negotiation.ts";
import { decodeProtobuf } from "./protobuf.ts";
import { ApiError, badRequest, unsupportedMediaType } from "./status.ts";

/** k8s.io/apiserver's MaxRequestBodyBytes. */
const requestLimitBytes = 3 * 1024 * 1024;

/** The media type of a request, without its parameters. */
export function mediaType(request: Request): string {
  return (request.headers.get("content-type") ?? "").split(";")[0]?.trim().toLowerCase() ?? "";
}

/** What a request carries. */
export interface Body {
  /** Absent when there is no body. */
  value?: JSONValue;
  /** Fields that are named twice; read again from the text, so only on demand. */
  duplicates(): string[];
}

/**
 * The body as JSON. Refuses too large, malformed and unknown ones as a real server does; `kind` is what the body is to be,
 * where the refusal tells it.
 */
export async function readBody(request: Request, kind?: string): Promise<Body> {
  const bytes = new Uint8Array(await request.arrayBuffer());
  if (bytes.length === 0) return { duplicates: () => [] };
  if (bytes.length > requestLimitBytes) {
    throw new ApiError(413, "RequestEntityTooLarge", `Request entity too large: limit is ${requestLimitBytes}`);
  }
  const type = mediaType(request);
  if (type.includes("protobuf")) {
    const value = decodeProtobuf(bytes);
    if (value) return { value, duplicates: () => [] };
  }
  const isYaml = type.includes("yaml");
  if (type !== "" && !isYaml && !type.includes("json")) throw unsupportedMediaType(bodyTypes);
  const text = new TextDecoder().decode(bytes);
  try {
    const value: JSONValue = isYaml ? yaml.parse(text, { uniqueKeys: false }) : JSON.parse(text);
    return { value, duplicates: () => isYaml ? [] : duplicateFields(text) };
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof yaml.YAMLError)) throw error;
    throw unreadable(kind, `couldn't get version/kind; json parse error: ${error.message}`);
  }
}

/** The refusal of a body that is no object at all. */
export function unreadable(kind: string | undefined, why: string): ApiError {
  return badRequest(kind ? `the object provided is unrecognized (must be of type ${kind}): ${why}` : why);
}

export function jsonResponse(code: number, body: JSONValue, headers: Record<string, string> = {}): Response {
  return new Response(`${JSON.stringify(body)}\n`, {
    status: code,
    headers: { "content-type": "application/json", ...headers },
  });
}

export function errorResponse(error: ApiError): Response {
  const retryAfter = error.details?.retryAfterSeconds;
  return jsonResponse(error.code, error.body(), retryAfter ? { "retry-after": String(retryAfter) } : {});
}

/** What a server says of a path that it does not serve at all: plain text, no Status. */
export function bareNotFound(): Response {
  return new Response("404 page not found\n", {
    status: 404,
    headers: { "content-type": "text/plain; charset=utf-8", "x-content-type-options": "nosniff" },
  });
}

/** Warnings as HTTP headers, one each (RFC 7234 warn-code 299). */
export function addWarnings(response: Response, warnings: string[]): Response {
  for (const warning of warnings) response.headers.append("warning", `299 - ${JSON.stringify(warning)}`);
  return response;
}

/** A Status of success, as a deletion answers. */
export function success(details: JSONObject): JSONObject {
  return { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", details };
}
