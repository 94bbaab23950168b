// `x-kubernetes-validations`: rules in the Common Expression Language, evaluated from the definition's own text. A rule that
// names oldSelf is a transition rule and holds for updates only. Source: kubernetes.io, "Validation rules" of
// CustomResourceDefinitions; functions beyond the language's own follow k8s.io/apiserver pkg/cel/library.
import { loadCel } from "../../deps.ts";
import { isRecord, type KubeObject, sameJSON } from "./objects.ts";
import type { Schema, ValidationRule } from "./schema.ts";
import { type FieldFault, forbiddenField, invalidValue, required } from "./status.ts";

/** Turns a rule's text into a function of `self` and `oldSelf`. Throws on text that is no expression. */
export interface RuleLanguage {
  compile(expression: string): (variables: { self: unknown; oldSelf?: unknown }) => unknown;
}

export async function loadRuleLanguage(): Promise<RuleLanguage> {
  const { Environment } = await loadCel();
  const environment = new Environment({
    unlistedVariablesAreDyn: true,
    homogeneousAggregateLiterals: false,
    enableOptionalTypes: true,
  });
  const list = (name: string, returnType: string, handler: (items: unknown[]) => unknown) =>
    environment.registerFunction({ name, receiverType: "list", returnType, params: [], handler });
  list(
    "sum",
    "dyn",
    (items) =>
      items.reduce(
        (sum, item) => typeof sum === "bigint" && typeof item === "bigint" ? sum + item : Number(sum) + Number(item),
        0n,
      ),
  );
  list("min", "dyn", (items) => items.reduce((least, item) => less(item, least) ? item : least));
  list("max", "dyn", (items) => items.reduce((most, item) => less(most, item) ? item : most));
  list("isSorted", "bool", (items) => items.every((item, i) => i === 0 || !less(item, items[i - 1])));
  const text = (name: string, returnType: string, handler: (text: string, pattern: string) => unknown) =>
    environment.registerFunction({
      name,
      receiverType: "string",
      returnType,
      params: [{ name: "pattern", type: "string" }],
      handler,
    });
  text("find", "string", (subject, pattern) => new RegExp(pattern, "u").exec(subject)?.[0] ?? "");
  text("findAll", "list", (subject, pattern) => subject.match(new RegExp(pattern, "gu")) ?? []);
  const compiled = new Map<string, ReturnType<RuleLanguage["compile"]>>();
  return {
    compile(expression) {
      let found = compiled.get(expression);
      if (!found) compiled.set(expression, found = environment.parse(expression));
      return found;
    },
  };
}

function less(a: unknown, b: unknown): boolean {
  return (a as number) < (b as number);
}

/** The rules of a schema, ready to be checked; undefined when it has none. */
export interface CelRules {
  check(language: RuleLanguage, object: KubeObject, old?: KubeObject): FieldFault[];
}

export function compileRules(schema: Schema): CelRules | undefined {
  if (!hasRules(schema)) return undefined;
  return {
    check: (language, object, old) => walk(language, schema, object, old, ""),
  };
}

function hasRules(schema: Schema): boolean {
  if (schema["x-kubernetes-validations"]?.length) return true;
  const inner = [...Object.values(schema.properties ?? {}), ...(schema.items ? [schema.items] : [])];
  if (isRecord(schema.additionalProperties)) inner.push(schema.additionalProperties as Schema);
  return inner.some(hasRules);
}

