// What a controller is granted, worked out from the table of its calls and from where it is to work.
import { assertEquals } from "@std/assert";
import { type Grant, grantsOf, permissions, type PermissionScope } from "../../lib/manifests/permissions.ts";

const everywhere: PermissionScope = {
  namespaces: [],
  executionNamespace: "",
  lockNamespace: "kubernaut-system",
  leaderElection: true,
  metricsAuth: true,
};

function called({ permission, namespace, objectName }: Grant): string {
  const { verb, resource, subresource } = permission;
  const what = `${verb} ${resource}${subresource && `/${subresource}`}${objectName && ` ${objectName}`}`;
  return namespace ? `${what} in ${namespace}` : what;
}

/** Of the grants, those on these resources. */
function on(scope: PermissionScope, ...resources: string[]): string[] {
  return grantsOf(scope).filter(({ permission }) => resources.includes(permission.resource)).map(called);
}

Deno.test("permissions: no call stands twice in the table, and each says why", () => {
  const calls = permissions.map(({ verb, group, resource, subresource, where, path = "" }) =>
    [verb, group, resource, subresource, where, path].join(" ")
  );
  assertEquals(calls, [...new Set(calls)]);
  assertEquals(permissions.filter(({ why }) => why.length < 10 || /[.\n]$/.test(why)), []);
});

Deno.test("grantsOf: who watches everything is granted executions and runs in the whole cluster", () => {
  assertEquals(on(everywhere, "workflowexecutions", "pipelineruns", "taskruns", "events"), [
    "list workflowexecutions",
    "watch workflowexecutions",
    "get workflowexecutions",
    "patch workflowexecutions",
    "patch workflowexecutions/status",
    "update workflowexecutions/finalizers",
    "list pipelineruns",
    "watch pipelineruns",
    "get pipelineruns",
    "create pipelineruns",
    "patch pipelineruns",
    "delete pipelineruns",
    "list taskruns",
    "create events",
    "patch events",
  ]);
});

Deno.test("grantsOf: locks and kept audit events are granted in the lock namespace alone", () => {
  assertEquals(on(everywhere, "leases", "configmaps", "namespaces"), [
    "list leases in kubernaut-system",
    "watch leases in kubernaut-system",
    "get leases in kubernaut-system",
    "create leases in kubernaut-system",
    "patch leases in kubernaut-system",
    "delete leases in kubernaut-system",
    "update leases workflowexecution.kubernaut.ai in kubernaut-system",
    "list configmaps in kubernaut-system",
    "create configmaps in kubernaut-system",
    "delete configmaps in kubernaut-system",
    "get namespaces kubernaut-system in kubernaut-system",
  ]);
});

Deno.test("grantsOf: with an execution namespace runs are created there alone, and still followed everywhere", () => {
  assertEquals(on({ ...everywhere, executionNamespace: "runs" }, "pipelineruns", "taskruns"), [
    "list pipelineruns",
    "watch pipelineruns",
    "get pipelineruns",
    "create pipelineruns in runs",
    "patch pipelineruns",
    "delete pipelineruns",
    "list taskruns",
  ]);
});

Deno.test("grantsOf: what ends an execution is granted in the whole cluster although few namespaces are watched", () => {
  const few = { ...everywhere, namespaces: ["a", "b", "a"], executionNamespace: "runs" };
  assertEquals(on(few, "workflowexecutions"), [
    "list workflowexecutions in a",
    "list workflowexecutions in b",
    "watch workflowexecutions in a",
    "watch workflowexecutions in b",
    "get workflowexecutions",
    "patch workflowexecutions",
    "patch workflowexecutions/status",
    "update workflowexecutions/finalizers in runs",
  ]);
  assertEquals(on(few, "taskruns", "events"), [
    "list taskruns in a",
    "list taskruns in b",
    "list taskruns in runs",
    "create events in a",
    "create events in b",
    "patch events in a",
    "patch events in b",
  ]);
});

Deno.test("grantsOf: what is switched off is not granted, and what everybody may is nobody's grant", () => {
  const grants = grantsOf({ ...everywhere, leaderElection: false, metricsAuth: false });
  const called = grants.map(({ permission }) => permission);
  assertEquals(called.filter(({ only, path }) => only !== undefined || path !== undefined), []);
  assertEquals(
    called.length,
    permissions.filter(({ only, path, where }) => only === undefined && path === undefined && where !== "named").length,
  );
});

Deno.test("grantsOf: service accounts may be looked at where runs are created, if these namespaces are named", () => {
  assertEquals(on(everywhere, "serviceaccounts"), []);
  assertEquals(on({ ...everywhere, namespaces: ["a", "b"] }, "serviceaccounts"), [
    "get serviceaccounts in a",
    "get serviceaccounts in b",
  ]);
  assertEquals(on({ ...everywhere, executionNamespace: "runs" }, "serviceaccounts"), ["get serviceaccounts in runs"]);
});
