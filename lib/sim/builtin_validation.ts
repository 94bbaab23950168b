// Validation of the built-in kinds, as far as a controller can get them wrong. Source: pkg/apis/*/validation of Kubernetes.
import { definitionFaults } from "./definition_validation.ts";
import { at, isRecord, type KubeObject, sameJSON, textAt } from "./objects.ts";
import { type NameRule, updateFaults, validateMetadata } from "./metadata_validation.ts";
import { quantityValue } from "./quantity.ts";
import { type FieldFault, forbiddenField, invalidValue, required } from "./status.ts";

/** Faults of an object of a built-in resource; `old` when it replaces one. */
export function validateBuiltin(
  type: { resource: string; group: string },
  object: KubeObject,
  old?: KubeObject,
): FieldFault[] {
  const faults = validateMetadata(object, nameRules[type.resource] ?? "subdomain", old);
  const standard = type.group === "apiextensions.k8s.io" ? [] : finalizerFaults(object);
  faults.push(...standard);
  // What an update may not do is checked by the kind and by its strategy, and so it is told twice.
  if (old) faults.push(...updateFaults(object, old), ...standard);
  const own = rules[type.resource];
  return own ? [...faults, ...own(object, old)] : faults;
}

/** Kubernetes' own kinds take only its own finalizers without a domain. */
function finalizerFaults(object: KubeObject): FieldFault[] {
  const standard = ["orphan", "foregroundDeletion", "kubernetes"];
  return (object.metadata.finalizers ?? []).flatMap((finalizer, i) =>
    finalizer.includes("/") || standard.includes(finalizer) ? [] : [
      invalidValue(
        `metadata.finalizers[${i}]`,
        finalizer,
        "name is neither a standard finalizer name nor is it fully qualified",
      ),
    ]
  );
}

const nameRules: Record<string, NameRule> = {
  namespaces: "label",
  roles: "path",
  rolebindings: "path",
  clusterroles: "path",
  clusterrolebindings: "path",
};

const rules: Record<string, (object: KubeObject, old?: KubeObject) => FieldFault[]> = {
  events: event,
  leases: lease,
  configmaps: configMap,
  rolebindings: roleBinding,
  clusterrolebindings: roleBinding,
  customresourcedefinitions: definitionFaults,
  resourcequotas: quotaFaults,
};

/** Objects of events.k8s.io/v1; those that came through the core group are not held to its rules (`eventTime` unset). */
function event(object: KubeObject, old?: KubeObject): FieldFault[] {
  const faults: FieldFault[] = [];
  const regardingNamespace = textAt(object, "regarding", "namespace");
  const namespace = object.metadata.namespace ?? "";
  if (regardingNamespace === "" && !["default", "kube-system"].includes(namespace)) {
    faults.push(invalidValue("involvedObject.namespace", regardingNamespace, "does not match event.namespace"));
  }
  if (at(object, "eventTime") === undefined || at(object, "eventTime") === null) {
    if (old || at(object, "deprecatedFirstTimestamp")) return faults;
    return [...faults, required("eventTime"), ...typeFaults(object)];
  }
  if (old) {
    for (
      const field of [
        "eventTime",
        "reason",
        "action",
        "regarding",
        "related",
        "note",
        "type",
        "reportingController",
        "reportingInstance",
      ]
    ) {
      if (!sameJSON(at(object, field), at(old, field))) {
        faults.push(invalidValue(eventField(field), at(object, field) ?? "", "field is immutable"));
      }
    }
    return faults;
  }
  const controller = textAt(object, "reportingController");
  if (!controller) faults.push(required("reportingController"));
  else if (!/^([a-z0-9A-Z.-]+\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/.test(controller)) {
    faults.push(
      invalidValue(
        "reportingController",
        controller,
        "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
      ),
    );
  }
  const instance = textAt(object, "reportingInstance");
  if (!instance) faults.push(required("reportingInstance"));
  else if (instance.length > 128) faults.push(invalidValue("repotingIntance", "", "can have at most 128 characters"));
  for (const field of ["action", "reason"]) {
    const text = textAt(object, field);
    if (!text) faults.push(required(field));
    else if (text.length > 128) faults.push(invalidValue(field, "", "can have at most 128 characters"));
  }
  if (new TextEncoder().encode(textAt(object, "note")).length > 1024) {
    faults.push(invalidValue("message", "", "can have at most 1024 characters"));
  }
  return [...faults, ...typeFaults(object)];
}

function typeFaults(object: KubeObject): FieldFault[] {
  const type = textAt(object, "type");
  return ["Normal", "Warning"].includes(type) ? [] : [invalidValue("type", "", `has invalid value: ${type}`)];
}

function eventField(field: string): string {
  return { regarding: "involvedObject", note: "message" }[field] ?? field;
}

function lease(object: KubeObject): FieldFault[] {
  const faults: FieldFault[] = [];
  const seconds = at(object, "spec", "leaseDurationSeconds");
  if (typeof seconds === "number" && seconds <= 0) {
    faults.push(invalidValue("spec.leaseDurationSeconds", seconds, "must be greater than 0"));
  }
  const transitions = at(object, "spec", "leaseTransitions");
  if (typeof transitions === "number" && transitions < 0) {
    faults.push(invalidValue("spec.leaseTransitions", transitions, "must be greater than or equal to 0"));
  }
  return faults;
}

function configMap(object: KubeObject, old?: KubeObject): FieldFault[] {
  const faults: FieldFault[] = [];
  const encoder = new TextEncoder();
  let bytes = 0;
  for (const [key, value] of Object.entries(isRecord(object.data) ? object.data : {})) {
    if (!/^[-._a-zA-Z0-9]+$/.test(key)) {
      faults.push(
        invalidValue(
          `data[${key}]`,
          key,
          "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')",
        ),
      );
    }
    bytes += encoder.encode(String(value)).length;
  }
  if (bytes > 1024 * 1024) {
    faults.push({ reason: "FieldValueTooLong", field: "[]", message: "Too long: may not be more than 1048576 bytes" });
  }
  if (old?.immutable === true) {
    const why = "field is immutable when `immutable` is set";
    if (object.immutable !== true) faults.push(forbiddenField("immutable", why));
    for (const field of ["data", "binaryData"]) {
      if (!sameJSON(old[field], object[field])) faults.push(forbiddenField(field, why));
    }
  }
  return faults;
}

function quotaFaults(object: KubeObject): FieldFault[] {
  const hard = at(object, "spec", "hard");
  return Object.entries(isRecord(hard) ? hard : {}).flatMap(([resource, quantity]) => {
    const field = `spec.hard[${resource}]`;
    if (String(quantity).startsWith("-")) {
      return [invalidValue(field, String(quantity), "must be greater than or equal to 0")];
    }
    const isCount = !resource.includes("cpu") && !resource.includes("memory") && !resource.includes("storage");
    return isCount && !Number.isInteger(quantityValue(quantity))
      ? [invalidValue(field, String(quantity), "must be an integer")]
      : [];
  });
}

function roleBinding(object: KubeObject, old?: KubeObject): FieldFault[] {
  const role = textAt(object, "roleRef", "name");
  if (!role) return [required("roleRef.name")];
  return old && !sameJSON(old.roleRef, object.roleRef)
    ? [invalidValue("roleRef", object.roleRef, "cannot change roleRef")]
    : [];
}
