// The generated readers and writers: recorded objects, errors that name the field, and that nothing is lost on the way.
import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import {
  fromTime,
  MicroTime,
  Quantity,
  toDuration,
  toMicroTime,
  toQuantity,
  toTime,
  WatchEventTransformer,
} from "@cloudydeno/kubernetes-apis/common.ts";
import { fromLease, type Lease, toLease, toLeaseList } from "@cloudydeno/kubernetes-apis/coordination.k8s.io/v1";
import { type Status, toObjectMeta, toStatus } from "@cloudydeno/kubernetes-apis/meta/v1";
import { toTokenReview } from "@cloudydeno/kubernetes-apis/authentication.k8s.io/v1";
import fc from "fast-check";
import { fromPipelineRun, fromTaskRun, toPipelineRun, toTaskRun } from "../../generated/tekton.dev/v1.ts";
import {
  fromWorkflowExecution,
  toWorkflowExecution,
  type WorkflowExecution,
} from "../../generated/workflowexecution.kubernaut.ai/v1alpha1.ts";
import {
  checkObj,
  checkStr,
  type JSONValue,
  readList,
  readMap,
  readOpt,
  type WatchStatus,
} from "../../lib/kube/contract.ts";

const fixtures = new URL("../fixtures/tekton/", import.meta.url);

for (const { name } of [...Deno.readDirSync(fixtures)].filter(({ name }) => name.endsWith(".json"))) {
  Deno.test(`recorded PipelineRun and TaskRuns are read, and written as they were as far as they are known: ${name}`, () => {
    const recorded = checkObj(JSON.parse(Deno.readTextFileSync(new URL(name, fixtures))));
    const pipelineRun = recorded["pipelineRun"] ?? null;
    assertPart(fromPipelineRun(toPipelineRun(pipelineRun)), pipelineRun, name);
    assertEquals(toPipelineRun(fromPipelineRun(toPipelineRun(pipelineRun))), toPipelineRun(pipelineRun));
    for (const taskRun of readList(recorded["taskRuns"], (raw) => raw)) {
      assertPart(fromTaskRun(toTaskRun(taskRun)), taskRun, name);
    }
  });
}

for (const [file, read] of [["pipelineruns", toPipelineRun], ["taskruns", toTaskRun]] as const) {
  Deno.test(`a recorded watch of ${file} is read event by event`, async () => {
    const lines = Deno.readTextFileSync(new URL(`watch-exit-code.${file}.ndjson`, fixtures)).trim().split("\n");
    const recorded: JSONValue[] = lines.map((line) => JSON.parse(line));
    const events = await Array.fromAsync(
      ReadableStream.from(recorded).pipeThrough(new WatchEventTransformer<object, Status>(read, toStatus)),
    );
    assertEquals(events.map((event) => event.type), recorded.map((event) => checkObj(event)["type"]));
    assertEquals(events[0], {
      type: "BOOKMARK",
      object: { metadata: { resourceVersion: bookmarkVersion(recorded[0]) } },
    });
  });
}

Deno.test("toPipelineRun reads what the controller decides by", () => {
  const recorded = checkObj(JSON.parse(Deno.readTextFileSync(new URL("oom.json", fixtures))));
  const status = toPipelineRun(recorded["pipelineRun"] ?? null).status;
  assertEquals(status?.conditions, [{
    lastTransitionTime: new Date("2026-11-23T06:22:54Z"),
    message: "Tasks Completed: 1 (Failed: 1, Cancelled 0), Skipped: 0",
    reason: "Failed",
    status: "False",
    type: "Succeeded",
  }]);
  assertEquals(status?.childReferences, [
    { apiVersion: "tekton.dev/v1", kind: "TaskRun", name: "oom-resize", pipelineTaskName: "resize" },
  ]);
  const [taskRun] = readList(recorded["taskRuns"], toTaskRun);
  assertEquals(taskRun?.status?.steps?.[0]?.terminated, {
    exitCode: 137,
    finishedAt: new Date("2026-11-23T06:22:54Z"),
    reason: "OOMKilled",
    startedAt: new Date("2026-11-23T06:22:53Z"),
  });
});

