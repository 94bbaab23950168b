// The table of calls against a whole program under RBAC, with the account and the roles of deploy/: one long story in which
// everything happens that makes it call. It makes no call that is not in the table, the table has no row that it never calls,
// and each right that is taken away refuses exactly the calls of its row.

import { assert, assertEquals } from "@std/assert";
import { ManualClock } from "../../lib/clock.ts";
import { rights } from "../../lib/cli/doctor/rights.ts";
import type { JSONObject } from "../../lib/kube/contract.ts";
import { defaultInstallation } from "../../lib/manifests/installation.ts";
import { objectsOf } from "../../lib/manifests/objects.ts";
import { readInstallation } from "../../lib/manifests/print.ts";
import { type Permission, permissions } from "../../lib/manifests/permissions.ts";
import { ApiServer, type RequestLogEntry } from "../../lib/sim/api_server.ts";
import { type Attributes, authorize } from "../../lib/sim/rbac.ts";
import { manifest } from "../support/builders.ts";
import { statusOf, untilPhase } from "../support/story.ts";
import type { World } from "../support/world.ts";
import { install, SecuredProgram, tokenOf, userOf } from "./secured_program.ts";

const installation = defaultInstallation("0.0.0");

/** A call as the table has it. */
function keyOf(of: Pick<Permission, "verb" | "group" | "resource" | "subresource" | "path"> | RequestLogEntry): string {
  const { verb, group, resource, subresource, path = "" } = of;
  return resource ? `${verb} ${resource}${subresource && `/${subresource}`} ${group}`.trimEnd() : `${verb} ${path}`;
}

/** Everything that a controller may come to do, and each request that it made. */
async function story(): Promise<RequestLogEntry[]> {
  await using secured = await SecuredProgram.start(installation);
  const { world, program } = secured;
  {
    await using servers = await program.serve();
    await scrape(world, servers.metrics.address.port);
  }
  await runs(world);
  await waitsTwice(world);
  await deletedWhileNothingTakesAudit(secured);
  await secured.until("locks are gone", () => world.list("leases").length === 1);
  await secured.stop();
  return secured.requests();
}

/** Prometheus with its own token reads /metrics. */
async function scrape(world: World, port: number): Promise<void> {
  const token = tokenOf(world.server, installation.namespace, `${installation.name}-metrics-reader`);
  const headers = { authorization: `Bearer ${token}` };
  const response = await world.finish(fetch(`http://127.0.0.1:${port}/metrics`, { headers }));
  await response.body?.cancel();
  assertEquals(response.status, 200);
}

/** One that succeeds, one that fails, and one that finds its target locked. */
async function runs(world: World): Promise<void> {
  world.server.install(manifest({ name: "well", target: "payment/deployment/well" }));
  world.server.install(manifest({ name: "badly", target: "payment/deployment/badly", image: "exit-code" }));
  world.server.install(manifest({ name: "long", target: "payment/deployment/long", image: "hang" }));
  await untilPhase(world, "well", "Completed");
  await untilPhase(world, "badly", "Failed");
  await untilPhase(world, "long", "Running");
  world.server.install(manifest({ name: "late", target: "payment/deployment/long", workflow: "other" }));
  await untilPhase(world, "late", "Skipped");
}

/** The same Event twice: a pod that cannot be scheduled, and after a change of its run still cannot. */
async function waitsTwice(world: World): Promise<void> {
  world.server.install(manifest({ name: "waiting", target: "payment/deployment/waiting", image: "unschedulable" }));
  const says = () => /exceeded/i.test(statusOf(world, "waiting").pipelineRunStatus?.reason ?? "");
  await world.until("it waits", says);
  const run = statusOf(world, "waiting").pipelineRunRef?.name;
  const path = `/apis/tekton.dev/v1/namespaces/payment/pipelineruns/${run}`;
  await world.request("PATCH", path, { metadata: { annotations: { changed: "by somebody" } } });
  await world.until("its run has changed", () => !says());
  await world.until("it waits again", says);
}

/** What is owed for it is kept in a ConfigMap until the audit trail can be written. */
async function deletedWhileNothingTakesAudit(secured: SecuredProgram): Promise<void> {
  const { world } = secured;
  for (const name of ["long", "waiting"]) await world.request("DELETE", executionPath(name));
  const kept = () => world.list("configmaps", "kubernaut-system").filter(({ immutable }) => immutable === true);
  await secured.until("its events are kept", () => kept().length > 0);
  await secured.untilGone("long");
  await secured.letAuditBeWritten();
  await secured.until("what was kept is delivered", () => kept().length === 0);
}

/** Told once for all tests of this file. */
let told: Promise<RequestLogEntry[]> | undefined;
const requests = () => told ??= story();

Deno.test("under the account and roles of deploy/ a whole story is allowed, and calls the table's rows and nothing else", async () => {
  const made = await requests();
  assertEquals(made.filter(({ code }) => code === 403 || code === 401), []);
  const rows = permissions.filter(({ admission, where }) => !admission && where !== "named").map(keyOf);
  assertEquals([...new Set(made.map(keyOf))].toSorted(), rows.toSorted());
});

