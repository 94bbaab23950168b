// Where configuration values stand: the YAML file with its lines, the environment, the command line. Collects them as they are
// written; what a key may hold is the schema's business. Nothing here throws for a user's mistake: it is noted with its place.

import { yaml } from "../deps.ts";
import type { ConfigKey } from "./config_schema.ts";
import { suggestion } from "./config_suggestion.ts";

/** One thing that is wrong, and where. */
export interface Fault {
  /** The dotted key, or the name of the flag or variable where there is no such key; empty for a file as a whole. */
  readonly key: string;
  /** "FILE line 3", "flag --cooldown", "environment variable KUBERNAUT_WE_COOLDOWN". */
  readonly place: string;
  readonly message: string;
}

/** A value as it was given; `place` as in Fault. */
export interface Given {
  readonly value: unknown;
  readonly place: string;
}

/** What one source gives, by dotted key. */
export interface Source {
  readonly given: Map<string, Given>;
  readonly faults: Fault[];
}

/** Flags that are no configuration keys: they name what is needed before a configuration is read, or belong to one process. */
export const commandLineOnly = ["config", "kubeconfig", "context", "pidFile"] as const;
export type CommandLineOnly = typeof commandLineOnly[number];

const words = (key: string) => key.replace(/([A-Z])/g, ".$1").split(".").map((word) => word.toLowerCase());
/** `audit.batchSize` → `--audit-batch-size`. */
export const flagName = (key: string): string => `--${words(key).join("-")}`;
/** `audit.batchSize` → `KUBERNAUT_WE_AUDIT_BATCH_SIZE`. */
export const variableName = (key: string): string => `KUBERNAUT_WE_${words(key).join("_").toUpperCase()}`;

/** Reads a YAML file; `path` is for the places alone. */
export function fromFile(text: string, path: string, keys: readonly ConfigKey[]): Source {
  const source: Source = { given: new Map(), faults: [] };
  const lines = new yaml.LineCounter();
  const placeOf = (offset: number | undefined) =>
    offset === undefined ? path : `${path} line ${lines.linePos(offset).line}`;
  const fault = (key: string, offset: number | undefined, message: string) =>
    source.faults.push({ key, place: placeOf(offset), message });

  const document = yaml.parseDocument(text, { lineCounter: lines, prettyErrors: false });
  for (const error of document.errors) fault("", error.pos[0], `is not valid YAML: ${error.message}`);
  if (document.errors.length > 0 || document.contents === null) return source;

  const sections = new Set(
    keys.flatMap(({ name }) => name.includes(".") ? [name.slice(0, name.lastIndexOf("."))] : []),
  );
  const known = new Map(keys.map((key) => [key.name, key]));
  const walk = (node: unknown, prefix: string, offset: number | undefined): void => {
    const map = yaml.isAlias(node) ? node.resolve(document) : node;
    if (yaml.isScalar(map) && map.value === null) return;
    if (!yaml.isMap(map)) {
      return void fault(prefix, offset, `should be a map of keys, as in "${prefix ? "address" : "cooldown"}: …"`);
    }
    for (const { key: keyNode, value } of map.items) {
      const name = prefix === "" ? String(keyNode) : `${prefix}.${keyNode}`;
      const at = yaml.isNode(keyNode) ? keyNode.range?.[0] : undefined;
      if (String(keyNode).includes(".")) fault(name, at, unknownKey(name, [...known.keys()]));
      else if (sections.has(name)) walk(value, name, at);
      else if (!known.has(name)) fault(name, at, unknownKey(name, [...known.keys(), ...sections]));
      else {
        const plain = plainValue(value, document);
        if (plain instanceof Error) fault(name, at, `has an alias that leads nowhere: ${plain.message.split("\n")[0]}`);
        else if (plain !== null) source.given.set(name, { value: plain, place: placeOf(at) });
      }
    }
  };
  walk(document.contents, "", undefined);
  return source;
}

/** A YAML value as JSON would hold it, or the reason why it cannot: an anchor that is not there, or holds itself. */
function plainValue(value: unknown, document: yaml.Document): unknown {
  try {
    return yaml.isNode(value) ? JSON.parse(JSON.stringify(value.toJS(document), numberless)) : value;
  } catch (error) {
    if (error instanceof ReferenceError || error instanceof TypeError) return error;
    throw error;
  }
}

/** What JSON has no number for stays as it reads, for the schema to refuse: as null it would mean that nothing was given. */
function numberless(_key: string, value: unknown): unknown {
  return typeof value === "number" && !Number.isFinite(value) ? String(value) : value;
}

