// The few shapes of line that `deno fmt` makes of generated code: on one line if it fits, else one part a line.
export const lineWidth = 120;

/** `open` part, part `close`, as dprint lays out arguments, parameters and unions of them. */
export function enclosed(indent: string, open: string, parts: readonly string[], close: string): string {
  const oneLine = `${indent}${open}${parts.join(", ")}${close}`;
  if (oneLine.length <= lineWidth) return oneLine;
  return [`${indent}${open}`, ...parts.map((part) => `${indent}  ${part},`), `${indent}${close}`].join("\n");
}

/** `type Name = "a" | "b";` */
export function union(head: string, members: readonly string[]): string {
  const oneLine = `${head} = ${members.join(" | ")};`;
  if (oneLine.length <= lineWidth) return oneLine;
  if (members.length === 1) return `${head} =\n  ${members[0]};`;
  return [`${head} =`, ...members.map((member) => `  | ${member}`)].join("\n") + ";";
}

/** `head` type `tail`; a type too long for the line is broken inside its outermost `<…>`. */
export function generic(indent: string, head: string, type: string, tail: string): string {
  const oneLine = `${indent}${head}${type}${tail}`;
  const parts = /^(Array|Record|)<(string, )?(.+)>$/.exec(type);
  if (oneLine.length <= lineWidth || !parts) return oneLine;
  const key = parts[2] ? [`${indent}  string,`] : [];
  return [`${indent}${head}${parts[1]}<`, ...key, generic(`${indent}  `, "", parts[3] ?? "", ""), `${indent}>${tail}`]
    .join("\n");
}

/** A doc comment, wrapped; nothing for an empty text. */
export function comment(indent: string, text: string): string[] {
  if (!text) return [];
  const words = text.replaceAll("*/", "*\\/").split(/\s+/);
  const oneLine = `${indent}/** ${words.join(" ")} */`;
  if (oneLine.length <= lineWidth) return [oneLine];
  const lines: string[] = [];
  let line = `${indent} *`;
  for (const word of words) {
    if (line.length + 1 + word.length > lineWidth && line !== `${indent} *`) {
      lines.push(line);
      line = `${indent} *`;
    }
    line += ` ${word}`;
  }
  return [`${indent}/**`, ...lines, line, `${indent} */`];
}

/** A property name, quoted only where it must be. */
export function key(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name);
}
