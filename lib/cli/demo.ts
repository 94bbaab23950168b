// `kubernaut-we demo`: the main job, shown in under 30 s on the embedded API server and Tekton. With --serve it stays for
// kubectl. Exit code 1 when an act of the story comes out otherwise than it must.

import { systemClock } from "../clock.ts";
import { createLogger, lineWriter, silentLogger } from "../log.ts";
import { builtinTexts } from "../sim/tekton/builtin.ts";
import { type Bundles, bundlesFromYaml, bundleTexts } from "../sim/tekton/bundles.ts";
import { Audience } from "./demo/audience.ts";
import { type Options, optionsOf, usage } from "./demo/options.ts";
import { createScreen } from "./demo/screen.ts";
import { demoNamespace, openStage, type Stage } from "./demo/stage.ts";
import { type Act, executionsPath, story } from "./demo/story.ts";

/** An act may take so long; the whole story takes half of it. */
const actLimitMs = 20_000;
/** On a terminal, a person reads along. */
const readingMs = 1_500;

export async function demo(args: string[]): Promise<number> {
  const print = lineWriter(Deno.stdout);
  const complain = lineWriter(Deno.stderr);
  if (args.includes("--help") || args.includes("-h")) {
    print(usage);
    return 0;
  }
  const options = optionsOf(args);
  if (typeof options === "string") {
    complain(`kubernaut-we demo: ${options}\n\n${usage}`);
    return 2;
  }
  using signals = new Signals();
  const temporary = await Deno.makeTempDir({ prefix: "kubernaut-demo-" });
  try {
    return await play(options, temporary, signals, print, complain);
  } catch (error) {
    if (error instanceof Stopped) return 128 + error.signal;
    if (!(error instanceof Missing)) throw error;
    complain(`kubernaut-we demo: ${error.message}`);
    return 1;
  } finally {
    await Deno.remove(temporary, { recursive: true });
  }
}

async function play(
  options: Options,
  temporary: string,
  signals: Signals,
  print: (line: string) => void,
  complain: (line: string) => void,
): Promise<number> {
  const clock = systemClock;
  const log = options.verbose
    ? createLogger({ level: "info", format: "text", clock, write: lineWriter(Deno.stderr) })
    : silentLogger;
  const auditDirectory = options.keepAudit || `${temporary}/audit`;
  const bundles = await bundlesOf(options);
  await using stage = await openStage({ clock, log, auditDirectory, bundles, speed: options.speed });
  const kubeconfigFile = options.kubeconfigFile || `${temporary}/kubeconfig`;
  if (options.serve) {
    const text = stage.server.kubeconfig(stage.url, { namespace: demoNamespace });
    await orMissing(`--kubeconfig-file ${kubeconfigFile}`, Deno.writeTextFile(kubeconfigFile, text));
  }
  const terminal = Deno.stdout.isTerminal();
  const encoder = new TextEncoder();
  const screen = createScreen((text) => void Deno.stdout.writeSync(encoder.encode(text)), {
    terminal,
    // A terminal that does not know its size says 0.
    columns: terminal ? Deno.consoleSize().columns || 80 : 120,
  });
  const startedMs = clock.monotonic();
  const since = new Date(clock.now()).toISOString();
  using audience = await Audience.open(stage, screen, signals.stop);
  const failures: string[] = [];
  for (const act of story()) {
    screen.say(act.says);
    const failure = await perform(stage, audience, act);
    if (failure) failures.push(failure);
    if (terminal) await audience.watch(readingMs);
  }
  screen.end();
  print(await summary(stage, audience, await auditLines(auditDirectory, since), clock.monotonic() - startedMs));
  for (const failure of failures) complain(`not as it must be: ${failure}`);
  if (options.serve) await stay(stage, kubeconfigFile, signals, print);
  return failures.length === 0 ? 0 : 1;
}

/** Does what the act says, and waits for what must come of it. Returns what was otherwise. */
async function perform(stage: Stage, audience: Audience, act: Act): Promise<string | undefined> {
  if (act.create) {
    await stage.client.performRequest({ method: "POST", path: executionsPath, bodyJson: act.create, expectJson: true });
  }
  if (act.remove) {
    await stage.client.performRequest({ method: "DELETE", path: `${executionsPath}/${act.remove}`, expectJson: true });
  }
  const endMs = systemClock.monotonic() + actLimitMs;
  while (!act.until(audience.execution(act.name))) {
    if (systemClock.monotonic() > endMs) return `${act.name}: nothing came of it within ${actLimitMs / 1000} s`;
    await audience.change();
  }
  const { phase = "", skipDetails, failureReason } = audience.execution(act.name)?.status ?? {};
  const reason = skipDetails?.reason ?? failureReason;
  const { expects } = act;
  if (!expects || (phase === expects.phase && (!expects.reason || reason === expects.reason))) return undefined;
  return `${act.name} is ${phase} ${reason ?? ""}, and must be ${expects.phase} ${expects.reason ?? ""}`;
}

