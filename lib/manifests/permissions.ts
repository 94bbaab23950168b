// Every request that a running controller makes of the API server, and why: the one table that the Roles of deploy/, `doctor`
// and the tests read. Whoever lets the controller make another call adds its row here; a test compares the calls of whole
// controllers with this table, both ways. What a person's commands ask (explain, crds, doctor …) is that person's right.

import { apiGroup, plural } from "../workflow/names.ts";

/**
 * Where a call goes: the watched namespaces; those where runs may be (the watched and the execution namespace) or where runs
 * are created (the execution namespace, if there is one); the namespaces that the configuration names, be they watched or for
 * runs; the lock namespace; the cluster (what has no namespace); or to a path that every authenticated account may read (ClusterRole `system:public-info-viewer`), which no Role of ours repeats.
 */
export type Place = "watched" | "runs" | "newRuns" | "named" | "lock" | "cluster" | "public";

/** One call: a verb of RBAC on a resource, and what it is for. */
export interface Permission {
  readonly verb: "get" | "list" | "watch" | "create" | "update" | "patch" | "delete";
  /** API group; empty: the core group. */
  readonly group: string;
  readonly resource: string;
  readonly subresource: string;
  /** Instead of a resource, a path that is none. */
  readonly path?: string;
  readonly where: Place;
  /** A sentence for a person, without its full stop. */
  readonly why: string;
  /** Only with this switch of the configuration on. */
  readonly only?: "leaderElection" | "metricsAuth";
  /** The one object that is asked for by its name. */
  readonly name?: "leaderLease" | "lockNamespace";
  /**
   * Needed to end what was begun: bound for the whole cluster although the calls go to few namespaces. In a namespace that is
   * being deleted the RoleBindings may go before the executions, whose finalizers could then never be removed.
   */
  readonly outlivesNamespace?: true;
  /** No request of its own: the API server's admission asks for it when another is made. */
  readonly admission?: true;
}

/** What of a configuration decides which calls are made, and where. */
export interface PermissionScope {
  /** Watched namespaces; empty: all. */
  readonly namespaces: readonly string[];
  /** Where runs are created; empty: each execution's own namespace. */
  readonly executionNamespace: string;
  readonly lockNamespace: string;
  readonly leaderElection: boolean;
  /** Whether /metrics asks who its caller is. */
  readonly metricsAuth: boolean;
}

/** A permission in one namespace, or (empty) in the whole cluster; `objectName` is empty for all objects. */
export interface Grant {
  readonly permission: Permission;
  readonly namespace: string;
  readonly objectName: string;
}

const execution = { group: apiGroup, resource: plural, subresource: "" } as const;
const pipelineRun = { group: "tekton.dev", resource: "pipelineruns", subresource: "" } as const;
const lease = { group: "coordination.k8s.io", resource: "leases", subresource: "", where: "lock" } as const;
const leader = { ...lease, name: "leaderLease", only: "leaderElection" } as const;
const event = { group: "events.k8s.io", resource: "events", subresource: "", where: "watched" } as const;
const configMap = { group: "", resource: "configmaps", subresource: "", where: "lock" } as const;

