// The whole program in a world with RBAC, acting as the account of an installation, with that installation's roles and nothing
// more. Its audit trail cannot be written at first: a file is where its folder should be.

import { Program } from "../../lib/cli/program.ts";
import { checkCluster } from "../../lib/cli/startup.ts";
import { type Config, loadConfig } from "../../lib/config.ts";
import type { KubeClient } from "../../lib/kube/client.ts";
import type { JSONObject } from "../../lib/kube/contract.ts";
import { silentLogger } from "../../lib/log.ts";
import type { Installation } from "../../lib/manifests/installation.ts";
import { configText } from "../../lib/manifests/workload.ts";
import { objectsOf } from "../../lib/manifests/objects.ts";
import { Metrics } from "../../lib/metrics.ts";
import type { ApiServer, RequestLogEntry } from "../../lib/sim/api_server.ts";
import { defaultAudience } from "../../lib/sim/auth.ts";
import { World } from "../support/world.ts";

/** Installs what this server knows of an installation: namespaces, accounts, roles, bindings. */
export function install(server: ApiServer, objects: readonly JSONObject[]): void {
  for (const object of objects) {
    const { apiVersion, kind, metadata } = object as {
      apiVersion: string;
      kind: string;
      metadata: { name: string; namespace?: string };
    };
    const exists = kind === "Namespace" && server.storage.get("/namespaces", `/${metadata.name}`) !== undefined ||
      kind === "ServiceAccount" &&
        server.storage.get("/serviceaccounts", `${metadata.namespace}/${metadata.name}`) !== undefined;
    if (server.resources.ofKind(apiVersion, kind) && !exists) server.install(object);
  }
}

export function tokenOf(server: ApiServer, namespace: string, name: string): string {
  return server.authentication.mint(namespace, name, `uid-${name}`, [defaultAudience], 365 * 86_400).token;
}

/** Who the controller is to the API server. */
export function userOf({ namespace, controllerAccount }: Installation): string {
  return `system:serviceaccount:${namespace}:${controllerAccount}`;
}

/** Of the world's time, which goes by fast: the audit trail's files are real, and may be slow on a machine that is busy. */
const patienceMs = 100 * 3_600_000;

export class SecuredProgram implements AsyncDisposable {
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  #ended = false;

  private constructor(
    readonly world: World,
    readonly program: Program,
    /** The controller's, with its rights. */
    readonly client: KubeClient,
    readonly config: Config,
    readonly metrics: Metrics,
    readonly user: string,
    readonly directory: string,
    readonly stack: AsyncDisposableStack,
  ) {
    this.#running = program.run(this.#stop.signal).then(() => void (this.#ended = true));
  }

  /** With the configuration that the installation would give it, but for ports and the audit trail. */
  static async start(installation: Installation): Promise<SecuredProgram> {
    await using stack = new AsyncDisposableStack();
    const directory = await Deno.makeTempDir();
    stack.defer(() => Deno.remove(directory, { recursive: true }));
    const world = stack.use(await World.start({ secured: true }));
    install(world.server, objectsOf(installation, { runnerNamespaces: [], monitoring: true }));
    await Deno.writeTextFile(`${directory}/audit`, "in the way");
    const config = await loadConfig({
      args: [
        ...["--config", "file", "--metrics-plain-http"],
        ...["--health-address", "127.0.0.1:0", "--metrics-address", "127.0.0.1:0"],
      ],
      env: {},
      readFile: (path) => {
        const audit = { sinks: [`file:${directory}/audit`] };
        return Promise.resolve(path === "file" ? configText({ ...installation.config, audit }) : undefined);
      },
    });
    const token = tokenOf(world.server, installation.namespace, installation.controllerAccount);
    const client = stack.use(world.connect((request, send) => {
      request.headers.set("authorization", `Bearer ${token}`);
      return send(request);
    }));
    await world.finish(checkCluster(client, config));
    const { clock } = world;
    const metrics = new Metrics(clock);
    const program = new Program({ config, client, clock, log: silentLogger, metrics, identity: "test" });
    return new SecuredProgram(world, program, client, config, metrics, userOf(installation), directory, stack.move());
  }

  /** What the controller has asked of the API server so far. */
  requests(): RequestLogEntry[] {
    return this.world.requests.filter(({ user }) => user === this.user);
  }

  letAuditBeWritten(): Promise<void> {
    return Deno.remove(`${this.directory}/audit`);
  }

  untilGone(execution: string): Promise<void> {
    const { world } = this;
    return this.until(`${execution} is gone`, () => !world.get("workflowexecutions", "payment", execution));
  }

  until(what: string, condition: () => boolean): Promise<void> {
    return this.world.until(what, condition, patienceMs);
  }

  async stop(): Promise<void> {
    this.#stop.abort(new Error("SIGTERM"));
    await this.until("it has stopped", () => this.#ended);
    await this.#running;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#ended) await this.stop();
    await this.stack[Symbol.asyncDispose]();
  }
}
