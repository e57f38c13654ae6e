/** Work of which one runs and at most one waits: whoever asks while one waits gets that one's end. */
export class Coalesced {
  private last: Promise<void> = Promise.resolve();
  private waiting: Promise<void> | undefined;

  constructor(private readonly work: () => Promise<void>) {}

  /** Done when a run that began after this call has ended. The work tells its own failures. */
  ask(): Promise<void> {
    this.waiting ??= this.last.then(() => {
      this.waiting = undefined;
      this.last = this.work().catch(() => {});
      return this.last;
    });
    return this.waiting;
  }
}
