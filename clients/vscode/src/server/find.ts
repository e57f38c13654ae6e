/** Where the server is: which places are looked at, in which order, and why none was good. Pure but for the probes. */

import * as path from "node:path";

export type Source = "setting" | "own" | "path" | "project";

export interface Found {
  command: string;
  source: Source;
}

/** Why a place was not taken. */
export interface Miss {
  source: Source;
  command: string;
  reason: "absent" | "not_asked" | "refused" | "untrusted";
}

export interface Places {
  /** The setting `zai.server.path`; empty when it is not set. */
  setting: string;
  /** The server in the extension's own virtual environment, if one was installed. */
  own: string | undefined;
  /** The value of `PATH`. */
  path: string;
  /** Folders that are open. */
  folders: readonly string[];
  trusted: boolean;
  platform: NodeJS.Platform;
  home: string;
}

export interface Probes {
  isExecutable(file: string): Promise<boolean>;
  /** *file* without links; as it is when it is not there. */
  real(file: string): Promise<string>;
  /** What a person has said about running the project's server: it is the repository's code, and it gets the API key. */
  answerAbout(command: string): boolean | undefined;
}

export type Search = { found: Found; misses: Miss[] } | { found: undefined; misses: Miss[] };

const VENVS = [".venv", "venv", "env"];

/** Looks at the setting, the extension's own environment, `PATH`, and last at the project's environments. */
export async function findServer(places: Places, probes: Probes): Promise<Search> {
  const misses: Miss[] = [];
  if (places.setting) {
    // What a person named is used or complained about; another server is not taken in its place.
    const command = await resolveSetting(places, probes);
    if (command !== undefined) return { found: { command, source: "setting" }, misses };
    return { found: undefined, misses: [{ source: "setting", command: places.setting, reason: "absent" }] };
  }
  if (places.own !== undefined) {
    if (await probes.isExecutable(places.own)) return { found: { command: places.own, source: "own" }, misses };
    misses.push({ source: "own", command: places.own, reason: "absent" });
  }
  const inProject: string[] = [];
  for (const folder of pathFolders(places)) {
    const command = await executableIn(folder, places.platform, probes);
    if (command === undefined) continue;
    // VS Code started from a shell with the project's environment active: that is still the project's code.
    if (await isProjects(command, places, probes)) inProject.push(command);
    else return { found: { command, source: "path" }, misses };
  }
  for (const folder of places.folders) {
    for (const venv of VENVS) {
      const bin = path.join(folder, venv, places.platform === "win32" ? "Scripts" : "bin");
      const command = await executableIn(bin, places.platform, probes);
      if (command !== undefined && !inProject.includes(command)) inProject.push(command);
    }
  }
  for (const command of inProject) {
    const answer = probes.answerAbout(command);
    if (!places.trusted) misses.push({ source: "project", command, reason: "untrusted" });
    else if (answer) return { found: { command, source: "project" }, misses };
    else misses.push({ source: "project", command, reason: answer === undefined ? "not_asked" : "refused" });
  }
  return { found: undefined, misses };
}

/** The setting is a path, where `~` is the home folder, or the name of a command on `PATH`. */
async function resolveSetting(places: Places, probes: Probes): Promise<string | undefined> {
  const setting = places.setting.replace(/^~(?=$|[\\/])/, places.home);
  if (path.isAbsolute(setting)) return (await probes.isExecutable(setting)) ? setting : undefined;
  if (/[\\/]/.test(setting)) return undefined; // relative to what? Never to a workspace.
  for (const folder of pathFolders(places)) {
    const command = await executableIn(folder, places.platform, probes, setting);
    if (command !== undefined) return command;
  }
  return undefined;
}

function pathFolders(places: Places): string[] {
  const separator = places.platform === "win32" ? ";" : ":";
  // A relative entry would mean whatever folder we happen to be in.
  return places.path.split(separator).filter((folder) => path.isAbsolute(folder));
}

async function executableIn(
  folder: string,
  platform: NodeJS.Platform,
  probes: Probes,
  name = "zai-ls",
): Promise<string | undefined> {
  const names = platform === "win32" && !/\.(exe|cmd|bat)$/i.test(name) ? [`${name}.exe`, `${name}.cmd`] : [name];
  for (const each of names) {
    const file = path.join(folder, each);
    if (await probes.isExecutable(file)) return file;
  }
  return undefined;
}

/**
 * Is *command* part of what is open? It lies in an open folder, or in an environment beside or above one (a subfolder of the
 * repository was opened), by its name or with links resolved. A person's home folder and what is above it are nobody's project.
 */
async function isProjects(command: string, places: Places, probes: Probes): Promise<boolean> {
  const { platform } = places;
  const names = async (files: readonly string[]) => [...files, ...(await Promise.all(files.map((file) => probes.real(file))))];
  const homes = await names([places.home]);
  const isProject = (folder: string) => !homes.some((home) => isBelow(folder, home, platform) || isSame(folder, home, platform));
  const folders = await names(places.folders);
  for (const file of await names([command])) {
    if (folders.some((folder) => isProject(folder) && isBelow(folder, file, platform))) return true;
    const above = path.dirname(path.dirname(path.dirname(file))); // of BASE/.venv/bin/zai-ls: BASE
    if (isProject(above) && folders.some((folder) => isBelow(above, folder, platform) || isSame(above, folder, platform)))
      return true;
  }
  return false;
}

/** Does *file* lie somewhere below *folder*? */
export function isBelow(folder: string, file: string, platform: NodeJS.Platform): boolean {
  const relative = path.relative(plain(folder, platform), plain(file, platform));
  return relative !== "" && relative !== ".." && !relative.startsWith(`..${path.sep}`) && !path.isAbsolute(relative);
}

function isSame(one: string, other: string, platform: NodeJS.Platform): boolean {
  return path.relative(plain(one, platform), plain(other, platform)) === "";
}

function plain(name: string, platform: NodeJS.Platform): string {
  return platform === "linux" ? path.normalize(name) : path.normalize(name).toLowerCase();
}
