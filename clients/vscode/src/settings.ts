/** Which settings reach the server, and on which road. Pure: VS Code's configuration comes in as values. */

/** The part of `vscode.WorkspaceConfiguration.inspect` that is looked at. */
export interface Inspected {
  globalValue?: unknown;
  workspaceValue?: unknown;
  workspaceFolderValue?: unknown;
  globalLanguageValue?: unknown;
  workspaceLanguageValue?: unknown;
  workspaceFolderLanguageValue?: unknown;
}

export interface Property {
  scope?: string;
}

export type Environment = Record<string, string>;

const SECTION = "zai.";
/** Of the extension alone; the server knows none of them. */
const OWN = /^zai\.(server|trace)\./;

/** Keys (without `zai.`) that decide where key and code go: a workspace must not set them, so they never travel by LSP. */
export function machineKeys(properties: Record<string, Property>): string[] {
  return keysOf(properties, (property) => property.scope === "machine");
}

/** Keys (without `zai.`) that the server takes from an editor. */
export function editorKeys(properties: Record<string, Property>): string[] {
  return keysOf(properties, (property) => property.scope !== "machine");
}

function keysOf(properties: Record<string, Property>, wanted: (property: Property) => boolean): string[] {
  return Object.entries(properties)
    .filter(([key, property]) => key.startsWith(SECTION) && !OWN.test(key) && wanted(property))
    .map(([key]) => key.slice(SECTION.length));
}

/**
 * What is set of *keys*, nested by their dots. What stands at its default is left out: VS Code's defaults would
 * otherwise hide a person's own `config.toml`, which the server ranks below an editor's settings.
 */
export function whatIsSet(
  keys: readonly string[],
  inspect: (key: string) => Inspected | undefined,
  get: (key: string) => unknown,
): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  for (const key of keys) {
    if (!isSet(inspect(key))) continue;
    const parts = key.split(".");
    const last = parts.pop() as string;
    let table = found;
    for (const part of parts) {
      table[part] ??= {};
      table = table[part] as Record<string, unknown>;
    }
    table[last] = get(key);
  }
  return found;
}

function isSet(inspected: Inspected | undefined): boolean {
  return (
    inspected !== undefined &&
    Object.entries(inspected).some(([name, value]) => name.endsWith("Value") && name !== "defaultValue" && value !== undefined)
  );
}

/** Machine settings as the server reads them from its environment; *names* maps a key to its variable. */
export function asEnvironment(names: Record<string, string>, inspect: (key: string) => Inspected | undefined): Environment {
  const environment: Environment = {};
  for (const [key, variable] of Object.entries(names)) {
    const value = inspect(key)?.globalValue; // the user's or the remote machine's; a workspace has no say
    if (value === undefined || value === null || value === "") continue;
    environment[variable] = Array.isArray(value) ? value.map(quoted).join(" ") : String(value);
  }
  return environment;
}

/** A word as a POSIX shell reads it back. */
function quoted(word: unknown): string {
  return `'${String(word).replaceAll("'", `'"'"'`)}'`;
}
