// Helm templates from objects: an object may hold directives, which are texts in ⟦ ⟧ as a value, a key or an item, and each line
// of its YAML that holds one becomes the lines of a template. Texts with template expressions need none: they stay quoted texts.

import type { JSONObject, JSONValue } from "../kube/contract.ts";
import { manifestText } from "./text.ts";

/** As a value: what the expression gives, unquoted (numbers, booleans). */
export function raw(expression: string): string {
  return directive("raw", expression);
}

/** As a value: YAML that the expression gives, below the key. */
export function inserted(expression: string): string {
  return directive("inserted", expression);
}

/** As a value: the object that a value of the chart is. */
export function yamlOf(value: string): string {
  return inserted(`toYaml ${value}`);
}

/** As a value: the object that a value of the chart is; where that is empty, the key is left out, too. */
export function optional(value: string): string {
  return directive("optional", value);
}

/** As a value: a block of text. */
export function textOf(expression: string): string {
  return directive("text", expression);
}

/** As a further key, or an item: the fields or items of a value of the chart, if it has any. */
export function spliced(value: string): string {
  return directive("spliced", value);
}

/** These fields only when the condition holds. */
export function fieldsWhen(condition: string, fields: JSONObject): JSONObject {
  return { [directive("if", condition)]: null, ...fields, [directive("end", condition)]: null };
}

/** These items only when the condition holds. */
export function itemsWhen(condition: string, items: readonly JSONValue[]): JSONValue[] {
  return [directive("if", condition), ...items, directive("end", condition)];
}

/** A whole text only when the condition holds. */
export function when(condition: string, text: string): string {
  return `{{- if ${condition} }}\n${text}{{- end }}\n`;
}

/** The template of these objects. */
export function templateOf(objects: readonly JSONObject[]): string {
  return manifestText(objects).split("\n").map(lineOf).join("\n");
}

function directive(name: string, argument: string): string {
  return `⟦${name} ${argument}⟧`;
}

function lineOf(line: string): string {
  const found = /^( *)((?:- )*)([^⟦]*?)⟦(\w+) (.*)⟧(: null)?$/.exec(line);
  if (!found) return line;
  const [, indent = "", dash = "", key = "", name = "", argument = ""] = found;
  const inside = indent.length + dash.length + 2;
  switch (name) {
    case "if":
      return `${indent}{{- if ${argument} }}`;
    case "end":
      return `${indent}{{- end }}`;
    case "raw":
      return `${indent}${dash}${key}{{ ${argument} }}`;
    case "inserted":
      return `${indent}${dash}${key.trimEnd()}\n${indent}  {{- ${argument} | nindent ${inside} }}`;
    case "text":
      return `${indent}${dash}${key}|\n${indent}  {{- ${argument} | nindent ${inside} }}`;
    case "optional":
      return `${indent}{{- with ${argument} }}\n${indent}${dash}${key.trimEnd()}\n${indent}  {{- toYaml . | nindent ${inside} }}\n${indent}{{- end }}`;
    case "spliced":
      return `${indent}{{- with ${argument} }}\n${indent}{{- toYaml . | nindent ${indent.length} }}\n${indent}{{- end }}`;
    default:
      throw new Error(`a template holds the directive ${name}, which there is not: ${line.trim()}`);
  }
}
