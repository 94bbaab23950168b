// What a CustomResourceDefinition has to fulfil before it is stored, as far as one can get it wrong: its names, its versions, that
// every schema is structural, and what an update may not change.
// Source: k8s.io/apiextensions-apiserver pkg/apis/apiextensions/validation.
import { at, isRecord, type KubeObject, textAt } from "./objects.ts";
import { type Schema, valueFaults } from "./schema.ts";
import { type FieldFault, invalidValue, notSupported, required } from "./status.ts";

const dns1035 = /^[a-z]([-a-z0-9]*[a-z0-9])?$/;
const dns1035Detail =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";

type Version = Record<string, unknown>;

/** Faults of a definition beyond its metadata; `old` when it replaces one. */
export function definitionFaults(definition: KubeObject, old?: KubeObject): FieldFault[] {
  const group = textAt(definition, "spec", "group");
  const plural = textAt(definition, "spec", "names", "plural");
  const name = definition.metadata.name ?? "";
  const faults: FieldFault[] = [];
  if (!old && name !== `${plural}.${group}`) {
    faults.push(invalidValue("metadata.name", name, 'must be spec.names.plural+"."+spec.group'));
  }
  if (!group) faults.push(required("spec.group"));
  else if (!group.includes(".")) {
    faults.push(invalidValue("spec.group", group, "should be a domain with at least one dot"));
  }
  const scope = at(definition, "spec", "scope");
  if (!scope) faults.push(required("spec.scope"));
  else if (scope !== "Namespaced" && scope !== "Cluster") {
    faults.push(notSupported("spec.scope", scope, ["Cluster", "Namespaced"]));
  }
  faults.push(...nameFaults(definition), ...versionFaults(definition, old));
  if (old) faults.push(...changeFaults(definition, old));
  return faults;
}

function nameFaults(definition: KubeObject): FieldFault[] {
  const faults: FieldFault[] = [];
  for (const field of ["plural", "kind"]) {
    const name = textAt(definition, "spec", "names", field);
    if (!name) faults.push(required(`spec.names.${field}`));
    else if (!dns1035.test(field === "kind" ? name.toLowerCase() : name)) {
      const why = field === "kind"
        ? `may have mixed case, but should otherwise match: ${dns1035Detail}`
        : dns1035Detail;
      faults.push(invalidValue(`spec.names.${field}`, name, why));
    }
  }
  return faults;
}

/** The versions of a definition, in the order in which it lists them. */
export function versionsOf(definition: KubeObject): Version[] {
  const versions = at(definition, "spec", "versions");
  return Array.isArray(versions) ? versions.filter(isRecord) : [];
}

function versionFaults(definition: KubeObject, old: KubeObject | undefined): FieldFault[] {
  const versions = versionsOf(definition);
  const faults: FieldFault[] = [];
  for (const [i, version] of versions.entries()) {
    const name = String(version.name ?? "");
    if (!dns1035.test(name)) faults.push(invalidValue(`spec.versions[${i}].name`, name, dns1035Detail));
  }
  const shown = at(definition, "spec", "versions");
  if (new Set(versions.map(({ name }) => name)).size < versions.length) {
    faults.push(invalidValue("spec.versions", shown, "must contain unique version names"));
  }
  if (versions.filter(({ storage }) => storage === true).length !== 1) {
    faults.push(invalidValue("spec.versions", shown, "must have exactly one version marked as storage version"));
    if (!old) faults.push(invalidValue("status.storedVersions", null, "must have at least one stored version"));
  }
  // Of one version the schema is told by its older place.
  const root = (i: number) => versions.length === 1 ? "spec.validation" : `spec.versions[${i}].schema`;
  for (const [i, version] of versions.entries()) {
    const schema = at(version, "schema", "openAPIV3Schema");
    if (!isRecord(schema) || Object.keys(schema).length === 0) {
      faults.push(required(`spec.versions[${i}].schema.openAPIV3Schema`));
    } else if (schema.type !== "object") {
      const where = `${root(i)}.openAPIV3Schema.type`;
      faults.push(
        schema.type
          ? invalidValue(where, schema.type, "must be object at the root")
          : required(where, "must not be empty at the root"),
      );
    } else faults.push(...structuralFaults(schema, `${root(i)}.openAPIV3Schema`));
  }
  return faults;
}

/** Where a schema leaves a type open, or a list its items. */
function structuralFaults(schema: Record<string, unknown>, path: string): FieldFault[] {
  const faults: FieldFault[] = [];
  const look = (inner: unknown, where: string, what: string) => {
    if (!isRecord(inner)) return;
    const isOpen = inner["x-kubernetes-int-or-string"] === true ||
      inner["x-kubernetes-preserve-unknown-fields"] === true;
    if (!inner.type && !isOpen) {
      faults.push(required(`${where}.type`, `must not be empty for specified ${what}`));
    }
    if (inner.default !== undefined) {
      const wrong = valueFaults(inner.default, inner as Schema);
      faults.push(...wrong.map((fault) => ({ ...fault, field: `${where}.default${fault.field}` })));
    }
    if (typeof inner.pattern === "string" && !isPattern(inner.pattern)) {
      const why = `must be a valid regular expression, but isn't: ${inner.pattern}`;
      faults.push(invalidValue(`${where}.pattern`, inner.pattern, why));
    }
    faults.push(...structuralFaults(inner, where));
  };
  for (const [name, inner] of Object.entries(isRecord(schema.properties) ? schema.properties : {})) {
    look(inner, `${path}.properties[${name}]`, "object fields");
  }
  look(schema.additionalProperties, `${path}.additionalProperties`, "object fields");
  look(schema.items, `${path}.items`, "array items");
  if (schema.type === "array" && !schema.items) faults.push(required(`${path}.items`, "must be specified"));
  return faults;
}

/** Group, scope and names of an established definition are what its objects are stored by; so are its stored versions. */
function changeFaults(definition: KubeObject, old: KubeObject): FieldFault[] {
  const faults: FieldFault[] = [];
  const names = versionsOf(definition).map(({ name }) => name);
  const stored = at(old, "status", "storedVersions");
  for (const [i, version] of (Array.isArray(stored) ? stored : []).entries()) {
    if (names.includes(version)) continue;
    const why =
      `missing from spec.versions; ${version} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in ${version} and removes ${version} from status.storedVersions`;
    faults.push(invalidValue(`status.storedVersions[${i}]`, version, why));
  }
  for (const path of [["group"], ["scope"], ["names", "kind"], ["names", "plural"]]) {
    const value = at(definition, "spec", ...path);
    if (value !== at(old, "spec", ...path)) {
      faults.push(invalidValue(`spec.${path.join(".")}`, value ?? "", "field is immutable"));
    }
  }
  return faults;
}

function isPattern(text: string): boolean {
  try {
    new RegExp(text, "u");
    return true;
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}
