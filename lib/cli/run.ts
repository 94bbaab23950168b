// `kubernaut-we run`: the controller, against a cluster. Exit codes: 0 after it was told to stop, 1 when it cannot start or its
// work failed, 2 for a faulty command line or configuration, 128 + n when a second signal ended it at once.

import { systemClock } from "../clock.ts";
import { type Config, loadConfig } from "../config.ts";
import { ConfigError } from "../config_faults.ts";
import { addressText } from "../config_values.ts";
import { abortable } from "../kube/abortable.ts";
import type { KubeClient } from "../kube/client.ts";
import { connect } from "../kube/kubeconfig.ts";
import { KubeconfigError } from "../kube/kubeconfig_file.ts";
import { lineWriter, type Logger } from "../log.ts";
import { Metrics } from "../metrics.ts";
import { readIfThere } from "./config.ts";
import { logTo, standardError } from "./process_log.ts";
import { Program, type ProgramOptions } from "./program.ts";
import { openTracing } from "../traces.ts";
import { checkAuditDirectories, checkCluster, StartupError } from "./startup.ts";
import { version } from "./version.ts";

export const runUsage =
  `Usage: kubernaut-we run [--kubeconfig FILE] [--context NAME] [--config FILE] [--pid-file FILE] [--KEY VALUE …]

Runs the controller against the cluster of the kubeconfig, or of the pod it runs in, until SIGTERM or SIGINT.
Every key of the configuration is a flag: see kubernaut-we config print.`;

export async function run(args: string[]): Promise<number> {
  const complain = lineWriter(Deno.stderr);
  if (args.includes("--help") || args.includes("-h")) {
    lineWriter(Deno.stdout)(runUsage);
    return 0;
  }
  let config: Config;
  try {
    config = await loadConfig({ args, env: Deno.env.toObject(), readFile: readIfThere });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    complain(error.toString());
    return 2;
  }
  const log = logTo(config.log, standardError(systemClock));
  try {
    return await start(config, log);
  } catch (error) {
    if (!(error instanceof StartupError) && !(error instanceof KubeconfigError)) throw error;
    for (const line of error.message.split("\n")) complain(`kubernaut-we: ${line}`);
    return 1;
  }
}

async function start(config: Config, log: Logger): Promise<number> {
  const metrics = new Metrics(systemClock);
  const tracing = await openTracing(version);
  using client = await connect({
    clock: systemClock,
    log,
    observer: metrics.requests,
    ...(tracing ? { tracing } : {}),
    maxInFlight: config.maxInFlight,
    ...(config.kubeconfig ? { kubeconfig: config.kubeconfig } : {}),
    ...(config.context ? { context: config.context } : {}),
  });
  using signals = new Signals(log, config.pidFile);
  try {
    await work({ config, log, client, metrics, tracing }, signals.stop);
  } catch (error) {
    // Told to stop while it was starting, it gives up what it was about to ask: nothing had begun yet.
    if (!signals.stop.aborted || error !== signals.stop.reason) throw error;
  }
  log.info("stopped");
  return 0;
}

async function work(
  o: Pick<ProgramOptions, "config" | "log" | "metrics" | "tracing"> & { client: KubeClient },
  stop: AbortSignal,
): Promise<void> {
  const { config, client, log } = o;
  for (const warning of await checkCluster(abortable(client, stop), config)) log.warn(warning);
  for (const warning of await checkAuditDirectories(config)) log.warn(warning);
  const identity = `${Deno.hostname()}_${crypto.randomUUID()}`;
  const program = new Program({ ...o, clock: systemClock, identity });
  await using servers = await orStartupError("", program.serve());
  if (config.pidFile) {
    await orStartupError(`pidFile ${config.pidFile}: `, Deno.writeTextFile(config.pidFile, `${Deno.pid}\n`));
  }
  log.info("started", {
    server: client.baseUrl,
    health: addressText(servers.health.address),
    metrics: addressText(servers.metrics.address),
    lockNamespace: config.lockNamespace,
  });
  try {
    await program.run(stop);
  } finally {
    if (config.pidFile) await Deno.remove(config.pidFile).catch(() => undefined);
  }
}

/** What cannot be had at the start (a port, a certificate, a file) is a person's affair: one line, no stack trace. */
async function orStartupError<T>(prefix: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new StartupError(prefix + error.message, { cause: error });
  }
}

/** The first SIGTERM or SIGINT asks to stop; the second ends the process at once, with 128 and its number. */
class Signals implements Disposable {
  readonly #stop = new AbortController();
  readonly #handlers: [Deno.Signal, () => void][];

  constructor(log: Logger, pidFile: string) {
    const numbers = { SIGINT: 2, SIGTERM: 15 } as const;
    this.#handlers = (["SIGINT", "SIGTERM"] as const).map((signal) => [signal, () => {
      if (this.#stop.signal.aborted) {
        if (pidFile) removeIfThere(pidFile);
        Deno.exit(128 + numbers[signal]);
      }
      log.info(`${signal} received`);
      this.#stop.abort(new Error(`${signal} received`));
    }]);
    for (const [signal, handler] of this.#handlers) Deno.addSignalListener(signal, handler);
  }

  get stop(): AbortSignal {
    return this.#stop.signal;
  }

  [Symbol.dispose](): void {
    for (const [signal, handler] of this.#handlers) Deno.removeSignalListener(signal, handler);
  }
}

function removeIfThere(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