async function summary(stage: Stage, audience: Audience, trail: readonly string[], tookMs: number): Promise<string> {
  const failed = audience.executions.find(({ status }) => status.failureDetails);
  const count = (phase: string) => audience.executions.filter(({ status }) => status.phase === phase).length;
  const details = failed?.status.failureDetails;
  return [
    "",
    `${count("Completed")} completed, ${count("Failed")} failed, ${
      count("Skipped")
    } skipped, ${audience.deleted} deleted, in ${(tookMs / 1000).toFixed(1)} s.`,
    ...(details
      ? ["", `Why ${failed?.name} failed, for a person and a language model:`, details.naturalLanguageSummary]
      : []),
    "",
    `The audit trail has ${trail.length} events: ${trail.join(", ")}`,
    `The controller made ${await requestCount(stage)} requests.`,
  ].join("\n");
}

/** Event types in the order they were written, from the file sink's JSON Lines; those before `since` are of earlier demos. */
async function auditLines(directory: string, since: string): Promise<string[]> {
  const lines: string[] = [];
  for await (const entry of Deno.readDir(directory)) {
    if (!entry.isFile || !entry.name.endsWith(".jsonl") || entry.name.startsWith("dead")) continue;
    for (const line of (await Deno.readTextFile(`${directory}/${entry.name}`)).split("\n")) {
      if (!line) continue;
      const event = JSON.parse(line) as { event_action?: string; resource_id?: string; event_timestamp?: string };
      if (Date.parse(event.event_timestamp ?? "") < Date.parse(since) - 1000) continue;
      lines.push(`${event.resource_id} ${String(event.event_action).replace("workflow.", "")}`);
    }
  }
  return lines;
}

async function requestCount(stage: Stage): Promise<string> {
  const text = await stage.metrics.text();
  const counts = [...text.matchAll(/^rest_client_requests_total\{.*\} (\d+)$/gm)].map(([, count]) => Number(count));
  return String(counts.reduce((sum, count) => sum + count, 0));
}

/** What a person named cannot be had: one line, no stack trace. */
class Missing extends Error {
  override readonly name = "Missing";
}

async function orMissing<T>(what: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new Missing(`${what}: ${error.message}`, { cause: error });
  }
}

/** The built-in bundles, and those of the folder, which win. */
async function bundlesOf({ bundles }: Options): Promise<Bundles> {
  const own = bundles === "" ? {} : await orMissing(`--bundles ${bundles}`, bundleTexts(bundles));
  return await orMissing(
    `--bundles ${bundles}`,
    Promise.resolve().then(() => bundlesFromYaml({ ...builtinTexts(), ...own })),
  );
}

/** Thrown where the story is when somebody stops it. */
class Stopped extends Error {
  override readonly name = "Stopped";
  constructor(readonly signal: number) {
    super(`stopped by signal ${signal}`);
  }
}

/** The first SIGINT or SIGTERM ends the demo, with everything it made cleared away; the second ends it at once. */
class Signals implements Disposable {
  readonly #stop = new AbortController();
  readonly #handlers: readonly (readonly [Deno.Signal, () => void])[];

  constructor() {
    this.#handlers = ([["SIGINT", 2], ["SIGTERM", 15]] as const).map(([signal, number]) => [signal, () => {
      if (this.#stop.signal.aborted) Deno.exit(128 + number);
      this.#stop.abort(new Stopped(number));
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

async function stay(
  stage: Stage,
  kubeconfigFile: string,
  { stop }: Signals,
  print: (line: string) => void,
): Promise<void> {
  print(
    [
      "",
      `The cluster stays until Ctrl+C:  export KUBECONFIG=${kubeconfigFile}`,
      `                                 kubectl get wfe; kubectl get leases -n kubernaut-system`,
      `health http://127.0.0.1:${stage.healthPort}/readyz?verbose  metrics http://127.0.0.1:${stage.metricsPort}/metrics`,
    ].join("\n"),
  );
  await new Promise<void>((resolve) => {
    if (stop.aborted) return resolve();
    stop.addEventListener("abort", () => resolve(), { once: true });
  });
}