for (const row of permissions.filter(({ where, admission }) => !["public", "named"].includes(where) && !admission)) {
  Deno.test(`without the right to ${keyOf(row)} exactly that is refused`, async () => {
    const calls = new Map((await requests()).map((entry) => [keyOf(entry) + entry.namespace + entry.name, entry]));
    using server = new ApiServer({ clock: new ManualClock(), authorization: "rbac" });
    install(
      server,
      objectsOf(installation, { runnerNamespaces: [], monitoring: false }).map((object) => without(object, row)),
    );
    const who = { username: userOf(installation), groups: ["system:authenticated"] };
    const refused = [...calls.values()].filter((entry) => !authorize(server.storage, who, attributesOf(entry)).allowed);
    assert(refused.length > 0, "a call of the story fails");
    assertEquals([...new Set(refused.map(keyOf))], [keyOf(row)]);
  });
}

Deno.test("with some namespaces and a dedicated one, an execution runs, fails and is deleted within its rights", async () => {
  const flags = ["--namespaces", "payment", "--execution-namespace", "apps", "--two-accounts"];
  await using secured = await SecuredProgram.start(readInstallation(flags, "0.0.0").installation);
  await secured.letAuditBeWritten();
  await runs(secured.world);
  await secured.world.request("DELETE", executionPath("long"));
  await secured.untilGone("long");
  await secured.stop();
  assertEquals(secured.requests().filter(({ code }) => code === 403), []);
  const looked = secured.requests().filter(({ resource }) => ["namespaces", "serviceaccounts"].includes(resource));
  assertEquals([...new Set(looked.map((entry) => `${keyOf(entry)} in ${entry.namespace}`))].toSorted(), [
    "get namespaces in kubernaut-system",
    "get namespaces in payment",
    "get serviceaccounts in apps",
  ]);
  const places = new Set(
    secured.requests().filter(({ verb }) => verb !== "get").map(({ resource, namespace }) =>
      `${resource} ${namespace}`
    ),
  );
  assertEquals([...places].filter((place) => /^(pipelineruns|workflowexecutions|events)/.test(place)).toSorted(), [
    "events payment",
    "pipelineruns apps",
    "pipelineruns payment",
    "workflowexecutions payment",
  ]);
});

Deno.test("an execution can still be ended in a namespace whose RoleBindings went first, as a deletion may take them", async () => {
  await using secured = await SecuredProgram.start(readInstallation(["--namespaces", "payment"], "0.0.0").installation);
  await secured.letAuditBeWritten();
  const { world } = secured;
  await runs(world);
  const rbac = "/apis/rbac.authorization.k8s.io/v1/namespaces/payment/rolebindings";
  for (const { metadata } of world.list("rolebindings", "payment")) {
    await world.request("DELETE", `${rbac}/${(metadata as JSONObject).name}`);
  }
  await world.request("DELETE", executionPath("long"));
  await world.request(
    "DELETE",
    `/apis/tekton.dev/v1/namespaces/payment/pipelineruns/${statusOf(world, "long").pipelineRunRef?.name}`,
  );
  await secured.untilGone("long");
  assert(secured.requests().some(({ code }) => code === 403), "some rights were gone");
  await secured.stop();
});

for (const flags of [[], ["--namespaces", "payment", "--execution-namespace", "apps"]]) {
  Deno.test(`doctor, asked as the controller's account with ${flags.length} flags, finds every right of the table`, async () => {
    const { installation } = readInstallation(flags, "0.0.0");
    await using secured = await SecuredProgram.start(installation);
    const { client, config, world } = secured;
    const leading = { ...config, leaderElection: true };
    const patient = { client, config: leading, clock: world.clock, account: undefined, serverTime: () => undefined };
    const found = await world.finish(rights(patient));
    assertEquals(found.filter(({ status }) => status !== "ok"), []);
    assertEquals(found.length, 1);
    await secured.letAuditBeWritten();
    await secured.stop();
  });
}

function executionPath(name: string): string {
  return `/apis/workflowexecution.kubernaut.ai/v1alpha1/namespaces/payment/workflowexecutions/${name}`;
}

/** A Role without the verb of this row; everything else as it is. */
function without(object: JSONObject, row: Permission): JSONObject {
  if (!Array.isArray(object.rules)) return object;
  const resource = row.resource + (row.subresource && `/${row.subresource}`);
  const rules =
    (object.rules as { apiGroups: string[]; resources: string[]; verbs: string[]; resourceNames?: string[] }[])
      .map((rule) => {
        const its = rule.apiGroups.includes(row.group) && rule.resources.includes(resource) &&
          (rule.resourceNames !== undefined) === (row.name !== undefined);
        return its ? { ...rule, verbs: rule.verbs.filter((verb) => verb !== row.verb) } : rule;
      });
  return { ...object, rules };
}

function attributesOf({ verb, group, resource, subresource, namespace, name, path }: RequestLogEntry): Attributes {
  const asked = { verb, group, resource, subresource, namespace, name };
  return resource ? asked : { ...asked, path };
}