function walk(language: RuleLanguage, schema: Schema, value: unknown, old: unknown, path: string): FieldFault[] {
  if (value === undefined || value === null || !hasRules(schema)) return [];
  const unchanged = old !== undefined && sameJSON(value, old);
  const faults = (schema["x-kubernetes-validations"] ?? []).flatMap((rule) => {
    const transition = /\boldSelf\b/.test(rule.rule);
    if (transition ? old === undefined && !rule.optionalOldSelf : unchanged) return [];
    const fault = evaluate(language, rule, schema, value, old, path);
    return fault ? [fault] : [];
  });
  if (Array.isArray(value)) {
    const { items } = schema;
    if (!items) return faults;
    const keys = schema["x-kubernetes-list-map-keys"] ?? [];
    const same = (a: unknown, b: unknown) =>
      isRecord(a) && isRecord(b) && keys.every((key) => sameJSON(a[key], b[key]));
    const before = Array.isArray(old) && keys.length > 0 ? old : [];
    return [
      ...faults,
      ...value.flatMap((item, i) =>
        walk(language, items, item, before.find((each) => same(each, item)), `${path}[${i}]`)
      ),
    ];
  }
  if (!isRecord(value)) return faults;
  const inner = Object.entries(value).flatMap(([key, each]) => {
    const property = schema.properties?.[key] ??
      (isRecord(schema.additionalProperties) ? schema.additionalProperties as Schema : undefined);
    const where = schema.properties?.[key] || !path ? (path ? `${path}.${key}` : key) : `${path}[${key}]`;
    return property ? walk(language, property, each, isRecord(old) ? old[key] : undefined, where) : [];
  });
  return [...faults, ...inner];
}

function evaluate(
  language: RuleLanguage,
  rule: ValidationRule,
  schema: Schema,
  value: unknown,
  old: unknown,
  path: string,
): FieldFault | undefined {
  const variables = { self: celValue(value, schema), ...(old !== undefined && { oldSelf: celValue(old, schema) }) };
  const field = rule.fieldPath ? path + rule.fieldPath : path || "<nil>";
  try {
    if (language.compile(rule.rule)(variables) === true) return undefined;
    const worded = rule.messageExpression ? language.compile(rule.messageExpression)(variables) : undefined;
    const message = typeof worded === "string" ? worded : (rule.message ?? `failed rule: ${rule.rule}`).trim();
    if (rule.reason === "FieldValueForbidden") return forbiddenField(field, message);
    if (rule.reason === "FieldValueRequired") return required(field, message);
    return notValid(field, value, message);
  } catch (error) {
    // An expression that cannot be evaluated refuses the object, as it does there.
    const why = error instanceof Error ? error.message.split("\n")[0] : String(error);
    return notValid(field, value, `${why} evaluating rule: ${rule.message ?? rule.rule}`);
  }
}

/** Scalars are shown in the message, objects and lists are not. */
function notValid(field: string, value: unknown, detail: string): FieldFault {
  if (typeof value !== "object") return invalidValue(field, value, detail);
  return { reason: "FieldValueInvalid", field, message: `Invalid value: ${detail}` };
}

/** The value as CEL sees it: integers are int, date-times are timestamps, field names are escaped. */
function celValue(value: unknown, schema: Schema): unknown {
  if (Array.isArray(value)) {
    const { items } = schema;
    return items ? value.map((item) => celValue(item, items)) : value;
  }
  if (isRecord(value)) {
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => {
        const property = schema.properties?.[key];
        if (property) return [escapeName(key), celValue(inner, property)];
        return [
          key,
          isRecord(schema.additionalProperties) ? celValue(inner, schema.additionalProperties as Schema) : inner,
        ];
      }),
    );
  }
  if (typeof value === "number" && (schema.type === "integer" || schema["x-kubernetes-int-or-string"])) {
    return BigInt(value);
  }
  if (typeof value === "string" && (schema.format === "date-time" || schema.format === "date")) return new Date(value);
  return value;
}

const reserved = new Set(
  "true false null in as break const continue else for function if import let loop package namespace return var void while"
    .split(" "),
);

function escapeName(name: string): string {
  if (reserved.has(name)) return `__${name}__`;
  return name.replaceAll("__", "__underscores__").replaceAll(".", "__dot__").replaceAll("-", "__dash__").replaceAll(
    "/",
    "__slash__",
  );
}
