// A simulated cluster on a real port with its kubeconfig, and the program as a process of its own against it: for what only a
// process has, such as signals, exit codes, its environment and its ports.

import { yaml } from "../../deps.ts";
import { sleep, systemClock } from "../../lib/clock.ts";
import { KubeClient } from "../../lib/kube/client.ts";
import type { JSONObject } from "../../lib/kube/contract.ts";
import { ApiServer } from "../../lib/sim/api_server.ts";
import { tektonDefinitions } from "../../lib/sim/permissive_definitions.ts";
import { builtinBundles } from "../../lib/sim/tekton/builtin.ts";
import { Tekton } from "../../lib/sim/tekton/tekton.ts";
import { ControllerProcess } from "../e2e/controller_process.ts";
import { crdPath } from "./crd.ts";

/** On a machine that is busy with other tests. */
const patienceMs = 60_000;

export class ServedCluster implements AsyncDisposable {
  private constructor(
    readonly server: ApiServer,
    readonly url: string,
    readonly kubeconfig: string,
    readonly directory: string,
    readonly client: KubeClient,
    readonly stack: AsyncDisposableStack,
  ) {}

  /** With our definition, Tekton, the lock namespace, and the namespace `payment` with its service account. */
  static async start(o: { tekton?: boolean } = {}): Promise<ServedCluster> {
    await using stack = new AsyncDisposableStack();
    const server = stack.use(new ApiServer({ clock: systemClock }));
    const crd = yaml.parse(await Deno.readTextFile(crdPath)) as JSONObject;
    const account = { name: "kubernaut-workflow-runner", namespace: "payment" };
    for (
      const manifest of [
        crd,
        ...tektonDefinitions(),
        { apiVersion: "v1", kind: "Namespace", metadata: { name: "kubernaut-system" } },
        { apiVersion: "v1", kind: "Namespace", metadata: { name: "payment" } },
        { apiVersion: "v1", kind: "ServiceAccount", metadata: account },
      ]
    ) server.install(manifest);
    const { url } = stack.use(await server.serve());
    const client = stack.use(new KubeClient({ baseUrl: url, clock: systemClock }));
    if (o.tekton !== false) {
      const tektonClient = stack.use(new KubeClient({ baseUrl: url, clock: systemClock }));
      const end = new AbortController();
      const running = new Tekton({ client: tektonClient, clock: systemClock, bundles: builtinBundles() }).run(
        end.signal,
      );
      stack.defer(async () => {
        end.abort(new Error("the test is over"));
        await running;
      });
    }
    const directory = await Deno.makeTempDir({ prefix: "served-" });
    stack.defer(() => Deno.remove(directory, { recursive: true }));
    const kubeconfig = `${directory}/kubeconfig`;
    await Deno.writeTextFile(kubeconfig, kubeconfigFor(url));
    return new ServedCluster(server, url, kubeconfig, directory, client, stack.move());
  }

  /** The program's `run` against this cluster, with ports of its own and its audit trail in its directory. Not waited for. */
  async run(flags: readonly string[] = [], env: Record<string, string> = {}): Promise<ControllerProcess> {
    const own = ["--kubeconfig", this.kubeconfig, "--lock-namespace", "kubernaut-system"];
    const ports = ["--health-address", "127.0.0.1:0", "--metrics-address", "127.0.0.1:0", "--metrics-plain-http"];
    const sinks = ["--audit-sinks", `file:${this.directory}/audit`];
    // The last of a flag wins, but for lists, which add up.
    const audit = flags.some((flag) => flag.startsWith("--audit-sinks")) ? [] : sinks;
    return await ControllerProcess.spawn(["run", ...own, ...ports, ...audit, ...flags], env);
  }

  /** The same, once it has said that it has started: with the fields of that line. */
  async started(flags: readonly string[] = [], env: Record<string, string> = {}) {
    const process = await this.run(flags, env);
    try {
      const line = await until("it has started", async () => {
        return (await process.log()).split("\n").find((each) => each.includes('"msg":"started"'));
      });
      return { process, ...JSON.parse(line) as { health: string; metrics: string } };
    } catch (cause) {
      const log = await process.log();
      await process[Symbol.asyncDispose]();
      throw new Error(`${(cause as Error).message}; its log:\n${log}`, { cause });
    }
  }

  /** An object as it stands now; undefined when there is none. */
  get(resource: string, namespace: string, name: string): JSONObject | undefined {
    const type = this.server.resources.all().find((each) => each.resource === resource);
    if (!type) throw new Error(`no resource ${resource}`);
    const all = this.server.storage.list(type.storage, namespace) as unknown as JSONObject[];
    return all.find((object) => (object.metadata as JSONObject).name === name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stack[Symbol.asyncDispose]();
  }
}

/** Asks again and again until there is an answer. */
export async function until<T>(what: string, ask: () => T | undefined | Promise<T | undefined>): Promise<T> {
  const endMs = systemClock.monotonic() + patienceMs;
  while (true) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (systemClock.monotonic() > endMs) throw new Error(`not within ${patienceMs / 1000} s: ${what}`);
    await sleep(systemClock, 20);
  }
}

export function kubeconfigFor(url: string): string {
  const named = (name: string, kind: string, value: JSONObject) => ({ name, [kind]: value });
  return yaml.stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [named("c", "cluster", { server: url })],
    contexts: [named("x", "context", { cluster: "c" })],
    "current-context": "x",
  });
}
