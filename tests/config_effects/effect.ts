// One row: a key of the configuration, given as a flag, and what can be seen from outside with it and without it. A key that
// is parsed and ignored shows the same both times.

import { Program } from "../../lib/cli/program.ts";
import { type Config, loadConfig } from "../../lib/config.ts";
import { sleep, systemClock } from "../../lib/clock.ts";
import { silentLogger } from "../../lib/log.ts";
import { Metrics } from "../../lib/metrics.ts";
import type { HttpServer } from "../../lib/server/serve.ts";
import { type Carry, World, type WorldOptions } from "../support/world.ts";

export interface Effect {
  /** The key, or several that only work together. */
  readonly keys: readonly string[];
  readonly flags: readonly string[];
  /** What is looked at. */
  readonly shows: string;
  readonly with: unknown;
  readonly without: unknown;
  observe(flags: readonly string[]): Promise<unknown>;
}

export interface Stage {
  readonly world: World;
  readonly config: Config;
  /** Opens the ports; closed with the stage. */
  serve(): Promise<{ health: HttpServer; metrics: HttpServer }>;
  /** Tells the program to stop, and waits until it has. */
  stop(): Promise<void>;
  /** Asks again and again, in real time, moving the clock by `stepMs` (1) each time. */
  until<T>(what: string, ask: () => T | undefined | false, stepMs?: number): Promise<T>;
}

export interface StageOptions extends WorldOptions {
  readonly carry?: Carry;
  /** Before the program starts. */
  readonly prepare?: (world: World) => void;
}

/**
 * The whole program in a world on a manual clock, with the row's flags on its command line. Its ports are of this machine's
 * own interface, and its audit trail goes to a directory that is removed, unless a flag says otherwise.
 */
export async function onStage<T>(
  flags: readonly string[],
  story: (stage: Stage) => Promise<T>,
  o: StageOptions = {},
): Promise<T> {
  await using stack = new AsyncDisposableStack();
  const world = stack.use(await World.start(o));
  o.prepare?.(world);
  const directory = await Deno.makeTempDir({ prefix: "effects-" });
  stack.defer(() => Deno.remove(directory, { recursive: true }));
  const base = {
    "--audit-sinks": `file:${directory}`,
    "--audit-batch-delay": "0s",
    "--lock-namespace": "kubernaut-system",
    "--health-address": "127.0.0.1:0",
    "--metrics-address": "127.0.0.1:0",
    "--metrics-plain-http": "true",
  };
  const given = (flag: string) => flags.some((each) => each.startsWith(`${flag}=`));
  const args = [...Object.entries(base).filter(([flag]) => !given(flag)).map((pair) => pair.join("=")), ...flags];
  const config = await loadConfig({ args, env: {}, readFile: () => Promise.resolve(undefined) });
  const { clock } = world;
  const client = stack.use(world.connect(o.carry));
  const program = new Program({
    config,
    client,
    clock,
    log: silentLogger,
    metrics: new Metrics(clock),
    identity: "test",
  });
  const stopping = new AbortController();
  let ended = false;
  const running = program.run(stopping.signal).finally(() => (ended = true));
  const stage: Stage = {
    world,
    config,
    serve: async () => stack.use(await program.serve()),
    async until(what, ask, stepMs = 1) {
      for (let turn = 0; turn < 10_000; turn++) {
        const answer = ask();
        if (answer !== undefined && answer !== false) return answer;
        clock.advance(stepMs);
        await sleep(systemClock, 2);
      }
      throw new Error(`it never came to be: ${what}`);
    },
    async stop() {
      stopping.abort(new Error("stop"));
      await stage.until("it has stopped", () => ended, 20);
      await running;
    },
  };
  try {
    return await story(stage);
  } finally {
    if (!stopping.signal.aborted) await stage.stop();
  }
}
