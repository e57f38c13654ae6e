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

  constructor(command: string, args: readonly string[], env: Record<string, string>, cwd: string) {
    this.child = spawn(command, args, { cwd, env: { ...process.env, ...env }, windowsHide: true });
    this.exit = new Promise((resolve) => {
      this.child.once("exit", (code, signal) => resolve({ code, signal }));
      this.child.once("error", (error) => {
        this.lines.push(error.message);
        resolve({ code: null, signal: null });
      });
    });
    this.child.stderr?.on("data", (chunk: Buffer) => {
      this.lines.push(...chunk.toString().split(/\r?\n/).filter(Boolean));
      this.lines.splice(0, this.lines.length - LINES_KEPT);
    });
  }

  get livedMs(): number {
    return Date.now() - this.begun;
  }

  /** How it ended, and the last line that it wrote to its standard error. */
  async ending(): Promise<Exit & { lastLine: string }> {
    const late = new Promise<Exit>((resolve) => setTimeout(() => resolve({ code: null, signal: null }), EXIT_MS).unref());
    const exit = await Promise.race([this.exit, late]);
    return { ...exit, lastLine: this.lines.at(-1) ?? "" };
  }

  /** Ends it, if it has not ended by itself in a while. */
  async end(): Promise<void> {
    const timer = setTimeout(() => this.child.kill("SIGKILL"), KILL_MS);
    this.child.stdin?.end();
    await this.exit;
    clearTimeout(timer);
  }
}
