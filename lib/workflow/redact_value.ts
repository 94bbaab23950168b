// Where a secret's value ends that begins at a given place: between quotes, escaped as often as text is packed into text; in a
// block of YAML; up to a blank. In time linear in what it reads.

/** The place of a value in a text; nothing stands there when both are the same. */
export interface ValuePlace {
  readonly start: number;
  readonly end: number;
}

const opener = /\\{0,7}["'`]/y;
/** What goes on behind a comma, and is no assignment of its own. */
const next = /[,;&](?![\w.-]{1,64}\\{0,7}["']?[=:])[^\s"'`\\,;&]/y;
const bare = /[^\s"'`\\,;&]+/y;

/** Between its quotes (to the end of the text, where the closing one is cut off), or up to a blank. */
export function valueAt(text: string, from: number): ValuePlace {
  opener.lastIndex = from;
  const quote = opener.exec(text)?.[0];
  if (quote !== undefined) return quotedAt(text, from + quote.length, quote);
  const block = blockEnd(text, from);
  if (block !== undefined) return { start: from, end: block };
  const start = text.startsWith("|", from) ? from + 1 : from;
  // A comma may be part of a password; what follows it up to a blank goes too, unless it begins another assignment.
  let end = start;
  for (;;) {
    bare.lastIndex = end;
    const part = bare.exec(text);
    if (!part) break;
    end = bare.lastIndex;
    next.lastIndex = end;
    if (!next.test(text)) break;
    end = next.lastIndex;
  }
  return { start, end };
}

/** Up to the quote that closes. */
export function quotedAt(text: string, start: number, quote: string): ValuePlace {
  for (let at = text.indexOf(quote, start); at >= 0; at = text.indexOf(quote, at + 1)) {
    if (quote.length > 1 || backslashesBefore(text, at, start) % 2 === 0) return { start, end: at };
  }
  return { start, end: text.length };
}

function backslashesBefore(text: string, at: number, from: number): number {
  let count = 0;
  while (at - count > from && text[at - count - 1] === "\\") count++;
  return count;
}

/** `|` or `>`, what YAML allows after it, and the line's end: `\n` where the block is packed into JSON. */
const blockHead = /[|>][-+\d]{0,2}[ \t]{0,8}\r?(\n|\\{1,7}n)/y;

/** The end of the last line of a block of YAML whose head stands at `from`; undefined where there is none. */
function blockEnd(text: string, from: number): number | undefined {
  blockHead.lastIndex = from;
  const lineBreak = blockHead.exec(text)?.[1];
  if (lineBreak === undefined) return undefined;
  let indent: number | undefined;
  let end: number | undefined;
  for (let at = blockHead.lastIndex;;) {
    let first = at;
    while (text[first] === " " || text[first] === "\t") first++;
    const isBlank = text.startsWith(lineBreak, first) || text.startsWith("\r\n", first);
    if (!isBlank) {
      indent ??= first - at;
      if (indent === 0 || first - at < indent || first === text.length) return end;
    }
    const following = text.indexOf(lineBreak, first);
    const stop = following < 0 ? text.length : following;
    const quote = lineBreak === "\n" ? undefined : packingQuote(text, first, stop, lineBreak.length - 1);
    if (!isBlank) end = quote ?? (text[stop - 1] === "\r" ? stop - 1 : stop);
    if (quote !== undefined || following < 0) return end;
    at = following + lineBreak.length;
  }
}

/** The quote that ends the text into which a block is packed: less escaped than what is packed. */
function packingQuote(text: string, from: number, to: number, escapes: number): number | undefined {
  const line = text.slice(from, to); // a search in the whole text would go on behind the line
  for (let at = line.indexOf('"'); at >= 0; at = line.indexOf('"', at + 1)) {
    const backslashes = backslashesBefore(line, at, 0);
    if (backslashes < escapes) return from + at - backslashes;
  }
  return undefined;
}
