// The last thing that happens to every text of failureDetails: one line, no secrets, at most 4 KB.

import { excerpt } from "./excerpt.ts";
import { cap } from "./redact.ts";

type Parameters = Readonly<Record<string, string>>;

/** One line without secrets: neither what looks like one, nor what these parameters have under a secret's name. */
export function safeLine(text: string, parameters: Parameters): string {
  return safePart(text, parameters, 4096);
}

/** The same for a part of a longer text, at most `limitBytes` long. */
export function safePart(text: string, parameters: Parameters, limitBytes: number): string {
  return cap(oneLine(excerpt(text, Math.max(limitBytes, 4096), parameters)), limitBytes);
}

/** A Kubernetes name stays as it is, whatever it looks like; anything else is a text like any other. */
export function safeName(name: string, parameters: Parameters): string {
  return /^[a-z0-9][a-z0-9.-]{0,252}$/.test(name) ? name : safePart(name, parameters, 253);
}

function oneLine(text: string): string {
  // deno-lint-ignore no-control-regex -- control characters are what is replaced
  return text.replace(/[\s\u0000-\u001f\u007f]+/g, " ").trim();
}
