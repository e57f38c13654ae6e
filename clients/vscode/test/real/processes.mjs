// Processes that a test starts, and their end: whatever happens to the test, nothing of them is left running.

import { spawn } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../../../..");
export const PICTURES = path.resolve(ROOT, process.env.ZAI_LS_PICTURES ?? "build/pictures");

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// The one way in which the harness waits: until *find* gives something true.
// What *find* throws while it is too early is kept, and told if it stays too early.
export async function until(what, find, seconds = 20) {
  const end = performance.now() + seconds * 1000;
  let problem;
  for (;;) {
    try {
      problem = undefined;
      const found = await find();
      if (found) return found;
    } catch (error) {
      problem = error;
    }
    if (performance.now() > end) break;
    await pause(40);
  }
  throw new Error(`not within ${seconds} s: ${what}${problem ? ` (${problem.message})` : ""}`, { cause: problem });
}

// Stands before each program: when the pipe from the test breaks, for whatever reason, the whole group is killed.
const LEASH = 'exec 3<&0; (cat <&3 >/dev/null; kill -KILL 0) & exec "$@" 3<&- </dev/null';

const running = new Set();

export class Program {
  // Runs *command* in a process group of its own, with *env* and no other environment. Its output is kept in *log*.
  constructor(name, command, { env, cwd, log }) {
    this.name = name;
    this.log = log;
    this.output = "";
    this.code = undefined;
    this.process = spawn("/bin/sh", ["-c", LEASH, "sh", ...command], { env, cwd, detached: true, stdio: "pipe" });
    this.pid = this.process.pid;
    this.process.stdin.on("error", () => {});
    const file = fs.createWriteStream(log);
    for (const stream of [this.process.stdout, this.process.stderr]) stream.pipe(file, { end: false });
    this.process.stdout.on("data", (piece) => (this.output += piece));
    this.process.stderr.on("data", (piece) => (this.output += piece));
    this.ended = new Promise((resolve) => {
      this.process.on("error", (error) => this.#over(`could not start: ${error.message}`, resolve));
      this.process.on("exit", (code, signal) => this.#over(signal ?? code, resolve));
    });
    running.add(this);
  }

  #over(code, resolve) {
    this.code = code;
    resolve(code);
  }

  // Waits until the output matches *pattern*; the match. An early end of the program ends the wait.
  async says(pattern, seconds = 60) {
    const found = await until(
      `${this.name} says ${pattern}`,
      () => this.output.match(pattern) ?? (this.code === undefined ? undefined : [undefined]),
      seconds,
    );
    if (found[0] === undefined) throw new Error(`${this.name} ended (${this.code}):\n${this.output.slice(-3000)}`);
    return found;
  }

  // Asks it to end, and makes it, with all that it started.
  async stop() {
    if (this.code === undefined) {
      this.#signal("SIGTERM");
      await Promise.race([this.ended, pause(3000)]);
    }
    this.#signal("SIGKILL");
    running.delete(this);
    await this.ended;
  }

  // Also when the program itself is gone: others of its group may not be.
  #signal(name) {
    try {
      process.kill(-this.pid, name);
    } catch (error) {
      if (error.code !== "ESRCH") throw error;
    }
  }

  killNow() {
    this.#signal("SIGKILL");
  }
}

process.on("exit", () => {
  for (const program of running) program.killNow();
});
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.once(signal, () => process.exit(1));

// Whose environment holds *mark*: processes that have left the group of the program that started them.
export function marked(mark) {
  const found = [];
  for (const name of fs.readdirSync("/proc")) {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) continue;
    try {
      if (fs.readFileSync(`/proc/${name}/environ`, "latin1").split("\0").includes(mark)) {
        const command = fs.readFileSync(`/proc/${name}/cmdline`, "utf8").split("\0").join(" ").trim();
        if (command) found.push({ pid: Number(name), command });
      }
    } catch {
      // It has just ended, or is another user's.
    }
  }
  return found;
}

export function temporaryFolder(name) {
  return fs.mkdtempSync(path.join(os.tmpdir(), `zai-ls-${name}-`));
}

export function where(...names) {
  for (const name of names) {
    for (const folder of (process.env.PATH ?? "").split(path.delimiter)) {
      const file = path.join(folder, name);
      if (folder && fs.existsSync(file)) return file;
    }
  }
  throw new Error(`none of ${names.join(", ")} is on the PATH`);
}
