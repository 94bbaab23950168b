// A limit on how many things happen at a time. Whoever comes when all permits are out waits in line.

export class Permits {
  #free: number;
  readonly #line = new Set<() => void>();

  constructor(count: number) {
    this.#free = count;
  }

  /** Resolves with a permit, which its disposal gives back. Rejects with the signal's reason when that is aborted first. */
  take(signal?: AbortSignal): Promise<Disposable> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      if (this.#free > 0) {
        this.#free--;
        return resolve(this.#permit());
      }
      const onAbort = () => {
        this.#line.delete(turn);
        reject(signal?.reason);
      };
      const turn = () => {
        signal?.removeEventListener("abort", onAbort);
        resolve(this.#permit());
      };
      this.#line.add(turn);
      signal?.addEventListener("abort", onAbort, { once: true });
    });
  }

  #permit(): Disposable {
    let out = true;
    return {
      [Symbol.dispose]: () => {
        if (!out) return;
        out = false;
        const [first] = this.#line;
        if (!first) return void this.#free++;
        this.#line.delete(first);
        first();
      },
    };
  }
}
