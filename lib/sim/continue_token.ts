// Continue tokens of chunked lists: the version that all chunks show, and the key to go on after. Clients treat them as opaque;
// the form is nevertheless the API server's own, so that what is no token is refused in its words.
// Source: k8s.io/apiserver pkg/storage/continue.go.
import { ApiError, badRequest, gone } from "./status.ts";

export interface ContinueToken {
  /** The list's version; -1: any, after the first one expired. */
  revision: number;
  /** Key of the last object that was sent, within the listed namespace. */
  after: string;
}

export function encodeContinue({ revision, after }: ContinueToken): string {
  const text = JSON.stringify({ v: "meta.k8s.io/v1", rv: revision, start: `${after}\0` });
  const bytes = String.fromCharCode(...new TextEncoder().encode(text));
  return btoa(bytes).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** Throws BadRequest for what is no token of this server. */
export function decodeContinue(token: string): ContinueToken {
  const { v, rv, start } = readToken(token);
  if (v !== "meta.k8s.io/v1") throw refused(`: server does not recognize this encoded version ${v ?? ""}`);
  if (typeof rv !== "number" || rv === 0) {
    throw refused(": incorrect encoded start resourceVersion (version meta.k8s.io/v1)");
  }
  if (typeof start !== "string" || start === "") {
    throw refused(": encoded start key empty (version meta.k8s.io/v1)");
  }
  if (start.split("/").some((part) => part === "." || part === "..")) throw refused(`: ${start}`);
  return { revision: rv, after: start.replace(/\0$/, "") };
}

/** 410, with a token that goes on with whatever is there now. */
export function expiredContinue(after: string): ApiError {
  const message =
    "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.";
  return gone(message, { continue: encodeContinue({ revision: -1, after }) });
}

function readToken(token: string): { v?: unknown; rv?: unknown; start?: unknown } {
  let text: string;
  try {
    text = atob(token.replaceAll("-", "+").replaceAll("_", "/"));
  } catch (error) {
    if (error instanceof DOMException) throw refused(": illegal base64 data");
    throw error;
  }
  try {
    const value = JSON.parse(new TextDecoder().decode(Uint8Array.from(text, (letter) => letter.charCodeAt(0))));
    return typeof value === "object" && value !== null ? value : {};
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw refused(`: invalid character '${text.charAt(0)}' looking for beginning of value`);
  }
}

function refused(why: string): ApiError {
  return badRequest(`invalid continue token: continue key is not valid${why}`);
}
