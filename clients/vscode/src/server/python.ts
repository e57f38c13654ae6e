/** An interpreter that the extension's own environment can be made with. */

import { execFile } from "node:child_process";

import { withoutKeys } from "./children.js";

/** The oldest Python that the server runs on. */
export const OLDEST: readonly [number, number] = [3, 11];
const NEWEST_KNOWN = 14;
const PROBE_MS = 10_000;

export interface Python {
  command: string;
  args: string[];
  version: string;
}

/** What asking an interpreter brought: its answer, or why there was none. */
export type Answer = { output: string } | { failure: string };
export type Ask = (command: string, args: readonly string[]) => Promise<Answer>;

/** Interpreters to try, the likeliest first; a setting is the only one. */
export function candidates(setting: string, platform: NodeJS.Platform): { command: string; args: string[] }[] {
  if (setting) return [{ command: setting, args: [] }];
  const bare = (command: string) => ({ command, args: [] as string[] });
  if (platform === "win32") return [{ command: "py", args: ["-3"] }, bare("python"), bare("python3")];
  const numbered: string[] = [];
  for (let minor = NEWEST_KNOWN; minor >= OLDEST[1]; minor--) numbered.push(`python3.${minor}`);
  // The system's own first: it is the one that gets updates.
  return ["python3", ...numbered, "python"].map(bare);
}

/** `3.12.1` of what the probe prints; undefined when it is too old or no Python. */
export function usableVersion(output: string): string | undefined {
  const match = /^(\d+)\.(\d+)\.(\d+)\s*$/m.exec(output);
  if (match === null) return undefined;
  const [major, minor] = [Number(match[1]), Number(match[2])];
  return major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1]) ? match[0].trim() : undefined;
}

const PROBE = "import sys, venv, ensurepip; print('.'.join(map(str, sys.version_info[:3])))";
const VERSION_ONLY = "import sys; print('.'.join(map(str, sys.version_info[:3])))";

export type PythonSearch =
  | { python: Python }
  /** `none`: nothing new enough; `no_venv`: *tried* is new enough, and cannot make virtual environments. */
  | { python: undefined; why: "none" | "no_venv"; tried: string[] };

/** The first interpreter that is new enough and can make virtual environments. */
export async function findPython(setting: string, platform: NodeJS.Platform, ask: Ask = run): Promise<PythonSearch> {
  const tried: string[] = [];
  const withoutVenv: string[] = [];
  for (const { command, args } of candidates(setting, platform)) {
    const answer = await ask(command, [...args, "-c", PROBE]);
    if ("output" in answer) {
      const version = usableVersion(answer.output);
      if (version !== undefined) return { python: { command, args, version } };
      tried.push(`${command} ${answer.output.trim()}`.trim());
      continue;
    }
    if (!/ModuleNotFoundError|ImportError/.test(answer.failure)) continue;
    const version = await ask(command, [...args, "-c", VERSION_ONLY]);
    if ("output" in version && usableVersion(version.output)) withoutVenv.push(`${command} ${version.output.trim()}`);
  }
  if (withoutVenv.length > 0) return { python: undefined, why: "no_venv", tried: withoutVenv };
  return { python: undefined, why: "none", tried };
}

/** Runs *command* without a shell, isolated from the folder it stands in. */
function run(command: string, args: readonly string[]): Promise<Answer> {
  return new Promise((resolve) => {
    const isolated = args.at(-2) === "-c" ? [...args.slice(0, -2), "-I", ...args.slice(-2)] : [...args];
    execFile(
      command,
      isolated,
      { timeout: PROBE_MS, windowsHide: true, env: withoutKeys(process.env) },
      (error, stdout, stderr) => {
        resolve(error ? { failure: stderr || error.message } : { output: stdout });
      },
    );
  });
}