const lease = (spec: JSONValue): JSONValue => ({ apiVersion: "coordination.k8s.io/v1", kind: "Lease", spec });
for (
  const [name, read, expected] of [
    ["a wrong type", () => toLease(lease({ holderIdentity: 5 })), "Lease.spec.holderIdentity is 5, must be a string"],
    [
      "a bad time",
      () => toLease(lease({ renewTime: "noon" })),
      'Lease.spec.renewTime is "noon", must be an RFC 3339 time',
    ],
    ["a scalar for an object", () => toLease(lease("x")), 'Lease.spec is "x", must be an object'],
    [
      "an item of a list",
      () => toLeaseList({ metadata: {}, items: [{}, { spec: [] }] }),
      "LeaseList.items[1].Lease.spec is a list, must be an object",
    ],
    ["a value of a map", () => toObjectMeta({ labels: { "a/b": 1 } }), 'labels["a/b"] is 1, must be a string'],
    ["a missing required field", () => toTokenReview({}), "TokenReview.spec is missing, must be an object"],
    [
      "a missing required value of any JSON",
      () => toPipelineRun({ spec: { params: [{ name: "A" }] } }),
      "PipelineRun.spec.params[0].value is missing",
    ],
    [
      "a word outside an enum",
      () => toWorkflowExecution({ spec: spec(), status: { phase: "Done" } }),
      'WorkflowExecution.status.phase is "Done", must be one of Pending, Running, Completed, Failed, Skipped',
    ],
    [
      "another kind",
      () => toLease({ apiVersion: "v1", kind: "Pod" }),
      "is v1 Pod, must be coordination.k8s.io/v1 Lease",
    ],
    [
      "a Status in place of an object",
      () => toLease({ apiVersion: "v1", kind: "Status", message: "no" }),
      "is v1 Status, must be coordination.k8s.io/v1 Lease: no",
    ],
    ["no object at all", () => toLease([]), "is a list, must be an object"],
  ] as const
) {
  Deno.test(`a reader names the field: ${name}`, () => {
    assertEquals(assertThrows(read, TypeError).message, expected);
  });
}

Deno.test("a reader takes null for an empty required list, and keeps null of an optional field", () => {
  assertEquals(toLeaseList({ metadata: {}, items: null }).items, []);
  assertEquals(toLease(lease({ holderIdentity: null })).spec, { holderIdentity: null });
});

Deno.test("a writer keeps null, which a merge patch removes by, and leaves out undefined", () => {
  const patch: Lease = { metadata: { labels: null }, spec: null };
  assertEquals(fromLease(patch), {
    apiVersion: "coordination.k8s.io/v1",
    kind: "Lease",
    metadata: { labels: null },
    spec: null,
  });
  const sloppy = { metadata: undefined, spec: { holderIdentity: undefined } } as unknown as Lease;
  assertEquals(fromLease(sloppy), { apiVersion: "coordination.k8s.io/v1", kind: "Lease", spec: {} });
});

Deno.test("WatchEventTransformer names the event and the field", async () => {
  const events = ReadableStream.from<JSONValue>([{ type: "ADDED", object: lease({}) }, {
    type: "MODIFIED",
    object: lease({ leaseTransitions: "1" }),
  }]);
  const error = await Array.fromAsync(events.pipeThrough(new WatchEventTransformer(toLease, toStatus))).then(
    () => "no error",
    String,
  );
  assertStringIncludes(error, 'watch event 2: Lease.spec.leaseTransitions is "1", must be a number');
  const odd = ReadableStream.from<JSONValue>([{ type: "CHANGED", object: {} }]);
  const why = await Array.fromAsync(odd.pipeThrough(new WatchEventTransformer(toLease, toStatus))).then(
    () => "no error",
    String,
  );
  assertStringIncludes(why, 'watch event 1: type is "CHANGED", must be ADDED, MODIFIED, DELETED, BOOKMARK or ERROR');
});

Deno.test("readList, readMap and readOpt of the contract name the place", () => {
  const text = (raw: JSONValue) => toTime(raw).toISOString();
  assertEquals(assertThrows(() => readList(["x"], text), TypeError).message, '[0] is "x", must be an RFC 3339 time');
  assertEquals(
    assertThrows(() => readMap({ a: "x" }, text), TypeError).message,
    '["a"] is "x", must be an RFC 3339 time',
  );
  assertEquals([readOpt(undefined, text), readOpt(null, text)], [undefined, null]);
});

Deno.test("times, quantities and durations", () => {
  assertEquals(fromTime(new Date("2026-01-01T00:00:00.000Z")), "2026-01-01T00:00:00Z");
  assertEquals(fromTime(new Date("2026-01-01T00:00:00.120Z")), "2026-01-01T00:00:00.120Z");
  assertEquals(toTime("2026-01-01T02:00:00+02:00"), new Date("2026-01-01T00:00:00Z"));
  assertEquals(toMicroTime("2026-01-01T00:00:00Z"), new MicroTime(new Date("2026-01-01T00:00:00Z"), 0));
  assertEquals(toMicroTime("2026-01-01T00:00:00.1234567Z"), new MicroTime(new Date("2026-01-01T00:00:00Z"), 123456));
  assertEquals(new MicroTime(new Date("2026-01-01T00:00:00Z"), 42).toISOString(), "2026-01-01T00:00:00.000042Z");
  assertEquals(["1.5Gi", "100m", "2e3", 7].map(toQuantity), [
    new Quantity(1.5, "Gi"),
    new Quantity(100, "m"),
    new Quantity(2, "e3"),
    new Quantity(7, ""),
  ]);
  assertEquals(toDuration("1h30m").serialize(), "1h30m");
  for (
    const [read, bad] of [[toTime, "2026-01-01"], [toQuantity, "1 Gi"], [toDuration, "30"], [toMicroTime, 5]] as const
  ) {
    assertThrows(() => read(bad), TypeError);
  }
});

