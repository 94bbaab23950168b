// Keeps secrets out of whatever is copied into a status, a log line, an event or the audit trail. It leaves to the caller to
// call it on every text that comes from outside; the parameters handed to a PipelineRun are not its business.
// It rather hides too much than too little, and takes time linear in the length of the text, whatever the text: each pattern
// begins only where a word begins, and repeats without a bound only over characters that it consumes.

import { isSecretName, redactAssignments } from "./redact_assignments.ts";

/** What stands in a secret's place. */
export const redacted = "[REDACTED]";

/** The text without what looks like a secret; a text without any comes back as it is. */
export function redact(text: string): string {
  const withoutKeys = redactPem(text);
  const withoutHeaders = withoutKeys
    .replace(header, `$1${redacted}`)
    .replace(
      scheme,
      (whole, word: string, credential: string) =>
        plainWords.has(credential.toLowerCase()) ? whole : `${word} ${redacted}`,
    );
  return redactTokens(redactUrls(redactAssignments(withoutHeaders, redacted)));
}

/**
 * The text without the very values that these parameters have under secret names, wherever they stand in it. Values below
 * four characters stay: they stand in any text.
 */
export function hideKnown(text: string, parameters: Readonly<Record<string, string>>): string {
  const values = Object.entries(parameters)
    .filter(([name, value]) => isSecretName(name) && value.trim().length >= 4)
    .map(([, value]) => value.trim())
    .sort((a, b) => b.length - a.length); // one may be the beginning of another
  return values.reduce((rest, value) => rest.replaceAll(value, redacted), text);
}

/** What stands at the end of a text that was cut. */
export const cutMark = "… [cut]";

/** At most `limitBytes` bytes of UTF-8, cut between characters; a text that was cut says so at its end. */
export function cap(text: string, limitBytes = 4096): string {
  const wellFormed = text.toWellFormed();
  if (wellFormed.length * 3 <= limitBytes) return wellFormed;
  const bytes = new TextEncoder().encode(wellFormed);
  if (bytes.length <= limitBytes) return wellFormed;
  const mark = limitBytes >= 24 ? cutMark : "";
  let end = limitBytes - new TextEncoder().encode(mark).length;
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end--; // the middle of a character
  return new TextDecoder().decode(bytes.subarray(0, end)) + mark;
}

