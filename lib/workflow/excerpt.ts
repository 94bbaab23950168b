// The beginning of a text without its secrets, for whatever has room for so much of it: what lies far behind the end of that
// room is not read, so that half a megabyte costs no more than a page. A secret that the cut would go through does not slip
// out in part: what is read ends between two words, and a key's lines that it ends with are left out.

import { isSecretName } from "./redact_assignments.ts";
import { cap, cutMark, hideKnown, redact, redacted, withoutBase64Tail } from "./redact.ts";

/**
 * The text without what looks like a secret, and without the values of secret parameters where they are given, in at most `limitBytes` of UTF-8. One
 * that was cut says so at its end. Of a text twice as long as there is room, no more than that is looked at: where much of it
 * is hidden, less than `limitBytes` is left.
 */
export function excerpt(text: string, limitBytes = 4096, parameters: Readonly<Record<string, string>> = {}): string {
  const withoutKnown = hideKnown(text, parameters);
  const looked = 2 * limitBytes;
  if (withoutKnown.length <= looked) return cap(redact(withoutKnown), limitBytes);
  return cap(withoutBase64Tail(redact(wholeWords(withoutKnown.slice(0, looked)))) + cutMark, limitBytes);
}

/** Values under secret names are replaced whole, of the others there is an excerpt. Names and their order stay. */
export function excerptParameters(
  parameters: Readonly<Record<string, string>>,
  limitBytes = 4096,
): Record<string, string> {
  const shown = (name: string, value: string) => isSecretName(name) && value ? redacted : excerpt(value, limitBytes);
  return Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name, shown(name, value)]));
}

/** Up to the last blank, quote or bracket: nothing that is one secret goes across these, but what is hidden to its end. */
function wholeWords(text: string): string {
  let end = text.length;
  while (end > 0 && !/[\s"'`<>]/.test(text.charAt(end - 1))) end--;
  return text.slice(0, end);
}
