// Bodies in and out: JSON and YAML requests, Status and object responses, and what the Accept header asks for.
import { yaml } from "../../deps.ts";
import type { JSONObject, JSONValue } from "../kube/contract.ts";
import { decodeProtobuf } from "./protobuf.ts";
import { ApiError, badRequest, unsupportedMediaType } from "./status.ts";

/** k8s.io/apiserver's MaxRequestBodyBytes. */
const requestLimitBytes = 3 * 1024 * 1024;

/** The media type of a request, without its parameters. */
export function mediaType(request: Request): string {
  return (request.headers.get("content-type") ?? "").split(";")[0]?.trim().toLowerCase() ?? "";
}

/** The body as JSON; undefined when there is none. Refuses too large, malformed and unknown ones as a real server does. */
export async function readBody(request: Request): Promise<JSONValue | undefined> {
  const bytes = new Uint8Array(await request.arrayBuffer());
  if (bytes.length === 0) return undefined;
  if (bytes.length > requestLimitBytes) {
    throw new ApiError(413, "RequestEntityTooLarge", `Request entity too large: limit is ${requestLimitBytes}`);
  }
  const type = mediaType(request);
  if (type.includes("protobuf") || type.includes("cbor")) {
    const decoded = type.includes("protobuf") ? decodeProtobuf(bytes) : undefined;
    if (decoded) return decoded;
    throw unsupportedMediaType(["application/json", "application/yaml"]);
  }
  const text = new TextDecoder().decode(bytes);
  try {
    return type.includes("yaml") ? yaml.parse(text) : JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof yaml.YAMLError) {
      throw badRequest(`couldn't get version/kind; json parse error: ${error.message}`);
    }
    throw error;
  }
}

export interface TableRequest {
  /** `includeObject` of the query: Metadata when absent. */
  includeObject: string;
}

/** What the client accepts: a Table, only metadata, or the object. The first that this server can give wins. */
export function accepted(request: Request): "Table" | "PartialObjectMetadata" | "PartialObjectMetadataList" | "object" {
  const accept = request.headers.get("accept") ?? "";
  for (const choice of accept.split(",")) {
    const [type = "", ...parameters] = choice.split(";").map((part) => part.trim());
    if (!["application/json", "*/*", "application/*", ""].includes(type)) continue;
    const as = parameters.find((parameter) => parameter.startsWith("as="))?.slice(3);
    if (as === "Table" || as === "PartialObjectMetadata" || as === "PartialObjectMetadataList") return as;
    if (!as) return "object";
  }
  if (/json|yaml|\*/.test(accept) || accept === "") return "object";
  throw new ApiError(406, "NotAcceptable", "only the following media types are accepted: application/json", {});
}

export function jsonResponse(code: number, body: JSONValue, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(body), {
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
