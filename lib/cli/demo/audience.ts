// Who watches the demo: the executions as any user's informer shows them, drawn on the screen with every change.

import { sleep, systemClock } from "../../clock.ts";
import { listPath } from "../../controller/api.ts";
import { Informer } from "../../kube/informer.ts";
import { silentLogger } from "../../log.ts";
import { type Execution, executionFrom } from "../../workflow/execution.ts";
import type { Screen } from "./screen.ts";
import { demoNamespace, type Stage } from "./stage.ts";

const tickMs = 250;

/** Watches the executions, as any user could, and keeps the screen up to date. */
export class Audience implements Disposable {
  readonly #informer: Informer<Execution>;
  readonly #end = new AbortController();
  readonly #screen: Screen;
  readonly #stop: AbortSignal;
  #changed = Promise.withResolvers<void>();
  #deleted = 0;

  private constructor(stage: Stage, screen: Screen, stop: AbortSignal) {
    this.#screen = screen;
    this.#stop = stop;
    this.#informer = new Informer<Execution>({
      client: stage.client,
      paths: [listPath("execution", demoNamespace)],
      project: executionFrom,
      clock: systemClock,
      log: silentLogger,
      name: "demo",
    });
    this.#informer.onChange(({ type }) => {
      if (type === "deleted") this.#deleted++;
      this.#draw();
      this.#changed.resolve();
      this.#changed = Promise.withResolvers<void>();
    });
  }

  /** `stop`: where it is aborted, waiting for a change ends with its reason. */
  static async open(stage: Stage, screen: Screen, stop: AbortSignal): Promise<Audience> {
    const audience = new Audience(stage, screen, stop);
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

  /** How many have gone since it watches. */
  get deleted(): number {
    return this.#deleted;
  }

  /** Resolves with the next change, or after a moment: running durations grow. */
  async change(): Promise<void> {
    this.#stop.throwIfAborted();
    const over = new AbortController();
    const ignoreAbort = (error: unknown) => {
      if (!over.signal.aborted) throw error;
    };
    const either = AbortSignal.any([over.signal, this.#stop]);
    try {
      await Promise.race([this.#changed.promise, sleep(systemClock, tickMs, either).catch(ignoreAbort)]);
    } finally {
      over.abort();
    }
    this.#draw();
  }

  /** Goes on drawing for so long. */
  async watch(ms: number): Promise<void> {
    const endMs = systemClock.monotonic() + ms;
    while (systemClock.monotonic() < endMs) await this.change();
  }

  #draw(): void {
    this.#screen.show(this.executions, systemClock.now());
  }

  [Symbol.dispose](): void {
    this.#end.abort();
  }
}
