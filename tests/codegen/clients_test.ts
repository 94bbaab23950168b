// What each method of a generated client puts on the wire, and what it makes of the answer: over real HTTP.
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { CoordinationV1Api } from "@cloudydeno/kubernetes-apis/coordination.k8s.io/v1";
import { CoreV1Api } from "@cloudydeno/kubernetes-apis/core/v1";
import { AuthenticationV1Api } from "@cloudydeno/kubernetes-apis/authentication.k8s.io/v1";
import { getPatchContentType, type PatchType } from "@cloudydeno/kubernetes-apis/common.ts";
import { WorkflowexecutionV1alpha1Api } from "../../generated/workflowexecution.kubernaut.ai/v1alpha1.ts";
import { TektonV1Api } from "../../generated/tekton.dev/v1.ts";
import { StatusError } from "../../lib/kube/errors.ts";
import { recordingServer, type SentRequest } from "./recording_server.ts";

const leases = "/apis/coordination.k8s.io/v1/namespaces/apps/leases";
const lease = { apiVersion: "coordination.k8s.io/v1", kind: "Lease", metadata: { name: "a" } };
const list = {
  apiVersion: "coordination.k8s.io/v1",
  kind: "LeaseList",
  metadata: { resourceVersion: "9" },
  items: [lease],
};
const status = { apiVersion: "v1", kind: "Status", status: "Success" };

type Leases = ReturnType<CoordinationV1Api["namespace"]>;
for (
  const [name, call, answer, sent] of [
    ["list", (api) => api.getLeaseList({ labelSelector: "a=b", limit: 5 }), list, {
      method: "GET",
      path: `${leases}?labelSelector=a%3Db&limit=5`,
    }],
    ["create", (api) => api.createLease({ metadata: { name: "a" } }, { fieldManager: "we" }), lease, {
      method: "POST",
      path: `${leases}?fieldManager=we`,
      type: "application/json",
      body: lease,
    }],
    ["get", (api) => api.getLease("a"), lease, { method: "GET", path: `${leases}/a` }],
    ["replace", (api) => api.replaceLease("a", { metadata: { name: "a" } }), lease, {
      method: "PUT",
      path: `${leases}/a`,
      type: "application/json",
      body: lease,
    }],
    ["merge patch", (api) => api.patchLease("a", "json-merge", { metadata: { labels: null } }), lease, {
      method: "PATCH",
      path: `${leases}/a`,
      type: "application/merge-patch+json",
      body: { ...lease, metadata: { labels: null } },
    }],
    ["JSON patch", (api) => api.patchLease("a", "json-patch", [{ op: "remove", path: "/spec" }]), lease, {
      method: "PATCH",
      path: `${leases}/a`,
      type: "application/json-patch+json",
      body: [{ op: "remove", path: "/spec" }],
    }],
    [
      "apply",
      (api) => api.patchLease("a", "apply-patch", { metadata: { name: "a" } }, { force: true, fieldManager: "we" }),
      lease,
      {
        method: "PATCH",
        path: `${leases}/a?force=true&fieldManager=we`,
        type: "application/apply-patch+yaml",
        body: lease,
      },
    ],
    ["delete", (api) => api.deleteLease("a", { propagationPolicy: "Foreground" }), status, {
      method: "DELETE",
      path: `${leases}/a?propagationPolicy=Foreground`,
    }],
    ["delete of what still has a finalizer", (api) => api.deleteLease("a"), lease, {
      method: "DELETE",
      path: `${leases}/a`,
    }],
    ["delete all", (api) => api.deleteLeaseList({ labelSelector: "x" }), list, {
      method: "DELETE",
      path: `${leases}?labelSelector=x`,
    }],
    ["a name that would reach elsewhere", (api) => api.getLease("a/../b?c"), lease, {
      method: "GET",
      path: `${leases}/a%2F..%2Fb%3Fc`,
    }],
  ] satisfies [string, (api: Leases) => Promise<object>, object, SentRequest][]
) {
  Deno.test(`a client of a namespace sends one request and reads the answer: ${name}`, async () => {
    await using server = recordingServer(() => Response.json(answer));
    const read = await call(new CoordinationV1Api(server.client).namespace("apps"));
    assertEquals(server.requests, [sent]);
    assertEquals<object>(read, answer);
  });
}

