// Label and field selectors, in the text form of list and watch requests.
import { at, type KubeObject } from "./objects.ts";
import { badRequest } from "./status.ts";

export type Predicate = (object: KubeObject) => boolean;

/** `a=b,c!=d,e in (f,g),h notin (i),j,!k`. Throws BadRequest on anything else. */
export function labelSelector(text: string): Predicate {
  const tests = splitOutsideParentheses(text).map((part) => requirement(part.trim(), text));
  return (object) => {
    const labels = object.metadata.labels ?? {};
    return tests.every((test) => test(labels));
  };
}

type LabelTest = (labels: Record<string, string>) => boolean;

function requirement(part: string, whole: string): LabelTest {
  const set = /^([^\s!=(),]+)\s+(in|notin)\s*\(([^()]*)\)$/.exec(part);
  if (set) {
    const [, key = "", operator, list = ""] = set;
    const values = new Set(list.split(",").map((value) => value.trim()));
    if (operator === "in") return (labels) => labels[key] !== undefined && values.has(labels[key]);
    return (labels) => labels[key] === undefined || !values.has(labels[key]);
  }
  const comparison = /^([^\s!=(),]+)\s*(==|=|!=)\s*([^\s!=(),]*)$/.exec(part);
  if (comparison) {
    const [, key = "", operator, value = ""] = comparison;
    return operator === "!=" ? (labels) => labels[key] !== value : (labels) => labels[key] === value;
  }
  const existence = /^(!?)\s*([^\s!=(),]+)$/.exec(part);
  if (existence) {
    const [, not, key = ""] = existence;
    return (labels) => (labels[key] !== undefined) === (not === "");
  }
  throw badRequest(`unable to parse requirement: found '${part}' in '${whole}'`);
}

function splitOutsideParentheses(text: string): string[] {
  return text.split(/,(?![^(]*\))/).filter((part) => part.trim() !== "");
}

/** Fields that a resource can be selected by, beside metadata.name and metadata.namespace, as paths of keys. */
export type SelectableFields = Record<string, string[]>;

/** `metadata.name=a,metadata.namespace!=b`. Throws BadRequest for a field that the resource does not offer. */
export function fieldSelector(text: string, selectable: SelectableFields, custom: boolean): Predicate {
  const tests = text.split(",").filter((part) => part !== "").map((part): Predicate => {
    const parsed = /^([^=!]+)(==|=|!=)(.*)$/.exec(part);
    if (!parsed) throw badRequest(`invalid selector: '${text}'; can't understand '${part}'`);
    const [, field = "", operator, value = ""] = parsed;
    const path = field === "metadata.name" || field === "metadata.namespace" ? field.split(".") : selectable[field];
    if (!path && custom) throw badRequest(`field label not supported: ${field}`);
    if (!path) {
      const known = ["metadata.name", "metadata.namespace"].map((each) => JSON.stringify(each)).join(", ");
      throw badRequest(`${JSON.stringify(field)} is not a known field selector: only ${known}`);
    }
    return (object) => String(at(object, ...path) ?? "") === value === (operator !== "!=");
  });
  return (object) => tests.every((test) => test(object));
}

/** The name that a field selector pins, for authorization and single-object lists. */
export function selectedName(text: string): string | undefined {
  return /(?:^|,)metadata\.name==?([^,]+)/.exec(text)?.[1];
}
