// What a person sees with kubectl: the columns, the explanations, the refusals and the events.

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { yaml } from "../../deps.ts";
import type { JSONObject } from "../../lib/kube/contract.ts";
import { apiVersion, kind } from "../../lib/workflow/names.ts";
import { type Cluster, e2e } from "./cluster.ts";
import { ControllerProcess } from "./controller_process.ts";

interface Answer {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

e2e("with kubectl", async (cluster, t) => {
  const found = await hasKubectl();
  await using _controller = await ControllerProcess.start(cluster);
  const step = (name: string, fn: () => Promise<void>) =>
    t.step({ name: found ? name : `${name} (left out: there is no kubectl)`, ignore: !found, fn });
  await cluster.execute("slow", { bundle: "hang" });
  await cluster.execute("good");
  await cluster.execute("bad", { bundle: "exit-code" });
  await cluster.untilPhase("slow", "Running");
  await cluster.execute("late", { target: cluster.target("slow"), workflow: "other" });
  await cluster.untilPhase("late", "Skipped");
  await cluster.untilPhase("good", "Completed");
  await cluster.untilPhase("bad", "Failed");

  await step("get wfe shows phase, workflow, target, duration and age", async () => {
    const rows = table(await kubectl(cluster, "get", "wfe"));
    assertEquals(rows[0], ["NAME", "PHASE", "WORKFLOWID", "TARGET", "DURATION", "AGE"]);
    const { duration = "" } = await cluster.status("good");
    assertEquals(rows.slice(1).map((row) => row.slice(0, -1)).sort(), [
      ["bad", "Failed", "exit-code", cluster.target("bad"), (await cluster.status("bad")).duration ?? ""],
      ["good", "Completed", "ok", cluster.target("good"), duration],
      ["late", "Skipped", "other", cluster.target("slow"), "0s"],
      ["slow", "Running", "hang", cluster.target("slow")],
    ]);
  });

  await step("get wfe -o wide shows why one was skipped or failed", async () => {
    const [head = [], ...rows] = table(await kubectl(cluster, "get", "wfe", "-o", "wide"));
    const at = head.indexOf("REASON");
    assert(at > 0, head.join(" "));
    const reasons = Object.fromEntries(
      rows.filter((row) => row.length === head.length).map((row) => [row[0], row[at]]),
    );
    assertEquals(reasons, { bad: "Unknown", late: "ResourceBusy" });
  });

  await step("get kubernaut lists executions by their category", async () => {
    assertMatch((await kubectl(cluster, "get", "kubernaut", "-o", "name")).out, /workflowexecution.*\/good\n/);
  });

  await step("explain wfe.spec says what each field is", async () => {
    const { out } = await kubectl(cluster, "explain", "wfe.spec");
    for (const field of ["workflowRef", "targetResource", "parameters", "executionConfig", "remediationRequestRef"]) {
      assertMatch(out, new RegExp(`${field}\\t<.*>( -required-)?\\n {4}\\S.{20}`));
    }
    assertStringIncludes(out, "It cannot be changed");
    assertMatch((await kubectl(cluster, "explain", "wfe.status.failureDetails.reason")).out, /OOMKilled/);
  });

  await step("apply of a bad target is refused with the format in the message", async () => {
    for (const target of ["payment-api", "Payment/Deployment/x", "a/b/c/d", "payment//api", "payment/deployment/"]) {
      const { code, err } = await apply(cluster, { targetResource: target });
      assertEquals(code, 1, target);
      assertStringIncludes(err, "spec.targetResource");
      assertStringIncludes(err, "must be namespace/kind/name or kind/name");
    }
  });

  await step("apply without a required field names it", async () => {
    const { code, err } = await apply(cluster, { workflowRef: { workflowId: "ok", version: "1" } });
    assertEquals(code, 1);
    assertStringIncludes(err, "spec.workflowRef.containerImage");
  });

  await step("the spec cannot be changed", async () => {
    const patch = JSON.stringify({ spec: { targetResource: cluster.target("another") } });
    const { code, err } = await kubectl(cluster, "patch", "wfe", "good", "--type=merge", "-p", patch);
    assertEquals(code, 1);
    assertStringIncludes(err, "spec is immutable: create a new WorkflowExecution instead");
  });

  await step("a final phase cannot be left", async () => {
    const patch = JSON.stringify({ status: { phase: "Running" } });
    const { code, err } = await kubectl(
      cluster,
      ...["patch", "wfe", "good", "--subresource=status", "--type=merge", "-p", patch],
    );
    assertEquals(code, 1);
    assertStringIncludes(err, "a final phase is never left");
  });

  await step(
    "get events and describe show PipelineRunCreated, WorkflowCompleted, WorkflowFailed, WorkflowSkipped",
    async () => {
      const wanted = {
        good: ["PipelineRunCreated", "WorkflowCompleted"],
        bad: ["PipelineRunCreated", "WorkflowFailed"],
        late: ["WorkflowSkipped"],
      };
      for (const [name, reasons] of Object.entries(wanted)) {
        await cluster.until(`describe ${name} shows ${reasons}`, 10_000, async () => {
          const { out } = await kubectl(cluster, "describe", "wfe", name);
          const [, events = ""] = out.split("\nEvents:");
          return reasons.every((reason) => new RegExp(`\\b${reason}\\b.*workflowexecution-controller`).test(events));
        });
        const { out } = await kubectl(cluster, "get", "events", "--field-selector", `involvedObject.name=${name}`);
        for (const reason of reasons) assertMatch(out, new RegExp(`\\b${reason}\\b.*workflowexecution/${name}`, "i"));
      }
    },
  );
});

async function hasKubectl(): Promise<boolean> {
  try {
    return (await new Deno.Command("kubectl", { args: ["version", "--client"], stdout: "null" }).output()).success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

async function kubectl(cluster: Cluster, ...args: string[]): Promise<Answer> {
  return await command(cluster, args, "");
}

async function command(cluster: Cluster, args: readonly string[], input: string): Promise<Answer> {
  const child = new Deno.Command("kubectl", {
    args: ["--namespace", cluster.namespace, ...args],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(input));
  await writer.close();
  const { code, stdout, stderr } = await child.output();
  return { code, out: new TextDecoder().decode(stdout), err: new TextDecoder().decode(stderr) };
}

/** Applies an execution whose spec is valid but for what is given. */
async function apply(cluster: Cluster, spec: JSONObject): Promise<Answer> {
  const manifest = {
    apiVersion,
    kind,
    metadata: { name: "refused" },
    spec: {
      remediationRequestRef: { name: "rr" },
      workflowRef: { workflowId: "ok", version: "1", containerImage: "registry.example/ok:v1" },
      targetResource: cluster.target("refused"),
      ...spec,
    },
  };
  return await command(cluster, ["apply", "-f", "-"], yaml.stringify(manifest));
}

/** Rows of words; an empty cell is no word. */
function table({ code, out, err }: Answer): string[][] {
  assertEquals(code, 0, err);
  return out.trimEnd().split("\n").map((line) => line.trim().split(/\s+/));
}
