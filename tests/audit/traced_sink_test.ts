// Audit deliveries in traces: whose trace a delivery belongs to, and what its span says of the outcome. What the sink does stays
// as it is.

import { assertEquals, assertRejects } from "@std/assert";
import type { AuditEvent } from "../../lib/audit/event.ts";
import type { Delivery, Sink } from "../../lib/audit/sink.ts";
import { type AuditTracing, TracedSink } from "../../lib/audit/traced_sink.ts";
import type { Span } from "../../lib/traces.ts";
import { RecordedTracing } from "../support/recorded_tracing.ts";
import { oneEvent } from "./harness.ts";

/** A sink that answers as it is told, and a tracing that knows these executions (by name). */
function traced(answer: () => Promise<Delivery>, known: readonly string[]) {
  const tracing = new RecordedTracing();
  const spans = new Map<string, Span>(known.map((name) => [`uid-${name}`, tracing.start("WorkflowExecution")]));
  const given: AuditEvent[][] = [];
  const sink: Sink = {
    name: "a sink",
    largestBatch: 7,
    takes: ({ resource_id }) => resource_id !== "other",
    deliver: (events) => {
      given.push([...events]);
      return answer();
    },
    setAside: (_, reason) => Promise.resolve({ outcome: "refused", reason }),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  const auditTracing: AuditTracing = {
    start: (name, o) => tracing.start(name, o),
    naming: () => tracing.naming(),
    spanOf: (uid) => spans.get(uid),
  };
  const of = (name: string) => spans.get(`uid-${name}`)?.traceparent ?? "";
  return { sink: new TracedSink(sink, auditTracing), deliveries: () => tracing.spans.slice(known.length), given, of };
}

const delivered = () => Promise.resolve<Delivery>({ outcome: "delivered" });
const never = new AbortController().signal;

Deno.test("a delivery about one execution is in its trace", async () => {
  const { sink, deliveries, given, of } = traced(delivered, ["a", "b"]);
  const events = [oneEvent("a"), oneEvent("a")];
  assertEquals(await sink.deliver(events, never), { outcome: "delivered" });
  assertEquals(given, [events]);
  assertEquals(
    deliveries().map(({ name, parent, links, attributes, error, ended }) => ({
      name,
      parent,
      links,
      attributes,
      error,
      ended,
    })),
    [{
      name: "deliver audit events",
      parent: of("a"),
      links: [],
      attributes: {
        "kubernaut.audit.sink": "a sink",
        "kubernaut.audit.events": 2,
        "kubernaut.audit.outcome": "delivered",
      },
      error: undefined,
      ended: true,
    }],
  );
});

const whose: [sentence: string, about: string[], parent: string, links: string[]][] = [
  ["about several executions is linked to each", ["a", "b", "a"], "", ["a", "b"]],
  ["about one that is known and one that is not is linked to the one", ["a", "x"], "", ["a"]],
  ["about one that nobody traces has a trace of its own", ["x"], "", []],
];
for (const [sentence, about, parent, links] of whose) {
  Deno.test(`a delivery ${sentence}`, async () => {
    const { sink, deliveries, of } = traced(delivered, ["a", "b"]);
    await sink.deliver(about.map(oneEvent), never);
    const [span] = deliveries();
    assertEquals([span?.parent, span?.links], [parent, links.map(of)]);
  });
}

for (const outcome of ["failed", "refused"] as const) {
  Deno.test(`a delivery that has ${outcome} says why`, async () => {
    const { sink, deliveries } = traced(() => Promise.resolve({ outcome, reason: "503: not now" }), ["a"]);
    assertEquals(await sink.deliver([oneEvent("a")], never), { outcome, reason: "503: not now" });
    const [span] = deliveries();
    assertEquals([span?.error, span?.attributes["kubernaut.audit.outcome"], span?.ended], [
      "503: not now",
      outcome,
      true,
    ]);
  });
}

Deno.test("a delivery that is broken off ends its span, and rejects as before", async () => {
  const { sink, deliveries } = traced(() => Promise.reject(new Error("stopping")), ["a"]);
  await assertRejects(() => sink.deliver([oneEvent("a")], never), Error, "stopping");
  assertEquals(deliveries().map(({ error, ended }) => [error, ended]), [["stopping", true]]);
});

Deno.test("everything else of the sink is as it was", async () => {
  const { sink } = traced(delivered, []);
  assertEquals([sink.name, sink.largestBatch], ["a sink", 7]);
  assertEquals([sink.takes?.(oneEvent("a")), sink.takes?.(oneEvent("other"))], [true, false]);
  assertEquals(await sink.setAside(oneEvent("a"), "why"), { outcome: "refused", reason: "why" });
});
