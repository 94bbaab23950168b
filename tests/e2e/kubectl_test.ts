// kubectl against the real cluster: the very cases that tests/kubectl_test.ts holds the embedded one to, so that what is
// asserted there is what a real API server, a real Tekton and the controller on them show.

import { stageObjects } from "../kubectl/case.ts";
import { ending } from "../kubectl/ending.ts";
import { reading } from "../kubectl/reading.ts";
import { writing } from "../kubectl/writing.ts";
import { hasKubectl, Kubectl } from "../support/kubectl.ts";
import { e2e, registry } from "./cluster.ts";
import { ControllerProcess } from "./controller_process.ts";

const found = hasKubectl();

e2e(`with kubectl${found ? "" : " (left out: there is no kubectl)"}`, async (cluster, t) => {
  if (!found) return;
  await using _controller = await ControllerProcess.start(cluster);
  const kubeconfig = Deno.env.get("KUBECONFIG") ?? "";
  await using kubectl = await Kubectl.open({ kubeconfig, namespace: cluster.namespace });
  const named = { image: (bundle: string) => `${registry}/${bundle}:v1`, user: "admin" };
  await stageObjects(kubectl, named);
  for (const each of [...reading, ...writing, ...ending]) await t.step(each.name, () => each.run(kubectl, named));
});
