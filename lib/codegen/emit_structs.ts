// Structs and enums of a module → interfaces, readers (toX) and writers (fromX), laid out as `deno fmt` would.
import { comment, enclosed, generic, key, lineWidth, union } from "./layout.ts";
import { type EnumType, type Field, type Module, moduleAlias, modulePath, type Shape, type Struct } from "./model.ts";

/** Which other modules the printed code needs, filled while printing. */
export interface Imports {
  /** alias → specifier path */
  modules: Map<string, string>;
  codec: boolean;
}

export function emitStructs(module: Module, imports: Imports): string {
  const blocks = [
    ...module.structs.map((struct) => ({ name: struct.name, text: emitStruct(struct, imports) })),
    ...module.enums.map((one) => ({ name: one.name, text: emitEnum(one) })),
  ];
  if (blocks.length > 0) imports.codec = true;
  return blocks.sort((a, b) => a.name < b.name ? -1 : 1).map((block) => block.text).join("\n");
}

function emitEnum({ name, values }: EnumType): string {
  const words = values.map((value) => JSON.stringify(value));
  return [
    union(`export type ${name}`, words),
    functionHead(`to${name}`, "input: c.JSONValue", name),
    enclosed("  ", "return k.oneOf(input, [", words, "]);"),
    "}",
    "",
  ].join("\n");
}

function emitStruct(struct: Struct, imports: Imports): string {
  const { name, apiVersion } = struct;
  const required = struct.fields.filter((field) => field.required);
  const optional = struct.fields.filter((field) => !field.required);
  const written = (indent: string) =>
    struct.fields.flatMap((field) => {
      const writer = writerOf(field.shape, imports);
      return writer ? [property(indent, field.name, writer)] : [];
    });
  const kind = apiVersion === undefined ? [] : [JSON.stringify(apiVersion), JSON.stringify(name)];
  const suffix = apiVersion === undefined ? "Struct" : "Kind";
  return [
    ...comment("", struct.description),
    `export interface ${name} {`,
    ...(apiVersion === undefined ? [] : [`  apiVersion?: ${JSON.stringify(apiVersion)};`, `  kind?: "${name}";`]),
    ...struct.fields.flatMap((field) => [...comment("  ", field.description), member(field, imports)]),
    "}",
    functionHead(`to${name}`, "input: c.JSONValue", apiVersion === undefined ? name : `${name} & c.ApiKind`),
    ...codecCall(`read${suffix}`, name, [...kind, "input"], (indent) => [
      ...table(indent, "required", required, imports),
      ...table(indent, "optional", optional, imports),
    ]),
    "}",
    functionHead(`from${name}`, `input: ${name}`, "c.JSONValue"),
    ...(written("").length === 0
      ? [enclosed("  ", `return k.write${suffix}(`, [...kind, "input", "{}"], ");")]
      : codecCall(`write${suffix}`, "", [...kind, "input"], written)),
    "}",
    "",
  ].join("\n");
}

/** `return k.function<type>(args, { table });`; the table's rows are printed at the indentation that the call leaves them. */
function codecCall(name: string, type: string, args: string[], rows: (indent: string) => string[]): string[] {
  const oneLine = `  return k.${name}${type && `<${type}>`}(${args.join(", ")}, {`;
  if (oneLine.length <= lineWidth) return [oneLine, ...rows("    "), "  });"];
  const head = generic("  ", `return k.${name}`, type && `<${type}>`, "(");
  return [head, ...args.map((arg) => `    ${arg},`), "    {", ...rows("      "), "    },", "  );"];
}

function table(indent: string, name: string, fields: Field[], imports: Imports): string[] {
  if (fields.length === 0) return [`${indent}${name}: {},`];
  const rows = fields.map((field) => property(`${indent}  `, field.name, readerOf(field.shape, imports)));
  return [`${indent}${name}: {`, ...rows, `${indent}},`];
}

function functionHead(name: string, parameter: string, result: string): string {
  return enclosed("", `export function ${name}(`, [parameter], `): ${result} {`);
}

/** `name: call(inner),`, broken inside its innermost call when it does not fit. */
function property(indent: string, name: string, value: string): string {
  const isCall = value.includes("(");
  if (!isCall && `${indent}${key(name)}: ${value},`.length > lineWidth) {
    return `${indent}${key(name)}:\n${indent}  ${value},`;
  }
  return brokenCall(indent, `${key(name)}: `, value, ",");
}

function brokenCall(indent: string, head: string, value: string, tail: string): string {
  const oneLine = `${indent}${head}${value}${tail}`;
  const call = /^([\w.]+)\((.*)\)$/.exec(value);
  if (oneLine.length <= lineWidth || !call) return oneLine;
  return [
    `${indent}${head}${call[1]}(`,
    brokenCall(`${indent}  `, "", call[2] ?? "", ","),
    `${indent})${tail}`,
  ].join("\n");
}

function member(field: Field, imports: Imports): string {
  const type = typeOf(field.shape, imports);
  const name = key(field.name);
  if (field.required) {
    const fits = type.includes("<") || `  ${name}: ${type};`.length <= lineWidth;
    return fits ? generic("  ", `${name}: `, type, ";") : `  ${name}:\n    ${type};`;
  }
  const oneLine = `  ${name}?: ${type} | null;`;
  if (oneLine.length <= lineWidth) return oneLine;
  return [`  ${name}?:`, generic("    ", "| ", type, ""), "    | null;"].join("\n");
}

function typeOf(shape: Shape, imports: Imports): string {
  switch (shape.is) {
    case "string":
    case "number":
    case "boolean":
      return shape.is;
    case "json":
      return "c.JSONValue";
    case "list":
      return `Array<${typeOf(shape.of, imports)}>`;
    case "map":
      return `Record<string, ${typeOf(shape.of, imports)}>`;
    case "enum":
      return shape.name;
    case "struct":
      return prefix(shape, imports) + shape.name;
    default:
      return `c.${shape.is}`;
  }
}

function readerOf(shape: Shape, imports: Imports): string {
  switch (shape.is) {
    case "string":
      return "c.checkStr";
    case "number":
      return "c.checkNum";
    case "boolean":
      return "c.checkBool";
    case "json":
      return "k.json";
    case "list":
    case "map":
      return `k.${shape.is}(${readerOf(shape.of, imports)})`;
    case "enum":
      return `to${shape.name}`;
    case "struct":
      return `${prefix(shape, imports)}to${shape.name}`;
    default:
      return `c.to${shape.is}`;
  }
}

/** Undefined where the value is JSON already. */
function writerOf(shape: Shape, imports: Imports): string | undefined {
  switch (shape.is) {
    case "list":
    case "map": {
      const inner = writerOf(shape.of, imports);
      return inner && `k.write${shape.is === "list" ? "List" : "Map"}(${inner})`;
    }
    case "struct":
      return `${prefix(shape, imports)}from${shape.name}`;
    case "Time":
    case "MicroTime":
    case "Duration":
    case "Quantity":
      return `c.from${shape.is}`;
    default:
      return undefined;
  }
}

function prefix(shape: Shape & { is: "struct" }, imports: Imports): string {
  if (!shape.from) return "";
  const alias = moduleAlias(shape.from);
  imports.modules.set(alias, modulePath(shape.from));
  return `${alias}.`;
}
