// Resources of a module → its client classes: one for the whole cluster, one for a namespace. Each method is one call of the
// runtime's operations.
import { enclosed } from "./layout.ts";
import { type Module, moduleAlias, type Resource, type Verb } from "./model.ts";

/** Empty where a module has no resources. */
export function emitClient(module: Module): string {
  if (module.resources.length === 0) return "";
  const api = moduleAlias(module.name);
  const { group, version } = module.name;
  const root = group === "core" ? `/api/${version}/` : `/apis/${group}/${version}/`;
  const resources = [...module.resources].sort((a, b) => a.kind < b.kind ? -1 : 1);
  const namespaced = resources.filter((resource) => resource.namespaced);
  const cluster = resources.flatMap((resource) =>
    resource.namespaced
      ? (resource.listedForAllNamespaces ? listMethods(resource, "ForAllNamespaces") : [])
      : methods(resource)
  );
  return [
    `/** ${group}/${version}, cluster-wide. */`,
    `export class ${api}Api {`,
    "  readonly #target: op.Target;",
    "  constructor(client: c.RestClient) {",
    enclosed("    ", "this.#target = op.clusterWide(", ["client", `"${root}"`], ");"),
    "  }",
    ...(namespaced.length > 0 ? namespaceMethods(api) : []),
    ...cluster,
    "}",
    ...(namespaced.length > 0 ? namespacedClass(api, `${group}/${version}`, root, namespaced) : []),
    "",
  ].join("\n");
}

function namespaceMethods(api: string): string[] {
  return [
    "",
    `  namespace(name: string): ${api}NamespacedApi {`,
    `    return new ${api}NamespacedApi(this.#target.client, name);`,
    "  }",
    "",
    "  /** The namespace that the client was set up with. */",
    `  myNamespace(): ${api}NamespacedApi {`,
    "    const name = this.#target.client.defaultNamespace;",
    '    if (!name) throw new Error("The client has no default namespace: name one with namespace()");',
    "    return this.namespace(name);",
    "  }",
  ];
}

function namespacedClass(api: string, groupVersion: string, root: string, resources: Resource[]): string[] {
  return [
    "",
    `/** ${groupVersion}, in one namespace. */`,
    `export class ${api}NamespacedApi {`,
    "  readonly #target: op.Target;",
    "  constructor(client: c.RestClient, namespace: string) {",
    enclosed("    ", "this.#target = op.inNamespace(", ["client", `"${root}"`, "namespace"], ");"),
    "  }",
    ...resources.flatMap(methods),
    "}",
  ];
}

function methods(resource: Resource): string[] {
  const { kind, plural, verbs, statusVerbs } = resource;
  return [
    ...(verbs.has("list") ? listMethods(resource, "") : []),
    ...(verbs.has("create") ? create(kind, plural) : []),
    ...(verbs.has("deletecollection") ? deleteList(kind, plural) : []),
    ...objectMethods(kind, "", [JSON.stringify(plural), "name"], verbs),
    ...objectMethods(kind, "Status", [JSON.stringify(plural), "name", '"status"'], statusVerbs),
  ];
}

function listMethods({ kind, plural }: Resource, suffix: string): string[] {
  const path = `["${plural}"]`;
  return [
    ...method(`get${kind}List${suffix}`, ["opts: op.ListOpts = {}"], `${kind}List & c.ApiKind`, "op.get", [
      "this.#target",
      path,
      "opts",
      `to${kind}List`,
    ]),
    ...method(`watch${kind}List${suffix}`, ["opts: op.WatchOpts = {}"], `c.WatchEventStream<${kind}>`, "op.watch", [
      "this.#target",
      path,
      "opts",
      `to${kind}`,
      "MetaV1.toStatus",
    ]),
  ];
}

function create(kind: string, plural: string): string[] {
  return method(`create${kind}`, [`body: ${kind}`, "opts: op.PutOpts = {}"], `${kind} & c.ApiKind`, "op.send", [
    "this.#target",
    '"POST"',
    `["${plural}"]`,
    `from${kind}(body)`,
    "opts",
    `to${kind}`,
  ]);
}

function deleteList(kind: string, plural: string): string[] {
  const answer = `(${kind}List | MetaV1.Status) & c.ApiKind`;
  return method(`delete${kind}List`, ["opts: op.DeleteListOpts = {}"], answer, "op.remove", [
    "this.#target",
    `["${plural}"]`,
    "opts",
    `op.statusOr(MetaV1.toStatus, to${kind}List)`,
  ]);
}

function objectMethods(kind: string, suffix: string, segments: string[], verbs: ReadonlySet<Verb>): string[] {
  const path = `[${segments.join(", ")}]`;
  const answer = `${kind} & c.ApiKind`;
  const lines: string[] = [];
  if (verbs.has("get")) {
    const args = ["this.#target", path, "opts", `to${kind}`];
    lines.push(...method(`get${kind}${suffix}`, ["name: string", "opts: op.GetOpts = {}"], answer, "op.get", args));
  }
  if (verbs.has("delete")) {
    const args = ["this.#target", path, "opts", `op.statusOr(MetaV1.toStatus, to${kind})`];
    const either = `(${kind} | MetaV1.Status) & c.ApiKind`;
    lines.push(...method(`delete${kind}`, ["name: string", "opts: op.DeleteOpts = {}"], either, "op.remove", args));
  }
  if (verbs.has("replace")) {
    const parameters = ["name: string", `body: ${kind}`, "opts: op.PutOpts = {}"];
    const args = ["this.#target", '"PUT"', path, `from${kind}(body)`, "opts", `to${kind}`];
    lines.push(...method(`replace${kind}${suffix}`, parameters, answer, "op.send", args));
  }
  if (verbs.has("patch")) {
    const body = `body: Partial<${kind}> | c.JsonPatch`;
    const parameters = ["name: string", "type: c.PatchType", body, "opts: op.PatchOpts = {}"];
    const args = ["this.#target", path, "type", "body", "opts", `from${kind}`, `to${kind}`];
    lines.push(...method(`patch${kind}${suffix}`, parameters, answer, "op.patch", args));
  }
  return lines;
}

function method(name: string, parameters: string[], answer: string, call: string, args: string[]): string[] {
  return [
    "",
    enclosed("  ", `${name}(`, parameters, `): Promise<${answer}> {`),
    enclosed("    ", `return ${call}(`, args, ");"),
    "  }",
  ];
}