Deno.test("clients of cluster-scoped kinds, of the core group and of the status subresource use their own paths", async () => {
  const execution = {
    apiVersion: "workflowexecution.kubernaut.ai/v1alpha1",
    kind: "WorkflowExecution",
    spec: executionSpec,
  };
  const answers = [
    { apiVersion: "v1", kind: "Namespace" },
    { apiVersion: "authentication.k8s.io/v1", kind: "TokenReview", spec: {}, status: { authenticated: true } },
    execution,
    { apiVersion: "tekton.dev/v1", kind: "PipelineRunList", metadata: {}, items: [] },
  ];
  await using server = recordingServer(() => Response.json(answers.shift()));
  await new CoreV1Api(server.client).getNamespace("apps");
  const review = await new AuthenticationV1Api(server.client).createTokenReview({ spec: { token: "t" } });
  const executions = new WorkflowexecutionV1alpha1Api(server.client).namespace("apps");
  await executions.patchWorkflowExecutionStatus("a", "json-merge", { status: { startTime: new Date(1500) } });
  await new TektonV1Api(server.client).getPipelineRunListForAllNamespaces();
  assertEquals(review.status, { authenticated: true });
  assertEquals(server.requests, [
    { method: "GET", path: "/api/v1/namespaces/apps" },
    {
      method: "POST",
      path: "/apis/authentication.k8s.io/v1/tokenreviews",
      type: "application/json",
      body: { apiVersion: "authentication.k8s.io/v1", kind: "TokenReview", spec: { token: "t" } },
    },
    {
      method: "PATCH",
      path: "/apis/workflowexecution.kubernaut.ai/v1alpha1/namespaces/apps/workflowexecutions/a/status",
      type: "application/merge-patch+json",
      body: {
        apiVersion: "workflowexecution.kubernaut.ai/v1alpha1",
        kind: "WorkflowExecution",
        status: { startTime: "1970-01-01T00:00:01.500Z" },
      },
    },
    { method: "GET", path: "/apis/tekton.dev/v1/pipelineruns" },
  ]);
});

Deno.test("a watch yields typed events, and fails at one that does not fit", async () => {
  const events = [
    { type: "ADDED", object: lease },
    {
      type: "BOOKMARK",
      object: { kind: "Lease", apiVersion: "coordination.k8s.io/v1", metadata: { resourceVersion: "7" } },
    },
    { type: "ERROR", object: { ...status, code: 410 } },
    { type: "MODIFIED", object: { ...lease, spec: { leaseTransitions: "1" } } },
  ];
  await using server = recordingServer(() =>
    new Response(events.map((event) => JSON.stringify(event) + "\n").join(""))
  );
  const api = new CoordinationV1Api(server.client);
  const stream = await api.watchLeaseListForAllNamespaces({ resourceVersion: "5", allowWatchBookmarks: true });
  const seen: unknown[] = [];
  await assertRejects(
    async () => {
      for await (const event of stream) seen.push(event);
    },
    TypeError,
    'watch event 4: Lease.spec.leaseTransitions is "1", must be a number',
  );
  assertEquals(seen, [events[0], { type: "BOOKMARK", object: { metadata: { resourceVersion: "7" } } }, events[2]]);
  const path = "/apis/coordination.k8s.io/v1/leases?resourceVersion=5&allowWatchBookmarks=true&watch=1";
  assertEquals(server.requests, [{ method: "GET", path }]);
});

Deno.test("an answer other than 2xx, and an answer of another kind, reject", async () => {
  const gone = { ...status, status: "Failure", reason: "NotFound", code: 404, details: { kind: "leases", name: "a" } };
  const answers = [Response.json(gone, { status: 404 }), Response.json({ ...lease, kind: "Event" })];
  await using server = recordingServer(() => answers.shift() ?? new Response());
  const api = new CoordinationV1Api(server.client).namespace("apps");
  const error = await assertRejects(() => api.getLease("a"), StatusError);
  assertEquals(error.objectNotFound, true);
  await assertRejects(
    () => api.getLease("a"),
    TypeError,
    "is coordination.k8s.io/v1 Event, must be coordination.k8s.io/v1 Lease",
  );
});

Deno.test("a name or namespace that is empty or a step upwards is refused before anything is sent", async () => {
  await using server = recordingServer(() => Response.json(lease));
  const api = new CoordinationV1Api(server.client);
  assertThrows(() => api.namespace(".."), TypeError, 'Cannot address an object named ".."');
  assertThrows(() => api.myNamespace(), Error, "The client has no default namespace");
  await assertRejects(() => api.namespace("apps").getLease(""), TypeError, 'Cannot address an object named ""');
  assertEquals(server.requests, []);
});

Deno.test("getPatchContentType knows every type of patch", () => {
  const types: PatchType[] = ["strategic-merge", "json-merge", "json-patch", "apply-patch"];
  assertEquals(types.map(getPatchContentType), [
    "application/strategic-merge-patch+json",
    "application/merge-patch+json",
    "application/json-patch+json",
    "application/apply-patch+yaml",
  ]);
});

const executionSpec = {
  remediationRequestRef: { name: "r" },
  workflowRef: { workflowId: "w", version: "1", containerImage: "i" },
  targetResource: "a/b/c",
};