Deno.test("toX(fromX(x)) is x: Lease and WorkflowExecution", () => {
  fc.assert(
    fc.property(
      anyLease,
      (x) => assertEquals(toLease(wire(fromLease(x))), { apiVersion: "coordination.k8s.io/v1", kind: "Lease", ...x }),
    ),
    { numRuns: 200, seed: 3 },
  );
  fc.assert(
    fc.property(anyExecution, (x) => {
      const read = toWorkflowExecution(wire(fromWorkflowExecution(x)));
      assertEquals(read, { apiVersion: "workflowexecution.kubernaut.ai/v1alpha1", kind: "WorkflowExecution", ...x });
    }),
    { numRuns: 200, seed: 3 },
  );
});

/** The waist's Status and the generated one are one type: a compile-time check in both directions. */
export const sameStatus: [(a: Status) => WatchStatus, (a: WatchStatus) => Status] = [(a) => a, (a) => a];

/** fc.record, but with the prototype that readers give; without `required` any field may be left out. */
function fields<T extends object, K extends keyof T>(
  model: { [Name in keyof T]: fc.Arbitrary<T[Name]> },
  options: { requiredKeys?: K[] } = {},
) {
  return fc.record<T, K>(model, { ...options, noNullPrototype: true });
}

const time = fc.date({ min: new Date("1970-01-01"), max: new Date("2100-01-01"), noInvalidDate: true });
const microTime = fc.tuple(fc.integer({ min: 0, max: 4e9 }), fc.integer({ min: 0, max: 999_999 }))
  .map(([seconds, micros]) => new MicroTime(new Date(seconds * 1000), micros));
const text = fc.string();
const words = fc.dictionary(text.filter((key) => key !== "__proto__"), text, { noNullPrototype: true });
const metadata = fields({
  name: text,
  labels: words,
  creationTimestamp: time,
  generation: fc.nat(),
  finalizers: fc.array(text),
}, { requiredKeys: [] });
const anyLease: fc.Arbitrary<Lease> = fields({
  metadata,
  spec: fields({ holderIdentity: text, acquireTime: microTime, renewTime: microTime, leaseTransitions: fc.nat() }, {
    requiredKeys: [],
  }),
}, { requiredKeys: [] });
const anyExecution: fc.Arbitrary<WorkflowExecution> = fields({
  metadata,
  spec: fields({
    remediationRequestRef: fields({ name: text, uid: text }, { requiredKeys: ["name"] }),
    workflowRef: fields({ workflowId: text, version: text, containerImage: text }),
    targetResource: text,
    parameters: words,
    confidence: fc.double({ min: 0, max: 1, noNaN: true }).map((value) => value + 0),
  }, { requiredKeys: ["remediationRequestRef", "workflowRef", "targetResource"] }),
  status: fields({
    phase: fc.constantFrom("Pending", "Running", "Completed", "Failed", "Skipped"),
    startTime: time,
    conditions: fc.array(
      fields({
        type: text,
        status: fc.constantFrom("True", "False", "Unknown"),
        reason: text,
        message: text,
        lastTransitionTime: time,
      }),
    ),
  }, { requiredKeys: [] }),
}, { requiredKeys: ["spec"] });

function spec(): JSONValue {
  return {
    remediationRequestRef: { name: "r" },
    workflowRef: { workflowId: "w", version: "1", containerImage: "i" },
    targetResource: "a/b/c",
  };
}

function wire(json: JSONValue): JSONValue {
  return JSON.parse(JSON.stringify(json));
}

function bookmarkVersion(event: JSONValue | undefined): string {
  return checkStr(checkObj(checkObj(checkObj(event)["object"])["metadata"])["resourceVersion"]);
}

/** Every value of `part` stands in `whole` at the same place. */
function assertPart(part: JSONValue, whole: JSONValue, place: string): void {
  if (Array.isArray(part)) {
    assertEquals(part.length, Array.isArray(whole) ? whole.length : -1, place);
    part.forEach((item, i) => assertPart(item, (whole as JSONValue[])[i] ?? null, `${place}[${i}]`));
  } else if (typeof part === "object" && part !== null) {
    for (const [key, value] of Object.entries(part)) assertPart(value, checkObj(whole)[key] ?? null, `${place}.${key}`);
  } else assertEquals(part, whole, place);
}
