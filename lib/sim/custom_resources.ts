// Serves custom resources: turns CustomResourceDefinition objects in storage into resource types, establishes them, and
// cleans up after a deleted definition. What a schema says about an object is in schema.ts, structure.ts and cel.ts.
import { type CelRules, compileRules, loadRuleLanguage, type RuleLanguage } from "./cel.ts";
import { definitionStatus, nameConflicts, type Names } from "./definition_status.ts";
import { versionsOf } from "./definition_validation.ts";
import { updateFaults, validateMetadata } from "./metadata_validation.ts";
import { asObject, at, type KubeObject, sameJSON, textAt, timestamp } from "./objects.ts";
import type { Registry } from "./registry.ts";
import { type CustomSchema, type ResourceType, resourceType } from "./resources.ts";
import { type Schema, validate } from "./schema.ts";
import { type FieldFault, invalidValue } from "./status.ts";
import type { Change } from "./storage.ts";
import { normalize } from "./structure.ts";
import { ageColumn, declaredColumn, nameColumn } from "./table.ts";

/** In the order in which a real server lists them. */
const customVerbs = ["delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"];
const definitions = "apiextensions.k8s.io/customresourcedefinitions";
const cleanupFinalizer = "customresourcecleanup.apiextensions.k8s.io";

export class CustomResources implements Disposable {
  #registry: Registry;
  #listening: Disposable;
  #language: RuleLanguage | undefined;
  #needsLanguage = false;

  constructor(registry: Registry) {
    this.#registry = registry;
    this.#listening = registry.storage.listen((change) => this.#notice(change));
  }

  /** Resolves when the rules of every installed definition can be evaluated. */
  async ready(): Promise<void> {
    if (this.#needsLanguage && !this.#language) this.#language = await loadRuleLanguage();
  }

  [Symbol.dispose](): void {
    this.#listening[Symbol.dispose]();
  }

  #notice(change: Change): void {
    if (change.resource === definitions) {
      const { object, previous } = change;
      if (change.type === "DELETED") {
        this.#registry.resources.remove(textAt(object, "spec", "group"), textAt(object, "spec", "names", "plural"));
        // Its names are free: whoever waited for one of them may have it.
        for (const other of this.#ofGroup(object)) this.#take(other);
      } else if (!previous || !sameJSON(previous.spec, object.spec)) this.#take(object);
      else if (object.metadata.deletionTimestamp) this.#establishLater(object);
    } else if (change.type === "DELETED") {
      const [group, plural] = change.resource.split("/");
      const definition = this.#registry.storage.get(definitions, `/${plural}.${group}`);
      if (definition?.metadata.deletionTimestamp) this.#establishLater(definition);
    }
  }

  /** Serves a definition whose names are free, and says in its status what became of it. */
  #take(definition: KubeObject): void {
    if (nameConflicts(definition, this.#ofGroup(definition)).length === 0) this.#serve(definition);
    this.#establishLater(definition);
  }

  #establishLater(definition: KubeObject): void {
    queueMicrotask(() => this.#establish(definition.metadata.name ?? ""));
  }

  /** The other definitions of the same group. */
  #ofGroup(definition: KubeObject): KubeObject[] {
    const group = textAt(definition, "spec", "group");
    return this.#registry.storage.list(definitions).filter((other) =>
      other.metadata.name !== definition.metadata.name && textAt(other, "spec", "group") === group
    );
  }

