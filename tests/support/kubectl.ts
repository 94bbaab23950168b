// kubectl as a user runs it: a process with a kubeconfig, a namespace and a home of its own, so that neither the user's settings
// nor the discovery cache of another cluster get into a test. Leaves to the caller what the answers should be.

import { sleep, systemClock } from "../../lib/clock.ts";
import { isOnPath } from "./commands.ts";

export interface Answer {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Whether there is a kubectl on PATH. Where there is none, tests say so in their name and are left out. */
export const hasKubectl = (): boolean => isOnPath("kubectl");

export class Kubectl implements AsyncDisposable {
  private constructor(readonly home: string, readonly kubeconfig: string, readonly namespace: string) {}

  /** `kubeconfig` is the text of one, or the path of a file. Every command works in `namespace` unless it names another. */
  static async open(o: { kubeconfig: string; namespace: string }): Promise<Kubectl> {
    const home = await Deno.makeTempDir({ prefix: "kubectl-" });
    const isText = o.kubeconfig.includes("\n");
    if (isText) await Deno.writeTextFile(`${home}/kubeconfig`, o.kubeconfig);
    return new Kubectl(home, isText ? `${home}/kubeconfig` : o.kubeconfig, o.namespace);
  }

  /** Runs it to its end, with this on its standard input. */
  async run(args: readonly string[], o: { input?: string; env?: Record<string, string> } = {}): Promise<Answer> {
    const child = this.#command(args, o.env).spawn();
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(o.input ?? ""));
    await writer.close();
    const { code, stdout, stderr } = await child.output();
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    return { code, out: text(stdout), err: text(stderr) };
  }

  /** What it prints; fails when it fails. */
  async ok(args: readonly string[], input = ""): Promise<string> {
    const { code, out, err } = await this.run(args, { input });
    if (code !== 0) throw new Error(`kubectl ${args.join(" ")}: exit code ${code}: ${err}`);
    return out;
  }

  /** What it complains of, without the line break at the end; fails when it succeeds. */
  async refused(args: readonly string[], input = ""): Promise<string> {
    const { code, out, err } = await this.run(args, { input });
    if (code === 0) throw new Error(`kubectl ${args.join(" ")} succeeded, and should not: ${out}`);
    return err.trimEnd();
  }

  /** Starts a command that goes on by itself (`get --watch`); it is ended when it is disposed of. */
  follow(args: readonly string[]): Following {
    return new Following(this.#command(args).spawn());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.home, { recursive: true });
  }

  #command(args: readonly string[], env: Record<string, string> = {}): Deno.Command {
    const own = args.includes("--namespace") || args.includes("--all-namespaces")
      ? []
      : ["--namespace", this.namespace];
    return new Deno.Command("kubectl", {
      args: [...own, ...args],
      clearEnv: true,
      env: {
        PATH: Deno.env.get("PATH") ?? "",
        HOME: this.home,
        TMPDIR: this.home,
        KUBECONFIG: this.kubeconfig,
        ...env,
      },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    });
  }
}

/** A command under way, and what it has printed so far. */
export class Following implements AsyncDisposable {
  #out = "";
  #err = "";
  readonly #child: Deno.ChildProcess;
  readonly #reading: Promise<void[]>;

  constructor(child: Deno.ChildProcess) {
    this.#child = child;
    this.#reading = Promise.all([
      this.#read(child.stdout, (text) => this.#out += text),
      this.#read(child.stderr, (text) => this.#err += text),
      child.stdin.close(),
    ]);
  }

  /** Waits until it has printed this many lines, and gives them. */
  lines(count: number): Promise<string[]> {
    return this.#wait(`${count} lines`, (out) => out.split("\n").length > count);
  }

  /** Waits until what it has printed matches, and gives its lines. */
  until(pattern: RegExp): Promise<string[]> {
    return this.#wait(String(pattern), (out) => pattern.test(out));
  }

  async #wait(what: string, reached: (out: string) => boolean, limitMs = 20_000): Promise<string[]> {
    const untilMs = systemClock.monotonic() + limitMs;
    while (!reached(this.#out)) {
      if (systemClock.monotonic() > untilMs) {
        throw new Error(`kubectl: not within ${limitMs / 1000} s: ${what}; it printed ${this.#out}${this.#err}`);
      }
      await sleep(systemClock, 20);
    }
    return this.#out.split("\n").slice(0, -1);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGTERM");
    } catch (error) {
      // It has ended by itself.
      if (!(error instanceof TypeError)) throw error;
    }
    await this.#reading;
    await this.#child.status;
  }

  async #read(stream: ReadableStream<Uint8Array>, take: (text: string) => void): Promise<void> {
    for await (const text of stream.pipeThrough(new TextDecoderStream())) take(text);
  }
}

/** Rows of a printed table by its heads, ages left out: they are as old as the test is slow. An empty cell is "". */
export function rows(out: string): Record<string, string>[] {
  const [head = "", ...lines] = out.trimEnd().split("\n");
  const starts = [...head.matchAll(/\S+(?: \S+)*/g)].map(({ 0: name, index }) => ({ name, index }));
  return lines.map((line) =>
    Object.fromEntries(
      starts.flatMap(({ name, index }, at) => {
        const cell = line.slice(index, starts[at + 1]?.index).trim();
        return ["AGE", "LAST SEEN"].includes(name) && /^\d+[smh]/.test(cell) ? [] : [[name, cell]];
      }),
    )
  );
}
