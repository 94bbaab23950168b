// A controller as a process of its own, so that signals, exit codes and `kill -9` are the real ones. Its log goes to a file that
// is read when it is asked for; it is killed by its process id when it is disposed of.

import { sleep, systemClock } from "../../lib/clock.ts";
import type { JSONObject } from "../../lib/kube/contract.ts";
import { type Cluster, serviceAccount } from "./cluster.ts";
import { kubeconfigOf } from "./kubeconfig.ts";
import { grantRights } from "./rights.ts";

const program = new URL("../../main.ts", import.meta.url).pathname;
/** To start, with the modules loaded on a busy machine. */
const startLimitMs = 60_000;

export interface Ended {
  readonly code: number;
  readonly signal: string | null;
  readonly afterMs: number;
}

export class ControllerProcess implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #ended: Promise<Deno.CommandStatus>;
  #gone = false;

  private constructor(readonly directory: string, args: readonly string[], env: Record<string, string>) {
    // The shell only sets the log file up: it is replaced by the program, which keeps the process id.
    const script = 'exec "$0" run -A "$@" >>"$LOG_FILE" 2>&1';
    this.#child = new Deno.Command("sh", {
      args: ["-c", script, Deno.execPath(), program, ...args],
      env: { ...env, LOG_FILE: `${directory}/log` },
      stdin: "null",
    }).spawn();
    this.#ended = this.#child.status.then((status) => {
      this.#gone = true;
      return status;
    });
  }

  /** Any command line of the program; see `start` for a controller that is to run. */
  static async spawn(args: readonly string[], env: Record<string, string> = {}): Promise<ControllerProcess> {
    return new ControllerProcess(await Deno.makeTempDir({ prefix: "e2e-" }), args, env);
  }

  /**
   * A controller of the tests' namespace alone, ready, with the account and the rights of deploy/. `flags` go last, and so
   * before those that stand here.
   */
  static async start(
    cluster: Cluster,
    flags: readonly string[] = [],
    env: Record<string, string> = {},
  ): Promise<ControllerProcess> {
    const directory = await Deno.makeTempDir({ prefix: "e2e-" });
    const kubeconfig = `${directory}/kubeconfig`;
    const locks = flags.indexOf("--lock-namespace") + 1;
    await grantRights(cluster, locks > 0 ? flags[locks] : undefined);
    await Deno.writeTextFile(kubeconfig, await kubeconfigOf(cluster, serviceAccount));
    const addresses = ["--health-address", "127.0.0.1:0", "--metrics-address", "127.0.0.1:0"];
    const audit = ["--audit-sinks", `file:${directory}/audit`];
    const started = new ControllerProcess(
      directory,
      ["run", "--kubeconfig", kubeconfig, "--namespaces", cluster.namespace, ...addresses, ...audit, ...flags],
      env,
    );
    try {
      await cluster.until("the controller is ready", startLimitMs, () => started.#ready());
      return started;
    } catch (cause) {
      const log = await started.log();
      await started[Symbol.asyncDispose]();
      throw new Error(`${(cause as Error).message}; its log:\n${log}`, { cause });
    }
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** Everything it has written so far. */
  async log(): Promise<string> {
    try {
      return await Deno.readTextFile(`${this.directory}/log`);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return "";
      throw error;
    }
  }

  /** The events of its audit trail, in the order in which they were written. */
  async auditTrail(): Promise<JSONObject[]> {
    const events: JSONObject[] = [];
    for await (const entry of Deno.readDir(`${this.directory}/audit`)) {
      if (!entry.name.endsWith(".jsonl")) continue;
      const text = await Deno.readTextFile(`${this.directory}/audit/${entry.name}`);
      events.push(...text.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line)));
    }
    return events;
  }

  /** The lines of its log with this message, in their order. */
  async logged(message: string): Promise<JSONObject[]> {
    const lines = (await this.log()).split("\n").filter((line) => line.startsWith("{"));
    return lines.map((line) => JSON.parse(line) as JSONObject).filter(({ msg }) => msg === message);
  }

  /** Where it listens, as HOST:PORT. */
  async addresses(): Promise<{ health: string; metrics: string } | undefined> {
    return (await this.logged("started"))[0] as { health: string; metrics: string } | undefined;
  }

  /** Whether it says that it is ready; undefined before it has started. */
  async ready(): Promise<boolean | undefined> {
    const addresses = await this.addresses();
    if (!addresses) return undefined;
    const response = await fetch(`http://${addresses.health}/readyz`);
    await response.body?.cancel();
    return response.ok;
  }

  /** Sends a signal and waits for nothing: SIGSTOP and SIGCONT freeze it and let it go on. */
  signal(signal: Deno.Signal): void {
    this.#child.kill(signal);
  }

  /** kill -9. */
  async kill(): Promise<void> {
    if (!this.#gone) this.#child.kill("SIGKILL");
    await this.#ended;
  }

  /** SIGTERM, and how it ended. */
  async stop(limitMs = 15_000): Promise<Ended> {
    this.#child.kill("SIGTERM");
    return await this.end(limitMs);
  }

  /** Waits until it has ended by itself. */
  async end(limitMs: number): Promise<Ended> {
    const fromMs = systemClock.monotonic();
    const limit = new AbortController();
    const late = sleep(systemClock, limitMs, limit.signal).then(async () => {
      throw new Error(`the process has not ended within ${limitMs / 1000} s; its log:\n${await this.log()}`);
    });
    const { code, signal } = await Promise.race([this.#ended, late]).finally(() => {
      late.catch(() => {});
      limit.abort();
    });
    return { code, signal, afterMs: systemClock.monotonic() - fromMs };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await Deno.remove(this.directory, { recursive: true });
  }

  async #ready(): Promise<boolean> {
    if (this.#gone) throw new Error("the controller has ended");
    return await this.ready() ?? false;
  }
}
