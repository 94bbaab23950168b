// One row: a key of the configuration, given as a flag, and what can be seen from outside with it and without it. A key that
// is parsed and ignored shows the same both times.

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
