/** One process of the server: what it says at its end is kept, because that is where the reason stands. */

import { type ChildProcess, spawn } from "node:child_process";

const LINES_KEPT = 20;
/** Between the end of its output and the exit code. */
const EXIT_MS = 1_000;
const KILL_MS = 2_000;

export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

export class ServerProcess {
  readonly child: ChildProcess;
  readonly begun = Date.now();
  private readonly exit: Promise<Exit>;
  private readonly lines: string[] = [];
  /** It has ended. */
  isOver = false;
  private killed = false;

  constructor(command: string, args: readonly string[], env: Record<string, string>, cwd: string) {
    this.child = spawn(command, args, { cwd, env: { ...process.env, ...env }, windowsHide: true });
    this.exit = new Promise((resolve) => {
      const end = (exit: Exit) => {
        this.isOver = true;
        resolve(exit);
      };
      this.child.once("exit", (code, signal) => end({ code, signal }));
      this.child.once("error", (error) => {
        this.lines.push(error.message);
        end({ code: null, signal: null });
      });
    });
    this.child.stderr?.on("data", (chunk: Buffer) => {
      this.lines.push(...chunk.toString().split(/\r?\n/).filter(Boolean));
      this.lines.splice(0, this.lines.length - LINES_KEPT);
    });
    // Who writes to a process that has ended is told so elsewhere.
    this.child.stdin?.on("error", () => {});
  }

  get livedMs(): number {
    return Date.now() - this.begun;
  }

  /** Raises when it has ended. */
  async ended(): Promise<never> {
    const { code, signal } = await this.exit;
    throw new Error(`it ended (${signal ?? code})`);
  }

  /** How it ended, and the last line that it wrote to its standard error; *killed*: by us, because it did not answer. */
  async ending(): Promise<Exit & { lastLine: string; killed: boolean }> {
    const late = new Promise<Exit>((resolve) => setTimeout(() => resolve({ code: null, signal: null }), EXIT_MS).unref());
    const exit = await Promise.race([this.exit, late]);
    return { ...exit, lastLine: this.lines.at(-1) ?? "", killed: this.killed };
  }

  /** Ends it at once, if it has not ended. */
  kill(): void {
    if (this.isOver) return;
    this.killed = true;
    this.child.kill("SIGKILL");
  }

  /** Ends it, with some time to do so by itself. */
  async end(): Promise<void> {
    const timer = setTimeout(() => this.child.kill("SIGKILL"), KILL_MS);
    this.child.stdin?.end();
    await this.exit;
    clearTimeout(timer);
  }
}
