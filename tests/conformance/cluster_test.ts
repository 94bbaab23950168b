// The conformance cases on the real API server of KUBECONFIG, which is what keeps the simulated one honest.
import { assertEquals } from "@std/assert";
import { cluster } from "./backend.ts";
import { allCases } from "./cases/all.ts";
import { executionsCrd, forgetfulOf, group, register } from "./harness.ts";
import { widgetsName } from "./widgets.ts";

const kubeconfig = Deno.env.get("KUBECONFIG");
if (kubeconfig) {
  await using opened = await cluster(kubeconfig);
  register(allCases, await forgetfulOf(opened.api), () => cluster(kubeconfig));
  Deno.test("the cluster is left without the definitions of these cases", async () => {
    await using backend = await cluster(kubeconfig);
    for (const name of [`workflowexecutions.${group}`, widgetsName]) {
      assertEquals((await backend.api.call("DELETE", `${executionsCrd}/${name}`)).code, 200);
    }
  });
} else Deno.test.ignore("conformance of a real API server (set KUBECONFIG to run it)", () => {});
