// `kubernaut-we crds`: the CustomResourceDefinition of WorkflowExecution, which this program carries, printed or installed.
import { parseArgs } from "node:util";
import { ApiextensionsV1Api } from "@cloudydeno/kubernetes-apis/apiextensions.k8s.io/v1";
import { yaml } from "../../deps.ts";
import { workflowExecutionCrd } from "../codegen/builtin.ts";
import { type Clock, sleep, systemClock } from "../clock.ts";
import { getPatchContentType, type JSONObject, type RestClient } from "../kube/contract.ts";
import { ConnectionError, StatusError } from "../kube/errors.ts";
import { lineWriter } from "../log.ts";

const usage = `Usage: kubernaut-we crds print
       kubernaut-we crds install [--dry-run] [--kubeconfig FILE] [--context NAME]

print      the CustomResourceDefinition of WorkflowExecution, as YAML
install    applies it to the cluster (server-side) and waits until it is served; --dry-run only asks whether it would be accepted`;

const fieldManager = "kubernaut-we";
const establishedWithinMs = 30_000;

export interface CrdsOptions {
  /** Opens the cluster; asked only when it is needed, and disposed of here. */
  connect?: (o: { kubeconfig?: string | undefined; context?: string | undefined }) => Promise<RestClient>;
  print?: (line: string) => void;
  complain?: (line: string) => void;
  clock?: Clock;
}

/** Runs the command; the exit code is 0, 1 when the cluster refused or did not answer, 2 for a wrong command line. */
export async function crds(args: string[], options: CrdsOptions = {}): Promise<number> {
  const print = options.print ?? lineWriter(Deno.stdout);
  const complain = options.complain ?? lineWriter(Deno.stderr);
  const [command = "", ...given] = args;
  if (args.includes("--help") || args.includes("-h") || command === "help") {
    print(usage);
    return 0;
  }
  const line = command === "print" && given.length > 0 ? "print takes no flags" : commandLine(given);
  if (typeof line === "string" || !["print", "install"].includes(command)) {
    const problem = typeof line === "string" ? line : `${JSON.stringify(command)} is not print or install`;
    complain(`kubernaut-we crds: ${problem}\n\n${usage}`);
    return 2;
  }
  if (command === "print") {
    print(workflowExecutionCrd.text.trimEnd());
    return 0;
  }
  if (!options.connect) {
    complain("kubernaut-we crds: there is no connection to a cluster here");
    return 1;
  }
  try {
    using client = await options.connect(line);
    print(await install(client, line.dryRun, options.clock ?? systemClock));
    return 0;
  } catch (error) {
    if (!isUsersFault(error)) throw error;
    complain(`kubernaut-we crds: ${error.message}`);
    return 1;
  }
}

function commandLine(args: string[]) {
  try {
    const { values } = parseArgs({
      args,
      options: { "dry-run": { type: "boolean" }, kubeconfig: { type: "string" }, context: { type: "string" } },
    });
    return { dryRun: values["dry-run"] ?? false, kubeconfig: values.kubeconfig, context: values.context };
  } catch (error) {
    if (error instanceof TypeError) return error.message;
    throw error;
  }
}

/** Applies the definition and waits until it is served; says what happened. Throws InstallError when it is not in time. */
async function install(client: RestClient, dryRun: boolean, clock: Clock): Promise<string> {
  const crd: JSONObject = yaml.parse(workflowExecutionCrd.text);
  const name = "workflowexecutions.workflowexecution.kubernaut.ai";
  await client.performRequest({
    method: "PATCH",
    path: `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${name}`,
    querystring: new URLSearchParams({ fieldManager, force: "true", ...(dryRun ? { dryRun: "All" } : {}) }),
    contentType: getPatchContentType("apply-patch"),
    bodyJson: crd,
    expectJson: true,
  });
  if (dryRun) return `${name}: would be accepted (nothing was changed)`;
  const api = new ApiextensionsV1Api(client);
  const untilMs = clock.monotonic() + establishedWithinMs;
  for (;;) {
    const conditions = (await api.getCustomResourceDefinition(name)).status?.conditions ?? [];
    const is = (type: string, status: string) => conditions.find((one) => one.type === type && one.status === status);
    if (is("Established", "True")) return `${name}: installed`;
    const refused = is("NamesAccepted", "False");
    if (refused) throw new InstallError(`${name} is not served: ${refused.reason ?? ""}: ${refused.message ?? ""}`);
    if (clock.monotonic() >= untilMs) {
      throw new InstallError(`${name} was accepted but is not served after ${establishedWithinMs / 1000} s`);
    }
    await sleep(clock, 200);
  }
}

class InstallError extends Error {
  override readonly name = "InstallError";
}

/** What a user can mend: the cluster, the rights, the kubeconfig. */
function isUsersFault(error: unknown): error is Error {
  return error instanceof StatusError || error instanceof ConnectionError || error instanceof InstallError ||
    error instanceof Error && error.name === "KubeconfigError";
}
