// CustomResourceDefinitions created, changed and deleted at run time: what is refused, whose names win, which versions are
// served, and how one ends.
import { assertEquals } from "@std/assert";
import type { JSONObject } from "../../../lib/kube/contract.ts";
import { type CaseContext, type ConformanceCase, eventually, executionsCrd } from "../harness.ts";

const merge = "application/merge-patch+json";
const group = "definitions.kubernaut.ai";
const text: JSONObject = { type: "string" };
const open: JSONObject = { type: "object", properties: { spec: { type: "object", properties: { a: text } } } };

export const definitionCases: ConformanceCase[] = [];
function conformanceCase(name: string, run: ConformanceCase["run"]): void {
  definitionCases.push({ name, run });
}

function version(name: string, more: JSONObject = {}): JSONObject {
  return { name, served: true, storage: true, schema: { openAPIV3Schema: open }, ...more };
}

interface Spec {
  [field: string]: JSONObject[string];
}

/** A definition whose names are this case's own, with parts of its spec replaced. */
function definition(plural: string, spec: Spec = {}, kind = `K${plural}`): JSONObject {
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${plural}.${group}` },
    spec: { group, scope: "Namespaced", names: { kind, plural }, versions: [version("v1")], ...spec },
  };
}

const pluralOf = ({ namespace }: CaseContext, prefix = "t") => `${prefix}${namespace.replaceAll("-", "")}`;
const pathOf = ({ namespace }: CaseContext, plural: string, of = "v1") =>
  `/apis/${group}/${of}/namespaces/${namespace}/${plural}`;

/** Runs with the definition installed and served; it is deleted afterwards. */
async function installed(context: CaseContext, spec: Spec, run: (plural: string) => Promise<void>): Promise<void> {
  const plural = pluralOf(context);
  await context.api.ok("POST", executionsCrd, { body: definition(plural, spec) });
  try {
    await eventually(async () => (await context.api.call("GET", pathOf(context, plural))).code === 200);
    await run(plural);
  } finally {
    await context.api.call("DELETE", `${executionsCrd}/${plural}.${group}`);
  }
}

function conditionsOf(object: JSONObject): string[] {
  const conditions = ((object.status as JSONObject | undefined)?.conditions ?? []) as JSONObject[];
  return conditions.map(({ type, status, reason }) => `${type} ${status} ${reason}`);
}

const refusals: [name: string, spec: Spec, causes: string[]][] = [
  ["without a scope", { scope: "" }, ["spec.scope: Required value"]],
  ["of an unknown scope", { scope: "Odd" }, [
    'spec.scope: Unsupported value: "Odd": supported values: "Cluster", "Namespaced"',
  ]],
  ["without a schema", { versions: [version("v1", { schema: {} })] }, [
    "spec.versions[0].schema.openAPIV3Schema: Required value",
  ]],
  ["whose schema is no object", { versions: [version("v1", { schema: { openAPIV3Schema: text } })] }, [
    'spec.validation.openAPIV3Schema.type: Invalid value: "string": must be object at the root',
  ]],
  ["with a field of no type", {
    versions: [version("v1", { schema: { openAPIV3Schema: { type: "object", properties: { spec: {} } } } })],
  }, [
    "spec.validation.openAPIV3Schema.properties[spec].type: Required value: must not be empty for specified object fields",
  ]],
  ["with a list of anything", {
    versions: [
      version("v1", { schema: { openAPIV3Schema: { type: "object", properties: { l: { type: "array" } } } } }),
    ],
  }, ["spec.validation.openAPIV3Schema.properties[l].items: Required value: must be specified"]],
  ["with a default of another type", {
    versions: [
      version("v1", {
        schema: { openAPIV3Schema: { type: "object", properties: { a: { type: "string", default: 1 } } } },
      }),
    ],
  }, [
    'spec.validation.openAPIV3Schema.properties[a].default: Invalid value: "integer":  in body must be of type string: "integer"',
  ]],
];
for (const [name, spec, causes] of refusals) {
  conformanceCase(`a definition ${name} is refused`, async (context) => {
    const { code, body } = await context.api.call("POST", executionsCrd, { body: definition(pluralOf(context), spec) });
    const found = (body.details as JSONObject).causes as { field: string; message: string }[];
    assertEquals([code, found.map(({ field, message }) => `${field}: ${message}`)], [422, causes]);
  });
}

conformanceCase("a definition is named by its plural and group, and has one stored version", async (context) => {
  const body = definition(pluralOf(context), { versions: [version("v1"), version("v2")] });
  const answer = await context.api.call("POST", executionsCrd, { body: { ...body, metadata: { name: "wrong" } } });
  const found = (answer.body.details as JSONObject).causes as { field: string; message: string }[];
  assertEquals([answer.code, found[0]], [422, {
    reason: "FieldValueInvalid",
    field: "metadata.name",
    message: 'Invalid value: "wrong": must be spec.names.plural+"."+spec.group',
  } as never]);
  assertEquals(found.slice(1).map(({ field }) => field), ["spec.versions", "status.storedVersions"]);
});

conformanceCase("names that follow from others are filled in, and accepted", async (context) => {
  await installed(context, {}, async (plural) => {
    const { spec, status } = await context.api.ok("GET", `${executionsCrd}/${plural}.${group}`);
    const kind = `K${plural}`;
    const names = { kind, plural, singular: kind.toLowerCase(), listKind: `${kind}List` };
    assertEquals([(spec as JSONObject).names, (spec as JSONObject).conversion], [names, { strategy: "None" }]);
    const { acceptedNames, storedVersions } = status as JSONObject;
    assertEquals([acceptedNames, storedVersions], [names, ["v1"]]);
  });
});

conformanceCase("a definition that was just created has no conditions, not even none of them", async (context) => {
  const body = definition(pluralOf(context));
  const fresh = { conditions: null, acceptedNames: { plural: "", kind: "" }, storedVersions: ["v1"] };
  const query = "?dryRun=All&fieldManager=maker";
  const dry = await context.api.ok("POST", executionsCrd + query, {
    body: { ...body, status: { storedVersions: [] } },
  });
  assertEquals(dry.status, fresh);
  const [owner] = (dry.metadata as JSONObject).managedFields as JSONObject[];
  const names = { "f:kind": {}, "f:listKind": {}, "f:plural": {}, "f:singular": {} };
  const conversion = { ".": {}, "f:strategy": {} };
  assertEquals(owner?.fieldsV1, {
    "f:spec": { "f:conversion": conversion, "f:group": {}, "f:names": names, "f:scope": {}, "f:versions": {} },
  });
  const name = `${executionsCrd}/${pluralOf(context)}.${group}`;
  try {
    assertEquals((await context.api.ok("POST", executionsCrd, { body })).status, fresh);
    await eventually(async () => conditionsOf(await context.api.ok("GET", name)).length === 2);
  } finally {
    const { body: marked } = await context.api.call("DELETE", name);
    assertEquals(conditionsOf(marked).at(-1), "Terminating True InstanceDeletionPending");
  }
});

conformanceCase("a kind that is taken is not served, until it is free", async (context) => {
  const { api } = context;
  const late = pluralOf(context, "u");
  await installed(context, {}, async (plural) => {
    await api.ok("POST", executionsCrd, { body: definition(late, {}, `K${plural}`) });
    await eventually(async () => {
      const found = conditionsOf(await api.ok("GET", `${executionsCrd}/${late}.${group}`));
      return found.includes("NamesAccepted False ListKindConflict") && found.includes("Established False NotAccepted");
    });
    assertEquals((await api.call("GET", pathOf(context, late))).code, 404);
  });
  await eventually(async () => (await api.call("GET", pathOf(context, late))).code === 200);
  await api.ok("DELETE", `${executionsCrd}/${late}.${group}`);
});

conformanceCase(
  "a version may come, and an object is seen through each; one that is not served is a bare 404",
  async (context) => {
    const { api } = context;
    await installed(context, {}, async (plural) => {
      const kind = `K${plural}`;
      await api.ok("POST", pathOf(context, plural), {
        body: { apiVersion: `${group}/v1`, kind, metadata: { name: "a" }, spec: { a: "x" } },
      });
      const change = (versions: JSONObject[]) =>
        api.call("PATCH", `${executionsCrd}/${plural}.${group}`, { type: merge, body: { spec: { versions } } });
      await change([version("v1", { storage: false }), version("v2")]);
      await eventually(async () => (await api.call("GET", pathOf(context, plural, "v2"))).code === 200);
      const seen = await api.ok("GET", `${pathOf(context, plural, "v2")}/a`);
      assertEquals([seen.apiVersion, seen.spec], [`${group}/v2`, { a: "x" }]);
      const gone = await change([version("v2")]);
      const [cause] = (gone.body.details as JSONObject).causes as JSONObject[];
      assertEquals([gone.code, cause?.field], [422, "status.storedVersions[0]"]);
      await change([version("v1", { storage: false, served: false }), version("v2")]);
      await eventually(async () => (await api.call("GET", pathOf(context, plural))).text === "404 page not found\n");
      const { status } = await api.ok("GET", `${executionsCrd}/${plural}.${group}`);
      assertEquals((status as JSONObject).storedVersions, ["v1", "v2"]);
      // Back to a version that the deletion afterwards can empty.
      await change([version("v1", { storage: false }), version("v2")]);
    });
  },
);

conformanceCase("scope and kind of a definition do not change", async (context) => {
  await installed(context, {}, async (plural) => {
    const path = `${executionsCrd}/${plural}.${group}`;
    for (
      const [spec, field] of [[{ scope: "Cluster" }, "spec.scope"], [{ names: { kind: "Other" } }, "spec.names.kind"]]
    ) {
      const { code, body } = await context.api.call("PATCH", path, { type: merge, body: { spec: spec as JSONObject } });
      const [cause] = (body.details as JSONObject).causes as JSONObject[];
      assertEquals([code, cause?.field], [422, field as string]);
    }
  });
});

conformanceCase("a definition that is going takes no more objects, and waits for those it has", async (context) => {
  const { api } = context;
  await installed(context, {}, async (plural) => {
    const kind = `K${plural}`;
    const path = pathOf(context, plural);
    const body = (name: string) => ({
      apiVersion: `${group}/v1`,
      kind,
      metadata: { name, finalizers: ["k.dev/held"] },
    });
    await api.ok("POST", path, { body: body("held") });
    const deleted = await api.ok("DELETE", `${executionsCrd}/${plural}.${group}`);
    assertEquals((deleted.metadata as JSONObject).finalizers, ["customresourcecleanup.apiextensions.k8s.io"]);
    await eventually(async () => {
      const found = conditionsOf(await api.ok("GET", `${executionsCrd}/${plural}.${group}`));
      return found.includes("Terminating True InstanceDeletionInProgress");
    });
    const late = await api.call("POST", path, { body: body("late") });
    assertEquals([late.code, late.body.message], [
      403,
      `${plural}.${group} "late" is forbidden: create not allowed while custom resource definition is terminating`,
    ]);
    await api.ok("PATCH", `${path}/held`, { type: merge, body: { metadata: { finalizers: null } } });
    await eventually(async () => (await api.call("GET", `${executionsCrd}/${plural}.${group}`)).code === 404);
  });
});
