// What a client accepts: objects as they are, as rows of a Table or as metadata alone, in JSON or YAML; and the refusal of what
// this server cannot give, which comes before it looks for anything. Source: k8s.io/apiserver pkg/endpoints/handlers/negotiation.
import { yaml } from "../../deps.ts";
import { ApiError } from "./status.ts";

export interface Form {
  as: "object" | "Table" | "PartialObjectMetadata" | "PartialObjectMetadataList";
  /** Of meta.k8s.io, whose kinds Table and the others are. */
  version: string;
  isYaml: boolean;
}

/** Media types of objects, in requests and answers. */
export const bodyTypes = ["application/json", "application/yaml", "application/vnd.kubernetes.protobuf"];
const streamTypes = ["application/json;stream=watch", "application/vnd.kubernetes.protobuf;stream=watch"];
/** As Go writes it: what YAML 1.1 would take for a date or a truth value is quoted. */
const yamlForm = { version: "1.1", lineWidth: 0, indentSeq: false, sortMapEntries: true } as const;
const plain: Form = { as: "object", version: "v1", isYaml: false };

interface Clause {
  type: string;
  parameters: Map<string, string>;
}

/** The form that the Accept header asks for first, of those that there are. Throws NotAcceptable when there is none. */
export function negotiate(request: Request, { custom, verb }: { custom: boolean; verb: string }): Form {
  const accept = request.headers.get("accept") ?? "";
  if (accept === "" || accept === "application/json" || accept === "*/*") return plain;
  const clauses = clausesOf(accept);
  // Built-in resources are behind a router that looks at media types first, and does not know half a wildcard.
  if (!custom && !clauses.some(({ type }) => type === "*/*" || bodyTypes.includes(type))) {
    const types = ["list", "watch"].includes(verb) ? [...bodyTypes, ...streamTypes] : bodyTypes;
    throw new ApiError(
      406,
      "NotAcceptable",
      `406: Not Acceptable\n\nAvailable representations: ${types.join(", ")}`,
      {},
    );
  }
  for (const clause of clauses) {
    const form = formOf(clause);
    if (!form) continue;
    if (form.isYaml && verb === "watch") throw notAcceptable(streamTypes);
    return form;
  }
  throw notAcceptable(bodyTypes);
}

function notAcceptable(types: string[]): ApiError {
  return new ApiError(406, "NotAcceptable", `only the following media types are accepted: ${types.join(", ")}`);
}

/** The answer as its client wants to read it; errors have no other shape than their own. */
export async function inForm(request: Request, verb: string, response: Response): Promise<Response> {
  if (!request.headers.get("accept")?.includes("yaml") || verb === "watch" && response.ok) return response;
  if (!response.headers.get("content-type")?.startsWith("application/json")) return response;
  const form = clausesOf(request.headers.get("accept") ?? "").map(formOf).find((each) => each !== undefined);
  if (!form?.isYaml || form.as !== "object" && !response.ok) return response;
  const headers = new Headers(response.headers);
  headers.set("content-type", "application/yaml");
  const text = yaml.stringify(await response.json(), yamlForm);
  return new Response(text, { status: response.status, headers });
}

function formOf({ type, parameters }: Clause): Form | undefined {
  if (!["application/json", "application/yaml", "application/*", "*/*"].includes(type)) return undefined;
  const isYaml = type === "application/yaml";
  const [as, group, version = ""] = ["as", "g", "v"].map((name) => parameters.get(name));
  if (as === undefined) return { ...plain, isYaml };
  if (group !== "meta.k8s.io" || !["v1", "v1beta1"].includes(version)) return undefined;
  if (as !== "Table" && as !== "PartialObjectMetadata" && as !== "PartialObjectMetadataList") return undefined;
  return { as, version, isYaml };
}

/** The clauses of an Accept header, those of higher quality first. */
function clausesOf(accept: string): Clause[] {
  const clauses = accept.split(",").map((clause) => {
    const [type = "", ...parts] = clause.split(";").map((part) => part.trim());
    const parameters = new Map(parts.map((part) => {
      const [name = "", value = ""] = part.split("=");
      return [name, value];
    }));
    return { type: type.toLowerCase(), parameters, quality: Number(parameters.get("q") ?? 1) };
  });
  return clauses.sort((a, b) => b.quality - a.quality);
}