/** The table. */
export const permissions: readonly Permission[] = [
  {
    ...execution,
    verb: "list",
    where: "watched",
    why: "fill the cache of executions, and see at the start that the CRD is there",
  },
  { ...execution, verb: "watch", where: "watched", why: "follow executions" },
  {
    ...execution,
    verb: "get",
    where: "watched",
    outlivesNamespace: true,
    why: "read an execution live before anything irreversible rests on its absence",
  },
  {
    ...execution,
    verb: "patch",
    where: "watched",
    outlivesNamespace: true,
    why: "write the claim and the finalizer before anything is created, and remove the finalizer when nothing is owed",
  },
  {
    ...execution,
    subresource: "status",
    verb: "patch",
    where: "watched",
    outlivesNamespace: true,
    why: "report phase, result and failure",
  },
  {
    ...execution,
    subresource: "finalizers",
    verb: "update",
    where: "newRuns",
    admission: true,
    why: "own a PipelineRun by a reference that blocks the execution's deletion (OwnerReferencesPermissionEnforcement)",
  },
  {
    ...pipelineRun,
    verb: "list",
    where: "runs",
    why: "fill the cache of runs, and see at the start that Tekton is there",
  },
  { ...pipelineRun, verb: "watch", where: "runs", why: "follow runs" },
  {
    ...pipelineRun,
    verb: "get",
    where: "runs",
    outlivesNamespace: true,
    why: "read a run live before its execution ends, its lock is released, or another takes its place",
  },
  { ...pipelineRun, verb: "create", where: "newRuns", why: "run the workflow" },
  { ...pipelineRun, verb: "patch", where: "runs", why: "start a run that was created pending, and cancel one" },
  { ...pipelineRun, verb: "delete", where: "runs", why: "remove the run of an execution that is deleted or gone" },
  {
    ...pipelineRun,
    resource: "taskruns",
    verb: "list",
    where: "runs",
    why: "tell which task and step failed, what a run is waiting for, and whether a cancelled one has ended",
  },
  { ...lease, verb: "list", why: "fill the cache of locks" },
  { ...lease, verb: "watch", why: "follow locks" },
  { ...lease, verb: "get", why: "read a lock live before it decides who runs" },
  { ...lease, verb: "create", why: "take a lock that nobody held before" },
  { ...lease, verb: "patch", why: "take, release and mend a lock by compare-and-swap" },
  { ...lease, verb: "delete", why: "remove a free lock whose cooldowns have run out" },
  { ...leader, verb: "update", why: "elect a leader, renew its Lease and give it back" },
  { ...event, verb: "create", why: "tell what happened where kubectl describe shows it" },
  { ...event, verb: "patch", why: "count an Event that repeats" },
  { ...configMap, verb: "list", why: "find audit events that were kept for executions that are gone" },
  {
    ...configMap,
    verb: "create",
    why: "keep audit events of an execution whose deletion cannot wait for the audit sink",
  },
  { ...configMap, verb: "delete", why: "remove audit events that were kept, once every sink has them" },
  {
    verb: "get",
    group: "",
    resource: "namespaces",
    subresource: "",
    where: "lock",
    name: "lockNamespace",
    why: "say at the start that the lock namespace is missing, and be ready only while the API server answers with it",
  },
  {
    verb: "get",
    group: "",
    resource: "serviceaccounts",
    subresource: "",
    where: "named",
    why: "warn at the start that the service account of PipelineRuns is missing",
  },
  {
    verb: "get",
    group: "",
    resource: "namespaces",
    subresource: "",
    where: "named",
    why: "warn at the start that a namespace is missing",
  },
  {
    verb: "create",
    group: "authentication.k8s.io",
    resource: "tokenreviews",
    subresource: "",
    where: "cluster",
    only: "metricsAuth",
    why: "find out who reads /metrics",
  },
  {
    verb: "create",
    group: "authorization.k8s.io",
    resource: "subjectaccessreviews",
    subresource: "",
    where: "cluster",
    only: "metricsAuth",
    why: "find out whether they may",
  },
  {
    verb: "get",
    group: "",
    resource: "",
    subresource: "",
    path: "/version",
    where: "public",
    why: "say at the start that the API server does not answer",
  },
];

/** The Lease of leader election, in the lock namespace. */
export const leaderLease = apiGroup;

/**
 * What a controller that runs so has to be granted, and nothing more: each row once for every namespace that it is about, the
 * empty one standing for all. Rows for public paths are left out: their right is the cluster's own.
 */
export function grantsOf(scope: PermissionScope): Grant[] {
  return permissions
    .filter(({ only, where }) => where !== "public" && (only === undefined || scope[only]))
    .flatMap((permission) =>
      namespacesOf(permission, scope).map((namespace) => ({
        permission,
        namespace,
        objectName: objectNameOf(permission, scope),
      }))
    );
}

function namespacesOf({ where, outlivesNamespace }: Permission, scope: PermissionScope): readonly string[] {
  const watched = scope.namespaces.length === 0 ? [""] : [...new Set(scope.namespaces)];
  if (where === "lock") return [scope.lockNamespace];
  if (where === "cluster" || outlivesNamespace) return [""];
  if (where === "named") return [...new Set([...scope.namespaces, scope.executionNamespace])].filter((name) => name);
  if (where === "watched" || !scope.executionNamespace) return watched;
  if (where === "newRuns") return [scope.executionNamespace];
  return watched.includes("") ? [""] : [...new Set([...watched, scope.executionNamespace])];
}

/** The name of the only object that a row is about; empty for all. */
export function objectNameOf({ name }: Permission, { lockNamespace }: PermissionScope): string {
  if (name === "leaderLease") return leaderLease;
  return name === "lockNamespace" ? lockNamespace : "";
}
