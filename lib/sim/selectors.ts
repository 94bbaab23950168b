// Label and field selectors, in the text form of list and watch requests.
import { parseLabelSelector } from "./label_selector.ts";
import { at, type KubeObject } from "./objects.ts";
import { badRequest } from "./status.ts";

export type Predicate = (object: KubeObject) => boolean;

/** Throws BadRequest on text that is no label selector. */
export function labelSelector(text: string): Predicate {
  const fulfilled = parseLabelSelector(text);
  return (object) => fulfilled(object.metadata.labels ?? {});
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
    if (!path) throw notSelectable(field, custom || Object.keys(selectable).length > 0);
    return (object) => String(at(object, ...path) ?? "") === value === (operator !== "!=");
  });
  return (object) => tests.every((test) => test(object));
}

/** Resources with fields of their own refuse in other words than those that have none. */
function notSelectable(field: string, ownFields: boolean) {
  if (ownFields) return badRequest(`field label not supported: ${field}`);
  const known = ["metadata.name", "metadata.namespace"].map((each) => JSON.stringify(each)).join(", ");
  return badRequest(`${JSON.stringify(field)} is not a known field selector: only ${known}`);
}

/** The name that a field selector pins, for authorization and single-object lists. */
export function selectedName(text: string): string | undefined {
  return /(?:^|,)metadata\.name==?([^,]+)/.exec(text)?.[1];
}
