// The whole program in a world: everything that `run` puts together but for the process itself, on a manual clock, with a
// command line of its own.

import { Program } from "../../lib/cli/program.ts";
import { type Config, loadConfig } from "../../lib/config.ts";
import { sleep, systemClock } from "../../lib/clock.ts";
import { silentLogger } from "../../lib/log.ts";
import { Metrics } from "../../lib/metrics.ts";
import type { HttpServer } from "../../lib/server/serve.ts";
import { type Carry, World, type WorldOptions } from "./world.ts";

export interface Stage {
  readonly world: World;
  readonly config: Config;
  /** Opens the ports; closed with the stage. */
  serve(): Promise<{ health: HttpServer; metrics: HttpServer }>;
  /** Tells the program to stop, and waits until it has. */
  stop(): Promise<void>;
  /** Asks again and again, in real time, moving the clock by `stepMs` (1) each time. */
  until<T>(
    what: string,
    ask: () => T | undefined | false | Promise<T | undefined | false>,
    stepMs?: number,
  ): Promise<T>;
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
  const metrics = new Metrics(clock);
  const client = stack.use(world.connect(o.carry, metrics.requests));
  const program = new Program({
    config,
    client,
    clock,
    log: silentLogger,
    metrics,
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
      for (let turn = 0; turn < 3_000; turn++) {
        const answer = await ask();
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
