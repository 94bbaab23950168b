// Fields that a JSON text names twice in one object: JSON.parse keeps the last and forgets the rest, the API server tells them.

/** Paths of the fields that are named again, once each, in the order of the text. The text is known to be JSON. */
export function duplicateFields(text: string): string[] {
  const found = new Set<string>();
  const token = /"(?:[^"\\]|\\.)*"|[{}[\],:]/g;
  /** Open objects and lists; a list counts its items. */
  const open: { names: Set<string> | undefined; name: string; index: number }[] = [];
  let last = "";
  for (let match = token.exec(text); match; match = token.exec(text)) {
    const [part] = match;
    const inner = open.at(-1);
    if (part === "{") open.push({ names: new Set(), name: "", index: 0 });
    else if (part === "[") open.push({ names: undefined, name: "", index: 0 });
    else if (part === "}" || part === "]") open.pop();
    else if (part === "," && inner) inner.index++;
    else if (part === ":" && inner?.names) {
      inner.name = JSON.parse(last);
      if (inner.names.has(inner.name)) found.add(pathOf(open));
      inner.names.add(inner.name);
    } else last = part;
  }
  return [...found];
}

function pathOf(open: { names: Set<string> | undefined; name: string; index: number }[]): string {
  return open.reduce((path, { names, name, index }) => {
    if (!names) return `${path}[${index}]`;
    return path ? `${path}.${name}` : name;
  }, "");
}
