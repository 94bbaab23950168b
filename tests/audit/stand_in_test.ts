// The stand-in Data Storage Service answers as the real one was seen to: what a test with it proves is worth no more than that.

import { assertEquals } from "@std/assert";
import { dataStorageForm } from "../../lib/audit/data_storage.ts";
import { eventsOf } from "../../lib/audit/event.ts";
import { ManualClock } from "../../lib/clock.ts";
import type { JSONObject, JSONValue } from "../../lib/kube/contract.ts";
import { DataStorage } from "../support/data_storage.ts";
import { completed, failed, skipped, startMs } from "./harness.ts";

const url = "http://stand-in/api/v1/audit/events";
const [started, finished] = eventsOf(completed()).map((event) => dataStorageForm(event, startMs)) as [
  JSONObject,
  JSONObject,
];
const failure = dataStorageForm(eventsOf(failed())[1]!, startMs);
const skip = dataStorageForm(eventsOf(skipped())[0]!, startMs);

function withData(event: JSONObject, data: JSONObject): JSONObject {
  return { ...event, event_data: { ...event["event_data"] as JSONObject, ...data } };
}

function typed(event: JSONObject, event_type: string): JSONObject {
  return withData({ ...event, event_type }, { event_type });
}

const after = (ms: number) => new Date(startMs + ms).toISOString();
const hour = 3600_000;

const bodies: Record<string, [body: JSONValue, status: number]> = {
  "a start": [[started], 201],
  "an end": [[finished], 201],
  "a failure": [[failure], 201],
  "a skip as a selection that is completed, Pending": [[skip], 201],
  "further keys in event_data": [[withData(finished, { anything: "else" })], 201],
  "an event_type that it does not know": [[typed(skip, "workflowexecution.workflow.skipped")], 400],
  "the phase Skipped": [[withData(skip, { phase: "Skipped" })], 400],
  "the outcome skipped": [[{ ...skip, event_outcome: "skipped" }], 400],
  "a failure_reason outside its list": [[withData(failure, { failure_reason: "StepFailed" })], 400],
  "a correlation id of 255 characters": [[{ ...finished, correlation_id: "x".repeat(255) }], 201],
  "a correlation id of 256 characters": [[{ ...finished, correlation_id: "x".repeat(256) }], 400],
  "an empty correlation id": [[{ ...finished, correlation_id: "" }], 400],
  "no workflow_id": [[withData(finished, { workflow_id: null })], 400],
  "a time of seven days ago": [[{ ...finished, event_timestamp: after(-7 * 24 * hour) }], 201],
  "a time before that": [[{ ...finished, event_timestamp: after(-7 * 24 * hour - 1) }], 400],
  "a time ten minutes ahead": [[{ ...finished, event_timestamp: after(hour / 6) }], 201],
  "a time more than two hours ahead": [[{ ...finished, event_timestamp: after(2 * hour + 1) }], 400],
  "a time that is none": [[{ ...finished, event_timestamp: "yesterday" }], 400],
  "event_data of a megabyte": [[withData(finished, { rationale: "x".repeat(1_000_000) })], 400],
  "500 events": [Array.from({ length: 500 }, () => finished), 201],
  "501 events": [Array.from({ length: 501 }, () => finished), 400],
  "no event": [[], 400],
  "an object in place of an array": [finished, 400],
  "one bad event among good ones": [[started, { ...finished, event_outcome: "skipped" }], 400],
};

const post = (body: JSONValue, headers: Record<string, string> = {}) =>
  new Request(`${url}/batch`, { method: "POST", body: JSON.stringify(body), headers });

for (const [what, [body, status]] of Object.entries(bodies)) {
  Deno.test(`the stand-in answers ${status} to ${what}`, async () => {
    const storage = new DataStorage(new ManualClock());
    const answer = await storage.handle(post(body)) as Response;
    assertEquals(answer.status, status);
    assertEquals(storage.stored.length, status === 201 ? (body as JSONValue[]).length : 0, "all or none are stored");
    const problem = status === 201 ? undefined : "application/problem+json";
    if (problem) assertEquals(answer.headers.get("content-type"), problem);
    await answer.body?.cancel();
  });
}

const accounts: Record<string, [authorization: string | undefined, status: number]> = {
  "no token": [undefined, 401],
  "a token that it does not know": ["Bearer old", 401],
  "the token of an account without a Role": ["Bearer without-role", 403],
  "a token in another form": ["good", 401],
  "the token of an account with its Role": ["Bearer good", 200],
};
for (const [who, [authorization, status]] of Object.entries(accounts)) {
  Deno.test(`the stand-in answers ${status} to a question and ${status === 200 ? 201 : status} to events with ${who}`, async () => {
    const storage = new DataStorage(new ManualClock());
    for (const token of ["good", "without-role"]) storage.tokens.add(token);
    storage.withoutRole.add("without-role");
    const headers: Record<string, string> = authorization ? { authorization } : {};
    const statuses = [];
    for (const request of [new Request(url, { headers }), post([finished], headers)]) {
      const answer = await storage.handle(request) as Response;
      statuses.push(answer.status);
      await answer.body?.cancel();
    }
    assertEquals(statuses, [status, status === 200 ? 201 : status]);
  });
}

Deno.test("the stand-in gives each row an id of its own, twice the same event two rows", async () => {
  const storage = new DataStorage(new ManualClock());
  const mine = { ...finished, event_id: "11111111-1111-4111-8111-111111111111" };
  for (let i = 0; i < 2; i++) await (await storage.handle(post([mine])) as Response).body?.cancel();
  const { data, pagination } = await (await storage.handle(new Request(url)) as Response).json();
  assertEquals(pagination.total, 2);
  assertEquals(new Set(data.map(({ event_id }: { event_id: string }) => event_id)).size, 2);
  assertEquals(data.some(({ event_id }: { event_id: string }) => event_id === mine.event_id), false);
});
