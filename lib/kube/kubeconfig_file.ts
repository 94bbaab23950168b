// Kubeconfig files: read, merged and checked as kubectl does it, down to one context with its cluster and user.
// It opens no connection and reads no certificate; a fault names file, entry and field.
// Source: Kubernetes, "Organizing cluster access using kubeconfig files", and the reference of kubeconfig v1.

import { dirname, isAbsolute, join, resolve } from "node:path";
import { yaml } from "../../deps.ts";

/** A fault in how the program was told to reach the cluster: to be shown as it is, without a stack. */
export class KubeconfigError extends Error {
  override readonly name = "KubeconfigError";
}

/** One named entry (a cluster, a user or a context) and where it stands. */
export class Entry {
  constructor(readonly file: string, readonly kind: string, readonly name: string, readonly fields: Fields) {}

  fault(text: string): KubeconfigError {
    return new KubeconfigError(`${this.file}: ${this.kind} ${JSON.stringify(this.name)}: ${text}`);
  }

  text(field: string): string | undefined {
    return this.#of(field, "a text", (value): value is string => typeof value === "string") || undefined;
  }

  flag(field: string): boolean {
    return this.#of(field, "true or false", (value): value is boolean => typeof value === "boolean") ?? false;
  }

  object(field: string): Fields | undefined {
    return this.#of(field, "a mapping", isFields);
  }

  /** A path, taken relative to the file that it stands in. */
  path(field: string): string | undefined {
    const path = this.text(field);
    return path === undefined || isAbsolute(path) ? path : join(dirname(this.file), path);
  }

  /** Base64 that stands for text. */
  data(field: string): string | undefined {
    const data = this.text(field);
    if (data === undefined) return undefined;
    try {
      return new TextDecoder().decode(Uint8Array.from(atob(data.replace(/\s/g, "")), (char) => char.charCodeAt(0)));
    } catch (cause) {
      throw new KubeconfigError(this.fault(`${field} should be base64`).message, { cause });
    }
  }

  #of<V>(field: string, wanted: string, is: (value: unknown) => value is V): V | undefined {
    const value = this.fields[field];
    if (value === undefined || value === null) return undefined;
    if (!is(value)) throw this.fault(`${field} should be ${wanted}, is ${kindOf(value)}`);
    return value;
  }
}

export type Fields = { [field: string]: unknown };

export interface Kubeconfig {
  files: string[];
  context: string;
  namespace: string | undefined;
  cluster: Entry;
  /** Missing where the context names none: then requests are anonymous. */
  user: Entry | undefined;
}

/**
 * Reads and merges files (the first to name something wins) and picks a context.
 * @param paths in order; missing files are passed over if there are several
 * @param context the context's name; else the current-context
 */
export async function loadKubeconfig(paths: readonly string[], context?: string): Promise<Kubeconfig> {
  const files: string[] = [];
  const entries = {
    clusters: new Map<string, Entry>(),
    users: new Map<string, Entry>(),
    contexts: new Map<string, Entry>(),
  };
  let current = "";
  for (const path of paths) {
    const file = resolve(path);
    const document = await readDocument(file, paths.length > 1);
    if (!document) continue;
    files.push(file);
    const stated = document["current-context"] ?? "";
    if (typeof stated !== "string") {
      throw new KubeconfigError(`${file}: current-context should be a text, is ${kindOf(stated)}`);
    }
    current ||= stated;
    collect(file, document, "clusters", "cluster", entries.clusters);
    collect(file, document, "users", "user", entries.users);
    collect(file, document, "contexts", "context", entries.contexts);
  }
  const where = files.join(", ");
  if (files.length === 0) throw new KubeconfigError(`None of the kubeconfig files exists: ${paths.join(", ")}`);
  const name = context ?? current;
  if (name === "") {
    throw new KubeconfigError(`${where}: current-context is empty; name a context: ${namesOf(entries.contexts)}`);
  }
  const chosen = entries.contexts.get(name);
  if (!chosen) {
    throw new KubeconfigError(
      `${where}: there is no context ${JSON.stringify(name)}; there are: ${namesOf(entries.contexts)}`,
    );
  }
  const clusterName = chosen.text("cluster");
  if (clusterName === undefined) throw chosen.fault("cluster is missing");
  const cluster = entries.clusters.get(clusterName);
  if (!cluster) {
    throw chosen.fault(
      `cluster ${JSON.stringify(clusterName)} does not exist; there are: ${namesOf(entries.clusters)}`,
    );
  }
  const userName = chosen.text("user");
  const user = userName === undefined ? undefined : entries.users.get(userName);
  if (userName !== undefined && !user) {
    throw chosen.fault(`user ${JSON.stringify(userName)} does not exist; there are: ${namesOf(entries.users)}`);
  }
  return { files, context: name, namespace: chosen.text("namespace"), cluster, user };
}

async function readDocument(file: string, mayBeMissing: boolean): Promise<Fields | undefined> {
  let text: string;
  try {
    text = await Deno.readTextFile(file);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound && mayBeMissing) return undefined;
    const why = cause instanceof Deno.errors.NotFound ? "the file does not exist" : (cause as Error).message;
    throw new KubeconfigError(`${file}: cannot read the kubeconfig: ${why}`, { cause });
  }
  let document: unknown;
  try {
    document = yaml.parse(text);
  } catch (cause) {
    // The parser's message quotes the text, which may hold a key: its first line says enough.
    const [firstLine = ""] = (cause as Error).message.split("\n");
    throw new KubeconfigError(`${file}: the kubeconfig is not YAML: ${firstLine.replace(/:$/, "")}`, { cause });
  }
  if (document === null || document === undefined) return {};
  if (!isFields(document)) {
    throw new KubeconfigError(`${file}: the kubeconfig should be a mapping, is ${kindOf(document)}`);
  }
  return document;
}

function collect(file: string, document: Fields, list: string, field: string, into: Map<string, Entry>): void {
  const items = document[list] ?? [];
  if (!Array.isArray(items)) throw new KubeconfigError(`${file}: ${list} should be a list, is ${kindOf(items)}`);
  for (const [index, item] of items.entries()) {
    if (!isFields(item) || typeof item.name !== "string") {
      throw new KubeconfigError(`${file}: ${list}[${index}].name should be a text`);
    }
    const fields = item[field] ?? {};
    if (!isFields(fields)) {
      throw new KubeconfigError(`${file}: ${list}[${index}].${field} should be a mapping, is ${kindOf(fields)}`);
    }
    if (!into.has(item.name)) into.set(item.name, new Entry(file, field, item.name, fields));
  }
}

export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function kindOf(value: unknown): string {
  return value === null
    ? "null"
    : Array.isArray(value)
    ? "a list"
    : typeof value === "object"
    ? "a mapping"
    : `a ${typeof value}`;
}

function namesOf(entries: Map<string, Entry>): string {
  return [...entries.keys()].join(", ") || "none";
}
