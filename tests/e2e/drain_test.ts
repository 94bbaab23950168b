// doctor and drain as an operator runs them against a real cluster: the diagnosis before, the refusal of new executions, the end
// of what runs, and everything let in again.

import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { openDoor } from "../../lib/cli/drain/door.ts";
import type { Finding } from "../../lib/cli/doctor/finding.ts";
import { StatusError } from "../../lib/kube/errors.ts";
import { type Cluster, e2e, metadataOf } from "./cluster.ts";
import { ControllerProcess } from "./controller_process.ts";

/** Runs a command to its end, in the tests' namespace, which has the locks, too. */
async function run(cluster: Cluster, ...args: string[]): Promise<{ code: number; text: string }> {
  const scope = ["--namespaces", cluster.namespace, "--lock-namespace", cluster.namespace];
  await using process = await ControllerProcess.spawn([...args, ...scope]);
  const { code } = await process.end(120_000);
  return { code, text: await process.log() };
}

const ports = ["--health-address", "127.0.0.1:0", "--metrics-address", "127.0.0.1:0"];

e2e("doctor", async (cluster, t) => {
  await t.step("finds nothing to mend on a good cluster", async () => {
    const { code, text } = await run(cluster, "doctor", "-o", "json", ...ports);
    const { ok, findings } = JSON.parse(text) as { ok: boolean; findings: Finding[] };
    assertEquals(findings.filter(({ status }) => status !== "ok"), []);
    assertEquals([code, ok, findings.length], [0, true, 10]);
  });

  await t.step("tells an account that may do nothing, right by right", async () => {
    const account = `${cluster.namespace}/nobody`;
    const { code, text } = await run(cluster, "doctor", "-o", "json", "--account", account, ...ports);
    const { findings } = JSON.parse(text) as { findings: Finding[] };
    const failing = findings.filter(({ status }) => status === "fail");
    assertEquals([code, new Set(failing.map(({ check }) => check))], [1, new Set(["permissions"])]);
    assertMatch(failing[0]?.message ?? "", new RegExp(`^${account} may not list workflowexecutions\\.`));
  });

  await t.step("tells a service account that is missing, with the command that creates it", async () => {
    const { code, text } = await run(cluster, "doctor", "--service-account", "nobody", ...ports);
    assertEquals(code, 1);
    assertMatch(text, new RegExp(`fail +service-account +nobody is missing in the namespace ${cluster.namespace}: `));
    assertMatch(text, new RegExp(`mend: kubectl create serviceaccount nobody --namespace ${cluster.namespace}\n`));
    assertMatch(text, /\n1 to mend\n$/);
  });
});

e2e("drain", async (cluster, t) => {
  const scope = { namespaces: [cluster.namespace], lockNamespace: cluster.namespace };
  await using _opened = { [Symbol.asyncDispose]: () => openDoor(cluster.client, scope) };
  await using controller = await ControllerProcess.start(cluster, ["--lock-namespace", cluster.namespace]);
  await cluster.execute("long", { bundle: "hang" });
  await cluster.untilPhase("long", "Running");
  await cluster.until("its task runs", 30_000, async () => {
    const [pipelineRun] = await cluster.runsOf("long");
    const { childReferences = [] } = (pipelineRun?.["status"] ?? {}) as { childReferences?: unknown[] };
    return childReferences.length > 0;
  });

  await t.step("refuses new executions, cancels what runs, and is done when everything is recorded", async () => {
    const { code, text } = await run(cluster, "drain", "--cancel", "--timeout", "100s");
    assertEquals([code, text.split("\n").at(-2)], [0, "drained: nothing runs, nothing is owed, no lock is held"]);
    assertMatch(text, /^new executions are refused \(ValidatingAdmissionPolicy kubernaut-we-drain\./);
    const { phase, message = "" } = await cluster.status("long");
    assertEquals(phase, "Failed");
    assertMatch(message, /cancelled/);
    const execution = await cluster.get("workflowexecutions", "long");
    assertEquals(execution && metadataOf(execution).finalizers, undefined);
    const trail = (await controller.auditTrail()).map(({ event_action }) => event_action);
    assertEquals(trail, ["workflow.started", "workflow.failed"]);
  });

  await t.step("keeps refusing them, and says until when", async () => {
    const error = await assertRejects(() => cluster.execute("refused"), StatusError);
    assertEquals(error.httpCode, 403);
    assertMatch(error.message, /being drained, and takes no new executions \(kubernaut-we drain --undo allows them\)/);
  });

  await t.step("lets them in again when it is undone", async () => {
    assertEquals(await run(cluster, "drain", "--undo"), { code: 0, text: "new executions are let in\n" });
    await cluster.execute("again");
    await cluster.untilPhase("again", "Completed");
  });
});