/** Reads the variables that start with KUBERNAUT_WE_; those that Kubernetes sets for Services of such names are not ours. */
export function fromEnvironment(env: Record<string, string>, keys: readonly ConfigKey[]): Source {
  const source: Source = { given: new Map(), faults: [] };
  const known = new Map(keys.map((key) => [variableName(key.name), key]));
  for (const [name, text] of Object.entries(env).sort(([a], [b]) => a < b ? -1 : 1)) {
    if (!name.startsWith("KUBERNAUT_WE_") || isServiceLink(name, text)) continue;
    const place = `environment variable ${name}`;
    const key = known.get(name);
    const flag = commandLineOnly.find((flag) => variableName(flag) === name);
    if (key) source.given.set(key.name, { value: fromText(key, text), place });
    else if (flag) {
      source.faults.push({ key: name, place, message: `is set on the command line only: ${flagName(flag)}` });
    } else source.faults.push({ key: name, place, message: `is no setting${suggestion(name, [...known.keys()])}` });
  }
  return source;
}

/**
 * Reads `--key value`, `--key=value`, `--flag` and `--flag=false`; a list's flag may be repeated. `otherFlags` were taken out
 * before: one that is misspelt was not, and can be told.
 */
export function fromArguments(
  args: readonly string[],
  keys: readonly ConfigKey[],
  otherFlags: readonly string[] = [],
): Source & { readonly only: Map<CommandLineOnly, string> } {
  const source = { given: new Map<string, Given>(), faults: [] as Fault[], only: new Map<CommandLineOnly, string>() };
  const known = new Map(keys.map((key) => [flagName(key.name), key]));
  const only = new Map(commandLineOnly.map((flag) => [flagName(flag), flag]));
  for (let index = 0; index < args.length; index++) {
    const argument = args[index] ?? "";
    const [flag = "", inline] = splitOnce(argument);
    const place = `flag ${flag}`;
    const key = known.get(flag);
    const lone = only.get(flag);
    if (!key && !lone) {
      const message = flag.startsWith("-")
        ? `is no flag${suggestion(flag, [...known.keys(), ...only.keys(), ...otherFlags])}`
        : "is not expected; values follow their flag, as in --cooldown 5m or --leader-election=false";
      source.faults.push({ key: flag, place: flag.startsWith("-") ? place : `argument ${flag}`, message });
      // What follows was meant for it: one slip is one fault.
      if (flag.startsWith("-") && inline === undefined && args[index + 1]?.startsWith("-") === false) index++;
      continue;
    }
    const next = args[index + 1];
    const text = inline ?? (key?.type === "boolean" ? "true" : next?.startsWith("--") ? undefined : next);
    if (inline === undefined && key?.type !== "boolean" && text !== undefined) index++;
    if (text === undefined) {
      source.faults.push({ key: key?.name ?? flag, place, message: `lacks its value: ${flag} VALUE` });
    } else if (lone) source.only.set(lone, text);
    else if (key) {
      const value = fromText(key, text);
      const before = source.given.get(key.name)?.value;
      const both = Array.isArray(before) && Array.isArray(value) ? [...before, ...value] : value;
      source.given.set(key.name, { value: both, place });
    }
  }
  return source;
}

function splitOnce(argument: string): [flag: string, value: string | undefined] {
  const at = argument.startsWith("-") ? argument.indexOf("=") : -1;
  return at < 0 ? [argument, undefined] : [argument.slice(0, at), argument.slice(at + 1)];
}

/** A variable's or flag's text in the shape a file would have; left as text where it does not fit, for the schema to refuse. */
function fromText(key: ConfigKey, text: string): unknown {
  if (key.type === "boolean") return text === "true" ? true : text === "false" ? false : text;
  if (key.type === "integer") return /^-?\d+$/.test(text) ? Number(text) : text;
  if (key.type === "list") return text.split(",").map((item) => item.trim()).filter((item) => item !== "");
  return text;
}

/** `{NAME}_PORT=tcp://…` and its kin, which the kubelet sets in every pod for every Service of its namespace. */
function isServiceLink(name: string, text: string): boolean {
  return /_SERVICE_(HOST|PORT(_[A-Z0-9_]+)?)$/.test(name) ||
    /_PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?$/.test(name) ||
    (name.endsWith("_PORT") && /^(tcp|udp|sctp):\/\//.test(text));
}

function unknownKey(name: string, known: readonly string[]): string {
  const [section, inner] = name.split(".");
  if (known.includes(name)) return `is written with a dot; nest it: ${section}: { ${inner}: … }`;
  return `is no key${suggestion(name, known)}`;
}