  /** Registers a resource type for every served version, the stored one first. */
  #serve(definition: KubeObject): void {
    this.#registry.resources.remove(textAt(definition, "spec", "group"), textAt(definition, "spec", "names", "plural"));
    const served = versionsOf(definition).filter((version) => version.served === true);
    served.sort((a, b) => Number(b.storage === true) - Number(a.storage === true));
    for (const version of served) this.#registry.resources.add(this.#typeOf(definition, version));
  }

  #typeOf(definition: KubeObject, version: Record<string, unknown>): ResourceType {
    const spec = definition.spec as { group: string; scope: string; names: Names };
    const schema = (at(version, "schema", "openAPIV3Schema") ?? {}) as Schema;
    const rules = compileRules(schema);
    if (rules) this.#needsLanguage = true;
    const declared = version.additionalPrinterColumns;
    const custom: CustomSchema = {
      definition: definition.metadata.name ?? "",
      schema,
      normalize: (object, isApplied) => normalize(object, schema, isApplied),
    };
    const { names } = spec;
    return resourceType(spec.group, String(version.name), names.plural, names.kind, {
      singular: names.singular ?? names.kind.toLowerCase(),
      listKind: names.listKind ?? `${names.kind}List`,
      namespaced: spec.scope === "Namespaced",
      shortNames: names.shortNames ?? [],
      categories: names.categories ?? [],
      verbs: customVerbs,
      hasStatus: at(version, "subresources", "status") !== undefined,
      hasGeneration: true,
      unconditionalUpdate: false,
      custom,
      selectable: selectableFields(version),
      columns: Array.isArray(declared) && declared.length > 0
        ? [nameColumn(), ...declared.map((column) => declaredColumn(column))]
        : [nameColumn(), ageColumn()],
      validate: (object, old) => this.#faults(schema, rules, object, old),
    });
  }

  #faults(schema: Schema, rules: CelRules | undefined, object: KubeObject, old?: KubeObject): FieldFault[] {
    // What an update may not change is checked in two places there, and so it is told twice.
    const metadata = validateMetadata(object, "subdomain", old);
    const again = old ? updateFaults(object, old) : [];
    const faults = [...metadata, ...again, ...validate(object, schema, old)];
    if (!rules || !this.#language) return faults;
    const blocking = [
      "FieldValueNotSupported",
      "FieldValueRequired",
      "FieldValueTooLong",
      "FieldValueTooMany",
      "FieldValueTypeInvalid",
    ];
    if (!faults.some((fault) => blocking.includes(fault.reason))) {
      return [...faults, ...rules.check(this.#language, object, old)];
    }
    const unchecked =
      "some validation rules were not checked because the object was invalid; correct the existing errors to complete validation";
    return [...faults, { ...invalidValue("<nil>", null, unchecked) }];
  }

  /** Conditions, accepted names and the finalizer of a definition; or its end, when it is being deleted. */
  #establish(name: string): void {
    const type = this.#registry.resources.stored(definitions);
    const definition = this.#registry.storage.get(definitions, `/${name}`);
    if (!type || !definition) return;
    const { deletionTimestamp, finalizers = [] } = definition.metadata;
    if (deletionTimestamp && finalizers.includes(cleanupFinalizer) && this.#emptied(definition)) {
      const rest = finalizers.filter((finalizer) => finalizer !== cleanupFinalizer);
      this.#registry.update(type, "", name, (current) => withFinalizers(current ?? definition, rest));
      return;
    }
    const conflicts = nameConflicts(definition, this.#ofGroup(definition));
    const status = definitionStatus(definition, conflicts, timestamp(this.#registry.clock.now()));
    this.#registry.update(type, "", name, (current) => ({ ...(current ?? definition), status }), {
      subresource: "status",
    });
  }

  /** Deletes the custom resources of a definition; true when none is left. */
  #emptied(definition: KubeObject): boolean {
    const storage = `${textAt(definition, "spec", "group")}/${textAt(definition, "spec", "names", "plural")}`;
    const type = this.#registry.resources.stored(storage);
    for (const { metadata } of type ? this.#registry.storage.list(storage) : []) {
      if (type && !metadata.deletionTimestamp) {
        this.#registry.delete(type, metadata.namespace ?? "", metadata.name ?? "");
      }
    }
    return this.#registry.storage.list(storage).length === 0;
  }
}

function withFinalizers(object: KubeObject, finalizers: string[]): KubeObject {
  return asObject({ ...object, metadata: { ...object.metadata, finalizers } } as never);
}

function selectableFields(version: Record<string, unknown>): Record<string, string[]> {
  const declared = Array.isArray(version.selectableFields) ? version.selectableFields : [];
  return Object.fromEntries(declared.map((field) => {
    const path = textAt(field, "jsonPath").replace(/^\./, "");
    return [path, path.split(".")];
  }));
}
