/** Work of which one runs and at most one waits: whoever asks while one waits gets that one's end. */
export class Coalesced {
  private running: Promise<void> | undefined;
  private waiting: Promise<void> | undefined;

  constructor(private readonly work: () => Promise<void>) {}

  /** Done when a run that began after this call has ended. */
  ask(): Promise<void> {
    if (this.running === undefined) return this.begin();
    this.waiting ??= this.running.then(() => {
      this.waiting = undefined;
      return this.begin();
    });
    return this.waiting;
  }

  private begin(): Promise<void> {
    const run = this.work()
      .catch(() => {}) // the work tells its own failures
      .finally(() => {
        this.running = undefined;
      });
    this.running = run;
    return run;
  }
}