/** Headers that carry credentials: to the end of the line, or of the quoted text that holds them. */
const header =
  /((?<![\w-])(?:proxy-)?(?:authorization|(?:set-)?cookie)\\{0,7}["']?\s{0,8}[:=]\s{0,8}\\{0,7}["']?)[^\r\n"'\\]+/gi;
const scheme = /(?<![\w-])(bearer)\s{1,8}([^\s"'\\,;]+)/gi;
/** What follows "bearer" in a sentence about tokens. */
const plainWords = new Set([
  "token",
  "token:",
  "tokens",
  "auth",
  "authentication",
  "authorization",
  redacted.toLowerCase(),
]);

/** Everything between blanks and quotes that is long enough to be a URL with credentials. */
const word = /[^\s"'`<>]{8,}/g;
const jwt = /eyJ[\w-]{10}/;
/** The Base64 form of `-----BEGIN`. */
const encodedPem = "LS0tLS1CRUdJTi";
const jwtOrPem = /[\w.+/=-]{13,}/g;
const awsKeyId = /(?<![A-Za-z0-9])(?:A3T[A-Z0-9]|ABIA|ACCA|AGPA|AIDA|AKIA|ANPA|ANVA|AROA|ASIA)[A-Z0-9]{12,}/g;
const awsSecretKey = /(?<![A-Za-z0-9+/=])[A-Za-z0-9+/]{40}(?![A-Za-z0-9+/=])/g;
/** Tokens that say by their first letters whose they are: GitHub, GitLab, Slack, Stripe, npm, Vault, Google, OpenAI and others. */
const vendorToken = new RegExp(
  "(?<![A-Za-z0-9])(?:" + [
    "(?:gh[a-z]_|github_pat_|gl[a-z]{2,5}-|xox[a-z]-|xapp-|[rs]k_(?:live|test)_|npm_|dop_v1_|hv[sb]\\.|AIza|ya29\\.)[\\w-]{16,}",
    "(?:sk-(?:proj|ant|live|test)-|dckr_pat_|pypi-AgE|glsa_|hf_|AGE-SECRET-KEY-1)[\\w-]{16,}",
    "sk-[A-Za-z0-9]{32,}",
    "SG\\.[\\w-]{16,}\\.[\\w-]{16,}",
  ].join("|") + ")",
  "g",
);
/** Whoever has the URL may post there. */
const webhook = /(\/\/hooks\.slack\.com\/(?:services|workflows|triggers)\/|\/api\/webhooks\/)[\w/-]+/g;

function redactTokens(text: string): string {
  const withoutJwt = text.includes("eyJ") || text.includes(encodedPem) ? text.replace(jwtOrPem, redactJwtOrPem) : text;
  return withoutJwt
    .replace(vendorToken, redacted)
    .replace(webhook, `$1${redacted}`)
    .replace(awsKeyId, redacted)
    .replace(awsSecretKey, (run) => (/[a-z]/.test(run) && /[A-Z]/.test(run) && /[0-9]/.test(run) ? redacted : run));
}

function redactJwtOrPem(run: string): string {
  const from = Math.min(...[run.search(jwt), run.indexOf(encodedPem)].filter((at) => at >= 0));
  return Number.isFinite(from) ? run.slice(0, from) + redacted : run;
}

function redactUrls(text: string): string {
  return text.includes("://") && text.includes("@") ? text.replace(word, redactUserInfo) : text;
}

/** `https://user:password@host` and `https://token@host`; the `@sha256:` of an image is none. */
function redactUserInfo(text: string): string {
  const lastAt = text.lastIndexOf("@");
  if (lastAt < 0) return text;
  let out = "";
  let done = 0;
  for (let at = text.indexOf("://"); at >= 0 && at < lastAt; at = text.indexOf("://", Math.max(done, at + 3))) {
    const from = at + 3;
    const authority = /[^/?#]*/y;
    authority.lastIndex = from;
    const place = authority.exec(text)?.[0] ?? "";
    const inside = place.lastIndexOf("@");
    const colon = place.indexOf(":");
    const isPort = colon >= 0 && /^\d*$/.test(place.slice(colon + 1));
    const end = inside >= 0 ? from + inside : colon > 0 && !isPort ? lastAt : -1; // the latter: a password with a slash
    if (end < 0) continue;
    out += text.slice(done, from) + redacted;
    done = end;
  }
  return out + text.slice(done);
}

const pemBegin = "-----BEGIN";
const pemEnd = "-----END";

/** Whole blocks; from a beginning to the end of the text where the end is cut off; what stands before an end without beginning. */
function redactPem(text: string): string {
  if (!text.includes(pemBegin) && !text.includes(pemEnd)) return text;
  let out = "";
  let done = 0;
  let begin = 0;
  let end = 0;
  while (done < text.length) {
    // One that is not there is not looked for again: that would take the square of the text's length.
    if (begin >= 0) begin = text.indexOf(pemBegin, done);
    if (end >= 0) end = text.indexOf(pemEnd, done);
    if (begin < 0 && end < 0) break;
    const orphan = end >= 0 && (begin < 0 || end < begin);
    out += orphan ? withoutBase64Tail(text.slice(done, end)) : text.slice(done, begin);
    out += redacted;
    if (end < 0) return out;
    const dashes = text.indexOf("-----", end + pemEnd.length);
    const line = text.indexOf("\n", end);
    if (dashes < 0) return out + (line < 0 ? "" : text.slice(line));
    done = dashes + 5;
  }
  return out + text.slice(done);
}

/** The text without the Base64 at its end, line by line; the last line counts however short it is. */
export function withoutBase64Tail(text: string): string {
  let end = text.length;
  for (let first = true;; first = false) {
    let stop = end;
    while (stop > 0 && /[\s\\]|(?<=\\)[nr]/.test(charsAround(text, stop))) stop--;
    let start = stop;
    while (start > 0 && /[A-Za-z0-9+/=]/.test(text.charAt(start - 1))) start--;
    if (start === stop || (!first && stop - start < 20)) return text.slice(0, end);
    end = start;
  }
}

/** The character before `at`, with the backslash before it where there is one: `\n` may be a line's end in JSON. */
function charsAround(text: string, at: number): string {
  return text.charAt(at - 2) === "\\" ? text.slice(at - 2, at) : text.charAt(at - 1);
}
