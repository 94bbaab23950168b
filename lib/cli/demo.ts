// `kubernaut-we demo`: the main job, shown in under 30 s on the embedded API server and Tekton. With --serve it stays for
// kubectl. Exit code 1 when an act of the story comes out otherwise than it must.

import { sleep, systemClock } from "../clock.ts";
import { Informer } from "../kube/informer.ts";
import { createLogger, lineWriter, silentLogger } from "../log.ts";
import { listPath } from "../controller/api.ts";
import { executionFrom } from "../workflow/execution.ts";
import type { Execution } from "../workflow/execution.ts";
import { createScreen, type Screen } from "./demo/screen.ts";
import { demoNamespace, openStage, type Stage } from "./demo/stage.ts";
import { type Act, executionsPath, story } from "./demo/story.ts";

const usage = `Usage: kubernaut-we demo [--serve] [--kubeconfig-file FILE] [--keep-audit DIR] [--verbose]

Plays a story on an embedded API server and Tekton, in this process, over real HTTP.
--serve            stays afterwards, for kubectl, until Ctrl+C
--kubeconfig-file  where --serve writes a kubeconfig (default: a temporary file)
--keep-audit       keeps the audit trail in this folder
--verbose          the controller's log, too`;

interface Options {
  readonly serve: boolean;
  readonly kubeconfigFile: string;
  readonly keepAudit: string;
  readonly verbose: boolean;
}

/** An act may take so long; the whole story takes half of it. */
const actLimitMs = 20_000;
const tickMs = 250;
/** On a terminal, a person reads along. */
const readingMs = 1_500;

export async function demo(args: string[]): Promise<number> {
  const print = lineWriter(Deno.stdout);
  const complain = lineWriter(Deno.stderr);
  if (args.includes("--help") || args.includes("-h")) {
    print(usage);
    return 0;
  }
  const options = parse(args);
  if (typeof options === "string") {
    complain(`kubernaut-we demo: ${options}\n\n${usage}`);
    return 2;
  }
  const temporary = await Deno.makeTempDir({ prefix: "kubernaut-demo-" });
  try {
    return await play(options, temporary, print, complain);
  } finally {
    await Deno.remove(temporary, { recursive: true });
  }
}

async function play(
  options: Options,
  temporary: string,
  print: (line: string) => void,
  complain: (line: string) => void,
): Promise<number> {
  const clock = systemClock;
  const log = options.verbose
    ? createLogger({ level: "info", format: "text", clock, write: lineWriter(Deno.stderr) })
    : silentLogger;
  const auditDirectory = options.keepAudit || `${temporary}/audit`;
  await using stage = await openStage({ clock, log, auditDirectory });
  const terminal = Deno.stdout.isTerminal();
  const encoder = new TextEncoder();
  const screen = createScreen((text) => void Deno.stdout.writeSync(encoder.encode(text)), {
    terminal,
    // A terminal that does not know its size says 0.
    columns: terminal ? Deno.consoleSize().columns || 80 : 120,
  });
  const startedMs = clock.monotonic();
  using audience = await Audience.open(stage, screen);
  const failures: string[] = [];
  for (const act of story()) {
    screen.say(act.says);
    const failure = await perform(stage, audience, act);
    if (failure) failures.push(failure);
    if (terminal) await audience.watch(readingMs);
  }
  screen.end();
  print(await summary(stage, audience, auditDirectory, clock.monotonic() - startedMs));
  for (const failure of failures) complain(`not as it must be: ${failure}`);
  if (options.serve) await stay(stage, options.kubeconfigFile || `${temporary}/kubeconfig`, print);
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
    await audience.change(tickMs);
  }
  const { phase = "", skipDetails, failureReason } = audience.execution(act.name)?.status ?? {};
  const reason = skipDetails?.reason ?? failureReason;
  const { expects } = act;
  if (!expects || (phase === expects.phase && (!expects.reason || reason === expects.reason))) return undefined;
  return `${act.name} is ${phase} ${reason ?? ""}, and must be ${expects.phase} ${expects.reason ?? ""}`;
}

/** Watches the executions, as any user could, and keeps the screen up to date. */
class Audience implements Disposable {
  readonly #informer: Informer<Execution>;
  readonly #end = new AbortController();
  readonly #screen: Screen;
  #changed = Promise.withResolvers<void>();

