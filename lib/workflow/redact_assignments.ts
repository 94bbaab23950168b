// Secrets that are known by the name in front of them: `PASSWORD=x`, `"apiKey": "x"`, `--token x`, `{"name":"DB_PASSWORD",
// "value":"x"}`, with quotes escaped as often as text is packed into text. One pass from left to right, in linear time.

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
  "dsn",
]);
/** Names that end like this without a separator: SSHKEY, MYKEY is not told from MONKEY. */
const secretEnding =
  /(?:api|access|auth|aes|deploy|encryption|hmac|host|license|master|private|rsa|signing|ssh)keys?$/i;

/** Whether values under this name are secrets: PASSWORD, db-password, apiKey, AWS_SECRET_ACCESS_KEY, x-auth. */
export function isSecretName(name: string): boolean {
  if (secretPart.test(name) || secretEnding.test(name)) return true;
  const words = name.replace(/([a-z0-9])([A-Z])/g, "$1_$2").split(/[^A-Za-z]+/);
  return words.some((word) => secretWords.has(word.toLowerCase()));
}

/** A name and what separates it from its value. A name begins where a word begins, so no text is tried twice. */
const nameAndSeparator = /(?<![\w.-])([\w.-]+)\\{0,7}["'`]?\s{0,8}(?::=|=>|[=:])\s{0,8}/g;
/** Only a flag has its value after a blank: in a sentence the next word is no value. */
const flag = /(?<![\w.-])(-[\w.-]*)\s{1,8}(?![\s=:-])/g;
/** In a list of names and values, what stands between a secret's name and its value. */
const valueField = /\\{0,7}["']\s{0,8},\s{0,8}\\{0,7}["']value\\{0,7}["']\s{0,8}:\s{0,8}/iy;
const nameField = /(?<![\w.-])(?:name|key)\\{0,7}["']\s{0,8}:\s{0,8}\\{0,7}["']([\w.-]+)/gi;

/** The text with `mark` in place of each value under a secret's name. */
export function redactAssignments(text: string, mark: string): string {
  const known = new Map<string, boolean>();
  const isSecret = (name: string) => {
    const found = known.get(name) ?? isSecretName(name);
    known.set(name, found);
    return found;
  };
  const inLists = replaceValues(text, mark, isSecret, nameField, afterName);
  const afterFlags = replaceValues(inLists, mark, isSecret, flag, (_, match) => match.index + match[0].length);
  return replaceValues(afterFlags, mark, isSecret, nameAndSeparator, (_, match) => match.index + match[0].length);
}

/** Where the value that belongs to a name begins; undefined where there is none. */
type FindValue = (text: string, match: RegExpExecArray) => number | undefined;

function replaceValues(
  text: string,
  mark: string,
  isSecret: (name: string) => boolean,
  pattern: RegExp,
  findValue: FindValue,
): string {
  let out = "";
  let done = 0;
  for (const match of text.matchAll(pattern)) {
    if (match.index < done || !isSecret(match[1] ?? "")) continue;
    const from = findValue(text, match);
    if (from === undefined) continue;
    const value = valueAt(text, from);
    if (value.end === value.start || text.startsWith(mark, value.start)) continue;
    out += text.slice(done, value.start) + mark;
    done = value.end;
  }
  return out + text.slice(done);
}

function afterName(text: string, match: RegExpExecArray): number | undefined {
  valueField.lastIndex = match.index + match[0].length;
  const found = valueField.exec(text);
  return found ? valueField.lastIndex : undefined;
}

const opener = /\\{0,7}["'`]/y;
const bare = /[^\s"'`\\,;&]+/y;

/** Where a value stands: between its quotes (to the end of the text, where the closing one is cut off), or up to a blank. */
function valueAt(text: string, from: number): { start: number; end: number } {
  opener.lastIndex = from;
  const quote = opener.exec(text)?.[0];
  if (quote !== undefined) {
    const start = from + quote.length;
    return { start, end: closing(text, start, quote) };
  }
  const start = text.startsWith("|", from) ? from + 1 : from;
  // A comma may be part of a password; what follows it up to a blank goes too, unless it begins another assignment.
  let end = start;
  for (;;) {
    bare.lastIndex = end;
    const part = bare.exec(text);
    if (!part) break;
    end = bare.lastIndex;
    const next = /[,;&](?![\w.-]{1,64}\\{0,7}["']?[=:])[^\s"'`\\,;&]/y;
    next.lastIndex = end;
    if (!next.test(text)) break;
    end = next.lastIndex;
  }
  return { start, end };
}

function closing(text: string, start: number, quote: string): number {
  for (let at = text.indexOf(quote, start); at >= 0; at = text.indexOf(quote, at + 1)) {
    if (quote.length > 1 || !escaped(text, at, start)) return at;
  }
  return text.length;
}

function escaped(text: string, at: number, start: number): boolean {
  let backslashes = 0;
  while (at - backslashes > start && text[at - backslashes - 1] === "\\") backslashes++;
  return backslashes % 2 === 1;
}
