/** The extension's own virtual environment, made from the wheel that it brings along. */

import { type ChildProcess, spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { watch } from "node:fs";
import * as fs from "node:fs/promises";
import * as path from "node:path";

import { withoutKeys } from "./children.js";
import type { Python } from "./python.js";

/** Which environment is in use; written last, in one step, so that a half-made one is never taken. */
const CURRENT = "server.json";
const PREFIX = "server-";
/** An environment that is not in use may still be run by a window that is open. */
const KEPT_MS = 7 * 24 * 3600 * 1000;
const LINES_KEPT = 15;

interface Current {
  folder: string;
  /** Digest of the wheel that it was made from. */
  wheel: string;
}

/** Making the environment failed; `output` is what the failing step last said. */
export class InstallFailed extends Error {
  constructor(
    readonly step: "venv" | "pip" | "wheel",
    readonly reason: "no_venv" | "network" | "no_wheel" | "disk" | "other",
    readonly output: string,
  ) {
    super(`${step}: ${reason}`);
  }
}

export class Cancelled extends Error {}

export interface Progress {
  step(name: "environment" | "packages"): void;
  line(text: string): void;
}

export class OwnEnvironment {
  constructor(
    private readonly storage: string,
    private readonly wheels: string,
    private readonly platform: NodeJS.Platform,
  ) {}

  /** The server in it; undefined when none was installed, or when the Python that it was made with is gone. */
  async command(): Promise<string | undefined> {
    const current = await this.current();
    if (current === undefined) return undefined;
    const there = await fs.stat(this.binary(current.folder, "python")).catch(() => undefined);
    return there && this.commandIn(current.folder);
  }

  /** Digest of the wheel that is here now, if another one was installed. */
  async other(): Promise<string | undefined> {
    const [current, wheel] = [await this.current(), await this.wheel()];
    if (current === undefined || wheel === undefined) return undefined;
    const here = await digest(wheel);
    return current.wheel === here ? undefined : here;
  }

  /** Calls *listener* when any window has installed one; until what it returns is called. */
  onInstalled(listener: () => void): () => void {
    const watcher = watch(this.storage, (_, name) => {
      if (name === CURRENT) listener();
    });
    watcher.on("error", () => {});
    return () => watcher.close();
  }

  async prepare(): Promise<void> {
    await fs.mkdir(this.storage, { recursive: true });
  }

  /** Makes a new one with *python* and puts it in use. Raises `InstallFailed` or `Cancelled`. */
  async install(python: Python, progress: Progress, signal: AbortSignal): Promise<string> {
    const wheel = await this.wheel();
    if (wheel === undefined) throw new InstallFailed("wheel", "no_wheel", this.wheels);
    await this.prepare();
    const folder = path.join(this.storage, `${PREFIX}${randomBytes(4).toString("hex")}`);
    try {
      progress.step("environment");
      await this.run("venv", python.command, [...python.args, "-I", "-m", "venv", folder], progress, signal);
      progress.step("packages");
      const pip = ["-I", "-m", "pip", "install", "--no-input", "--disable-pip-version-check", "--progress-bar=off"];
      await this.run("pip", this.binary(folder, "python"), [...pip, wheel], progress, signal);
      const made = await fs.stat(this.commandIn(folder)).catch(() => undefined);
      if (made === undefined) throw new InstallFailed("pip", "other", `pip installed it elsewhere than ${folder}`);
    } catch (error) {
      await fs.rm(folder, { recursive: true, force: true });
      throw error;
    }
    await this.use({ folder, wheel: await digest(wheel) });
    return this.commandIn(folder);
  }

  /** Removes what no window can be running any more. */
  async sweep(now: number): Promise<void> {
    const current = await this.current();
    const entries = await fs.readdir(this.storage).catch(() => []);
    for (const name of entries.filter((each) => each.startsWith(PREFIX) && each !== CURRENT)) {
      const folder = path.join(this.storage, name);
      if (folder === current?.folder) continue;
      const made = await fs.stat(folder).catch(() => undefined);
      if (made !== undefined && now - made.mtimeMs > KEPT_MS) await fs.rm(folder, { recursive: true, force: true });
    }
  }

  private async current(): Promise<Current | undefined> {
    try {
      const value: unknown = JSON.parse(await fs.readFile(path.join(this.storage, CURRENT), "utf8"));
      const { folder, wheel } = value as Partial<Current>;
      return typeof folder === "string" && typeof wheel === "string" ? { folder, wheel } : undefined;
    } catch {
      return undefined;
    }
  }

  private async use(current: Current): Promise<void> {
    const before = await this.current();
    const now = new Date();
    // Its age counts from here: a window may be running it still.
    if (before !== undefined) await fs.utimes(before.folder, now, now).catch(() => {});
    const file = path.join(this.storage, CURRENT);
    const draft = `${file}.${randomBytes(4).toString("hex")}`;
    await fs.writeFile(draft, JSON.stringify(current));
    await fs.rename(draft, file);
  }

  private async wheel(): Promise<string | undefined> {
    const names = (await fs.readdir(this.wheels).catch(() => [])).filter((name) => name.endsWith(".whl")).sort();
    const last = names.at(-1);
    return last && path.join(this.wheels, last);
  }

  private binary(folder: string, name: string): string {
    return this.platform === "win32" ? path.join(folder, "Scripts", `${name}.exe`) : path.join(folder, "bin", name);
  }

  private commandIn(folder: string): string {
    return this.binary(folder, "zai-ls");
  }

  private run(
    step: "venv" | "pip",
    command: string,
    args: readonly string[],
    progress: Progress,
    signal: AbortSignal,
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      const last: string[] = [];
      const child: ChildProcess = spawn(command, args, {
        cwd: this.storage,
        env: withoutKeys(process.env),
        signal,
        windowsHide: true,
      });
      const read = (chunk: Buffer) => {
        for (const line of chunk.toString().split(/\r?\n/).filter(Boolean)) {
          progress.line(line);
          last.push(line);
          if (last.length > LINES_KEPT) last.shift();
        }
      };
      child.stdout?.on("data", read);
      child.stderr?.on("data", read);
      child.on("error", (error) => {
        reject(signal.aborted ? new Cancelled() : new InstallFailed(step, "other", error.message));
      });
      child.on("close", (code) => {
        if (code === 0) resolve();
        else reject(signal.aborted ? new Cancelled() : new InstallFailed(step, reasonOf(last.join("\n")), last.join("\n")));
      });
    });
  }
}

async function digest(file: string): Promise<string> {
  return createHash("sha256")
    .update(await fs.readFile(file))
    .digest("hex");
}

/** Why a step failed, from what it printed. */
export function reasonOf(output: string): InstallFailed["reason"] {
  if (/ensurepip is not\s+available|python3(\.\d+)?-venv/.test(output)) return "no_venv";
  if (/No space left|ENOSPC|Disk quota/i.test(output)) return "disk";
  if (
    /NewConnectionError|ConnectTimeout|Name or service|Temporary failure|ProxyError|SSLError|Max retries|getaddrinfo|Connection (refused|reset)|ReadTimeout/i.test(
      output,
    )
  ) {
    return "network";
  }
  if (/No matching distribution|Could not find a version|Failed building wheel|not a supported wheel/i.test(output))
    return "no_wheel";
  return "other";
}
