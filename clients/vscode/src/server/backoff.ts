/** When a server that ended by itself is started again. */

/** Waits before each try, in milliseconds; after the last one a person decides. */
const WAITS_MS = [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 60_000];
/** A server that lived so long had a good start: what comes is a new story. */
const GOOD_LIFE_MS = 60_000;

export class Backoff {
  private failures = 0;

  /** The server ended after *livedMs*. Milliseconds to wait before it is started again; undefined: not by itself. */
  next(livedMs: number): number | undefined {
    if (livedMs >= GOOD_LIFE_MS) this.failures = 0;
    const wait = WAITS_MS[this.failures];
    this.failures += 1;
    return wait;
  }

  /** How many times in a row it has failed. */
  get count(): number {
    return this.failures;
  }

  /** A person started it. */
  reset(): void {
    this.failures = 0;
  }
}
