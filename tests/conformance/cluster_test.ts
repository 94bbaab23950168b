// The conformance cases on the real API server of KUBECONFIG, which is what keeps the simulated one honest.
import { cluster } from "./backend.ts";
import { allCases } from "./cases/all.ts";
import { register } from "./harness.ts";

const kubeconfig = Deno.env.get("KUBECONFIG");
if (kubeconfig) register(allCases, () => cluster(kubeconfig));
else Deno.test.ignore("conformance of a real API server (set KUBECONFIG to run it)", () => {});
