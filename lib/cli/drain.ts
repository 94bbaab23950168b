// `kubernaut-we drain`: what comes before uninstalling. No new executions from now on; what runs is finished, or cancelled; every
// outcome is recorded, every finalizer gone, every lock free. Nothing is deleted but what the controller deletes. The controller
// does the work and drain watches it; where it is gone, drain works in its place, with the audit sinks that it had.

import { type Clock, systemClock } from "../clock.ts";
import { type Config, describeConfig, loadConfig } from "../config.ts";
import { ConfigError } from "../config_faults.ts";
import { type Caches, createCaches, informersOf } from "../controller/caches.ts";
import type { RestClient } from "../kube/contract.ts";
import { ConnectionError, StatusError } from "../kube/errors.ts";
import { connect } from "../kube/kubeconfig.ts";
import { KubeconfigError } from "../kube/kubeconfig_file.ts";
import { createLogger, lineWriter, type Logger } from "../log.ts";
import { Metrics } from "../metrics.ts";
import { parseDurationMs } from "../workflow/duration.ts";
import { commands } from "./commands.ts";
import { readIfThere } from "./config.ts";
import { closeDoor, doorName, openDoor, untilOpen } from "./drain/door.ts";
import { untilDrained } from "./drain/wait.ts";
import { takeOwnFlags } from "./own_flags.ts";
import { Program } from "./program.ts";
import { checkCluster, StartupError } from "./startup.ts";

const usage =
  `Usage: kubernaut-we drain [--cancel] [--take-over] [--timeout DURATION] [--kubeconfig FILE] [--context NAME]
                          [--config FILE] [--KEY VALUE …]
       kubernaut-we drain --undo

Before uninstalling: refuses new executions, waits until those under way have ended, their audit events are
delivered, their finalizers gone and the locks free, and says what it waits for. Takes the controller's configuration
(namespaces, lockNamespace, …).
--cancel     cancels what runs; finally tasks still run
--take-over  the controller is gone: do its work here, with the audit sinks it had; begins nothing
--timeout    at most so long (default 1h; 0: for ever)
--undo       lets new executions in again

Exit code 0 when it is drained, 1 when it is not, 2 for a wrong command line or configuration, 130 when interrupted.`;

interface Options {
  readonly cancel: boolean;
  readonly takeOver: boolean;
  readonly undo: boolean;
  readonly timeoutMs: number;
}

/** Runs the command. */
export async function drain(args: string[]): Promise<number> {
  const print = lineWriter(Deno.stdout);
  const complain = lineWriter(Deno.stderr);
  if (args.includes("--help") || args.includes("-h")) {
    print(usage);
    return 0;
  }
  const flags = { "--cancel": "switch", "--take-over": "switch", "--timeout": "value", "--undo": "switch" } as const;
  const own = takeOwnFlags(args, flags);
  const options = typeof own === "string" ? own : optionsOf(own.values);
  if (typeof own === "string" || typeof options === "string") {
    complain(`kubernaut-we drain: ${typeof options === "string" ? options : own}\n\n${usage}`);
    return 2;
  }
  let config: Config;
  try {
    const otherFlags = Object.keys(commands.drain.flags);
    const sources = { args: own.rest, otherFlags, env: Deno.env.toObject(), readFile: readIfThere };
    config = await loadConfig(sources);
    const sinks = (await describeConfig(sources)).find(({ key }) => key === "audit.sinks");
    if (options.takeOver && sinks?.source === "default") {
      complain("kubernaut-we drain: --take-over delivers audit events: say where to (--config, or --audit-sinks)");
      return 2;
    }
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    complain(error.toString());
    return 2;
  }
  using stop = new Interruption();
  try {
    const log = createLogger({ level: "warn", format: "text", clock: systemClock, write: complain });
    using client = await connect({
      clock: systemClock,
      log,
      ...(config.kubeconfig ? { kubeconfig: config.kubeconfig } : {}),
      ...(config.context ? { context: config.context } : {}),
    });
    if (options.undo) {
      await openDoor(client, config);
      const open = await untilOpen(client, config, systemClock, stop.signal);
      if (open) print("new executions are let in");
      else {complain(
          "kubernaut-we drain: the policy is deleted, but new executions are still refused: is another drained?",
        );}
      return open ? 0 : 1;
    }
    await checkCluster(client, config);
    const drained = await drainCluster(
      { ...options, client, config, clock: systemClock, log, say: print },
      stop.signal,
    );
    print(drained ? "drained: nothing runs, nothing is owed, no lock is held" : "not drained");
    return drained ? 0 : 1;
  } catch (error) {
    if (stop.signal.aborted) {
      complain("kubernaut-we drain: interrupted; new executions stay refused until: kubernaut-we drain --undo");
      return 130;
    }
    const expected = error instanceof StartupError || error instanceof KubeconfigError ||
      error instanceof ConnectionError || error instanceof StatusError;
    if (!expected) throw error;
    complain(`kubernaut-we drain: ${error.message}`);
    return 1;
  }
}

