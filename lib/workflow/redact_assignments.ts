// Secrets that are known by the name in front of them: `PASSWORD=x`, `"apiKey": "x"`, `--token x`, `<token>x</token>`, a name
// and a value in a list, as JSON or YAML, with quotes escaped as often as text is packed into text. Each form is looked for in
// one pass from left to right, in linear time.

import { quotedAt, valueAt, type ValuePlace } from "./redact_value.ts";

/** Parts that make any name a secret's, wherever they stand in it. */
const secretPart = /passw|passphrase|secret|token|credential|apikey|accesskey|privatekey|authoriz|connectionstring/i;
/** Words that make a name a secret's when they stand alone in it, between separators or capitals. */
const secretWords = new Set([
  "key",
  "keys",
  "pass",
  "pwd",
  "pw",
  "auth",
  "jwt",
  "cookie",
  "bearer",
  "pat",
  "sas",
  "sig",
  "dsn",
]);
/** Names that end like this without a separator: SSHKEY, MYKEY is not told from MONKEY. */
const secretEnding =
  /(?:api|access|auth|aes|deploy|encryption|hmac|host|license|master|private|rsa|signing|ssh)keys?$/i;

/** Whoever has a URL with one may use it. */
const urlSignature = /^x-(?:amz|goog)-signature$/i;

/** Whether values under this name are secrets: PASSWORD, db-password, apiKey, AWS_SECRET_ACCESS_KEY, x-auth. */
export function isSecretName(name: string): boolean {
  if (secretPart.test(name) || secretEnding.test(name) || urlSignature.test(name)) return true;
  const words = name.replace(/([a-z0-9])([A-Z])/g, "$1_$2").split(/[^A-Za-z]+/);
  return words.some((word) => secretWords.has(word.toLowerCase()));
}

/** A name and what separates it from its value, in a column perhaps. A name begins where a word begins, so no text is tried twice. */
const nameAndSeparator = /(?<![\w.-])([\w.-]+)\\{0,7}["'`]?\s{0,8}[ \t]{0,64}(?::=|=>|[=:])\s{0,8}[ \t]{0,64}/g;
/** Only a flag has its value after a blank: in a sentence the next word is no value. */
const flag = /(?<![\w.-])(-[\w.-]*)\s{1,8}(?![\s=:-])/g;
/** curl's way; two numbers are a user and a group. */
const userFlag = /(?<![\w.-])(?:-u|--user|--proxy-user)[\s=]{1,8}(\\{0,7}["'])?[^\s:"'\\]{1,64}:(?!\d{1,8}(?!\w))/g;
/** In a list of names and values, in any form of JSON, YAML and Go, what stands between a secret's name and its value. */
const valueField = /\\{0,7}["']?(?:[\s,]|\\{1,7}[nrt]){1,64}\\{0,7}["']?value\\{0,7}["']?\s{0,8}:\s{0,8}/iy;
const nameField = /(?<![\w.-])(?:name|key)\\{0,7}["']?\s{0,8}:\s{0,8}\\{0,7}["']?([\w.-]+)/gi;
const element = /<([\w.:-]{1,256})(?:\s[^<>]{0,256})?>/g;

/** The text with `mark` in place of each value under a secret's name. */
export function redactAssignments(text: string, mark: string): string {
  const known = new Map<string, boolean>();
  const isSecret = (name: string) => {
    const found = known.get(name) ?? isSecretName(name);
    known.set(name, found);
    return found;
  };
  const behind = (text: string, match: RegExpExecArray) => valueAt(text, match.index + match[0].length);
  const passes: [pattern: RegExp, isSecret: (name: string) => boolean, findValue: FindValue][] = [
    [nameField, isSecret, afterName],
    [element, isSecret, insideElement],
    [userFlag, () => true, afterUser],
    [flag, isSecret, behind],
    [nameAndSeparator, isSecret, behind],
  ];
  return passes.reduce((rest, pass) => replaceValues(rest, mark, ...pass), text);
}

/** Where the value that belongs to a name stands; undefined where there is none. */
type FindValue = (text: string, match: RegExpExecArray) => ValuePlace | undefined;

function replaceValues(
  text: string,
  mark: string,
  pattern: RegExp,
  isSecret: (name: string) => boolean,
  findValue: FindValue,
): string {
  let out = "";
  let done = 0;
  for (const match of text.matchAll(pattern)) {
    if (match.index < done || !isSecret(match[1] ?? "")) continue;
    const value = findValue(text, match);
    if (!value || value.end === value.start || text.startsWith(mark, value.start)) continue;
    out += text.slice(done, value.start) + mark;
    done = value.end;
  }
  return out + text.slice(done);
}

function afterName(text: string, match: RegExpExecArray): ValuePlace | undefined {
  valueField.lastIndex = match.index + match[0].length;
  return valueField.test(text) ? valueAt(text, valueField.lastIndex) : undefined;
}

function afterUser(text: string, match: RegExpExecArray): ValuePlace {
  const from = match.index + match[0].length;
  return match[1] ? quotedAt(text, from, match[1]) : valueAt(text, from);
}

/** Up to the tag that closes it: without one it is a placeholder, as in `--token=<token>`. */
function insideElement(text: string, match: RegExpExecArray): ValuePlace | undefined {
  const start = match.index + match[0].length;
  const end = text.indexOf("<", start);
  return end >= 0 && text.startsWith("</", end) ? { start, end } : undefined;
}