  private constructor(stage: Stage, screen: Screen) {
    this.#screen = screen;
    this.#informer = new Informer<Execution>({
      client: stage.client,
      paths: [listPath("execution", demoNamespace)],
      project: executionFrom,
      clock: systemClock,
      log: silentLogger,
      name: "demo",
    });
    this.#informer.onChange(() => {
      this.#draw();
      this.#changed.resolve();
      this.#changed = Promise.withResolvers<void>();
    });
  }

  static async open(stage: Stage, screen: Screen): Promise<Audience> {
    const audience = new Audience(stage, screen);
    void audience.#informer.run(audience.#end.signal);
    await audience.#informer.whenSynced();
    return audience;
  }

  execution(name: string): Execution | undefined {
    return this.#informer.store.get(`${demoNamespace}/${name}`);
  }

  get executions(): Execution[] {
    return [...this.#informer.store.values()].sort((a, b) => a.createdAtMs - b.createdAtMs);
  }

  /** Resolves with the next change, or after so long: running durations grow. */
  async change(limitMs: number): Promise<void> {
    const over = new AbortController();
    const ignoreAbort = (error: unknown) => {
      if (!over.signal.aborted) throw error;
    };
    await Promise.race([this.#changed.promise, sleep(systemClock, limitMs, over.signal).catch(ignoreAbort)]);
    over.abort();
    this.#draw();
  }

  /** Goes on drawing for so long. */
  async watch(ms: number): Promise<void> {
    const endMs = systemClock.monotonic() + ms;
    while (systemClock.monotonic() < endMs) await this.change(tickMs);
  }

  #draw(): void {
    this.#screen.show(this.executions, systemClock.now());
  }

  [Symbol.dispose](): void {
    this.#end.abort();
  }
}

async function summary(stage: Stage, audience: Audience, auditDirectory: string, tookMs: number): Promise<string> {
  const failed = audience.executions.find(({ status }) => status.failureDetails);
  const count = (phase: string) => audience.executions.filter(({ status }) => status.phase === phase).length;
  const trail = await auditLines(auditDirectory);
  const details = failed?.status.failureDetails;
  return [
    "",
    `${count("Completed")} completed, ${count("Failed")} failed, ${count("Skipped")} skipped, 1 deleted, in ${
      (tookMs / 1000).toFixed(1)
    } s.`,
    ...(details
      ? ["", `Why ${failed?.name} failed, for a person and a language model:`, details.naturalLanguageSummary]
      : []),
    "",
    `The audit trail has ${trail.length} events: ${trail.join(", ")}`,
    `The controller made ${await requestCount(stage)} requests.`,
  ].join("\n");
}

/** Event types in the order they were written, from the file sink's JSON Lines. */
async function auditLines(directory: string): Promise<string[]> {
  const lines: string[] = [];
  for await (const entry of Deno.readDir(directory)) {
    if (!entry.isFile || !entry.name.endsWith(".jsonl") || entry.name.startsWith("dead")) continue;
    for (const line of (await Deno.readTextFile(`${directory}/${entry.name}`)).split("\n")) {
      if (!line) continue;
      const event = JSON.parse(line) as { event_action?: string; resource_id?: string };
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

async function stay(stage: Stage, kubeconfigFile: string, print: (line: string) => void): Promise<void> {
  await Deno.writeTextFile(kubeconfigFile, stage.server.kubeconfig(stage.url));
  print(
    [
      "",
      `The cluster stays until Ctrl+C:  export KUBECONFIG=${kubeconfigFile}`,
      `                                 kubectl get wfe -n ${demoNamespace}; kubectl get leases -n kubernaut-system`,
      `health http://127.0.0.1:${stage.healthPort}/readyz?verbose  metrics http://127.0.0.1:${stage.metricsPort}/metrics`,
    ].join("\n"),
  );
  await new Promise<void>((resolve) => {
    const stop = () => {
      for (const signal of ["SIGINT", "SIGTERM"] as const) Deno.removeSignalListener(signal, stop);
      resolve();
    };
    for (const signal of ["SIGINT", "SIGTERM"] as const) Deno.addSignalListener(signal, stop);
  });
}

function parse(args: string[]): Options | string {
  const options = { serve: false, kubeconfigFile: "", keepAudit: "", verbose: false };
  for (let at = 0; at < args.length; at++) {
    const argument = args[at] ?? "";
    const [flag = "", given] = argument.split(/=(.*)/s);
    if (argument === "--serve") options.serve = true;
    else if (argument === "--verbose") options.verbose = true;
    else if (flag === "--keep-audit" || flag === "--kubeconfig-file") {
      const value = given ?? args[++at];
      if (!value) return `${flag} needs a value`;
      options[flag === "--keep-audit" ? "keepAudit" : "kubeconfigFile"] = value;
    } else return `there is no flag ${JSON.stringify(argument)}`;
  }
  return options;
}