function optionsOf(values: ReadonlyMap<string, string>): Options | string {
  const is = (flag: string) => values.get(flag) === "true";
  if (is("--undo") && (is("--cancel") || is("--take-over"))) return "--undo goes alone";
  const timeout = values.get("--timeout") ?? "1h";
  try {
    const timeoutMs = timeout === "0" ? 0 : parseDurationMs(timeout);
    return { cancel: is("--cancel"), takeOver: is("--take-over"), undo: is("--undo"), timeoutMs };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return `--timeout: ${error.message}`;
  }
}

export interface DrainOptions extends Pick<Options, "cancel" | "takeOver" | "timeoutMs"> {
  readonly client: RestClient;
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Logger;
  readonly say: (line: string) => void;
}

/** True when nothing is left, false when time was up; rejects with the signal's reason. */
export async function drainCluster(o: DrainOptions, signal: AbortSignal): Promise<boolean> {
  const { client, config, clock, log, say } = o;
  const open = await closeDoor(client, config, clock, signal);
  if (open === undefined) say(`new executions are refused (ValidatingAdmissionPolicy ${doorName(config)})`);
  else say(`new executions cannot be refused here (${open}): stop whoever creates them`);
  const end = new AbortController();
  const stop = () => end.abort(signal.reason);
  signal.addEventListener("abort", stop, { once: true });
  const { caches, running } = o.takeOver ? takeOver(o, end.signal) : watch(o, end.signal);
  running.catch((error: unknown) => end.abort(error));
  try {
    await Promise.all(Object.values(informersOf(caches)).map((informer) => informer.whenSynced(end.signal)));
    const { lockNamespace, namespaces } = config;
    return await untilDrained(
      { ...o, client, caches, clock, lockNamespace, namespaces, begins: !o.takeOver, say },
      end.signal,
    );
  } finally {
    signal.removeEventListener("abort", stop);
    end.abort(new Error("drained"));
    await running;
    log.debug("drain has ended");
  }
}

interface Work {
  readonly caches: Caches;
  /** Ends after the signal was aborted. */
  readonly running: Promise<unknown>;
}

/** The caches alone: somebody else does the work. */
function watch({ client, config, clock, log }: DrainOptions, signal: AbortSignal): Work {
  const { namespaces, executionNamespace, lockNamespace } = config;
  const caches = createCaches({ client, clock, log, namespaces, executionNamespace, lockNamespace });
  const running = Promise.all(Object.values(informersOf(caches)).map((informer) => informer.run(signal)));
  return { caches, running };
}

/** A whole controller in this process, which begins nothing. It may work beside another. */
function takeOver({ client, config, clock, log }: DrainOptions, signal: AbortSignal): Work {
  const program = new Program({
    config: { ...config, leaderElection: false },
    client,
    clock,
    log,
    metrics: new Metrics(clock),
    identity: `drain_${crypto.randomUUID()}`,
    beginsNothing: true,
  });
  return { caches: program.controller.caches, running: program.run(signal) };
}

/** Ctrl+C, or SIGTERM. */
class Interruption implements Disposable {
  readonly #abort = new AbortController();
  readonly #handler = () => this.#abort.abort(new Error("interrupted"));
  readonly #signals: readonly Deno.Signal[] = Deno.build.os === "windows" ? ["SIGINT"] : ["SIGINT", "SIGTERM"];

  constructor() {
    for (const signal of this.#signals) Deno.addSignalListener(signal, this.#handler);
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  [Symbol.dispose](): void {
    for (const signal of this.#signals) Deno.removeSignalListener(signal, this.#handler);
  }
}
