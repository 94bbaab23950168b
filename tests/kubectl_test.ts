// kubectl, unchanged, against the cluster that `demo --serve` serves: the embedded API server with Tekton and the controller.
// The same cases run against a real cluster in tests/e2e/kubectl_test.ts.

import { systemClock } from "../lib/clock.ts";
import { demoNamespace, openStage } from "../lib/cli/demo/stage.ts";
import { silentLogger } from "../lib/log.ts";
import { stageObjects } from "./kubectl/case.ts";
import { ending } from "./kubectl/ending.ts";
import { reading } from "./kubectl/reading.ts";
import { writing } from "./kubectl/writing.ts";
import { hasKubectl, Kubectl } from "./support/kubectl.ts";

const name = "kubectl works on the embedded cluster";

if (hasKubectl()) {
  Deno.test(name, async (t) => {
    const auditDirectory = await Deno.makeTempDir({ prefix: "kubectl-audit-" });
    try {
      await using stage = await openStage({ clock: systemClock, log: silentLogger, auditDirectory });
      const kubeconfig = stage.server.kubeconfig(stage.url);
      await using kubectl = await Kubectl.open({ kubeconfig, namespace: demoNamespace });
      const cluster = { image: (bundle: string) => `registry.example/${bundle}:v1`, user: "admin" };
      await stageObjects(kubectl, cluster);
      for (const each of [...reading, ...writing, ...ending]) await t.step(each.name, () => each.run(kubectl, cluster));
    } finally {
      await Deno.remove(auditDirectory, { recursive: true });
    }
  });
} else {
  Deno.test.ignore(`${name} (left out: there is no kubectl)`, () => {});
}
